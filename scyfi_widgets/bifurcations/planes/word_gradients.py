"""A word's cycle at a point of a parameter plane, with the gradients of all that its events need.

The derivatives with respect to both parameters are carried along with the product of the Jacobians
(forward mode), so that curves are traced on exact functions with exact gradients. Determinants are
found together with their adjugates, with which their gradients are finite where they vanish:
d det(B) = tr(adj(B) dB).
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel

VALUE, ALONG_X, ALONG_Y = 0, 1, 2
TRANSCRITICAL, FLIP, CENTRE = 0, 1, 2  # rows of the spectrum: D, F and C
SMALLEST = 1e-300


@kernel
def write_plane_form(coefficients, lo, span, u, v, flat):
    """Write the shared form and its derivatives at a point (u, v) of the unit square.

    Parameters
    ----------
    coefficients : (4, n)
        Of 1, x, y and x y, the arrays of the form one after the other.
    lo, span : (2,)
        The weights are x = lo[0] + u span[0] and y = lo[1] + v span[1].
    flat : (3, n)
        Written: the form, its derivative along u, and along v.
    """
    x, y = lo[0] + u * span[0], lo[1] + v * span[1]
    for i in range(flat.shape[1]):
        both = coefficients[3, i]
        slope = coefficients[1, i] + y * both
        flat[0, i] = coefficients[0, i] + y * coefficients[2, i] + x * slope
        flat[1, i] = slope * span[0]
        flat[2, i] = (coefficients[2, i] + x * both) * span[1]


@kernel
def gradient_memory(M, H, k):
    """Return the working memory of `differentiate_word`."""
    m = max(1, M * (M - 1) // 2)
    return (
        np.empty((3, M * M + 2 * M * H + M + H)),  # the form
        np.empty((k, 3, M, M)),  # Jacobians
        np.empty((k, 3, M)),  # constants
        np.empty((3, M, M)),  # P
        np.empty((3, M)),  # c of the whole word
        np.empty((3, M, M)),  # spare
        np.empty((3, M)),
        np.empty((M, M)),  # I - P or I + P
        np.empty((M, M)),  # its adjugate
        np.empty((max(M, m), 2 * max(M, m))),  # elimination
        np.empty(max(M, m), np.int64),
        np.empty((3, m, m)),  # the compound matrix of P
        np.empty((m, m)),
        np.empty((3, M)),  # a point
        np.empty(M),  # its numerator
    )


@kernel
def adjugate(B, adjoint, system, order):
    """Write adj(B) by elimination with the largest pivots, singular B included; return det(B)."""
    M = B.shape[0]
    if M == 1:
        adjoint[0, 0] = 1.0
        return B[0, 0]
    if M == 2:
        adjoint[0, 0], adjoint[1, 1] = B[1, 1], B[0, 0]
        adjoint[0, 1], adjoint[1, 0] = -B[0, 1], -B[1, 0]
        return B[0, 0] * B[1, 1] - B[0, 1] * B[1, 0]
    for i in range(M):
        order[i] = i
        for m in range(M):
            system[i, m] = B[i, m]
            system[i, M + m] = 1.0 if i == m else 0.0
    product = 1.0
    for s in range(M - 1):
        row, column = s, s
        for i in range(s, M):
            for m in range(s, M):
                if abs(system[i, m]) > abs(system[row, column]):
                    row, column = i, m
        if row != s:
            product = -product
            for m in range(2 * M):
                system[s, m], system[row, m] = system[row, m], system[s, m]
        if column != s:
            product = -product
            order[s], order[column] = order[column], order[s]
            for i in range(M):
                system[i, s], system[i, column] = system[i, column], system[i, s]
        pivot = system[s, s]
        if pivot == 0.0:  # rank M - 2 at most: all cofactors are zero
            adjoint[:] = 0.0
            return 0.0
        product *= pivot
        for i in range(s + 1, M):
            factor = system[i, s] / pivot
            if factor != 0.0:
                for m in range(s + 1, 2 * M):
                    system[i, m] -= factor * system[s, m]
    last = system[M - 1, M - 1]
    for column in range(M):
        for i in range(M - 1, -1, -1):
            if i == M - 1:
                adjoint[order[i], column] = product * system[i, M + column]
            else:
                total = product * last * system[i, M + column]
                for m in range(i + 1, M):
                    total -= system[i, m] * adjoint[order[m], column]
                adjoint[order[i], column] = total / system[i, i]
    return product * last


@kernel
def _write_step(form, word, M, H, jacobian, constant):
    """Write the Jacobian (3, M, M) and the constant (3, M) of one region, with derivatives."""
    first, second, third = M * M, M * M + M * H, M * M + 2 * M * H
    for d in range(form.shape[0]):
        A = form[d, :first].reshape(M, M)
        h1 = form[d, third : third + M]
        for i in range(M):
            constant[d, i] = h1[i]
            for m in range(M):
                jacobian[d, i, m] = A[i, m]
    W1, W2 = form[0, first:second].reshape(M, H), form[0, second:third].reshape(H, M)
    h2 = form[0, third + M :]
    for d in range(form.shape[0]):
        dW1, dW2 = (
            form[d, first:second].reshape(M, H),
            form[d, second:third].reshape(H, M),
        )
        dh2 = form[d, third + M :]
        for j in range(H):
            if not word[j]:
                continue
            for i in range(M):
                w, dw = W1[i, j], dW1[i, j]
                if d == 0:
                    constant[0, i] += w * h2[j]
                    for m in range(M):
                        jacobian[0, i, m] += w * W2[j, m]
                else:
                    constant[d, i] += dw * h2[j] + w * dh2[j]
                    for m in range(M):
                        jacobian[d, i, m] += dw * W2[j, m] + w * dW2[j, m]


@kernel
def _multiply_out(jacobians, constants, P, c, spare, spare_c):
    k, _, M, _ = jacobians.shape
    P[:] = 0.0
    c[:] = 0.0
    for i in range(M):
        P[0, i, i] = 1.0
    for t in range(k):
        J, b = jacobians[t], constants[t]
        for d in range(P.shape[0]):
            for i in range(M):
                total = b[d, i]
                for l in range(M):
                    total += J[0, i, l] * c[d, l]
                    if d > 0:
                        total += J[d, i, l] * c[0, l]
                spare_c[d, i] = total
                for m in range(M):
                    entry = 0.0
                    for l in range(M):
                        entry += J[0, i, l] * P[d, l, m]
                        if d > 0:
                            entry += J[d, i, l] * P[0, l, m]
                    spare[d, i, m] = entry
        P[:] = spare
        c[:] = spare_c


@kernel
def _write_determinant(P, sign, memory, row):
    """Write det(I + sign P) and its gradient to row (3,); return the trace of its adjugate."""
    B, adjoint, system, order = memory[7], memory[8], memory[9], memory[10]
    M = B.shape[0]
    for i in range(M):
        for m in range(M):
            B[i, m] = sign * P[0, i, m]
        B[i, i] += 1.0
    row[0] = adjugate(B, adjoint, system, order)
    trace = 0.0
    for d in range(1, P.shape[0]):
        total = 0.0
        for i in range(M):
            for m in range(M):
                total += adjoint[i, m] * P[d, m, i]
        row[d] = sign * total
    for i in range(M):
        trace += adjoint[i, i]
    return trace


@kernel
def _write_centre(P, memory, row):
    """Write C = prod_{i<j} (lam_i lam_j - 1) and its gradient: det(compound of P - I)."""
    M = P.shape[1]
    row[:] = 0.0
    if M == 1:
        row[0] = 1.0
        return
    if M == 2:
        row[0] = P[0, 0, 0] * P[0, 1, 1] - P[0, 0, 1] * P[0, 1, 0] - 1.0
        for d in range(1, 3):
            row[d] = P[d, 0, 0] * P[0, 1, 1] + P[0, 0, 0] * P[d, 1, 1]
            row[d] -= P[d, 0, 1] * P[0, 1, 0] + P[0, 0, 1] * P[d, 1, 0]
        return
    system, order, compound, adjoint = memory[9], memory[10], memory[11], memory[12]
    a = 0
    for p in range(M):
        for q in range(p):
            b = 0
            for r in range(M):
                for s in range(r):
                    compound[0, a, b] = P[0, p, r] * P[0, q, s] - P[0, p, s] * P[0, q, r]
                    for d in range(1, P.shape[0]):
                        compound[d, a, b] = (
                            P[d, p, r] * P[0, q, s]
                            + P[0, p, r] * P[d, q, s]
                            - P[d, p, s] * P[0, q, r]
                            - P[0, p, s] * P[d, q, r]
                        )
                    b += 1
            compound[0, a, a] -= 1.0
            a += 1
    row[0] = adjugate(compound[0], adjoint, system, order)
    for d in range(1, P.shape[0]):
        total = 0.0
        for i in range(adjoint.shape[0]):
            for m in range(adjoint.shape[0]):
                total += adjoint[i, m] * compound[d, m, i]
        row[d] = total


@kernel
def differentiate_word(word, memory, with_spectrum, spectrum, traces, numerators, borders):
    """Write what a word's cycle is at the point whose form is in the memory, with gradients.

    Parameters
    ----------
    word : (k, H) uint8
    memory : tuple
        See `gradient_memory`; its first array is written by `write_plane_form`.
    with_spectrum : bool
        Whether F and C are wanted, besides D.
    spectrum : (3, 3)
        Written: D = det(I - P), F = det(I + P), C = prod_{i<j} (lam_i lam_j - 1), each with its
        derivatives.
    traces : (2,)
        Written: tr adj(I - P) and tr adj(I + P). At a simple eigenvalue 1 or -1 they are the
        products of 1 - lam or 1 + lam over the others.
    numerators : (k, H)
        Written: N = D y, finite where the cycle is not.
    borders : (3, k, H)
        Written: y = W2 z + h2 at every point, with derivatives.
    """
    form, jacobians, constants, P, c, spare, spare_c = memory[:7]
    adjoint, point, numerator = memory[8], memory[13], memory[14]
    k, H = word.shape
    M = P.shape[1]
    for t in range(k):
        _write_step(form, word[t], M, H, jacobians[t], constants[t])
    _multiply_out(jacobians, constants, P, c, spare, spare_c)
    if with_spectrum:
        traces[1] = _write_determinant(P, 1.0, memory, spectrum[FLIP])
        _write_centre(P, memory, spectrum[CENTRE])
    traces[0] = _write_determinant(P, -1.0, memory, spectrum[TRANSCRITICAL])
    D = spectrum[TRANSCRITICAL, 0]
    divisor = D if abs(D) > SMALLEST else SMALLEST
    for i in range(M):
        total = 0.0
        for m in range(M):
            total += adjoint[i, m] * c[0, m]
        numerator[i] = total
        point[0, i] = total / divisor
    for d in range(1, P.shape[0]):
        for i in range(M):
            total = c[d, i]
            for m in range(M):
                total += P[d, i, m] * point[0, m]
            spare_c[d, i] = total
        for i in range(M):
            total = 0.0
            for m in range(M):
                total += adjoint[i, m] * spare_c[d, m]
            point[d, i] = total / divisor
    second, third = M * M + M * H, M * M + 2 * M * H
    W2, h2 = form[0, second:third].reshape(H, M), form[0, third + M :]
    for t in range(k):
        for j in range(H):
            total, N = h2[j], h2[j] * D
            for m in range(M):
                total += W2[j, m] * point[0, m]
                N += W2[j, m] * numerator[m]
            borders[0, t, j] = total
            numerators[t, j] = N
        for d in range(1, P.shape[0]):
            dW2, dh2 = form[d, second:third].reshape(H, M), form[d, third + M :]
            for j in range(H):
                total = dh2[j]
                for m in range(M):
                    total += dW2[j, m] * point[0, m] + W2[j, m] * point[d, m]
                borders[d, t, j] = total
        if t == k - 1:
            break
        J, b = jacobians[t], constants[t]
        for i in range(M):
            N = b[0, i] * D
            for m in range(M):
                N += J[0, i, m] * numerator[m]
            spare[0, 0, i] = N
            for d in range(P.shape[0]):
                total = b[d, i]
                for m in range(M):
                    total += J[0, i, m] * point[d, m]
                    if d > 0:
                        total += J[d, i, m] * point[0, m]
                spare_c[d, i] = total
        for i in range(M):
            numerator[i] = spare[0, 0, i]
        point[:] = spare_c
