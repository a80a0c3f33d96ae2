"""A word's candidate from the coupled equations of all its points.

Going around by the explicit product loses as many digits as the multiplier has. Here the points
z_1, z_2, … are eliminated one after the other, and a pivot comes from the equations before and
after z_t.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel_part
from .scyfi import TINY


@kernel_part
def write_equation(maps, t, rows):
    """Write z_{t+1} = J z_t + c to the rows from t M on: columns for z_0, z_t, z_{t+1}, c and d."""
    k, M = maps.shape[0], maps.shape[1]
    here = M if t > 0 else 0
    after = 2 * M if t + 1 < k else 0
    for i in range(M):
        row = t * M + i
        for n in range(rows.shape[1]):
            rows[row, n] = 0.0
        for m in range(M):
            rows[row, here + m] = -maps[t, i, m]
        rows[row, after + i] += 1.0
        rows[row, 3 * M] = maps[t, i, M]


@kernel_part
def reduce_rows(rows, t, k, flags):
    """Eliminate z_t from the equations before and after it; z_0 last, from the last one.

    Gaussian elimination with partial pivoting: M rows solve for z_t then, the others are free of
    it. False if that is impossible, or if one of the `flags` was set.
    """
    M, columns = rows.shape[0] // k, rows.shape[1]
    top = (t - 1) * M if t > 0 else (k - 1) * M
    last = top + 2 * M if t > 0 else top + M
    first = M if t > 0 else 0
    scale = 0.0
    for i in range(top, last):
        for n in range(first, first + M):
            scale = max(scale, abs(rows[i, n]))
    if not scale < np.inf:
        return False
    for p in range(M):
        if flags[0][0] != 0 or flags[1][0] != 0:
            return False
        here, column = top + p, first + p
        best = here
        for i in range(here + 1, last):
            if abs(rows[i, column]) > abs(rows[best, column]):
                best = i
        if not abs(rows[best, column]) > TINY * scale:
            return False
        for n in range(columns):
            rows[best, n], rows[here, n] = rows[here, n], rows[best, n]
        for i in range(here + 1, last):
            factor = rows[i, column] / rows[here, column]
            if factor != 0.0:
                for n in range(columns):
                    rows[i, n] -= factor * rows[here, n]
    return True


@kernel_part
def substitute_back(rows, t, lines):
    """Solve the rows that are left of z_t for it; z_0 and z_{t+1} are known."""
    k, M = lines.shape[0], (rows.shape[1] - 2) // 3
    top = (t - 1) * M if t > 0 else (k - 1) * M
    first = M if t > 0 else 0
    after = (t + 1) % k
    for right in range(2):
        for i in range(M - 1, -1, -1):
            row = top + i
            total = rows[row, 3 * M + right]
            if t > 0:
                for n in range(M):
                    total -= rows[row, n] * lines[0, n, right]
                    total -= rows[row, 2 * M + n] * lines[after, n, right]
            for n in range(i + 1, M):
                total -= rows[row, first + n] * lines[t, n, right]
            lines[t, i, right] = total / rows[row, first + i]


@kernel_part
def solve_block_cyclic(maps, d, rows, lines, flags):
    """Fill points and rates of `lines` (k, M + H, 2); `rows` (k M, 3 M + 2) is working memory.

    False where there is no unique solution, or if one of the `flags` was set.
    """
    k, M = maps.shape[0], maps.shape[1]
    for t in range(k):
        write_equation(maps, t, rows)
    for i in range(M):
        rows[(k - 1) * M + i, 3 * M + 1] = d[i]
    for t in range(1, k + 1):
        if t < k:
            for i in range((t - 1) * M, t * M):  # what was z_{t+1} is z_t now
                for n in range(M):
                    rows[i, M + n] = rows[i, 2 * M + n]
                    rows[i, 2 * M + n] = 0.0
        if not reduce_rows(rows, t % k, k, flags):
            return False
    for t in range(k):
        substitute_back(rows, (k - t) % k, lines)
    return True
