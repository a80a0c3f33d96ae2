"""The largest Lyapunov exponent of one orbit, in a fraction of the time of the whole spectrum."""

from __future__ import annotations

from functools import cache

import numpy as np

from ...cancellation import Cancelled, new_flag
from ...compiled import kernel
from ...dynamics.lyapunov import DEFAULT_STARTS, first_frame
from ...dynamics.starts import natural_scales, unit_starts
from ...models import PLRNN, Model
from ...models.kernels import CHECK_EVERY, step_into

TRANSIENT = 1_000  # steps in which the orbit settles and the direction turns


def largest_exponent(
    model: Model, z0: np.ndarray | None, steps: int, transient: int, cancel: np.ndarray
) -> float:
    """Return the largest Lyapunov exponent per step of the orbit that starts in `z0` (M,).

    One tangent vector is carried along by the Jacobians (Benettin et al., Meccanica 15, 1980): the
    exponent is the mean of the logarithms of its stretching. Without a start it is that of the
    first of the default starts of `lyapunov_spectrum` whose orbit does not diverge.

    Returns
    -------
    float
        NaN for an orbit that diverges; -inf where the network forgets the vector altogether.

    Raises
    ------
    Cancelled
        If the flag was set.
    """
    form = model.relu_form
    if z0 is None:
        scale = natural_scales(form.h1[None], form.h2[None], form.W2.reshape(1, -1))[0]
        starts = scale * _unit_starts(model.M)
    else:
        starts = np.array(z0, np.float64)[None]
    for start in starts:
        direction = _first_direction(model.M).copy()
        exponent, done = mean_stretching(*form, start, direction, transient, steps, cancel)
        if not done:
            raise Cancelled("Lyapunov exponent")
        if not np.isnan(exponent):
            break
    return exponent


def compile_exponent() -> None:
    """Compile or load the kernel, so that no time limit counts this."""
    if not mean_stretching.signatures:
        largest_exponent(PLRNN([0.5], [[0.0]], [0.1]), None, 1, 0, new_flag())


@cache
def _unit_starts(M: int) -> np.ndarray:
    return unit_starts(DEFAULT_STARTS, M, 0)


@cache
def _first_direction(M: int) -> np.ndarray:
    return first_frame(M)[:, 0]


@kernel
def mean_stretching(A, W1, W2, h1, h2, z, direction, transient, steps, cancel):
    """Return the mean of log |J v| / |v| over `steps` steps after a transient.

    `z` (M,) and `direction` (M,), of length 1, are overwritten.

    Returns
    -------
    float
        NaN where the orbit overflows, -inf where the vector becomes zero.
    bool
        False if cancelled.
    """
    M, H = W1.shape
    image, turned, rectified, seen = np.empty(M), np.empty(M), np.empty(H), np.empty(H)
    total = 0.0
    for t in range(transient + steps):
        if t % CHECK_EVERY == 0 and cancel[0] != 0:
            return np.nan, False
        step_into(A, W1, W2, h1, h2, z, rectified, image)
        for j in range(H):
            seen[j] = 0.0
            if rectified[j] > 0.0:
                for m in range(M):
                    seen[j] += W2[j, m] * direction[m]
        square = 0.0
        for i in range(M):
            stretched = 0.0
            for m in range(M):
                stretched += A[i, m] * direction[m]
            for j in range(H):
                stretched += W1[i, j] * seen[j]
            turned[i] = stretched
            square += stretched * stretched
            z[i] = image[i]
        length = np.sqrt(square)
        if not np.isfinite(length) or not np.isfinite(np.sum(z)):
            return np.nan, True
        if length == 0.0:
            return -np.inf, True
        for i in range(M):
            direction[i] = turned[i] / length
        if t >= transient:
            total += np.log(length)
    return total / steps, True
