"""Kernels of one dictionary: the linear program of a node of the branch and bound.

A dictionary (rows + 1, n + 1) writes its basic variables as affine functions of the n others:
row r >= 1 says  x_r = D[r, n] + sum_j D[r, j] v_j;  row 0 holds the costs, which stay non-negative
on the active columns, so that the dual simplex method can go on from it after every branching
(Chvatal, *Linear Programming*, 1983, chapters 2 and 10).

Variables are numbered v = 0..n-1, b = n..2n-1 (partners: v_i and b_i), cuts = 2n... A variable that
is fixed to zero keeps its column: a row's entries in *all* columns are the multipliers with which
`row_radius` proves from the original program what the row says.
"""

from __future__ import annotations

import numpy as np

from ..compiled import kernel
from .reference import ROUNDOFF

SMALLEST_PIVOT = 1e-9
COST_SLACK = 1e-7


@kernel
def pivot(D, n_rows, n, row, column):
    """Exchange the basic variable of `row` with that of `column`."""
    inverse = 1.0 / D[row, column]
    pivot_row = D[row]
    for j in range(n + 1):
        pivot_row[j] *= -inverse
    pivot_row[column] = inverse
    for i in range(n_rows + 1):
        if i != row:
            target = D[i]
            factor = target[column]
            if factor != 0.0:
                target[column] = 0.0
                for j in range(n + 1):
                    target[j] += factor * pivot_row[j]


@kernel
def exchange(D, row_variable, column_variable, where, n_rows, n, row, column):
    """Pivot, and keep the books of which variable is where."""
    pivot(D, n_rows, n, row, column)
    leaving, entering = row_variable[row], column_variable[column]
    row_variable[row], column_variable[column] = entering, leaving
    where[entering], where[leaving] = row, -1 - column


@kernel
def drop_row(D, row_variable, where, n_rows, n, row):
    """Forget a row that says nothing new in this node or below; return the number left."""
    where[row_variable[row]] = 0
    if row != n_rows:
        target, last = D[row], D[n_rows]
        for j in range(n + 1):
            target[j] = last[j]
        row_variable[row] = row_variable[n_rows]
        where[row_variable[row]] = row
    return n_rows - 1


@kernel
def entering_column(D, column_variable, zero, n, row, direction):
    """Return the active column of the dual ratio test, or -1 if the row cannot move that way.

    `direction` +1: the row must grow, -1: it must fall, 0: either. Of the columns whose cost may
    turn negative by no more than a hair, the largest entry is taken (Harris 1973): small pivots are
    what ruins a dictionary.
    """
    entries, costs = D[row], D[0]
    bound = np.inf
    for j in range(n):
        size = abs(entries[j]) if direction == 0 else direction * entries[j]
        if size > SMALLEST_PIVOT and zero[column_variable[j]] == 0:
            bound = min(bound, (max(costs[j], 0.0) + COST_SLACK) / size)
    best, best_size = -1, 0.0
    for j in range(n):
        size = abs(entries[j]) if direction == 0 else direction * entries[j]
        if (
            size > SMALLEST_PIVOT
            and size > best_size
            and zero[column_variable[j]] == 0
            and max(costs[j], 0.0) <= bound * size
        ):
            best, best_size = j, size
    return best


@kernel
def largest_riser(entries, column_variable, zero, n):
    """Return the largest entry of a row in the active columns, 0 if none can make it grow."""
    largest = 0.0
    for j in range(n):
        if entries[j] > largest and zero[column_variable[j]] == 0:
            largest = entries[j]
    return largest if largest > SMALLEST_PIVOT else 0.0


@kernel
def load_program(rows, constants, costs, D, row_variable, column_variable, where):
    """Write the original program, in which all v are nonbasic."""
    m, n = rows.shape
    for j in range(n):
        D[0, j] = costs[j]
        column_variable[j] = j
        where[j] = -1 - j
    D[0, n] = 0.0
    for r in range(m):
        for j in range(n):
            D[r + 1, j] = rows[r, j]
        D[r + 1, n] = constants[r]
        row_variable[r + 1] = n + r
        where[n + r] = r + 1


@kernel
def rebuild(rows, constants, costs, D, row_variable, column_variable, where, zero):
    """Start again from the original program with the same variables fixed to zero.

    Those that are basic there leave by complete pivoting, so that the new basis is as well
    conditioned as the node allows; the costs may be chosen anew, since any will do.
    """
    m, n = rows.shape
    load_program(rows, constants, costs, D, row_variable, column_variable, where)
    while True:
        row, column, size = 0, 0, SMALLEST_PIVOT
        for r in range(1, m + 1):
            if zero[row_variable[r]] != 0:
                for j in range(n):
                    if abs(D[r, j]) > size and zero[column_variable[j]] == 0:
                        row, column, size = r, j, abs(D[r, j])
        if row == 0:
            break
        exchange(D, row_variable, column_variable, where, m, n, row, column)
    for j in range(n):
        D[0, j] = costs[j]


@kernel
def row_radius(
    D,
    row_variable,
    column_variable,
    zero,
    n,
    row,
    sign,
    rows,
    constants,
    errors,
    reach,
    offset,
    total,
):
    """Return the R within which a row of the dictionary excludes every cycle; 0 if it does not.

    The row is read as multipliers of the original program, from which its coefficients are computed
    anew with bounds of all rounding. `sign` +1: the basic variable is negative although it may not
    be; -1: it is positive although it is fixed to zero. Coefficients of the wrong sign count with
    the largest value that abs(z) <= R leaves to their variable. `errors` holds the bounds of one
    entry of `rows` and of `constants` and the largest entry of `rows`; `total` (n,) is workspace.
    """
    own = row_variable[row]
    entries = D[row]
    for i in range(n):
        total[i] = 0.0
    constant, weights, sizes, terms = 0.0, 0.0, 0.0, 0
    slope, fixed = 0.0, 0.0
    for j in range(-1, n):
        if j < 0:
            variable, weight = own, 1.0
        else:
            variable, weight = column_variable[j], -entries[j]
        if variable >= n and weight != 0.0:
            origin = rows[variable - n]
            for i in range(n):
                total[i] -= weight * origin[i]
            constant += weight * constants[variable - n]
            weights += abs(weight)
            sizes += abs(weight * constants[variable - n])
            terms += 1
            if sign * weight < 0.0 and zero[variable] == 0:
                slope += abs(weight) * reach[variable]
                fixed += abs(weight) * offset[variable]
    rounding = (terms + 4) * ROUNDOFF
    error = weights * (errors[0] + rounding * errors[2])
    for i in range(n):
        if zero[i] == 0:
            bad = error - sign * total[i]
            if bad > 0.0:
                slope += bad * reach[i]
                fixed += bad * offset[i]
    fixed += weights * errors[1] + rounding * sizes
    room = -sign * constant - fixed
    if not room > 0.0:
        return 0.0
    if slope == 0.0:
        return np.inf
    # A millionth pays for the rounding of these sums themselves.
    return 0.999999 * room / slope
