"""Places in a picture as whole numbers of 16 bits, which is finer than a pixel of any screen.

A picture's window takes a third of their range; what lies farther outside is cut off where it
leaves the range, so that lines keep their direction.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..widgets.projection import clipped_segment

GAP = 65535  # in place of both numbers: the next point begins a new piece
STEPS = 65534  # from one end of the range to the other
BEFORE, SPAN = 1.0, 3.0  # windows before the window, and windows in all
COARSE = 8  # steps between the places of curves, of which there are many: 2,700 in a window

Limits = tuple[float, float]


def is_dotted(points: np.ndarray) -> bool:
    """Whether a curve (n, 2) consists of single points, which are drawn as dots."""
    return len(points) > 0 and bool(np.isnan(points[1::2]).any(axis=1).all())


def dot_points(points: np.ndarray, x: Limits, y: Limits) -> np.ndarray:
    """Return dots (n, 2) in no order, each place once, as (m, 2) uint16."""
    places = _places(points, x, y)
    inside = ((places >= 0.0) & (places <= 1.0)).all(axis=1)
    return np.unique(_steps(places[inside], COARSE), axis=0)


def sign_points(points: np.ndarray, x: Limits, y: Limits) -> tuple[np.ndarray, np.ndarray]:
    """Return the signs (m, 2) uint16 that are in the range, and their places among all."""
    places = _places(points, x, y)
    kept = np.flatnonzero(((places >= 0.0) & (places <= 1.0)).all(axis=1))
    return _steps(places[kept]), kept


def curve_points(points: np.ndarray, x: Limits, y: Limits) -> np.ndarray:
    """Return a curve (n, 2), whose pieces begin after NaN, as (m, 2) uint16."""
    places = _places(points, x, y)
    rows: list[np.ndarray] = []
    for piece in _pieces(places):
        for part in _parts_inside(piece):
            rows += [np.full((1, 2), GAP, np.uint16)] if rows else []
            rows.append(_without_repeats(_steps(part, COARSE)))
    return np.concatenate(rows) if rows else np.empty((0, 2), np.uint16)


def _pieces(places: np.ndarray) -> list[np.ndarray]:
    finite = np.isfinite(places).all(axis=1)
    ends = np.flatnonzero(np.diff(finite.astype(np.int8))) + 1
    return [piece for piece in np.split(places, ends) if len(piece) and np.isfinite(piece[0]).all()]


def _parts_inside(piece: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the parts of a piece (n, 2) that are in the range."""
    inside = ((piece >= 0.0) & (piece <= 1.0)).all(axis=1)
    if inside.all():
        yield piece
        return
    part: list[np.ndarray] = []
    for number in range(len(piece) - 1):
        ends = piece[number : number + 2]
        if not inside[number : number + 2].all():
            ends = clipped_segment(ends, (0.0, 1.0), (0.0, 1.0))
        if part and (ends is None or (part[-1] != ends[0]).any()):
            yield np.array(part)
            part = []
        if ends is not None:
            part += [ends[1]] if part else [*ends]
    if part:
        yield np.array(part)


def _without_repeats(steps: np.ndarray) -> np.ndarray:
    """Return a piece without the points that repeat the one before, but no dot of one point."""
    moved = np.insert((steps[1:] != steps[:-1]).any(axis=1), 0, True)
    if len(steps) > 1 and not moved[1:].any():
        return steps[:2]
    return steps[moved]


def _places(points: np.ndarray, x: Limits, y: Limits) -> np.ndarray:
    """Return points (n, 2) as parts of the range, from 0 to 1 where they are in it."""
    low, high = np.array([x, y], float).T
    with np.errstate(all="ignore"):
        return ((points - low) / (high - low) + BEFORE) / SPAN


def _steps(places: np.ndarray, multiple: int = 1) -> np.ndarray:
    return (np.round(places * (STEPS / multiple)) * multiple).clip(0, STEPS).astype(np.uint16)
