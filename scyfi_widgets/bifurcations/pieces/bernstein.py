"""Bernstein coefficients of a family of functions, and how many roots they allow.

A family is sampled at Chebyshev nodes. From the samples of one function follow the Bernstein
coefficients of its interpolant: if they have one sign there is no root, if their signs change once
there is exactly one (Descartes' rule; Lane and Riesenfeld, *Bounds on a polynomial*, BIT 21, 1981).
What the interpolant may be wrong by (rounding, and the size of its last two Chebyshev coefficients
unless the degree is known to be small enough) widens each coefficient to an interval; the rules
must hold for all signs in it.
"""

from __future__ import annotations

from functools import cache
from math import comb

import numpy as np

from ...compiled import kernel, kernel_part

QUARTIC = 4.0  # times rounding: how near a quartic must be
TAIL = 4.0  # times the last two coefficients: what the coefficients behind them may add up to


@cache
def sampling_rule(number: int) -> tuple[np.ndarray, ...]:
    """Return how functions are sampled on [0, 1] at 5, 9, 13 ... Chebyshev-Lobatto nodes.

    Returns
    -------
    nodes : (number,)
        Ascending, 0 and 1 included.
    transform : (number + 2, number)
        From samples to Bernstein coefficients; the last two rows give the last two Chebyshev
        coefficients.
    gains : (number,)
        The sums of the moduli of the rows of Bernstein coefficients.
    quartic : (5, 5)
        The transform of the five of the nodes that are nodes for degree 4.
    quartic_gains : (5,)
    quartic_basis : (number, 5)
        The values of the Bernstein polynomials of degree 4 at the nodes.
    """
    degree = number - 1
    angles = np.pi * np.arange(number) / degree
    nodes = (1.0 - np.cos(angles)) / 2.0
    nodes[0], nodes[-1] = 0.0, 1.0
    weights = np.full(number, 2.0 / degree)
    weights[[0, -1]] /= 2.0
    last = [
        np.cos(m * (np.pi - angles)) * weights / (2.0 if m == degree else 1.0)
        for m in (degree - 1, degree)
    ]
    bernstein = _inverse(_bernstein_basis(nodes, degree))
    quartic_basis = _bernstein_basis(nodes, 4)
    quartic = _inverse(quartic_basis[:: degree // 4])
    return (
        nodes,
        np.vstack([bernstein, last]),
        np.abs(bernstein).sum(axis=1),
        quartic,
        np.abs(quartic).sum(axis=1),
        quartic_basis.astype(float),
    )


def _bernstein_basis(nodes: np.ndarray, degree: int) -> np.ndarray:
    i, x = np.arange(degree + 1), nodes.astype(np.longdouble)[:, None]
    return np.array([comb(degree, m) for m in i]) * x**i * (1 - x) ** (degree - i)


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """Return the inverse to the last digit, in spite of its condition."""
    inverse = np.linalg.inv(matrix.astype(float)).astype(np.longdouble)
    for _ in range(2):
        inverse = inverse @ (2 * np.eye(len(matrix)) - matrix @ inverse)
    return inverse.astype(float)


@kernel
def to_bernstein(values, exponents, noises, exact, rule, bernstein, doubts):
    """Turn samples (n, F) at the nodes into Bernstein coefficients and their doubts.

    Parameters
    ----------
    values, exponents, noises : (n, F), (n, 2), (n, 2)
        As `word_functions.evaluate` writes them. They are brought to one exponent.
    exact : bool
        Whether the functions are polynomials of degree n - 1 at most.
    rule : tuple
        See `sampling_rule`.
    bernstein : (n + 2, F)
        Written: the coefficients, and the last two Chebyshev coefficients.
    doubts : (F,)
        Written: what a sample, and the interpolant between samples, may be wrong by. Coefficient i
        may be wrong by gains[i] times as much.

    Returns
    -------
    rounding : two floats
        What rounding may have done to a sample of the first function, and of the others.
    """
    transform = rule[1]
    n, F = values.shape
    rounding = 0.0, 0.0
    for e in range(2):
        most, noise = exponents[0, e], 0.0
        for i in range(1, n):
            most = max(most, exponents[i, e])
        for i in range(n):
            factor = 1.0
            if exponents[i, e] != most:
                # The factor stays a normal number: a sample never loses its sign.
                factor = 2.0 ** max(exponents[i, e] - most, -900)
                for f in range(e, F if e == 1 else 1):
                    values[i, f] *= factor
            noise = max(noise, noises[i, e] * factor)
        rounding = (noise, 0.0) if e == 0 else (rounding[0], noise)
    for i in range(n if exact else n + 2):
        for f in range(F):
            bernstein[i, f] = 0.0
        for m in range(n):
            weight = transform[i, m]
            for f in range(F):
                bernstein[i, f] += weight * values[m, f]
    for f in range(F):
        doubts[f] = rounding[min(f, 1)]
        if not exact:
            doubts[f] += TAIL * (abs(bernstein[n, f]) + abs(bernstein[n + 1, f]))
    return rounding


@kernel
def certain_signs(bernstein, doubts, gains, certain):
    """Write 1 and -1 for functions that have one sign on the whole interval, 0 for others (F,)."""
    for f in range(doubts.shape[0]):
        lowest, highest = np.inf, -np.inf
        for i in range(gains.shape[0]):
            error = gains[i] * doubts[f]
            lowest = min(lowest, bernstein[i, f] - error)
            highest = max(highest, bernstein[i, f] + error)
        certain[f] = 1 if lowest > 0.0 else (-1 if highest < 0.0 else 0)


@kernel_part
def most_roots(bernstein, doubt, gains, f):
    """Return the largest number of roots that function f can have in the interval.

    It is Descartes' number of sign changes for the worst signs of the coefficients that are not
    certain. A change between the two ends settles the parity.
    """
    changes, before, unsure, n = 0, 0, 0, gains.shape[0]
    for i in range(n):
        value, error = bernstein[i, f], gains[i] * doubt
        sign = 1 if value > error else (-1 if value < -error else 0)
        if sign == 0:
            unsure += 1
            continue
        if before == 0:
            changes += unsure
        elif before == sign:
            changes += 2 * ((unsure + 1) // 2)
        else:
            changes += 1 + 2 * (unsure // 2)
        before, unsure = sign, 0
    changes += unsure
    if changes % 2 != int((bernstein[0, f] < 0.0) != (bernstein[n - 1, f] < 0.0)):
        changes -= 1
    return changes


@kernel_part
def most_roots_of_quartic(values, rounding, rule, f, coefficients):
    """Return the same for a function that is a quartic but for rounding; n where it is not.

    Rounding hides much less from a quartic than from the interpolant of a high degree, and on short
    intervals everything is a quartic. `coefficients` (5, 1) is working memory.
    """
    quartic, gains, basis = rule[3], rule[4], rule[5]
    n = values.shape[0]
    stride = (n - 1) // 4
    for i in range(5):
        coefficients[i, 0] = 0.0
        for m in range(5):
            coefficients[i, 0] += quartic[i, m] * values[m * stride, f]
    for i in range(n):
        total = -values[i, f]
        for m in range(5):
            total += basis[i, m] * coefficients[m, 0]
        if abs(total) > QUARTIC * rounding:
            return n
    return most_roots(coefficients, rounding, gains, 0)
