"""Where orbits begin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..models.validation import states, whole_number

NEAREST, FARTHEST = 0.5, 4.0  # root mean square of a start's components, in units of the scale
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


def natural_scales(h1: np.ndarray, h2: np.ndarray, inner_weights: np.ndarray) -> np.ndarray:
    """Return how large the states of n networks are, roughly, (n,).

    States scale with the biases: a network's scale is its largest abs(h1), or the typical distance
    |h2| / |W2| of a border from the origin if that is larger; 1 without any bias.

    Parameters
    ----------
    h1, h2 : (n, M), (n, H) arrays
    inner_weights : (n, ·) array
        The entries of W2, in any order and without zeros or with them.
    """
    slopes = np.linalg.norm(inner_weights, axis=1)
    offsets = np.linalg.norm(h2, axis=1)
    distances = np.divide(offsets, slopes, out=np.zeros_like(offsets), where=slopes > 0.0)
    scales = np.maximum(np.abs(h1).max(axis=1), distances)
    return np.where(scales > 0.0, scales, 1.0)


def unit_starts(count: int, M: int, seed: int) -> np.ndarray:
    """Return `count` starts (count, M) for a network of scale 1.

    They come in pairs, z and -z, since opposite starts see both attractors of a symmetric network.
    The directions are drawn with `seed`; the distances from the origin fill the range from
    `NEAREST` to `FARTHEST` evenly on a logarithmic scale, however many there are. More starts with
    the same seed begin with the same ones.
    """
    pairs = -(-count // 2)
    directions = np.random.default_rng(seed).normal(size=(pairs, M))
    directions *= np.sqrt(M) / np.linalg.norm(directions, axis=1, keepdims=True)
    places = (0.5 + GOLDEN * np.arange(pairs)) % 1.0
    directions *= (NEAREST * (FARTHEST / NEAREST) ** places)[:, None]
    return np.stack([directions, -directions], axis=1).reshape(2 * pairs, M)[:count]


def given_starts(starts: int | ArrayLike, M: int, seed: int) -> tuple[np.ndarray, bool]:
    """Return starts (S, M) and whether they are yet to be multiplied by the network's scale.

    Raises
    ------
    TypeError, ValueError
        If `starts` is neither a number of at least 1 nor states of `M` components.
    """
    if np.ndim(starts) == 0:
        return unit_starts(whole_number("starts", starts, 1), M, seed), True
    return np.atleast_2d(states("starts", starts, M)), False
