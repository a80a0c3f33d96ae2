"""The search of one order: SCYFI with a memory, and curves that lead on from what it comes to.

A start is a random word that the SCYFI iteration improves until a word comes back, a segment of an
orbit, or a cycle that is known, of this order or of one that divides it. From there a curve of real
words leads to cycles (`path`). The search ends when many starts in a row gave nothing new.
"""

from __future__ import annotations

import numpy as np

from ..compiled import kernel
from .candidate import new_workspace
from .draws import draw_below
from .path import new_path, next_crossing
from .scyfi import FINISHED, FOUND, STOPPED
from .starts import start_from_cycle, start_from_orbit, start_from_word
from .visited import is_full, new_word_set, remember, word_keys

STARTS, CURSOR = 0, 1  # entries of `counters`, beside FOUND: starts, and those at known cycles
VISITED = 2048  # words that the SCYFI iteration remembers
PATIENCE = 10  # starts in a row without anything new that end the search,
PATIENCE_EACH = 2  # and so many more for every cycle known


@kernel
def grow(found):
    """Return `found` (n, k, H) with room for as many words again, and a set of their keys."""
    n, k, H = found.shape
    more, keys = np.empty((2 * n, k, H), np.uint8), new_word_set(2 * n)
    more[:n] = found
    for i in range(n):
        remember(keys, word_keys(found[i])[1])
    return more, keys


@kernel
def begin(form, identity, state, path, work, flags, visited, counters, lower, found):
    """Begin `path`: half the time at a known cycle, each in its turn; False if that failed."""
    known = counters[FOUND] + lower.shape[0]
    if known > 0 and draw_below(state, 2) == 0:
        n = counters[CURSOR] % known
        counters[CURSOR] += 1
        word = lower[n] if n < lower.shape[0] else found[n - lower.shape[0]]
        return start_from_cycle(form, identity, state, path, work, flags, word)
    if draw_below(state, 2) == 0:
        return start_from_orbit(form, identity, state, path, work, flags)
    return start_from_word(form, identity, state, path, work, flags, visited)


@kernel
def explore_order(form, identity, state, counters, lower, found, flags):
    """Search the cycles of one order.

    Parameters
    ----------
    form : tuple of arrays
        A, W1, W2, h1, h2, as a plain tuple: Numba unpacks no other.
    identity : bool
        Whether W2 is the identity and h2 is zero.
    state : (1,) uint64 array
        Of the random numbers.
    counters : (3,) int64 array
        Zeros on entry.
    lower : (n, k, H) uint8 array
        Repeated words of cycles whose order divides k.
    found : (capacity, k, H) uint8 array
        Room for words; capacity is a power of two.
    flags : pair of (1,) int64 arrays
        The caller's flag `cancel` and the clock's `expired`: either ends the search.

    Returns
    -------
    status : int
        FINISHED or STOPPED.
    found : array
        Its first counters[FOUND] entries are words of cycles, one rotation of each; it may have
        grown.
    """
    M, H = form[1].shape
    k = found.shape[1]
    work, path = new_workspace(k, M, H), new_path(k, M, H)
    visited, keys = new_word_set(VISITED), new_word_set(found.shape[0])
    last_new = 0
    while counters[STARTS] - last_new < PATIENCE + PATIENCE_EACH * (
        counters[FOUND] + lower.shape[0]
    ):
        counters[STARTS] += 1
        if begin(form, identity, state, path, work, flags, visited, counters, lower, found):
            while next_crossing(form, identity, path, work, flags):
                _, key, repeats = word_keys(path.word)
                if repeats or remember(keys, key):  # a repetition is a cycle of a lower order
                    continue
                found[counters[FOUND]] = path.word
                counters[FOUND] += 1
                last_new = counters[STARTS]
                if is_full(keys):
                    found, keys = grow(found)
        if flags[0][0] != 0 or flags[1][0] != 0:
            return STOPPED, found
    return FINISHED, found
