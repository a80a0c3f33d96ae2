"""The plane of two weights: its networks, its rows and columns as lines, its polynomial form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...models import Model
from ...models.relu_form import ReluForm
from ...models.validation import interval
from ..line import Line

Axis = tuple[str, tuple[float, float]]


@dataclass(frozen=True)
class ParameterPlane:
    """Two weights of a network that move, each in its range; x is the first and y the second.

    Attributes
    ----------
    model : Model
    names : (str, str)
    lo, hi : (float, float)
        The ranges' lower and upper ends.
    """

    model: Model
    names: tuple[str, str]
    lo: tuple[float, float]
    hi: tuple[float, float]

    @classmethod
    def of(cls, model: Model, first: Axis, second: Axis) -> ParameterPlane:
        """Return the plane of two weights, each given as (name, (lo, hi)).

        Raises
        ------
        KeyError
            If a weight does not exist.
        TypeError, ValueError
            If an argument is not of its kind, a range is empty, or both weights are the same.
        """
        lines = []
        for axis in (first, second):
            if not (isinstance(axis, tuple | list) and len(axis) == 2 and isinstance(axis[0], str)):
                raise TypeError(
                    f'an axis must be a weight and its range, ("W[0,1]", (-1, 1)), got {axis!r}'
                )
            lines.append(Line.through(model, axis[0], interval("bounds", axis[1])))
        names = lines[0].label, lines[1].label
        if names[0] == names[1]:
            raise ValueError(f"the plane needs two different weights, got {names[0]} twice")
        return cls(model, names, *zip(*((line.lo, line.hi) for line in lines), strict=True))

    @property
    def span(self) -> tuple[float, float]:
        """The lengths of both ranges."""
        return self.hi[0] - self.lo[0], self.hi[1] - self.lo[1]

    def at(self, x: float, y: float) -> Model:
        """Return the network at a point, inside the ranges or not."""
        return self.model.replace({self.names[0]: x, self.names[1]: y})

    def row(self, y: float) -> Line:
        """Return the line on which the first weight moves and the second one is `y`."""
        model = self.model.replace({self.names[1]: y})
        return Line.through(model, self.names[0], (self.lo[0], self.hi[0]))

    def column(self, x: float) -> Line:
        """Return the line on which the second weight moves and the first one is `x`."""
        model = self.model.replace({self.names[0]: x})
        return Line.through(model, self.names[1], (self.lo[1], self.hi[1]))

    @cached_property
    def units(self) -> np.ndarray:
        """The units that matter, ascending: the output of all others goes nowhere in the plane."""
        return np.flatnonzero(np.any([form.W1.any(axis=0) for form in self._corners], axis=0))

    @cached_property
    def coefficients(self) -> np.ndarray:
        """Those of 1, x, y and x y in the shared form, (4, n): A, W1, W2, h1, h2 in a row.

        Of units that do not matter there is nothing. No entry of the form has the square of a
        weight, so these are exact.
        """
        corner, right, upper, far = (
            np.concatenate([array.ravel() for array in self._with_units(form)])
            for form in self._corners
        )
        along_x, along_y = right - corner, upper - corner
        return np.stack([corner, along_x, along_y, (far - upper) - along_x])

    def form_at(self, x: float, y: float) -> ReluForm:
        """Return the shared form of the network at a point, with the `units` that matter."""
        return self._with_units(self.at(x, y).relu_form)

    @cached_property
    def _corners(self) -> tuple[ReluForm, ...]:
        corners = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))
        return tuple(self.at(x, y).relu_form for x, y in corners)

    def _with_units(self, form: ReluForm) -> ReluForm:
        units = self.units
        return form._replace(W1=form.W1[:, units], W2=form.W2[units], h2=form.h2[units])

    def to_weights(self, points: np.ndarray) -> np.ndarray:
        """Return points (n, 2) of the unit square as values of the weights."""
        return np.array(self.lo) + points * np.array(self.span)

    def to_unit(self, points: np.ndarray) -> np.ndarray:
        """Return values of the weights (n, 2) as points of the unit square."""
        return (points - np.array(self.lo)) / np.array(self.span)
