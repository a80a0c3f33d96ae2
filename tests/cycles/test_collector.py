"""The garbage collector rests while cycles are made, and works again afterwards."""

from __future__ import annotations

import gc
import threading

import pytest

import scyfi_widgets as sw
from scyfi_widgets.cycles.collector import collector_at_rest


def test_it_works_again_after_the_last_one():
    assert gc.isenabled()
    with collector_at_rest():
        with collector_at_rest():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_works_again_after_an_error():
    with pytest.raises(RuntimeError), collector_at_rest():
        raise RuntimeError
    assert gc.isenabled()


def test_it_stays_as_the_caller_left_it():
    gc.disable()
    try:
        with collector_at_rest():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_two_threads():
    inside, leave, seen = threading.Event(), threading.Event(), []

    def rest():
        with collector_at_rest():
            inside.set()
            assert leave.wait(60)
        seen.append(gc.isenabled())

    thread = threading.Thread(target=rest)
    with collector_at_rest():
        thread.start()
        assert inside.wait(60)
    assert not gc.isenabled()  # the other one is still at work
    leave.set()
    thread.join()
    assert seen == [True]
    assert gc.isenabled()


@pytest.mark.parametrize("method", ["auto", "complete", "search"])
def test_it_rests_while_thousands_of_cycles_are_made(method):
    model, calls = sw.PLRNN(A=[2.0], W=[[-4.0]], h=[1.0]), []

    def count(phase, info):
        calls.append(phase)

    sw.find_cycles(model, 3, method=method)  # loads the kernels
    thresholds = gc.get_threshold()
    gc.set_threshold(100, 10, 10)
    gc.callbacks.append(count)
    try:
        cycles = sw.find_cycles(model, 14, method=method)
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(count)
    assert len(cycles) > 2500
    assert calls.count("start") < len(cycles) / 100  # one object a cycle calls it as often
    assert gc.isenabled()
