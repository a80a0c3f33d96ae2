"""The cobweb: the staircase, the cycles on the diagonal, and what a person does."""

from __future__ import annotations

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.export.reading import read_figure
from scyfi_widgets.widgets.teaching.cobweb_picture import MOST_STEPS, compose_cobweb


def drawn(subject, **settings) -> sw.Cobweb:
    cobweb = sw.Cobweb(subject, **settings)
    assert cobweb.live.wait(60)
    assert cobweb.message == ""
    return cobweb


@pytest.mark.parametrize("k", [1, 2, 3, 6, 8])
@pytest.mark.parametrize("model", [sw.systems.tent_map(0.9), sw.systems.skew_tent_map(0.5, -1.9)])
def test_the_iterate_meets_the_diagonal_at_the_points_of_the_cycles(model, k):
    picture = compose_cobweb(model, k, sw.find_cycles(model, k), 0.1, (-3.0, 3.0), zoomed=True)
    points = np.concatenate([p[0] for p, *_ in picture.points.values()])
    assert len(points) == sum(c.order for c in picture.crossings) == picture.meetings
    orbits = model.orbit(points[:, None], k)
    assert np.allclose(orbits[:, k, 0], points, atol=1e-9)


def test_the_staircase_goes_to_the_graph_and_across():
    cobweb = drawn(sw.systems.tent_map(0.9), start=0.2, step=5)
    z = cobweb.orbit
    assert len(z) == MOST_STEPS + 1
    assert np.allclose(z, sw.systems.tent_map(0.9).orbit([0.2], MOST_STEPS)[:, 0])
    path = np.array([cobweb._marks._path.x, cobweb._marks._path.y])
    assert path.shape == (2, 11)
    assert np.array_equal(path[:, 1::2], [z[:5], z[1:6]])  # on the graph
    assert np.array_equal(path[:, 2::2], [z[1:6], z[1:6]])  # on the diagonal
    cobweb.step = 0
    assert cobweb._marks._path.x.size == 0
    assert "z<sub>0</sub> = 0.2" in cobweb._words.value


def test_the_numbers_of_a_step_are_its_own():
    cobweb = drawn(sw.systems.skew_tent_map(0.8, -1.5), start=0.4 + 0.1, step=1)
    text = cobweb._words.value
    assert "−1.5 · 0.5 + 1 = 0.25" in text
    cobweb.start = -0.5
    cobweb.live.wait(20)
    assert "0.8 · (−0.5) + 1 = 0.6" in cobweb._words.value


def test_slopes_are_the_eigenvalues():
    cobweb = drawn(sw.systems.skew_tent_map(0.8, -1.5), iterate=2)
    assert "0.8 · (−1.5) = −1.2" in cobweb._crossings.value
    (cycle,) = cobweb.cycles.of_order(2)
    assert cycle.eigenvalues[0] == pytest.approx(-1.2)
    assert "2 fixed" not in cobweb._crossings.value
    assert "3 times: 1 fixed point, 1 2-cycle" in cobweb._crossings.value


def test_an_iterate_above_the_order_of_the_live_has_its_cycles():
    cobweb = drawn(sw.systems.tent_map(1.0), iterate=5, max_order=1)
    assert sum(c.order for c in cobweb.picture.crossings) == 32 == cobweb.picture.meetings


def test_a_click_and_a_drag_move_the_start():
    cobweb = drawn(sw.systems.tent_map(0.9))
    with cobweb._marks._clicks.hold_sync():
        cobweb._marks._clicks.x, cobweb._marks._clicks.y = np.array([0.3]), np.array([0.7])
    assert cobweb.start == 0.3
    cobweb._marks._start.x = np.array([0.45])
    cobweb.live.wait(20)
    assert cobweb.start == 0.45 == cobweb.picture.orbit[0]


def test_it_follows_the_sliders_of_a_family():
    cobweb = drawn(sw.systems.tent_map)
    (sliders,) = [child for child in cobweb.children if hasattr(child, "sliders")]
    window = cobweb.limits
    sliders.sliders["height"].value = 0.4
    cobweb.live.wait(20)
    assert cobweb.model == sw.systems.tent_map(0.4)
    assert cobweb.picture.model == cobweb.model
    assert cobweb.limits == window
    assert "stable fixed point" in cobweb._words.value


def test_the_window_is_chosen_and_fitted():
    cobweb = drawn(sw.systems.tent_map(0.9))
    fitted = cobweb.limits
    cobweb.limits = (-1, 2)
    assert cobweb.limits == (-1.0, 2.0) == cobweb.picture.limits
    cobweb.start = 7.0
    cobweb.live.wait(20)
    assert cobweb.limits == (-1.0, 2.0)
    cobweb.start = 0.2
    cobweb.fit()
    cobweb.live.wait(20)
    assert cobweb.limits == pytest.approx(fitted, abs=0.1)
    with pytest.raises(ValueError, match="limits must be a pair"):
        cobweb.limits = (2, 1)


def test_an_orbit_that_goes_to_infinity_is_drawn_as_far_as_it_can_be():
    cobweb = drawn(sw.systems.skew_tent_map(3.0, -3.0), start=-2.0, step=100)
    path = np.array([cobweb._marks._path.x, cobweb._marks._path.y])
    assert np.isfinite(path).all()
    assert "diverges" in cobweb._words.value


def test_only_networks_of_one_unit():
    with pytest.raises(ValueError, match="one unit, got one with M = 2"):
        sw.Cobweb(sw.systems.lozi_map())
    cobweb = drawn(sw.systems.tent_map(0.9), sliders=False)
    cobweb.model = sw.systems.lozi_map()
    cobweb.live.wait(20)
    assert "one unit, got one with M = 2" in cobweb.message
    cobweb.model = sw.systems.tent_map(0.8)
    cobweb.live.wait(20)
    assert cobweb.message == ""


@pytest.mark.parametrize(
    ("name", "value"), [("iterate", 0), ("iterate", 11), ("step", -1), ("step", 101)]
)
def test_wrong_values_are_refused(name, value):
    cobweb = drawn(sw.systems.tent_map(0.9))
    with pytest.raises(ValueError, match=name):
        setattr(cobweb, name, value)
    with pytest.raises(ValueError, match=name):
        sw.Cobweb(sw.systems.tent_map(0.9), **{name: value})


def test_it_is_exported_and_closes_all(workers, until):
    before = set(_instances)
    cobweb = drawn(sw.systems.tent_map, iterate=3)
    drawing = read_figure(cobweb.figure)
    assert drawing.ratio == pytest.approx(1.06)
    cobweb.close()
    assert set(_instances) == before
    assert until(lambda: not workers())
