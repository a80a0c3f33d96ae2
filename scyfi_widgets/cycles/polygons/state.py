"""What the polygon search holds: the network, the present branch, and what has been found."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FINISHED, FULL, STOPPED, LIMIT, DOUBT = 0, 1, 2, 3, 4
CUT, SPLIT, FIRST, SECOND = -1, 0, 1, 2
CLOSED, WORD, THIN = -1, -2, -4  # entries of a tree's `splits`
UNDECIDED, EMPTY, ALIVE = 0, 1, 2  # verdicts
ZERO = -2  # a `source` that says: y = 0
FLAT = 1e-12  # gradients smaller than this, relative to their terms, are looked at again
DEPTH, NODES, SPLITS, ROWS, WORDS, LETTERS, VERDICT, SIZE, SETTLED = range(9)  # of `count`
COUNTS = 9
RADIUS, WANTED, NEAR = 0, 1, 2  # entries of `radius`


class Net(NamedTuple):
    """The normal form for two states.

    Attributes
    ----------
    base : (2, 3) array
        A and h1.
    units : (H, 6) array
        See `rows`.
    functional : (2,) array
        c of phi(z) = c . z + d . relu(W2 z + h2).
    source, lag : (H,) int64 arrays
        The unit whose y at time t - lag is exactly in proportion to this unit's y at time t >= lag,
        whatever the region; NONE where there is none, ZERO where y = 0 then.
    implied : (H, 2) uint8 array
        The only bit, by the bit of the source, whose cell has an interior.
    """

    base: np.ndarray
    units: np.ndarray
    functional: np.ndarray
    source: np.ndarray
    lag: np.ndarray
    implied: np.ndarray


class Path(NamedTuple):
    """The present branch; the arrays have an entry for each depth, pair, time or condition.

    Attributes
    ----------
    bits : (n_max,) uint8 array
    phase, first : (n_max + 1,) int8 arrays
        The phase of each node, and its first child's bit.
    start, size, top : (n_max + 1,) int64 arrays
        The slice of each node's cell, and the first free place behind it.
    steps : (K, 16) array
        See `rows`.
    orbit : (K + 1, 6) array
        P_t (row by row) and p_t of z_t = P_t z_0 + p_t.
    gradient : (n_max + K, 3) array
        The conditions as functions of z_0; for bit 1, where they are about a pair.
    border : (K,) int64 array
        Length of the longest proper prefix of the first t + 1 regions that is also their suffix.
    height : (3,) array
        phi as a function of z_0.
    doubt : (3,) int64 array
        The conditions of a doubtful prune, and then of the exact row that settles it.
    """

    bits: np.ndarray
    phase: np.ndarray
    first: np.ndarray
    start: np.ndarray
    size: np.ndarray
    top: np.ndarray
    steps: np.ndarray
    orbit: np.ndarray
    gradient: np.ndarray
    border: np.ndarray
    height: np.ndarray
    doubt: np.ndarray


class Found(NamedTuple):
    """What the search collects, and the store of corners.

    Attributes
    ----------
    order : (words,) int64 array
        Orders of the candidate words, which stand one after the other in `letters`.
    letters : (n,) uint8 array
    splits : (nodes,) int32 array
    constraints : (rows, 3) int32 array
    weights : (rows, 3) array
    place : (corners, 5) array
        See `cells`.
    edge : (corners,) int32 array
    value : (n,) array
    side : (n,) int64 array
        Of the corners of one cell.
    """

    order: np.ndarray
    letters: np.ndarray
    splits: np.ndarray
    constraints: np.ndarray
    weights: np.ndarray
    place: np.ndarray
    edge: np.ndarray
    value: np.ndarray
    side: np.ndarray
