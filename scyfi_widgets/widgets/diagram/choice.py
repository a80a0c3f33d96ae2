"""What a person chose to see in a bifurcation diagram."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...bifurcations.line import Line
from ...models import Model
from ..weights import default_limits, largest_weight
from .branch_curves import Coordinate
from .direction import Direction
from .picture import Limits

# Orders up to which a diagram follows the finger, by the largest number of states.
ORDERS = ((2, 8), (5, 4), (10, 2), (math.inf, 1))
SliderLimits = Mapping[str, Limits]


@dataclass(frozen=True)
class Choice:
    """What a person chose to see.

    Attributes
    ----------
    states : int
        The number of states of the networks for which it was chosen.
    parameter : str
        The weight's name, or that of the direction.
    bounds : (lo, hi)
        Its range.
    max_order : int
    coordinate : int or "norm"
    orbits : bool
        Whether the orbit diagram lies under the branches.
    limits : (low, high) or None
        The window's height; None where it is fitted.
    direction : Direction or None
        What the parameter goes along where it is no weight.
    """

    states: int
    parameter: str
    bounds: Limits
    max_order: int
    coordinate: Coordinate = 0
    orbits: bool = True
    limits: Limits | None = None
    direction: Direction | None = None

    def of_parameter(self, model: Model, name: str | Direction, limits: SliderLimits) -> Choice:
        """Return the choice of another weight of a model, over the range of its slider.

        Of a direction, the range is from one of its networks to the other.

        Raises
        ------
        KeyError, TypeError, ValueError
            If there is no such weight, or the direction is one of other networks.
        """
        if isinstance(name, Direction):
            if not name.suits(model):
                raise ValueError(f"{name.name!r} is a direction of other networks than {model!r}")
            chosen = replace(self, parameter=name.name, direction=name)
            return replace(chosen, bounds=(0.0, 1.0), limits=None)
        name = Line.through(model, name, (0.0, 1.0)).parameter
        chosen = replace(self, parameter=name, direction=None)
        return replace(chosen, bounds=slider_range(model, name, limits), limits=None)

    def line(self, model: Model, last: Line | None = None) -> tuple[Line, float]:
        """Return the line through a model, and the parameter's value there.

        Parameters
        ----------
        model : Model
        last : Line, optional
            The line before, which is kept where the model moved along it.
        """
        if self.direction is not None:
            return self.direction.place(model, self.bounds, last)
        return Line.through(model, self.parameter, self.bounds), model[self.parameter]

    def moved(self, model: Model, value: float) -> Model:
        """Return a model with the parameter at another value."""
        return self.line(model)[0].at(value)

    def suits(self, model: Model) -> bool:
        """Whether it can be shown for a model."""
        if self.direction is not None:
            return self.direction.suits(model)
        return self.states == model.M and self.parameter in model.parameter_names


def default_choice(model: Model, limits: SliderLimits) -> Choice:
    """Return what is shown of a model where nothing was chosen."""
    name = largest_weight(model)
    return Choice(model.M, name, slider_range(model, name, limits), default_order(model.M))


def default_order(M: int) -> int:
    """Return the order up to which a diagram of M states follows the finger."""
    return next(order for most, order in ORDERS if most >= M)


def slider_range(model: Model, name: str, limits: SliderLimits) -> Limits:
    """Return the range of a weight's slider, given the ends of some by array name."""
    array = name.split("[")[0]
    return limits.get(array) or default_limits(model.parameters[array])


def coordinate_options(M: int) -> tuple[tuple[str, Coordinate], ...]:
    """Return what can be drawn upwards, as (text, value)."""
    units = tuple((f"z[{i}]", i) for i in range(M))
    return units if M == 1 else (*units, ("|z|", "norm"))


def checked_coordinate(M: int, coordinate: Coordinate) -> Coordinate:
    """Return a coordinate of M states.

    Raises
    ------
    ValueError
        If it is none.
    """
    allowed = list(dict(coordinate_options(M)).values())
    if isinstance(coordinate, bool) or coordinate not in allowed:
        raise ValueError(f"coordinate must be one of {allowed}, got {coordinate!r}")
    return coordinate
