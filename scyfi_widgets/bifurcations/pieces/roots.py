"""All roots of a family of functions in an interval, isolated and refined together.

The family is one of a word's (`word_functions.evaluate`): functions without poles, polynomials or
close to polynomials of low degree on short intervals. They are sampled at the same Chebyshev nodes,
and where their Bernstein coefficients (`bernstein`) leave open how many roots there are, the
interval is divided. Roots are refined on the function itself, by Chandrupatla's method (Advances in
Engineering Software 28, 1997), to the last digits.

Where only intervals matter in which all functions have one sign, parts where two functions
certainly differ are dropped at once: that is the end of most words.
"""

from __future__ import annotations

import math

import numpy as np

from ...compiled import kernel_part
from .bernstein import certain_signs, most_roots, most_roots_of_quartic, to_bernstein
from .word_functions import evaluate

FEW, MANY = 5, 17  # nodes
BEGIN, DOUBT = -1, -2  # records that are no roots
NONE, ONE, UNSURE, ZERO = 0, 1, 2, 3  # roots of a function; ZERO: all is rounding
SHORTEST = 1e-13  # interval, relative to the parameter's size
MOST_INTERVALS = 1 << 12  # of one word
MOST_STEPS = 200  # of the refinement of one root
LONG = 0.75  # part of an interval that is divided further and not only shortened
DIVISION = 0.4938  # of an interval: off the middle, where weights like 0 make many roots meet


@kernel_part
def isolation_memory(functions, nodes):
    """Return the working memory of `isolate` for a number of functions and of nodes."""
    samples = (
        np.empty(nodes),
        np.empty((nodes, functions)),
        np.empty((nodes, 2), np.int64),
        np.empty((nodes, 2)),
        np.empty((functions, nodes), np.int8),
        np.empty(functions, np.int64),
    )
    counting = (
        np.empty((nodes + 2, functions)),
        np.empty(functions),
        np.empty(functions, np.int8),
        np.empty((5, 1)),
    )
    refining = (
        np.empty(1),
        np.empty((1, functions)),
        np.empty((1, 2), np.int64),
        np.empty((1, 2)),
        np.empty(functions),
        np.empty(functions, np.int64),
    )
    return samples, counting, refining, np.empty((1024, 2))


@kernel_part
def refine_root(spectral, coefficients, word, problem, f, left, right, refining):
    """Return the root of function f in [left, right], at whose ends its signs differ."""
    flat, maps, numerators, reals, complexes, integers = problem
    at, values, exponents, noises = refining[0], refining[1], refining[2], refining[3]
    e, unit = min(f, 1), 0
    x1 = x2 = x3 = f1 = f2 = f3 = 0.0
    part = 0.5
    for step in range(MOST_STEPS):
        if step < 2:
            x = left if step == 0 else right
        else:
            best = x1 if abs(f1) < abs(f2) else x2
            least = (2.0**-52 * abs(best) + 1e-300) / abs(x2 - x1)
            if least > 0.5:
                break
            x = x1 + min(max(part, least), 1.0 - least) * (x2 - x1)
        at[0] = x
        evaluate(
            spectral, coefficients, at, word, flat, maps, numerators, reals, complexes,
            integers, values, exponents, noises,
        )  # fmt: skip
        value, shift = values[0, f], exponents[0, e] - unit
        if step == 0:
            x2, f2, unit = x, value, exponents[0, e]
            continue
        if shift != 0:
            value = math.ldexp(value, min(max(shift, -900), 900))
        if step == 1:
            x1, f1, x3, f3 = x, value, x2, f2
            if f1 == 0.0 or f2 == 0.0 or (f1 < 0.0) == (f2 < 0.0):
                break  # at the limit of rounding
            continue
        if value == 0.0:
            return x
        if (value < 0.0) == (f1 < 0.0):
            x3, f3 = x1, f1
        else:
            x3, f3, x2, f2 = x2, f2, x1, f1
        x1, f1 = x, value
        part = 0.5
        xi, phi = (x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2)
        if phi * phi < xi and (1.0 - phi) * (1.0 - phi) < 1.0 - xi:
            part = f1 / (f2 - f1) * f3 / (f2 - f3)
            part += (x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2)
    return x1 if abs(f1) < abs(f2) else x2


