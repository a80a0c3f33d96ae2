"""The one door to all finders."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from numbers import Real

import numpy as np

from ..cancellation import new_flag
from ..models import Model
from ..models.validation import whole_number
from .cycle_set import CycleSet
from .search import compile_search, search_cycles

METHODS = {"search": search_cycles}


def find_cycles(
    model: Model,
    max_order: int = 1,
    *,
    method: str = "auto",
    seed: int = 0,
    time_limit: float | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: np.ndarray | None = None,
) -> CycleSet:
    """Find the fixed points and cycles of a network up to an order.

    Parameters
    ----------
    model : Model
    max_order : int
        The highest order (minimal period), at least 1.
    method : {"auto", "search"}
        ``"search"`` is SCYFI as published, a heuristic that proves nothing about what it did not
        find; ``"auto"`` takes the best method there is for the model's size.
    seed : int
        Seed of the search. The same seed gives the same cycles.
    time_limit : float, optional
        Seconds of wall-clock time; what was found by then is returned, and `CycleSet.stopped` says
        where the work ended.
    progress : callable, optional
        Called as ``progress(order, max_order)`` after each order.
    cancel : (1,) int64 array, optional
        A flag (`scyfi_widgets.cancellation.new_flag`) that ends the work when it is set.

    Returns
    -------
    CycleSet

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind or out of range.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*,
    NeurIPS 2023, Algorithm 1.
    """
    if not isinstance(model, Model):
        raise TypeError(f"model must be a network such as PLRNN, got {type(model).__name__}")
    max_order = whole_number("max_order", max_order, 1)
    seed = whole_number("seed", seed, 0)
    if method != "auto" and method not in METHODS:
        raise ValueError(f"method must be 'auto' or one of {sorted(METHODS)}, got {method!r}")
    if time_limit is not None:
        if isinstance(time_limit, bool) or not isinstance(time_limit, Real):
            raise TypeError(f"time_limit must be a number of seconds, got {time_limit!r}")
        if not time_limit > 0:
            raise ValueError(f"time_limit must be a positive number of seconds, got {time_limit!r}")
    find = METHODS["search" if method == "auto" else method]
    flag = new_flag() if cancel is None else cancel
    compile_search()
    with _clock(time_limit) as expired:
        cycles = find(model, max_order, seed=seed, progress=progress, cancel=flag, expired=expired)
    if cycles.stopped:
        timed_out = expired[0] and not flag[0]
        why = f"the time limit of {time_limit:g} s was reached" if timed_out else "cancelled"
        return replace(cycles, stopped=f"{why} in order {cycles.searched_up_to + 1}")
    return cycles


@contextmanager
def _clock(time_limit: float | None) -> Iterator[np.ndarray]:
    """Yield a flag that is set when the time is over: kernels see only memory, not the clock."""
    expired = new_flag()
    if time_limit is None:
        yield expired
        return
    timer = threading.Timer(min(time_limit, threading.TIMEOUT_MAX), expired.fill, [1])
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()
