"""From one real word to the next along a curve, border by border.

Shift the last step of the cycle: z_0 = F(z_{k-1}) + λ d. The solutions (z, λ) form piecewise linear
curves, one word a piece, and each crossing of λ = 0 is a cycle. A curve is followed by changing one
bit at each border, as in complementary pivoting (Lemke 1965; Eaves 1972): where the SCYFI iteration
circles among virtual words, a curve goes on, to the next cycle or to infinity.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiled import kernel
from .candidate import solve_candidate

FARTHEST = 1e12  # a step in λ that counts as infinite
BORDERS = 40  # that a curve may cross, and one more for every bit of its word


class Path(NamedTuple):
    """Where a curve is: its word (k, H), its shift d (M,), λ and its direction, the next border."""

    word: np.ndarray
    first: np.ndarray  # the word where it began
    d: np.ndarray
    line: np.ndarray  # (2,): λ, and +1.0 or -1.0
    border: np.ndarray  # (4,): the point and the unit that change next (or -1), borders left, and
    # in how many bits `word` differs from `first`


@kernel
def new_path(k, M, H):
    """Return a path to be begun by `begin_path`."""
    return Path(
        word=np.empty((k, H), np.uint8),
        first=np.empty((k, H), np.uint8),
        d=np.zeros(M),
        line=np.zeros(2),
        border=np.zeros(4, np.int64),
    )


@kernel
def begin_path(path, position, direction):
    """Begin at λ = `position` of the word and the shift that `path` holds."""
    path.line[0], path.line[1] = position, direction
    path.first[:] = path.word
    path.border[0], path.border[1], path.border[3] = -1, -1, 0
    path.border[2] = BORDERS + path.word.size


@kernel
def next_border(path, work):
    """Find the border that the present word meets next; return the step in λ up to it."""
    word, values, slopes = path.word, work.values, work.slopes
    position, direction = path.line[0], path.line[1]
    here_t, here_j = path.border[0], path.border[1]
    least, next_t, next_j = np.inf, -1, -1
    for t in range(word.shape[0]):
        for j in range(word.shape[1]):
            side = 1.0 if word[t, j] else -1.0
            rate = side * direction * slopes[t, j]
            if rate < 0.0 and (t != here_t or j != here_j):
                step = max(side * (values[t, j] + position * slopes[t, j]), 0.0) / -rate
                if step < least:
                    least, next_t, next_j = step, t, j
    path.border[0], path.border[1] = next_t, next_j
    return least


@kernel
def next_crossing(form, identity, path, work, flags):
    """Follow the curve until λ changes its sign: `path.word` is real then; False at its end."""
    while path.border[2] > 0:
        path.border[2] -= 1
        t, j = path.border[0], path.border[1]
        if t >= 0:
            path.word[t, j] ^= 1
            path.border[3] += 1 if path.word[t, j] != path.first[t, j] else -1
            if path.border[3] == 0:  # a word has one piece: the curve is closed
                path.border[2] = 0
                return False
        if not solve_candidate(form, identity, path.word, max(t, 0), path.d, work, flags):
            break
        if t >= 0:  # the unit that changed moves on to its new side
            path.line[1] = 1.0 if (work.slopes[t, j] > 0.0) == (path.word[t, j] == 1) else -1.0
        before = path.line[0]
        step = next_border(path, work)
        path.line[0] += path.line[1] * step
        if not step < FARTHEST:
            path.border[2] = 0
        if before * path.line[0] <= 0.0 and before != 0.0:
            return True
    return False
