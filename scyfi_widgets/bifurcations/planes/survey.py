"""A survey of a parameter plane: rows and columns on which every event is found.

Each event is a point of a curve, from which the atlas goes on. All lines share their words: a cycle
that one of them has met is followed on all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ...cancellation import Cancelled
from ...cycles.complete import complete_cycles
from ..closure import Closure
from ..intervals.intervals import words_on_interval
from ..line import Line
from .atlas import MOST_ARCS, Atlas
from .conditions import Condition, conditions_on_line
from .parameter_plane import ParameterPlane
from .regions import Row

FEWEST = 5  # lines, and points on a line, with which a survey begins
SHIFT = 0.00137  # of the ranges: rows in their middle would often have a weight that is zero
COLUMNS = 135  # of the raster
POINTS = 3  # on a line at which complete sets are enumerated later on, for M > 2
EFFORT = 2e7  # multiplications for the complete set of one point
ROUNDS = 4  # in which lines tell one another their words


class _Line:
    """A row or a column, with the words that are known on it."""

    def __init__(self, line: Line, axis: int, height: float, closure: Closure):
        self.line, self.axis, self.height, self.closure = line, axis, height, closure
        self.used = 0  # strands whose events are in the atlas
        self.told = 0  # words of the pool that it knows
        self.thorough = False


class Survey:
    """Lines across a plane of two weights, their events, and all curves through them."""

    def __init__(
        self, plane: ParameterPlane, max_order: int, cancel: np.ndarray, expired: np.ndarray
    ):
        self.started = time.perf_counter()
        self.parameters, self.max_order = plane, max_order
        self.cancel, self.expired = cancel, expired
        self.atlas = Atlas(plane, cancel, expired)
        self.lines: dict[tuple[int, float], _Line] = {}
        self.pool: dict[tuple[int, bytes], np.ndarray] = {}
        self.words: list[np.ndarray] = []
        self.raster_x = plane.lo[0] + plane.span[0] * positions(COLUMNS)
        self.heights = np.empty(0)
        self.proved_lines = self.proved_points = 0

    @property
    def seconds(self) -> float:
        """Wall-clock time since the beginning."""
        return time.perf_counter() - self.started

    def take_lines(
        self,
        count: int,
        *,
        thorough: bool,
        progress: Callable[[int, int], None] | None,
        total: int,
    ) -> None:
        """Look at `count` rows and columns, trace all curves through their events.

        `thorough` is to enumerate all words on each; `progress` hears of 2 `total` lines.
        """
        self.heights = positions(count)
        for position in self.heights:
            for axis in (0, 1):
                self._take_line(axis, float(position), thorough)
            if progress is not None:
                progress(len(self.lines), 2 * total)
            if self.expired[0]:
                break
        for _ in range(ROUNDS):
            known = len(self.words)
            for line in list(self.lines.values()):
                self._tell(line)
            if len(self.words) == known or self.expired[0]:
                break
        self.atlas.add(seed for line in self.lines.values() for seed in self._seeds(line))
        if self.cancel[0]:
            raise Cancelled("plane")

    def _take_line(self, axis: int, position: float, thorough: bool) -> None:
        """Look at the row (axis 0) or column (axis 1) at a position of the unit square."""
        work = self.lines.get((axis, position))
        if work is None:
            plane = self.parameters
            height = plane.lo[1 - axis] + position * plane.span[1 - axis]
            line = plane.row(height) if axis == 0 else plane.column(height)
            grid = self.raster_x if axis == 0 else np.array([line.lo, line.hi])
            work = _Line(
                line, axis, height, Closure(line, self.max_order, grid, self.cancel, self.expired)
            )
            self.lines[axis, position] = work
        if thorough and not work.thorough:
            work.thorough = True
            self._enumerate(work)
        elif not thorough and axis == 0:
            self._enumerate_points(work, positions(FEWEST))
        self._tell(work)

    def _enumerate(self, work: _Line) -> None:
        line = work.line
        if line.start.M <= 2:
            found = words_on_interval(
                line.forms, line.lo, line.hi, self.max_order, narrow=False,
                cancel=self.cancel, expired=self.expired,
            )  # fmt: skip
            self.proved_lines += bool(found.proved)
            for group in found.words:
                self._learn(group)
            if found.proved:
                return
        self._enumerate_points(work, positions(POINTS))

    def _enumerate_points(self, work: _Line, positions: np.ndarray) -> None:
        line = work.line
        for value in line.lo + positions * (line.hi - line.lo):
            if self.cancel[0]:
                raise Cancelled("plane")
            if self.expired[0]:
                return
            cycles = complete_cycles(
                line.at(value), self.max_order,
                cancel=self.cancel, expired=self.expired, effort=EFFORT,
            )  # fmt: skip
            self.proved_points += cycles.complete_up_to == self.max_order
            self._learn(cycle.word for cycle in cycles)

    def _learn(self, words: Iterable[np.ndarray]) -> None:
        for word in words:
            word = np.asarray(word, bool)
            key = len(word), word.tobytes()
            if key not in self.pool:
                self.pool[key] = word
                self.words.append(word)

    def _tell(self, work: _Line) -> None:
        """Let a line know all words, and learn those that it leads to."""
        closure = work.closure
        fresh, work.told = self.words[work.told :], len(self.words)
        known = len(closure.strands)
        if fresh:
            closure.add(
                np.stack([word for word in fresh if len(word) == order])
                for order in sorted({len(word) for word in fresh})
            )
        if self.cancel[0]:
            raise Cancelled("plane")
        closure.close()
        self._learn(strand.piece.word for strand in closure.strands[known:])

    def _seeds(self, work: _Line) -> Iterator[tuple[Condition, np.ndarray]]:
        """Yield the conditions of all new events of a line, and where they are."""
        line = work.line
        strands = work.closure.strands
        fresh, work.used = strands[work.used :], len(strands)
        plane, axis = self.parameters, work.axis
        across = (work.height - plane.lo[1 - axis]) / plane.span[1 - axis]
        for strand in fresh:
            for condition, value in conditions_on_line(strand, plane.units):
                along = (value - line.lo) / (line.hi - line.lo)
                yield (
                    condition,
                    np.array([along, across] if axis == 0 else [across, along]),
                )

    def why_stopped(self) -> str | None:
        """Return why it ended early, or None."""
        if self.expired[0]:
            return "the time limit was reached"
        return f"more than {MOST_ARCS} curves" if self.atlas.full else None

    def rows(self) -> list[Row]:
        """Return the rows of the last look, by rising height."""
        lines = (self.lines.get((0, float(position))) for position in self.heights)
        return [
            Row.of(line.closure.strands, self.raster_x, line.height, self.parameters.units)
            for line in lines
            if line is not None
        ]


def positions(count: int) -> np.ndarray:
    """Return where `count` lines are, in the unit interval; those of 3 `count` hold them too."""
    # Rounded, so that the same line is found again.
    return np.round((np.arange(count) + 0.5) / count + SHIFT, 12)
