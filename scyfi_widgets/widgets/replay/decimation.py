"""Long curves for a few hundred pixels, so that no spike and no jump disappears."""

from __future__ import annotations

import numpy as np

COLUMNS = 700  # of a curve: about as many as a figure has pixels


def decimated(values: np.ndarray, start: int, stop: int, columns: int = COLUMNS) -> np.ndarray:
    """Return the places of the values between two epochs that a picture needs, ascending.

    Every column of pixels keeps its first, lowest, highest and last value (an M4 aggregation), so
    the line that joins them covers the same pixels as the whole curve.

    Parameters
    ----------
    values : (E,) array
        NaN and infinity are gaps: a column that has both keeps one of them as well.
    start, stop : int
        Half-open range of places, within [0, E].
    columns : int
        The number of columns.

    Returns
    -------
    (n,) int64 array
        At most five a column; all places where there are fewer.

    References
    ----------
    Jugel, Jerzak, Hackenbroich, Markl, *M4: a visualization-oriented time series data
    aggregation*, Proc. VLDB Endow. 7 (2014) 797-808.
    """
    count = stop - start
    if count <= 5 * columns:
        return np.arange(start, stop)
    part = values[start:stop]
    finite = np.isfinite(part)
    edges = np.linspace(0, count, columns + 1).astype(np.int64)
    firsts = edges[:-1]
    kept = [firsts, edges[1:] - 1]
    column = np.repeat(np.arange(columns), np.diff(edges))
    for filler, sign in ((np.inf, 1.0), (-np.inf, -1.0)):
        # The lowest of each column (and, with the sign turned, the highest), by a stable sort.
        key = sign * np.where(finite, part, filler)
        order = np.lexsort((key, column))
        kept.append(order[firsts])
    gaps = np.flatnonzero(~finite)
    if gaps.size:
        kept.append(gaps[np.unique(column[gaps], return_index=True)[1]])
    return start + np.unique(np.concatenate(kept))
