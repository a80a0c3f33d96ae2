"""Lyapunov exponents: how fast small distances grow or shrink along an orbit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..cancellation import Cancelled, new_flag
from ..compiled import kernel
from ..models import Model
from ..models.kernels import step_into
from ..models.validation import states, whole_number
from .starts import natural_scales, unit_starts

DEFAULT_STARTS = 8
LOST = 1e-15  # times M and a direction's length: what is shorter without its share of the others


def lyapunov_spectrum(
    model: Model,
    z0: ArrayLike | None = None,
    *,
    steps: int = 20_000,
    transient: int = 1_000,
    cancel: np.ndarray | None = None,
) -> np.ndarray:
    """Return all M Lyapunov exponents per step, the largest first.

    A frame of M orthogonal tangent vectors is carried along an orbit by the Jacobians and made
    orthogonal again after every step (Q R); the exponents are the means of log abs(R_ii).

    Parameters
    ----------
    model : Model
    z0 : (M,) or (n, M), optional
        The start, or one start a row; by default the first of eight starts of an `orbit_diagram`
        whose orbit does not diverge.
    steps : int
        Steps over which the means are taken, at least 1. For a chaotic orbit their error shrinks
        with the square root.
    transient : int
        Steps before these, in which the orbit settles and the frame turns.
    cancel : (1,) int64 array, optional
        A flag (`scyfi_widgets.cancellation.new_flag`) that ends the work when it is set.

    Returns
    -------
    (M,) or (n, M) array
        NaN for an orbit that diverges beyond all numbers; -inf for a direction that the network
        forgets altogether within one step, as a singular Jacobian does.

    Raises
    ------
    Cancelled
        If the flag was set.
    TypeError, ValueError
        If an argument is not of its kind or out of range.

    References
    ----------
    Benettin, Galgani, Giorgilli, Strelcyn, *Lyapunov characteristic exponents for smooth dynamical
    systems*, Meccanica 15 (1980) 9-30; Shimada, Nagashima, *A numerical approach to ergodic problem
    of dissipative dynamical systems*, Prog. Theor. Phys. 61 (1979) 1605-1616.
    """
    if not isinstance(model, Model):
        raise TypeError(f"model must be a network such as PLRNN, got {type(model).__name__}")
    steps = whole_number("steps", steps, 1)
    transient = whole_number("transient", transient, 0)
    flag = new_flag() if cancel is None else cancel
    if z0 is not None:
        start = states("z0", z0, model.M)
        rows = [_spectrum(model, z, steps, transient, flag) for z in np.atleast_2d(start)]
        return rows[0] if start.ndim == 1 else np.array(rows)
    for z in _default_starts(model):
        exponents = _spectrum(model, z, steps, transient, flag)
        if not np.isnan(exponents).any():
            break
    return exponents


def first_frame(M: int) -> np.ndarray:
    """Return the directions (M, M) with which every spectrum begins, always the same.

    They are drawn and not the axes: where A is diagonal and a unit is silent, its axis is an
    eigenvector of the Jacobian, and a frame that contains it would leave it only by rounding.
    """
    return np.linalg.qr(np.random.default_rng(0).normal(size=(M, M)))[0].copy(order="C")


def _spectrum(model: Model, z: np.ndarray, steps: int, transient: int, flag) -> np.ndarray:
    totals, frame = np.empty(model.M), first_frame(model.M)
    if not add_stretches(*model.relu_form, z.copy(), frame, transient, steps, totals, flag):
        raise Cancelled("Lyapunov spectrum")
    return -np.sort(-totals / steps)


def _default_starts(model: Model) -> np.ndarray:
    _, _, W2, h1, h2 = model.relu_form
    scale = natural_scales(h1[None], h2[None], W2.reshape(1, -1))[0]
    return scale * unit_starts(DEFAULT_STARTS, model.M, 0)


@kernel
def write_jacobian(A, W1, W2, bits, jacobian):
    """Write A + W1 diag(bits) W2 to `jacobian` (M, M)."""
    M, H = W1.shape
    for i in range(M):
        for m in range(M):
            jacobian[i, m] = A[i, m]
        for j in range(H):
            if bits[j] and W1[i, j] != 0.0:
                for m in range(M):
                    jacobian[i, m] += W1[i, j] * W2[j, m]


@kernel
def multiply_into(left, right, out):
    """Write the product of two matrices (M, M) to `out`."""
    M = left.shape[0]
    for i in range(M):
        out[i] = 0.0
        for m in range(M):
            if left[i, m] != 0.0:
                for k in range(M):
                    out[i, k] += left[i, m] * right[m, k]


@kernel
def orthogonalise(frame, shares, lengths):
    """Make the columns of `frame` (M, M) orthonormal; write their former heights to `lengths`.

    Gram and Schmidt's method in its modified form: lengths[k] is R_kk. A column that was a
    combination of those before it becomes zero, and so does its length. `shares` (M,) is working
    memory.
    """
    M = frame.shape[0]
    shares[:] = 0.0
    for i in range(M):
        for k in range(M):
            shares[k] += frame[i, k] * frame[i, k]
    for k in range(M):
        lengths[k] = np.sqrt(shares[k])
    for k in range(M):
        square = 0.0
        for i in range(M):
            square += frame[i, k] * frame[i, k]
        height = np.sqrt(square)
        if height <= LOST * M * lengths[k]:
            height = 0.0
        lengths[k] = height
        inverse = 1.0 / height if height > 0.0 else 0.0
        shares[:] = 0.0
        for i in range(M):
            frame[i, k] *= inverse
            for j in range(k + 1, M):
                shares[j] += frame[i, k] * frame[i, j]
        for i in range(M):
            for j in range(k + 1, M):
                frame[i, j] -= frame[i, k] * shares[j]


@kernel
def add_stretches(A, W1, W2, h1, h2, z, frame, transient, steps, totals, cancel):
    """Write the sums of log R_kk over `steps` steps to `totals` (M,); False if cancelled.

    `z` (M,) is the start and `frame` (M, M) holds the directions at it, both to be overwritten. All
    sums are NaN where the orbit overflows.
    """
    M, H = W1.shape
    product, jacobian = np.empty((M, M)), np.empty((M, M))
    shares, lengths, image = np.empty(M), np.empty(M), np.empty(M)
    rectified, bits = np.empty(H), np.zeros(H, np.bool_)
    write_jacobian(A, W1, W2, bits, jacobian)
    totals[:] = 0.0
    for t in range(transient + steps):
        if cancel[0] != 0:
            return False
        step_into(A, W1, W2, h1, h2, z, rectified, image)
        # An orbit stays in most regions for more than a step: the Jacobian is kept until it leaves.
        changed = False
        for j in range(H):
            active = rectified[j] > 0.0
            changed |= active != bits[j]
            bits[j] = active
        if changed:
            write_jacobian(A, W1, W2, bits, jacobian)
        multiply_into(jacobian, frame, product)
        orthogonalise(product, shares, lengths)
        frame, product = product, frame
        z[:] = image
        if t >= transient:
            for k in range(M):
                totals[k] += np.log(lengths[k])
    for i in range(M):
        if not np.isfinite(z[i]):
            totals[:] = np.nan
    return True