@kernel_part
def isolate(
    spectral,
    coefficients,
    word,
    problem,
    lo,
    hi,
    exact,
    rule,
    memory,
    zero,
    records,
    cancel,
    expired,
):
    """Record the roots of a family in [lo, hi], in ascending order.

    Of the family of existence only the parts of [lo, hi] are looked at in which all functions may
    have one sign. Of the spectral family all roots are recorded.

    Parameters
    ----------
    spectral, coefficients, word, problem
        See `word_functions.evaluate`; `problem` is the array `flat` and `word_memory`.
    exact : bool
        Whether the functions are polynomials of a degree below the number of nodes.
    rule, memory : tuples
        See `bernstein.sampling_rule` and `isolation_memory`.
    zero : (F,) uint8
        Written: 1 for functions that are 0 on all of [lo, hi]; they are left out. The rest is not
        looked at if the first function is among them in the family of existence.
    records : tuple
        values (capacity,), kinds (capacity,) int64, signs (capacity, F) int8. Written: the roots,
        with the function's number as kind; BEGIN where a part begins, with the signs of all
        functions there (0 for those left out); DOUBT next to where a function is all rounding: the
        roots recorded there, or that none was recorded, mean nothing.
    cancel, expired : (1,) int64

    Returns
    -------
    int
        The number of records; -1 if there was no room for all, -2 if cancelled.
    """
    samples, counting, refining, stack = memory
    at, values, exponents, noises, signs, counts = samples
    flat, maps, numerators, reals, complexes, integers = problem
    bernstein, doubts, certain, quartic = counting
    nodes, gains = rule[0], rule[2]
    n, F = values.shape
    number = 0
    shortest = SHORTEST * max(abs(lo), abs(hi), hi - lo)
    stack[0, 0], stack[0, 1] = lo, hi
    depth, looked, reached = 1, 0, -np.inf
    while depth > 0:
        if cancel[0] != 0 or expired[0] != 0:
            return -2
        depth -= 1
        a, b = stack[depth, 0], stack[depth, 1]
        for i in range(n - 1):
            at[i] = a + nodes[i] * (b - a)
        at[n - 1] = b  # the end itself: neighbours share the signs there
        evaluate(
            spectral, coefficients, at, word, flat, maps, numerators, reals, complexes,
            integers, values, exponents, noises,
        )  # fmt: skip
        if looked == 0:
            _mark_zeros(values, noises, zero)
            if not spectral and zero[0]:
                return 0
        looked += 1
        rounding = to_bernstein(values, exponents, noises, exact, rule, bernstein, doubts)
        certain_signs(bernstein, doubts, gains, certain)
        if not spectral and _differ(certain, zero):
            continue
        last = b - a <= shortest or looked > MOST_INTERVALS or depth + n > stack.shape[0]
        unsure = False
        for f in range(F):
            for i in range(n):
                signs[f, i] = -1 if values[i, f] < 0.0 else 1
            counts[f] = NONE
            if zero[f]:
                signs[f] = 0
            elif certain[f] == 0:
                largest = 0.0
                for i in range(n):
                    largest = max(largest, abs(values[i, f]))
                roots = most_roots(bernstein, doubts[f], gains, f)
                if roots > 1:
                    roots = most_roots_of_quartic(values, rounding[min(f, 1)], rule, f, quartic)
                counts[f] = UNSURE if roots > 1 else roots
                if largest <= doubts[f] or (last and roots > 1):
                    counts[f] = ZERO
                    for i in range(1, n):  # one change at most
                        if signs[f, i - 1] != signs[f, 0] or signs[f, n - 1] == signs[f, 0]:
                            signs[f, i] = signs[f, n - 1]
                unsure = unsure or counts[f] == UNSURE
        if not unsure:
            doubtful = False
            for f in range(F):
                doubtful = doubtful or counts[f] == ZERO
            for i in range(n - 1):
                if spectral or _may_agree(signs, counts, i):
                    number = _record_gap(
                        spectral, coefficients, word, problem, at, signs, counts, i, reached,
                        doubtful, refining, records, number,
                    )  # fmt: skip
                    if number < 0:
                        return -1
                    reached, doubtful = at[i + 1], False
            continue
        depth = _push_runs(spectral, at, signs, counts, stack, depth)
    return number


