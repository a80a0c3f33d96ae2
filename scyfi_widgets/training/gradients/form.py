"""The shared form laid out for training: what is zero or one by construction takes no work.

z' = decay z + mixing z[:F] + W1 relu(y) + h1, y = W2 z + h2. A diagonal A is `decay`, a full one
`mixing` with F = M; the unrectified columns of an almost-linear network are `mixing` with F < M.
Where W2 only picks states it is not stored: y repeats the units from `first` on, as often as they
fit into H. Else it is stored as its transpose, since H is the longer side.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...models import AlmostLinearRNN, ClippedShallowPLRNN, Model, ShallowPLRNN

WIDE = 8  # units from which on sums along the states are the faster ones


class TrainingForm(NamedTuple):
    """The arrays of the form, or the gradient with respect to them.

    Attributes
    ----------
    decay : (M,) array
    mixing : (M, F) array
    W1 : (M, H) array
    W2T : (M, H) array, or (0, 0) where W2 picks states
    h1 : (M,) array
    h2 : (H,) array
    """

    decay: np.ndarray
    mixing: np.ndarray
    W1: np.ndarray
    W2T: np.ndarray
    h1: np.ndarray
    h2: np.ndarray


class Workspace(NamedTuple):
    """Memory for one sequence of S steps.

    Attributes
    ----------
    path : (S + 1, M) array
        The states after forcing, the start included.
    rectified : (S, H) array
        relu(y) at every step.
    errors : (S, N) array
        Reading minus target.
    upper : (S, M) array
        Gradient with respect to the state that a step led to, before forcing.
    lower : (S, H) array
        Gradient with respect to y.
    carry : (1, M) array
        Gradient with respect to a step's start, after forcing.
    W1T, mixingT : (H, M), (F, M) arrays, or (0, 0) below `WIDE` units
        Transposed weights of the form, for sums along the states.
    """

    path: np.ndarray
    rectified: np.ndarray
    errors: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    carry: np.ndarray
    W1T: np.ndarray
    mixingT: np.ndarray


def new_form(model: Model) -> tuple[TrainingForm, int]:
    """Return a form of zeros for a model, and the first of the units that W2 picks."""
    M, H = model.M, model.H
    F, first = (M if model["A"].ndim == 2 else 0), 0
    if isinstance(model, AlmostLinearRNN):
        F = first = M - model.n_relu
    dense = isinstance(model, (ShallowPLRNN, ClippedShallowPLRNN))
    shapes = ((M,), (M, F), (M, H), (M, H) if dense else (0, 0), (M,), (H,))
    return TrainingForm(*map(np.zeros, shapes)), first


def new_workspace(model: Model, steps: int, N: int) -> Workspace:
    """Return memory for one sequence of `steps` steps and N variables."""
    M, H = model.M, model.H
    shapes = ((steps + 1, M), (steps, H), (steps, N), (steps, M), (steps, H), (1, M))
    F = new_form(model)[0].mixing.shape[1]
    transposed = ((H, M), (F, M)) if M >= WIDE else ((0, 0), (0, 0))
    return Workspace(*map(np.zeros, shapes + transposed))
