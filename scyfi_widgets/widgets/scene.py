"""Everything that is drawn for one model, computed once and shared by the panes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from ..cancellation import Cancelled, new_flag
from ..cycles import CycleSet, find_cycles
from ..models import Model
from .growth import Growth

Computed = TypeVar("Computed")

# How far the proof goes before the first picture: a few milliseconds, whatever the size.
FIRST_EFFORT = 1.5e6  # entries of the dictionaries of all nodes
FIRST_CELLS = 50_000  # nodes in the plane, where a node is a polygon


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
    proof_limit : float or None
        Seconds for what comes after the first set of cycles, see `growing_cycles`.
    cancel : (1,) int64 array
        Set when a newer scene makes this one worthless.
    """

    model: Model
    max_order: int
    seed: int
    time_limit: float | None
    start: np.ndarray
    orbit_steps: int
    proof_limit: float | None = None
    cancel: np.ndarray = field(default_factory=new_flag)
    _kept: dict = field(default_factory=dict, init=False, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    @property
    def cancelled(self) -> bool:
        """Whether a newer scene has come."""
        return bool(self.cancel[0])

    @property
    def cycles(self) -> CycleSet:
        """The fixed points and cycles, as far as they are known by now.

        Raises
        ------
        Cancelled
            If a newer scene came before anything was known.
        """
        return self._growth.best

    def growing_cycles(self) -> Iterator[tuple[CycleSet, bool]]:
        """Yield the cycles and then ever better sets, each with whether a better one is sought.

        The first set comes as fast as a finger needs it, and may be proved to a lower order than it
        was searched. All who ask are given the same sets.
        """
        yield from self._growth.sets()

    @property
    def orbit(self) -> np.ndarray:
        """The orbit from the start, (orbit_steps + 1, M)."""
        return self._once("orbit", self._follow_orbit)

    def take_over(self, earlier: Scene | None) -> None:
        """Go on with what `earlier` knows of the cycles, if it asked for the same ones."""
        known = None if earlier is None else earlier._kept.get("growth")
        if known is not None and earlier._question == self._question:
            self._kept["growth"] = known.continued(self.cancel)

    @property
    def _question(self) -> tuple:
        return self.model, self.max_order, self.seed, self.time_limit, self.proof_limit

    @property
    def _growth(self) -> Growth:
        return self._once("growth", self._start_growth)

    def _once(self, name: str, compute: Callable[[], Computed]) -> Computed:
        with self._lock:
            if name not in self._kept:
                self._kept[name] = compute()
            return self._kept[name]

    def _start_growth(self) -> Growth:
        cycles = find_cycles(
            self.model,
            self.max_order,
            seed=self.seed,
            time_limit=self.time_limit,
            node_limit=first_nodes(self.model, self.max_order),
            cancel=self.cancel,
        )
        if self.cancelled:
            raise Cancelled("cycles")
        return Growth(self.model, cycles, self.proof_limit, self.cancel)

    def _follow_orbit(self) -> np.ndarray:
        return self.model.orbit(self.start, self.orbit_steps, cancel=self.cancel)


def first_nodes(model: Model, max_order: int) -> int:
    """Return the number of nodes of the proof that the first picture can wait for."""
    if model.M <= 2:
        return FIRST_CELLS
    pairs = max_order * model.relu_form.H
    return max(50, int(FIRST_EFFORT / (pairs + 1) ** 2))
