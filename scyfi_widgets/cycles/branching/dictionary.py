"""Kernels of one dictionary: the linear program of a node of the branch and bound.

A dictionary writes its basic variables as affine functions of the others: row r >= 1 says
x_r = D[r, 0] + sum_j D[r, j] v_j. Row 0 holds the costs, which stay non-negative on the active
columns, so that the dual simplex method can go on after every branching (Chvatal, *Linear
Programming*, 1983, chapters 2 and 10).

Variables are numbered v = 0..n-1, b = n..2n-1 (partners: v_i and b_i), cuts = 2n... The columns
1..active belong to variables that may move; behind them, up to `width`, stand those of b and cuts
that are fixed to zero. A row's entries in both are the multipliers with which `row_radius` proves
from the original program what the row says; a fixed v needs no multiplier, its column is dropped.
`where` tells for every variable its row (> 0), minus its column (< 0), or that it is gone.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel
from .response import ROUNDOFF

SMALLEST_PIVOT = 1e-9
COST_SLACK = 1e-7  # by how much a cost may turn negative for the sake of a larger pivot
COMPARING = frozenset({"nnan", "nsz"})  # lets LLVM compare several entries at a time
FUSING = frozenset({"contract"})  # lets LLVM multiply and add at once
SUMMING = COMPARING | {"reassoc"}  # lets LLVM add several entries at a time
LEFT, ACTIVE, WIDTH = 0, 1, 2  # entries of `sizes`: rows, active columns, columns with column 0
GONE_ROW, GONE_COLUMN = 0, -(2**30)  # in `where`


# Rows are indexed and not taken as views: making a view costs as much as a pass over a short row.
# The small kernels call no other one, raise nothing and have one way out: only then Numba counts no
# references to their arrays, which took a third of the time.


@kernel(fastmath=FUSING)
def exchange(D, row_variable, column_variable, where, sizes, row, column):
    """Exchange the roles of the variables of `row` and `column`: one pivot."""
    width, end = sizes[WIDTH], sizes[LEFT] + 1
    inverse = np.divide(1.0, D[row, column])
    for j in range(width):
        D[row, j] *= -inverse
    D[row, column] = inverse
    # Two loops and no test for `row`: only then LLVM sees that a row is not written onto itself.
    # The pivot's column is written last: a wide load would have to wait for a narrow store.
    for i in range(row):
        factor = D[i, column]
        if factor != 0.0:
            for j in range(width):
                D[i, j] += factor * D[row, j]
            D[i, column] = factor * inverse
    for i in range(row + 1, end):
        factor = D[i, column]
        if factor != 0.0:
            for j in range(width):
                D[i, j] += factor * D[row, j]
            D[i, column] = factor * inverse
    leaving, entering = row_variable[row], column_variable[column]
    row_variable[row], column_variable[column] = entering, leaving
    where[entering], where[leaving] = row, -column


@kernel
def drop_row(D, row_variable, where, sizes, row):
    """Forget a row that says nothing new in this node or below."""
    last = sizes[LEFT]
    dropped, moved = row_variable[row], row_variable[last]
    for j in range(sizes[WIDTH]):
        D[row, j] = D[last, j]
    row_variable[row] = moved
    where[moved] = row
    where[dropped] = GONE_ROW
    sizes[LEFT] = last - 1


@kernel
def freeze_column(D, column_variable, where, sizes, column, n):
    """Take the column of a variable that is fixed to zero out of the active ones."""
    variable = column_variable[column]
    gone = variable < n
    active = sizes[ACTIVE]
    end = sizes[WIDTH] - 1 if gone else active
    # The last active column fills the gap, and the one at the end takes that one's place.
    for r in range(sizes[LEFT] + 1):
        own = D[r, column]
        D[r, column] = D[r, active]
        D[r, active] = D[r, end]
        D[r, end] = own
    filling, following = column_variable[active], column_variable[end]
    column_variable[column] = filling
    column_variable[active] = following
    column_variable[end] = variable
    where[following] = -active
    where[filling] = -column
    where[variable] = GONE_COLUMN if gone else -end
    sizes[ACTIVE] = active - 1
    sizes[WIDTH] -= 1 if gone else 0


@kernel(fastmath=COMPARING)
def entering_column(D, active, row, direction):
    """Return the column of the dual ratio test, or 0 if the row cannot move that way.

    `direction` +1: the row must grow, -1: it must fall, 0: either. Of the columns whose cost may
    turn negative by no more than a hair, the largest entry is taken (Harris 1973): small pivots are
    what ruins a dictionary.
    """
    bound = np.inf
    for j in range(1, active + 1):
        size = abs(D[row, j]) if direction == 0 else direction * D[row, j]
        ratio = (max(D[0, j], 0.0) + COST_SLACK) / max(size, SMALLEST_PIVOT)
        bound = min(bound, ratio if size > SMALLEST_PIVOT else np.inf)
    if bound == np.inf:
        return 0
    best_size = SMALLEST_PIVOT
    for j in range(1, active + 1):
        size = abs(D[row, j]) if direction == 0 else direction * D[row, j]
        best_size = max(best_size, size if max(D[0, j], 0.0) <= bound * size else 0.0)
    # Looking for it afterwards is faster than a branch at every entry.
    for j in range(1, active + 1):
        size = abs(D[row, j]) if direction == 0 else direction * D[row, j]
        if size == best_size and max(D[0, j], 0.0) <= bound * size:
            return j
    return 0


@kernel(fastmath=COMPARING)
def largest_entry(D, row, active):
    """Return the largest entry of a row in the active columns, 0 if none lets it grow."""
    largest = 0.0
    for j in range(1, active + 1):
        largest = max(largest, D[row, j])
    return largest if largest > SMALLEST_PIVOT else 0.0


@kernel(fastmath=COMPARING)
def smallest_entry(D, row, active):
    """Return the smallest entry of a row in the active columns, or 0."""
    smallest = 0.0
    for j in range(1, active + 1):
        smallest = min(smallest, D[row, j])
    return smallest


@kernel(fastmath=SUMMING)
def distance_to_zero(D, row, active):
    """Return how hard it is to bring the basic variable of a row from a positive value to zero.

    One of the active variables has to grow by at least the value over the sum of the entries that
    make it fall; the fewer those are, the fewer ways there are.
    """
    total, ways = 0.0, 0
    for j in range(1, active + 1):
        total += max(-D[row, j], 0.0)
        ways += 1 if D[row, j] < 0.0 else 0
    return max(D[row, 0], 0.0) / (max(total, SMALLEST_PIVOT) * max(ways * ways, 1))


@kernel
def load_program(rows, constants, costs, D, row_variable, column_variable, where, sizes):
    """Write the original program, in which all v are nonbasic."""
    m, n = rows.shape
    D[0, 0] = 0.0
    for j in range(n):
        D[0, j + 1] = costs[j]
        column_variable[j + 1] = j
        where[j] = -1 - j
    for r in range(m):
        D[r + 1, 0] = constants[r]
        for j in range(n):
            D[r + 1, j + 1] = rows[r, j]
        row_variable[r + 1] = n + r
        where[n + r] = r + 1
    sizes[LEFT], sizes[ACTIVE], sizes[WIDTH] = m, n, n + 1


@kernel
def rebuild(
    rows, constants, costs, D, row_variable, column_variable, where, sizes, zero, cancel, expired
):
    """Start again from the original program with the same variables fixed to zero.

    Those that are basic there leave by complete pivoting, so that the new basis is as well
    conditioned as the node allows; the costs may be chosen anew, since any will do.
    """
    n = rows.shape[1]
    load_program(rows, constants, costs, D, row_variable, column_variable, where, sizes)
    for variable in range(n):
        if zero[variable] != 0:
            freeze_column(D, column_variable, where, sizes, -where[variable], n)
    while cancel[0] == 0 and expired[0] == 0:
        row, column, size = 0, 0, SMALLEST_PIVOT
        for r in range(1, sizes[LEFT] + 1):
            if zero[row_variable[r]] != 0:
                for j in range(1, sizes[ACTIVE] + 1):
                    if abs(D[r, j]) > size:
                        row, column, size = r, j, abs(D[r, j])
        if row == 0:
            break
        exchange(D, row_variable, column_variable, where, sizes, row, column)
        freeze_column(D, column_variable, where, sizes, column, n)
    for j in range(1, sizes[ACTIVE] + 1):
        D[0, j] = costs[j - 1]


@kernel
def row_radius(
    D,
    row_variable,
    column_variable,
    sizes,
    zero,
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
    n = rows.shape[1]
    for i in range(n):
        total[i] = 0.0
    constant, weights, sizes_of_terms, terms = 0.0, 0.0, 0.0, 0
    slope, fixed = 0.0, 0.0
    for j in range(sizes[WIDTH]):
        if j == 0:
            variable, weight = row_variable[row], 1.0
        else:
            variable, weight = column_variable[j], -D[row, j]
        if variable >= n and weight != 0.0:
            origin = variable - n
            for i in range(n):
                total[i] -= weight * rows[origin, i]
            constant += weight * constants[origin]
            weights += abs(weight)
            sizes_of_terms += abs(weight * constants[origin])
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
    fixed += weights * errors[1] + rounding * sizes_of_terms
    room = -sign * constant - fixed
    if not room > 0.0:
        return 0.0
    if slope == 0.0:
        return np.inf
    # A millionth pays for the rounding of these sums themselves.
    return 0.999999 * room / slope
