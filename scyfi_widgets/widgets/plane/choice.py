"""What a person chose to see in a parameter plane."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...bifurcations.planes.parameter_plane import Axis, ParameterPlane
from ...models import Model
from ...models.names import format_name
from ..diagram.choice import slider_range
from ..weights import largest_weight
from .picture import Limits

# Orders up to which a first picture comes within half a second, by the largest number of states.
ORDERS = ((3, 4), (6, 2), (math.inf, 1))
SliderLimits = Mapping[str, Limits]


@dataclass(frozen=True)
class PlaneChoice:
    """What a person chose to see.

    Attributes
    ----------
    states : int
        The number of states of the networks for which it was chosen.
    parameters : (str, str)
        The names of both weights, x and y.
    bounds : ((lo, hi), (lo, hi))
        Their ranges.
    max_order : int
    regions : bool
        Whether regions are tinted and named.
    """

    states: int
    parameters: tuple[str, str]
    bounds: tuple[Limits, Limits]
    max_order: int
    regions: bool = True

    @classmethod
    def of(
        cls,
        model: Model,
        first: Axis | str | None,
        second: Axis | str | None,
        max_order: int | None,
        limits: SliderLimits,
    ) -> PlaneChoice:
        """Return a choice; an axis is a weight with its range, or a weight over its slider's.

        Raises
        ------
        KeyError, TypeError, ValueError
            If there are no such weights or ranges.
        """
        if first is None:
            first = largest_weight(model)
        if second is None:
            second = other_weight(model, first if isinstance(first, str) else first[0])
        axes = [
            (axis, slider_range(model, axis, limits)) if isinstance(axis, str) else axis
            for axis in (first, second)
        ]
        plane = ParameterPlane.of(model, *axes)
        bounds = tuple(zip(plane.lo, plane.hi, strict=True))
        return cls(model.M, plane.names, bounds, max_order or default_order(model.M))

    def of_parameters(
        self, model: Model, names: tuple[str, str], limits: SliderLimits
    ) -> PlaneChoice:
        """Return the choice of other weights of a model, over the ranges of their sliders."""
        asked = PlaneChoice.of(model, *names, self.max_order, limits)
        return replace(asked, regions=self.regions)

    def suits(self, model: Model) -> bool:
        """Whether it can be shown for a model."""
        return self.states == model.M and set(self.parameters) <= set(model.parameter_names)

    def plane(self, model: Model) -> ParameterPlane:
        """Return the plane of a model."""
        return ParameterPlane.of(model, *zip(self.parameters, self.bounds, strict=True))


def default_order(M: int) -> int:
    """Return the order up to which a plane of M states is drawn."""
    return next(order for most, order in ORDERS if most >= M)


def other_weight(model: Model, name: str) -> str:
    """Return the largest weight besides `name`, in its array where that has another one."""
    name = "".join(name.split())
    own = name.split("[")[0]
    arrays = {key: array for key, array in model.parameters.items() if key != own}
    for key, array in {own: model.parameters.get(own, np.empty(0)), **arrays}.items():
        for flat in np.argsort(-np.abs(array).ravel(), kind="stable"):
            place = np.unravel_index(flat, array.shape)
            found = format_name(key, tuple(int(i) for i in place))
            if found != name:
                return found
    raise ValueError(f"the network has no weight besides {name}")
