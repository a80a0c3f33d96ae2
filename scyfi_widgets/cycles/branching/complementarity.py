"""Branch and bound over the words of one order, each closed branch with a certified row.

A node fixes some bits. Its relaxation drops the complementarity of the other pairs; it is solved
by the dual simplex method from the parent's basis (`dictionary`). A row that shows it infeasible
closes the node, one that shows a variable positive fixes the variable's partner, and both are
accepted only with a certified radius (`row_radius`). A node whose bits are all fixed is a word,
which is solved elsewhere.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel
from .dictionary import (
    ACTIVE,
    GONE_COLUMN,
    LEFT,
    WIDTH,
    distance_to_zero,
    drop_row,
    entering_column,
    exchange,
    freeze_column,
    largest_entry,
    load_program,
    rebuild,
    row_radius,
    smallest_entry,
)

DONE, FULL, DEEP, STOPPED, LIMIT = 0, 1, 2, 3, 4
CLOSED, WORD = -1, -2  # leaves in `splits`, see `certificate`
# Entries of `counters`.
LEVEL, NODES, SPLITS, ROWS, WORDS, PIVOTS, STARTED, DOUBTS, REBUILDS = 0, 1, 2, 3, 4, 5, 6, 7, 8
COUNTERS = 9
NOTHING = 1e-13  # an entry that is zero but for rounding
INFEASIBLE = 1e-10  # of the program's scale: less than this is not yet negative


@kernel
def split_words(
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
    sizes,
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
    m, n = rows.shape
    total = np.empty(n)
    todo = np.empty(n + 1, np.int32)  # its last entry counts the others
    skipped = np.zeros(m + 1, np.uint8)
    infeasible = 0.0
    for r in range(m):
        infeasible = max(infeasible, INFEASIBLE * abs(constants[r]))
    if counters[STARTED] == 0:
        counters[STARTED] = 1
        counters[LEVEL] = 0
        load_program(
            rows, constants, costs, D[0], row_variable[0], column_variable[0], where[0], sizes[0]
        )
        pending[0] = -1
        zero[0] = 0
        bits[0] = -1
    level = counters[LEVEL]
    _collect_fixed(row_variable[level], zero[level], sizes[level], todo)

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
        d, rv, cv = D[level], row_variable[level], column_variable[level]
        at, size, fixed, bit = where[level], sizes[level], zero[level], bits[level]

        # Solve the relaxation, and fix what it decides, until nothing changes.
        closing = 0  # the row that closes the node
        skips, rebuilt = False, False
        while True:
            if cancel[0] != 0 or expired[0] != 0:
                return STOPPED
            row, direction = 0, 0
            while todo[n] > 0 and row == 0:
                todo[n] -= 1
                row = max(at[todo[todo[n]]], 0)
            if row > 0:
                if abs(d[row, 0]) > infeasible:
                    direction = 1 if d[row, 0] < 0.0 else -1
            else:
                row = _worst_row(d, size, skipped, infeasible)
                direction = 1
            if row > 0:
                column = entering_column(d, size[ACTIVE], row, direction)
                if column > 0:
                    counters[PIVOTS] += 1
                    leaving = rv[row]
                    exchange(d, rv, cv, at, size, row, column)
                    if fixed[leaving] != 0:
                        freeze_column(d, cv, at, size, column, n)
                    continue
                if direction != 0:
                    reached = row_radius(
                        d,
                        rv,
                        cv,
                        size,
                        fixed,
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
                        closing = row
                        break
                    if not rebuilt:
                        rebuild(rows, constants, costs, d, rv, cv, at, size, fixed, cancel, expired)
                        _collect_fixed(rv, fixed, size, todo)
                        skipped[:] = 0
                        rebuilt = True
                        counters[REBUILDS] += 1
                        continue
                    counters[DOUBTS] += 1
                # Nothing certain: the row is left alone, which only lets more through.
                if fixed[rv[row]] != 0:
                    drop_row(d, rv, at, size, row)
                else:
                    skipped[row] = 1
                    skips = True
                continue

            # Feasible: a variable that stays positive in every row fixes its partner.
            changed = False
            r = size[LEFT]
            while r >= 1:
                x = rv[r]
                if (
                    d[r, 0] >= 0.0
                    and fixed[x] == 0
                    and smallest_entry(d, r, size[ACTIVE]) > -NOTHING
                ):
                    partner = x + n if x < n else x - n
                    if x >= 2 * n or fixed[partner] != 0:
                        drop_row(d, rv, at, size, r)
                    elif d[r, 0] > infeasible:
                        fixed[x] = 1
                        reached = row_radius(
                            d,
                            rv,
                            cv,
                            size,
                            fixed,
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
                            impossible = reference[pair] if x < n else 1 - reference[pair]
                            splits[counters[SPLITS]] = 2 * pair + impossible
                            counters[SPLITS] += 1
                            _record_closed(at, n, x, reference, splits, nonbasic, hinted, counters)
                            drop_row(d, rv, at, size, r)
                            bit_to_fix = 1 - impossible
                            column = _fix_bit(at, fixed, bit, n, reference, pair, bit_to_fix, todo)
                            if column > 0:
                                freeze_column(d, cv, at, size, column, n)
                            changed = True
                r -= 1
            if not changed:
                break
        if skips:
            skipped[:] = 0

        if closing > 0:
            todo[n] = 0
            _record_closed(at, n, rv[closing], reference, splits, nonbasic, hinted, counters)
        else:
            pair, first = _branch(d, at, size, bit, n, H, decay, reference)
            if pair >= 0:
                splits[counters[SPLITS]] = 2 * pair + first
                counters[SPLITS] += 1
                pending[level] = 2 * pair + 1 - first
                _copy_node(
                    level, D, row_variable, column_variable, sizes, where, zero, bits, pending
                )
                level += 1
                code = 2 * pair + first
            else:
                splits[counters[SPLITS]] = WORD
                counters[SPLITS] += 1
                for i in range(n):
                    words[counters[WORDS], i] = bit[i]
                counters[WORDS] += 1
                code = -1
        if closing > 0 or code < 0:
            while level >= 0 and pending[level] < 0:
                level -= 1
            if level < 0:
                counters[LEVEL] = level
                return DONE
            code = pending[level]
            pending[level] = -1
        at = where[level]
        column = _fix_bit(at, zero[level], bits[level], n, reference, code >> 1, code & 1, todo)
        if column > 0:
            freeze_column(D[level], column_variable[level], at, sizes[level], column, n)


@kernel
def _collect_fixed(row_variable, zero, sizes, todo):
    """Note the basic variables that are fixed to zero: they have to leave the basis."""
    last = todo.shape[0] - 1
    todo[last] = 0
    for r in range(1, sizes[LEFT] + 1):
        if zero[row_variable[r]] != 0:
            todo[todo[last]] = row_variable[r]
            todo[last] += 1


@kernel
def _worst_row(d, sizes, skipped, infeasible):
    """Return the negative row that is worst for its largest entry, at once one that cannot grow."""
    worst_row, worst = 0, 0.0
    for r in range(1, sizes[LEFT] + 1):
        if d[r, 0] < -infeasible and skipped[r] == 0:
            largest = largest_entry(d, r, sizes[ACTIVE])
            if largest == 0.0:
                return r
            if d[r, 0] < worst * largest:
                worst_row, worst = r, d[r, 0] / largest
    return worst_row


@kernel
def _fix_bit(where, zero, bits, n, reference, pair, bit, todo):
    """Give a pair its bit: one of its two variables is zero from now on.

    Returns
    -------
    int
        The column of the variable, which has to be frozen, or 0.
    """
    bits[pair] = bit
    variable = pair if bit == reference[pair] else pair + n
    zero[variable] = 1
    place = where[variable]
    if place > 0:
        todo[todo[n]] = variable
        todo[n] += 1
    return -place if GONE_COLUMN < place < 0 else 0


@kernel
def _copy_node(level, D, row_variable, column_variable, sizes, where, zero, bits, pending):
    """Copy a node to the next level."""
    rows, width = sizes[level, LEFT] + 1, sizes[level, WIDTH]
    for r in range(rows):
        for j in range(width):
            D[level + 1, r, j] = D[level, r, j]
    for r in range(rows):
        row_variable[level + 1, r] = row_variable[level, r]
    for j in range(width):
        column_variable[level + 1, j] = column_variable[level, j]
    for i in range(sizes.shape[1]):
        sizes[level + 1, i] = sizes[level, i]
    for i in range(where.shape[1]):
        where[level + 1, i] = where[level, i]
        zero[level + 1, i] = zero[level, i]
    for i in range(bits.shape[1]):
        bits[level + 1, i] = bits[level, i]
    pending[level + 1] = -1


@kernel
def _branch(d, where, sizes, bits, n, H, decay, reference):
    """Choose the pair to split and the bit of the first child; -1 if all are fixed.

    Of the pairs that violate complementarity the one whose two members are farthest from zero, a
    time step later counting `decay` times as much; with none violated, the one whose free member
    is largest. There the children's relaxations are likely infeasible.
    """
    best, best_score, violated, v_value, b_value = -1, -1.0, False, 0.0, 0.0
    weight = 1.0
    for i in range(n):
        if i > 0 and i % H == 0:
            weight *= decay
        if bits[i] >= 0:
            continue
        v, b = where[i], where[n + i]
        x = max(d[v, 0], 0.0) if v > 0 else 0.0
        y = max(d[b, 0], 0.0) if b > 0 else 0.0
        if v > 0 and b > 0:
            score = weight * (
                distance_to_zero(d, v, sizes[ACTIVE]) + distance_to_zero(d, b, sizes[ACTIVE])
            )
            better = not violated or score > best_score
            violated = True
        else:
            score = x + y
            better = not violated and score > best_score
        if better:
            best, best_score, v_value, b_value = i, score, x, y
    if best < 0:
        return -1, 0
    return best, reference[best] if v_value <= b_value else 1 - reference[best]


@kernel
def _record_closed(where, n, own, reference, splits, nonbasic, hinted, counters):
    """Write a closed leaf, with the nonbasic variables and the row's own as the certificate has it.

    There xp_i has the number i and xm_i the number n + i; v_i is xm_i where the reference has the
    bit.
    """
    if own < 2 * n:
        i = own if own < n else own - n
        own = n + i if (own < n) == (reference[i] != 0) else i
    splits[counters[SPLITS]] = CLOSED
    counters[SPLITS] += 1
    place = counters[ROWS]
    byte, mask = 0, 128
    held = 0
    for variable in range(where.shape[0]):
        here = variable
        if variable < 2 * n:
            i = variable if variable < n else variable - n
            here = n + i if (reference[i] != 0) == (variable < n) else i
        if where[here] < 0:
            held |= mask
        mask >>= 1
        if mask == 0:
            nonbasic[place, byte] = held
            byte, mask, held = byte + 1, 128, 0
    if mask != 128:
        nonbasic[place, byte] = held
    hinted[place] = own
    counters[ROWS] += 1
