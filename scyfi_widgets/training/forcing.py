"""How data steer the orbit in training: not at all, now and then, or a little at every step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from ..models.validation import whole_number
from .numbers import in_range

ESTIMATORS = ("geometric_mean", "bound", "batch_maximum")


class Forcing(ABC):
    """Before every step the state z becomes (1 - a) z + a z_hat, with z_hat estimated from data.

    The loss compares the state before that. See `scyfi_widgets.training.observation` for z_hat and
    for the units that have one.
    """

    @abstractmethod
    def strengths(self, steps: int, alpha: float) -> np.ndarray:
        """Return the strength a (steps + 1,) before each step and after the last.

        The first is for a sequence's start, which is never forced.

        Parameters
        ----------
        steps : int
        alpha : float
            The present strength, where it may change in training; see `alpha_at`.
        """

    def alpha_at(self, epoch: int) -> float:
        """Return the strength that is planned for an epoch; NaN where there is none to plan."""
        return np.nan


@dataclass(frozen=True)
class FreeRunning(Forcing):
    """No forcing: the orbit is the network's own from the first state on."""

    def strengths(self, steps: int, alpha: float) -> np.ndarray:
        """Return zeros."""
        return np.zeros(steps + 1)


@dataclass(frozen=True)
class SparseTeacherForcing(Forcing):
    """Every `interval` steps the state is replaced by its estimate, where the gradient ends too.

    Attributes
    ----------
    interval : int
        Steps between two replacements, at least 1; 1 is one-step prediction.

    References
    ----------
    Mikhaeil, Monfared, Durstewitz, *On the difficulty of learning chaotic dynamics with RNNs*,
    NeurIPS 2022; Brenner et al., *Tractable dendritic RNNs*, ICML 2022, eq. 6.
    """

    interval: int

    def __post_init__(self):
        object.__setattr__(self, "interval", whole_number("interval", self.interval, 1))

    def strengths(self, steps: int, alpha: float) -> np.ndarray:
        """Return 1 at the multiples of the interval and 0 elsewhere."""
        strengths = np.zeros(steps + 1)
        strengths[:: self.interval] = 1.0
        return strengths


@dataclass(frozen=True)
class AnnealedAlpha:
    """A strength that goes from `start` to `end` in so many epochs, and then stays.

    Attributes
    ----------
    start, end : float
        In [0, 1].
    epochs : int
    shape : {"linear", "exponential"}
        Equal differences or equal ratios from epoch to epoch; a ratio needs both ends above 0.
    """

    start: float = 1.0
    end: float = 0.0
    epochs: int = 1000
    shape: str = "linear"

    def __post_init__(self):
        for name in ("start", "end"):
            object.__setattr__(self, name, in_range(name, getattr(self, name), 0.0, 1.0))
        object.__setattr__(self, "epochs", whole_number("epochs", self.epochs, 1))
        if self.shape not in ("linear", "exponential"):
            raise ValueError(f"shape must be 'linear' or 'exponential', got {self.shape!r}")
        if self.shape == "exponential" and not min(self.start, self.end) > 0.0:
            raise ValueError("an exponential shape needs start and end above 0")

    def at(self, epoch: int) -> float:
        """Return the strength in an epoch, from 0."""
        done = min(epoch / self.epochs, 1.0)
        if self.shape == "linear":
            return (1.0 - done) * self.start + done * self.end
        return self.start ** (1.0 - done) * self.end**done


@dataclass(frozen=True)
class AdaptiveAlpha:
    """A strength that follows the network's Jacobians: a = max(0, 1 - 1 / N).

    It is raised to a new estimate at once, and falls slowly: a becomes
    decay a + (1 - decay) estimate.

    Attributes
    ----------
    estimator : {"geometric_mean", "batch_maximum", "bound"}
        N: the geometric mean, or the maximum, of the Jacobians' spectral norms at the states that
        a batch's data tell (at most `states` of them, evenly over the batch); or the bound
        max abs(A) + ||W1|| ||W2|| on them all, in the shared form.
    every : int
        Batches between two estimates.
    decay : float
        In [0, 1].
    start : float
        The strength of the first batch, before its estimate, in [0, 1].
    states : int

    References
    ----------
    Hess, Monfared, Brenner, Durstewitz, *Generalized teacher forcing for learning chaotic
    dynamics*, ICML 2023, section 3.3.
    """

    estimator: str = "geometric_mean"
    every: int = 5
    decay: float = 0.999
    start: float = 1.0
    states: int = 64

    def __post_init__(self):
        if self.estimator not in ESTIMATORS:
            raise ValueError(
                f"estimator must be one of {', '.join(ESTIMATORS)}, got {self.estimator!r}"
            )
        object.__setattr__(self, "every", whole_number("every", self.every, 1))
        object.__setattr__(self, "states", whole_number("states", self.states, 1))
        for name in ("decay", "start"):
            object.__setattr__(self, name, in_range(name, getattr(self, name), 0.0, 1.0))


@dataclass(frozen=True)
class GeneralizedTeacherForcing(Forcing):
    """Before every step the state is drawn towards its estimate by the part `alpha` of the way.

    Jacobians are multiplied by 1 - alpha: from alpha = 1 - 1 / (their largest singular value) on,
    gradients stay bounded for all times. alpha = 1 is one-step prediction.

    Attributes
    ----------
    alpha : float, AnnealedAlpha or AdaptiveAlpha
        In [0, 1].

    References
    ----------
    Hess, Monfared, Brenner, Durstewitz, *Generalized teacher forcing for learning chaotic
    dynamics*, ICML 2023.
    """

    alpha: float | AnnealedAlpha | AdaptiveAlpha

    def __post_init__(self):
        if not isinstance(self.alpha, (AnnealedAlpha, AdaptiveAlpha)):
            object.__setattr__(self, "alpha", in_range("alpha", self.alpha, 0.0, 1.0))

    def strengths(self, steps: int, alpha: float) -> np.ndarray:
        """Return `alpha` everywhere."""
        return np.full(steps + 1, alpha)

    def alpha_at(self, epoch: int) -> float:
        """Return the strength planned for an epoch; of an adaptive one, that of the start."""
        if isinstance(self.alpha, AnnealedAlpha):
            return self.alpha.at(epoch)
        return self.alpha.start if isinstance(self.alpha, AdaptiveAlpha) else self.alpha


def checked_forcing(forcing: Forcing) -> Forcing:
    """Return `forcing` if it is one.

    Raises
    ------
    TypeError
        If it is not.
    """
    if not isinstance(forcing, Forcing):
        raise TypeError(
            "forcing must be FreeRunning(), SparseTeacherForcing(interval) or "
            f"GeneralizedTeacherForcing(alpha), got {forcing!r}"
        )
    return forcing
