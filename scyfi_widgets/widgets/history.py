"""Undo and redo."""

from __future__ import annotations

import time
from typing import Generic, TypeVar

State = TypeVar("State")

SAME_GESTURE_WITHIN = 1.0  # s: changes of one thing that follow each other so fast are one drag


class History(Generic[State]):
    """The states a person went through; a drag is one step.

    Parameters
    ----------
    first : State
    limit : int
        The number of steps kept.
    """

    def __init__(self, first: State, limit: int = 200):
        self._past: list[State] = []
        self._future: list[State] = []
        self._limit = limit
        self._gesture: object = None
        self._last_change = 0.0
        self.present = first

    def record(self, state: State, gesture: object = None, now: float | None = None) -> None:
        """Make `state` the present one; it replaces the present one within the same gesture."""
        now = time.monotonic() if now is None else now
        if state == self.present:
            return
        same = (
            gesture is not None
            and gesture == self._gesture
            and now - self._last_change < SAME_GESTURE_WITHIN
        )
        if not same:
            self._past = [*self._past, self.present][-self._limit :]
        self._future.clear()
        self._gesture, self._last_change = gesture, now
        self.present = state
        if same and state == self._past[-1]:
            # The drag is back where it began: there is nothing to undo.
            self._past.pop()
            self._gesture = None

    @property
    def can_undo(self) -> bool:
        """Whether there is an earlier state."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a later state."""
        return bool(self._future)

    def undo(self) -> State:
        """Go one step back and return that state; at the beginning, stay."""
        if self._past:
            self._future.append(self.present)
            self.present = self._past.pop()
            self._gesture = None
        return self.present

    def redo(self) -> State:
        """Go one step forward and return that state; at the end, stay."""
        if self._future:
            self._past.append(self.present)
            self.present = self._future.pop()
            self._gesture = None
        return self.present
