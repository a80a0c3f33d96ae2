"""The gradient of the loss by simulation: an orbit that settles, then a window that is compared."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...cancellation import Cancelled, new_flag
from ...compiled import kernel
from ...models import Model
from ...models.kernels import CHECK_EVERY, step_into
from ...models.relu_form import ReluForm

SETTLED = 30.0  # e-foldings of the slowest direction before the window: 1e-13 is left


class WindowLoss(NamedTuple):
    """The loss of an orbit over its window, and its gradient.

    Attributes
    ----------
    loss : float
    gradient : ReluForm
        By the arrays of the shared form, with the start kept.
    last : (M,) array
        The orbit's last state.
    """

    loss: float
    gradient: ReluForm
    last: np.ndarray


def settling_steps(order: int, M: int, spectral_radius: float) -> float:
    """Return the steps in which an orbit settles on a cycle and forgets its start.

    A distance from the cycle, and a change of the weights before that long, count by e⁻³⁰ then.
    Infinite where the cycle does not attract.
    """
    if not spectral_radius < 1.0:
        return np.inf
    turns = SETTLED / -np.log(spectral_radius) if spectral_radius > 0.0 else 0.0
    return order * (np.ceil(turns) + M + 1)


def window_loss(
    model: Model,
    z0: np.ndarray,
    settle: int,
    window: int,
    readout: np.ndarray,
    target: np.ndarray,
    cancel: np.ndarray | None = None,
) -> WindowLoss:
    """Run freely from `z0` and return the loss over the `window` steps that follow `settle` ones.

    The gradient is that of back-propagation through all `settle + window` steps.

    Parameters
    ----------
    model : Model
    z0 : (M,) array
    settle, window : int
        Steps, the second at least 1.
    readout : (N, M) array
        The loss is the mean of |B z_t - m|² over the window and the N variables.
    target : (N,) array
    cancel : (1,) int64 array, optional

    Raises
    ------
    Cancelled
        If the flag was set.
    """
    # Copies, for arrays that are read-only are of another type: the kernel would compile once more.
    readout, target = np.array(readout, np.float64), np.array(target, np.float64)
    form = model.relu_form
    orbit = np.empty((settle + window + 1, model.M))
    orbit[0] = z0
    gradient = ReluForm(*(np.zeros_like(array) for array in form))
    loss = np.empty(1)
    flag = new_flag() if cancel is None else cancel
    if not fill_window_gradient(*form, orbit, settle, readout, target, loss, *gradient, flag):
        raise Cancelled("gradient lens")
    return WindowLoss(float(loss[0]), gradient, orbit[-1].copy())


@kernel
def fill_window_gradient(
    A, W1, W2, h1, h2, orbit, settle, readout, target, loss, dA, dW1, dW2, dh1, dh2, cancel
):
    """Continue orbit[0] through `orbit` (T + 1, M) and add up the gradient; False if cancelled."""
    M, H = W1.shape
    N = readout.shape[0]
    T = orbit.shape[0] - 1
    rectified, hidden = np.empty(H), np.empty(H)
    errors, adjoint, earlier = np.empty(N), np.zeros(M), np.empty(M)
    for t in range(T):
        if t % CHECK_EVERY == 0 and cancel[0] != 0:
            return False
        step_into(A, W1, W2, h1, h2, orbit[t], rectified, orbit[t + 1])
    total, scale = 0.0, 1.0 / (N * (T - settle))
    for t in range(T - 1, -1, -1):
        if t % CHECK_EVERY == 0 and cancel[0] != 0:
            return False
        if t >= settle:
            for n in range(N):
                error = -target[n]
                for i in range(M):
                    error += readout[n, i] * orbit[t + 1, i]
                errors[n] = error
                total += error * error
            for i in range(M):
                for n in range(N):
                    adjoint[i] += 2.0 * scale * errors[n] * readout[n, i]
        for j in range(H):
            y = h2[j]
            for i in range(M):
                y += W2[j, i] * orbit[t, i]
            rectified[j] = y if y > 0.0 else 0.0
            back = 0.0
            for i in range(M):
                dW1[i, j] += adjoint[i] * rectified[j]
                back += W1[i, j] * adjoint[i]
            hidden[j] = back if y > 0.0 else 0.0
            dh2[j] += hidden[j]
            for i in range(M):
                dW2[j, i] += hidden[j] * orbit[t, i]
        for i in range(M):
            dh1[i] += adjoint[i]
            back = 0.0
            for m in range(M):
                dA[i, m] += adjoint[i] * orbit[t, m]
                back += A[m, i] * adjoint[m]
            for j in range(H):
                back += W2[j, i] * hidden[j]
            earlier[i] = back
        for i in range(M):
            adjoint[i] = earlier[i]
    loss[0] = total * scale
    return True
