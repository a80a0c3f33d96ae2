"""Back through time: the gradient of the errors of one sequence."""

from __future__ import annotations

from ...compiled import kernel_part
from ...models.kernels import CHECK_EVERY
from .products import (
    LIBERTIES,
    add_columns,
    add_outer_products,
    add_products,
    add_transposed_product,
    dot,
)


@kernel_part(fastmath=LIBERTIES)
def pull_back_in_time(
    form, first, readout, targets, K, alphas, b, factor, space, estimate_gradient, cancel
):
    """Write the gradients at every step of sequence `b`, which `follow` has followed.

    Parameters
    ----------
    form, first, readout, targets, alphas, b
        As in `follow`.
    K : int
        The number of units that are forced.
    factor : float
        Of the gradient of half the sum of squared errors.
    space : Workspace
        `upper` and `lower` are written; `carry` holds the start's gradient in the end.
    estimate_gradient : (M, N) array, or (0, 0) if it is not wanted
        The gradient with respect to the matrix that leads from data to estimates is added, without
        that of the start.
    cancel : (1,) int64 array
        It ends early once this is set.
    """
    decay, mixing, W1, W2T, _, _ = form
    rectified, errors = space.rectified, space.errors
    upper, lower, carry = space.upper, space.lower, space.carry
    M, H = W1.shape
    steps, N = errors.shape
    F = mixing.shape[1]
    for i in range(M):
        carry[0, i] = 0.0
    for t in range(steps - 1, -1, -1):
        if t % CHECK_EVERY == 0 and cancel[0] != 0:
            break
        # carry is the gradient with respect to the forced state t + 1.
        alpha = alphas[t + 1]
        if alpha != 0.0 and t + 1 < steps:
            for i in range(estimate_gradient.shape[0]):
                for n in range(N):
                    estimate_gradient[i, n] += alpha * carry[0, i] * targets[b, t + 1, n]
            for i in range(K):
                carry[0, i] *= 1.0 - alpha
        for i in range(M):
            upper[t, i] = carry[0, i]
        if readout.shape[0] > 0:
            for n in range(N):
                for i in range(M):
                    upper[t, i] += factor * errors[t, n] * readout[n, i]
        else:
            for n in range(N):
                upper[t, n] += factor * errors[t, n]
        for j in range(H):
            lower[t, j] = 0.0
        add_transposed_product(W1, upper, t, H, lower, t)
        for j in range(H):
            lower[t, j] = lower[t, j] if rectified[t, j] > 0.0 else 0.0
        for i in range(M):
            carry[0, i] = decay[i] * upper[t, i]
        if F > 0:
            add_transposed_product(mixing, upper, t, F, carry, 0)
        if W2T.shape[0] > 0:
            for i in range(M):
                carry[0, i] += dot(W2T, i, lower, t, H)
        else:
            begin = 0
            while begin < H:
                for p in range(M - first):
                    carry[0, first + p] += lower[t, begin + p]
                begin += M - first


@kernel_part
def add_form_gradient(space, gradient):
    """Add the gradient of one sequence with respect to the arrays of the form to `gradient`."""
    steps = space.errors.shape[0]
    H, F = space.rectified.shape[1], gradient.mixing.shape[1]
    add_products(space.upper, space.path, steps, gradient.decay)
    add_columns(space.upper, steps, gradient.h1)
    add_columns(space.lower, steps, gradient.h2)
    add_outer_products(space.upper, space.rectified, steps, H, gradient.W1)
    if F > 0:
        add_outer_products(space.upper, space.path, steps, F, gradient.mixing)
    if gradient.W2T.shape[0] > 0:
        add_outer_products(space.path, space.lower, steps, H, gradient.W2T)
