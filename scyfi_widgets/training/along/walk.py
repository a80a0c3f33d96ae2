"""Looking at all steps of a path with several threads."""

from __future__ import annotations

import os
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import numpy as np

from ...cancellation import Cancelled
from ..progress import Report
from .exponent import TRANSIENT, largest_exponent
from .survey import Survey

STRETCH = 16  # steps that a thread looks at before it takes the next ones
LOOK_EVERY = 0.1  # s between two reports of progress
MOST_WORKERS = 8


class Walk:
    """The steps of a survey, stretch by stretch.

    Parameters
    ----------
    survey : Survey
    lyapunov_steps : int
        Steps for each network's exponent; 0 leaves them out.

    Attributes
    ----------
    exponents : (S,) array
        The largest Lyapunov exponents, NaN where they are not known.
    """

    def __init__(self, survey: Survey, lyapunov_steps: int):
        self.survey = survey
        self.exponents = np.full(len(survey.path.epochs), np.nan)
        self._steps = lyapunov_steps
        self._done = 0
        self._counting = threading.Lock()

    def look_at_all(self, workers: int, report: Report) -> None:
        """Look at all steps; return early when a flag is set, with the first ones known.

        An exception in a thread, or an interruption, ends the others.
        """
        survey = self.survey
        total = len(survey.steps)
        corners = survey.path.corners
        stretch = -(-STRETCH // survey.enumerate_every) * survey.enumerate_every
        parts = [range(first, min(first + stretch, total)) for first in range(0, total, stretch)]
        with ThreadPoolExecutor(workers, "bifurcations_along") as pool:
            waiting = {pool.submit(self._look_at, part) for part in parts}
            waiting.add(pool.submit(self._measure, corners[-1], len(survey.path.epochs)))
            try:
                while waiting:
                    done, waiting = wait(waiting, LOOK_EVERY, FIRST_COMPLETED)
                    for future in done:
                        future.result()
                    report(self._done, total)
            except BaseException:
                survey.abandon()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _look_at(self, numbers: range) -> None:
        survey = self.survey
        try:
            for number in numbers:
                survey.look_at(number)
                step = survey.steps[number]
                self._measure(step.first, step.last)
                with self._counting:
                    self._done += 1
            if not survey.planar:
                survey.agree(numbers)
        except Cancelled:
            pass  # what is known by now is kept

    def _measure(self, first: int, stop: int) -> None:
        """Compute the exponent of the network of the rows from `first` to before `stop`."""
        survey = self.survey
        if self._steps == 0:
            return
        start = None if survey.path.z0 is None else survey.path.z0[first]
        key = survey.digests[first], self._steps, None if start is None else start.tobytes()
        exponent = survey.cache.get(key)
        if exponent is None:
            model = survey.path.model(first)
            try:
                exponent = largest_exponent(
                    model, start, self._steps, TRANSIENT, survey.flags["cancel"]
                )
            except Cancelled:
                return
            survey.cache.put(key, exponent)
        self.exponents[first:stop] = exponent


def default_workers() -> int:
    """Return how many threads are started where nobody says it."""
    return min(os.cpu_count() or 1, MOST_WORKERS)
