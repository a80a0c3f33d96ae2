"""Words that are virtual while a parameter moves: polynomials on a whole interval at once.

D = det(I - P) and the numerators N = D y of a word's conditions are polynomials in the parameter,
of a degree that the network tells (`pieces.degree_bound`). They are written in powers of u, which
runs from 0 to 1 over the interval, and turned into Bernstein coefficients, whose signs hold for the
whole interval; where they are mixed, it is halved. The word is virtual wherever two of the
functions D and N, all taken with the signs of the word's bits and less the margins, have opposite
signs (see `words`).

Roundings are bounded by the *size* of each polynomial: what the sum of the moduli of its
coefficients would be if every term were positive.
"""

from __future__ import annotations

from functools import cache
from math import comb

import numpy as np

from ...compiled import kernel, kernel_part
from ...cycles.polygons.rows import H2, W1X, W2X
from .expansions import ROUNDOFF, TINY

HALVINGS = 5  # of an interval; what is open then is looked at in another way
WIDER = 1.0 + 1e-15  # an interval's width is rounded up
VIRTUAL, REAL, OPEN = 0, 1, 2


P, SHIFT, DETERMINANT, POINT = 0, 4, 6, 7  # rows of the working memory, two of each but D
SECOND = 10  # where the second ones begin


def polynomial_memory(n: int, K: int, H: int) -> tuple[np.ndarray, ...]:
    """Return the working memory for words of up to K regions and polynomials of degree up to n.

    Returns
    -------
    poly : (20, n + 1)
    entry : (2 + H, 6, 4)
        Entries of the network as polynomials in u, three coefficients and the size: A and h1 in two
        rows, then the columns of `Net.powers_units`.
    step, step_size : (K, 6, 5), (K, 6)
        J_t, row by row, and c_t.
    bernstein : (HALVINGS + 2, 1 + K H, n + 1)
        The functions on intervals of which each is half of the one before.
    error : (1 + K H,)
        What a coefficient may be wrong by.
    """
    return (
        np.zeros((20, n + 1)),
        np.zeros((2 + H, 6, 4)),
        np.zeros((K, 6, 5)),
        np.zeros((K, 6)),
        np.zeros((HALVINGS + 2, 1 + K * H, n + 1)),
        np.zeros(1 + K * H),
    )


@cache
def bernstein_transforms(degrees: tuple[int, ...]) -> np.ndarray:
    """Return the matrices (orders, n + 1, n + 1) from powers of u to Bernstein coefficients."""
    n = max(degrees)
    matrices = np.zeros((len(degrees), n + 1, n + 1))
    for matrix, degree in zip(matrices, degrees, strict=True):
        for j in range(degree + 1):
            for i in range(j + 1):
                matrix[j, i] = comb(j, i) / comb(degree, i)
    return matrices


@kernel_part
def write_entry(powers, i, j, lo, width, entry, row):
    """Write an entry as a polynomial in u, v = lo + u width."""
    f0, f1, f2 = powers[i, j, 0], powers[i, j, 1], powers[i, j, 2]
    a, a1, a2 = abs(lo), abs(f1), abs(f2)
    entry[row, j, 0] = f0 + lo * (f1 + lo * f2)
    entry[row, j, 1] = (f1 + 2.0 * lo * f2) * width
    entry[row, j, 2] = f2 * width * width
    entry[row, j, 3] = abs(f0) + a * (a1 + a * a2) + width * (a1 + 2.0 * a * a2 + width * a2)


@kernel_part
def write_step(entry, bits, t, step, step_size):
    """Write J_t and c_t."""
    H = entry.shape[0] - 2
    for i in range(2):
        for m in range(3):
            row = 2 * i + m if m < 2 else 4 + i
            column = W2X + m if m < 2 else H2
            c0, c1, c2, size = entry[i, m, 0], entry[i, m, 1], entry[i, m, 2], entry[i, m, 3]
            c3 = c4 = 0.0
            for j in range(H):
                p_size, q_size = entry[2 + j, W1X + i, 3], entry[2 + j, column, 3]
                if bits[t * H + j] and p_size != 0.0 and q_size != 0.0:
                    p0, p1, p2 = (
                        entry[2 + j, W1X + i, 0], entry[2 + j, W1X + i, 1], entry[2 + j, W1X + i, 2]
                    )  # fmt: skip
                    q0, q1, q2 = (
                        entry[2 + j, column, 0], entry[2 + j, column, 1], entry[2 + j, column, 2]
                    )  # fmt: skip
                    c0 += p0 * q0
                    c1 += p0 * q1 + p1 * q0
                    c2 += p0 * q2 + p1 * q1 + p2 * q0
                    c3 += p1 * q2 + p2 * q1
                    c4 += p2 * q2
                    size += p_size * q_size
            step[t, row, 0], step[t, row, 1], step[t, row, 2] = c0, c1, c2
            step[t, row, 3], step[t, row, 4] = c3, c4
            step_size[t, row] = size


