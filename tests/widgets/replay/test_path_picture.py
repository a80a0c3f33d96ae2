"""The path of a training as arrays: where it is, what a screen needs of it, which weights moved."""

from __future__ import annotations

import numpy as np
import pytest

from scyfi_widgets.training import LossJump, TrainingRun
from scyfi_widgets.widgets.replay import path_picture
from scyfi_widgets.widgets.replay.path_picture import (
    bounds_around,
    compose_path,
    default_weights,
    holds_path,
    most_moved,
    names_to_choose,
    positions,
)

WEIGHTS = "A[0]", "A[1]"


def made_of(run: TrainingRun, path: np.ndarray, saved: np.ndarray | None = None) -> TrainingRun:
    """Return a run whose weights A[0] and A[1] go a path (S, 2); all others stay."""
    saved = np.arange(len(path)) if saved is None else saved
    rows = {name: np.repeat(array[:1], len(path), 0) for name, array in run.parameters.items()}
    nothing = np.full(saved[-1], np.nan)
    return TrainingRun(
        start=run.start.replace({"A": path[0]}),
        parameters={**rows, "A": np.asarray(path, float)},
        saved_epochs=saved,
        loss=np.ones(saved[-1]),
        gradient_norm=nothing,
        step_length=nothing,
        alpha=nothing,
        learning_rate=nothing,
        data=run.data,
        observation=run.observation,
    )


def test_the_path_is_that_of_the_saved_networks(run):
    picture = compose_path(run, WEIGHTS, bounds_around(run, WEIGHTS))
    for epoch in (0, 33, run.epochs):
        model = run.model(epoch)
        assert picture.at(epoch).tolist() == [model["A[0]"], model["A[1]"]]
        past = picture.past(epoch)
        np.testing.assert_array_equal(past[:, -1], picture.at(epoch))
        np.testing.assert_array_equal(past[:, :-1], picture.points[:, picture.epochs < epoch])
    np.testing.assert_array_equal(picture.points[:, 0], picture.at(0))
    np.testing.assert_array_equal(picture.points[:, -1], picture.at(run.epochs))


def test_a_long_path_has_few_points_and_keeps_its_excursions(run):
    time = np.linspace(0.0, 1.0, 10_001)
    path = np.stack([np.cos(40.0 * time) * time, np.sin(40.0 * time) * time], axis=1)
    path[7_000] = 3.0, -2.0  # a single network that is far off
    long = made_of(run, path)
    bounds = bounds_around(long, WEIGHTS)
    picture = compose_path(long, WEIGHTS, bounds)
    assert len(picture.epochs) <= path_picture.MOST_POINTS
    assert 7_000 in picture.epochs
    # What was left out is within a cell or two of what is drawn.
    size = np.ptp(np.array(bounds), axis=1)
    place = np.searchsorted(picture.epochs, np.arange(10_001), side="right") - 1
    off = np.abs(path.T - picture.points[:, place]) / size[:, None]
    cells = path_picture.CELLS
    while len(_distinct_at(path, bounds, cells)) > path_picture.MOST_POINTS:
        cells //= 2
    assert off.max() <= 1.0 / cells


def _distinct_at(path, bounds, cells):
    window = np.array(bounds)
    grid = np.floor((path - window[:, 0]) / np.ptp(window, axis=1) * cells)
    return np.flatnonzero(np.r_[True, (np.diff(grid, axis=0) != 0).any(axis=1)])


def test_the_nearest_epoch_is_found_as_the_screen_shows_it(run):
    there = np.linspace([0.0, 0.0], [1.0, 100.0], 51)
    picture_run = made_of(run, np.concatenate([there, there[-2::-1]]))  # to and fro
    picture = compose_path(picture_run, WEIGHTS, bounds_around(picture_run, WEIGHTS))
    assert picture.nearest(0.5, 50.0, epoch=10) == 25
    assert picture.nearest(0.5, 50.0, epoch=90) == 75
    assert picture.nearest(2.0, 200.0, epoch=0) == 50
    assert picture.nearest(-1.0, -100.0, epoch=99) == 100


def test_where_few_networks_were_saved_events_lie_between_them(run, found):
    picture = compose_path(run, WEIGHTS, bounds_around(run, WEIGHTS), (), found)
    drawn = sum(len(events) for _, events in picture.signs.values())
    assert drawn > 0
    assert drawn + picture.unmarked == len(found.qualitative)
    for points, events in picture.signs.values():
        for point, event in zip(points.T, events, strict=True):
            line = run.line(min(event.epoch, run.epochs - 1e-9))
            before, after = run.model(event.saved[0]), run.model(event.saved[1])
            part = event.epoch - event.saved[0]
            for value, name in zip(point, WEIGHTS, strict=True):
                there = before[name] + part * (after[name] - before[name])
                assert value == pytest.approx(there, abs=1e-12)
            assert line.at(line.lo).M == 2


def test_jumps_are_pieces_of_the_path(run):
    jumps = (LossJump(10, 14, -1.0, 0.01), LossJump(40, 42, 1.0, 0.02))
    picture = compose_path(run, WEIGHTS, bounds_around(run, WEIGHTS), jumps)
    path = positions(run, WEIGHTS)
    gap = np.full((2, 1), np.nan)
    wanted = np.hstack([path[:, 10:15], gap, path[:, 40:43]])
    np.testing.assert_array_equal(picture.jumps, wanted)


def test_the_weights_that_moved_most_come_first(run):
    spans = {name: np.ptp(positions(run, (name, "A[0]"))[0]) for name in run.start.parameter_names}
    moved = most_moved(run)
    assert moved == sorted(moved, key=lambda name: -spans[name])
    assert set(moved) == {name for name, span in spans.items() if span > 0.0}
    in_order = [name for name in run.start.parameter_names if name in moved[:2]]
    assert default_weights(run) == tuple(in_order)
    still = made_of(run, np.ones((4, 2)))
    assert most_moved(still) == []
    assert names_to_choose(still) == list(run.start.parameter_names)
    bounds = bounds_around(still, WEIGHTS)
    assert all(low < 1.0 < high for low, high in bounds)
    assert holds_path(still, WEIGHTS, bounds)
    assert not holds_path(still, WEIGHTS, ((2.0, 3.0), (0.0, 2.0)))


def test_a_weight_is_one_entry(run):
    with pytest.raises(ValueError, match="one entry"):
        positions(run, ("A", "h[0]"))
    with pytest.raises(KeyError, match="does not exist"):
        positions(run, ("A[7]", "h[0]"))