@kernel_part
def _push_runs(spectral, at, signs, counts, stack, depth):
    """Push the runs of gaps that are left on the stack, the leftmost last."""
    right = at.shape[0] - 1
    whole = at[right] - at[0]
    while right > 0:
        while right > 0 and not (spectral or _may_agree(signs, counts, right - 1)):
            right -= 1
        left = right
        while left > 0 and (spectral or _may_agree(signs, counts, left - 1)):
            left -= 1
        if left == right:
            break
        x, y = at[left], at[right]
        if y - x > LONG * whole:
            middle = x + DIVISION * (y - x)
            stack[depth, 0], stack[depth, 1] = middle, y
            stack[depth + 1, 0], stack[depth + 1, 1] = x, middle
            depth += 2
        else:
            stack[depth, 0], stack[depth, 1] = x, y
            depth += 1
        right = left
    return depth


@kernel_part
def _mark_zeros(values, noises, zero):
    for f in range(values.shape[1]):
        zero[f] = 1
        for i in range(values.shape[0]):
            if abs(values[i, f]) > noises[i, min(f, 1)]:
                zero[f] = 0
                break


@kernel_part
def _differ(certain, zero):
    """Return whether one function is certainly positive throughout and another one negative."""
    positive = negative = False
    for f in range(certain.shape[0]):
        if not zero[f]:
            positive, negative = positive or certain[f] > 0, negative or certain[f] < 0
    return positive and negative


@kernel_part
def _may_agree(signs, counts, i):
    """Return whether all functions may have one sign somewhere between the nodes i and i + 1."""
    positive = negative = False
    for f in range(signs.shape[0]):
        if counts[f] != UNSURE and signs[f, i] == signs[f, i + 1]:
            positive, negative = positive or signs[f, i] > 0, negative or signs[f, i] < 0
    return not (positive and negative)


@kernel_part
def _record_gap(
    spectral, coefficients, word, problem, at, signs, counts, i, reached, doubtful, refining,
    records, number,
):  # fmt: skip
    """Record the roots between the nodes i and i + 1; return the number of records or -1.

    What was recorded before ends at `reached`.
    """
    found_at, found = refining[4], refining[5]
    record_values, kinds, record_signs = records
    left, right = at[i], at[i + 1]
    total = 0
    for f in range(signs.shape[0]):
        if signs[f, i] == signs[f, i + 1]:
            continue
        root = refine_root(spectral, coefficients, word, problem, f, left, right, refining)
        place = total
        while place > 0 and found_at[place - 1] > root:
            found_at[place], found[place] = found_at[place - 1], found[place - 1]
            place -= 1
        found_at[place], found[place] = root, f
        total += 1
    if number + total + 2 > kinds.shape[0]:
        return -1
    if left != reached:
        record_values[number], kinds[number] = left, BEGIN
        for f in range(signs.shape[0]):
            record_signs[number, f] = signs[f, i]
        number += 1
    if doubtful and (number == 0 or kinds[number - 1] != DOUBT):
        record_values[number], kinds[number] = 0.5 * (left + right), DOUBT
        number += 1
    for place in range(total):
        record_values[number], kinds[number] = found_at[place], found[place]
        number += 1
    return number
