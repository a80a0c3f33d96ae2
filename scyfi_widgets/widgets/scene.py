"""Everything that is drawn for one model, computed once and shared by the panes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from ..cancellation import Cancelled, new_flag
from ..cycles import CycleSet, find_cycles
from ..models import Model

Computed = TypeVar("Computed")


@dataclass(frozen=True, eq=False)
class Scene:
    """One model with the settings under which it is shown.

    The cycles and the orbit are computed when a pane first asks for them, on the loop's worker, and
    kept. (Before Python 3.12 `functools.cached_property` would let only one scene at a time do so.)

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
    _kept: dict = field(default_factory=dict, init=False, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    @property
    def cancelled(self) -> bool:
        """Whether a newer scene has come."""
        return bool(self.cancel[0])

    @property
    def cycles(self) -> CycleSet:
        """The fixed points and cycles; raises Cancelled when a newer scene came meanwhile."""
        return self._once("cycles", self._find_cycles)

    @property
    def orbit(self) -> np.ndarray:
        """The orbit from the start, (orbit_steps + 1, M)."""
        return self._once("orbit", self._follow_orbit)

    def _once(self, name: str, compute: Callable[[], Computed]) -> Computed:
        with self._lock:
            if name not in self._kept:
                self._kept[name] = compute()
            return self._kept[name]

    def _find_cycles(self) -> CycleSet:
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

    def _follow_orbit(self) -> np.ndarray:
        return self.model.orbit(self.start, self.orbit_steps, cancel=self.cancel)
