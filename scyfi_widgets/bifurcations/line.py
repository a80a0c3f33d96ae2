"""Lines in parameter space: one weight that moves, or all of them from one network to another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..models import Model
from ..models.relu_form import ReluForm
from ..models.validation import interval


@dataclass(frozen=True)
class Line:
    """theta(s) = theta_0 + s (theta_1 - theta_0), for s in [lo, hi].

    Where one weight moves, s is its value: theta_0 has 0 there and theta_1 has 1.

    Attributes
    ----------
    start, end : Model
        The networks at s = 0 and s = 1, of one architecture.
    lo, hi : float
        The range of s that is looked at.
    parameter : str or None
        The name of the weight that moves; None where a line joins two networks.
    """

    start: Model
    end: Model
    lo: float
    hi: float
    parameter: str | None = None

    @classmethod
    def through(
        cls,
        model: Model,
        parameter: str | Model,
        bounds: tuple[float, float] | None = None,
    ) -> Line:
        """Return the line on which a weight of `model` moves, or that joins it to another network.

        Parameters
        ----------
        model : Model
        parameter : str or Model
            A weight's name such as ``"W[0,1]"``, or the network at s = 1; `model` is at s = 0.
        bounds : (lo, hi), optional
            The range of the weight (which must be given), or of s, by default from 0 to 1.

        Raises
        ------
        KeyError
            If the weight does not exist.
        TypeError, ValueError
            If an argument is not of its kind, the range is empty, the networks differ in
            architecture or shape, or do not differ at all.
        """
        if not isinstance(model, Model):
            raise TypeError(f"model must be a network such as PLRNN, got {type(model).__name__}")
        if isinstance(parameter, Model):
            lo, hi = interval("bounds", (0.0, 1.0) if bounds is None else bounds)
            _require_same_kind(model, parameter)
            return cls(model, parameter, lo, hi)
        if not isinstance(parameter, str):
            raise TypeError(
                'parameter must be the name of a weight such as "W[0,1]" or another network, '
                f"got {type(parameter).__name__}"
            )
        if not isinstance(model[parameter], float):
            raise ValueError(
                f"parameter must name one weight, got the whole array {parameter!r}: "
                f"write it like {parameter}[{','.join('0' * model[parameter].ndim)}]"
            )
        if bounds is None:
            raise TypeError(f"the range of {parameter} is missing: give it as (lo, hi)")
        lo, hi = interval("bounds", bounds)
        start, end = model.replace({parameter: 0.0}), model.replace({parameter: 1.0})
        return cls(start, end, lo, hi, parameter.replace(" ", ""))

    @property
    def label(self) -> str:
        """What s is, as the label of an axis."""
        return self.parameter or "s"

    def at(self, value: float) -> Model:
        """Return the network at s = `value`, inside the range or not."""
        if self.parameter is not None:
            return self.start.replace({self.parameter: value})
        if value in (0.0, 1.0):
            return self.end if value else self.start
        arrays = self.start.parameters
        change = {name: self.end.parameters[name] - array for name, array in arrays.items()}
        return self.start.replace({name: arrays[name] + value * change[name] for name in arrays})

    @cached_property
    def forms(self) -> ReluForm:
        """The shared form as a polynomial in s: each array has a leading axis, powers 0, 1, 2."""
        stacked = map(np.stack, zip(*self.start.relu_forms_towards(self.end), strict=True))
        return ReluForm(*stacked)


def _require_same_kind(model: Model, end: Model) -> None:
    if type(model) is not type(end) or dict(model.options) != dict(end.options):
        raise ValueError(
            f"a line joins two networks of one architecture, got {model!r} and {end!r}"
        )
    shapes = [
        {name: array.shape for name, array in each.parameters.items()} for each in (model, end)
    ]
    if shapes[0] != shapes[1]:
        raise ValueError(f"a line joins two networks of equal shapes, got {model!r} and {end!r}")
    if model == end:
        raise ValueError("a line joins two different networks, got the same twice")
