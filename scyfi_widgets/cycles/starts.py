"""Where a curve begins: orbits, candidates of random words, and cycles that are known.

Every orbit segment z_0 … z_{k-1} is a cycle of the map whose last step is shifted by
d = z_0 - F(z_{k-1}): the point λ = 1 of a curve.
"""

from __future__ import annotations

import numpy as np

from ..compiled import kernel
from ..models.kernels import step_into
from .candidate import solve_candidate, solve_product
from .draws import draw_below, draw_uniform, draw_word
from .path import begin_path
from .scyfi import compose_word, visit_regions
from .visited import forget, is_full, remember, word_keys

SCYFI_STEPS = 20  # of one random word
WARM_UP = 20  # an orbit is read after at most so many steps, and 4 for each region of the word


@kernel
def draw_point(form, identity, state, region, work, flags, z):
    """Draw z (M,) from a box as large as the candidate of a random region (1, H)."""
    draw_word(state, region)
    z[:] = 0.0
    compose_word(*form, identity, region, 0, work.products, work.fed, *flags)
    size = 0.0
    if solve_product(work, 1, z):
        for i in range(z.shape[0]):
            size = max(size, abs(work.system[i, z.shape[0]]))
    if not 0.0 < size < np.inf:
        size = 1.0
    for i in range(z.shape[0]):
        z[i] = 2.0 * size * (2.0 * draw_uniform(state) - 1.0)


@kernel
def close_segment(form, path, work, z):
    """Begin `path` at the orbit of z, which is lost; False if it leaves all bounds."""
    path.d[:] = z
    if not visit_regions(*form, z, work.rectified, work.image, path.word):
        return False
    for i in range(z.shape[0]):
        path.d[i] -= z[i]
    begin_path(path, 1.0, -1.0)
    return True


@kernel
def start_from_orbit(form, identity, state, path, work, flags):
    """Begin `path` at a random orbit, near its start or later; False if that leaves all bounds."""
    z, image = work.z, work.image
    draw_point(form, identity, state, path.word[:1], work, flags, z)
    latest = 3 if draw_below(state, 2) == 0 else WARM_UP + 4 * path.word.shape[0]
    for _ in range(draw_below(state, latest)):
        step_into(*form, z, work.rectified, image)
        z[:] = image
    return close_segment(form, path, work, z)


@kernel
def start_from_word(form, identity, state, path, work, flags, visited):
    """Begin `path` where the SCYFI iteration from a random word comes to a word visited before.

    At a real word the shift is a rounding error, and the curve crosses λ = 0 at once. Returns False
    where a word has no candidate, or its orbit leaves all bounds.
    """
    draw_word(state, path.word)
    for n in range(SCYFI_STEPS):
        if is_full(visited):
            forget(visited)
        if remember(visited, word_keys(path.word)[0]):
            return n > 0
        path.d[:] = 0.0
        if not solve_candidate(form, identity, path.word, 0, path.d, work, flags):
            return False
        if not close_segment(form, path, work, work.points[0]):
            return False
    return True


@kernel
def start_from_cycle(form, identity, state, path, work, flags, word):
    """Begin `path` at the cycle of `word` (k, H), in a random rotation and direction."""
    k = word.shape[0]
    draw_point(form, identity, state, path.word[:1], work, flags, path.d)
    shift = draw_below(state, k)
    for t in range(k):
        path.word[t] = word[(t + shift) % k]
    begin_path(path, 0.0, 1.0 if draw_below(state, 2) == 0 else -1.0)
    return True
