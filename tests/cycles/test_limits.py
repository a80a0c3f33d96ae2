"""Limits of the work: the clock counts even when its thread is late."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.limits import GRACE, MOST_AT_ONCE, Limits, deadline, parts


def limits(seconds=None, **values) -> Limits:
    return Limits(new_flag(), new_flag(), deadline(seconds), **values)


def test_no_limit():
    free = limits()
    assert free.deadline == math.inf
    assert not free.over
    assert not free.closed
    assert free.nodes(10.0) > 10**18


def test_the_deadline_counts_without_the_thread_of_the_clock():
    late = limits(1e-6)
    time.sleep(0.001)
    assert late.over
    assert late.expired[0] == 1  # for the kernels, which look at memory only
    assert late.cancel[0] == 0


@pytest.mark.parametrize("name", ["cancel", "expired"])
def test_either_flag_ends_the_work(name):
    stopped = limits()
    getattr(stopped, name)[0] = 1
    assert stopped.over
    assert stopped.closed == (name == "cancel")  # words are solved for a while after the clock


def test_grace_is_used_up():
    stopped = limits()
    stopped.expired[0] = 1
    with stopped.solving() as flag:
        assert flag is not stopped.cancel
        end = time.monotonic() + 20 * GRACE
        while not flag[0]:
            assert time.monotonic() < end
            time.sleep(0.001)
    assert stopped.grace <= 0.0
    assert stopped.closed


def test_before_the_deadline_words_are_solved_until_the_caller_cancels():
    running = limits(600.0)
    with running.solving() as flag:
        assert flag is running.cancel
    assert running.grace == GRACE


def test_nodes_and_effort():
    both = limits(node_limit=100, effort=1000.0)
    assert both.nodes(5.0) == 100
    assert both.nodes(20.0) == 50
    both.spend(30, 20.0)
    assert both.nodes(5.0) == 70
    assert both.nodes(20.0) == 20
    both.spend(30, 20.0)
    assert both.nodes(20.0) == 0


@pytest.mark.parametrize(("order", "M"), [(1, 1), (17, 1), (300, 5), (1000, 10), (2, 50)])
def test_parts_are_all_words_in_their_order(order, M):
    words = np.arange(300 * order, dtype=np.int64).reshape(300, order, 1)
    got = list(parts(words, M))
    np.testing.assert_array_equal(np.concatenate(got), words)
    # The more work a word is, the fewer there are in a part.
    longest = max(map(len, got))
    assert longest <= MOST_AT_ONCE
    assert (longest == MOST_AT_ONCE) == (order == 1)
    assert (longest == 1) == (order * M**3 > 1e5)


def test_no_words():
    assert list(parts(np.empty((0, 3, 2)), 2)) == []
