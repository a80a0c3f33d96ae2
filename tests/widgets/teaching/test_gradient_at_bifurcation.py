"""The gradient at a bifurcation by hand: a fixed point 1 / d costs 1 / d², its gradient 2 / d³."""

from __future__ import annotations

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.line import Line
from scyfi_widgets.cancellation import Cancelled, new_flag
from scyfi_widgets.export.reading import read_figure
from scyfi_widgets.widgets import live as live_module
from scyfi_widgets.widgets import loop as loop_module
from scyfi_widgets.widgets.teaching import gradient_at_bifurcation as pane_module
from scyfi_widgets.widgets.teaching.gradient_at_bifurcation import GradientAtBifurcation
from scyfi_widgets.widgets.teaching.gradient_picture import sensitivity_of

TENT = sw.systems.skew_tent_map
TOY = sw.systems.sixteen_cycle().replace({"A[1]": 0.6})

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Every assignment and callback waits for its picture, however busy the machine is."""
    monkeypatch.setattr(live_module, "SCRIPT_PATIENCE", 120.0)
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 120.0)
    monkeypatch.setattr(loop_module, "REST", 0.0)


def opened(model=None, parameter=None, bounds=(-1.75, 0.75), **settings) -> GradientAtBifurcation:
    model = TENT(0.5, 0.9) if model is None else model
    pane = GradientAtBifurcation(model, parameter, bounds, **settings)
    assert pane.live.wait(120, finest=True)
    assert pane.message == ""
    return pane


# What is computed ---------------------------------------------------------------------------------


def test_the_law_at_the_dtb_by_hand():
    pane = opened()
    for value in (0.4, 0.45, 0.49, 0.499):
        pane.value = value
        d = 0.5 - value
        np.testing.assert_allclose(pane.picture.cycle.points, [[1.0 / d]])
        np.testing.assert_allclose(pane.picture.gradient_norm, 2.0 / d**3)
    number, nearest = pane.picture.nearest
    assert nearest.event.type == "DTB"
    np.testing.assert_allclose(nearest.event.value, 0.5)
    np.testing.assert_allclose(nearest.left.exponent, 3.0, atol=1e-6)
    assert nearest is pane.lens.events[number]
    pane.value = 0.6
    assert pane.picture.cycle is None
    assert np.isnan(pane.picture.gradient_norm)
    assert "no cycle attracts here" in pane._legend.value


def test_a_long_sequence_comes_near_the_limit_and_a_short_one_does_not():
    far, near = 0.25, 2.75e-5  # the outermost sample, and one far below 1 / steps

    def ratio(pane, distance):
        side = pane.lens.of_type("DTB")[0].left
        norms = pane.picture.sequences.beside[pane.lens.events.index(pane.picture.nearest[1])][-1]
        place = int(np.abs(side.distances - distance).argmin())
        return norms[place] / side.gradient_norm[place]

    short, long = opened(steps=50), opened(steps=2000)
    np.testing.assert_allclose(ratio(long, far), 1.0, rtol=0.02)
    assert ratio(short, near) < 1e-6
    assert ratio(long, near) > ratio(short, near)


def test_the_derivatives_are_those_of_the_orbit():
    start, steps, value, step = np.array([0.4, 0.1]), 30, 0.9, 1e-7
    line = Line.through(TOY, "A[0]", (0.6, 1.2))
    found = sensitivity_of(line, value, start, steps, new_flag())
    here, there = (line.at(v).orbit(start, steps) for v in (value, value + step))
    np.testing.assert_array_equal(found.orbit, here)
    norms = np.linalg.norm((there - here) / step, axis=1)
    np.testing.assert_allclose(10.0 ** found.log_sensitivity[1:], norms[1:], rtol=1e-4)
    model = line.at(value)
    product = np.eye(2)
    for z in here[:-1]:
        product = model.jacobian(z) @ product
    np.testing.assert_allclose(10.0 ** found.log_product[-1], np.linalg.norm(product, 2))
    flag = new_flag()
    flag[0] = 1
    with pytest.raises(Cancelled):
        sensitivity_of(line, value, start, steps, flag)


def test_the_changes_of_all_steps_add_up():
    picture = opened(steps=400).picture  # W = 0.4: d = 0.1
    np.testing.assert_allclose(10.0 ** picture.sensitivity.log_sensitivity[-1], 100.0)
    np.testing.assert_allclose(picture.sensitivity.log_product, np.arange(401) * np.log10(0.9))


def test_at_a_centre_and_a_border_the_gradient_is_finite():
    pane = opened(TOY, "A[0]", (0.6, 1.2), of="all", data=sw.systems.toy_series(64))
    outcomes = {each.event.type: each.outcome for each in pane.lens.events}
    assert outcomes == {"persistence": "jumps", "centre": "ends"}
    assert pane.lens.of == "all"


# The pane -----------------------------------------------------------------------------------------


def test_what_is_drawn_is_the_loss_and_its_gradient():
    pane = opened()
    drawings = {name: read_figure(figure) for name, figure in pane.figures.items()}
    assert set(drawings) == {"loss", "law", "orbit", "derivatives"}
    assert drawings["loss"].beside.label == "gradient norm"
    over = pane._marks._over
    for name, power, factor in (("loss", 2, 1.0), ("gradient", 3, 2.0)):
        values, heights = over.mark(name).x, over.mark(name).y
        branch = (values > -1.45) & (values < 0.45) & np.isfinite(heights)
        assert branch.sum() > 20
        expected = np.log10(factor / (0.5 - values[branch]) ** power)
        np.testing.assert_allclose(heights[branch], expected)
    at = {name: list(over.mark(name).x) for name in ("DTB", "DFB", "fold")}
    np.testing.assert_allclose(at["DTB"], [0.5])
    np.testing.assert_allclose(at["DFB"], [-1.5])
    assert at["fold"] == []
    x, y = pane._marks._law.mark("left").x, pane._marks._law.mark("left").y
    np.testing.assert_allclose(np.diff(y) / np.diff(x), -3.0, rtol=1e-5)


def test_handle_click_and_attribute_move_the_weight():
    pane = opened()
    pane._marks._over.mark("handle").x = np.array([0.2])
    assert pane.value == 0.2
    assert pane.picture.value == 0.2
    pane._marks._over._clicked(-0.3, 0.0)
    assert pane.model["W[0,0]"] == -0.3
    assert list(pane._marks._over.mark("now").x) == [-0.3, -0.3]
    pane.value = 5.0  # outside the range: no handle
    assert len(pane._marks._over.mark("handle").x) == 0
    assert pane.parameter == "W[0,0]"
    assert pane.bounds == (-1.75, 0.75)


def test_while_the_weight_moves_its_curves_are_kept(monkeypatch):
    pane = opened()
    lens = pane.lens
    monkeypatch.setattr(pane_module, "gradient_lens", None)
    pane.value = 0.3
    assert pane.lens is lens
    monkeypatch.undo()
    pane.model = TENT(0.6, 0.9)
    pane.live.wait(120)
    assert pane.lens is not lens


def test_a_network_without_the_weight_is_said():
    pane = opened(TOY, "A[1]", (0.1, 1.2))
    pane.model = TENT()
    assert "has no weight A[1]" in pane.message
    pane.model = TOY
    assert pane.message == ""


def test_without_any_event_there_is_still_a_picture():
    pane = opened(bounds=(-0.5, 0.3))
    assert pane.picture.nearest is None
    assert "no bifurcation" in pane._legend.value
    assert len(pane._marks._law.mark("left").x) == 0


def test_closing_closes_everything():
    before = set(_instances)
    pane = opened()
    pane.close()
    assert set(_instances) <= before


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"parameter": "W[0,1]"}, KeyError, "W"),
        ({"parameter": "W"}, ValueError, "one weight"),
        ({"bounds": (1.0, 0.0)}, ValueError, "bounds must be"),
        ({"of": "some"}, ValueError, "of must be 'line' or 'all'"),
        ({"max_order": 0}, ValueError, "max_order must be at least 1"),
        ({"steps": 1}, ValueError, "steps must be at least 2"),
        ({"coordinate": 1}, ValueError, "coordinate must be between 0 and 0"),
        ({"data": np.zeros((9, 2))}, ValueError, "at most 1 variables"),
    ],
)
def test_what_is_wrong_is_said(arguments, error, words):
    with pytest.raises(error, match=words):
        GradientAtBifurcation(TENT(0.5, 0.9), **arguments)
