"""The pane of the path: what lies below is that of the epoch, and is computed only when it must."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.planes.parameter_plane import ParameterPlane
from scyfi_widgets.bifurcations.planes.plane import bifurcation_plane
from scyfi_widgets.training import loss_landscape, train
from scyfi_widgets.widgets import live as live_module
from scyfi_widgets.widgets import loop as loop_module
from scyfi_widgets.widgets.replay import path_ground, path_surface
from scyfi_widgets.widgets.replay.loss_pane import LossPane
from scyfi_widgets.widgets.replay.path_pane import PathPane
from scyfi_widgets.widgets.replay.replay import PANES


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Every assignment waits for its picture; the surface is a small one."""
    monkeypatch.setattr(live_module, "SCRIPT_PATIENCE", 120.0)
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 120.0)
    monkeypatch.setattr(loop_module, "REST", 0.0)
    monkeypatch.setattr(path_surface, "GRIDS", ((25, 17),))


@pytest.fixture(scope="module")
def two_weights(start, data):
    """A run in which A alone was trained."""
    optimizer = sw.Adam(0.01)
    return train(start, data, epochs=30, trainable="A", optimizer=optimizer, progress=False)


def rested(pane: PathPane) -> PathPane:
    assert pane.live.wait(120, finest=True)
    assert pane.message == ""
    return pane


def legend(pane: PathPane, read_html) -> str:
    return read_html(pane._legend.value).text


def test_surface_and_curves_are_those_of_the_run(two_weights, read_html):
    pane = rested(PathPane(two_weights, epoch=7, max_order=2))
    assert set(pane.weights) == {"A[0]", "A[1]"}
    surface, curves = pane.ground.surface, pane.ground.curves
    axes = tuple(zip(pane.weights, pane.bounds, strict=True))
    wanted = loss_landscape(two_weights.start, two_weights.data, *axes, shape=(25, 17))
    np.testing.assert_allclose(surface.landscape.loss, wanted.loss, rtol=1e-12)
    plane = bifurcation_plane(two_weights.start, *axes, 2)
    assert [c.type for c in curves.plane.curves] == [c.type for c in plane.curves]
    for got, there in zip(curves.plane.curves, plane.curves, strict=True):
        np.testing.assert_allclose(got.vertices, there.vertices, atol=1e-12)
    assert "hold for the whole run" in legend(pane, read_html)
    assert "loss, free running" in legend(pane, read_html)


def test_where_only_two_weights_were_trained_nothing_is_computed_again(two_weights, sent):
    pane = rested(PathPane(two_weights, max_order=1))
    ground = pane.ground
    sent.clear()
    pane.live.epoch = 20
    rested(pane)
    assert pane.ground.surface is ground.surface
    assert pane.ground.curves is ground.curves
    assert not pane.ground.stale
    model = two_weights.model(20)
    assert [pane._marks._dot.x[0], pane._marks._dot.y[0]] == [model[w] for w in pane.weights]
    own = {pane._marks._past, pane._marks._dot}
    assert {widget for widget, _ in sent} <= own
    assert len(sent) <= 2


def test_where_all_weights_move_the_ground_follows_when_the_clock_rests(run, read_html):
    pane = rested(PathPane(run, max_order=1))
    axes = tuple(zip(pane.weights, pane.bounds, strict=True))
    for epoch in (0, 50):
        pane.live.epoch = epoch
        rested(pane)
        assert pane.ground.epoch == epoch
        assert not pane.ground.stale
        assert f"of epoch {epoch}" in legend(pane, read_html)
        wanted = loss_landscape(run.model(epoch), run.data, *axes, shape=(25, 17))
        np.testing.assert_allclose(pane.ground.surface.landscape.loss, wanted.loss, rtol=1e-12)


def test_while_the_clock_runs_the_old_ground_stays_and_says_so(run, read_html, monkeypatch):
    pane = rested(PathPane(run, max_order=1))
    before = pane.ground
    monkeypatch.setattr(loop_module, "REST", 60.0)
    pane.live.epoch = 40
    assert pane.ground.surface is before.surface
    assert pane.ground.curves is before.curves
    assert pane.ground.stale
    assert pane.ground.epoch == 0
    text = legend(pane, read_html)
    assert "of epoch 0" in text
    assert "when the clock rests" in text
    np.testing.assert_array_equal(pane._marks._past.x[-1], pane.picture.at(40)[0])


