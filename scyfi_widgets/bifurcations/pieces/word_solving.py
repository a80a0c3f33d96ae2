"""The linear system of a word's cycle at one parameter, for any number of states, poles included.

Where the regions of the word stretch little, P and c are multiplied out. Their rounding grows with
the stretching, so where that is large the block-cyclic system is solved by reflections.
"""

from __future__ import annotations

import math

import numpy as np

from ...compiled import kernel_part
from ...cycles.solving.block_cyclic import factor_cycle, solve_cycle
from ...cycles.solving.refine import write_jacobian
from .planar_words import MOST_MISMATCH, ROUNDING

MOST_STRETCH = 1e3  # by successive Jacobians that are multiplied out
BLOCK_NOISE = 8.0  # times M k roundings: how inexact the block-cyclic determinant is
NUDGE = 1.0 + 2.0**-48  # of a Jacobian whose word is singular to the last digit


@kernel_part
def _explicit(reals, integers, M, k):
    """Return parts of the memory: what `multiply_out` writes, a system, and its permutation.

    They are the Jacobians (k, M, M), constants (k, M), the product (M, M), its constant (M,), the
    system (M, M + 1), the permutation (M,) and bounds of the rows of W2 and of h2 (2,).
    """
    first = k * M * M
    second = first + k * M
    third = second + M * M
    fourth = third + M
    fifth = fourth + M * (M + 1)
    return (
        reals[:first].reshape(k, M, M),
        reals[first:second].reshape(k, M),
        reals[second:third].reshape(M, M),
        reals[third:fourth],
        reals[fourth:fifth].reshape(M, M + 1),
        integers[:M],
        reals[fifth : fifth + 2],
    )


@kernel_part
def multiply_out(A, W1, W2, h1, h2, word, explicit):
    """Write the Jacobians, the constants, and P and c of a word (k, H).

    Returns
    -------
    stretch : float
        A bound of the norm of any product of successive Jacobians; P is not right where it is
        large.
    largest : float
        The largest entry of all first products J_t ... J_0, at least 1.
    """
    jacobians, constants, product, shift = explicit[0], explicit[1], explicit[2], explicit[3]
    system, bounds = explicit[4], explicit[6]
    M, H = W1.shape
    bounds[:] = 0.0
    for j in range(H):
        total = 0.0
        for m in range(M):
            total += abs(W2[j, m])
        bounds[0], bounds[1] = max(bounds[0], total), max(bounds[1], abs(h2[j]))
    stretch, running, largest = 1.0, 1.0, 1.0
    product[:] = 0.0
    shift[:] = 0.0
    for i in range(M):
        product[i, i] = 1.0
    for t in range(word.shape[0]):
        jacobian = jacobians[t]
        write_jacobian(A, W1, W2, word[t], jacobian)
        norm = 0.0
        for i in range(M):
            total, size = h1[i], 0.0
            for j in range(H):
                if word[t, j]:
                    total += W1[i, j] * h2[j]
            constants[t, i] = total
            for m in range(M):
                size += abs(jacobian[i, m])
                total += jacobian[i, m] * shift[m]
            norm = max(norm, size)
            system[i, M] = total
            for m in range(M):
                entry = 0.0
                for l in range(M):
                    entry += jacobian[i, l] * product[l, m]
                system[i, m] = entry
                largest = max(largest, abs(entry))
        for i in range(M):
            shift[i] = system[i, M]
            for m in range(M):
                product[i, m] = system[i, m]
        running = max(running, 1.0) * norm
        stretch = max(stretch, running)
    return stretch, largest


