"""Where a curve begins: orbits, candidates of random words, and cycles that are known.

Every orbit segment z_0 … z_{k-1} is a cycle of the map whose last step is shifted by
d = z_0 - F(z_{k-1}): the point λ = 1 of a curve.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel_part
from .candidate import close_map, write_map
from .draws import draw_below, draw_bit, draw_uniform, draw_word
from .path import FLIPS_LEFT, STEPS_LEFT, begin_path
from .visited import forget, is_full, remember, word_keys

SCYFI_STEPS = 20  # of one random word
WARM_UP = 20  # an orbit is read after at most so many steps, and 4 for each region of the word
FARTHEST_POINT = 1e150  # of an orbit: what is beyond counts as infinite


@kernel_part
def draw_point(weights, identity, state, word, maps, system, z):
    """Draw z (M,) from a box as large as the candidate of a random region.

    `word` (k, H), `maps` and `system` are lost.
    """
    M = z.shape[0]
    draw_word(state, word[:1])
    write_map(weights, identity, word, np.int64(0), maps)
    for i in range(M):
        z[i] = 0.0
    size = 0.0
    if close_map(maps[0], z, system):
        for i in range(M):
            size = max(size, abs(system[i, M]))
    if not 0.0 < size < np.inf:
        size = 1.0
    for i in range(M):
        z[i] = 2.0 * size * (2.0 * draw_uniform(state) - 1.0)


@kernel_part
def step_line(weights, lines, t, image):
    """Write W2 z + h2 of the point z of lines[t] (M + H, 2) beside it, and F(z) to `image` (M,)."""
    M = image.shape[0]
    for j in range(M, lines.shape[1]):
        value = weights[j, M]
        for m in range(M):
            value += weights[j, m] * lines[t, m, 0]
        lines[t, j, 0] = value
    for i in range(M):
        total = weights[i, M]
        for m in range(M):
            total += weights[i, m] * lines[t, m, 0]
        for j in range(M, lines.shape[1]):
            if lines[t, j, 0] > 0.0:
                total += weights[i, j + 1] * lines[t, j, 0]
        image[i] = total


@kernel_part
def read_segment(weights, word, d, lines, warm_up, flags):
    """Write the word and the shift of an orbit: that of the first point, after `warm_up` steps.

    False if the orbit leaves all bounds, or one of the `flags` was set.
    """
    k, M = word.shape[0], d.shape[0]
    for n in range(warm_up + k):
        if flags[0][0] != 0 or flags[1][0] != 0:
            return False
        t, after = max(n - warm_up, 0), max(n + 1 - warm_up, 0)
        step_line(weights, lines, t, d)
        for j in range(word.shape[1]):
            word[t, j] = 1 if lines[t, M + j, 0] > 0.0 else 0
        for i in range(M):
            if not abs(d[i]) < FARTHEST_POINT:
                return False
            if after < k:
                lines[after, i, 0] = d[i]
    for i in range(M):
        d[i] = lines[0, i, 0] - d[i]
    return True


@kernel_part
def rotate_word(word, shift, target):
    """Write `word` (k, H), rotated by `shift`, to `target`."""
    k = word.shape[0]
    for t in range(k):
        for j in range(word.shape[1]):
            target[t, j] = word[(t + shift) % k, j]


@kernel_part
def begin_at_cycle(state, known, word, first, line, border):
    """Begin a path at the cycle of a `known` word, in a random rotation and direction."""
    rotate_word(known, draw_below(state, known.shape[0]), word)
    begin_path(word, first, line, border, 0.0, 1.0 if draw_bit(state) else -1.0)
    return True


@kernel_part
def begin_at_orbit(weights, state, word, first, d, line, border, lines, flags):
    """Begin a path at the orbit of the point `d`, near its start or later.

    False if that leaves all bounds, or one of the `flags` was set.
    """
    for i in range(d.shape[0]):
        lines[0, i, 0] = d[i]
    warm_up = draw_below(state, 3 if draw_bit(state) else WARM_UP + 4 * word.shape[0])
    if not read_segment(weights, word, d, lines, warm_up, flags):
        return False
    begin_path(word, first, line, border, 1.0, -1.0)
    return True


@kernel_part
def begin_at_word(state, word, border):
    """Begin the SCYFI iteration at a random word."""
    draw_word(state, word)
    border[FLIPS_LEFT], border[STEPS_LEFT] = 0, SCYFI_STEPS + 1
    return True


@kernel_part
def improve_word(word, first, d, line, border, visited):
    """Prepare a step of the SCYFI iteration: the candidate of the word, which is remembered.

    Where the word was visited before, or the steps have run out, the curve begins; False if that is
    the first word of all.
    """
    if is_full(visited):
        forget(visited)
    if border[STEPS_LEFT] == 1 or remember(visited, word_keys(word)[0]):
        is_first = border[STEPS_LEFT] > SCYFI_STEPS
        begin_path(word, first, line, border, 1.0, -1.0)
        return not is_first
    border[STEPS_LEFT] -= 1
    for i in range(d.shape[0]):
        d[i] = 0.0
    return True
