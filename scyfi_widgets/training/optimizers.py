"""How a gradient becomes a step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from ..compiled import kernel, kernel_part
from .gradients.evaluate import norm
from .numbers import in_range

RECTIFIED_FROM = 5.0  # of rho in RAdam; as in the authors' code, where the paper has 4


class Optimizer(ABC):
    """A rule that moves parameters against the gradient."""

    learning_rate: float

    @abstractmethod
    def move(
        self,
        theta: np.ndarray,
        gradient: np.ndarray,
        chosen: np.ndarray,
        moments: np.ndarray,
        count: int,
        rate: float,
    ) -> bool:
        """Take one step in place; return whether parameters and moments are finite after it.

        Parameters
        ----------
        theta : (n,) array, changed
        gradient : (n,) array
        chosen : int array
            The entries that are trained.
        moments : (2, n) array, changed
            Zeros before the first step.
        count : int
            The step's number, from 1.
        rate : float
            The learning rate of this step.
        """


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent, with momentum m: v = m v + gradient, theta = theta - rate v.

    Attributes
    ----------
    learning_rate : float
    momentum : float
        In [0, 1).

    References
    ----------
    Polyak, *Some methods of speeding up the convergence of iteration methods*, USSR Comput. Math.
    Math. Phys. 4 (1964) 1-17; written as in Sutskever et al., ICML 2013.
    """

    learning_rate: float = 1e-2
    momentum: float = 0.0

    def __post_init__(self):
        _set_rate(self)
        _set_decays(self, "momentum")

    def move(self, theta, gradient, chosen, moments, count, rate) -> bool:
        """Take one step; see `Optimizer.move`."""
        return descend(theta, gradient, chosen, moments, rate, self.momentum)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps of about the learning rate in every entry, whatever the gradient's size.

    Attributes
    ----------
    learning_rate : float
    beta1, beta2 : float
        Decay of the means of the gradient and of its square, in [0, 1).
    epsilon : float

    References
    ----------
    Kingma, Ba, *Adam: a method for stochastic optimization*, ICLR 2015, algorithm 1.
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self):
        _set_rate(self)
        _set_decays(self, "beta1", "beta2")
        object.__setattr__(self, "epsilon", in_range("epsilon", self.epsilon, 0.0, above=True))

    def move(self, theta, gradient, chosen, moments, count, rate) -> bool:
        """Take one step; see `Optimizer.move`."""
        first = rate / (1.0 - self.beta1**count)
        second = 1.0 / np.sqrt(1.0 - self.beta2**count)
        betas = self.beta1, self.beta2
        return adapt(theta, gradient, chosen, moments, *betas, first, second, self.epsilon)


@dataclass(frozen=True)
class RAdam(Adam):
    """Adam whose first steps, while the mean square is not known yet, go by the gradient's mean.

    Attributes
    ----------
    learning_rate, beta1, beta2, epsilon
        As in `Adam`.

    References
    ----------
    Liu et al., *On the variance of the adaptive learning rate and beyond*, ICLR 2020, algorithm 2.
    """

    def move(self, theta, gradient, chosen, moments, count, rate) -> bool:
        """Take one step; see `Optimizer.move`."""
        b1, b2 = self.beta1, self.beta2
        power = b2**count
        longest = 2.0 / (1.0 - b2) - 1.0
        rho = longest - 2.0 * count * power / (1.0 - power)
        first = rate / (1.0 - b1**count)
        second = 0.0
        if rho > RECTIFIED_FROM:
            first *= np.sqrt(
                (rho - 4.0) * (rho - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * rho)
            )
            second = 1.0 / np.sqrt(1.0 - power)
        # Here the bias is taken from epsilon too, as in the authors' code.
        return adapt(theta, gradient, chosen, moments, b1, b2, first, second, self.epsilon * second)


def _set_rate(optimizer: Optimizer) -> None:
    rate = in_range("learning_rate", optimizer.learning_rate, 0.0, above=True)
    object.__setattr__(optimizer, "learning_rate", rate)


def _set_decays(optimizer: Optimizer, *names: str) -> None:
    for name in names:
        value = in_range(name, getattr(optimizer, name), 0.0)
        if value >= 1.0:
            raise ValueError(f"{name} must be below 1, got {value:g}")
        object.__setattr__(optimizer, name, value)


@kernel
def clip_to(gradient, chosen, largest):
    """Scale the chosen entries down to norm `largest` if it is more; return the norm before."""
    length = norm(gradient, chosen)
    if length > largest and np.isfinite(length):
        for k in chosen:
            gradient[k] = gradient[k] / length * largest
    return length


@kernel_part
def is_finite(theta, moments, k):
    """Return whether a parameter and its moments are."""
    return np.isfinite(theta[k]) and np.isfinite(moments[0, k]) and np.isfinite(moments[1, k])


@kernel
def descend(theta, gradient, chosen, moments, rate, momentum):
    """Move by gradient descent with momentum; return whether all stays finite."""
    finite = True
    for k in chosen:
        moments[0, k] = momentum * moments[0, k] + gradient[k]
        theta[k] -= rate * moments[0, k]
        finite &= is_finite(theta, moments, k)
    return finite


@kernel
def adapt(theta, gradient, chosen, moments, beta1, beta2, first, second, epsilon):
    """Move by the two means of Adam; return whether all stays finite.

    `first` is the learning rate over the first mean's bias, `second` one over the root of the
    second's; where `second` is 0, the second mean does not count.
    """
    finite = True
    for k in chosen:
        g = gradient[k]
        moments[0, k] = beta1 * moments[0, k] + (1.0 - beta1) * g
        moments[1, k] = beta2 * moments[1, k] + (1.0 - beta2) * g * g
        size = np.sqrt(moments[1, k]) * second + epsilon if second > 0.0 else 1.0
        theta[k] -= first * moments[0, k] / size
        finite &= is_finite(theta, moments, k)
    return finite


def checked_optimizer(optimizer: Optimizer) -> Optimizer:
    """Return `optimizer` if it is one.

    Raises
    ------
    TypeError
        If it is not.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be SGD(...), Adam(...) or RAdam(...), got {optimizer!r}")
    return optimizer
