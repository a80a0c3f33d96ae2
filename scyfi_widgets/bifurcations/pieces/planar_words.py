"""A word's cycle at one parameter, for two states: the fast path of `word_functions`."""

from __future__ import annotations

import numpy as np

from ...compiled import kernel

MOST_STRETCH = 1e4  # by successive Jacobians that are multiplied out
MOST_MISMATCH = 2e-13  # of the orbit's end and start, relative to the largest point
ROUNDING = 2.0**-50
NEAR = 1e-8  # squared distance of two eigenvalues, relative to their size, that rounding spoils


@kernel
def planar_product(flat, word, maps):
    """Multiply out the maps z -> J_t z + c_t of a word (k, H) for M = 2.

    Parameters
    ----------
    flat : (6 + 5 H,) array
        A, W1, W2, h1, h2, one after the other, row by row.
    word : (k, H) uint8
    maps : (k + 1, 6)
        Written: J_t, row by row, and c_t; last P and c.

    Returns
    -------
    stretch : float
        A bound of the norm of any product of successive Jacobians. Where it is above
        `MOST_STRETCH` the product is too inexact to be used.
    largest : float
        The largest entry of all first products J_t ... J_0, at least 1.
    determinant : float
        det P as the product of determinants.
    """
    k, H = word.shape
    a, b, c, d, p, q = 1.0, 0.0, 0.0, 1.0, 0.0, 0.0
    stretch, running, largest, determinant = 1.0, 1.0, 1.0, 1.0
    out, back, bias = 4, 4 + 2 * H, 6 + 4 * H  # where W1, W2 and h2 begin
    for t in range(k):
        j00, j01, j10, j11 = flat[0], flat[1], flat[2], flat[3]
        c0, c1 = flat[bias - 2], flat[bias - 1]
        for j in range(H):
            bit = float(word[t, j])  # a factor and no branch: bits are hard to predict
            w0, w1 = flat[out + j] * bit, flat[out + H + j] * bit
            u0, u1 = flat[back + 2 * j], flat[back + 2 * j + 1]
            j00 += w0 * u0
            j01 += w0 * u1
            j10 += w1 * u0
            j11 += w1 * u1
            c0 += w0 * flat[bias + j]
            c1 += w1 * flat[bias + j]
        maps[t, 0], maps[t, 1], maps[t, 2], maps[t, 3] = j00, j01, j10, j11
        maps[t, 4], maps[t, 5] = c0, c1
        a, c = j00 * a + j01 * c, j10 * a + j11 * c
        b, d = j00 * b + j01 * d, j10 * b + j11 * d
        p, q = j00 * p + j01 * q + c0, j10 * p + j11 * q + c1
        determinant *= j00 * j11 - j01 * j10
        running = max(running, 1.0) * max(abs(j00) + abs(j01), abs(j10) + abs(j11))
        stretch = max(stretch, running)
        largest = max(largest, max(abs(a), abs(b)), max(abs(c), abs(d)))
    maps[k, 0], maps[k, 1], maps[k, 2], maps[k, 3], maps[k, 4], maps[k, 5] = a, b, c, d, p, q
    return stretch, largest, determinant


@kernel
def solve_planar(flat, word, maps, numerators, values, row):
    """Solve a word at one parameter, as `word_functions.solve_word` does.

    `numerators` (k, 2) are written, and D and all N to values[row] (1 + k H).

    Returns
    -------
    trusted : bool
        Whether the product of the word's maps is exact enough.
    noise_D, noise_N : float
    """
    k, H = word.shape
    stretch, largest, determinant = planar_product(flat, word, maps)
    if not stretch <= MOST_STRETCH:
        return False, 0.0, 0.0
    a, b, c, d, p, q = maps[k, 0], maps[k, 1], maps[k, 2], maps[k, 3], maps[k, 4], maps[k, 5]
    D = 1.0 - (a + d) + determinant
    x0, y0 = (1.0 - d) * p + b * q, c * p + (1.0 - a) * q
    x, y, size = x0, y0, 0.0
    back, bias = 4 + 2 * H, 6 + 4 * H
    values[row, 0] = D
    for t in range(k):
        numerators[t, 0], numerators[t, 1] = x, y
        size = max(size, max(abs(x), abs(y)))
        for j in range(H):
            u0, u1 = flat[back + 2 * j], flat[back + 2 * j + 1]
            values[row, 1 + t * H + j] = flat[bias + j] * D + u0 * x + u1 * y
        x, y = (
            maps[t, 0] * x + maps[t, 1] * y + maps[t, 4] * D,
            maps[t, 2] * x + maps[t, 3] * y + maps[t, 5] * D,
        )
    if not max(abs(x - x0), abs(y - y0)) <= MOST_MISMATCH * max(size, abs(D)):
        return False, 0.0, 0.0
    rows, biases = 0.0, 0.0
    for j in range(H):
        rows = max(rows, abs(flat[back + 2 * j]) + abs(flat[back + 2 * j + 1]))
        biases = max(biases, abs(flat[bias + j]))
    noise_D = ROUNDING * (1.0 + abs(a) + abs(d) + abs(determinant))
    return True, noise_D, ROUNDING * largest * (rows * size + biases * abs(D))


@kernel
def planar_eigenvalues(maps, eigenvalues, row):
    """Write the eigenvalues of P, the larger one first, from what `planar_product` has written.

    Returns
    -------
    bool
        False, with nothing written, where rounding spoils them: the product stretches too much, or
        the two are too near to one another.
    """
    k = maps.shape[0] - 1
    stretch, running, determinant = 1.0, 1.0, 1.0
    for t in range(k):
        j00, j01, j10, j11 = maps[t, 0], maps[t, 1], maps[t, 2], maps[t, 3]
        determinant *= j00 * j11 - j01 * j10
        running = max(running, 1.0) * max(abs(j00) + abs(j01), abs(j10) + abs(j11))
        stretch = max(stretch, running)
    half = 0.5 * (maps[k, 0] + maps[k, 3])
    size = half * half + abs(determinant)
    discriminant = half * half - determinant
    if not (stretch <= MOST_STRETCH and abs(discriminant) > NEAR * size + ROUNDING * stretch):
        return False
    if discriminant < 0.0:
        part = np.sqrt(-discriminant)
        eigenvalues[row, 0], eigenvalues[row, 1] = complex(half, part), complex(half, -part)
        return True
    part = np.sqrt(discriminant)
    large = half - part if half < 0.0 else half + part
    small = determinant / large
    if abs(large) <= abs(small) * (1.0 + NEAR) and large < small:
        large, small = small, large
    eigenvalues[row, 0], eigenvalues[row, 1] = large, small
    return True
