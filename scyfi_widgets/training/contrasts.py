"""How far a curve before a gap and after it lie apart, in units of its own noise.

The noise is taken as autoregressive of order one about a straight line on either side, so that a
smooth curve, on which every epoch resembles the last one, is not mistaken for many measurements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

LENGTHS = (8, 16, 32, 64, 128)  # epochs on either side of a gap
CORRELATIONS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.99)  # the last one: as good as a random walk
WALK = len(CORRELATIONS) - 1
STRETCH, NEIGHBOURHOOD, STRIDE = 32, 256, 32  # epochs; of the estimate of the correlation
SHORT, EXCESS = 16, 0.04  # epochs; by how much the variance may grow with the length by chance
ROUNDING = 2 * float(np.finfo(np.float32).eps)  # many losses are computed in single precision
STEPS = 16  # differences, at least, that show by what unit a curve was rounded


@dataclass(frozen=True, eq=False)
class Contrast:
    """The two-sided comparison at one scale: `length` epochs, a gap, `length` epochs.

    Entry i compares the epochs i .. i + length - 1 with as many from i + length - 1 + duration on.

    Attributes
    ----------
    length : int
        Epochs on either side.
    duration : int
        Epochs from the last one before to the first one after.
    t : (P,) array
        `distance` over its standard error.
    distance : (P,) array
        Between the two lines in the middle of the gap.
    change : (P,) array
        From the line before, at its end, to the line after, at its begin.
    slopes : (2, P) array
        Of both lines, per epoch.
    level : (P,) array of int
        The place in `CORRELATIONS` of the noise's correlation from one epoch to the next.
    """

    length: int
    duration: int
    t: np.ndarray
    distance: np.ndarray
    change: np.ndarray
    slopes: np.ndarray
    level: np.ndarray

    @property
    def freedom(self) -> int:
        """Degrees of freedom of `t`: of two lines there are two numbers each."""
        return 2 * self.length - 4


def scales(window: int, epochs: int) -> list[tuple[int, int]]:
    """Return the pairs (length, duration) at which a curve of so many epochs is looked at.

    Durations double up to `window`, and are at most half of a length: beyond that the lines would
    say little about the middle of the gap.
    """
    durations = [2**i for i in range(window.bit_length()) if 2**i < window] + [window]
    pairs = [(length, duration) for length in LENGTHS for duration in durations]
    return [(n, d) for n, d in pairs if d <= n // 2 and 2 * n + d - 1 <= epochs]


def contrasts(curve: np.ndarray, window: int) -> Iterator[Contrast]:
    """Yield the contrasts of a finite curve (E,), scale by scale.

    The standard error has two parts. Noise of variance s² (from the residuals of both lines,
    whitened) gives that of the fit. What windows of this length vary more than short ones inside
    them comes from slower noise, which all epochs of a side share: it counts in full, once a side.
    """
    pairs = scales(window, len(curve))
    x = curve - curve.mean()
    floor = max(ROUNDING, _unit(curve))
    level = local_correlations(x, floor) if pairs else np.empty(0, np.int64)
    used = [int(q) for q in np.unique(level)]
    short: dict[int, np.ndarray] = {}
    for length in sorted({length for length, _ in pairs}):
        sides = {q: _sides(x, length, q, short) for q in used}
        if length == SHORT:
            short = {q: sides[q].variance for q in used}
        for duration in (d for n, d in pairs if n == length):
            yield _contrast(x, length, duration, level, sides, floor)


@dataclass(frozen=True, eq=False)
class _Sides:
    """Of every window of one length: its line's slope, its noise's variance and the slow part."""

    slope: np.ndarray
    variance: np.ndarray
    slow: np.ndarray


def _sides(x: np.ndarray, length: int, level: int, short: dict[int, np.ndarray]) -> _Sides:
    views = np.lib.stride_tricks.sliding_window_view(x, length)
    slope, residual = _line(length, level)
    variance = ((views @ residual.T) ** 2).sum(axis=1) / (length - 2)
    if level == WALK or length <= SHORT:
        slow = np.zeros(len(views))
    else:
        slow = _slow_variance(variance, short[level], length)
    return _Sides(views @ slope, variance, slow)


def _contrast(
    x: np.ndarray,
    length: int,
    duration: int,
    level: np.ndarray,
    sides: dict[int, _Sides],
    floor: float,
) -> Contrast:
    number = len(x) - 2 * length - duration + 2
    before, after = slice(number), slice(length - 1 + duration, length - 1 + duration + number)
    here = level[length - 1 : length - 1 + number]
    t, distance, slopes = np.zeros(number), np.zeros(number), np.zeros((2, number))
    for q, side in sides.items():
        weights, spread = gap_weights(length, duration, q)
        measured = np.correlate(x, weights, "valid")
        variance = (side.variance[before] + side.variance[after]) / 2 + floor**2
        error = np.sqrt(spread**2 * variance + side.slow[before] + side.slow[after])
        mine = here == q
        distance[mine], t[mine] = measured[mine], (measured / error)[mine]
        slopes[:, mine] = np.stack([side.slope[before], side.slope[after]])[:, mine]
    change = distance + slopes.sum(axis=0) * duration / 2
    return Contrast(length, duration, t, distance, change, slopes, here)


def _slow_variance(variance: np.ndarray, short: np.ndarray, length: int) -> np.ndarray:
    """Return how much more variance windows of `length` have than the short ones inside them.

    It is the median over the neighbourhood, less what comes by chance, found every 32 epochs.
    """
    sums = np.concatenate([[0.0], np.cumsum(short)])
    inner = length - SHORT + 1
    excess = variance - (sums[inner:] - sums[:-inner]) / inner
    slow = np.zeros(len(variance))
    reach = max(NEIGHBOURHOOD, 4 * length)
    for begin in range(0, len(variance), STRIDE):
        near = slice(max(0, begin - reach), begin + STRIDE + reach)
        by_chance = EXCESS * np.median(variance[near])
        slow[begin : begin + STRIDE] = max(0.0, np.median(excess[near]) - by_chance)
    return slow


def _unit(curve: np.ndarray) -> float:
    """Return the typical step of a curve that mostly stands still, as printed digits do; or 0."""
    steps = np.abs(np.diff(curve))
    moving = steps[steps > 0.0]
    rounded = STEPS <= len(moving) <= len(steps) / 2
    return float(np.median(moving)) if rounded else 0.0


def local_correlations(x: np.ndarray, floor: float) -> np.ndarray:
    """Return for each epoch the place in `CORRELATIONS` of the noise around it, rounded up.

    The correlation of neighbours is measured on the residuals of parabolas over short stretches,
    and what a parabola takes away from it is put back. The median over half a thousand epochs does
    not see a few jumps. A correlation above 0.7 counts as a random walk: short stretches cannot
    tell more, and to expect too much of the noise is the safe side.
    """
    length = min(STRETCH, max(12, len(x) // 4))
    views = np.lib.stride_tricks.sliding_window_view(x, length)
    residual = views @ _projection(length)
    square = (residual**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        measured = (residual[:, 1:] * residual[:, :-1]).sum(axis=1) / square
    measured[square <= length * floor**2] = np.nan
    level = np.full(len(x), WALK)  # also where there is no noise at all
    expected = _expected_correlations(length)
    for begin in range(0, len(x), STRIDE):
        near = measured[max(0, begin - NEIGHBOURHOOD) : begin + STRIDE + NEIGHBOURHOOD - length]
        near = near[np.isfinite(near)]
        if near.size:
            place = np.searchsorted(expected, np.median(near))
            level[begin : begin + STRIDE] = min(place, WALK)
    return level


@cache
def _line(length: int, level: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the maps from a window to the slope of its line and to its whitened residuals."""
    covariance = _covariance(np.arange(length), CORRELATIONS[level])
    whitening = np.linalg.inv(np.linalg.cholesky(covariance))
    design = np.stack([np.ones(length), np.arange(length)], axis=1)
    q, r = np.linalg.qr(whitening @ design, mode="complete")
    if level == WALK:
        fit = np.linalg.solve(r[:2], q[:, :2].T @ whitening)
    else:
        fit = np.linalg.pinv(design)
    return fit[1], q[:, 2:].T @ whitening


