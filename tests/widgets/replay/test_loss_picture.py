"""The picture of a training's curves, against the run itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from scyfi_widgets.training import LossJump, Trainer
from scyfi_widgets.widgets.replay.loss_picture import TALL, compose_loss, frame_of


def test_a_short_run_is_drawn_value_by_value(run):
    picture = compose_loss(run, [], None)
    assert np.array_equal(picture.loss, [np.arange(run.epochs), np.log10(run.loss)])
    assert np.array_equal(picture.gradient[1], np.log10(run.gradient_norm))
    straight = compose_loss(run, [], None, log=False)
    assert np.array_equal(straight.loss[1], run.loss)
    for shown in (picture, straight):
        assert shown.limits[0] < shown.loss[1].min() <= shown.loss[1].max() < shown.limits[1]
    assert picture.loss_height(run, 7) == np.log10(run.loss[7])
    assert picture.loss_height(run, run.epochs) == np.log10(run.loss[-1])  # the last network


def test_gaps_and_zeros_break_neither_axis_nor_curve(run):
    loss = run.loss.copy()
    loss[[3, 10, 20]] = np.nan, np.inf, 0.0
    picture = compose_loss(replace(run, loss=loss), [], None)
    assert np.isnan(picture.loss[1][[3, 10]]).all()
    assert np.isfinite(picture.limits).all()
    assert picture.limits[1] - picture.limits[0] < 1.2 * TALL


def test_no_curve_ends_in_a_gap(run):
    loss, norm = run.loss.copy(), np.full_like(run.gradient_norm, np.nan)
    loss[-4:] = np.nan
    picture = compose_loss(replace(run, loss=loss, gradient_norm=norm), [], None)
    assert picture.loss.shape == (2, run.epochs - 4)  # bqplot would write undefined numbers
    assert picture.gradient.shape == (2, 0)
    assert np.isfinite(picture.gradient_limits).all()


def test_a_window_shows_its_epochs(run):
    picture = compose_loss(run, [], None, epochs=(10.5, 20.25))
    assert picture.epochs == (10.5, 20.25)
    assert np.array_equal(picture.loss[0], np.arange(10, 22))


def test_every_event_has_a_tick_in_the_row_of_its_type(run, found):
    picture = compose_loss(run, [], found)
    kinds = Counter(event.type for event in found.events if event.type != "persistence")
    assert len(kinds) >= 2, "the run must cross something"
    for name, count in kinds.items():
        ticks = picture.ticks[name]
        x, y = ticks[0][0::3], ticks[1]
        assert len(x) == count
        assert sorted(x) == sorted(event.epoch for event in found.of_type(name))
        assert len(set(y[0::3])) == len(set(y[1::3])) == 1
        assert np.isnan(y[2::3]).all()
        points, events = picture.signs[name]
        assert np.array_equal(points[0], [event.epoch for event in events])
    assert set(picture.ticks) == set(kinds)
    bottom = np.log10(run.loss).min()
    assert all(np.nanmax(ticks[1]) < bottom for ticks in picture.ticks.values())


def test_jumps_are_marked_and_coloured_where_they_are(run):
    jumps = [LossJump(10, 13, -1.0, 1e-6), LossJump(60, 61, 0.5, 1e-3)]
    picture = compose_loss(run, jumps, None)
    assert np.array_equal(picture.jumps[0][0], [10, 60])
    assert picture.jumps[1] == jumps
    gap = np.flatnonzero(np.isnan(picture.falls[0]))
    assert np.array_equal(np.delete(picture.falls[0], gap), [10, 11, 12, 13, 60, 61])
    assert compose_loss(run, jumps, None, epochs=(20.0, 40.0)).jumps[1] == []


def test_runs_in_one_frame_have_the_same_axes(run, forced, found):
    frame = frame_of([(run, found), (forced, None)])
    one = compose_loss(run, [], found, frame=frame)
    other = compose_loss(forced, [], None, frame=frame)
    for name in ("epochs", "limits", "gradient_limits"):
        assert getattr(one, name) == getattr(other, name)
    assert one.epochs == (0.0, 80.0)
    assert other.ticks == {}
    for picture in (one, other):
        for curve, (low, high) in (
            (picture.loss, picture.limits),
            (picture.gradient, picture.gradient_limits),
        ):
            assert low <= curve[1].min() <= curve[1].max() <= high


def test_a_run_without_epochs_has_a_picture(run):
    empty = Trainer(run.start, run.data).run()
    picture = compose_loss(empty, [], None)
    assert picture.loss.shape == (2, 0)
    assert picture.epochs == (0.0, 1.0)
    assert np.isnan(picture.loss_height(empty, 0))
