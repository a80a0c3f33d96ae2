"""How often orbits visit the pixels of a picture."""

from __future__ import annotations

import numpy as np

from ..compiled import kernel


def visits_of_pixels(
    points: np.ndarray, column: int, width: int, height: int, low: float, high: float
) -> np.ndarray:
    """Return the mean visits of each pixel (height, width), the top row first.

    Parameters
    ----------
    points : (n, S, kept, C) array
        Points at n evenly spaced values, from the left edge of the picture to the right.
    column : int
        Which of the C coordinates is drawn upwards.
    width, height : int
    low, high : float
        The coordinate at the lower and the upper edge.
    """
    total = np.zeros((len(points) + 1, height))
    count_visits(points, column, low, high, total[1:])
    np.cumsum(total, axis=0, out=total)
    first, stop = values_of_columns(len(points), width)
    return ((total[stop] - total[first]) / (stop - first)[:, None]).T


def values_of_columns(n: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for each column of a picture the first of the n values in it and the one after.

    A column between two values has the nearer one.
    """
    edges = np.linspace(0.0, n - 1, width + 1)
    first = np.ceil(edges[:-1]).astype(np.int64)
    stop = np.ceil(edges[1:]).astype(np.int64)
    stop[-1] = n
    nearest = np.rint((edges[:-1] + edges[1:]) / 2).astype(np.int64)
    empty = stop <= first
    return np.where(empty, nearest, first), np.where(empty, nearest + 1, stop)


@kernel
def count_visits(points, column, low, high, visits):
    """Add the points of every value to the rows of `visits` (n, height), from `high` downwards."""
    n, S, kept, _ = points.shape
    height = visits.shape[1]
    per_unit = height / (high - low)
    for i in range(n):
        for s in range(S):
            for t in range(kept):
                row = (high - points[i, s, t, column]) * per_unit
                if 0.0 <= row < height:  # and not for a NaN
                    visits[i, int(row)] += 1.0
