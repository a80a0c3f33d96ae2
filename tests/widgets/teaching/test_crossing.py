"""A bifurcation crossed by hand: one slider moves three pictures."""

from __future__ import annotations

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.widgets import live as live_module
from scyfi_widgets.widgets import loop as loop_module
from scyfi_widgets.widgets.teaching.crossing import Crossing

TENT = sw.systems.skew_tent_map

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Every assignment and callback waits for its picture, however busy the machine is."""
    monkeypatch.setattr(live_module, "SCRIPT_PATIENCE", 120.0)
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 120.0)
    monkeypatch.setattr(loop_module, "REST", 0.0)


def opened(*arguments, **settings) -> Crossing:
    crossing = Crossing(*arguments, **settings)
    assert crossing.live.wait(120, finest=True)
    return crossing


def test_one_slider_moves_all_pictures():
    crossing = opened(TENT(0.5, -1.5, -0.5), "h[0]", (-1, 1))
    assert crossing.cycles.counts == {1: 1}
    crossing.slider.value = 0.7
    assert crossing.value == crossing.model["h[0]"] == 0.7
    assert crossing.cycles.counts == {1: 1, 2: 1}
    points = crossing.state_space.picture.cycle_points["stable"][0]
    np.testing.assert_allclose(np.sort(points[0]), [-0.2, 0.6])  # -2/7 and 6/7 of 0.7
    assert len(crossing.circle.picture.groups["stable"][0][0]) == 1
    assert crossing.bifurcations.picture.value == 0.7
    [event] = crossing.diagram.events
    assert (event.type, event.value) == ("flip", 0.0)


def test_the_slider_follows():
    crossing = opened(TENT(0.5, -0.7))
    assert crossing.parameter == "W[0,0]"
    crossing.value = -1.8
    assert crossing.slider.value == -1.8
    crossing.bifurcations._move(-1.1)
    assert crossing.slider.value == -1.1
    crossing.model = sw.systems.sixteen_cycle()  # which has that weight too
    assert crossing.slider.value == 0.0


def test_closing_closes_everything(workers, until):
    before = set(_instances)
    crossing = opened(TENT(0.5, -0.7))
    crossing.close()
    assert set(_instances) <= before
    assert until(lambda: not workers())


def test_what_is_wrong_is_said():
    with pytest.raises(KeyError):
        Crossing(TENT(), "W[0,1]")
    with pytest.raises(ValueError, match="bounds must be"):
        Crossing(TENT(), "h[0]", (1, -1))
