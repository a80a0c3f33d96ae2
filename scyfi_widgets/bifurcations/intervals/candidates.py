"""Words that may be real somewhere in an interval, tested one after the other by polynomials."""

from __future__ import annotations

import numpy as np

from ...compiled import kernel
from .pending import GUARD, add_prefix
from .state import (
    CANDIDATE,
    FINISHED,
    FULL,
    LETTERS,
    NODES,
    STOPPED,
    TESTS,
    WIDE_HI,
    WIDE_LO,
    WORDS,
)
from .word_polynomials import HALVINGS, REAL, VIRTUAL, classify, halve, write_polynomials
from .word_table import is_settled, keep_word


@kernel
def test_candidates(
    net, path, pending, found, count, now, candidates, degree, degrees, transforms, memory,
    cancel, expired,
):  # fmt: skip
    """Test words on the whole of their intervals, by polynomials; what is left open becomes tests.

    Parameters
    ----------
    candidates : Prefixes
        Words, each with one of the intervals where it may be real.
    degree, degrees, transforms
        Of the steps; of the functions of a word, by order; see `bernstein_transforms`.
    memory : tuple
        See `polynomial_memory`.

    Returns
    -------
    int
        FINISHED, FULL or STOPPED.
    """
    powers_base, powers_units, _, _, _, _, _, _, margins, _ = net
    tests = pending.tests
    order, begin, word_span, letters, slot = found[:5]
    poly, entry, step, step_size, bernstein, error = memory
    H = powers_units.shape[0]
    n_max = path.bits.shape[0]
    starts, stops = np.empty(bernstein.shape[0]), np.empty(bernstein.shape[0])
    halvings = np.empty(bernstein.shape[0], np.int64)
    while count[CANDIDATE] < candidates.depth.shape[0]:
        if cancel[0] != 0 or expired[0] != 0:
            return STOPPED
        if 2 * count[WORDS] >= slot.shape[0] or count[WORDS] == order.shape[0]:
            return FULL
        if count[LETTERS] + n_max > letters.shape[0]:
            return FULL
        if count[TESTS] + (2 << HALVINGS) > tests.depth.shape[0]:
            return FULL
        number = count[CANDIDATE]
        count[CANDIDATE] += 1
        bits = candidates.bits[number]
        k = candidates.depth[number] // H
        lo, hi = candidates.span[number, 0], candidates.span[number, 1]
        if is_settled(order, begin, word_span, letters, slot, lo, hi, bits, k, H):
            continue
        count[NODES] += 1
        n, F = degrees[k - 1], 1 + k * H
        write_polynomials(
            powers_base, powers_units, margins, bits, k, lo, hi, degree, n, transforms[k - 1],
            poly, entry, step, step_size, bernstein, error,
        )  # fmt: skip
        guard = GUARD * (abs(lo) + abs(hi))
        level = halvings[0] = 0
        starts[0], stops[0] = 0.0, 1.0
        while level >= 0:
            state = classify(bernstein, error, F, n, level)
            if state == REAL:
                keep_word(
                    order, begin, word_span, letters, slot, count, now[WIDE_LO], now[WIDE_HI],
                    bits, k, H,
                )  # fmt: skip
                break
            if state == VIRTUAL:
                level -= 1
            elif halvings[level] < HALVINGS:
                halve(bernstein, F, n, level)
                middle = 0.5 * (starts[level] + stops[level])
                starts[level + 1], stops[level + 1] = starts[level], middle
                starts[level] = middle
                halvings[level] += 1
                halvings[level + 1] = halvings[level]
                level += 1
            else:
                add_prefix(
                    tests.span, tests.depth, tests.bits, count[TESTS],
                    max(lo, lo + starts[level] * (hi - lo) - guard),
                    min(hi, lo + stops[level] * (hi - lo) + guard), k * H, bits,
                )  # fmt: skip
                count[TESTS] += 1
                level -= 1
    return FINISHED