def test_choices(run, read_html):
    pane = rested(PathPane(run, "h[0]", surface=None, max_order=1))
    assert pane.weights[0] == "h[0]"
    assert pane.ground.surface is None
    assert pane.ground.curves is not None
    pane.surface = "gradient norm"
    rested(pane)
    assert pane.ground.surface.quantity == "gradient norm"
    landscape = pane.ground.surface.landscape
    pane.surface = "loss"
    rested(pane)
    assert pane.ground.surface.landscape is landscape  # only its colours are new
    pane._choices[1].value = "W[0,1]"
    rested(pane)
    assert pane.weights == ("h[0]", "W[0,1]")
    assert pane.picture.weights == pane.weights
    pane._choices[0].value = "W[0,1]"  # the other's: they change places
    rested(pane)
    assert pane.weights == ("W[0,1]", "h[0]")
    assert [choice.value for choice in pane._choices] == list(pane.weights)
    home = pane.bounds
    pane._zoom_into((-1.0, 1.0), (0.0, 0.5))
    assert pane.picture.bounds == ((-1.0, 1.0), (0.0, 0.5))
    pane.reset()
    assert pane.picture.bounds == home
    pane.max_order = 2
    rested(pane)
    assert pane.ground.curves.plane.max_order == 2
    assert pane._order.value == 2


def test_a_click_goes_to_the_nearest_epoch(run):
    pane = rested(PathPane(run, surface=None, max_order=1))
    x, y = pane.picture.at(33)
    pane._marks._clicked(x, y)
    assert pane.live.epoch == 33
    pane._marks._go_to_epoch(12.4)
    assert pane.live.epoch == 12


def test_a_run_without_data_has_path_and_curves(run, read_html):
    pane = rested(PathPane(replace(run, data=None), max_order=1))
    assert pane.ground.surface is None
    assert pane.ground.curves is not None
    assert "no surface: the run does not hold its data" in legend(pane, read_html)


def test_a_learned_readout_is_that_of_the_epoch(start, data):
    model = sw.PLRNN([0.3, 0.5, 0.2], np.full((3, 3), 0.1) - 0.1 * np.eye(3), [0.1, 0.2, 0.3])
    read = train(model, data, epochs=12, observation="linear", progress=False)
    pane = rested(PathPane(read, epoch=9, max_order=1))
    axes = tuple(zip(pane.weights, pane.bounds, strict=True))
    wanted = loss_landscape(
        read.model(9), read.data, *axes, shape=(25, 17), observation=read.observation_at(9)
    )
    np.testing.assert_allclose(pane.ground.surface.landscape.loss, wanted.loss, rtol=1e-10)


def test_signs_say_what_happens_there(run, found):
    pane = rested(PathPane(run, bifurcations=found, surface=None, max_order=1))
    name, (_, events) = next(item for item in pane.picture.signs.items() if item[1][0].shape[1])
    sign = pane._marks._signs[name]
    data = {"index": 0, "x": sign.x[0], "y": sign.y[0]}
    sign._handle_custom_msgs(sign, {"event": "hover", "data": data})  # as from the browser
    assert events[0].name in sign.tooltip.value
    sign._handle_custom_msgs(sign, {"event": "element_click", "data": data})
    assert pane.live.epoch == run.nearest_saved(events[0].epoch)


@pytest.mark.parametrize(
    ("kind", "settings"), [(PathPane, {"surface": None, "max_order": 1}), (LossPane, {})]
)
def test_a_cancelled_picture_leaves_no_old_ones_behind(run, two_weights, kind, settings):
    pane = rested(kind(run, **settings))
    scene = pane.live.shown
    newer = replace(scene, run=two_weights, model=two_weights.model(0), epoch=0)
    steps = pane.pictures(newer)
    picture, *_ = next(steps)  # never drawn
    steps.close()
    again, *_ = next(pane.pictures(newer))
    assert again is picture
    assert again is not pane.picture


def test_a_growing_run_shows_its_whole_path(run, start):
    begun = train(start, run.data, epochs=0, progress=False)
    pane = PathPane(begun, max_order=1, surface="loss")
    rested(pane)
    pane.live.run = run
    rested(pane)
    path = pane.picture.path
    for values, (low, high) in zip(path, pane.picture.bounds, strict=True):
        assert low <= values[-1] <= high
    spans = np.ptp(path, axis=1)
    assert (spans > 0.0).all()


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"first": "A"}, ValueError),
        ({"first": "B[0]"}, KeyError),
        ({"first": "A[0]", "second": "A[ 0 ]"}, ValueError),
        ({"surface": "height"}, ValueError),
        ({"max_order": 0}, ValueError),
    ],
)
def test_bad_choices(run, settings, error):
    with pytest.raises(error):
        PathPane(run, **settings)


def test_ground_is_kept_within_one_plane(two_weights):
    """What was computed for one plane is never shown in another."""
    ground = path_ground.Ground()
    pane = rested(PathPane(two_weights, max_order=1))
    scene = pane.live.shown
    plane = ParameterPlane.of(scene.model, *zip(pane.weights, pane.bounds, strict=True))
    *_, last = ground.pictures(scene, plane, 1, None)
    assert last.curves is not None
    other = replace(plane, lo=(plane.lo[0] - 1.0, plane.lo[1]))
    first = next(ground.pictures(scene, other, 1, None))
    assert first.curves is None
    assert first.growing


def test_it_is_one_of_the_panes():
    assert PANES["path"] is PathPane
