"""Ever better sets: each is computed once, and the work ends when it is told to."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import cache

import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import Cancelled, new_flag
from scyfi_widgets.cycles import CycleSet
from scyfi_widgets.widgets import growth as growth_module
from scyfi_widgets.widgets.growth import Growth

MODEL = sw.systems.sixteen_cycle()


@cache
def found() -> CycleSet:
    return sw.find_cycles(MODEL, 4)


def known(order: int, **changes) -> CycleSet:
    """The cycles as if they were proved to an order only."""
    return replace(found(), complete_up_to=order, certificate=None, **changes)


@pytest.fixture
def steps(monkeypatch):
    """Replace the proof: every step proves one more order, and is noted."""
    noted = []

    def step(model, cycles, *, node_limit, cancel, expired):
        noted.append(cycles.complete_up_to)
        yield replace(cycles, complete_up_to=cycles.complete_up_to + 1)

    monkeypatch.setattr(growth_module, "deepened", step)
    return noted


def grow(cycles: CycleSet, seconds: float | None = None, cancel=None) -> Growth:
    return Growth(MODEL, cycles, seconds, new_flag() if cancel is None else cancel)


def test_order_by_order(steps):
    growth = grow(known(1))
    assert growth.best.complete_up_to == 1
    seen = [(cycles.complete_up_to, growing) for cycles, growing in growth.sets()]
    assert seen == [(1, True), (2, True), (3, True), (4, False)]
    assert growth.best.complete_up_to == 4


def test_what_is_proved_does_not_grow(steps):
    growth = grow(known(4))
    assert list(growth.sets()) == [(growth.best, False)]
    assert steps == []


def test_all_who_ask_are_given_the_same(steps):
    growth = grow(known(0))
    asking = [growth.sets() for _ in range(3)]
    sets = [[next(one)[0] for one in asking] for _ in range(5)]
    assert all(some[0] is some[1] is some[2] for some in sets)
    assert steps == [0, 1, 2, 3]


def test_threads_share_the_steps(steps):
    growth = grow(known(0))
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(list(growth.sets()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert steps == [0, 1, 2, 3]
    assert [[cycles.complete_up_to for cycles, _ in some] for some in seen] == [[0, 1, 2, 3, 4]] * 4


def test_the_best_set_is_not_waited_for(monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slow(model, cycles, **settings):
        begun.set()
        go_on.wait(10)
        yield found()

    monkeypatch.setattr(growth_module, "deepened", slow)
    growth = grow(known(1))
    thread = threading.Thread(target=lambda: list(growth.sets()))
    thread.start()
    assert begun.wait(10)
    assert growth.best.complete_up_to == 1
    go_on.set()
    thread.join(10)
    assert growth.best is found()


def test_cancelled(monkeypatch):
    cancel = new_flag()

    def step(model, cycles, *, cancel, **settings):
        cancel[0] = 1
        return iter(())

    monkeypatch.setattr(growth_module, "deepened", step)
    growth = grow(known(1), cancel=cancel)
    sets = growth.sets()
    assert next(sets) == (growth.best, True)
    with pytest.raises(Cancelled):
        next(sets)
    assert growth.best.stopped is None
    # Who goes on with it has a flag of their own.
    monkeypatch.setattr(growth_module, "deepened", lambda *args, **settings: iter([found()]))
    assert [growing for _, growing in growth.continued(new_flag()).sets()] == [True, False]


def test_the_time_ends_it(monkeypatch):
    def endless(model, cycles, *, expired, **settings):
        while not expired[0]:
            threading.Event().wait(0.001)
        return
        yield

    monkeypatch.setattr(growth_module, "deepened", endless)
    growth = grow(known(2), 0.02)
    first, last = growth.sets()
    assert first[1]
    assert not last[1]
    assert last[0].stopped == "the proof of order 3 ended at 0.02 s"
    assert last[0].complete_up_to == 2
    assert list(growth.continued(new_flag()).sets()) == [last]
    assert not [t for t in threading.enumerate() if isinstance(t, threading.Timer)]


def test_the_time_is_of_all_steps_together(monkeypatch):
    def step(model, cycles, *, expired, **settings):
        threading.Event().wait(0.02)
        if not expired[0]:
            yield replace(cycles, complete_up_to=cycles.complete_up_to + 1)

    monkeypatch.setattr(growth_module, "deepened", step)
    growth = grow(replace(known(0), max_order=1000), 0.1)
    *_, (last, _) = growth.sets()
    assert last.complete_up_to < 10
    assert "ended at 0.1 s" in last.stopped


def test_no_time_no_growth(steps):
    growth = grow(known(1), 0)
    assert list(growth.sets()) == [(growth.best, False)]
    assert steps == []


def test_a_proof_that_went_no_further_says_why(monkeypatch):
    why = "the limit of the enumeration was reached in order 3"
    monkeypatch.setattr(
        growth_module,
        "deepened",
        lambda model, cycles, **rest: iter([replace(cycles, stopped=why)]),
    )
    *_, (last, growing) = grow(known(2)).sets()
    assert last.stopped == why
    assert not growing


def test_a_proof_that_fails_leaves_what_was_known(monkeypatch):
    def broken(*arguments, **settings):
        raise MemoryError("too large")

    monkeypatch.setattr(growth_module, "deepened", broken)
    *_, (last, growing) = grow(known(2)).sets()
    assert "the proof of order 3 failed: MemoryError" in last.stopped
    assert last.cycles == found().cycles
    assert not growing


def test_what_ended_the_search_does_not_end_the_proof(steps):
    partly = known(1, searched_up_to=2, stopped="the time limit of 2 s was reached in order 3")
    sets = [cycles for cycles, _ in grow(partly).sets()]
    assert len(sets) == 4
    assert [cycles.stopped for cycles in sets[:3]] == [partly.stopped] * 3


def test_too_many_cycles_end_it(steps, monkeypatch):
    monkeypatch.setattr(growth_module, "MOST_CYCLES", len(found()) - 1)
    *_, (last, _) = grow(known(1)).sets()
    assert "more than" in last.stopped
    assert steps == []
