"""The SCYFI iteration as published, compiled, for one order at a time.

Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*, NeurIPS
2023, Algorithm 1: draw a random word; solve for its candidate; while the candidate is virtual, take
the regions that its orbit visits as the next word; restart when the inner loop has run out; a new
real cycle resets both loops. `curves` has a search that finds more.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel, kernel_part
from ...models.kernels import step_into
from .draws import draw_word

FINISHED, FULL, STOPPED = 0, 1, 2
OUTER, INNER, FOUND = 0, 1, 2  # entries of `counters`: loops done, words found
TINY = 1e-15  # smallest pivot, relative to the largest entry


@kernel_part
def compose_word(A, W1, W2, h1, h2, identity, word, products, Y, cancel, expired):
    """Write the affine maps [P | c] of the first t regions of `word` to products[t] (M, M + 1).

    `identity` says that W2 is the identity and h2 zero. Zeros are skipped: A is a diagonal in most
    architectures. `products` is (k + 1, M, M + 1).

    Returns
    -------
    bool
        False when a flag was set: a long word of a large network takes longer than a person waits.
    """
    M, H = W1.shape
    for i in range(M):
        for n in range(M + 1):
            products[0, i, n] = 0.0
        products[0, i, i] = 1.0
    for t in range(word.shape[0]):
        if cancel[0] != 0 or expired[0] != 0:
            return False
        if not identity:
            for j in range(H):
                if word[t, j]:
                    for n in range(M + 1):
                        Y[j, n] = 0.0
                    for m in range(M):
                        weight = W2[j, m]
                        for n in range(M + 1):
                            Y[j, n] += weight * products[t, m, n]
                    Y[j, M] += h2[j]
        for i in range(M):
            for n in range(M):
                products[t + 1, i, n] = 0.0
            products[t + 1, i, M] = h1[i]
            for m in range(M):
                weight = A[i, m]
                if identity and word[t, m]:
                    weight += W1[i, m]
                if weight != 0.0:
                    for n in range(M + 1):
                        products[t + 1, i, n] += weight * products[t, m, n]
            if not identity:
                for j in range(H):
                    if word[t, j]:
                        weight = W1[i, j]
                        for n in range(M + 1):
                            products[t + 1, i, n] += weight * Y[j, n]
    return True


@kernel_part
def eliminate(system, M):
    """Solve the M equations of `system` (M, M + r), its last r columns the right-hand sides.

    Gaussian elimination with partial pivoting, in place: LAPACK's overhead would dominate at the
    sizes that sliders move. The solutions replace the right-hand sides; False if there are none.
    """
    columns = system.shape[1]
    scale = 0.0
    for i in range(M):
        for n in range(M):
            scale = max(scale, abs(system[i, n]))
    if not scale < np.inf:
        return False
    for p in range(M):
        best = p
        for i in range(p + 1, M):
            if abs(system[i, p]) > abs(system[best, p]):
                best = i
        if not abs(system[best, p]) > TINY * scale:
            return False
        if best != p:
            for n in range(p, columns):
                system[best, n], system[p, n] = system[p, n], system[best, n]
        for i in range(p + 1, M):
            factor = system[i, p] / system[p, p]
            if factor != 0.0:
                for n in range(p + 1, columns):
                    system[i, n] -= factor * system[p, n]
    for i in range(M - 1, -1, -1):
        for r in range(M, columns):
            total = system[i, r]
            for n in range(i + 1, M):
                total -= system[i, n] * system[n, r]
            system[i, r] = total / system[i, i]
    return True


@kernel_part
def solve_fixed_point(X, system, z):
    """Write the solution of z = P z + c, X = [P | c], to z (M,); False if it has no unique one."""
    M = X.shape[0]
    for i in range(M):
        for n in range(M):
            system[i, n] = -X[i, n]
        system[i, i] += 1.0
        system[i, M] = X[i, M]
    if not eliminate(system, M):
        return False
    for i in range(M):
        z[i] = system[i, M]
    return True


@kernel_part
def visit_regions(A, W1, W2, h1, h2, z, rectified, out, visited):
    """Write the regions of the orbit of z to `visited` (k, H); False if it leaves all bounds."""
    M, H = W1.shape
    for t in range(visited.shape[0]):
        step_into(A, W1, W2, h1, h2, z, rectified, out)
        for j in range(H):
            visited[t, j] = 1 if rectified[j] > 0.0 else 0
        for i in range(M):
            z[i] = out[i]
            if not abs(z[i]) < 1e150:
                return False
    return True


@kernel_part
def copy_word(word, target):
    """Copy a word (k, H): Numba takes seconds to compile the assignment of a slice."""
    for t in range(word.shape[0]):
        for j in range(word.shape[1]):
            target[t, j] = word[t, j]


@kernel_part
def same_word(word, other):
    """Return whether two words (k, H) agree in every bit."""
    for t in range(word.shape[0]):
        for j in range(word.shape[1]):
            if word[t, j] != other[t, j]:
                return False
    return True


@kernel_part
def is_rotation(word, other, shift):
    """Return whether `other` (k, H) is `word` rotated by `shift`."""
    k = word.shape[0]
    for t in range(k):
        u = t + shift
        if u >= k:
            u -= k
        for j in range(word.shape[1]):
            if word[t, j] != other[u, j]:
                return False
    return True


@kernel_part
def is_repetition(word):
    """Return whether `word` (k, H) repeats a shorter one."""
    k = word.shape[0]
    for p in range(1, k // 2 + 1):  # noqa: SIM110 (Numba has no any() over a generator)
        if k % p == 0 and is_rotation(word, word, p):
            return True
    return False


@kernel_part
def is_known(word, found, n_found):
    """Return whether `word` (k, H) is a rotation of one of the first `n_found` words found."""
    for n in range(n_found):
        for shift in range(word.shape[0]):
            if is_rotation(word, found[n], shift):
                return True
    return False


@kernel
def search_order(
    A, W1, W2, h1, h2, identity, outer_limit, inner_limit, state, counters, found, cancel, expired
):
    """Search the cycles of one order; `found` (capacity, k, H) collects their words.

    The first `counters[FOUND]` words are known on entry: the published search skips the points of
    lower orders by giving their words, repeated, here. `state` and `counters` hold all that is
    needed to go on: the caller may enlarge `found` after FULL and call again.

    Returns
    -------
    int
        FINISHED, FULL or STOPPED (the caller's flag `cancel` or the clock's `expired` was set).
    """
    M, H = W1.shape
    k = found.shape[1]
    word, visited = np.empty((k, H), np.uint8), np.empty((k, H), np.uint8)
    products, Y = np.empty((k + 1, M, M + 1)), np.empty((H, M + 1))
    system = np.empty((M, M + 1))
    z, out, rectified = np.empty(M), np.empty(M), np.empty(H)
    while counters[OUTER] < outer_limit:
        if counters[FOUND] == found.shape[0]:
            return FULL
        draw_word(state, word)
        counters[OUTER] += 1
        counters[INNER] = 0
        while counters[INNER] < inner_limit:
            counters[INNER] += 1
            if not compose_word(A, W1, W2, h1, h2, identity, word, products, Y, cancel, expired):
                return STOPPED
            if not solve_fixed_point(products[k], system, z):
                break
            if not visit_regions(A, W1, W2, h1, h2, z, rectified, out, visited):
                break
            if same_word(word, visited):
                if not is_known(word, found, counters[FOUND]):
                    copy_word(word, found[counters[FOUND]])
                    counters[FOUND] += 1
                    counters[OUTER] = 0
                break
            word, visited = visited, word
    return FINISHED
