"""Places as whole numbers: near enough, cut where they leave the picture, and small."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scyfi_widgets.export.quantise import (
    COARSE,
    GAP,
    STEPS,
    curve_points,
    dot_points,
    is_dotted,
    sign_points,
)

UNIT = (0.0, 1.0)
FINE = 3.0 / STEPS


def back(points: np.ndarray, x=UNIT, y=UNIT) -> np.ndarray:
    """Return points in data coordinates, NaN at gaps."""
    gaps = (points == GAP).all(axis=1)
    parts = np.where(gaps[:, None], np.nan, points / STEPS * 3.0 - 1.0)
    low, high = np.array([x, y]).T
    return low + parts * (high - low)


@given(arrays(float, (7, 2), elements=st.floats(-1.0, 2.0)))
def test_what_is_in_the_range_comes_back_nearly(points):
    curve = curve_points(points, UNIT, UNIT)
    signs, kept = sign_points(points, UNIT, UNIT)
    assert kept.tolist() == list(range(7))
    np.testing.assert_allclose(back(signs), points, atol=FINE)
    # A curve leaves out repetitions only.
    drawn = back(curve)
    for point in points:
        assert np.abs(drawn - point).max(axis=1).min() < COARSE * FINE
    assert len(curve) <= len(points)


@given(arrays(float, (9, 2), elements=st.floats(-50.0, 50.0)))
def test_a_line_that_leaves_keeps_its_direction(points):
    drawn = back(curve_points(points, UNIT, UNIT))
    drawn = drawn[~np.isnan(drawn).any(axis=1)]
    for point in drawn:  # every drawn point lies on one of the segments
        ends, steps = points[:-1], np.diff(points, axis=0)
        length = np.maximum((steps**2).sum(axis=1), 1e-300)
        along = np.clip(((point - ends) * steps).sum(axis=1) / length, 0.0, 1.0)
        away = np.hypot(*(ends + along[:, None] * steps - point).T)
        assert away.min() < 2 * COARSE * FINE


def test_a_line_across_the_picture_is_drawn_though_its_ends_are_far():
    drawn = back(curve_points(np.array([[-1e6, 0.5], [1e6, 0.5]]), UNIT, UNIT))
    np.testing.assert_allclose(drawn, [[-1.0, 0.5], [2.0, 0.5]], atol=COARSE * FINE)


def test_pieces_stay_apart():
    nan = np.full(2, np.nan)
    points = np.array([nan, [0, 0], [1, 1], nan, nan, [0.5, 0], [0.5, 1], [9, 1], nan])
    drawn = curve_points(points, UNIT, UNIT)
    gaps = (drawn == GAP).all(axis=1)
    assert gaps.tolist() == [False, False, True, False, False, False]


def test_infinite_points_are_gaps():
    points = np.array([[0, 0], [0.5, 0.5], [np.inf, 1], [0.5, 0], [1, 0]], float)
    assert (curve_points(points, UNIT, UNIT) == GAP).all(axis=1).sum() == 1


def test_what_is_nowhere_in_the_range_is_nothing():
    far = np.array([[50.0, 50.0], [60.0, 50.0]])
    assert curve_points(far, UNIT, UNIT).shape == (0, 2)
    assert dot_points(far, UNIT, UNIT).shape == (0, 2)
    assert sign_points(far, UNIT, UNIT)[1].size == 0
    assert curve_points(np.empty((0, 2)), UNIT, UNIT).shape == (0, 2)


def test_a_piece_of_one_place_stays_a_dot():
    assert len(curve_points(np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]), UNIT, UNIT)) == 2


def test_dots_are_each_place_once():
    spaced = np.full((2 * 500 - 1, 2), np.nan)
    spaced[::2] = np.tile([[0.25, 0.5], [0.75, 0.5]], (250, 1))
    assert is_dotted(spaced)
    assert len(dot_points(spaced, UNIT, UNIT)) == 2


def test_a_line_is_not_dotted():
    assert not is_dotted(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 1.0]]))
    assert not is_dotted(np.empty((0, 2)))
    assert is_dotted(np.array([[0.5, 0.5]]))
