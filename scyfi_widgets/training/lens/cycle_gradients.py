"""How a cycle moves with the weights, and the gradient of the loss of an orbit that is on it.

The points z_1 … z_k of a cycle with the regions d_1 … d_k solve z_{i+1} = F(z_i; θ), once around.
Differentiated, with J_i the Jacobian in region d_i:

    ∂z_{i+1}/∂θ = J_i ∂z_i/∂θ + ∂⁺F(z_i; θ)/∂θ,    so    ∂z_1/∂θ = (I − P)⁻¹ (…),   P = J_k ⋯ J_1

by the implicit function theorem: it exists while no eigenvalue of P is 1. The loss needs no more
than one vector for each point, by the adjoint of the same equation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...cycles import Cycle
from ...models import Model
from ...models.relu_form import ReluForm

FOREIGN = 1e-6  # of the points' size: what misses its image by more is no cycle


class CycleLoss(NamedTuple):
    """The loss of n networks whose orbits are on a cycle, and its gradient.

    Attributes
    ----------
    loss : (n,) array
    gradient : ReluForm
        By the arrays of the shared form, each with n as its first axis.
    """

    loss: np.ndarray
    gradient: ReluForm


def cycle_gradient(model: Model, cycle: Cycle, name: str) -> np.ndarray:
    """Return how the points of a cycle move with a weight, dz/dθ.

    Parameters
    ----------
    model : Model
    cycle : Cycle
        Of `model`, of any stability.
    name : str
        A weight (``"W[0,1]"``) or a whole array (``"W"``).

    Returns
    -------
    (k, M) array, or (k, M, ...) with the shape of the whole array
        NaN where an eigenvalue of the cycle is exactly 1.

    Raises
    ------
    KeyError
        If there is no such parameter.
    TypeError, ValueError
        If the cycle is not one of a network of this size.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*,
    NeurIPS 2023, for (I − P)⁻¹ in the gradient of the loss near a cycle.
    """
    _require_cycle_of(model, cycle)
    value = model[name]
    if isinstance(value, float):
        return _tangents(model, cycle, [name])[0]
    names = [f"{name}[{','.join(map(str, index))}]" for index in np.ndindex(value.shape)]
    tangents = _tangents(model, cycle, names)
    return np.moveaxis(tangents, 0, -1).reshape(*cycle.points.shape, *value.shape)


def form_direction(model: Model, name: str) -> ReluForm:
    """Return the derivative of the shared form's arrays by one weight.

    No entry of the form has a weight's square, so it does not depend on that weight.
    """
    off, on = model.replace({name: 0.0}), model.replace({name: 1.0})
    return off.relu_forms_towards(on)[1]


def _tangents(model: Model, cycle: Cycle, names: list[str]) -> np.ndarray:
    """Return dz/dθ (p, k, M) of single weights."""
    A, W1, W2, _, h2 = model.relu_form
    z, bits = cycle.points, cycle.word
    k, M = z.shape
    jacobians = A + (W1 * bits[:, None, :]) @ W2
    rectified = bits * (z @ W2.T + h2)
    direct = np.empty((k, M, len(names)))
    for column, name in enumerate(names):
        dA, dW1, dW2, dh1, dh2 = form_direction(model, name)
        inner = bits * (z @ dW2.T + dh2)
        direct[..., column] = z @ dA.T + rectified @ dW1.T + inner @ W1.T + dh1
    around, forced = np.eye(M), np.zeros((M, len(names)))
    for i in range(k):
        around = jacobians[i] @ around
        forced = jacobians[i] @ forced + direct[i]
    tangents = np.empty((len(names), k, M))
    moving = _solved(np.eye(M) - around, forced)
    for i in range(k):
        tangents[:, i] = moving.T
        moving = jacobians[i] @ moving + direct[i]
    return tangents


def cycle_losses(
    forms: ReluForm,
    points: np.ndarray,
    word: np.ndarray,
    readout: np.ndarray,
    target: np.ndarray,
) -> CycleLoss:
    """Return the loss of n networks on the cycle of one word, and its gradient.

    The loss is the mean of |B z_i − m|² over the points of the cycle and over the N variables: what
    the loss of a free run tends to, up to a constant, where the data have the mean m and keep no
    fixed phase with the cycle.

    Parameters
    ----------
    forms : ReluForm
        Each array with n as its first axis.
    points : (n, k, M) array
        The cycle in each network.
    word : (k, H) bool array
    readout : (N, M) array
        B.
    target : (N,) array
        m.
    """
    A, W1, W2, _, h2 = forms
    n, k, M = points.shape
    errors = points @ readout.T - target
    pull = 2.0 / errors[0].size * errors @ readout
    jacobians = [A + (W1 * bits) @ W2 for bits in word]
    around, gathered = np.broadcast_to(np.eye(M), (n, M, M)), np.zeros((n, M))
    for i in reversed(range(k)):
        around = around @ jacobians[i]
        gathered = pull[:, i] + np.einsum("nij,ni->nj", jacobians[i], gathered)
    adjoint = _solved(np.eye(M) - around.transpose(0, 2, 1), gathered[..., None])[..., 0]
    gradient = ReluForm(*(np.zeros_like(array) for array in forms))
    for i in reversed(range(k)):
        z, bits = points[:, i], word[i]
        rectified = bits * (np.einsum("nhm,nm->nh", W2, z) + h2)
        hidden = bits * np.einsum("nmh,nm->nh", W1, adjoint)
        gradient.A[:] += adjoint[:, :, None] * z[:, None, :]
        gradient.W1[:] += adjoint[:, :, None] * rectified[:, None, :]
        gradient.W2[:] += hidden[:, :, None] * z[:, None, :]
        gradient.h1[:] += adjoint
        gradient.h2[:] += hidden
        adjoint = pull[:, i] + np.einsum("nij,ni->nj", jacobians[i], adjoint)
    return CycleLoss((errors**2).mean(axis=(1, 2)), gradient)


def _solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return matrix⁻¹ right; NaN where the matrix is singular."""
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        if matrix.ndim == 2:
            return np.full(right.shape, np.nan)
        return np.stack([_solved(*each) for each in zip(matrix, right, strict=True)])


def _require_cycle_of(model: Model, cycle: Cycle) -> None:
    if not isinstance(model, Model):
        raise TypeError(f"model must be a network such as PLRNN, got {type(model).__name__}")
    if not isinstance(cycle, Cycle):
        raise TypeError(f"cycle must be a Cycle, as of find_cycles, got {type(cycle).__name__}")
    if cycle.points.shape[1] != model.M or cycle.word.shape[1] != model.H:
        raise ValueError(
            f"cycle must be one of a network with M={model.M} and H={model.H}, got points of "
            f"{cycle.points.shape[1]} units in regions of {cycle.word.shape[1]} bits"
        )
    missed = np.abs(model.step(cycle.points) - np.roll(cycle.points, -1, axis=0)).max()
    if not missed <= FOREIGN * (1.0 + np.abs(cycle.points).max()):
        raise ValueError(f"cycle must be one of this network: its points miss by {missed:.3g}")
