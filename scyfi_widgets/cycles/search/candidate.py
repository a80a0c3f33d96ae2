"""The points of a word's candidate, and how they move when the last step is shifted.

The candidate of a word solves z_{t+1} = J_t z_t + c_t around the cycle; with a shift of the last
step, z_0 = J_{k-1} z_{k-1} + c_{k-1} + λ d, its points are straight lines in λ.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel_part
from ...models.relu_form import ReluForm
from .block_elimination import solve_block_cyclic
from .scyfi import eliminate

UNSOLVED, CALM, VIOLENT = 0, 1, 2
TRUSTED_GROWTH = 1e6  # of the product up to which its solve leaves enough digits for a search
LOOK_EVERY = 4  # regions between two looks at the growth


def pack_weights(form: ReluForm) -> np.ndarray:
    """Return `weights` (M + H, M + 1 + H), with the rows [A | h1 | W1] and [W2 | h2 | 0].

    One array instead of five: Numba's time goes by the number of arrays that kernels hand on.
    """
    A, W1, W2, h1, h2 = form
    nothing = np.zeros((len(h2), len(h2)))
    return np.ascontiguousarray(np.block([[A, h1[:, None], W1], [W2, h2[:, None], nothing]]))


@kernel_part
def write_map(weights, identity, word, t, maps):
    """Write the affine map [J | c] of region t of `word` (k, H) to maps[t] (M, M + 1)."""
    M, H = maps.shape[1], word.shape[1]
    for i in range(M):
        for m in range(M + 1):
            maps[t, i, m] = weights[i, m]
        for j in range(H):
            if word[t, j]:
                weight = weights[i, M + 1 + j]
                if identity:
                    maps[t, i, j] += weight
                else:
                    for m in range(M + 1):
                        maps[t, i, m] += weight * weights[M + j, m]


@kernel_part
def compose_maps(weights, identity, word, maps, product, flags):
    """Write the maps of all regions, and their product to product[k % 2] (M, M + 1).

    Returns
    -------
    int
        CALM; UNSOLVED when a flag was set; VIOLENT where the product grows so much that its digits
        are lost: `product` is not the product then.
    """
    k, M = maps.shape[0], maps.shape[1]
    for i in range(M):
        for n in range(M + 1):
            product[0, i, n] = 1.0 if i == n else 0.0
    status = CALM
    for t in range(k):
        if flags[0][0] != 0 or flags[1][0] != 0:
            return UNSOLVED
        write_map(weights, identity, word, t, maps)
        if status == CALM:
            multiply(maps, t, product)
            if ((t + 1) % LOOK_EVERY == 0 or t + 1 == k) and is_violent(product, (t + 1) % 2):
                status = VIOLENT
    return status


@kernel_part
def multiply(maps, t, product):
    """Write maps[t] after product[t % 2] to the other entry of `product` (2, M, M + 1)."""
    M = maps.shape[1]
    here, there = t % 2, (t + 1) % 2
    for i in range(M):
        for n in range(M):
            product[there, i, n] = 0.0
        product[there, i, M] = maps[t, i, M]
        for m in range(M):
            weight = maps[t, i, m]
            if weight != 0.0:
                for n in range(M + 1):
                    product[there, i, n] += weight * product[here, m, n]


@kernel_part
def is_violent(product, n):
    """Return whether an entry of product[n] (M, M + 1), but for its last column, is large."""
    M = product.shape[1]
    for i in range(M):
        for m in range(M):
            if not abs(product[n, i, m]) < TRUSTED_GROWTH:
                return True
    return False


@kernel_part
def close_map(affine, d, system):
    """Solve z = P z + c, r = P r + d and G = P G + 1 for [P | c] = `affine` (M, M + 1).

    The last columns of `system` (M, 2 M + 2) are z, r and G then; False if there is no solution.
    """
    M = affine.shape[0]
    for i in range(M):
        for n in range(M):
            system[i, n] = -affine[i, n]
            system[i, M + 2 + n] = 0.0
        system[i, i] += 1.0
        system[i, M] = affine[i, M]
        system[i, M + 1] = d[i]
        system[i, M + 2 + i] = 1.0
    return eliminate(system, M)


@kernel_part
def follow_maps(maps, lines):
    """Fill the points and rates of `lines` (k, M + H, 2) from the first ones."""
    M = maps.shape[1]
    for t in range(maps.shape[0] - 1):
        for i in range(M):
            point, rate = maps[t, i, M], 0.0
            for m in range(M):
                weight = maps[t, i, m]
                point += weight * lines[t, m, 0]
                rate += weight * lines[t, m, 1]
            lines[t + 1, i, 0] = point
            lines[t + 1, i, 1] = rate


@kernel_part
def fill_values(weights, identity, M, lines):
    """Write W2 z + h2 and its rates to the last H rows of every entry of `lines`."""
    for t in range(lines.shape[0]):
        for j in range(M, lines.shape[1]):
            if identity:
                lines[t, j, 0] = lines[t, j - M, 0]
                lines[t, j, 1] = lines[t, j - M, 1]
                continue
            value, slope = weights[j, M], 0.0
            for m in range(M):
                value += weights[j, m] * lines[t, m, 0]
                slope += weights[j, m] * lines[t, m, 1]
            lines[t, j, 0] = value
            lines[t, j, 1] = slope


@kernel_part
def solve_candidate(weights, identity, word, d, maps, product, system, rows, lines, flags):
    """Fill `lines` for `word` (k, H) and the shift d (M,).

    Parameters
    ----------
    weights : (M + H, M + 1 + H) array
        From `pack_weights`.
    identity : bool
        Whether W2 is the identity and h2 is zero.
    maps : (k, M, M + 1) array
        Receives the affine maps of the regions.
    product, system, rows : arrays (2, M, M + 1), (M, 2 M + 2), (k M, 3 M + 2)
        Working memory; `system` keeps (1 - P)^-1 in its last M columns.
    lines : (k, M + H, 2) array
        Receives the points z and W2 z + h2 at λ = 0, and their rates of change with λ.
    flags : pair of (1,) int64 arrays
        Either ends the work.

    Returns
    -------
    int
        CALM; VIOLENT, where `system` is not kept; UNSOLVED, where there is no unique solution or a
        flag was set.
    """
    k, M = maps.shape[0], maps.shape[1]
    status = compose_maps(weights, identity, word, maps, product, flags)
    if status == VIOLENT:
        if not solve_block_cyclic(maps, d, rows, lines, flags):
            return UNSOLVED
    elif status == CALM:
        if not close_map(product[k % 2], d, system):
            return UNSOLVED
        for i in range(M):
            lines[0, i, 0] = system[i, M]
            lines[0, i, 1] = system[i, M + 1]
        follow_maps(maps, lines)
    fill_values(weights, identity, M, lines)
    return status
