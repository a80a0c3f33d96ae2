"""The one door to all finders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..cancellation import expiring_flag, new_flag
from ..models import Model
from ..models.validation import require_seconds, whole_number
from .automatic import auto_cycles
from .branching.branch import compile_branching
from .complete import complete_cycles
from .cycle_set import CycleSet
from .limits import deadline
from .polygons.search import compile_polygons
from .search.search import compile_search, search_cycles
from .solving.solve import compile_solve

METHODS = ("auto", "complete", "search")


def find_cycles(
    model: Model,
    max_order: int = 1,
    *,
    method: str = "auto",
    seed: int = 0,
    time_limit: float | None = None,
    node_limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: np.ndarray | None = None,
) -> CycleSet:
    """Find the fixed points and cycles of a network up to an order.

    Parameters
    ----------
    model : Model
    max_order : int
        The highest order (minimal period), at least 1.
    method : {"auto", "complete", "search"}
        ``"complete"`` enumerates all words that a cycle can have and proves that there is no other
        (`CycleSet.certificate`, which `verify` checks). ``"search"`` is SCYFI and its refinements,
        a heuristic for sizes out of the enumeration's reach that proves nothing about what it did
        not find. ``"auto"`` enumerates as far as a fixed effort goes and searches above that.
    seed : int
        Seed of the search. The same seed gives the same cycles.
    time_limit : float, optional
        Seconds of wall-clock time; what was found by then is returned, and `CycleSet.stopped` says
        where the work ended. ``"auto"`` gives half of it to the enumeration.
    node_limit : int, optional
        The largest number of nodes of the enumeration, over all orders.
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
    NeurIPS 2023, Algorithm 1, for the search.
    """
    if not isinstance(model, Model):
        raise TypeError(f"model must be a network such as PLRNN, got {type(model).__name__}")
    max_order = whole_number("max_order", max_order, 1)
    seed = whole_number("seed", seed, 0)
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    require_seconds("time_limit", time_limit)
    if node_limit is not None:
        node_limit = whole_number("node_limit", node_limit, 1)
    flag = new_flag() if cancel is None else cancel
    compile_method(model, method)
    common = {"progress": progress, "cancel": flag}
    if method == "auto":
        cycles, timed_out = auto_cycles(
            model, max_order, seed=seed, node_limit=node_limit, time_limit=time_limit, **common
        )
    else:
        with expiring_flag(time_limit) as expired:
            common |= {"expired": expired, "deadline": deadline(time_limit)}
            if method == "complete":
                cycles = complete_cycles(model, max_order, node_limit=node_limit, **common)
            else:
                cycles = search_cycles(model, max_order, seed=seed, **common)
            timed_out = bool(expired[0])
    if cycles.stopped and (timed_out or flag[0]):
        why = "cancelled" if flag[0] else f"the time limit of {time_limit:g} s was reached"
        return replace(cycles, stopped=f"{why} in order {cycles.searched_up_to + 1}")
    return cycles


def compile_all() -> None:
    """Compile or load every kernel of this package."""
    compile_polygons()
    compile_branching()
    compile_search()
    compile_solve()


def compile_method(model: Model, method: str) -> None:
    """Compile or load what a method begins with, so that no time limit counts this."""
    compile_solve()
    if method == "search":
        compile_search()
    elif model.M <= 2:
        compile_polygons()
    else:
        compile_branching()
