"""The cycles of a network as they become known: first what is quick, then order by order proved."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..cancellation import Cancelled, expiring_flag
from ..cycles import CycleSet
from ..cycles.automatic import deepened
from ..models import Model

MOST_NODES = 2_000_000  # of one order: its proof then takes about 100 MB
MOST_CYCLES = 5_000  # more of them nobody looks through, and every redraw would take a second


class Growth:
    """Ever better sets of the cycles of one network.

    Each set is computed when someone first asks for it, and kept; whoever asks later is given the
    same ones, from the first to the last.

    Parameters
    ----------
    model : Model
    cycles : CycleSet
        What is known of it.
    seconds : float or None
        How long the proof may go on.
    cancel : (1,) int64 array
        Ends it when it is set.
    """

    def __init__(
        self, model: Model, cycles: CycleSet, seconds: float | None, cancel: np.ndarray
    ) -> None:
        self._model = model
        self._seconds = seconds
        self._cancel = cancel
        self._sets = [cycles]
        self._ended = seconds == 0 or _is_proved(cycles)
        self._deadline: float | None = None
        self._growing = threading.Lock()  # whoever only wants the best set does not take it

    @property
    def best(self) -> CycleSet:
        """The best set that is known by now."""
        return self._sets[-1]

    def sets(self) -> Iterator[tuple[CycleSet, bool]]:
        """Yield every set, and with it whether a better one is sought.

        Raises
        ------
        Cancelled
            If the flag is set while a better one is sought.
        """
        place = 0
        while self._reaches(place):
            yield self._sets[place], not self._ended or place + 1 < len(self._sets)
            place += 1

    def continued(self, cancel: np.ndarray) -> Growth:
        """Return one that goes on from the best set until another flag is set."""
        return Growth(self._model, self.best, 0 if self._ended else self._seconds, cancel)

    def _reaches(self, place: int) -> bool:
        """Grow until there is a set at `place`; return False if there never is one."""
        with self._growing:
            while place >= len(self._sets) and not self._ended:
                better, ended = self._step()
                self._sets.append(better)
                self._ended = ended
            return place < len(self._sets)

    def _step(self) -> tuple[CycleSet, bool]:
        """Return a set that is proved to one more order, or says why not; and if it is the last."""
        best, left = self.best, self._seconds_left()
        order = best.complete_up_to + 1
        if len(best) > MOST_CYCLES:
            return _ended(best, f"the proof ended at more than {MOST_CYCLES} cycles")
        try:
            with expiring_flag(left) as expired:
                # What ended the search is no reason why the proof should end.
                better = next(
                    deepened(
                        self._model,
                        replace(best, stopped=None),
                        node_limit=MOST_NODES,
                        cancel=self._cancel,
                        expired=expired,
                    ),
                    None,
                )
        except Exception as error:  # what was shown before is still right
            return _ended(best, f"the proof of order {order} failed: {error!r}")
        if self._cancel[0]:
            raise Cancelled("proof")
        if better is None:
            return _ended(best, f"the proof of order {order} ended at {self._seconds:g} s")
        if better.stopped:
            return _ended(better, better.stopped)
        if better.searched_up_to < better.max_order:
            better = replace(better, stopped=best.stopped)
        return better, _is_proved(better)

    def _seconds_left(self) -> float | None:
        if self._seconds is None:
            return None
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self._seconds
        return max(self._deadline - now, 0.0)


def _is_proved(cycles: CycleSet) -> bool:
    return cycles.complete_up_to >= cycles.max_order


def _ended(cycles: CycleSet, why: str) -> tuple[CycleSet, bool]:
    return replace(cycles, stopped=why), True
