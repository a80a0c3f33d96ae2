"""Through time: a forced orbit and its errors."""

from __future__ import annotations

from ...compiled import kernel_part
from ...models.kernels import CHECK_EVERY
from .products import LIBERTIES, add_transposed_product, dot


@kernel_part(fastmath=LIBERTIES)
def follow(form, first, readout, targets, estimates, alphas, b, space, readout_gradient, cancel):
    """Follow sequence `b` from space.path[0]; return its sum of squared errors.

    Parameters
    ----------
    form : TrainingForm
    first : int
        The first unit that W2 picks.
    readout : (N, M) array, or (0, 0) for the first N units
    targets : (B, S + 1, N) array
        The data; targets[:, 0] belongs to the start and is not compared.
    estimates : (B, S + 1, K) array
        The states of the first K units as the data tell them.
    alphas : (S + 1,) array
        Strength of forcing before each step, from the second on.
    b : int
    space : Workspace, written
    readout_gradient : (N, M) array, or (0, 0) if it is not wanted
        The sum of errors times states is added.
    cancel : (1,) int64 array
        It ends early once this is set.
    """
    # One body, and arrays taken from the tuples here: in the loop, calls that are not inlined and
    # counting references would take most of the time.
    decay, mixing, W1, W2T, h1, h2 = form
    path, rectified, errors = space.path, space.rectified, space.errors
    W1T, mixingT = space.W1T, space.mixingT
    M, H = W1.shape
    steps, N = errors.shape
    F, K = mixing.shape[1], estimates.shape[2]
    wide, linear, wanted = W1T.shape[0] > 0, readout.shape[0] > 0, readout_gradient.shape[0] > 0
    total = 0.0
    for t in range(steps):
        if t % CHECK_EVERY == 0 and cancel[0] != 0:
            break
        if W2T.shape[0] > 0:
            for j in range(H):
                rectified[t, j] = h2[j]
            add_transposed_product(W2T, path, t, H, rectified, t)
            for j in range(H):
                rectified[t, j] = max(rectified[t, j], 0.0)
        else:
            begin = 0
            while begin < H:
                for p in range(M - first):
                    y = path[t, first + p] + h2[begin + p]
                    rectified[t, begin + p] = max(y, 0.0)
                begin += M - first
        for i in range(M):
            path[t + 1, i] = h1[i] + decay[i] * path[t, i]
        if wide:
            add_transposed_product(W1T, rectified, t, M, path, t + 1)
            add_transposed_product(mixingT, path, t, M, path, t + 1)
        else:
            for i in range(M):
                path[t + 1, i] += dot(W1, i, rectified, t, H)
                if F > 0:
                    path[t + 1, i] += dot(mixing, i, path, t, F)
        for n in range(N):
            seen = dot(readout, n, path, t + 1, M) if linear else path[t + 1, n]
            error = seen - targets[b, t + 1, n]
            errors[t, n] = error
            total += error * error
        if wanted:
            for n in range(N):
                for i in range(M):
                    readout_gradient[n, i] += errors[t, n] * path[t + 1, i]
        alpha = alphas[t + 1]
        if alpha != 0.0:
            for i in range(K):
                path[t + 1, i] = (1.0 - alpha) * path[t + 1, i] + alpha * estimates[b, t + 1, i]
    return total
