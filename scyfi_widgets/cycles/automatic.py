"""The default method: prove what a fixed effort can prove, and search above it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..cancellation import expiring_flag, new_flag
from ..models import Model
from .collector import collector_at_rest
from .complete import REASONS, complete_cycles
from .cycle_set import CycleSet, in_reading_order
from .limits import deadline
from .search.search import compile_search, search_cycles

EFFORT = 2e8  # multiplications in the dictionaries of all orders: about a second


def auto_cycles(
    model: Model,
    max_order: int,
    *,
    seed: int,
    node_limit: int | None,
    time_limit: float | None,
    progress,
    cancel: np.ndarray,
) -> tuple[CycleSet, bool]:
    """Enumerate, then search the orders that the enumeration did not finish (see `find_cycles`).

    Returns
    -------
    CycleSet
    bool
        Whether the time limit came first.
    """
    half = None if time_limit is None else time_limit / 2
    with expiring_flag(half) as expired:
        proved = complete_cycles(
            model,
            max_order,
            node_limit=node_limit,
            effort=None if node_limit else EFFORT,
            progress=progress,
            cancel=cancel,
            expired=expired,
            deadline=deadline(half),
        )
    if proved.complete_up_to == max_order or cancel[0]:
        return replace(proved, method="auto", seed=seed), False
    # Only now, and outside of the time limit: most calls never need these kernels.
    compile_search()
    left = None if time_limit is None else max(0.0, time_limit - proved.seconds)
    with expiring_flag(left) as expired:
        searched = search_cycles(
            model,
            max_order,
            seed=seed,
            progress=progress,
            cancel=cancel,
            expired=expired,
            deadline=deadline(left),
            known=proved,
        )
        timed_out = bool(expired[0])
    return merged(proved, searched, seconds=proved.seconds + searched.seconds), timed_out


def deepened(
    model: Model,
    cycles: CycleSet,
    *,
    node_limit: int | None = None,
    cancel: np.ndarray,
    expired: np.ndarray | None = None,
) -> Iterator[CycleSet]:
    """Yield ever better sets: the proof grows order by order, and cycles that were missed come in.

    Parameters
    ----------
    model : Model
    cycles : CycleSet
        Of this model, from any method. It stays as it is.
    node_limit : int, optional
        Of the enumeration, each order anew.
    cancel, expired : (1,) int64 arrays
        Either ends the work when it is set.

    Yields
    ------
    CycleSet
        Proved to one more order than the one before, up to ``cycles.max_order``. The last one may
        instead say in `CycleSet.stopped` why the proof went no further.
    """
    expired = new_flag() if expired is None else expired
    while cycles.complete_up_to < cycles.max_order:
        started = time.perf_counter()
        proved = complete_cycles(
            model,
            cycles.complete_up_to + 1,
            node_limit=node_limit,
            cancel=cancel,
            expired=expired,
            known=cycles,
        )
        if cancel[0] or expired[0]:
            return
        seconds = cycles.seconds + time.perf_counter() - started
        cycles = merged(proved, cycles, seconds=seconds)
        if proved.stopped:
            yield replace(cycles, stopped=proved.stopped)
            return
        yield cycles


@collector_at_rest()
def merged(proved: CycleSet, searched: CycleSet, *, seconds: float) -> CycleSet:
    """Return what either set has, with the proof of the one and the reach of the other."""
    found = {cycle.key: cycle for cycle in (*proved, *searched)}
    continua = {continuum.key: continuum for continuum in (*proved.continua, *searched.continua)}
    return replace(
        searched,
        cycles=in_reading_order(found.values()),
        continua=tuple(continua.values()),
        complete_up_to=proved.complete_up_to,
        searched_up_to=max(proved.searched_up_to, searched.searched_up_to),
        stopped=_why_not_proved(proved, searched),
        method="auto",
        certificate=proved.certificate,
        seconds=seconds,
    )


def _why_not_proved(proved: CycleSet, searched: CycleSet) -> str | None:
    """Return why the work ended early, if it did: reaching the limit of the effort is normal."""
    if proved.complete_up_to >= searched.max_order:
        return None
    usual = (REASONS["nodes"], REASONS["flag"])
    unusual = None if (proved.stopped or "").startswith(usual) else proved.stopped
    return searched.stopped or unusual
