"""Undo and redo; a drag is one step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scyfi_widgets.widgets.history import SAME_GESTURE_WITHIN, History


def record(history: History, states: str, **how) -> None:
    for state in states:
        history.record(state, **how)


def test_a_drag_back_to_its_origin_is_no_step():
    history = History(0)
    history.record(1, "W[0,1]", now=0.0)
    history.record(0, "W[0,1]", now=0.1)
    assert not history.can_undo
    history.record(2, "W[0,1]", now=0.2)
    assert history.undo() == 0


def test_at_the_beginning():
    history = History("a")
    assert history.present == "a"
    assert not history.can_undo
    assert not history.can_redo
    assert history.undo() == history.redo() == "a"


def test_back_and_forth():
    history = History("a")
    record(history, "bcd")
    assert [history.undo() for _ in range(4)] == ["c", "b", "a", "a"]
    assert not history.can_undo
    assert history.can_redo
    assert [history.redo() for _ in range(4)] == ["b", "c", "d", "d"]
    assert history.can_undo
    assert not history.can_redo


def test_a_change_clears_what_could_be_redone():
    history = History("a")
    record(history, "bc")
    history.undo()
    history.record("x")
    assert not history.can_redo
    assert history.redo() == "x"
    assert [history.undo(), history.undo()] == ["b", "a"]


def test_the_present_state_again_is_no_change():
    history = History("a")
    record(history, "b")
    history.undo()
    history.record("a")
    assert history.can_redo
    assert not history.can_undo
    assert history.redo() == "b"


def test_a_gesture_is_one_step():
    history = History("a")
    for step, state in enumerate("bcd"):
        history.record(state, "drag W", now=10.0 + 0.9 * step * SAME_GESTURE_WITHIN)
    assert history.present == "d"
    assert history.undo() == "a"
    assert history.redo() == "d"


@pytest.mark.parametrize(
    ("second", "later"),
    [("drag h", 0.1), (None, 0.1), ("drag W", SAME_GESTURE_WITHIN), ("drag W", 60.0)],
)
def test_another_gesture_or_a_pause_is_a_step_of_its_own(second, later):
    history = History("a")
    history.record("b", "drag W", now=10.0)
    history.record("c", second, now=10.0 + later)
    assert [history.undo(), history.undo()] == ["b", "a"]


def test_changes_without_a_gesture_are_steps_each():
    history = History("a")
    history.record("b", now=10.0)
    history.record("c", now=10.0)
    assert history.undo() == "b"


@pytest.mark.parametrize("turn", ["undo", "redo"])
def test_undo_and_redo_end_a_gesture(turn):
    history = History("a")
    history.record("b", now=0.0)
    history.record("c", "drag", now=10.0)
    history.undo()
    if turn == "redo":
        history.redo()
    before = history.present
    history.record("d", "drag", now=10.1)
    assert history.undo() == before


def test_only_so_many_steps_are_kept():
    history = History(0, limit=3)
    for state in range(1, 10):
        history.record(state)
    assert [history.undo() for _ in range(5)] == [8, 7, 6, 6, 6]
    assert [history.redo() for _ in range(4)] == [7, 8, 9, 9]


@given(st.lists(st.one_of(st.just("undo"), st.just("redo"), st.integers(0, 4)), max_size=40))
def test_as_a_list_with_a_cursor(actions):
    history, states, here = History(-1), [-1], 0
    for action in actions:
        if action == "undo":
            here = max(here - 1, 0)
            assert history.undo() == states[here]
        elif action == "redo":
            here = min(here + 1, len(states) - 1)
            assert history.redo() == states[here]
        elif action != states[here]:
            states[here + 1 :] = [action]
            here += 1
            history.record(action)
        else:
            history.record(action)
        assert history.present == states[here]
        assert history.can_undo == (here > 0)
        assert history.can_redo == (here < len(states) - 1)