@kernel_part
def add_product(step, t, row, degree, poly, p, n, to):
    """Add an entry of a step, of that degree, times polynomial p to polynomial `to`."""
    for m in range(degree + 1):
        factor = step[t, row, m]
        if factor != 0.0:
            for i in range(n + 1 - m):
                poly[to, m + i] += factor * poly[p, i]


@kernel_part
def add_long_product(poly, p, q, sign, n, to):
    """Add `sign` p q to polynomial `to`, but for what is beyond degree n: that is 0 in all sums."""
    for m in range(n + 1):
        factor = sign * poly[p, m]
        if factor != 0.0:
            for i in range(n + 1 - m):
                poly[to, m + i] += factor * poly[q, i]


@kernel
def write_polynomials(
    powers_base, powers_units, margins, bits, order, lo, hi, degree, n, transform, poly, entry,
    step, step_size, bernstein, error,
):  # fmt: skip
    """Write the Bernstein coefficients of D and all N of a word, and what they may be wrong by.

    Parameters
    ----------
    degree : int
        Of the entries of all J and c.
    n : int
        Of D and N.
    transform : (n + 1, n + 1) array
        See `bernstein_transforms`.
    """
    H = powers_units.shape[0]
    width = (hi - lo) * WIDER
    for j in range(3):
        write_entry(powers_base, 0, j, lo, width, entry, 0)
        write_entry(powers_base, 1, j, lo, width, entry, 1)
    for i in range(H):
        for j in range(6):
            write_entry(powers_units, i, j, lo, width, entry, 2 + i)
    now, other = 0, SECOND
    a = b = c = d = p = q = 0.0  # sizes
    for t in range(order):
        write_step(entry, bits, t, step, step_size)
        s00, s01, s10 = step_size[t, 0], step_size[t, 1], step_size[t, 2]
        s11, s0, s1 = step_size[t, 3], step_size[t, 4], step_size[t, 5]
        for row in range(6):
            for i in range(n + 1):
                poly[other + row, i] = 0.0
        if t == 0:
            for row in range(6):
                for i in range(degree + 1):
                    poly[other + row, i] = step[t, row, i]
            a, b, c, d, p, q = s00, s01, s10, s11, s0, s1
        else:
            for row in range(2):
                for m in range(3):
                    to = other + (2 * row + m if m < 2 else 4 + row)
                    x, y = (m, 2 + m) if m < 2 else (4, 5)
                    add_product(step, t, 2 * row, degree, poly, now + x, n, to)
                    add_product(step, t, 2 * row + 1, degree, poly, now + y, n, to)
                    if m == 2:
                        for i in range(degree + 1):
                            poly[to, i] += step[t, 4 + row, i]
            a, c = s00 * a + s01 * c, s10 * a + s11 * c
            b, d = s00 * b + s01 * d, s10 * b + s11 * d
            p, q = s00 * p + s01 * q + s0, s10 * p + s11 * q + s1
        now, other = other, now
    for row in range(6, 9):
        for i in range(n + 1):
            poly[now + row, i] = 0.0
    for row in range(4):
        for i in range(n + 1):
            poly[now + row, i] = -poly[now + row, i]
    poly[now, 0] += 1.0
    poly[now + 3, 0] += 1.0
    # Now I - P stands in place of P.
    D, X = now + DETERMINANT, now + POINT
    add_long_product(poly, now, now + 3, 1.0, n, D)
    add_long_product(poly, now + 1, now + 2, -1.0, n, D)
    add_long_product(poly, now + 3, now + 4, 1.0, n, X)
    add_long_product(poly, now + 1, now + 5, -1.0, n, X)
    add_long_product(poly, now, now + 5, 1.0, n, X + 1)
    add_long_product(poly, now + 2, now + 4, -1.0, n, X + 1)
    size = (1.0 + a) * (1.0 + d) + b * c
    x, y = (1.0 + d) * p + b * q, (1.0 + a) * q + c * p
    # Each step costs an entry H + 12 roundings and a sum of degree + 1 products of it; a product of
    # polynomials costs n + 1.
    rounding = 2.0 * ROUNDOFF
    rounding *= 2.0 * (order + 1) * (H + 2 * degree + 24) + (8.0 + 2.0 * HALVINGS) * (n + 4)
    write_bernstein(poly, D, n, transform, bernstein, 0)
    error[0] = rounding * size if size > TINY and size < 1.0 / TINY else np.inf
    value = other + DETERMINANT
    for t in range(order):
        for j in range(H):
            f = 1 + t * H + j
            sign = 1.0 if bits[t * H + j] else -1.0
            for i in range(n + 1):
                poly[value, i] = -margins[j] * poly[D, i]
            total = abs(margins[j]) * size
            for column in range(3):
                source = X + column if column < 2 else D
                p_size = entry[2 + j, W2X + column, 3]
                if p_size == 0.0:
                    continue
                p0 = sign * entry[2 + j, W2X + column, 0]
                p1, p2 = sign * entry[2 + j, W2X + column, 1], sign * entry[2 + j, W2X + column, 2]
                total += p_size * (x if column == 0 else (y if column == 1 else size))
                for i in range(n + 1):
                    poly[value, i] += p0 * poly[source, i]
                if p1 != 0.0 or p2 != 0.0:
                    for i in range(n):
                        poly[value, i + 1] += p1 * poly[source, i]
                    for i in range(n - 1):
                        poly[value, i + 2] += p2 * poly[source, i]
            write_bernstein(poly, value, n, transform, bernstein, f)
            error[f] = rounding * total if total > TINY and total < 1.0 / TINY else np.inf
        if t == order - 1:
            break
        s00, s01, s10 = step_size[t, 0], step_size[t, 1], step_size[t, 2]
        s11, s0, s1 = step_size[t, 3], step_size[t, 4], step_size[t, 5]
        to = other + POINT
        for row in range(2):
            for i in range(n + 1):
                poly[to + row, i] = 0.0
            add_product(step, t, 2 * row, degree, poly, X, n, to + row)
            add_product(step, t, 2 * row + 1, degree, poly, X + 1, n, to + row)
            add_product(step, t, 4 + row, degree, poly, D, n, to + row)
        x, y = s00 * x + s01 * y + s0 * size, s10 * x + s11 * y + s1 * size
        for row in range(2):
            for i in range(n + 1):
                poly[X + row, i] = poly[to + row, i]