@cache
def gap_weights(
    length: int, duration: int, level: int, degree: int = 1
) -> tuple[np.ndarray, float]:
    """Return the best weights of a block's epochs for the distance across the gap, and its spread.

    Polynomials are fitted on both sides, and their distance is that in the middle of the gap. The
    spread is its standard deviation under noise of variance one. The fit is by ordinary least
    squares, in which no single epoch weighs much, whatever shocks the noise may have; only where
    the noise is a random walk, and means of many epochs say nothing, by generalised ones.
    """
    before = np.arange(1 - length, 1)
    epochs = np.concatenate([before, before + length - 1 + duration])
    covariance = _covariance(epochs, CORRELATIONS[level])
    late, middle = epochs > 0, (epochs - duration / 2) / length
    powers = np.vander(middle, degree + 1, increasing=True)
    design = np.hstack([powers * ~late[:, None], powers * late[:, None]])
    scaled = np.linalg.solve(covariance, design) if level == WALK else design
    fit = np.linalg.solve(design.T @ scaled, scaled.T)
    weights = fit[degree + 1] - fit[0]
    spread = float(np.sqrt(weights @ covariance @ weights))
    whole = np.zeros(2 * length + duration - 1)
    whole[epochs - epochs[0]] = weights
    return whole, spread


def _covariance(epochs: np.ndarray, correlation: float) -> np.ndarray:
    return correlation ** np.abs(epochs[:, None] - epochs).astype(np.float64)


def _projection(length: int) -> np.ndarray:
    q, _ = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, length), 3))
    return np.eye(length) - q @ q.T


@cache
def _expected_correlations(length: int) -> np.ndarray:
    """Return the median of what is measured on noise of each of `CORRELATIONS`, by simulation."""
    drawn = np.random.default_rng(0).normal(size=(4000, length))
    expected = []
    for correlation in CORRELATIONS:
        root = np.linalg.cholesky(_covariance(np.arange(length), correlation))
        residual = drawn @ root.T @ _projection(length)
        products = (residual[:, 1:] * residual[:, :-1]).sum(axis=1)
        expected.append(np.median(products / (residual**2).sum(axis=1)))
    return np.array(expected)
