"""What the interval search holds: the network, the present branch, what is open, what it found."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FINISHED, FULL, STOPPED, LIMIT = 0, 1, 2, 3
CUT, SPLIT, FIRST, SECOND, DONE = -1, 0, 1, 2, 3  # phases of a node
# Of `count`:
NODES, WORDS, LETTERS, OPEN, GROUPS, LEFT, RIGHT, TESTS, WINDOWS, SURE, CANDIDATE = range(11)
COUNTS = 11
# Of `now`: the present interval, the width below which none is divided, the radius, and the
# interval for words that are real somewhere.
LO, HI, MIDDLE, HALF, LEAST, LARGEST, WIDE_LO, WIDE_HI = range(8)


class Net(NamedTuple):
    """The normal form for two states.

    Attributes
    ----------
    powers_base : (2, 3, 3) array
        A and h1, each entry as the coefficients of 1, v, v^2.
    powers_units : (H, 6, 3) array
        The same for the columns of `cycles.polygons.rows`: W2, h2 and W1.
    moving : (n, 2) int64 array
        The entries that depend on v: rows -2 and -1 are those of `base`, the others of `units`.
    base, units : (2, 3, 5), (H, 6, 5) arrays
        Their expansions about the present middle.
    base_now, units_now : (2, 3), (H, 6) arrays
        Their values there.
    weights : (H,) array
        Of phi(z) = - sum_j weight_j |W2_j z + h2_j|.
    margins : (H,) array
        What cycles keep from the borders.
    group : (H,) int64 array
        Equal for units whose rows of W2 are exactly equal or opposite for all v.
    """

    powers_base: np.ndarray
    powers_units: np.ndarray
    moving: np.ndarray
    base: np.ndarray
    units: np.ndarray
    base_now: np.ndarray
    units_now: np.ndarray
    weights: np.ndarray
    margins: np.ndarray
    group: np.ndarray


class Path(NamedTuple):
    """The present branch; the arrays have an entry for each depth, pair, time or condition.

    Attributes
    ----------
    bits : (n_max,) uint8 array
    phase, first : (n_max + 1,) int8 arrays
        The phase of each node, and its first child's bit.
    start, size, top : (n_max + 1,) int64 arrays
        The slice of each node's cell, and the first free place behind it.
    free, upto : (n_max + 1,) int64 arrays
        The open prefix with which, or below which, each node is, NONE while the node's bits are
        only the beginning of open prefixes; the place behind the last of these.
    steps : (K, 16) array
        J_t, c_t and phi(z_t) in the middle, see `cycles.polygons.rows`.
    orbit : (K + 1, 6) array
        P_t (row by row) and p_t of z_t = P_t z_0 + p_t in the middle.
    gradient : (n_max + K, 3) array
        The conditions in the middle as functions of z_0.
    border : (K,) int64 array
        Length of the longest proper prefix of the first t + 1 regions that is also their suffix.
    height : (3,) array
        phi as a function of z_0 in the middle.
    jacobian : (K, 6, 5) array
        Expansions of J_t and c_t.
    heights : (K, 3, 5) array
        Expansions of phi(z_t) as a function of z_t.
    ready : (K,) uint8 array
        Which of these two are up to date.
    """

    bits: np.ndarray
    phase: np.ndarray
    first: np.ndarray
    start: np.ndarray
    size: np.ndarray
    top: np.ndarray
    free: np.ndarray
    upto: np.ndarray
    steps: np.ndarray
    orbit: np.ndarray
    gradient: np.ndarray
    border: np.ndarray
    height: np.ndarray
    jacobian: np.ndarray
    heights: np.ndarray
    ready: np.ndarray


class Prefixes(NamedTuple):
    """Prefixes, or whole words, with the intervals of the parameter over which they are open.

    Attributes
    ----------
    span : (n, 2) array
    depth : (n,) int64 array
        The number of bits.
    bits : (n, n_max) uint8 array
    """

    span: np.ndarray
    depth: np.ndarray
    bits: np.ndarray


class Pending(NamedTuple):
    """What is still to be done.

    Attributes
    ----------
    open : Prefixes
        A stack of groups, each a piece of the tree: prefixes that begin alike are neighbours.
    group : (n,) int64 array
        Where each group begins.
    left, right : Prefixes
        What the group at work leaves open on either side of the middle.
    tests : Prefixes
        Words, a stack.
    """

    open: Prefixes
    group: np.ndarray
    left: Prefixes
    right: Prefixes
    tests: Prefixes


class Found(NamedTuple):
    """What the search collects, and the store of corners.

    Attributes
    ----------
    order, begin : (words,) int64 arrays
        The order of each word, and where its letters begin.
    span : (words, 2) array
        Where each may be real.
    letters : (n,) uint8 array
        Least rotations, one after the other.
    slot : (2^m,) int64 array
        A hash table of the words: their numbers, NONE where it is empty.
    place : (corners, 5) array
        See `cycles.polygons.cells`.
    edge : (corners,) int32 array
    value : (n,) array
    side : (n,) int64 array
        Of the corners of one cell.
    windows : Prefixes
        Sequences of regions that an orbit may visit, see `windows`.
    """

    order: np.ndarray
    begin: np.ndarray
    span: np.ndarray
    letters: np.ndarray
    slot: np.ndarray
    place: np.ndarray
    edge: np.ndarray
    value: np.ndarray
    side: np.ndarray
    windows: Prefixes
