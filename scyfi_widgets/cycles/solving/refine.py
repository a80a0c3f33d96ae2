"""Candidates of many words of one order, to doubled precision, with bounds of their errors.

Each word's block-cyclic system is factored once. Its points are then refined as sums hi + lo: the
equations' residuals are computed from the network's own numbers in doubled precision (never from a
rounded Jacobian), and solved for the next correction, until their error is below 2^-80 of the
largest state. So the sign of every y = W2 z + h2 is known down to about 1e-24 of the states, while
rounding to double would stop at 1e-16 times the condition of the system.

The error bound is that of extra-precise refinement (Demmel et al., *Error bounds from
extra-precise iterative refinement*, ACM TOMS 32, 2006): the last correction times the rate at which
corrections fall, plus the rounding of the residual times the norm of the system's inverse. That
norm is probed by solves with random numbers and multiplied by a safety factor: the bound is not
proved as interval arithmetic would prove it. What it leaves open, DOUBTFUL or SINGULAR words, is
for exact arithmetic.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel, kernel_part
from .block_cyclic import factor_cycle, solve_cycle
from .doubled import UNIT, add_product, two_sum

VIRTUAL, REAL, DOUBTFUL, SINGULAR = 0, 1, 2, 3
LARGEST_STEPS = 12  # of refinement; two or three are the rule
ENOUGH = 2.0**-80  # of the largest state: an error that settles all signs but those of zeros
LARGEST_RATE = 1e-3  # at which corrections may fall; slower ones tell too little
SAFETY = 16.0
PROBES = 2  # of the norm of an inverse
TINY = 1e-290  # what products of doubles may lose by underflow


@kernel_part
def write_jacobian(A, W1, W2, region, jacobian):
    """Write A + W1 diag(region) W2 (M, M)."""
    M, H = W1.shape
    for i in range(M):
        for m in range(M):
            jacobian[i, m] = A[i, m]
    for j in range(H):
        if region[j]:
            for m in range(M):
                weight = W2[j, m]
                if weight != 0.0:
                    for i in range(M):
                        jacobian[i, m] += W1[i, j] * weight


@kernel_part
def write_y(W2, h2, z, z_low, y, y_low):
    """Write y_t = W2 z_t + h2 (k, H) in doubled precision."""
    for t in range(z.shape[0]):
        for j in range(W2.shape[0]):
            hi, lo = h2[j], 0.0
            for m in range(W2.shape[1]):
                weight = W2[j, m]
                if weight == 1.0:
                    hi, error = two_sum(hi, z[t, m])
                    lo += error + z_low[t, m]
                elif weight != 0.0:
                    hi, lo = add_product(hi, lo, weight, z[t, m], z_low[t, m])
            y[t, j], y_low[t, j] = two_sum(hi, lo)


@kernel_part
def write_residuals(A, W1, h1, word, z, z_low, y, y_low, residuals):
    """Write A z_t + W1 (d_t o y_t) + h1 - z_{t+1} (k, M), computed in doubled precision."""
    k, M = z.shape
    for t in range(k):
        u = t + 1 if t < k - 1 else 0
        for i in range(M):
            hi, lo = two_sum(h1[i], -z[u, i])
            lo -= z_low[u, i]
            for m in range(M):
                weight = A[i, m]
                if weight != 0.0:
                    hi, lo = add_product(hi, lo, weight, z[t, m], z_low[t, m])
            for j in range(W1.shape[1]):
                if word[t, j]:
                    hi, lo = add_product(hi, lo, W1[i, j], y[t, j], y_low[t, j])
            residuals[t, i] = hi + lo


@kernel_part
def judge_signs(word, y, h2, bound, rounding):
    """Compare the signs of y (k, H) with a word.

    The error of y[t, j] is at most `bound` + `rounding` |h2_j|.

    Returns
    -------
    verdict, margin, margin_error
        The least |y| and the bound of its error.
    """
    verdict, margin, margin_error = REAL, np.inf, 0.0
    for t in range(word.shape[0]):
        for j in range(word.shape[1]):
            size = abs(y[t, j])
            error = bound + rounding * (abs(h2[j]) + size)
            if size < margin:
                margin, margin_error = size, error + UNIT * size
            if not size > error:
                if verdict == REAL:
                    verdict = DOUBTFUL
            elif (y[t, j] > 0.0) != (word[t, j] != 0):
                verdict = VIRTUAL
    return verdict, margin, margin_error


@kernel_part
def largest_modulus(array):
    """Return max |a| of a two-dimensional array; NaN if there is one."""
    largest = 0.0
    for t in range(array.shape[0]):
        for i in range(array.shape[1]):
            x = abs(array[t, i])
            if not x <= largest:
                largest = x
    return largest


@kernel
def residual_of_points(A, W1, W2, h1, h2, word, points):
    """Return max |J_t z_t + c_t - z_{t+1}| over the points (k, M) in the regions of a word."""
    k, M = points.shape
    y, y_low = np.empty((k, h2.shape[0])), np.empty((k, h2.shape[0]))
    low, residuals = np.empty((k, M)), np.empty((k, M))
    for t in range(k):
        for i in range(M):
            low[t, i] = 0.0
    write_y(W2, h2, points, low, y, y_low)
    write_residuals(A, W1, h1, word, points, low, y, y_low, residuals)
    return largest_modulus(residuals)


@kernel_part
def residual_of_rounded(jacobians, low):
    """Return max |F(z_t) - z_{t+1}| of points from which the parts `low` (k, M) were cut off."""
    k, M = low.shape
    largest = 0.0
    for t in range(k):
        u = t + 1 if t < k - 1 else 0
        for i in range(M):
            total = -low[u, i]
            for m in range(M):
                total += jacobians[t, i, m] * low[t, m]
            largest = max(largest, abs(total))
    return largest


@kernel_part
def inverse_norm(factored, right, points, spare):
    """Return an estimate of the largest row sum of the inverse, by solves with random numbers.

    A row of n entries meets such numbers with about 1 / sqrt(n) of the sum of its moduli. They are
    no signs: signs that alternate are exactly what -1 as an eigenvalue does not answer to.
    """
    panels, inverses, weights = factored
    state = np.uint64(0x9E3779B97F4A7C15)
    k, M = right.shape
    largest = 0.0
    for _ in range(PROBES):
        for t in range(k):
            for i in range(M):
                state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                right[t, i] = np.float64(state >> np.uint64(11)) * 2.0**-52 - 1.0
        solve_cycle(panels, inverses, weights, right, points, spare)
        found = largest_modulus(points)
        if found > largest or found != found:
            largest = found
    return largest * np.sqrt(3.0 * k * M)


@kernel_part
def network_norms(A, W1, W2, h1, h2):
    """Return bounds of the row sums of any Jacobian, of W2, and of the constant terms of a step."""
    M, H = W1.shape
    sums, largest_sum = np.empty(H), 0.0
    for j in range(H):
        sums[j] = 0.0
        for m in range(M):
            sums[j] += abs(W2[j, m])
        largest_sum = max(largest_sum, sums[j])
    largest, constant = 0.0, 0.0
    for i in range(M):
        total, shift = 0.0, abs(h1[i])
        for m in range(M):
            total += abs(A[i, m])
        for j in range(H):
            total += abs(W1[i, j]) * sums[j]
            shift += abs(W1[i, j] * h2[j])
        largest, constant = max(largest, total), max(constant, shift)
    return largest, largest_sum, constant


@kernel
def refine_words(
    A, W1, W2, h1, h2, words, verdicts, points, residuals, margins, margin_errors, cancel
):
    """Solve words (n, k, H) of one order.

    Parameters
    ----------
    verdicts : (n,) uint8
        Written: VIRTUAL (some y has the wrong sign by more than its error), REAL, DOUBTFUL (no sign
        is wrong, some y is not distinguished from 0), or SINGULAR (or nearly so, or overflow).
    points : (n, k, M)
        Written where REAL or DOUBTFUL: the exact points, rounded to double.
    residuals, margins, margin_errors : (n,)
        Written there: max |F(z_t) - z_{t+1}| of the rounded points, min |y|, and the bound of
        its error.
    cancel : (1,) int64

    Returns
    -------
    bool
        False if the flag was set.
    """
    n, k, H = words.shape
    M = W1.shape[0]
    network = (A, W1, W2, h1, h2)
    jacobians, panels = np.empty((k, M, M)), np.empty((k, 2 * M, 3 * M))
    inverses, weights, dots = np.empty((k, M)), np.empty((k, M)), np.empty(3 * M)
    factored = (panels, inverses, weights)
    right, change, spare = np.empty((k, M)), np.empty((k, M)), np.empty(2 * M)
    low, y, y_low = np.empty((k, M)), np.empty((k, H)), np.empty((k, H))
    norms = network_norms(A, W1, W2, h1, h2)
    for number in range(n):
        if cancel[0] != 0:
            return False
        word, z = words[number], points[number]
        verdicts[number] = SINGULAR
        for t in range(k):
            write_jacobian(A, W1, W2, word[t], jacobians[t])
        if not factor_cycle(jacobians, panels, inverses, weights, dots, cancel):
            continue
        verdict, margin, margin_error = _refine(
            network, norms, factored, word, z, low, y, y_low, right, change, spare, cancel
        )
        verdicts[number] = verdict
        if verdict in (REAL, DOUBTFUL):
            residuals[number] = residual_of_rounded(jacobians, low)
            margins[number], margin_errors[number] = margin, margin_error
    return True


@kernel_part
def _refine(network, norms, factored, word, z, low, y, y_low, right, change, spare, cancel):
    """Refine z + low, from 0, until the signs of y are certain; see `judge_signs`."""
    A, W1, W2, h1, h2 = network
    norm, norm_y, constant = norms
    panels, inverses, weights = factored
    k, M = z.shape
    # The error of a sum in doubled precision, relative to the moduli of its terms.
    rounding = 4.0 * ((2.0 * (M + W1.shape[1]) + 4.0) * UNIT) ** 2
    inverse = SAFETY * inverse_norm(factored, right, change, spare)
    rate = inverse * (1.0 + norm) * (M + W1.shape[1]) * UNIT
    for t in range(k):
        for i in range(M):
            z[t, i] = low[t, i] = 0.0
    before, error = np.inf, np.inf
    for _ in range(LARGEST_STEPS):
        # Such a rate belongs to a system that is singular, or nearly so.
        if cancel[0] != 0 or not rate < LARGEST_RATE:
            break
        size = largest_modulus(z)
        write_y(W2, h2, z, low, y, y_low)
        if error < np.inf:
            bound = norm_y * (error + rounding * size) + TINY
            verdict, margin, margin_error = judge_signs(word, y, h2, bound, rounding)
            if verdict == VIRTUAL or error <= ENOUGH * size:
                return verdict, margin, margin_error
        write_residuals(A, W1, h1, word, z, low, y, y_low, right)
        solve_cycle(panels, inverses, weights, right, change, spare)
        correction = largest_modulus(change)
        floor = inverse * (rounding * ((1.0 + norm) * size + constant) + TINY)
        if correction > floor:
            rate = max(rate, correction / before)
        before = correction
        for t in range(k):
            for i in range(M):
                hi, lost = two_sum(z[t, i], change[t, i])
                z[t, i], low[t, i] = two_sum(hi, low[t, i] + lost)
        # The rounding of this residual, and what the inexact solve has left.
        error = SAFETY * rate * correction + floor
        if correction <= floor:
            write_y(W2, h2, z, low, y, y_low)
            bound = norm_y * (SAFETY * floor + rounding * size) + TINY
            return judge_signs(word, y, h2, bound, rounding)
    return SINGULAR, 0.0, np.inf
