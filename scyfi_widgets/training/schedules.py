"""How the learning rate changes from epoch to epoch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import cos, pi

from ..models.validation import whole_number
from .numbers import in_range


class Schedule(ABC):
    """A factor of the optimiser's learning rate for every epoch, from 0."""

    @abstractmethod
    def factor(self, epoch: int) -> float:
        """Return the factor in an epoch."""


@dataclass(frozen=True)
class ConstantRate(Schedule):
    """The learning rate as it is."""

    def factor(self, epoch: int) -> float:
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class ExponentialRate(Schedule):
    """By equal ratios down to `end` times the learning rate in so many epochs; then it stays.

    Attributes
    ----------
    end : float
        Above 0.
    epochs : int
    """

    end: float
    epochs: int

    def __post_init__(self):
        object.__setattr__(self, "end", in_range("end", self.end, 0.0, above=True))
        object.__setattr__(self, "epochs", whole_number("epochs", self.epochs, 1))

    def factor(self, epoch: int) -> float:
        """Return the factor in an epoch."""
        return self.end ** min(epoch / self.epochs, 1.0)


@dataclass(frozen=True)
class CosineRate(Schedule):
    """Along half a cosine down to `end` times the learning rate in so many epochs; then it stays.

    Attributes
    ----------
    end : float
        In [0, 1].
    epochs : int

    References
    ----------
    Loshchilov, Hutter, *SGDR: stochastic gradient descent with warm restarts*, ICLR 2017, eq. 5.
    """

    end: float
    epochs: int

    def __post_init__(self):
        object.__setattr__(self, "end", in_range("end", self.end, 0.0, 1.0))
        object.__setattr__(self, "epochs", whole_number("epochs", self.epochs, 1))

    def factor(self, epoch: int) -> float:
        """Return the factor in an epoch."""
        done = min(epoch / self.epochs, 1.0)
        return self.end + (1.0 - self.end) * 0.5 * (1.0 + cos(pi * done))


@dataclass(frozen=True)
class StepRate(Schedule):
    """Times `ratio` every so many epochs.

    Attributes
    ----------
    ratio : float
        Above 0.
    every : int
    """

    ratio: float
    every: int

    def __post_init__(self):
        object.__setattr__(self, "ratio", in_range("ratio", self.ratio, 0.0, above=True))
        object.__setattr__(self, "every", whole_number("every", self.every, 1))

    def factor(self, epoch: int) -> float:
        """Return the factor in an epoch."""
        return self.ratio ** (epoch // self.every)
