"""Eigenvalues of cycles and their trail, as plain arrays: no widget in here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ...cycles import Cycle
from ..palette import colour_index

MOST_POINTS = 120  # SVG markers are dear
AGES = 5  # tones of the trail
TRAIL = 40  # networks that the trail goes back
SMALLEST, LARGEST = 1.15, 3.0  # half the width of the window

Points = tuple[np.ndarray, np.ndarray, list[Cycle]]


def eigenvalue_points(cycles: Iterable[Cycle]) -> Points:
    """Return the finite eigenvalues of cycles, once around, as far as there is room for them.

    Returns
    -------
    points : (2, n) array
        Real and imaginary parts.
    colours : (n,) array
        Places in the palette of orders.
    owners : list of Cycle
    """
    values, colours, owners = [], [], []
    for cycle in cycles:
        finite = cycle.eigenvalues[np.isfinite(cycle.eigenvalues)]
        if len(owners) + len(finite) > MOST_POINTS:
            break
        values.append(finite)
        colours += [float(colour_index(cycle.order))] * len(finite)
        owners += [cycle] * len(finite)
    joined = np.concatenate(values) if values else np.empty(0, complex)
    return np.stack([joined.real, joined.imag]), np.array(colours), owners


def window_size(points: np.ndarray) -> float:
    """Return half the width of a window for points (2, n), which need not hold those far away."""
    return float(np.clip(1.1 * np.abs(points).max(initial=0.0), SMALLEST, LARGEST))


def within(group: Points, size: float) -> tuple[Points, int]:
    """Return those of some points that lie in a window, and how many do not."""
    points, colours, owners = group
    inside = np.abs(points).max(axis=0, initial=0.0) <= size
    kept = [owner for owner, near in zip(owners, inside, strict=True) if near]
    return (points[:, inside], colours[inside], kept), int((~inside).sum())


def trail_of(before: Sequence[np.ndarray]) -> np.ndarray:
    """Return eigenvalues of the networks before, the oldest first, as dots (2, AGES, n).

    One row an age; dots are separated by NaN. Only the last `TRAIL` networks are shown.
    """
    before = before[-TRAIL:]
    rows = []
    for age in range(AGES):
        part = before[len(before) * age // AGES : len(before) * (age + 1) // AGES]
        values = np.concatenate(part) if part else np.empty(0, complex)
        dots = np.full((2, max(2 * len(values) - 1, 0)), np.nan)
        dots[:, ::2] = values.real, values.imag
        rows.append(dots)
    longest = max(row.shape[1] for row in rows)
    if not longest:
        return np.zeros((2, 0))
    trail = np.zeros((2, AGES, longest))
    last = next(row[:, -1:] for row in rows if row.shape[1])
    for place, row in enumerate(rows):
        # A curve must not end in NaN (bqplot): its last dot, or that of another age, fills it up.
        trail[:, place, : row.shape[1]] = row
        trail[:, place, row.shape[1] :] = row[:, -1:] if row.shape[1] else last
    return trail
