"""What ends the work early: flags, the clock, a number of nodes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf

import numpy as np

from ..cancellation import expiring_flag

GRACE = 0.05  # s in which words are still solved after the time limit
NO_LIMIT = int(np.iinfo(np.int64).max)
SOLVED_AT_ONCE = 1 << 17  # about how many numbers are worked on between two looks at the clock
MOST_AT_ONCE = 128  # words, whose cycles are objects to be made
SMALLEST_STEP = 64  # numbers that a step of a word counts for at least


def deadline(seconds: float | None) -> float:
    """Return when a time limit that begins now is over, by `time.monotonic`; None is no limit."""
    return inf if seconds is None else time.monotonic() + seconds


@dataclass
class Limits:
    """What ends the work early.

    Attributes
    ----------
    cancel, expired : (1,) int64 arrays
        The caller's flag, and that of the clock.
    deadline : float
        When the clock sets its flag, by `time.monotonic`. Between two kernels the clock is asked
        itself: its thread may be late on a busy machine.
    node_limit : int, optional
    effort : float, optional
        Of the enumeration, in entries of all nodes' dictionaries.
    grace : float
        Seconds that are left for words after the deadline.
    """

    cancel: np.ndarray
    expired: np.ndarray
    deadline: float = inf
    node_limit: int | None = None
    effort: float | None = None
    grace: float = GRACE

    @property
    def over(self) -> bool:
        """Whether a flag is set."""
        if time.monotonic() >= self.deadline:
            self.expired[0] = 1
        return bool(self.cancel[0] or self.expired[0])

    @property
    def closed(self) -> bool:
        """Whether no word may be solved any more.

        The first ones are solved even when the time is over, so that what was found is kept; not
        when the work is cancelled, since nobody waits for them then.
        """
        return bool(self.cancel[0]) or (self.over and self.grace <= 0.0)

    @contextmanager
    def solving(self) -> Iterator[np.ndarray]:
        """Yield the flag for solving a few words; what it takes after the deadline is counted."""
        if not self.over:
            yield self.cancel
            return
        started = time.monotonic()
        with expiring_flag(self.grace) as ended:
            yield ended
        self.grace -= time.monotonic() - started

    def nodes(self, size: float) -> int:
        """Return the number of nodes that are left, each of `size` numbers."""
        limit = NO_LIMIT if self.node_limit is None else self.node_limit
        return limit if self.effort is None else max(0, min(limit, int(self.effort / size)))

    def spend(self, nodes: int, size: float) -> None:
        """Count nodes of `size` numbers each."""
        if self.node_limit is not None:
            self.node_limit -= nodes
        if self.effort is not None:
            self.effort -= nodes * size


def parts(words: np.ndarray, M: int) -> Iterator[np.ndarray]:
    """Yield words (n, k, H) of a network with M states, a few at a time that are solved soon."""
    number = SOLVED_AT_ONCE // (words.shape[1] * (M**3 + SMALLEST_STEP))
    number = max(1, min(MOST_AT_ONCE, number))
    for start in range(0, len(words), number):
        yield words[start : start + number]
