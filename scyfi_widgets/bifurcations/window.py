"""How high the window of a bifurcation diagram is: for what attracts, whatever goes to infinity."""

from __future__ import annotations

import numpy as np

MARGIN = 0.08  # of the height, above and below what is fitted
TAIL = 0.01  # of the points on either side are outside the window
FENCE = 2.0  # so many interquartile ranges beyond the quartiles the window ends (Tukey's fences)
NEAR = 0.5  # of the height of what attracts: other points within this distance are fitted in
SMALLEST = 1e-3  # height, relative to what is seen


def fitted_window(attracting: np.ndarray, others: np.ndarray) -> tuple[float, float]:
    """Return the lower and the upper end of a window for what attracts, and for what is near it.

    Where a branch is on its way to infinity it is left outside.

    Parameters
    ----------
    attracting, others : one-dimensional arrays
        Coordinates of points on stable branches and orbits, and on unstable branches; what is not
        finite is left out.
    """
    attracting = attracting[np.isfinite(attracting)]
    others = others[np.isfinite(others)]
    if len(attracting):
        low, high = _bulk(attracting)
        reach = NEAR * max(high - low, SMALLEST * max(1.0, abs(high)))
        near = others[(others > low - reach) & (others < high + reach)]
        if len(near):
            low, high = min(low, float(near.min())), max(high, float(near.max()))
    else:
        low, high = _bulk(others) if len(others) else (-1.0, 1.0)
    pad = MARGIN * max(high - low, SMALLEST * max(1.0, abs(high)))
    return low - pad, high + pad


def _bulk(values: np.ndarray) -> tuple[float, float]:
    """Return the ends of values without those that are far out, on either side."""
    quantiles = (TAIL, 0.25, 0.75, 1.0 - TAIL)
    low, lower, upper, high = (float(end) for end in np.quantile(values, quantiles))
    reach = FENCE * (upper - lower)
    return (max(low, lower - reach), min(high, upper + reach)) if reach else (low, high)
