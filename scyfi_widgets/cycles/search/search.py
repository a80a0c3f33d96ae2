"""The search, order by order: what it finds is real, but nobody knows what it missed."""

from __future__ import annotations

import time
from functools import cache

import numpy as np

from ...cancellation import new_flag
from ...models import PLRNN, Model
from ...models.relu_form import ReluForm
from ..collector import collector_at_rest
from ..cycle import Cycle
from ..cycle_set import CycleSet, in_reading_order
from ..limits import Limits, parts
from ..solving.solve import cycles_of_words
from .candidate import pack_weights
from .curves import VISITED, follow_curves
from .path import new_path
from .scyfi import FOUND, FULL, STOPPED, search_order
from .visited import new_word_set, remember_cycles

SAMPLE = 32  # of the words found last, that are solved before more room is made,
LEAST_REAL = 0.5  # and how many of them have to be real
FIRST_CAPACITY = 64  # cycles of one order before more room has to be made; a power of two


def search_cycles(
    model: Model,
    max_order: int,
    *,
    seed: int,
    progress,
    cancel,
    expired,
    deadline: float = np.inf,
    known: CycleSet | None = None,
) -> CycleSet:
    """Search every order from 1 to `max_order` (see `find_cycles`).

    Parameters
    ----------
    deadline : float
        When the clock sets `expired`, by `time.monotonic`.
    known : CycleSet, optional
        Of the same model: what is proved is not searched again.
    """
    started = time.perf_counter()
    form, limits = model.relu_form, Limits(cancel, expired, deadline)
    cycles: list[Cycle] = []
    words: dict[int, np.ndarray] = {}
    searched_up_to = 0 if known is None else known.complete_up_to
    if known is not None:
        proved: dict[int, list[Cycle]] = {order: [] for order in range(1, searched_up_to + 1)}
        for cycle in known:
            if cycle.order <= searched_up_to:
                proved[cycle.order].append(cycle)
        for order, group in proved.items():
            cycles += group
            words[order] = np.array([c.word for c in group], np.uint8).reshape(-1, order, form.H)
    for order in range(searched_up_to + 1, max_order + 1):
        lower = _repeated(words, order, form.H)
        words[order], finished = _follow_curves(form, order, seed, lower, limits)
        found, all_solved = _solve(form, words[order], limits)
        cycles += found
        if not (finished and all_solved):
            break
        searched_up_to = order
        if progress is not None:
            progress(order, max_order)
    return CycleSet(
        cycles=in_reading_order(cycles),
        max_order=max_order,
        complete_up_to=0,
        searched_up_to=searched_up_to,
        method="search",
        seed=seed,
        stopped=None if searched_up_to == max_order else f"stopped in order {searched_up_to + 1}",
        seconds=time.perf_counter() - started,
    )


def published_search(model: Model, max_order: int, *, seed: int = 0) -> dict[int, np.ndarray]:
    """Run SCYFI as published, with its own loop limits: what the search is measured against.

    Points of cycles that were found in a lower order are skipped, as published; a repetition of one
    that was missed there is reported as a cycle of this order.

    Returns
    -------
    dict
        The words (n, k, H) that it reports for each order k.
    """
    form, flags = model.relu_form, (new_flag(), new_flag())
    words: dict[int, np.ndarray] = {}
    for order in range(1, max_order + 1):
        words[order] = _published_order(
            form, order, seed, _repeated(words, order, form.H), flags, *loop_limits(order)
        )
    return words


def loop_limits(order: int) -> tuple[int, int]:
    """Return the reference implementation's limits of the outer and the inner loop (MATH.md 3)."""
    outer = 10 if order < 8 else 40 if order < 30 else 100
    inner = (
        20 if order < 3 else 60 if order < 6 else 300 if order < 8 else 1080 if order < 20 else 1115
    )
    return outer, inner


@cache
def compile_search() -> None:
    """Compile or load the kernels, so that no time limit counts this."""
    form, limits = PLRNN([0.5], [[-2.0]], [0.1]).relu_form, Limits(new_flag(), new_flag())
    none = np.empty((0, 1, 1), np.uint8)
    _follow_curves(form, 1, 0, none, limits)
    remember_cycles(new_word_set(1), none)


def _follow_curves(
    form: ReluForm, order: int, seed: int, lower: np.ndarray, limits: Limits
) -> tuple[np.ndarray, bool]:
    state, counters = _stream(seed, order), np.zeros(5, np.int64)
    found = np.empty((FIRST_CAPACITY, order, form.H), np.uint8)
    path, visited = new_path(order, form.M, form.H), new_word_set(VISITED)
    keys = new_word_set(FIRST_CAPACITY)
    arguments = pack_weights(form), _is_identity(form), state, counters, lower
    flags = limits.cancel, limits.expired
    while (status := follow_curves(*arguments, found, path, visited, keys, flags)) == FULL:
        last = found[-SAMPLE:]
        real, all_solved = _solve(form, last, limits)
        if not all_solved:
            status = STOPPED
            break
        if len(real) < LEAST_REAL * len(last):
            break  # at violent growth rounding makes up cycles without end
        found = np.concatenate([found, np.empty_like(found)])
        keys = new_word_set(len(found))
        remember_cycles(keys, found[: counters[FOUND]])
    return found[: counters[FOUND]], status != STOPPED


@collector_at_rest()
def _solve(form: ReluForm, words: np.ndarray, limits: Limits) -> tuple[list[Cycle], bool]:
    """Return the cycles of words of one order, and whether time was left for all of the words."""
    cycles: list[Cycle] = []
    for part in parts(words, form.M):
        if limits.closed:
            return cycles, False
        with limits.solving() as flag:
            cycles += cycles_of_words(form, part, cancel=flag)
        if flag[0]:
            return cycles, False
    return cycles, True


def _published_order(
    form: ReluForm, order: int, seed: int, lower: np.ndarray, flags, outer: int, inner: int
) -> np.ndarray:
    state, counters = _stream(seed, order), np.zeros(3, np.int64)
    counters[FOUND] = len(lower)
    found = np.concatenate([lower, np.empty((FIRST_CAPACITY, order, form.H), np.uint8)])
    arguments = _is_identity(form), outer, inner, state, counters
    while search_order(*form, *arguments, found, *flags) == FULL:
        found = np.concatenate([found, np.empty_like(found)])
    return found[len(lower) : counters[FOUND]]


def _repeated(words: dict[int, np.ndarray], order: int, H: int) -> np.ndarray:
    """Return all words of orders that divide `order` as words of that order."""
    repeated = [np.tile(w, (1, order // k, 1)) for k, w in words.items() if order % k == 0]
    return np.concatenate([np.empty((0, order, H), np.uint8), *repeated])


def _is_identity(form: ReluForm) -> bool:
    return np.array_equal(form.W2, np.eye(form.M)) and not form.h2.any()


def _stream(seed: int, order: int) -> np.ndarray:
    """Return a state of the random numbers of one order: asking for more changes no lower one."""
    return np.random.SeedSequence([seed, order]).generate_state(1, np.uint64)
