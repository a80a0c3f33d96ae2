"""The piecewise-linear RNN."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .base import Model
from .relu_form import ReluForm, frozen_form, full_matrix
from .validation import real_array, require_decay, require_shape


class PLRNN(Model):
    """Piecewise-linear RNN: z' = A z + W relu(z) + h.

    Parameters
    ----------
    A : (M,) or (M, M)
        Linear part; a vector is the diagonal.
    W : (M, M)
        Weights of the rectified states.
    h : (M,)
        Bias.

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite and real, or the shapes do not match.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*,
    NeurIPS 2023, eq. 1.
    """

    equation = "z′ = A z + W relu(z) + h"

    def __init__(self, A: ArrayLike, W: ArrayLike, h: ArrayLike):
        A = real_array("A", A, (1, 2))
        W = real_array("W", W, 2)
        h = real_array("h", h, 1)
        M = len(h)
        require_decay(A, M, f"h of length {M}")
        require_shape("W", W, (M, M), f"h of length {M}")
        self._set_parameters({"A": A, "W": W, "h": h})

    def _build_relu_form(self) -> ReluForm:
        M = len(self["h"])
        return frozen_form(full_matrix(self["A"]), self["W"], np.eye(M), self["h"], np.zeros(M))
