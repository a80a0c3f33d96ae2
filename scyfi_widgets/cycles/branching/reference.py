"""The cycles of one order as a linear complementarity problem, solved once for a reference word.

Let every point of a cycle lie in one region d*, with Jacobian J and shift h* (MATH.md 4). Write
y = W2 z + h2 = sigma (b - v) with b, v >= 0 and sigma = +1 where d* has the bit and -1 where not: b
is the member of the pair that d* leaves free, v the one that d* sets to zero. Then
z_{t+1} = J z_t + h* + W1 v_t, a linear system that v drives:

    z_t = z* + sum_s G((t - 1 - s) mod k) W1 v_s,      G(j) = J^j (I - J^k)^{-1},
    b   = q + N v,      N = I + sigma W2 G W1,      q = sigma (W2 z* + h2).

The k-cycles are the solutions with b >= 0, v >= 0 and b v = 0 in every pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ...compiled import kernel, kernel_part
from ...models.relu_form import ReluForm
from .response import ROUNDOFF, choose_region, roots_of_unity, write_response

DRAWN = 4  # regions that may be tried as reference beside the trivial two
SMALL = 30  # states up to which that many are worth their while


@dataclass(frozen=True, eq=False)
class Program:
    """The rows [b; s] = [q; slack] + [N; C] v of the k-cycles, with bounds of their rounding.

    Attributes
    ----------
    order : int
    region : (H,) bool array
        The reference region d*.
    rows : (n + k - 1, n) array
        N, then the rotation cuts s_t = functional . (z_0 - z_t) + slack_t >= 0; n = k H.
    constants : (n + k - 1,) array
    bounds : (3,) array
        Of the absolute error of any entry of `rows` and of `constants`, and of the moduli in
        `rows`.
    functional : (M,) array
    slack : (k,) array
        Non-negative, so that a rotation of every cycle satisfies all cuts.
    reach, offset : (2 n + k - 1,) array
        A cycle with all abs(z) <= R has each variable [v, b, s] at most reach R + offset.
    """

    order: int
    region: np.ndarray
    rows: np.ndarray
    constants: np.ndarray
    bounds: np.ndarray
    functional: np.ndarray
    slack: np.ndarray
    reach: np.ndarray
    offset: np.ndarray


def program(form: ReluForm, order: int) -> Program | None:
    """Set up the complementarity problem of one order.

    Returns
    -------
    Program or None
        None if no region that was tried can serve as reference: their linear systems are singular,
        or so nearly that rounding is all that is left.
    """
    k, H = order, form.H
    n, m = k * H, k * (H + 1) - 1
    regions = _candidates(H, DRAWN if form.M <= SMALL else 1)
    rows, constants, reach, offset = np.empty((m, n)), np.empty(m), np.empty(n + m), np.empty(n + m)
    functional, slack, bounds = np.empty(form.M), np.empty(k), np.empty(3)
    number = set_up(
        *form, regions, roots_of_unity(k), rows, constants, reach, offset, functional, slack, bounds
    )
    if number < 0:
        return None
    region = regions[number].view(np.bool_)
    return Program(k, region, rows, constants, bounds, functional, slack, reach, offset)


@kernel
def set_up(
    A,
    W1,
    W2,
    h1,
    h2,
    regions,
    roots,
    rows,
    constants,
    reach,
    offset,
    functional,
    slack,
    bounds,
):
    """Write what `Program` holds; return the number of the region, or -1 where none will do."""
    M, H = W1.shape
    k = roots.shape[0]
    spectrum = np.empty((k // 2 + 1, M, M), np.complex128)
    number = choose_region(A, W1, W2, regions, roots, spectrum)
    if number < 0:
        return -1
    region = regions[number]
    # What a unit's v, and in the last column the constant drive, move z by, j + 1 steps later.
    drive = np.empty((M, H + 1))
    for i in range(M):
        drive[i, H] = h1[i]
        for unit in range(H):
            drive[i, unit] = W1[i, unit]
            if region[unit]:
                drive[i, H] += W1[i, unit] * h2[unit]
    X, X_error, G = np.empty((k, M, H + 1)), np.empty((M, H + 1)), np.empty((k, M, M))
    if not write_response(A, W1, W2, region, drive, roots, spectrum, G, X, X_error):
        return -1
    write_functional(W2, functional)
    write_program(
        W2, h1, h2, region, X, X_error, functional, rows, constants, reach, offset, slack, bounds
    )
    return number


@kernel_part
def write_program(
    W2, h1, h2, region, X, X_error, functional, rows, constants, reach, offset, slack, bounds
):
    """Write what `Program` holds.

    X (k, M, H + 1) is how far z moves by a unit's v and by the constant drive, j + 1 steps later,
    and X_error (M, H + 1) a bound of its error.
    """
    k, M, H = X.shape[0], X.shape[1], X.shape[2] - 1
    n = k * H
    gamma = (M + k + 4) * ROUNDOFF
    center, center_size, center_error = np.zeros(M), np.zeros(M), np.empty(M)
    X_size = np.zeros((M, H))
    for j in range(k):
        for i in range(M):
            center[i] += X[j, i, H]
            center_size[i] += abs(X[j, i, H])
            for unit in range(H):
                X_size[i, unit] = max(X_size[i, unit], abs(X[j, i, unit]))
    for i in range(M):
        center_error[i] = k * X_error[i, H] + gamma * center_size[i]
        for unit in range(H):
            X_size[i, unit] = X_error[i, unit] + gamma * X_size[i, unit]

    functional_size, cut_error = 0.0, 0.0
    for i in range(M):
        functional_size += abs(functional[i])
    for unit in range(H):
        error = 0.0
        for i in range(M):
            error += abs(functional[i]) * X_size[i, unit]
        cut_error = max(cut_error, 2.0 * error)
    row_error, constant_error, largest_constant, largest_bias = 0.0, 0.0, 0.0, 1e-300
    for i in range(M):
        largest_bias = max(largest_bias, abs(h1[i]))
    for unit in range(H):
        value, error, terms, steepness = h2[unit], 0.0, abs(h2[unit]), 0.0
        for i in range(M):
            value += W2[unit, i] * center[i]
            error += abs(W2[unit, i]) * center_error[i]
            terms += abs(W2[unit, i] * center[i])
            steepness += abs(W2[unit, i])
        constant_error = max(constant_error, error + gamma * terms)
        largest_constant = max(largest_constant, abs(value))
        largest_bias = max(largest_bias, abs(h2[unit]))
        for other in range(H):
            error = 0.0
            for i in range(M):
                error += abs(W2[unit, i]) * X_size[i, other]
            row_error = max(row_error, error)
        for t in range(k):
            pair = t * H + unit
            constants[pair] = value if region[unit] else -value
            reach[pair] = reach[n + pair] = steepness
            offset[pair] = offset[n + pair] = abs(h2[unit])

    # Distinct, so that a cycle of a lower order, where all cuts are tight, is not degenerate.
    scale = max(largest_constant, largest_bias)
    slack[0] = 0.0
    for t in range(1, k):
        slack[t] = 1e-6 * scale * functional_size * (1.0 + t / k)
        constants[n + t - 1] = offset[2 * n + t - 1] = slack[t]
        reach[2 * n + t - 1] = 2.0 * functional_size
    for variable in range(reach.shape[0]):
        reach[variable] *= 1.0 + 1e-9
        offset[variable] *= 1.0 + 1e-9

    # `transfer`: from v to y, and in the last row to the functional, by the number of steps.
    largest_row, largest_cut = 0.0, 0.0
    transfer = np.zeros((k, H + 1, H))
    for j in range(k):
        for unit in range(H + 1):
            for i in range(M):
                weight = W2[unit, i] if unit < H else functional[i]
                for other in range(H):
                    transfer[j, unit, other] += weight * X[j, i, other]
    for t in range(k):
        for unit in range(H):
            sign = 1.0 if region[unit] else -1.0
            for s in range(k):
                delay = t - 1 - s if s < t else t - 1 - s + k
                for other in range(H):
                    entry = sign * transfer[delay, unit, other]
                    if s == t and unit == other:
                        entry += 1.0
                    rows[t * H + unit, s * H + other] = entry
                    largest_row = max(largest_row, abs(entry))
        if t > 0:
            for s in range(k):
                delay = t - 1 - s if s < t else t - 1 - s + k
                first = k - 1 - s
                for other in range(H):
                    entry = transfer[first, H, other] - transfer[delay, H, other]
                    rows[n + t - 1, s * H + other] = entry
                    largest_cut = max(largest_cut, abs(entry))
    row_error += 2.0 * ROUNDOFF * largest_row
    bounds[0] = 1.001 * max(row_error, cut_error + 4.0 * ROUNDOFF * largest_cut)
    bounds[1] = 1.001 * constant_error
    bounds[2] = max(largest_row, largest_cut)


@cache
def _candidates(H: int, drawn: int) -> np.ndarray:
    """Return the regions (n, H) uint8 that may become the reference, the trivial two first."""
    regions = np.random.default_rng(0).random((drawn, H)) < 0.5
    return np.concatenate([np.zeros((1, H), bool), np.ones((1, H), bool), regions]).view(np.uint8)


@kernel_part
def write_functional(W2, functional):
    """Write the direction in which a cycle's first point is its largest: all units together."""
    for i in range(functional.shape[0]):
        functional[i] = 0.0
    for unit in range(W2.shape[0]):
        size = 0.0
        for i in range(functional.shape[0]):
            size += abs(W2[unit, i])
        if size > 0.0:
            for i in range(functional.shape[0]):
                functional[i] += W2[unit, i] / size
