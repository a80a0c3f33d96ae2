"""Short lines in parameter space, from one network of a training to the next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...bifurcations.line import Line
from ...models import Model
from ...models.relu_form import ReluForm

SHIFT = 1e-2  # the parameter at a step's start: tolerances are relative to the parameter's size


@dataclass(frozen=True)
class StepLine(Line):
    """A step of a training, parametrised by how far the weights move relative to their size.

    The parameter v runs from `SHIFT` to `SHIFT` plus the step's relative length. With s in [0, 1]
    instead, a tolerance of 1e-10 would lie far below the rounding of weights that move by 1e-8 of
    their size; so it is one part in 1e12 of the weights, or one in 1e10 of a long step.

    Attributes
    ----------
    length : float
        The relative length of the whole step; [lo, hi] may be a part of it.
    """

    length: float = 1.0

    @classmethod
    def of_step(cls, start: Model, end: Model, length: float) -> StepLine:
        """Return the whole step between two networks of one architecture."""
        return cls(start, end, SHIFT, SHIFT + length, None, length)

    def part(self, value: float) -> float:
        """Return which part of the whole step lies below a value of the parameter, 0 to 1."""
        return (value - SHIFT) / self.length

    def at(self, value: float) -> Model:
        """Return the network at v = `value`."""
        return super().at(min(max(self.part(value), 0.0), 1.0))

    @cached_property
    def forms(self) -> ReluForm:
        """The shared form as a polynomial in v: each array has a leading axis, powers 0, 1, 2."""
        arrays = []
        for c0, c1, c2 in zip(*self.start.relu_forms_towards(self.end), strict=True):
            slope, bend = c1 / self.length, c2 / self.length**2
            arrays.append(
                np.stack([c0 - SHIFT * slope + SHIFT**2 * bend, slope - 2.0 * SHIFT * bend, bend])
            )
        return ReluForm(*arrays)
