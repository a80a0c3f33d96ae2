"""Where a change begins and ends: a line, a ramp and a line, fitted by least squares."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

REACH = 32  # epochs on either side that are fitted
MARGIN = 12  # epochs by which begin and end may move outwards
WORSE = 2.0  # units of the noise that a shorter ramp may cost


def fit_ramp(
    curve: np.ndarray, before: int, after: int, length: int, correlation: float
) -> tuple[int, int, float]:
    """Return the last epoch before a change, the first one after it, and its size.

    Parameters
    ----------
    curve : (E,) array
    before, after : int
        The gap between the two lines of a contrast.
    length : int
        The epochs on either side that are known to be free of other changes.
    correlation : float
        Of the noise, from one epoch to the next.
    """
    length = min(length, REACH)
    block = curve[before - length + 1 : after + length]
    pairs, bases, changes = _ramps(length, after - before, correlation)
    origin = block[0]
    whitened = _whitening(len(block), correlation) @ (block - origin)
    coefficients = np.einsum("kie,e->ki", bases, whitened)
    squares = np.maximum(whitened @ whitened - (coefficients**2).sum(axis=1), 0.0)
    noise = squares.min() / (len(block) - 4)
    good = np.flatnonzero(squares <= squares.min() + WORSE * noise)
    durations = pairs[good, 1] - pairs[good, 0]
    shortest = good[durations == durations.min()]
    best = shortest[np.argmin(squares[shortest])]
    start, stop = pairs[best] + before - length + 1
    return int(start), int(stop), float(changes[best] @ coefficients[best])


def longest_ramp(length: int, duration: int) -> int:
    """Return the longest duration that `fit_ramp` can give for a gap."""
    return duration + min(MARGIN, length // 2, duration)


def _whitening(epochs: int, correlation: float) -> np.ndarray:
    matrix = np.eye(epochs) - correlation * np.eye(epochs, k=-1)
    matrix[0, 0] = np.sqrt(1.0 - correlation**2)
    return matrix


@lru_cache(maxsize=64)
def _ramps(
    length: int, duration: int, correlation: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all begins and ends (K, 2), orthonormal bases (K, 4, epochs), and maps to the change.

    Begins and ends are counted from the first epoch of the block.
    """
    epochs = np.arange(2 * length + duration - 1)
    margin = min(MARGIN, length // 2)
    low, high = length - 1 - margin, length - 1 + duration + margin
    longest = longest_ramp(length, duration)
    pairs = np.array(
        [(s, e) for s in range(low, high) for e in range(s + 1, min(high, s + longest) + 1)]
    )
    start, stop = pairs[:, :1], pairs[:, 1:]
    share = np.clip((epochs - start) / (stop - start), 0.0, 1.0)
    designs = np.stack(
        [1.0 - share, share, np.minimum(epochs - start, 0), np.maximum(epochs - stop, 0)], axis=-1
    )
    q, r = np.linalg.qr(_whitening(len(epochs), correlation) @ designs)
    step = np.linalg.solve(np.swapaxes(r, 1, 2), np.array([-1.0, 1.0, 0.0, 0.0])[:, None])
    return pairs, np.swapaxes(q, 1, 2).copy(), step[..., 0]
