"""The search of one order: SCYFI with a memory, and curves that lead on from what it comes to.

A start is a random word that the SCYFI iteration improves until a word comes back, a segment of an
orbit, or a cycle that is known, of this order or of one that divides it. From there a curve of real
words leads to cycles (`path`). The search ends when many starts in a row gave nothing new.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel
from .candidate import CALM, UNSOLVED, solve_candidate
from .draws import draw_bit
from .flip import FLIPS, flip
from .path import FLIPS_LEFT, STEPS_LEFT, pass_piece, turn_bit
from .scyfi import FINISHED, FOUND, FULL, STOPPED, copy_word
from .starts import (
    begin_at_cycle,
    begin_at_orbit,
    begin_at_word,
    draw_point,
    improve_word,
    read_segment,
)
from .visited import remember, word_keys

# Entries of `counters`, beside FOUND: starts, those at known cycles, the last start that gave
# something new, and whether its curve goes on.
STARTS, CURSOR, _, LAST_NEW, UNDER_WAY = range(5)
VISITED = 2048  # words that the SCYFI iteration remembers
PATIENCE = 10  # starts in a row without anything new that end the search,
PATIENCE_EACH = 2  # and so many more for every cycle known


@kernel
def follow_curves(weights, identity, state, counters, lower, found, path, visited, keys, flags):
    """Search the cycles of one order.

    Parameters
    ----------
    weights : (M + H, M + 1 + H) array
        From `pack_weights`.
    identity : bool
        Whether W2 is the identity and h2 is zero.
    state : (1,) uint64 array
        Of the random numbers.
    counters : (5,) int64 array
        Zeros on the first entry. FOUND: the first words of `found` that are words of cycles, one
        rotation of each.
    lower : (n, k, H) uint8 array
        Repeated words of cycles whose order divides k.
    found : (capacity, k, H) uint8 array
        Receives words.
    path : Path
    visited, keys : WordSet
        Words that the SCYFI iteration visited; the cycles that were found.
    flags : pair of (1,) int64 arrays
        The caller's flag `cancel` and the clock's `expired`: either ends the search.

    Returns
    -------
    int
        FINISHED, STOPPED, or FULL: to go on, call again with a larger `found`, and more `keys`.
    """
    word, first, d, line, border = path.word, path.first, path.d, path.line, path.border
    maps, system, lines = path.maps, path.system, path.lines
    while True:
        if flags[0][0] != 0 or flags[1][0] != 0:
            return STOPPED
        if counters[FOUND] == found.shape[0]:
            return FULL
        if not counters[UNDER_WAY]:
            known = counters[FOUND] + lower.shape[0]
            if counters[STARTS] - counters[LAST_NEW] >= PATIENCE + PATIENCE_EACH * known:
                return FINISHED
            counters[STARTS] += 1
            at_cycle = known > 0 and draw_bit(state)
            if not at_cycle and not draw_bit(state):
                counters[UNDER_WAY] = begin_at_word(state, word, border)
                continue
            draw_point(weights, identity, state, word, maps, system, d)
            if at_cycle:
                n = counters[CURSOR] % known
                counters[CURSOR] += 1
                cycle = lower[n] if n < lower.shape[0] else found[n - lower.shape[0]]
                counters[UNDER_WAY] = begin_at_cycle(state, cycle, word, first, line, border)
            else:
                counters[UNDER_WAY] = begin_at_orbit(
                    weights, state, word, first, d, line, border, lines, flags
                )
            continue
        counters[UNDER_WAY] = False
        if border[STEPS_LEFT] > 0 and not improve_word(word, first, d, line, border, visited):
            continue
        improving = border[STEPS_LEFT] > 0
        if not improving and not turn_bit(word, first, border):
            continue
        flipped = False
        if border[FLIPS_LEFT] > 0:
            border[FLIPS_LEFT] -= 1
            flipped = flip(
                weights,
                identity,
                word,
                border,
                maps,
                system,
                path.answer,
                path.left,
                lines,
            )
        if not flipped:
            status = solve_candidate(
                weights,
                identity,
                word,
                d,
                maps,
                path.product,
                system,
                path.rows,
                lines,
                flags,
            )
            if status == UNSOLVED:
                continue
            border[FLIPS_LEFT] = FLIPS if status == CALM and not improving else 0
        if improving:
            counters[UNDER_WAY] = read_segment(weights, word, d, lines, np.int64(0), flags)
            continue
        counters[UNDER_WAY] = True
        if pass_piece(word, lines, line, border):
            _, key, repeats = word_keys(word)
            if not repeats and not remember(keys, key):  # a repetition is of a lower order
                copy_word(word, found[counters[FOUND]])
                counters[FOUND] += 1
                counters[LAST_NEW] = counters[STARTS]
