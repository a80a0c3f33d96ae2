"""Pieces: where on a line each word has a real cycle, exactly, and what happens inside.

A word's cycle is real where D = det(I - P) and all N_{t, j} = D y_{t, j} agree with its bits
(MATH.md, section 5; `word_functions`). Its set of existence is a finite union of intervals, whose
ends are roots of these functions (`roots`): nothing depends on a grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...cancellation import Cancelled, new_flag
from ...compiled import kernel, kernel_part
from .bernstein import sampling_rule
from .roots import BEGIN, DOUBT, FEW, MANY, SHORTEST, isolate, isolation_memory
from .word_functions import evaluate, flat_coefficients, flat_form, word_memory, write_form
from .word_spectra import write_spectrum

RANGE, BORDER, POLE = 0, 1, 2  # what a piece ends at
FLIP, CENTRE, TRANSCRITICAL = 0, 1, 2  # events inside a piece
TOGETHER = 1e-10  # roots this near to one another, relative to the parameter's size, are one
SECANT = 1e-6  # step inward, relative to the parameter's size, that measures a slope
ON_CIRCLE = 1e-6  # distance of a modulus from 1 at a root of C that is a pair's own


@dataclass(frozen=True, eq=False)
class Pieces:
    """The intervals in which words of one order have real cycles.

    Attributes
    ----------
    word : (p,) int array
        The number of the word, ascending; of one word the pieces ascend.
    start, stop : (p,) array
    start_kind, stop_kind : (p,) int8 array
        RANGE (the end of what is looked at), BORDER (some y is 0) or POLE (the cycle is infinite).
    start_touch, stop_touch : (p, k, H) bool array
        The y that are 0 at that end, all at once where roots are closer than `TOGETHER`.
    event_piece : (e,) int array
        The piece inside which an event lies; ascending, of one piece the events ascend.
    event_value : (e,) array
    event_kind : (e,) int8 array
        FLIP (an eigenvalue is -1), CENTRE (a complex pair has modulus 1) or TRANSCRITICAL (an
        eigenvalue is 1, and the cycle passes on through a continuum).
    doubt_word, doubt_value : (d,) arrays
        Where, to rounding, a condition touches zero and returns, or a piece has no length.
    singular : (s,) int array
        Words with det(I - P) = 0 on the whole range: no single cycle anywhere.
    on_border : (b,) int array
        Words whose cycle has some y = 0 on the whole range, where their bit is 0.
    """

    word: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    start_kind: np.ndarray
    stop_kind: np.ndarray
    start_touch: np.ndarray
    stop_touch: np.ndarray
    event_piece: np.ndarray
    event_value: np.ndarray
    event_kind: np.ndarray
    doubt_word: np.ndarray
    doubt_value: np.ndarray
    singular: np.ndarray
    on_border: np.ndarray

    def __len__(self) -> int:
        return len(self.word)


def word_pieces(
    forms: Sequence[np.ndarray],
    words: np.ndarray,
    lo: float,
    hi: float,
    *,
    cancel: np.ndarray | None = None,
    expired: np.ndarray | None = None,
) -> Pieces:
    """Find where words of one order have real cycles.

    Parameters
    ----------
    forms : five arrays
        The shared form (A, W1, W2, h1, h2) as polynomials of the parameter v: each array has a
        leading axis of 3, the coefficients of 1, v and v^2.
    words : (n, k, H) array of bits
        In any rotation. A word that repeats a shorter one has the pieces of the shorter one.
    lo, hi : float
        The range of the parameter, lo < hi.
    cancel, expired : (1,) int64 arrays, optional
        Flags: either ends the work.

    Raises
    ------
    Cancelled
        If a flag was set.
    """
    coefficients, M, H = flat_coefficients(forms)
    words = np.ascontiguousarray(words).astype(np.uint8)
    n, k, _ = words.shape
    degree = degree_bound(forms, k)
    rule = sampling_rule(min(max(4 * -(-degree // 4) + 1, FEW), MANY))
    exact = degree < MANY
    flag = new_flag() if cancel is None else cancel
    clock = new_flag() if expired is None else expired
    flags = np.zeros((n, 2), np.uint8)
    capacity = 2 * n + 32
    while True:
        counts = np.zeros(3, np.int64)
        numbers, values = np.empty((3, capacity), np.int64), np.empty((4, capacity))
        kinds = np.empty((3, capacity), np.int8)
        touches = np.zeros((capacity, 2, k, H), np.uint8)
        out = (numbers, values, kinds, touches, counts, flags)
        outcome = _find_pieces(
            coefficients,
            words,
            M,
            float(lo),
            float(hi),
            exact,
            exact and M <= 2,
            rule,
            out,
            flag,
            clock,
        )
        if outcome == 0:
            break
        if flag[0] or clock[0]:
            raise Cancelled
        capacity *= 4
    p, e, d = counts
    order = np.lexsort((values[2, :e], numbers[1, :e]))
    return Pieces(
        word=numbers[0, :p],
        start=values[0, :p],
        stop=values[1, :p],
        start_kind=kinds[0, :p],
        stop_kind=kinds[1, :p],
        start_touch=touches[:p, 0].view(np.bool_),
        stop_touch=touches[:p, 1].view(np.bool_),
        event_piece=numbers[1, order],
        event_value=values[2, order],
        event_kind=kinds[2, order],
        doubt_word=numbers[2, :d],
        doubt_value=values[3, :d],
        singular=np.flatnonzero(flags[:, 0]),
        on_border=np.flatnonzero(flags[:, 1]),
    )


def degree_bound(forms: Sequence[np.ndarray], k: int) -> int:
    """Return a bound of the degree of D, N, F and (for M <= 2) C as polynomials of the parameter.

    All are determinants of k blocks of M rows, in which one column may be replaced by the constants
    of the regions: only rows, or only columns, in which something moves add to the degree.
    """
    A, W1, W2, h1, h2 = (np.asarray(array) != 0.0 for array in forms)
    M = A.shape[1]
    if not any(array[1:].any() for array in (A, W1, W2)):
        quadratic = h1[2].any() or h2[2].any()
        return 2 if quadratic else 1
    quadratic = any(array[2].any() for array in (A, W1, W2, h1, h2))
    if not quadratic and not (W2[1].any() or h2[1].any()):
        rows = A[1].any(axis=1) | W1[1].any(axis=1) | h1[1]
        return k * int(rows.sum())
    if not quadratic and not (A[1].any() or W1[1].any()):
        columns = W2[1].any(axis=0)
        return k * int(columns.sum()) + 2
    return 4 * k * M + 2


@kernel
def _find_pieces(coefficients, words, M, lo, hi, exact, exact_spectra, rule, out, cancel, expired):
    """Write the pieces of all words; return 0, or -1 where there is no room, or -2 if cancelled."""
    values, kinds, counts, flags = out[1], out[2], out[4], out[5]
    n, k, H = words.shape
    F = 1 + k * H
    problem = (np.empty(coefficients.shape[1]), *word_memory(M, H, k))
    nodes = rule[0].shape[0]
    of_words, of_spectra = isolation_memory(F, nodes), isolation_memory(2, nodes)
    zero, zero_spectra = np.zeros(F, np.uint8), np.zeros(2, np.uint8)
    room = kinds.shape[1] * (8 + F)
    records = (np.empty(room), np.empty(room, np.int64), np.empty((room, F), np.int8))
    current = np.empty(F, np.int8)
    near = (np.empty(2), np.empty((2, F)), np.empty((2, 2), np.int64), np.empty((2, 2)))
    size = max(abs(lo), abs(hi))
    for number in range(n):
        word = words[number]
        total = isolate(
            False,
            coefficients,
            word,
            problem,
            lo,
            hi,
            exact,
            rule,
            of_words,
            zero,
            records,
            cancel,
            expired,
        )
        if total < 0:
            return total
        flags[number, 0], flags[number, 1] = zero[0], 0
        on_border, possible = False, zero[0] == 0
        for f in range(1, F):
            if zero[f]:
                on_border = True
                possible = possible and word[(f - 1) // H, (f - 1) % H] == 0
        if not possible or total == 0:
            continue
        before = counts[0]
        if not _join(
            number, coefficients, word, problem, records, total, lo, hi, current, size, near, out
        ):
            return -1
        flags[number, 1] = on_border and counts[0] > before
        for piece in range(before, counts[0]):
            for end in range(2):
                _look_at_end(coefficients, word, problem, zero, piece, end, size, near, out)
            start, stop = values[0, piece], values[1, piece]
            total = isolate(
                True, coefficients, word, problem, start, stop, exact_spectra, rule, of_spectra,
                zero_spectra, records, cancel, expired,
            )  # fmt: skip
            if total < 0:
                return total
            if not _add_spectral_events(
                number, piece, coefficients, word, problem, records, total, size, out
            ):
                return -1
    return 0


@kernel_part
def _join(number, coefficients, word, problem, records, total, lo, hi, current, size, near, out):
    """Join the records of a word to pieces; False if there is no room."""
    numbers, values, kinds, counts = out[0], out[1], out[2], out[4]
    record_values, record_kinds, record_signs = records
    before = counts[0]
    is_open, positive, negative, sign, closed_by = False, 0, 0, 0, 0
    for record in range(total + 1):
        finished = record == total
        value = hi if finished else record_values[record]
        kind = BEGIN if finished else record_kinds[record]
        if kind == DOUBT:
            if not _add_doubt(number, value, size, out):
                return False
            continue
        if finished:
            agree = False
        elif kind == BEGIN:
            positive = negative = 0
            for f in range(current.shape[0]):
                current[f] = record_signs[record, f]
                positive += current[f] > 0
                negative += current[f] < 0
            agree = positive == 0 or negative == 0
        else:
            current[kind] = -current[kind]
            positive += current[kind]
            negative -= current[kind]
            agree = positive == 0 or negative == 0
        if is_open and not agree:
            piece = counts[0]
            values[1, piece] = value
            kinds[1, piece] = RANGE if finished else BORDER
            if value - values[0, piece] > TOGETHER * size:
                counts[0] += 1
            elif value - values[0, piece] > SHORTEST * size and not _add_doubt(
                number, value, size, out
            ):
                return False
            closed_by, is_open = kind, False
        elif agree and not is_open:
            if counts[0] == numbers.shape[1]:
                return False
            is_open, piece = True, counts[0]
            now = 1 if positive > 0 else -1
            last = piece - 1
            together = last >= before and value - values[1, last] <= TOGETHER * size
            if (
                together
                and now != sign
                and _stays_finite(coefficients, word, problem, value, size, near)
            ):
                counts[0], piece = last, last
                if not _add_event(piece, value, TRANSCRITICAL, out):
                    return False
            elif together and now == sign and closed_by != 0:
                counts[0], piece = last, last
                if not _add_doubt(number, value, size, out):
                    return False
            else:
                numbers[0, piece], values[0, piece] = number, value
                kinds[0, piece] = RANGE if kind == BEGIN and value == lo else BORDER
            sign = now
    return True


@kernel_part
def _stays_finite(coefficients, word, problem, value, size, near):
    """Return whether the numerators of all points vanish at a root of D.

    The units alone do not tell: they may not see the direction in which the points diverge.
    """
    flat, maps, numerators, reals, complexes, integers = problem
    at, samples, exponents, noises = near[0][:1], near[1], near[2], near[3]
    largest = np.zeros(2)
    for place in range(2):
        at[0] = value + place * SECANT * size
        evaluate(
            False, coefficients, at, word, flat, maps, numerators, reals, complexes, integers,
            samples, exponents, noises,
        )  # fmt: skip
        for t in range(numerators.shape[0]):
            for i in range(numerators.shape[1]):
                largest[place] = max(largest[place], abs(numerators[t, i]))
        largest[place] *= 2.0 ** min(max(exponents[0, 0], -900), 900)
    return largest[0] * SECANT <= TOGETHER * largest[1]


@kernel_part
def _add_doubt(number, value, size, out):
    numbers, values, counts = out[0], out[1], out[4]
    last = counts[2] - 1
    if last >= 0 and numbers[2, last] == number and abs(values[3, last] - value) < SECANT * size:
        return True
    if counts[2] == numbers.shape[1]:
        return False
    numbers[2, counts[2]], values[3, counts[2]] = number, value
    counts[2] += 1
    return True


@kernel_part
def _add_event(piece, value, kind, out):
    numbers, values, kinds, counts = out[0], out[1], out[2], out[4]
    if counts[1] == numbers.shape[1]:
        return False
    numbers[1, counts[1]], values[2, counts[1]], kinds[2, counts[1]] = piece, value, kind
    counts[1] += 1
    return True


@kernel_part
def _look_at_end(coefficients, word, problem, zero, piece, end, size, near, out):
    """Find all functions that vanish at an end of a piece, by their slopes there."""
    flat, maps, numerators, reals, complexes, integers = problem
    at, samples, exponents, noises = near
    values, kinds, touches = out[1], out[2], out[3]
    H = word.shape[1]
    step = min(SECANT * size, 0.25 * (values[1, piece] - values[0, piece]))
    at[0] = values[end, piece]
    at[1] = at[0] + step if end == 0 else at[0] - step
    evaluate(
        False, coefficients, at, word, flat, maps, numerators, reals, complexes, integers,
        samples, exponents, noises,
    )  # fmt: skip
    factor = 2.0 ** min(max(exponents[0, 0] - exponents[1, 0], -900), 900)
    for f in range(zero.shape[0]):
        here = samples[0, f] * factor
        slope = abs(samples[1, f] - here) / step
        vanishes = not zero[f] and abs(here) <= TOGETHER * size * slope
        if f > 0:
            touches[piece, end, (f - 1) // H, (f - 1) % H] = vanishes
        elif vanishes:
            kinds[end, piece] = POLE
    if kinds[end, piece] == POLE:
        touches[piece, end] = 0


@kernel_part
def _add_spectral_events(number, piece, coefficients, word, problem, records, total, size, out):
    flat, numerators, reals = problem[0], problem[2], problem[3]
    complexes, integers = problem[4], problem[5]
    A, W1, W2, _, _ = flat_form(flat, numerators.shape[1], word.shape[1])
    for record in range(total):
        value, kind = records[0][record], records[1][record]
        room = True
        if kind == DOUBT:
            room = _add_doubt(number, value, size, out)
        elif kind == FLIP:
            room = _add_event(piece, value, FLIP, out)
        elif kind == CENTRE:
            write_form(coefficients, value, flat)
            mantissas, powers = write_spectrum(A, W1, W2, word, reals, complexes, integers)
            for i in range(mantissas.shape[0]):
                modulus = abs(mantissas[i]) * 2.0 ** max(min(powers[i], 900), -900)
                if mantissas[i].imag > 0.0 and abs(modulus - 1.0) < ON_CIRCLE:
                    room = _add_event(piece, value, CENTRE, out)
                    break
        if not room:
            return False
    return True
