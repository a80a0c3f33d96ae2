"""What the figure of a forced orbit shows, as plain arrays: no widget in here."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...models import Model
from .forcing_orbits import ForcedOrbits, forced_orbits, largest_stretch
from .plots import Limits, fitted

GENERALISED, SPARSE = "generalised", "sparse"
ALPHAS = np.linspace(0.0, 1.0, 51)
FINER = 21  # strengths between two of these, where growth ends
LOWEST = -2.0  # growth per step: what shrinks faster is below the window
LONGEST = 40  # steps between two replacements, of the curve


@dataclass(frozen=True, eq=False)
class Forcing:
    """How the data steer the orbit.

    Attributes
    ----------
    kind : {"generalised", "sparse"}
    alpha : float
        The part of the way to the data, before every step.
    interval : int
        Steps between two replacements by the data.
    """

    kind: str
    alpha: float
    interval: int

    def strengths(self, steps: int) -> np.ndarray:
        """Return a_t (steps + 1,)."""
        return strengths_of(
            self.kind, self.alpha if self.kind == GENERALISED else self.interval, steps
        )

    @property
    def value(self) -> float:
        """What is drawn to the right: the strength, or the interval."""
        return self.alpha if self.kind == GENERALISED else float(self.interval)


@dataclass(frozen=True, eq=False)
class Growth:
    """What forcing makes of the gradient, over its strength or its interval.

    Attributes
    ----------
    kind : {"generalised", "sparse"}
    values : (n,) array
        The strengths, or the intervals.
    growth : (n,) array
        Generalised: the growth per step of the product of the Jacobians. Sparse: the largest
        logarithm of its norm between two replacements.
    edge : float
        Generalised: the largest strength at which the product of this orbit still grows; 0 where it
        never does.
    safe : float
        Generalised: from this strength on no product can grow, 1 - 1 / (the largest singular value
        of any Jacobian); NaN where the data do not tell all units.
    stretch : float
        That singular value.
    attained : bool
        Whether it is one of a Jacobian, and not only a bound.
    """

    kind: str
    values: np.ndarray
    growth: np.ndarray
    edge: float = np.nan
    safe: float = np.nan
    stretch: float = np.nan
    attained: bool = True


@dataclass(frozen=True, eq=False)
class ForcedPicture:
    """What is drawn.

    Attributes
    ----------
    model : Model
    forcing : Forcing
    data : (S + 1, K) array
    free, forced : ForcedOrbits
        Of one row each.
    growth : Growth or None
        None until it is computed.
    windows : dict of str to (low, high)
        Of the data: ``"x"`` and ``"y"`` of the state space, ``"z"`` over time.
    """

    model: Model
    forcing: Forcing
    data: np.ndarray
    free: ForcedOrbits
    forced: ForcedOrbits
    growth: Growth | None
    windows: dict[str, Limits] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Growth per step of the product of the Jacobians, with the forcing."""
        return float(self.forced.rates[0])

    @property
    def free_rate(self) -> float:
        """The same without any forcing."""
        return float(self.free.rates[0])

    @property
    def largest(self) -> float:
        """The largest logarithm of the norm of the product, with the forcing."""
        norms = self.forced.log_norms[0]
        return float(norms[np.isfinite(norms)].max(initial=0.0))

    @property
    def error(self) -> float:
        """The mean squared distance of the states before the forcing from the data: the loss."""
        K = self.data.shape[1]
        with np.errstate(over="ignore", invalid="ignore"):
            return float(np.mean((self.forced.free[0, 1:, :K] - self.data[1:]) ** 2))


def strengths_of(kind: str, value: float, steps: int) -> np.ndarray:
    """Return a_t (steps + 1,) of a strength, or of an interval."""
    if kind == GENERALISED:
        return np.full(steps + 1, value)
    strengths = np.zeros(steps + 1)
    strengths[:: int(value)] = 1.0
    return strengths


def growth_of(
    kind: str, model: Model, data: np.ndarray, start: np.ndarray, cancel: np.ndarray
) -> Growth:
    """Return the growth over all strengths, or over intervals up to `LONGEST`.

    Raises
    ------
    Cancelled
        If the flag was set.
    """
    steps = len(data) - 1

    def followed(values: np.ndarray) -> ForcedOrbits:
        rows = np.stack([strengths_of(kind, value, steps) for value in values])
        return forced_orbits(model, data, rows, start, cancel)

    if kind == SPARSE:
        intervals = np.arange(1, min(LONGEST, steps) + 1)
        norms = followed(intervals).log_norms
        return Growth(kind, intervals.astype(float), np.nanmax(norms[:, 1:], axis=1))
    rates = followed(ALPHAS).rates
    growing = np.flatnonzero(rates > 0.0)
    edge = 0.0
    if growing.size and growing[-1] + 1 < len(ALPHAS):
        between = np.linspace(ALPHAS[growing[-1]], ALPHAS[growing[-1] + 1], FINER)
        edge = float(between[np.flatnonzero(followed(between).rates > 0.0)[-1]])
    stretch, attained = largest_stretch(model)
    safe = np.nan if data.shape[1] < model.M else max(0.0, 1.0 - 1.0 / stretch) if stretch else 0.0
    return Growth(kind, ALPHAS, rates, edge, safe, stretch, attained)


def windows_of(data: np.ndarray, axes: tuple[int, int], unit: int) -> dict[str, Limits]:
    """Return windows for the data, which stay while an orbit leaves them."""
    points = plane_points(data, axes)
    spans = {"x": points[:, 0], "y": points[:, 1], "z": data[:, min(unit, data.shape[1] - 1)]}
    return {name: fitted(values, pad=0.25) for name, values in spans.items()}


def plane_points(states: np.ndarray, axes: tuple[int, int]) -> np.ndarray:
    """Return states (n, K) as points (n, 2); of one unit, each state with the next one."""
    if states.shape[1] == 1:
        return np.column_stack([states[:-1, 0], states[1:, 0]])
    return states[:, list(axes)]
