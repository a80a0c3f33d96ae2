"""The strength of forcing that a network's Jacobians ask for."""

from __future__ import annotations

import numpy as np

from ..models import Model
from .forcing import AdaptiveAlpha


def adapted_alpha(
    adaptive: AdaptiveAlpha, alpha: float, model: Model, estimates: np.ndarray
) -> float:
    """Return the strength after one estimate: raised at once, lowered slowly.

    Parameters
    ----------
    adaptive : AdaptiveAlpha
    alpha : float
        The strength before.
    model : Model
    estimates : (B, S + 1, K) array
        The states of the first K units in a batch, as the data tell them; the others count as 0.
    """
    stretch = jacobian_norm(adaptive, model, estimates)
    estimate = max(0.0, 1.0 - 1.0 / stretch) if stretch > 0.0 else 0.0
    if estimate > alpha:
        return estimate
    return adaptive.decay * alpha + (1.0 - adaptive.decay) * estimate


def jacobian_norm(adaptive: AdaptiveAlpha, model: Model, estimates: np.ndarray) -> float:
    """Return N of `AdaptiveAlpha`: how much the Jacobians stretch."""
    if adaptive.estimator == "bound":
        A, W1, W2, _, _ = model.relu_form
        return float(np.linalg.norm(A, 2) + np.linalg.norm(W1, 2) * np.linalg.norm(W2, 2))
    K = estimates.shape[2]
    # The last state of a sequence is never stepped from.
    seen = estimates[:, :-1].reshape(-1, K)
    places = np.linspace(0, len(seen) - 1, min(adaptive.states, len(seen))).round().astype(int)
    states = np.zeros((len(places), model.M))
    states[:, :K] = seen[places]
    norms = np.linalg.norm(model.jacobian(states), 2, axis=(1, 2))
    if adaptive.estimator == "batch_maximum":
        return float(norms.max())
    with np.errstate(divide="ignore"):
        return float(np.exp(np.log(norms).mean()))
