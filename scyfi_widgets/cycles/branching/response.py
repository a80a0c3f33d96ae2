"""How a network answers a kick when all its points are in one region, with a bound of the rounding.

A kick c of one step moves the point j + 1 steps later by G(j) c, G(j) = J^j (I - J^k)^{-1}. G comes
from the discrete Fourier transform, since the system is block-circulant: powers of J would
overflow. For order k there are only k // 2 + 1 systems to invert, and all of this is far less work
than to call a library for each part of it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ...compiled import kernel_part

ROUNDOFF = 2.0**-53
GOOD_RESPONSE = 100.0  # largest entry of a spectrum that costs about two digits: good enough


@lru_cache(256)
def roots_of_unity(k: int) -> np.ndarray:
    """Return exp(2 pi i n / k) for n = 0..k-1, read-only."""
    roots = np.exp(2j * np.pi * np.arange(k) / k)
    roots[0] = 1.0
    if k % 2 == 0:
        roots[k // 2] = -1.0
    roots.setflags(write=False)
    return roots


@kernel_part
def write_reference_jacobian(A, W1, W2, region, J, J_size):
    """Write J = A + W1 diag(region) W2 (M, M), and the same of the moduli of all terms."""
    M, H = W1.shape
    for i in range(M):
        for m in range(M):
            J[i, m] = A[i, m]
            J_size[i, m] = abs(A[i, m])
    for j in range(H):
        if region[j]:
            for i in range(M):
                weight = W1[i, j]
                if weight != 0.0:
                    for m in range(M):
                        J[i, m] += weight * W2[j, m]
                        J_size[i, m] += abs(weight * W2[j, m])


@kernel_part
def invert(system, inverse):
    """Write the inverse of a complex matrix, which is lost; False if a pivot is zero."""
    M = system.shape[0]
    for i in range(M):
        for m in range(M):
            inverse[i, m] = 0.0
        inverse[i, i] = 1.0
    for p in range(M):
        best, size = p, 0.0
        for i in range(p, M):
            here = abs(system[i, p].real) + abs(system[i, p].imag)
            if here > size:
                best, size = i, here
        if not 0.0 < size < np.inf:
            return False
        if best != p:
            for m in range(M):
                system[p, m], system[best, m] = system[best, m], system[p, m]
                inverse[p, m], inverse[best, m] = inverse[best, m], inverse[p, m]
        pivot = 1.0 / system[p, p]
        for m in range(p + 1, M):
            system[p, m] *= pivot
        for m in range(M):
            inverse[p, m] *= pivot
        for i in range(M):
            factor = system[i, p]
            if i != p and factor != 0.0:
                for m in range(p + 1, M):
                    system[i, m] -= factor * system[p, m]
                for m in range(M):
                    inverse[i, m] -= factor * inverse[p, m]
    return True


@kernel_part
def write_spectrum(J, roots, spectrum, system):
    """Write the transform of G, w (w I - J)^{-1} at the roots w of the upper half plane.

    `spectrum` is (k // 2 + 1, M, M), `system` (M, M) working memory.

    Returns
    -------
    float
        The largest modulus; infinity where a system is singular. An eigenvalue near a root of unity
        shows here; G itself may hide it, since only real parts of the root -1 arrive there.
    """
    M = J.shape[0]
    largest = 0.0
    for f in range(spectrum.shape[0]):
        w = roots[f]
        for i in range(M):
            for m in range(M):
                system[i, m] = -J[i, m]
            system[i, i] += w
        if not invert(system, spectrum[f]):
            return np.inf
        for i in range(M):
            for m in range(M):
                spectrum[f, i, m] *= w
                size = abs(spectrum[f, i, m])
                if not size < np.inf:
                    return np.inf
                largest = max(largest, size)
    return largest


@kernel_part
def add_transformed_back(spectrum, roots, sign, series):
    """Add `sign` times the real series (k, a, b) of a transform (k // 2 + 1, a, b) to `series`."""
    k, rows, columns = series.shape
    for j in range(k):
        for f in range(spectrum.shape[0]):
            root = roots[(j * f) % k]
            weight = sign / k if 2 * f in (0, k) else 2.0 * sign / k
            c, s = weight * root.real, weight * root.imag
            for i in range(rows):
                for m in range(columns):
                    value = spectrum[f, i, m]
                    series[j, i, m] += c * value.real - s * value.imag


@kernel_part
def transform(series, roots, spectrum):
    """Write the transform (k // 2 + 1, a, b) of a real series (k, a, b)."""
    k, rows, columns = series.shape
    for f in range(spectrum.shape[0]):
        for i in range(rows):
            for m in range(columns):
                spectrum[f, i, m] = 0.0
        for j in range(k):
            root = roots[(j * f) % k].conjugate()
            for i in range(rows):
                for m in range(columns):
                    spectrum[f, i, m] += root * series[j, i, m]


@kernel_part
def write_product(matrix, right, result):
    """Write matrix (a, b) times right (b, c) to `result` (a, c)."""
    for i in range(result.shape[0]):
        for n in range(result.shape[1]):
            result[i, n] = 0.0
        for m in range(right.shape[0]):
            weight = matrix[i, m]
            for n in range(result.shape[1]):
                result[i, n] += weight * right[m, n]


@kernel_part
def write_bound(J, J_size, series, source, gamma, here, bound):
    """Raise `bound` (M, c) to the residual X(j) - J X(j-1) - [j = 0] source, and its rounding."""
    k, M, columns = series.shape
    for j in range(k):
        before = series[j - 1] if j > 0 else series[k - 1]
        for i in range(M):
            for n in range(columns):
                here[n] = series[j, i, n]
                bound_here = abs(series[j, i, n])
                if j == 0:
                    here[n] -= source[i, n]
                    bound_here += abs(source[i, n])
                here[columns + n] = bound_here
            for m in range(M):
                weight, size = J[i, m], J_size[i, m]
                for n in range(columns):
                    here[n] -= weight * before[m, n]
                    here[columns + n] += size * abs(before[m, n])
            for n in range(columns):
                bound[i, n] = max(bound[i, n], abs(here[n]) + gamma * here[columns + n])


@kernel_part
def write_response(A, W1, W2, region, drive, roots, spectrum, G, X, X_error):
    """Write X(j) = G(j) drive and a bound of its error.

    With the residual r(j) = X(j) - J X(j - 1) - [j = 0] drive, the error is the true G convolved
    with r; the true G is as far from the computed one as that one's own residual says.

    Parameters
    ----------
    region : (H,) uint8 array
    drive : (M, c) array
    roots : (k,) complex array
    spectrum : (k // 2 + 1, M, M) complex array
        From `write_spectrum` of this region.
    G : (k, M, M) array
        Written.
    X : (k, M, c) array
        Written.
    X_error : (M, c) array
        Written: a bound for all j.

    Returns
    -------
    bool
        False if rounding is all that is left.
    """
    M, H = W1.shape
    k, columns = X.shape[0], X.shape[2]
    J, J_size = np.empty((M, M)), np.empty((M, M))
    write_reference_jacobian(A, W1, W2, region, J, J_size)
    gamma = (M + H + 6) * ROUNDOFF
    G[:] = 0.0
    add_transformed_back(spectrum, roots, 1.0, G)

    # One step of refinement.
    r, moved = np.empty((k, M, columns)), np.empty((M, columns))
    for j in range(k):
        write_product(G[j], drive, X[j])
    for j in range(k):
        write_product(J, X[j - 1] if j > 0 else X[k - 1], moved)
        for i in range(M):
            for n in range(columns):
                r[j, i, n] = X[j, i, n] - moved[i, n] - (drive[i, n] if j == 0 else 0.0)
    transformed = np.empty((spectrum.shape[0], M, columns), np.complex128)
    change = np.empty((spectrum.shape[0], M, columns), np.complex128)
    transform(r, roots, transformed)
    for f in range(spectrum.shape[0]):
        write_product(spectrum[f], transformed[f], change[f])
    add_transformed_back(change, roots, -1.0, X)

    here = np.empty(2 * max(M, columns))
    X_bound, G_bound = np.zeros((M, columns)), np.zeros((M, M))
    write_bound(J, J_size, X, drive, gamma, here, X_bound)
    write_bound(J, J_size, G, np.eye(M), gamma, here, G_bound)
    total = np.zeros((M, M))
    for j in range(k):
        for i in range(M):
            for m in range(M):
                total[i, m] += abs(G[j, i, m])
    # |G_true| <= |G| + |G_true| * G_bound, summed over the steps and solved in the row-sum norm.
    shrink, norm = 0.0, 0.0
    for i in range(M):
        row, size = 0.0, 0.0
        for m in range(M):
            row += G_bound[i, m]
            size += total[i, m]
        if not row * k < 0.5:
            return False
        shrink, norm = max(shrink, row * k), max(norm, size)
    excess = 2.0 * norm * shrink
    write_product(total, X_bound, X_error)
    for n in range(columns):
        largest = 0.0
        for i in range(M):
            largest = max(largest, X_bound[i, n])
        for i in range(M):
            X_error[i, n] = 1.001 * (X_error[i, n] + excess * largest)
            if not X_error[i, n] < np.inf:
                return False
    return True


@kernel_part
def choose_region(A, W1, W2, regions, roots, spectrum):
    """Choose the first region (H,) with a small response, or the best of those given.

    `spectrum` receives its spectrum, see `write_spectrum`.

    Returns
    -------
    int
        Its number; -1 if all systems are singular.
    """
    M = W1.shape[0]
    J, J_size = np.empty((M, M)), np.empty((M, M))
    system = np.empty((M, M), np.complex128)
    best, smallest, last = -1, np.inf, -1
    for number in range(regions.shape[0]):
        write_reference_jacobian(A, W1, W2, regions[number], J, J_size)
        size = write_spectrum(J, roots, spectrum, system)
        last = number
        if size < smallest:
            best, smallest = number, size
        if size <= GOOD_RESPONSE:
            break
    if best >= 0 and best != last:
        write_reference_jacobian(A, W1, W2, regions[best], J, J_size)
        write_spectrum(J, roots, spectrum, system)
    return best
