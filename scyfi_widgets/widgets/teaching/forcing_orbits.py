"""Orbits under forcing, and what becomes of a small change along them: arrays, no widget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...cancellation import Cancelled
from ...models import Model
from ...training.adaptive import jacobian_norm
from ...training.forcing import AdaptiveAlpha

MOST_REGIONS = 10  # rectified units up to which the Jacobians of all regions are looked at
LOOK_EVERY = 16  # steps between two looks at the flag
MOST_NUMBERS = 2_000_000  # of the products that are kept at a time


@dataclass(frozen=True, eq=False)
class ForcedOrbits:
    """Orbits of one network under several forcings, one a row.

    Attributes
    ----------
    free : (R, S + 1, M) array
        z_t, before the forcing: what the loss compares with the data.
    steered : (R, S + 1, M) array
        z'_t, after the forcing: what the next step starts from.
    log_norms : (R, S + 1) array
        The natural logarithm of the spectral norm of the product of the Jacobians
        dz_t / dz_(t-1) since the start, or since the state was last replaced as a whole.
    cuts : (R,) array of int
        How often the state was replaced as a whole, which no gradient passes.
    """

    free: np.ndarray
    steered: np.ndarray
    log_norms: np.ndarray
    cuts: np.ndarray

    @property
    def rates(self) -> np.ndarray:
        """Growth per step (R,): log_norms at the end over the number of steps; -inf after a cut."""
        steps = self.log_norms.shape[1] - 1
        return np.where(self.cuts > 0, -np.inf, self.log_norms[:, -1] / steps)


def forced_orbits(
    model: Model,
    estimates: np.ndarray,
    strengths: np.ndarray,
    start: np.ndarray,
    cancel: np.ndarray | None = None,
) -> ForcedOrbits:
    """Follow orbits that are drawn towards data, as `scyfi_widgets.training` does.

    z'_t = (1 - a_t) z_t + a_t x_t in the first K units, z_(t+1) = F(z'_t); so a change of z_t is
    multiplied by J(z'_t) D_t, where D_t has 1 - a_t for these units and 1 for the others.

    Parameters
    ----------
    model : Model
    estimates : (S + 1, K) array
        x_t: the states of the first K units, as the data tell them.
    strengths : (R, S + 1) array
        a_t before each step; the first belongs to the start, which is never forced.
    start : (M,) array
    cancel : (1,) int64 array, optional

    Returns
    -------
    ForcedOrbits

    Raises
    ------
    Cancelled
        If the flag was set.
    """
    rows, M = strengths.shape[1], model.M
    together = max(1, MOST_NUMBERS // (rows * M * M))
    parts = [
        _followed(model, estimates, strengths[i : i + together], start, cancel)
        for i in range(0, len(strengths), together)
    ]
    return ForcedOrbits(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _followed(model, estimates, strengths, start, cancel) -> tuple[np.ndarray, ...]:
    (R, rows), M, K = strengths.shape, model.M, estimates.shape[1]
    free, steered = np.empty((2, R, rows, M))
    products, scales = np.empty((R, rows, M, M)), np.zeros((R, rows))
    free[:, 0] = steered[:, 0] = start
    products[:, 0] = np.eye(M)
    A, W1, W2, h1, h2 = model.relu_form
    kept = np.ones((R, rows, M))
    kept[:, :, :K] = 1.0 - strengths[:, :, None]
    kept[:, 0] = 1.0
    pulled = strengths[:, :, None] * estimates
    replaced = kept == 0.0
    cut = replaced.all(axis=2)
    # An orbit that diverges passes through infinity to NaN.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for t in range(1, rows):
            if cancel is not None and t % LOOK_EVERY == 0 and cancel[0]:
                raise Cancelled("forced orbits")
            here, passed = steered[:, t - 1], kept[:, t - 1, :, None] * products[:, t - 1]
            passed[cut[:, t - 1]] = np.eye(M)
            y = here @ W2.T + h2
            free[:, t] = here @ A.T + np.maximum(y, 0.0) @ W1.T + h1
            steered[:, t] = free[:, t]
            steered[:, t, :K] = kept[:, t, :K] * free[:, t, :K] + pulled[:, t]
            steered[:, t][replaced[:, t]] = np.broadcast_to(_padded(estimates[t], M), (R, M))[
                replaced[:, t]
            ]
            product = (A + (W1 * (y > 0.0)[:, None, :]) @ W2) @ passed
            # Divided by their sizes, so that no product overflows.
            size = np.abs(product).max(axis=(1, 2))
            size[size == 0.0] = 1.0
            products[:, t] = product / size[:, None, None]
            scales[:, t] = np.where(cut[:, t - 1], 0.0, scales[:, t - 1]) + np.log(size)
        log_norms = scales + np.log(np.linalg.norm(products, 2, axis=(2, 3)))
    return free, steered, log_norms, cut.sum(axis=1)


def _padded(estimate: np.ndarray, M: int) -> np.ndarray:
    return np.concatenate([estimate, np.zeros(M - len(estimate))])


def largest_stretch(model: Model) -> tuple[float, bool]:
    """Return the largest singular value of any Jacobian, and whether it is attained.

    With more than `MOST_REGIONS` rectified units it is the bound ||A|| + ||W1|| ||W2||.
    """
    A, W1, W2, _, _ = model.relu_form
    H = model.H
    if H > MOST_REGIONS:
        return jacobian_norm(AdaptiveAlpha("bound"), model, np.zeros((1, 1, 1))), False
    regions = (np.arange(2**H)[:, None] >> np.arange(H)) & 1
    jacobians = A + (W1 * regions[:, None, :]) @ W2
    return float(np.linalg.norm(jacobians, 2, axis=(1, 2)).max()), True
