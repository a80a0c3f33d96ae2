"""The points of a word's candidate, and how they move when the last step is shifted.

The candidate of a word solves z_{t+1} = J_t z_t + c_t around the cycle; with a shift of the last
step, z_0 = J_{k-1} z_{k-1} + c_{k-1} + λ d, its points are `points` + λ `rates`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiled import kernel
from .scyfi import TINY, compose_word, eliminate

TRUSTED_GROWTH = 1e6  # of the product up to which its solve leaves enough digits for a search
LOOK_EVERY = 4  # regions between two looks at the growth


class Workspace(NamedTuple):
    """Arrays of one order, made once: `values` and `slopes` are those of W2 z + h2."""

    points: np.ndarray
    rates: np.ndarray
    values: np.ndarray
    slopes: np.ndarray
    products: np.ndarray
    fed: np.ndarray
    system: np.ndarray
    panel: np.ndarray
    kept: np.ndarray
    z: np.ndarray
    image: np.ndarray
    rectified: np.ndarray


@kernel
def new_workspace(k, M, H):
    """Return the arrays for words of k regions."""
    return Workspace(
        points=np.empty((k, M)),
        rates=np.empty((k, M)),
        values=np.empty((k, H)),
        slopes=np.empty((k, H)),
        products=np.empty((k + 1, M, M + 1)),
        fed=np.empty((H, M + 1)),
        system=np.empty((M, M + 2)),
        panel=np.empty((2 * M, 3 * M + 2)),
        kept=np.empty((k, M, 3 * M + 2)),
        z=np.empty(M),
        image=np.empty(M),
        rectified=np.empty(H),
    )


@kernel
def fill_values(W2, h2, identity, work):
    """Write W2 z + h2 of all points to `values`, W2 r of their rates to `slopes`."""
    points, rates, values, slopes = work.points, work.rates, work.values, work.slopes
    for t in range(points.shape[0]):
        for j in range(values.shape[1]):
            fill_value(W2, h2, identity, points, rates, values, slopes, t, j)


@kernel
def fill_value(W2, h2, identity, points, rates, values, slopes, t, j):
    """Write the value and the slope of unit j at point t."""
    if identity:
        values[t, j] = points[t, j]
        slopes[t, j] = rates[t, j]
        return
    value, slope = h2[j], 0.0
    for m in range(points.shape[1]):
        value += W2[j, m] * points[t, m]
        slope += W2[j, m] * rates[t, m]
    values[t, j] = value
    slopes[t, j] = slope


@kernel
def follow_word(form, identity, word, work):
    """Fill points, rates, values and slopes of `work` from the first point and its rate."""
    A, W1, W2, h1, h2 = form
    points, rates, values, slopes = work.points, work.rates, work.values, work.slopes
    k, M = points.shape
    H = values.shape[1]
    for t in range(k):
        for j in range(H):
            fill_value(W2, h2, identity, points, rates, values, slopes, t, j)
        if t + 1 == k:
            break
        for i in range(M):
            point, rate = h1[i], 0.0
            for m in range(M):
                weight = A[i, m]
                if weight != 0.0:
                    point += weight * points[t, m]
                    rate += weight * rates[t, m]
            for j in range(H):
                if word[t, j]:
                    point += W1[i, j] * values[t, j]
                    rate += W1[i, j] * slopes[t, j]
            points[t + 1, i] = point
            rates[t + 1, i] = rate


@kernel
def solve_product(work, t, d):
    """Solve z = P z + c and r = P r + d; both stand in the last columns of `work.system` then.

    [P | c] is `work.products` of the first t regions.
    """
    products, system = work.products, work.system
    M = system.shape[0]
    for i in range(M):
        for n in range(M):
            system[i, n] = -products[t, i, n]
        system[i, i] += 1.0
        system[i, M] = products[t, i, M]
        system[i, M + 1] = d[i]
    return eliminate(system, M)


@kernel
def is_violent(products):
    """Return whether the product of a word grows, here or there, so that its digits are lost."""
    k, M = products.shape[0] - 1, products.shape[1]
    for t in range(k, 0, -LOOK_EVERY):
        for i in range(M):
            for n in range(M):
                if not abs(products[t, i, n]) < TRUSTED_GROWTH:
                    return True
    return False


@kernel
def solve_candidate(form, identity, word, first, d, work, flags):
    """Fill points, rates, values and slopes of `work` for `word` (k, H) and the shift d (M,).

    The regions before `first` are those of the word that was solved before. Returns False when
    there is no unique solution, or when one of the two `flags` was set.
    """
    if not compose_word(*form, identity, word, first, work.products, work.fed, *flags):
        return False
    k, M = work.points.shape
    if is_violent(work.products):
        if not solve_block_cyclic(form, identity, word, d, work, flags):
            return False
        fill_values(form[2], form[4], identity, work)
        return True
    if not solve_product(work, k, d):
        return False
    points, rates, system = work.points, work.rates, work.system
    for i in range(M):
        points[0, i] = system[i, M]
        rates[0, i] = system[i, M + 1]
    follow_word(form, identity, word, work)
    return True


@kernel
def write_equation(form, identity, word, t, panel, row, column):
    """Write the rows [-J | I | c | 0] of z_{t+1} = J z_t + c to `panel`, from `row`, `column` on.

    The unit matrix stands in the M columns from 2 M on; the right-hand sides follow.
    """
    A, W1, W2, h1, h2 = form
    M, H = W1.shape
    for i in range(M):
        for n in range(panel.shape[1]):
            panel[row + i, n] = 0.0
        for m in range(M):
            panel[row + i, column + m] = -A[i, m]
        panel[row + i, 3 * M] = h1[i]
        for j in range(H):
            if word[t, j]:
                if identity:
                    panel[row + i, column + j] -= W1[i, j]
                else:
                    for m in range(M):
                        panel[row + i, column + m] -= W1[i, j] * W2[j, m]
                    panel[row + i, 3 * M] += W1[i, j] * h2[j]
        panel[row + i, 2 * M + i] = 1.0


@kernel
def reduce_panel(panel, M):
    """Eliminate the middle M unknowns of `panel` (2 M rows) with partial pivoting."""
    columns = panel.shape[1]
    scale = 0.0
    for i in range(2 * M):
        for n in range(M, 2 * M):
            scale = max(scale, abs(panel[i, n]))
    if not scale < np.inf:
        return False
    for p in range(M):
        best = p
        for i in range(p + 1, 2 * M):
            if abs(panel[i, M + p]) > abs(panel[best, M + p]):
                best = i
        if not abs(panel[best, M + p]) > TINY * scale:
            return False
        if best != p:
            for n in range(columns):
                panel[best, n], panel[p, n] = panel[p, n], panel[best, n]
        for i in range(p + 1, 2 * M):
            factor = panel[i, M + p] / panel[p, M + p]
            if factor != 0.0:
                panel[i, M + p] = 0.0
                for n in range(columns):
                    if n < M or n > M + p:
                        panel[i, n] -= factor * panel[p, n]
    return True


@kernel
def solve_block_cyclic(form, identity, word, d, work, flags):
    """Fill points and rates of `work` from the coupled equations of all points.

    Going around by the explicit product loses as many digits as the multiplier has. Here the points
    z_1, z_2, … are eliminated one after the other; `panel` has columns for z_0, z_t, z_{t+1} and
    the two right-hand sides, and a pivot comes from the equations before and after z_t.
    """
    k, M = work.points.shape
    panel, system = work.panel, work.system
    columns = 3 * M + 2
    write_equation(form, identity, word, 0, panel, 0, 0)
    for t in range(1, k):
        if flags[0][0] != 0 or flags[1][0] != 0:
            return False
        for i in range(M):  # what was z_{t+1} is z_t now
            for n in range(M):
                panel[i, M + n] = panel[i, 2 * M + n]
                panel[i, 2 * M + n] = 0.0
        write_equation(form, identity, word, t, panel, M, M)
        if t == k - 1:
            for i in range(M):
                panel[M + i, columns - 1] = d[i]
        if not reduce_panel(panel, M):
            return False
        for i in range(M):
            for n in range(columns):
                work.kept[t, i, n] = panel[i, n]
                panel[i, n] = panel[M + i, n]
    for i in range(M):
        for n in range(M):
            system[i, n] = panel[i, n] + panel[i, 2 * M + n]
        system[i, M] = panel[i, 3 * M]
        system[i, M + 1] = panel[i, 3 * M + 1] if k > 1 else d[i]
    if not eliminate(system, M):
        return False
    for i in range(M):
        work.points[0, i] = system[i, M]
        work.rates[0, i] = system[i, M + 1]
    for t in range(k - 1, 0, -1):
        substitute_back(work.kept[t], work.points, t, 3 * M)
        substitute_back(work.kept[t], work.rates, t, 3 * M + 1)
    return True


@kernel
def substitute_back(rows, points, t, right):
    """Solve the kept `rows` for point t; the first and the next point are known."""
    k, M = points.shape
    after = 0 if t + 1 == k else t + 1
    for i in range(M - 1, -1, -1):
        total = rows[i, right]
        for n in range(M):
            total -= rows[i, n] * points[0, n] + rows[i, 2 * M + n] * points[after, n]
        for n in range(i + 1, M):
            total -= rows[i, M + n] * points[t, n]
        points[t, i] = total / rows[i, M + i]
