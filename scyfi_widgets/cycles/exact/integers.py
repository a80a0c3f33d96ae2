"""Linear algebra in Python's integers: doubles without rounding, and fraction-free elimination."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import inf, lcm
from operator import mul

import numpy as np


def to_integers(**arrays: np.ndarray) -> tuple[list, int]:
    """Return arrays of doubles times 2^scale as lists of integers, and the scale.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    ratios, scale = [], 0
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite to decide a word exactly")
        rows = [[x.as_integer_ratio() for x in row] for row in np.atleast_2d(array).tolist()]
        scale = max([scale, *(q.bit_length() - 1 for row in rows for _, q in row)])
        ratios.append((array.ndim, rows))
    whole = []
    for ndim, rows in ratios:
        rows = [[p << (scale + 1 - q.bit_length()) for p, q in row] for row in rows]
        whole.append(rows if ndim == 2 else rows[0])
    return whole, scale


def apply(matrix: list[list[int]], vector: list[int]) -> list[int]:
    """Return matrix times vector."""
    return [sum(map(mul, row, vector)) for row in matrix]


def plus(vector: list[int], other: list[int], factor: int) -> list[int]:
    """Return vector + factor times other."""
    return [v + factor * x for v, x in zip(vector, other, strict=True)]


def sign(x: int | Fraction) -> int:
    """Return -1, 0 or 1."""
    return (x > 0) - (x < 0)


def rounded(numerator: int, denominator: int) -> float:
    """Return a quotient rounded once; infinite where no double is so large."""
    try:
        return numerator / denominator  # Python divides integers with one rounding
    except OverflowError:
        return inf * sign(numerator) * sign(denominator)


def with_common_denominator(values: list[Fraction]) -> tuple[list[int], int]:
    """Return numerators over one positive denominator."""
    denominator = lcm(*(x.denominator for x in values))
    return [x.numerator * (denominator // x.denominator) for x in values], denominator


def solve(
    matrix: list[list[int]], right: list[int], check: Callable[[], None]
) -> tuple[tuple[list[int], int] | None, list[list[int]]]:
    """Solve N z = b by fraction-free elimination (Bareiss 1968).

    Parameters
    ----------
    matrix : list of M lists of M int
    right : list of M int
    check : callable
        Called between steps; it may raise.

    Returns
    -------
    (numerators, denominator) or None
        One solution; None if there is none.
    list of list of int
        A basis of the solutions of N v = 0.
    """
    M = len(right)
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    pivots, previous = [], 1
    for column in range(M):
        rank = len(pivots)
        best = next((i for i in range(rank, M) if rows[i][column]), None)
        if best is None:
            continue
        rows[rank], rows[best] = rows[best], rows[rank]
        top, pivot = rows[rank], rows[rank][column]
        for i in range(rank + 1, M):
            check()
            row = rows[i]
            factor = row[column]
            # Every entry is a minor of the matrix, hence the division leaves no remainder.
            for m in range(column + 1, M + 1):
                row[m] = (pivot * row[m] - factor * top[m]) // previous
            row[column] = 0
        previous = pivot
        pivots.append(column)
    rank = len(pivots)
    if any(row[M] for row in rows[rank:]):
        return None, []
    free = [column for column in range(M) if column not in pivots]

    def substituted(right_of_row, values: dict[int, int]) -> list[int]:
        """Return `previous` times the solution whose free entries are given."""
        solution = [previous * values.get(m, 0) for m in range(M)]
        for i in range(rank - 1, -1, -1):
            check()
            row, p = rows[i], pivots[i]
            total = previous * right_of_row(row)
            total -= sum(row[m] * solution[m] for m in range(p + 1, M) if solution[m])
            solution[p] = total // row[p]
        return solution

    solution = substituted(lambda row: row[M], {})
    return (solution, previous), [substituted(lambda row: 0, {m: 1}) for m in free]
