"""Everything that is drawn for one model, computed once and shared by the panes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..cancellation import Cancelled, new_flag
from ..cycles import CycleSet, find_cycles
from ..models import Model


@dataclass(frozen=True)
class Scene:
    """One model with the settings under which it is shown.

    The cycles and the orbit are computed when a pane first asks for them, on the loop's worker.

    Attributes
    ----------
    model : Model
    max_order, seed, time_limit
        Arguments of `find_cycles`.
    start : (M,) array
        Start of the orbit.
    orbit_steps : int
    cancel : (1,) int64 array
        Set when a newer scene makes this one worthless.
    """

    model: Model
    max_order: int
    seed: int
    time_limit: float | None
    start: np.ndarray
    orbit_steps: int
    cancel: np.ndarray = field(default_factory=new_flag)

    @property
    def cancelled(self) -> bool:
        """Whether a newer scene has come."""
        return bool(self.cancel[0])

    @cached_property
    def cycles(self) -> CycleSet:
        """The fixed points and cycles; raises Cancelled when a newer scene came meanwhile."""
        cycles = find_cycles(
            self.model,
            self.max_order,
            seed=self.seed,
            time_limit=self.time_limit,
            cancel=self.cancel,
        )
        if self.cancelled:
            raise Cancelled("cycles")
        return cycles

    @cached_property
    def orbit(self) -> np.ndarray:
        """The orbit from the start, (orbit_steps + 1, M)."""
        return self.model.orbit(self.start, self.orbit_steps, cancel=self.cancel)
