"""From one real word to the next along a curve, border by border.

Shift the last step of the cycle: z_0 = F(z_{k-1}) + λ d. The solutions (z, λ) form piecewise linear
curves, one word a piece, and each crossing of λ = 0 is a cycle. A curve is followed by changing one
bit at each border, as in complementary pivoting (Lemke 1965; Eaves 1972): where the SCYFI iteration
circles among virtual words, a curve goes on, to the next cycle or to infinity.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...compiled import kernel_part
from .scyfi import copy_word

FARTHEST = 1e12  # a step in λ that counts as infinite
BORDERS = 40  # that a curve may cross, and one more for every bit of its word


class Path(NamedTuple):
    """Where a curve is, and the candidate of its present word (see `solve_candidate`)."""

    word: np.ndarray  # (k, H)
    first: np.ndarray  # the word where it began
    d: np.ndarray  # (M,): its shift
    line: np.ndarray  # (2,): λ, and the direction in which it moves, +1.0 or -1.0
    border: np.ndarray  # (6,): see below
    maps: np.ndarray
    product: np.ndarray
    system: np.ndarray
    rows: np.ndarray
    lines: np.ndarray
    answer: np.ndarray  # (k + 1, M), for `flip`
    left: np.ndarray  # (2, M), for `flip`


# Entries of `border`: the point and the unit that change next (or -1), borders left, in how many
# bits the word differs from the first, flips that may follow before the next solve, SCYFI steps
# left before the curve begins.
POINT, UNIT, LEFT, DIFFERENCE, FLIPS_LEFT, STEPS_LEFT = range(6)


def new_path(k: int, M: int, H: int) -> Path:
    """Return a path to be begun by `begin_path`."""
    return Path(
        word=np.zeros((k, H), np.uint8),
        first=np.zeros((k, H), np.uint8),
        d=np.zeros(M),
        line=np.zeros(2),
        border=np.zeros(6, np.int64),
        maps=np.empty((k, M, M + 1)),
        product=np.empty((2, M, M + 1)),
        system=np.empty((M, 2 * M + 2)),
        rows=np.empty((k * M, 3 * M + 2)),
        lines=np.empty((k, M + H, 2)),
        answer=np.empty((k + 1, M)),
        left=np.empty((2, M)),
    )


@kernel_part
def begin_path(word, first, line, border, position, direction):
    """Begin at λ = `position` of `word` (k, H) and the shift that the path holds."""
    line[0], line[1] = position, direction
    copy_word(word, first)
    border[POINT], border[UNIT], border[LEFT] = -1, -1, BORDERS + word.size
    border[DIFFERENCE], border[FLIPS_LEFT], border[STEPS_LEFT] = 0, 0, 0


@kernel_part
def turn_bit(word, first, border):
    """Change the bit of the border that was reached, if any; False where the curve ends."""
    if border[LEFT] == 0:
        return False
    border[LEFT] -= 1
    t, j = border[POINT], border[UNIT]
    if t >= 0:
        word[t, j] ^= 1
        border[DIFFERENCE] += 1 if word[t, j] != first[t, j] else -1
        if border[DIFFERENCE] == 0:  # a word has one piece: the curve is closed
            border[LEFT] = 0
            return False
    return True


@kernel_part
def pass_piece(word, lines, line, border):
    """Go on to the border that the present word meets next; return whether λ changes its sign."""
    M = lines.shape[1] - word.shape[1]
    here_t, here_j, before = border[POINT], border[UNIT], line[0]
    if here_t >= 0:  # the unit that changed moves on to its new side
        line[1] = 1.0 if (lines[here_t, M + here_j, 1] > 0.0) == word[here_t, here_j] else -1.0
    room, speed = np.inf, 1.0
    border[POINT], border[UNIT] = -1, -1
    for t in range(word.shape[0]):
        for j in range(word.shape[1]):
            side = 1.0 if word[t, j] else -1.0
            slope = lines[t, M + j, 1]
            rate = -side * line[1] * slope
            if rate > 0.0 and (t != here_t or j != here_j):
                distance = max(side * (lines[t, M + j, 0] + before * slope), 0.0)
                if distance * speed < room * rate:
                    room, speed = distance, rate
                    border[POINT], border[UNIT] = t, j
    step = room / speed
    line[0] += line[1] * step
    if not step < FARTHEST:
        border[LEFT] = 0
    return before * line[0] <= 0.0 and before != 0.0