@kernel_part
def solve_word(A, W1, W2, h1, h2, word, reals, integers, numerators, borders):
    """Solve a word (k, H) at one parameter, poles included.

    Parameters
    ----------
    A, W1, W2, h1, h2 : arrays
        The shared form.
    word : (k, H) uint8
    reals, integers : arrays
        See `word_functions.word_memory`.
    numerators : (k, M)
        Written: n_t, the points are z_t = n_t / D.
    borders : (k, H)
        Written: N_t, with y_t = W2 z_t + h2 = N_t / D.

    Returns
    -------
    D : float
        det(I - P).
    exponent : int
        D, n and N are to be multiplied by 2^exponent.
    noise_D, noise_N : float
        What rounding may have done to D and to N, in the same unit, estimated. The numerators share
        the relative error of D beside.
    """
    k, H = word.shape
    M = A.shape[0]
    explicit = _explicit(reals, integers, M, k)
    jacobians, constants, bounds = explicit[0], explicit[1], explicit[6]
    stretch, largest = multiply_out(A, W1, W2, h1, h2, word, explicit)
    exponent, closed = 0, False
    D, noise_D = 1.0, 0.0
    # Two states come here only where `solve_planar` has failed.
    if M != 2 and stretch <= MOST_STRETCH:
        first = numerators[0]
        D, noise_D = _solve_product(explicit, first)
        noise_D *= ROUNDING * M * largest
        size, mismatch = 0.0, 0.0
        for t in range(k):
            for i in range(M):
                total = constants[t, i] * D
                for m in range(M):
                    total += jacobians[t, i, m] * numerators[t, m]
                if t < k - 1:
                    numerators[t + 1, i] = total
                else:
                    mismatch = max(mismatch, abs(total - first[i]))
                size = max(size, abs(numerators[t, i]))
        closed = mismatch <= MOST_MISMATCH * max(size, abs(D))
    if not closed:
        D, exponent, noise_D = _solve_block(jacobians, constants, reals, integers, numerators)
        size, largest = 0.0, BLOCK_NOISE * M * k
        for t in range(k):
            for i in range(M):
                size = max(size, abs(numerators[t, i]))
    for t in range(k):
        for j in range(H):
            total = h2[j] * D
            for m in range(M):
                total += W2[j, m] * numerators[t, m]
            borders[t, j] = total
    noise_N = ROUNDING * largest * (bounds[0] * size + bounds[1] * abs(D))
    return D, exponent, noise_D, noise_N


@kernel_part
def _solve_product(explicit, first):
    """Write D z_0 from P and c by elimination with the largest pivots, which divides by no small D.

    Returns D and the size that it would have, were its last pivot as large as the first.
    """
    product, shift, system, order = explicit[2], explicit[3], explicit[4], explicit[5]
    M = product.shape[0]
    for i in range(M):
        order[i] = i
        system[i, M] = shift[i]
        for m in range(M):
            system[i, m] = (1.0 if i == m else 0.0) - product[i, m]
    D, size = 1.0, 1.0
    for s in range(M):
        row, column = s, s
        for i in range(s, M):
            for m in range(s, M):
                if abs(system[i, m]) > abs(system[row, column]):
                    row, column = i, m
        if row != s:
            D = -D
            for m in range(M + 1):
                system[s, m], system[row, m] = system[row, m], system[s, m]
        if column != s:
            D = -D
            order[s], order[column] = order[column], order[s]
            for i in range(M):
                system[i, s], system[i, column] = system[i, column], system[i, s]
        pivot = system[s, s]
        if s == 0:
            size = max(1.0, abs(pivot))
        if s == M - 1:
            break
        if pivot == 0.0:  # rank M - 2 at most: all cofactors are zero
            first[:] = 0.0
            return 0.0, size
        D *= pivot
        size *= max(1.0, abs(pivot))
        for i in range(s + 1, M):
            factor = system[i, s] / pivot
            for m in range(s + 1, M + 1):
                system[i, m] -= factor * system[s, m]
    last = system[M - 1, M - 1]
    for i in range(M - 1, -1, -1):
        if i == M - 1:
            first[order[i]] = D * system[i, M]
        else:
            total = D * last * system[i, M]
            for m in range(i + 1, M):
                total -= system[i, m] * first[order[m]]
            first[order[i]] = total / system[i, i]
    return D * last, size


@kernel_part
def _solve_block(jacobians, constants, reals, integers, numerators):
    """Write n from the block-cyclic system; return D, the exponent and the noise of D."""
    k, M, _ = jacobians.shape
    first = k * (M * M + M) + M * M + M + M * (M + 1) + 2
    second = first + 6 * k * M * M
    third = second + k * M
    fourth = third + k * M
    panels = reals[first:second].reshape(k, 2 * M, 3 * M)
    inverses = reals[second:third].reshape(k, M)
    weights = reals[third:fourth].reshape(k, M)
    dots = reals[fourth : fourth + 3 * M]
    cancel = integers[2 * M :]  # never set: one word is short work
    if not factor_cycle(jacobians, panels, inverses, weights, dots, cancel):
        last = jacobians[k - 1]
        for i in range(M):
            for m in range(M):
                last[i, m] *= NUDGE
        if not factor_cycle(jacobians, panels, inverses, weights, dots, cancel):
            numerators[:] = 0.0
            return 0.0, 0, 1.0
    D, exponent = 1.0, 0
    smallest, largest = np.inf, 0.0
    for t in range(k):
        for i in range(M):
            pivot = 1.0 / inverses[t, i]
            D *= -pivot  # the determinant of a reflection is -1
            if t == 0:
                smallest, largest = min(smallest, abs(pivot)), max(largest, abs(pivot))
        D, shift = math.frexp(D)
        exponent += shift
    solve_cycle(panels, inverses, weights, constants, numerators, dots)
    for t in range(k):
        for i in range(M):
            numerators[t, i] *= D
    return D, exponent, BLOCK_NOISE * ROUNDING * M * k * abs(D) * largest / smallest
