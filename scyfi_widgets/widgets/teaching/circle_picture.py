"""The eigenvalues of a network's cycles, and which of them is near the unit circle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...cycles import Cycle, CycleSet
from ...models import Model
from ..palette import STABILITY_MARKERS
from ..unit_circle.points import (
    LARGEST,
    Points,
    eigenvalue_points,
    trail_of,
    window_size,
    within,
)

REAL = 1e-9  # imaginary part, relative to the modulus, up to which a value is on the real axis


@dataclass(frozen=True, eq=False)
class Approach:
    """How near a cycle is to a bifurcation.

    Attributes
    ----------
    cycle : Cycle
    value : complex
        Its eigenvalue that is nearest to the unit circle.
    distance : float
        |λ| - 1 of that one.
    before : float or None
        What that was in the network before; None where the cycle was not there.
    border : float
        How far the cycle is from the nearest border, as a part of max |W2 z + h2| over its points.
    border_before : float or None
    """

    cycle: Cycle
    value: complex
    distance: float
    before: float | None
    border: float
    border_before: float | None

    @property
    def type(self) -> str:
        """The type of bifurcation on the circle there: ``"DTB"``, ``"DFB"`` or ``"centre"``."""
        if abs(self.value.imag) > REAL * abs(self.value):
            return "centre"
        return "DTB" if self.value.real > 0.0 else "DFB"

    @property
    def trend(self) -> int:
        """1 where it comes nearer to the circle, -1 where it goes away, 0 where nobody knows."""
        return _trend(abs(self.distance), self.before and abs(self.before))

    @property
    def border_trend(self) -> int:
        """The same for the border."""
        return _trend(self.border, self.border_before)


@dataclass(frozen=True, eq=False)
class CirclePicture:
    """Eigenvalues once around each cycle.

    Attributes
    ----------
    model : Model
    cycles : CycleSet
    groups : dict of stability to Points
    trail : (2, AGES, n) array
        Those of the networks before, one row an age, the oldest first.
    size : float
        Half the width of the window.
    outside : int
        Eigenvalues beyond it.
    approaches : tuple of Approach
        The cycle that is nearest to the circle first.
    """

    model: Model
    cycles: CycleSet
    groups: dict[str, Points]
    trail: np.ndarray
    size: float
    outside: int
    approaches: tuple[Approach, ...]

    @property
    def values(self) -> np.ndarray:
        """All eigenvalues that are drawn."""
        return np.concatenate([points[0] + 1j * points[1] for points, *_ in self.groups.values()])


def compose_circle(model: Model, cycles: CycleSet, past: Sequence[CirclePicture]) -> CirclePicture:
    """Return the picture of a network after those of others, the oldest first."""
    groups = {
        name: eigenvalue_points(cycle for cycle in cycles if cycle.stability == name)
        for name in STABILITY_MARKERS
    }
    near = [points[np.abs(points) <= LARGEST] for points, *_ in groups.values()]
    size = window_size(np.concatenate(near))
    outside = 0
    for name, group in groups.items():
        groups[name], beyond = within(group, size)
        outside += beyond
    last = {item.cycle: item for item in past[-1].approaches} if past else {}
    approaches = [_approach(model, cycle, last.get(cycle)) for cycle in cycles]
    return CirclePicture(
        model=model,
        cycles=cycles,
        groups=groups,
        trail=trail_of([picture.values for picture in past]),
        size=size,
        outside=outside,
        approaches=tuple(sorted(approaches, key=lambda item: abs(item.distance))),
    )


def _approach(model: Model, cycle: Cycle, before: Approach | None) -> Approach:
    distances = np.expm1(np.minimum(cycle.log_moduli, 700.0))
    nearest = int(np.abs(distances).argmin())
    _, _, W2, _, h2 = model.relu_form
    reach = float(np.abs(cycle.points @ W2.T + h2).max())
    return Approach(
        cycle=cycle,
        value=complex(cycle.eigenvalues[nearest]),
        distance=float(distances[nearest]),
        before=None if before is None else before.distance,
        border=cycle.margin / reach if reach > 0.0 else 0.0,
        border_before=None if before is None else before.border,
    )


def _trend(now: float, before: float | None) -> int:
    return 0 if before is None or now == before else 1 if now < before else -1
