"""The almost-linear RNN: only the last few units are rectified."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .base import Model
from .relu_form import ReluForm, frozen_form
from .validation import real_array, require_shape, whole_number


class AlmostLinearRNN(Model):
    """Almost-linear RNN: z' = A z + W phi(z) + h, where phi rectifies the last n_relu units only.

    The shared form has H = n_relu: the other columns of W join the linear part.

    Parameters
    ----------
    A : (M,)
        Diagonal of the linear part.
    W : (M, M)
        Weights of the partly rectified states.
    h : (M,)
        Bias.
    n_relu : int
        Number P of rectified units, 1 <= P <= M.

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite and real, the shapes do not match, or P is out of range.

    References
    ----------
    Brenner et al., *Almost-linear RNNs yield highly interpretable symbolic codes in dynamical
    systems reconstruction*, NeurIPS 2024, eq. 3.
    """

    equation = "z′ = A z + W φ(z) + h, φ rectifies the last n_relu units"

    def __init__(self, A: ArrayLike, W: ArrayLike, h: ArrayLike, n_relu: int):
        A = real_array("A", A, 1)
        W = real_array("W", W, 2)
        h = real_array("h", h, 1)
        M = len(h)
        require_shape("A", A, (M,), f"h of length {M}")
        require_shape("W", W, (M, M), f"h of length {M}")
        n_relu = whole_number("n_relu", n_relu, 1, M)
        self._set_parameters({"A": A, "W": W, "h": h}, {"n_relu": n_relu})

    @property
    def n_relu(self) -> int:
        """Number of rectified units."""
        return self._options["n_relu"]

    def _build_relu_form(self) -> ReluForm:
        A, W, h = self["A"], self["W"], self["h"]
        M = len(h)
        linear = M - self.n_relu
        full = np.diag(A)
        full[:, :linear] += W[:, :linear]
        return frozen_form(full, W[:, linear:], np.eye(M)[linear:], h, np.zeros(self.n_relu))
