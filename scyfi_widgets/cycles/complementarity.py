"""Branch and bound over the words of one order, each closed branch with a certified row.

A node fixes some bits. Its relaxation drops the complementarity of the other pairs; it is solved
by the dual simplex method from the parent's basis (`dictionary`). A row that shows it infeasible
closes the node, one that shows a variable positive fixes the variable's partner, and both are
accepted only with a certified radius (`row_radius`). A node whose bits are all fixed is a word,
which is solved elsewhere.
"""

from __future__ import annotations

import numpy as np

from ..compiled import kernel
from .dictionary import (
    drop_row,
    entering_column,
    exchange,
    largest_riser,
    load_program,
    rebuild,
    row_radius,
)

DONE, FULL, DEEP, STOPPED, LIMIT = 0, 1, 2, 3, 4
CLOSED, WORD, OPEN = -1, -2, -3  # leaves in `splits`, see `certificate`
# Entries of `counters`.
LEVEL, NODES, SPLITS, ROWS, WORDS, PIVOTS, STARTED, DOUBTS, REBUILDS = 0, 1, 2, 3, 4, 5, 6, 7, 8
COUNTERS = 9
INFEASIBLE = 1e-10  # of the program's scale: less than this is not yet negative


@kernel
def bit_of_zero(variable, n, reference):
    """Return the bit that a pair has when `variable` (v: 0..n-1, b: n..2n-1) is zero."""
    return reference[variable] if variable < n else 1 - reference[variable - n]


@kernel
def record_row(row_variable, column_variable, n, row, reference, nonbasic, hinted, place):
    """Write which variables are nonbasic, and the row's own, in the certificate's numbering."""
    hint = nonbasic[place]
    for byte in range(hint.shape[0]):
        hint[byte] = 0
    for j in range(-1, n):
        variable = row_variable[row] if j < 0 else column_variable[j]
        if variable < n:  # v_i is xm_i where the reference has the bit
            number = variable + n if reference[variable] else variable
        elif variable < 2 * n:
            number = variable - n if reference[variable - n] else variable
        else:
            number = variable
        if j < 0:
            hinted[place] = number
        else:
            hint[number >> 3] |= np.uint8(128 >> (number & 7))


