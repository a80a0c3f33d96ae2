"""Power laws: how a quantity grows as a distance shrinks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

DECADES = 2.0  # the innermost ones, in which the leading power has taken over
FEWEST = 4  # distances in a fit


class PowerLaw(NamedTuple):
    """values ~ distances^(-exponent), by least squares on both logarithms.

    Attributes
    ----------
    exponent, standard_error : float
        NaN where there are too few distances.
    """

    exponent: float
    standard_error: float


NO_LAW = PowerLaw(np.nan, np.nan)


def power_law(distances: np.ndarray, values: np.ndarray) -> PowerLaw:
    """Fit a power law to the innermost two decades of `distances` at which there is a value.

    The standard error is that of the slope, from the residuals; it says how straight the line is.
    """
    x, y = _innermost(distances, values)
    keep = y > 0.0
    if keep.sum() < FEWEST:
        return NO_LAW
    x, y = np.log(x[keep]), np.log(y[keep])
    centred = x - x.mean()
    spread = centred @ centred
    slope = centred @ y / spread
    residuals = y - y.mean() - slope * centred
    error = np.sqrt(residuals @ residuals / (len(x) - 2) / spread)
    return PowerLaw(float(-slope), float(error))


def limit_at_zero(distances: np.ndarray, values: np.ndarray) -> float:
    """Return the value at distance 0, by a straight line through the innermost two decades."""
    x, y = _innermost(distances, values)
    if len(x) < FEWEST:
        return np.nan
    return float(np.polyfit(x / x.max(), y, 1)[1])


def _innermost(distances: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(values)
    if not known.any():
        return np.empty(0), np.empty(0)
    near = known & (distances <= 10.0**DECADES * 1.000001 * distances[known].min())
    return distances[near], values[near]
