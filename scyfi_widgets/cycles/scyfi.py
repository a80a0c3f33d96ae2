"""The SCYFI iteration, compiled, for one order at a time.

Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*, NeurIPS
2023, Algorithm 1: draw a random word; solve for its candidate; while the candidate is virtual, take
the regions that its orbit visits as the next word; restart when the inner loop has run out; a new
real cycle resets both loops.

The iteration is a deterministic map on words. A word that comes back within one inner loop would
come back for ever, so the loop is left as soon as that is seen (Brent's method): what is found is
what the full loop finds from the same random words, at a fraction of the work.
"""

from __future__ import annotations

import numpy as np

from ..compiled import kernel
from ..models.kernels import step_into

FINISHED, FULL, STOPPED = 0, 1, 2
OUTER, TRIES, FOUND = 0, 1, 2  # entries of `counters`: outer loops done, words tried, cycles found


@kernel
def next_random(state):
    """Advance `state` (1,) uint64 and return 64 random bits (splitmix64, Steele et al. 2014)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    x = state[0]
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@kernel
def draw_word(state, word):
    """Fill `word` (k, H) with random bits."""
    bits, left = np.uint64(0), 0
    for t in range(word.shape[0]):
        for j in range(word.shape[1]):
            if left == 0:
                bits, left = next_random(state), 64
            word[t, j] = np.uint8(bits & np.uint64(1))
            bits >>= np.uint64(1)
            left -= 1


@kernel
def advance_affine(A, W1, W2, h1, h2, identity, region, X, Y, out):
    """Write the image of the affine map X = [P | c] (M, M + 1) under one region's step to `out`.

    `identity` says that W2 is the identity: rows of X are then the rectified units themselves.
    Zeros of A are skipped, since A is a diagonal in most architectures.
    """
    M, H = W1.shape
    columns = M + 1
    if not identity:
        for j in range(H):
            if region[j]:
                for n in range(columns):
                    Y[j, n] = 0.0
                for m in range(M):
                    weight = W2[j, m]
                    for n in range(columns):
                        Y[j, n] += weight * X[m, n]
                Y[j, M] += h2[j]
    rectified = X if identity else Y
    for i in range(M):
        for n in range(columns):
            out[i, n] = 0.0
        out[i, M] = h1[i]
        for m in range(M):
            weight = A[i, m]
            if weight != 0.0:
                for n in range(columns):
                    out[i, n] += weight * X[m, n]
        for j in range(H):
            if region[j]:
                weight = W1[i, j]
                for n in range(columns):
                    out[i, n] += weight * rectified[j, n]


@kernel
def compose_word(A, W1, W2, h1, h2, identity, word, X, Y, spare):
    """Write the affine map [P | c] of a whole word (k, H) to X (M, M + 1)."""
    M = W1.shape[0]
    for i in range(M):
        for n in range(M + 1):
            X[i, n] = 0.0
        X[i, i] = 1.0
    for t in range(word.shape[0]):
        advance_affine(A, W1, W2, h1, h2, identity, word[t], X, Y, spare)
        for i in range(M):
            for n in range(M + 1):
                X[i, n] = spare[i, n]


@kernel
def solve_fixed_point(X, system, z):
    """Write the solution of z = P z + c, X = [P | c], to z (M,); False if it has no unique one.

    Gaussian elimination with partial pivoting in `system` (M, M + 1): LAPACK's overhead would
    dominate at the sizes that sliders move.
    """
    M = X.shape[0]
    scale = 0.0
    for i in range(M):
        for n in range(M):
            system[i, n] = -X[i, n]
        system[i, i] += 1.0
        system[i, M] = X[i, M]
        for n in range(M):
            scale = max(scale, abs(system[i, n]))
    if not scale < np.inf:
        return False
    for p in range(M):
        best = p
        for i in range(p + 1, M):
            if abs(system[i, p]) > abs(system[best, p]):
                best = i
        pivot = system[best, p]
        if not abs(pivot) > 1e-15 * scale:
            return False
        if best != p:
            for n in range(p, M + 1):
                system[best, n], system[p, n] = system[p, n], system[best, n]
        for i in range(p + 1, M):
            factor = system[i, p] / pivot
            if factor != 0.0:
                for n in range(p + 1, M + 1):
                    system[i, n] -= factor * system[p, n]
    for i in range(M - 1, -1, -1):
        total = system[i, M]
        for n in range(i + 1, M):
            total -= system[i, n] * z[n]
        z[i] = total / system[i, i]
    return True


@kernel
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


@kernel
def same_word(word, other):
    """Return whether two words (k, H) agree in every bit."""
    for t in range(word.shape[0]):
        for j in range(word.shape[1]):
            if word[t, j] != other[t, j]:
                return False
    return True


@kernel
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


@kernel
def is_repetition(word):
    """Return whether `word` (k, H) repeats a shorter one."""
    k = word.shape[0]
    for p in range(1, k // 2 + 1):  # noqa: SIM110 (Numba has no any() over a generator)
        if k % p == 0 and is_rotation(word, word, p):
            return True
    return False


@kernel
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

    `state` and `counters` hold all that is needed to go on: the caller may enlarge `found` after
    FULL and call again.

    Returns
    -------
    int
        FINISHED, FULL or STOPPED (the caller's flag `cancel` or the clock's `expired` was set).
    """
    M, H = W1.shape
    k = found.shape[1]
    word = np.empty((k, H), np.uint8)
    visited = np.empty((k, H), np.uint8)
    anchor = np.empty((k, H), np.uint8)
    X, spare, system = np.empty((M, M + 1)), np.empty((M, M + 1)), np.empty((M, M + 1))
    Y = np.empty((H, M + 1))
    z, out, rectified = np.empty(M), np.empty(M), np.empty(H)
    while counters[OUTER] < outer_limit:
        if counters[FOUND] == found.shape[0]:
            return FULL
        draw_word(state, word)
        counters[OUTER] += 1
        anchor_at, anchor_life = 0, 1
        anchor[:] = word
        for inner in range(inner_limit):
            if cancel[0] != 0 or expired[0] != 0:
                return STOPPED
            counters[TRIES] += 1
            compose_word(A, W1, W2, h1, h2, identity, word, X, Y, spare)
            if not solve_fixed_point(X, system, z):
                break
            if not visit_regions(A, W1, W2, h1, h2, z, rectified, out, visited):
                break
            if same_word(word, visited):
                # A repetition is a cycle of a lower order, found there.
                if not is_repetition(word) and not is_known(word, found, counters[FOUND]):
                    found[counters[FOUND]] = word
                    counters[FOUND] += 1
                    counters[OUTER] = 0
                break
            if same_word(visited, anchor):
                break
            if inner - anchor_at == anchor_life:
                anchor[:] = visited
                anchor_at, anchor_life = inner, 2 * anchor_life
            word, visited = visited, word
    return FINISHED