@kernel
def explore(
    rows,
    constants,
    errors,
    reach,
    offset,
    reference,
    H,
    decay,
    costs,
    radius_wanted,
    node_limit,
    D,
    row_variable,
    column_variable,
    n_rows,
    where,
    zero,
    bits,
    pending,
    counters,
    radius,
    splits,
    nonbasic,
    hinted,
    words,
    cancel,
    expired,
):
    """Run the branch and bound, or go on with it after FULL or DEEP gave it more room.

    Arrays with a first axis of levels hold a node each: D (levels, m + 1, n + 1) its dictionary,
    `bits` (levels, n) its fixed bits, `pending` (levels,) the second child of a split that is still
    to come. `splits`, `nonbasic`, `hinted` and `words` grow; `counters` says how far.

    Returns
    -------
    int
        DONE, FULL (a growing array has no room), DEEP (no more levels), STOPPED or LIMIT.
    """
    n = rows.shape[1]
    m = rows.shape[0]
    total = np.empty(n)
    todo = np.empty(n, np.int32)
    skipped = np.zeros(m + 1, np.uint8)
    scale = 0.0
    for r in range(m):
        scale = max(scale, abs(constants[r]))
    infeasible = INFEASIBLE * scale
    level = counters[LEVEL]
    n_todo = 0
    if counters[STARTED] == 0:
        counters[STARTED] = 1
        level = 0
        load_program(rows, constants, costs, D[0], row_variable[0], column_variable[0], where[0])
        n_rows[0] = m
        pending[0] = -1
        zero[0] = 0
        bits[0] = -1
    else:
        n_todo = _fixed_rows(row_variable[level], zero[level], n_rows[level], todo)

    while True:
        counters[LEVEL] = level
        if (
            counters[SPLITS] + 2 * n + 2 > splits.shape[0]
            or counters[ROWS] + n + 1 > hinted.shape[0]
            or counters[WORDS] == words.shape[0]
        ):
            return FULL
        if level + 1 >= D.shape[0]:
            return DEEP
        if counters[NODES] >= node_limit:
            return LIMIT
        counters[NODES] += 1

        # Solve the relaxation, and fix what it decides, until nothing changes.
        d, rv, cv = D[level], row_variable[level], column_variable[level]
        at, fixed, bit = where[level], zero[level], bits[level]
        left = n_rows[level]
        closed = False
        some_skipped = False
        rebuilt = False
        while True:
            if cancel[0] != 0 or expired[0] != 0:
                return STOPPED
            row, direction = 0, 0
            while n_todo > 0 and row == 0:
                n_todo -= 1
                row = max(at[todo[n_todo]], 0)
            if row > 0:
                value = d[row, n]
                if abs(value) > infeasible:
                    direction = 1 if value < 0.0 else -1
            else:
                worst = 0.0
                for r in range(1, left + 1):
                    if d[r, n] < -infeasible and skipped[r] == 0:
                        top = largest_riser(d[r], cv, fixed, n)
                        if top == 0.0:
                            row = r
                            break
                        score = d[r, n] / top
                        if score < worst:
                            row, worst = r, score
                direction = 1
            if row > 0:
                column = entering_column(d, cv, fixed, n, row, direction)
                if column >= 0:
                    counters[PIVOTS] += 1
                    exchange(d, rv, cv, at, left, n, row, column)
                    continue
                if direction != 0:
                    reached = row_radius(
                        d,
                        rv,
                        cv,
                        fixed,
                        n,
                        row,
                        direction,
                        rows,
                        constants,
                        errors,
                        reach,
                        offset,
                        total,
                    )
                    if reached >= radius_wanted:
                        radius[0] = min(radius[0], reached)
                        closed = True
                        break
                    if not rebuilt:
                        rebuild(rows, constants, costs, d, rv, cv, at, fixed)
                        left = m
                        n_todo = _fixed_rows(rv, fixed, left, todo)
                        rebuilt = True
                        skipped[:] = 0
                        some_skipped = False
                        counters[REBUILDS] += 1
                        continue
                    counters[DOUBTS] += 1
                # Nothing certain: the row is left alone, which only lets more through.
                if fixed[rv[row]] != 0:
                    left = drop_row(d, rv, at, left, n, row)
                else:
                    skipped[row] = 1
                    some_skipped = True
                continue

            # Feasible: a variable that stays positive in every row fixes its partner.
            changed = False
            r = left
            while r >= 1:
                value = d[r, n]
                if value >= 0.0 and fixed[rv[r]] == 0 and _never_falls(d[r], cv, fixed, n):
                    x = rv[r]
                    partner = x + n if x < n else x - n
                    if x >= 2 * n or fixed[partner] != 0:
                        left = drop_row(d, rv, at, left, n, r)
                    elif value > infeasible:
                        fixed[x] = 1
                        reached = row_radius(
                            d,
                            rv,
                            cv,
                            fixed,
                            n,
                            r,
                            -1,
                            rows,
                            constants,
                            errors,
                            reach,
                            offset,
                            total,
                        )
                        fixed[x] = 0
                        if reached >= radius_wanted:
                            radius[0] = min(radius[0], reached)
                            pair = x if x < n else x - n
                            impossible = bit_of_zero(x, n, reference)
                            splits[counters[SPLITS]] = 2 * pair + impossible
                            splits[counters[SPLITS] + 1] = CLOSED
                            record_row(rv, cv, n, r, reference, nonbasic, hinted, counters[ROWS])
                            counters[SPLITS] += 2
                            counters[ROWS] += 1
                            bit[pair] = 1 - impossible
                            fixed[partner] = 1
                            left = drop_row(d, rv, at, left, n, r)
                            changed = True
                            if at[partner] > 0:
                                todo[n_todo] = partner
                                n_todo += 1
                r -= 1
            if not changed:
                break
        n_rows[level] = left
        if some_skipped:
            skipped[:] = 0

        if closed:
            n_todo = 0
            splits[counters[SPLITS]] = CLOSED
            counters[SPLITS] += 1
            record_row(rv, cv, n, row, reference, nonbasic, hinted, counters[ROWS])
            counters[ROWS] += 1
        else:
            pair, first = _branch(d, at, bit, n, decay, reference, H)
            if pair >= 0:
                splits[counters[SPLITS]] = 2 * pair + first
                counters[SPLITS] += 1
                pending[level] = 2 * pair + 1 - first
                below = D[level + 1]
                for r in range(left + 1):
                    for j in range(n + 1):
                        below[r, j] = d[r, j]
                    row_variable[level + 1, r] = rv[r]
                column_variable[level + 1] = cv
                where[level + 1] = at
                zero[level + 1] = fixed
                bits[level + 1] = bit
                n_rows[level + 1] = left
                level += 1
                pending[level] = -1
                n_todo = _fix(
                    zero[level], bits[level], where[level], n, reference, pair, first, todo
                )
                continue
            splits[counters[SPLITS]] = WORD
            counters[SPLITS] += 1
            for i in range(n):
                words[counters[WORDS], i] = bit[i]
            counters[WORDS] += 1

        while level >= 0 and pending[level] < 0:
            level -= 1
        if level < 0:
            counters[LEVEL] = level
            return DONE
        code = pending[level]
        pending[level] = -1
        n_todo = _fix(
            zero[level], bits[level], where[level], n, reference, code >> 1, code & 1, todo
        )


