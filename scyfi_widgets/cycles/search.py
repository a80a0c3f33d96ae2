"""The search of the paper, order by order."""

from __future__ import annotations

import time

import numpy as np

from ..cancellation import new_flag
from ..models import PLRNN, Model
from .cycle import STABILITIES
from .cycle_set import CycleSet
from .scyfi import FOUND, FULL, STOPPED, search_order
from .solve import cycles_of_words

FIRST_CAPACITY = 64  # cycles of one order before the kernel has to come back for more room
RESTARTS = 3  # outer loops for each of the paper's: leaving a word that came back saves more time


def loop_limits(order: int) -> tuple[int, int]:
    """Return the reference implementation's limits of the outer and the inner loop (MATH.md 3)."""
    outer = 10 if order < 8 else 40 if order < 30 else 100
    inner = (
        20 if order < 3 else 60 if order < 6 else 300 if order < 8 else 1080 if order < 20 else 1115
    )
    return outer, inner


def search_cycles(
    model: Model, max_order: int, *, seed: int, progress, cancel, expired
) -> CycleSet:
    """Run the SCYFI search for every order from 1 to `max_order` (see `find_cycles`)."""
    started = time.perf_counter()
    form = model.relu_form
    cycles = []
    searched_up_to = 0
    for order in range(1, max_order + 1):
        words, finished = _search_one_order(form, order, seed, cancel, expired)
        cycles += cycles_of_words(form, words)
        if not finished:
            break
        searched_up_to = order
        if progress is not None:
            progress(order, max_order)
    cycles.sort(key=lambda cycle: (cycle.order, STABILITIES.index(cycle.stability), cycle.key))
    return CycleSet(
        cycles=tuple(cycles),
        max_order=max_order,
        complete_up_to=0,
        searched_up_to=searched_up_to,
        method="search",
        seed=seed,
        stopped=None if searched_up_to == max_order else f"stopped in order {searched_up_to + 1}",
        seconds=time.perf_counter() - started,
    )


def compile_search() -> None:
    """Compile or load the kernels, so that no time limit counts this."""
    if not search_order.signatures:
        _search_one_order(PLRNN([0.5], [[-2.0]], [0.1]).relu_form, 1, 0, new_flag(), new_flag())


def _search_one_order(form, order: int, seed: int, cancel, expired) -> tuple[np.ndarray, bool]:
    identity = np.array_equal(form.W2, np.eye(form.M)) and not form.h2.any()
    # Each order has its own stream, so that asking for more orders does not change the lower ones.
    state = np.random.SeedSequence([seed, order]).generate_state(1, np.uint64)
    counters = np.zeros(3, np.int64)
    outer, inner = loop_limits(order)
    found = np.empty((FIRST_CAPACITY, order, form.H), np.uint8)
    while True:
        status = search_order(
            *form, identity, RESTARTS * outer, inner, state, counters, found, cancel, expired
        )
        if status != FULL:
            return found[: counters[FOUND]], status != STOPPED
        found = np.concatenate([found, np.empty_like(found)])
