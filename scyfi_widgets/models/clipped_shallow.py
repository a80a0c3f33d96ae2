"""The clipped shallow piecewise-linear RNN: bounded orbits by construction."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .base import Model
from .relu_form import ReluForm, frozen_form, full_matrix
from .shallow import checked_shallow_parameters


class ClippedShallowPLRNN(Model):
    """Clipped shallow PLRNN: z' = A z + W1 [relu(W2 z + h2) - relu(W2 z)] + h1.

    In the shared form every hidden unit stands twice, so H is twice the number of hidden units.

    Parameters
    ----------
    A : (M,)
        Diagonal of the linear part.
    W1 : (M, L)
        Weights from the L hidden units.
    W2 : (L, M)
        Weights to the hidden units.
    h1 : (M,)
        Bias of the states.
    h2 : (L,)
        Bias of the hidden units.

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite and real, or the shapes do not match.

    References
    ----------
    Hess et al., *Generalized teacher forcing for learning chaotic dynamics*, ICML 2023, eq. 4.
    """

    equation = "z′ = A z + W1 [relu(W2 z + h2) − relu(W2 z)] + h1"

    def __init__(self, A: ArrayLike, W1: ArrayLike, W2: ArrayLike, h1: ArrayLike, h2: ArrayLike):
        self._set_parameters(checked_shallow_parameters(A, W1, W2, h1, h2))

    def _build_relu_form(self) -> ReluForm:
        W1, W2, h2 = self["W1"], self["W2"], self["h2"]
        return frozen_form(
            full_matrix(self["A"]),
            np.hstack([W1, -W1]),
            np.vstack([W2, W2]),
            self["h1"],
            np.concatenate([h2, np.zeros_like(h2)]),
        )
