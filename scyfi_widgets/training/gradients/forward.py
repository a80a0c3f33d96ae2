"""Through time: a forced orbit and its errors."""

from __future__ import annotations

from ...compiled import kernel
from .products import LIBERTIES, add_transposed_product, dot


@kernel(fastmath=LIBERTIES)
def write_rectified(W2T, h2, first, path, t, rectified):
    """Write relu(W2 path[t] + h2) to rectified[t]."""
    M, H = path.shape[1], h2.shape[0]
    if W2T.shape[0] > 0:
        for j in range(H):
            rectified[t, j] = h2[j]
        add_transposed_product(W2T, path, t, H, rectified, t)
        for j in range(H):
            rectified[t, j] = max(rectified[t, j], 0.0)
        return
    picked = M - first
    for begin in range(0, H, picked):
        for p in range(picked):
            rectified[t, begin + p] = max(path[t, first + p] + h2[begin + p], 0.0)


@kernel
def follow(form, first, readout, targets, estimates, alphas, b, space, readout_gradient):
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
    """
    # Taken from the tuples here: in the loop, counting references would take most of the time.
    decay, mixing, W1, W2T, h1, h2 = form
    path, rectified, state, errors = space.path, space.rectified, space.state, space.errors
    M, H = W1.shape
    steps, N = errors.shape
    F, K = mixing.shape[1], estimates.shape[2]
    total = 0.0
    for t in range(steps):
        write_rectified(W2T, h2, first, path, t, rectified)
        for i in range(M):
            value = h1[i] + decay[i] * path[t, i] + dot(W1, i, rectified, t, H)
            if F > 0:
                value += dot(mixing, i, path, t, F)
            state[0, i] = value
        for n in range(N):
            seen = dot(readout, n, state, 0, M) if readout.shape[0] > 0 else state[0, n]
            error = seen - targets[b, t + 1, n]
            errors[t, n] = error
            total += error * error
        for n in range(readout_gradient.shape[0]):
            for i in range(M):
                readout_gradient[n, i] += errors[t, n] * state[0, i]
        alpha = alphas[t + 1]
        for i in range(M):
            path[t + 1, i] = state[0, i]
        if alpha != 0.0:
            for i in range(K):
                path[t + 1, i] = (1.0 - alpha) * state[0, i] + alpha * estimates[b, t + 1, i]
    return total
