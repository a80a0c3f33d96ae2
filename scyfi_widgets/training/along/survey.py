"""The sections of a path, one after the other: which words are followed on each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ...bifurcations.intervals.intervals import words_on_interval
from ...cancellation import Cancelled
from ...cycles.complete import complete_cycles
from ...cycles.search.search import compile_search, search_cycles
from ...cycles.solving.solve import cycles_of_words
from ...models import Model
from .cache import StepCache
from .path import Path
from .section import Ends, Section, analyse, grouped
from .step_line import StepLine

NODES = 1_000_000  # of the proof of one step: some 2 s
LONGEST = 0.02  # of the weights' size: longer steps have complete sets inside as well,
MOST_INSIDE = 15  # so many at most
BESIDE = 1e-4  # of a step: how far beside a doubtful place complete sets are compared
EFFORT = 2e7  # multiplications for the complete set of one network: some 0.1 s
NO_WORDS: frozenset[bytes] = frozenset()


@dataclass(frozen=True)
class Step:
    """A step between two corners of a path.

    Attributes
    ----------
    first, last : int
        The rows of the networks at its ends.
    before : int
        The last row that is still at the first corner.
    length : float
        How far the weights move, relative to their size.
    """

    first: int
    last: int
    before: int
    length: float


def steps_of(path: Path) -> list[Step]:
    """Return the steps of a path; where nothing moves there are none."""
    corners = path.corners
    if len(corners) < 2:
        return []
    lengths = path.relative_change(corners[:-1], corners[1:])
    return [
        Step(first, last, last - 1, float(length))
        for first, last, length in zip(corners, corners[1:], lengths, strict=False)
    ]


class Survey:
    """Sections with the words that are followed on them.

    Parameters
    ----------
    path : Path
    max_order : int
    enumerate_every : int
        Where three states or more leave the proof to single networks: each so many corners.
    cache : StepCache
    cancel, expired : (1,) int64 arrays
        Either ends the work when it is set.

    Attributes
    ----------
    steps : list of Step
    sections : list of Section or None
        What is known about each step.
    seeds : list of set of bytes
        The words that are followed on each step besides those that its proof finds.
    """

    def __init__(
        self,
        path: Path,
        max_order: int,
        enumerate_every: int,
        cache: StepCache,
        cancel: np.ndarray,
        expired: np.ndarray,
    ):
        self.path, self.max_order = path, max_order
        self.steps = steps_of(path)
        self.cache = cache
        self.flags = {"cancel": cancel, "expired": expired}
        self.planar = path.start.M <= 2
        self.enumerate_every = enumerate_every
        self.digests = {row: path.digest(row) for row in path.corners}
        self.sections: list[Section | None] = [None] * len(self.steps)
        self.seeds: list[frozenset[bytes]] = [NO_WORDS] * len(self.steps)
        self._complete: dict[int, int] = {}

    @property
    def known(self) -> int:
        """The number of steps from the first on that were looked at."""
        return next(
            (number for number, section in enumerate(self.sections) if section is None),
            len(self.sections),
        )

    def last_row(self, known: int) -> int:
        """Return the last row at which the cycles are known after so many steps."""
        if known == len(self.steps):
            return len(self.path.epochs) - 1
        return self.steps[known].before

    def complete_orders(self, last: int) -> np.ndarray:
        """Return up to which order the cycles at each row are proved to be all; 0 after `last`."""
        orders = np.zeros(len(self.path.epochs), np.int64)
        for row, order in self._complete.items():
            orders[row] = order
        for step, section in zip(self.steps, self.sections, strict=True):
            if section is not None and section.proved:
                orders[[step.first, step.last]] = self.max_order
        corners = self.path.corners
        for corner, following in zip(corners, [*corners[1:], len(orders)], strict=True):
            orders[corner:following] = orders[corner]  # where nothing moves
        orders[last + 1 :] = 0
        return orders

    def proved_steps(self, last: int) -> np.ndarray:
        """Return for each step between rows whether it is proved that no cycle is missing."""
        proved = self.complete_orders(last)[:-1] >= self.max_order
        for step, section in zip(self.steps, self.sections, strict=True):
            proved[step.before] = section is not None and section.proved
        proved[last:] = False
        return proved

    def standing(self) -> Ends | None:
        """Return the cycles of a path on which nothing moves; None if there was no time."""
        try:
            words = self._words_at(0)
        except Cancelled:
            return None
        form = self.path.start.relu_form
        cycles = [
            cycle for group in grouped(words, form.H) for cycle in cycles_of_words(form, group)
        ]
        return Ends(
            tuple(cycle.word.tobytes() for cycle in cycles),
            np.array([cycle.order for cycle in cycles], np.int64),
            np.concatenate([np.empty((0, form.M)), *(cycle.points for cycle in cycles)]),
            np.stack([cycle.eigenvalues for cycle in cycles])
            if cycles
            else np.empty((0, form.M), complex),
        )

    def line(self, number: int) -> StepLine:
        """Return a whole step as a line."""
        step = self.steps[number]
        ends = self.path.model(step.first), self.path.model(step.last)
        return StepLine.of_step(*ends, step.length)

    # Single sections ----------------------------------------------------------------------------

    def look_at(self, number: int) -> None:
        """Find what happens on a step, from its own proof or the complete sets at its ends."""
        if not self.planar:
            for place, row in ((number, self.steps[number].first), (number + 1, -1)):
                row = self.steps[number].last if row < 0 else row
                if self.is_anchor(place):
                    self.seeds[number] |= self._words_at(row)
            if self.enumerate_every == 1:
                self.seeds[number] |= self._words_inside(number)
        self._follow(number)

    def is_anchor(self, corner: int) -> bool:
        """Return whether the complete set is enumerated at a corner of the path."""
        return corner % self.enumerate_every == 0 or corner == len(self.steps)

    def _follow(self, number: int) -> None:
        step, seeds = self.steps[number], self.seeds[number]
        ends = self.digests[step.first], self.digests[step.last]
        key = (*ends, self.max_order, seeds)
        section = self.cache.get(key)
        if section is None:
            self._raise_if_cancelled()
            section = self.section(self.line(number), seeds)
            self.cache.put(key, section)
        self.sections[number] = section

    def section(self, line: StepLine, seeds: frozenset[bytes]) -> Section:
        """Return what happens on any section.

        Raises
        ------
        Cancelled
            If a flag was set.
        """
        H, words, found = line.start.H, set(seeds), None
        if self.planar:
            found = words_on_interval(
                line.forms, line.lo, line.hi, self.max_order, node_limit=NODES, **self.flags
            )
            self._raise_if_cancelled()
            if found.proved and not seeds:
                groups = found.words
            else:
                words |= {word.tobytes() for group in found.words for word in group}
                if not found.proved:
                    for value in (line.lo, line.hi):
                        words |= self._enumerated(line.at(value))[0]
                groups = grouped(words, H)
        else:
            groups = grouped(words, H)
        proved = found is not None and found.proved
        section = analyse(
            line,
            groups,
            self.max_order,
            proved=proved,
            radius=found.radius if proved else 0.0,
            **self.flags,
        )
        self._raise_if_cancelled()
        if not section.doubts:
            return section
        left = tuple(doubt for doubt in section.doubts if not self._settled(line, section, doubt))
        return replace(section, doubts=left)

    def _settled(self, line: StepLine, section: Section, doubt: tuple[float, str]) -> bool:
        """Return whether complete sets on both sides of a doubtful place hold what is known there.

        Where weights are zero several conditions of a word may vanish at once, which looks like two
        events that are too close to be told apart, and is one event or none.
        """
        beside = BESIDE * line.length
        for value in (doubt[0] - beside, doubt[0] + beside):
            if not line.lo <= value <= line.hi:
                return False
            words, complete = self._enumerated(line.at(value))
            if complete < self.max_order or words != section.words_at(value):
                return False
        return True

    def _words_at(self, row: int) -> frozenset[bytes]:
        key = self.digests[row], self.max_order
        found = self.cache.get(key)
        if found is None:
            found = self._enumerated(self.path.model(row))
            self.cache.put(key, found)
        self._complete[row] = found[1]
        return found[0]

    def _words_inside(self, number: int) -> frozenset[bytes]:
        """Return the words of the complete sets inside a long step."""
        step = self.steps[number]
        count = min(int(step.length / LONGEST), MOST_INSIDE)
        if count == 0:
            return NO_WORDS
        key = self.digests[step.first], self.digests[step.last], self.max_order, "inside"
        words = self.cache.get(key)
        if words is None:
            line = self.line(number)
            values = np.linspace(line.lo, line.hi, count + 2)[1:-1]
            words = NO_WORDS.union(*(self._enumerated(line.at(value))[0] for value in values))
            self.cache.put(key, words)
        return words

    def _enumerated(self, model: Model) -> tuple[frozenset[bytes], int]:
        """Return the words of a network's cycles, and the order up to which they are all."""
        cycles = complete_cycles(model, self.max_order, effort=EFFORT, **self.flags)
        complete = cycles.complete_up_to
        self._raise_if_cancelled()
        if complete < self.max_order:
            compile_search()
            found = search_cycles(
                model, self.max_order, seed=0, progress=None, known=cycles, **self.flags
            )
            self._raise_if_cancelled()
            cycles = (*cycles, *found)
        return frozenset(cycle.word.tobytes() for cycle in cycles), complete

    def _raise_if_cancelled(self) -> None:
        if any(flag[0] for flag in self.flags.values()):
            raise Cancelled

    def abandon(self) -> None:
        """End all work: nobody waits for it any more."""
        self.flags["expired"].fill(1)

    # Neighbours ---------------------------------------------------------------------------------

    def agree(self, numbers: range) -> None:
        """Follow each cycle over the corners between steps, to where it ends.

        A step knows the cycles that its own words lead to: what comes from a neighbour is one more
        word to follow.
        """
        changed = True
        while changed:
            changed = False
            for here, there in pairwise(numbers):
                changed |= self._hand_over(here, there, "right", "left")
            for there, here in reversed(list(pairwise(numbers))):
                changed |= self._hand_over(here, there, "left", "right")

    def _hand_over(self, here: int, there: int, side: str, other: str) -> bool:
        mine, theirs = self.sections[here], self.sections[there]
        keys, known = getattr(mine, side).keys, getattr(theirs, other).keys
        if keys == known:
            return False
        new = set(keys).difference(known, self.seeds[there])
        if new:
            self.seeds[there] |= new
            self._follow(there)
        return bool(new)
