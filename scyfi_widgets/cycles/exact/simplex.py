"""Linear programs in exact arithmetic, small ones: where a continuum is inside its regions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from .integers import sign, with_common_denominator


def maximize(
    rows: list[list[Fraction]], objective: list[int], check: Callable[[], None]
) -> tuple[list[Fraction], list[Fraction] | None]:
    """Maximize objective . x over all x with row[0] + row[1:] . x >= 0; x = 0 must be allowed.

    The simplex method with Bland's rule, which ends, on a dictionary of integers over one positive
    denominator: all of them are minors of the rows (Edmonds 1967). The variables x are free: one
    that has become basic stays so.

    Parameters
    ----------
    rows : list of lists of 1 + r Fraction
    objective : list of r int
    check : callable
        Called between steps; it may raise.

    Returns
    -------
    x, ray
        The best x and None; or, without a bound, a point x and a ray along which it only grows.
    """
    r = len(objective)
    table = []
    for row in rows:
        check()
        table.append(with_common_denominator(row)[0])
    target, below = [0, *objective], 1
    column_of = list(range(r))  # 0..r-1: the free variables; r + i: the slack of row i
    row_of = [r + i for i in range(len(rows))]
    while True:
        entering = min(
            (c for c in range(r) if (target[c + 1] if column_of[c] < r else target[c + 1] > 0)),
            key=column_of.__getitem__,
            default=None,
        )
        values = {v: Fraction(table[i][0], below) for i, v in enumerate(row_of) if v < r}
        x = [values.get(m, Fraction(0)) for m in range(r)]
        if entering is None:
            return x, None
        way = 1 if target[entering + 1] > 0 else -1
        leaving = None  # the slack that is the first to become zero
        for i, row in enumerate(table):
            check()
            slope = way * row[entering + 1]
            if row_of[i] < r or slope >= 0:
                continue
            if leaving is not None:
                first = table[leaving]
                behind = row[0] * way * first[entering + 1] - first[0] * slope
                if behind < 0 or (behind == 0 and row_of[i] > row_of[leaving]):
                    continue
            leaving = i
        if leaving is None:
            ray = {v: Fraction(way * table[i][entering + 1], below) for i, v in enumerate(row_of)}
            ray[column_of[entering]] = Fraction(way)
            return x, [ray.get(m, Fraction(0)) for m in range(r)]
        below = _pivot([*table, target], table[leaving], entering + 1, below, check)
        row_of[leaving], column_of[entering] = column_of[entering], row_of[leaving]


def _pivot(
    table: list[list[int]], top: list[int], column: int, below: int, check: Callable[[], None]
) -> int:
    """Exchange the variable of row `top` with that of `column`; return the new denominator."""
    pivot, way = top[column], sign(top[column])
    for row in table:
        if row is top:
            continue
        check()
        factor = row[column]
        for m, x in enumerate(row):
            if m != column:
                check()
                row[m] = way * (pivot * x - factor * top[m]) // below
        row[column] = way * factor
    top[:] = [-way * x for x in top]
    top[column] = way * below
    return abs(pivot)
