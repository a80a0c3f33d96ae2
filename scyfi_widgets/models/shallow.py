"""The shallow piecewise-linear RNN: one hidden layer."""

from __future__ import annotations

from numpy.typing import ArrayLike

from .base import Model
from .relu_form import ReluForm, frozen_form, full_matrix
from .validation import real_array, require_shape


def checked_shallow_parameters(A, W1, W2, h1, h2) -> dict:
    """Return the five arrays by name after checking that they fit together."""
    A = real_array("A", A, 1)
    W1 = real_array("W1", W1, 2)
    W2 = real_array("W2", W2, 2)
    h1 = real_array("h1", h1, 1)
    h2 = real_array("h2", h2, 1)
    M, H = len(h1), len(h2)
    match = f"h1 of length {M} and h2 of length {H}"
    require_shape("A", A, (M,), f"h1 of length {M}")
    require_shape("W1", W1, (M, H), match)
    require_shape("W2", W2, (H, M), match)
    return {"A": A, "W1": W1, "W2": W2, "h1": h1, "h2": h2}


class ShallowPLRNN(Model):
    """Shallow PLRNN: z' = A z + W1 relu(W2 z + h2) + h1.

    Parameters
    ----------
    A : (M,)
        Diagonal of the linear part.
    W1 : (M, H)
        Weights from the H hidden units.
    W2 : (H, M)
        Weights to the hidden units.
    h1 : (M,)
        Bias of the states.
    h2 : (H,)
        Bias of the hidden units.

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite and real, or the shapes do not match.

    References
    ----------
    Hess et al., *Generalized teacher forcing for learning chaotic dynamics*, ICML 2023, eq. 2.
    """

    equation = "z′ = A z + W1 relu(W2 z + h2) + h1"

    def __init__(self, A: ArrayLike, W1: ArrayLike, W2: ArrayLike, h1: ArrayLike, h2: ArrayLike):
        self._set_parameters(checked_shallow_parameters(A, W1, W2, h1, h2))

    def _build_relu_form(self) -> ReluForm:
        return frozen_form(full_matrix(self["A"]), self["W1"], self["W2"], self["h1"], self["h2"])
