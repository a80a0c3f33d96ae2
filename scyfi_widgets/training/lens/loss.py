"""The loss that a lens looks at, and the norm of its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...bifurcations.line import Line
from ...models import Model
from ...models.relu_form import ReluForm
from ..gradients.form import TrainingForm, new_form
from ..observation import Observation
from ..pullback import kind_of, pull_form
from ..series import TimeSeries

ALL, ALONG = "all", "line"


@dataclass(frozen=True, eq=False)
class LensLoss:
    """The mean of |B z - m|² along an orbit, over its steps and the N variables.

    Attributes
    ----------
    line : Line
    of : str
        ``"all"``: the gradient with respect to all weights; ``"line"``: with respect to the
        parameter of the line only.
    observation : Observation
    readout : (N, M) array
        B.
    target : (N,) array
        m.
    """

    line: Line
    of: str
    observation: Observation
    readout: np.ndarray
    target: np.ndarray

    @classmethod
    def given(
        cls,
        line: Line,
        data: ArrayLike | TimeSeries | None,
        observation: Observation | ArrayLike | None,
        of: str,
    ) -> LensLoss:
        """Check what a user gave.

        Raises
        ------
        TypeError, ValueError
            If an argument is not of its kind or does not fit the others.
        """
        if of not in (ALL, ALONG):
            raise ValueError(f'of must be "{ALL}" or "{ALONG}", got {of!r}')
        M = line.start.M
        target = None if data is None else TimeSeries.of(data).values.mean(axis=0)
        if observation is None:
            observation = Observation(M, M if target is None else len(target))
        if not isinstance(observation, Observation):
            raise TypeError(f"observation must be an Observation, got {type(observation).__name__}")
        if observation.M != M:
            raise ValueError(f"observation must read {M} units, got {observation!r}")
        if target is None:
            target = np.zeros(observation.N)
        elif len(target) != observation.N:
            raise ValueError(
                f"data must have {observation.N} variables to match {observation!r}, "
                f"got {len(target)}"
            )
        readout = np.eye(observation.N, M) if observation.B is None else observation.B
        return cls(line, of, observation, readout, target)

    def norm(self, value: float, gradient: ReluForm) -> float:
        """Return the norm of a gradient by the form's arrays, at a value of the parameter."""
        if self.of == ALONG:
            return abs(self.slope(value, gradient))
        return float(np.linalg.norm(own_gradient(self.line.at(value), gradient)))

    def slope(self, value: float, gradient: ReluForm) -> float:
        """Return the derivative of the loss by the parameter of the line."""
        return sum(
            float(np.vdot(array, linear + 2.0 * value * square))
            for array, (_, linear, square) in zip(gradient, self.line.forms, strict=True)
        )


def own_gradient(model: Model, gradient: ReluForm) -> np.ndarray:
    """Return the gradient by an architecture's own weights, in the order of `parameter_names`.

    Parameters
    ----------
    model : Model
    gradient : ReluForm
        By the arrays of the shared form, all their entries taken as free.
    """
    form, _ = new_form(model)
    laid_out = TrainingForm(
        np.diag(gradient.A).copy(),
        np.ascontiguousarray(gradient.A[:, : form.mixing.shape[1]]),
        np.ascontiguousarray(gradient.W1),
        np.ascontiguousarray(gradient.W2.T) if form.W2T.size else form.W2T,
        np.ascontiguousarray(gradient.h1),
        np.ascontiguousarray(gradient.h2),
    )
    theta = np.concatenate([array.ravel() for array in model.parameters.values()])
    out = np.empty_like(theta)
    pull_form(kind_of(model), theta, laid_out, out)
    return out
