"""What one changed bit does to a candidate: a change of rank one, without a new solve.

When unit j of region t moves to its other side, J_t and c_t change by s W1_j [W2_j | h2_j], with
s = +1 for a bit that becomes 1. With u the answer of the cycle to a kick W1_j of its step t, the
new lines are z + s y u, where y = W2_j z_t + h2_j is that of the new line: the Sherman-Morrison
formula for the system of all points.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel_part
from .path import POINT, UNIT

FLIPS = 24  # after so many, a new solve removes the rounding errors
TRUSTED_GAP = 1e-9  # between the two ends of the answer, relative to its largest entry
TRUSTED_DENOMINATOR = 1e-4


@kernel_part
def pass_on(maps, first, last, answer):
    """Apply the linear parts of the maps `first` to `last` - 1 to the rows of `answer`."""
    M = maps.shape[1]
    for t in range(first, last):
        for i in range(M):
            total = 0.0
            for m in range(M):
                total += maps[t, i, m] * answer[t, m]
            answer[t + 1, i] = total


@kernel_part
def pass_back(maps, t, system, left):
    """Multiply left[0] (M,) by the linear parts of the maps before t, and by (1 - P)^-1.

    Returns the row of `left` (2, M) where the result is.
    """
    M = maps.shape[1]
    here = 0
    for u in range(t - 1, -2, -1):
        there = 1 - here
        for m in range(M):
            left[there, m] = 0.0
        for i in range(M):
            weight = left[here, i]
            for m in range(M):
                left[there, m] += weight * (maps[u, i, m] if u >= 0 else system[i, M + 2 + m])
        here = there
    return here


@kernel_part
def answer_kick(weights, t, j, maps, system, answer):
    """Write the answer u of the cycle to a kick W1_j of step t to `answer` (k + 1, M).

    Returns the gap between its two ends, relative to its largest entry: the rounding error of all
    that is used.
    """
    k, M = maps.shape[0], maps.shape[1]
    for i in range(M):
        answer[t + 1, i] = weights[i, M + 1 + j]
    pass_on(maps, t + 1, k, answer)
    for i in range(M):
        total = 0.0
        for m in range(M):
            total += system[i, M + 2 + m] * answer[k, m]
        answer[0, i] = total
    pass_on(maps, np.int64(0), t + 1, answer)
    for i in range(M):
        answer[t + 1, i] += weights[i, M + 1 + j]
    pass_on(maps, t + 1, k, answer)
    gap, size = 0.0, 0.0
    for i in range(M):
        gap = max(gap, abs(answer[k, i] - answer[0, i]))
    for u in range(k):
        for i in range(M):
            size = max(size, abs(answer[u, i]))
    return gap / size if size > 0.0 else 0.0


@kernel_part
def flip(weights, identity, word, border, maps, system, answer, left, lines):
    """Bring `maps`, `system` and `lines` up to the change of the bit of `word` (k, H) at `border`.

    `word` has the new bit already. Returns False where the result would lose too many digits:
    `lines` is as before then.
    """
    M = maps.shape[1]
    t, j = border[POINT], border[UNIT]
    if not answer_kick(weights, t, j, maps, system, answer) < TRUSTED_GAP:
        return False
    sign = 1.0 if word[t, j] else -1.0
    q = 0.0
    for m in range(M):
        q += weights[M + j, m] * answer[t, m]
        left[0, m] = weights[M + j, m]
    denominator = 1.0 - sign * q
    if not abs(denominator) > TRUSTED_DENOMINATOR * (1.0 + abs(q)):
        return False
    here = pass_back(maps, t, system, left)
    for i in range(M):
        factor = sign * answer[0, i] / denominator
        for m in range(M):
            system[i, M + 2 + m] += factor * left[here, m]
        weight = sign * weights[i, M + 1 + j]
        for m in range(M + 1):
            maps[t, i, m] += weight * weights[M + j, m]
    point = sign * lines[t, M + j, 0] / denominator
    rate = sign * lines[t, M + j, 1] / denominator
    move_lines(weights, identity, M, point, rate, answer, lines)
    return True


@kernel_part
def move_lines(weights, identity, M, point, rate, answer, lines):
    """Add `point` and `rate` times u and W2 u to the entries of `lines` (k, M + H, 2)."""
    for u in range(lines.shape[0]):
        for i in range(lines.shape[1]):
            if i < M:
                change = answer[u, i]
            elif identity:
                change = answer[u, i - M]
            else:
                change = 0.0
                for m in range(M):
                    change += weights[i, m] * answer[u, m]
            lines[u, i, 0] += change * point
            lines[u, i, 1] += change * rate