@kernel
def _fix(zero, bits, where, n, reference, pair, bit, todo):
    """Give a pair its bit; return 1 if the variable that this sets to zero has to leave the basis."""
    bits[pair] = bit
    variable = pair if bit == reference[pair] else pair + n
    zero[variable] = 1
    if where[variable] > 0:
        todo[0] = variable
        return 1
    return 0


@kernel
def _fixed_rows(row_variable, zero, n_rows, todo):
    """Collect the basic variables that are fixed to zero."""
    found = 0
    for r in range(1, n_rows + 1):
        if zero[row_variable[r]] != 0:
            todo[found] = row_variable[r]
            found += 1
    return found


@kernel
def _never_falls(entries, column_variable, zero, n):
    """Return whether no active column lowers a row."""
    for j in range(n):
        if entries[j] < -1e-13 and zero[column_variable[j]] == 0:
            return False
    return True


@kernel
def _branch(d, where, bits, n, decay, reference, H):
    """Choose the pair to split and the bit of the first child; -1 if all are fixed.

    The pair that violates complementarity most, a later time step counting `decay` times less; where
    none is violated, the one whose free member is largest, whose other child is likely infeasible.
    """
    best, best_score, violated = -1, -1.0, False
    for i in range(n):
        if bits[i] >= 0:
            continue
        v, b = where[i], where[n + i]
        if v > 0 and b > 0:
            score = max(d[v, n], 0.0) * max(d[b, n], 0.0) * decay ** (i // H)
            if not violated or score > best_score:
                best, best_score, violated = i, score, True
        elif not violated:
            score = max(d[max(v, b), n], 0.0) if max(v, b) > 0 else 0.0
            if score > best_score:
                best, best_score = i, score
    if best < 0:
        return -1, 0
    v, b = where[best], where[n + best]
    v_value = d[v, n] if v > 0 else 0.0
    b_value = d[b, n] if b > 0 else 0.0
    return best, reference[best] if v_value <= b_value else 1 - reference[best]