@kernel_part
def write_bernstein(poly, row, n, transform, bernstein, f):
    """Write the Bernstein coefficients of one polynomial on the whole interval."""
    for j in range(n + 1):
        total = 0.0
        for i in range(j + 1):
            total += transform[j, i] * poly[row, i]
        bernstein[0, f, j] = total


@kernel
def classify(bernstein, error, F, n, level):
    """Return whether a word is VIRTUAL on all of an interval, certainly REAL at an end, or OPEN."""
    positive = negative = 0
    first, last = 0, 0
    for f in range(F):
        lowest = highest = bernstein[level, f, 0]
        for i in range(1, n + 1):
            lowest = min(lowest, bernstein[level, f, i])
            highest = max(highest, bernstein[level, f, i])
        e = error[f]
        positive += lowest > e
        negative += highest < -e
        if positive > 0 and negative > 0:
            return VIRTUAL
        here, there = bernstein[level, f, 0], bernstein[level, f, n]
        first += 1 if here > e else (-1 if here < -e else 0)
        last += 1 if there > e else (-1 if there < -e else 0)
    return REAL if abs(first) == F or abs(last) == F else OPEN


@kernel
def halve(bernstein, F, n, level):
    """Replace the functions on one level by those on the right half; the left half comes above."""
    for f in range(F):
        for i in range(n + 1):
            bernstein[level + 1, f, i] = bernstein[level, f, i]
    for f in range(F):
        for m in range(1, n + 1):
            bernstein[level, f, n - m + 1] = bernstein[level + 1, f, n]
            for i in range(n, m - 1, -1):
                bernstein[level + 1, f, i] = 0.5 * (
                    bernstein[level + 1, f, i] + bernstein[level + 1, f, i - 1]
                )
        bernstein[level, f, 0] = bernstein[level + 1, f, n]
