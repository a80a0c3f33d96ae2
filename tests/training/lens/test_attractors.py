"""Orbits whose end is known."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.cancellation import Cancelled, new_flag
from scyfi_widgets.training.lens.attractors import (
    attracting_cycle,
    recurring_word,
    settled_cycle,
)


@pytest.mark.parametrize(
    ("model", "order"), [(systems.sixteen_cycle(), 16), (systems.eighty_cycle(), 80)]
)
def test_an_orbit_settles_on_the_stable_cycle(model, order):
    cycle, fate = settled_cycle(model, np.array([0.1, 0.1]), 1.0, new_flag())
    assert (fate, cycle.order, cycle.stability) == ("cycle", order, "stable")
    end = model.orbit([0.1, 0.1], 20_000)[-1]
    assert np.abs(cycle.points - end).max(axis=1).min() < 1e-9


def test_chaos_does_not_settle():
    assert settled_cycle(systems.lozi_map(), np.array([0.1, 0.1]), 1.0, new_flag()) == (
        None,
        "unsettled",
    )


def test_an_orbit_that_leaves():
    model = systems.skew_tent_map(0.3, 1.4)
    assert settled_cycle(model, np.array([0.1]), 1.0, new_flag()) == (None, "diverges")


def test_an_unstable_focus_is_not_where_it_ends():
    """It begins so near that the regions do not change for long: the word alone says nothing."""
    model = systems.sixteen_cycle()
    focus = sw.find_cycles(model, 1).of_order(1)[0]
    assert focus.stability == "unstable"
    cycle, _ = settled_cycle(model, focus.points[0] + 1e-13, 1.0, new_flag())
    assert cycle.order == 16


def test_a_word_of_a_cycle_that_repels_is_no_attractor():
    model = systems.sixteen_cycle()
    for cycle in sw.find_cycles(model, 16):
        found = attracting_cycle(model.relu_form, cycle.word)
        assert found == (cycle if cycle.stability == "stable" else None)


def test_recurrence_is_that_of_the_least_period():
    word = np.array([[0, 1], [1, 1], [0, 1], [0, 0]], bool)
    assert np.array_equal(recurring_word(np.tile(word, (30, 1))), word)
    assert recurring_word(np.tile(word, (3, 1))) is None
    broken = np.tile(word, (30, 1))
    broken[50, 0] ^= True
    assert recurring_word(broken) is None


def test_a_set_flag_stops_at_once():
    flag = new_flag()
    flag[0] = 1
    with pytest.raises(Cancelled):
        settled_cycle(systems.lozi_map(), np.array([0.1, 0.1]), 1.0, flag)
