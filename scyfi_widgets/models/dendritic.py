"""The dendritic piecewise-linear RNN: several thresholds a unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .base import Model
from .relu_form import ReluForm, frozen_form, full_matrix
from .validation import real_array, require_decay, require_shape


class DendriticPLRNN(Model):
    """Dendritic PLRNN: z' = A z + W sum_b alpha_b relu(z - theta_b) + h.

    In the shared form each of the B bases is a copy of the units, so H = M B, basis by basis.

    Parameters
    ----------
    A : (M,) or (M, M)
        Linear part; a vector is the diagonal.
    W : (M, M)
        Weights of the basis expansion.
    h : (M,)
        Bias.
    alpha : (B,)
        Slopes of the bases.
    theta : (M, B)
        Thresholds of every unit. Some code bases store the negative: relu(z + theta).

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite and real, or the shapes do not match.

    References
    ----------
    Brenner et al., *Tractable dendritic RNNs for reconstructing nonlinear dynamical systems*,
    ICML 2022, eq. 2.
    """

    equation = "z′ = A z + W Σ_b alpha_b relu(z − theta_b) + h"

    def __init__(
        self, A: ArrayLike, W: ArrayLike, h: ArrayLike, alpha: ArrayLike, theta: ArrayLike
    ):
        A = real_array("A", A, (1, 2))
        W = real_array("W", W, 2)
        h = real_array("h", h, 1)
        alpha = real_array("alpha", alpha, 1)
        theta = real_array("theta", theta, 2)
        M, B = len(h), len(alpha)
        require_decay(A, M, f"h of length {M}")
        require_shape("W", W, (M, M), f"h of length {M}")
        require_shape("theta", theta, (M, B), f"h of length {M} and alpha of length {B}")
        self._set_parameters({"A": A, "W": W, "h": h, "alpha": alpha, "theta": theta})

    def _build_relu_form(self) -> ReluForm:
        W, alpha, theta = self["W"], self["alpha"], self["theta"]
        M, B = theta.shape
        return frozen_form(
            full_matrix(self["A"]),
            np.hstack([slope * W for slope in alpha]),
            np.tile(np.eye(M), (B, 1)),
            self["h"],
            -theta.T.ravel(),
        )

    def relu_forms_towards(self, end: Model) -> tuple[ReluForm, ReluForm, ReluForm]:
        """Return the coefficients of 1, s, s^2: W alpha has a square where both factors move."""
        constant, linear, square = super().relu_forms_towards(end)
        W, alpha = self["W"], self["alpha"]
        dW, dalpha = end["W"] - W, end["alpha"] - alpha
        first = [slope * dW + change * W for slope, change in zip(alpha, dalpha, strict=True)]
        second = [change * dW for change in dalpha]
        return (
            constant,
            frozen_form(*linear._replace(W1=np.hstack(first))),
            frozen_form(*square._replace(W1=np.hstack(second))),
        )
