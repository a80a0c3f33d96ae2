"""Losses on a grid, the coarse points first, by threads that run kernels without the GIL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

import numpy as np

from ...cancellation import Cancelled

Evaluate = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
STRIDES = 8, 2, 1  # every eighth value of both weights first
MOST_AT_ONCE = 256  # networks in one call of a kernel
AT_ONCE = 2e7  # multiplications in one call: some 20 ms


class Survey:
    """The loss and its gradient's norm on a grid, while they are computed.

    Parameters
    ----------
    evaluate : callable
        From the values of both weights (P,), (P,) to losses and norms (P,), (P,); several threads
        may call it at once.
    work : float
        Multiplications for one point.
    grids : two arrays, (n1,) and (n2,)
        The values of both weights.
    threads : int
    cancel, expired : (1,) int64 arrays
        Either ends the work when it is set.

    Attributes
    ----------
    loss, gradient_norm : (n2, n1) arrays
        NaN where nothing is known yet, inf where an orbit overflows.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        work: float,
        grids: tuple[np.ndarray, np.ndarray],
        threads: int,
        cancel: np.ndarray,
        expired: np.ndarray,
    ):
        self.evaluate, self.grids, self.threads = evaluate, grids, threads
        self.cancel, self.expired = cancel, expired
        self.at_once = int(np.clip(AT_ONCE / work, 1, MOST_AT_ONCE))
        self.loss, self.gradient_norm = np.full((2, len(grids[1]), len(grids[0])), np.nan)

    @property
    def points(self) -> int:
        """How many there are."""
        return self.loss.size

    @property
    def done(self) -> int:
        """How many are known."""
        return int(np.count_nonzero(~np.isnan(self.loss)))

    @property
    def ended(self) -> str | None:
        """Why the work ended early, or None."""
        if self.cancel[0]:
            return "cancelled"
        return "the time limit was reached" if self.expired[0] else None

    def levels(self, report: Callable[[int, int], None]) -> Iterator[int]:
        """Fill the grid level by level; yield each stride when its points are known."""
        with ThreadPoolExecutor(self.threads) as pool:
            for stride in STRIDES:
                if stride > 1 and min(self.loss.shape) <= stride:
                    continue  # too small to look at coarsely
                if not self._fill(stride, pool, report):
                    return
                yield stride

    def _fill(self, stride: int, pool: ThreadPoolExecutor, report) -> bool:
        """Compute what is not known yet of every `stride`-th row and column; False if ended."""
        done, tasks = self.done, list(self._tasks(stride))
        futures = [pool.submit(self._compute, rows, columns) for rows, columns in tasks]
        try:
            for future in as_completed(futures):
                done += future.result()
                report(done, self.points)
        finally:
            drop(futures)
        return self.ended is None

    def _tasks(self, stride: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        missing = np.zeros(self.loss.shape, np.bool_)
        missing[::stride, ::stride] = np.isnan(self.loss[::stride, ::stride])
        rows, columns = np.nonzero(missing)
        for begin in range(0, len(rows), self.at_once):
            part = slice(begin, begin + self.at_once)
            yield rows[part], columns[part]

    def _compute(self, rows: np.ndarray, columns: np.ndarray) -> int:
        if self.ended:
            return 0
        try:
            losses, norms = self.evaluate(self.grids[0][columns], self.grids[1][rows])
        except Cancelled:
            return 0
        self.loss[rows, columns] = np.where(np.isfinite(losses), losses, np.inf)
        self.gradient_norm[rows, columns] = np.where(np.isfinite(norms), norms, np.inf)
        return len(rows)


def drop(futures: list[Future]) -> None:
    """Begin none of the tasks that have not begun yet."""
    for future in futures:
        future.cancel()


def available_threads() -> int:
    """Return how many threads can run at once on the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
