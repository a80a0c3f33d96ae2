"""Eigenvalues on the unit circle, their trail, and what is said about them."""

from __future__ import annotations

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.export.reading import read_figure
from scyfi_widgets.widgets.teaching.circle_picture import compose_circle
from scyfi_widgets.widgets.teaching.circle_text import forecast_html


def drawn(subject, **settings) -> sw.EigenvalueCircle:
    circle = sw.EigenvalueCircle(subject, **settings)
    assert circle.live.wait(60)
    assert circle.message == ""
    return circle


def move(circle, model) -> None:
    circle.model = model
    assert circle.live.wait(60)


def forecast(model, order: int, *before) -> str:
    past = []
    for each in (*before, model):
        past.append(compose_circle(each, sw.find_cycles(each, order), past))
    return forecast_html(past[-1])


@pytest.mark.parametrize(
    ("model", "order"),
    [(sw.systems.sixteen_cycle(), 16), (sw.systems.two_cycle(), 2), (sw.systems.lozi_map(), 4)],
)
def test_every_eigenvalue_is_drawn_with_the_marker_of_its_cycle(model, order):
    circle = drawn(model, max_order=order)
    total = 0
    for cycle in circle.cycles:
        mark = circle._circle.marks[cycle.stability]
        points = np.asarray(mark.x) + 1j * np.asarray(mark.y)
        for value in cycle.eigenvalues[np.abs(cycle.eigenvalues) <= circle.picture.size]:
            assert np.abs(points - value).min() == 0.0
            total += 1
    shown = sum(len(mark.x) for mark in circle._circle.marks.values())
    outside = circle.picture.outside
    assert shown + outside == sum(len(cycle.eigenvalues) for cycle in circle.cycles)
    assert shown >= total


def test_what_is_about_to_happen_is_what_the_diagram_finds():
    """The two-cycle of the paper flips at 0.546341 and goes to infinity at -0.482353."""
    text = forecast(sw.systems.two_cycle(0.54), 2, sw.systems.two_cycle(0.53))
    assert "stable 2-cycle: λ = −0.99" in text
    assert "just inside −1, coming nearer" in text
    assert "degenerate flip" in text
    text = forecast(sw.systems.two_cycle(0.54), 2, sw.systems.two_cycle(0.545))
    assert "going away" in text
    text = forecast(sw.systems.two_cycle(-0.47), 2)
    assert "just inside +1: " in text
    assert "degenerate transcritical" in text


def test_a_pair_near_the_circle_is_a_centre():
    """The toy network's focus meets the circle at A[0] A[1] = 0.66200."""
    near = sw.systems.sixteen_cycle().replace({"A": [0.9, 0.99 * 0.66200 / 0.9]})
    text = forecast(near, 1)
    assert "centre" in text
    assert "just inside the circle" in text


def test_a_border_collision_is_said_not_to_be_seen():
    model = sw.systems.sixteen_cycle()
    text = forecast(model, 16)
    assert "border collision" in text
    assert "Its eigenvalues do not tell" in text


def test_nothing_near_and_nothing_at_all():
    assert "No bifurcation is near" in forecast(sw.systems.two_cycle(0.2), 2)
    none = sw.PLRNN([0.5], [[1.5]], [1.0])
    assert len(sw.find_cycles(none, 3)) == 0
    assert "no cycle up to this order" in forecast(none, 3)


def test_a_moving_slider_leaves_a_trail():
    circle = drawn(sw.systems.two_cycle(0.3), max_order=2)
    assert circle.picture.trail.size == 0
    models = [sw.systems.two_cycle(left) for left in (0.4, 0.45, 0.5)]
    for model in models:
        move(circle, model)
    assert [picture.model for picture in circle.trail] == [sw.systems.two_cycle(), *models[:2]]
    before = np.concatenate([picture.values for picture in circle.trail])
    trail = circle.picture.trail.reshape(2, -1)
    trail = trail[:, np.isfinite(trail).all(axis=0)]
    assert set(np.round(trail[0], 12)) == set(np.round(before.real, 12))
    circle.live.refresh()
    assert circle.live.wait(20)
    assert len(circle.trail) == 3
    circle.clear_trail()
    assert circle.live.wait(20)
    assert circle.trail == ()
    assert circle.picture.trail.size == 0
    move(circle, sw.systems.two_cycle(0.3))
    move(circle, sw.systems.skew_tent_map())
    assert circle.trail == ()


def test_it_follows_the_live_of_another_pane_and_brings_no_sliders():
    space = sw.StateSpace(sw.systems.two_cycle(), max_order=2)
    circle = drawn(space.live)
    assert not [child for child in circle.children if hasattr(child, "sliders")]
    space.model = sw.systems.two_cycle(0.5)
    assert space.live.wait(20)
    assert circle.picture.model == space.model


def test_the_sliders_of_named_weights():
    circle = drawn(sw.systems.two_cycle(), max_order=2, sliders=["A[0, 0]", "W[0,0]"])
    (row,) = [child for child in circle.children if hasattr(child, "sliders")]
    assert list(row.sliders) == ["A[0,0]", "W[0,0]"]
    row.sliders["A[0,0]"].value = 0.5
    assert circle.live.wait(20)
    assert circle.model["A[0,0]"] == 0.5
    move(circle, sw.systems.two_cycle(0.1))
    assert row.sliders["A[0,0]"].value == 0.1
    move(circle, sw.systems.skew_tent_map())
    assert row.sliders["A[0,0]"].layout.display == "none"
    with pytest.raises(KeyError, match="no parameter 'B'"):
        sw.EigenvalueCircle(sw.systems.two_cycle(), sliders=["B[0]"])
    with pytest.raises(KeyError, match="whole array"):
        sw.EigenvalueCircle(sw.systems.two_cycle(), sliders=["A"])


def test_a_function_must_make_networks_of_numbers():
    circle = drawn(sw.systems.two_cycle, max_order=2)
    (row,) = [child for child in circle.children if hasattr(child, "sliders")]
    row.sliders["left"].value = 0.5
    assert circle.live.wait(20)
    assert circle.model == sw.systems.two_cycle(0.5)
    with pytest.raises(TypeError, match="every parameter of <lambda> must be a number"):
        sw.EigenvalueCircle(lambda a: sw.systems.two_cycle(a))
    with pytest.raises(TypeError, match="must return a network, got int"):
        sw.EigenvalueCircle(lambda a=1.0: 3)
    with pytest.raises(TypeError, match="model must be a network"):
        sw.EigenvalueCircle(3)


def test_it_is_exported_and_closes_all(workers, until):
    before = set(_instances)
    circle = drawn(sw.systems.two_cycle, max_order=2)
    assert len(read_figure(circle.figure).marks) == 7
    circle.close()
    assert set(_instances) == before
    assert until(lambda: not workers())
