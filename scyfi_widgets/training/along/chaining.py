"""From sections to branches of the whole run: each cycle keeps its number while it lives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...bifurcations.branches import RANGE, Branch
from ...bifurcations.events import Event
from ...cycles.words import least_rotation
from .corners import Place
from .cycle_record import CycleRecord
from .run_event import RunEvent
from .section import Ends
from .survey import Survey


def chained(survey: Survey, places: list[Place]) -> tuple[CycleRecord, list[RunEvent], list[str]]:
    """Return the record of all cycles, all events, and what could not be decided."""
    path, steps = survey.path, survey.steps
    chain = Chain(path.start.M, path.start.H)
    number, doubts = 0, []
    for place in places:
        if place.is_corner:
            chain.add(place, path.epochs[:0])
        else:
            step = steps[number]
            chain.add(place, path.epochs[step.first : step.before + 1])
            number += 1
        for value, word in place.section.doubts:
            near = f"near epoch {place.epoch(value):.10g}"
            doubts.append(f"{word} {near}: two events closer than rounding")
    ends = places[-1].section.right if places else survey.standing()
    first = steps[number - 1].last if number else 0
    if ends is not None:
        chain.finish(ends, path.epochs[first : survey.last_row(number) + 1])
    return chain.record(), chain.events, doubts


class Chain:
    """The branches of a run in the making.

    A branch has a number and a turn: its points are those of the canonical word rotated by so many
    places, so that they move continuously from one word to the next.
    """

    def __init__(self, M: int, H: int):
        self.events: list[RunEvent] = []
        self._M, self._H = M, H
        self._count = 0
        self._keys: tuple[bytes, ...] = ()
        self._numbers = np.empty(0, np.int64)
        self._turns = np.empty(0, np.int64)
        self._words: dict[bytes, int] = {}
        self._rows: list[tuple] = []
        self._last_layout: tuple = ()

    # Along the path -----------------------------------------------------------------------------

    def add(self, place: Place, epochs: np.ndarray) -> None:
        """Take in the next section.

        Parameters
        ----------
        place : Place
        epochs : (n,) array
            The saved epochs at which the cycles are those at the section's start; none for the
            section of a corner.
        """
        section = place.section
        self._enter(section.left)
        for epoch in epochs:
            self._add_ends(float(epoch), True, section.left)
        if not len(epochs):
            self._add_ends(place.start, False, section.left)
        if section.quiet:
            return
        numbers = self._numbers_of(place)
        turns = self._add_samples(place, numbers)
        self.events += [self._event(place, event, numbers) for event in section.events]
        at = [branch for branch, end in enumerate(section.at_right) if end >= 0]
        at.sort(key=section.at_right.__getitem__)
        self._keys = section.right.keys
        self._numbers = np.array([numbers[branch] for branch in at], np.int64)
        self._turns = np.array([turns[branch] for branch in at], np.int64)

    def finish(self, ends: Ends, epochs: np.ndarray) -> None:
        """Take in the end of the last section, at which the cycles stay for some epochs."""
        self._enter(ends)
        for epoch in epochs:
            self._add_ends(float(epoch), True, ends)

    def record(self) -> CycleRecord:
        """Return all rows."""
        M, rows = self._M, self._rows
        epochs, saved, numbers, words, orders, eigenvalues, points = (
            zip(*rows, strict=True) if rows else ((),) * 7
        )
        counts = [len(row) for row in numbers]
        order = _joined(orders, np.int64)
        return CycleRecord(
            epoch=np.repeat(np.array(epochs, float), counts),
            saved=np.repeat(np.array(saved, bool), counts),
            branch=_joined(numbers, np.int64),
            order=order,
            word=_joined(words, np.int64),
            eigenvalues=np.concatenate([np.empty((0, M), complex), *eigenvalues]),
            offsets=np.concatenate([[0], np.cumsum(order)]).astype(np.int64),
            points=np.concatenate([np.empty((0, M)), *points]),
            words=tuple(
                np.frombuffer(key, np.uint8).reshape(-1, self._H).astype(bool)
                for key in self._words
            ),
        )

    # Its parts ----------------------------------------------------------------------------------

    def _enter(self, left: Ends) -> None:
        """Number the cycles at the start of a section: those known by their words go on."""
        if left.keys == self._keys:
            return
        known = dict(zip(self._keys, zip(self._numbers, self._turns, strict=True), strict=True))
        pairs = [known.get(key) or (self._new(), 0) for key in left.keys]
        self._keys = left.keys
        self._numbers = np.array([number for number, _ in pairs], np.int64)
        self._turns = np.array([turn for _, turn in pairs], np.int64)

    def _new(self) -> int:
        self._count += 1
        return self._count - 1

    def _add_ends(self, epoch: float, saved: bool, ends: Ends) -> None:
        """Add a row for each cycle at an end of a section."""
        layout = self._keys, self._turns.tobytes()
        if not self._last_layout or self._last_layout[:2] != layout:
            words = np.array([self._word(key) for key in ends.keys], np.int64)
            turned = np.arange(len(ends.points))
            for start, order, turn in zip(
                np.cumsum(ends.orders) - ends.orders, ends.orders, self._turns, strict=True
            ):
                if turn:
                    turned[start : start + order] = np.roll(turned[start : start + order], -turn)
            self._last_layout = (*layout, words, turned)
        _, _, words, turned = self._last_layout
        self._rows.append(
            (
                epoch,
                saved,
                self._numbers,
                words,
                ends.orders,
                ends.eigenvalues,
                ends.points[turned],
            )
        )

    def _word(self, key: bytes) -> int:
        return self._words.setdefault(key, len(self._words))

    def _numbers_of(self, place: Place) -> list[int]:
        section = place.section
        return [int(self._numbers[end]) if end >= 0 else self._new() for end in section.at_left]

    def _add_samples(self, place: Place, numbers: list[int]) -> list[int]:
        """Add rows where branches begin, end or have an event; return their turns at the end."""
        section = place.section
        rows, turns = [], []
        for branch, number, end in zip(section.branches, numbers, section.at_left, strict=True):
            local = _turn(branch.pieces[0].word)
            turn = int(self._turns[end]) - local if end >= 0 else 0
            for sample, piece in _samples_inside(branch):
                points = np.roll(branch.points[sample], -turn, axis=0)
                key = _key(branch.pieces[piece].word)
                rows.append((branch.values[sample], number, sample, key, branch, points))
            turns.append((turn + _turn(branch.pieces[-1].word)) % branch.order)
        rows.sort(key=lambda row: row[:3])
        for value, number, sample, key, branch, points in rows:
            self._rows.append(
                (
                    place.epoch(value),
                    False,
                    np.array([number]),
                    np.array([self._word(key)]),
                    np.array([branch.order]),
                    branch.eigenvalues[sample][None],
                    points,
                )
            )
        return turns

    def _event(self, place: Place, event: Event, numbers: list[int]) -> RunEvent:
        epoch = place.epoch(event.value)
        renamed = replace(
            event,
            value=epoch,
            before=tuple(numbers[branch] for branch in event.before),
            after=tuple(numbers[branch] for branch in event.after),
        )
        return RunEvent(epoch, renamed, (int(place.start), int(place.stop)))


def _turn(word: np.ndarray) -> int:
    """Return how far the canonical word is rotated to give this one."""
    return -least_rotation(word) % len(word)


def _key(word: np.ndarray) -> bytes:
    return np.roll(word, -least_rotation(word), axis=0).tobytes()


def _samples_inside(branch: Branch) -> list[tuple[int, int]]:
    """Return (sample, piece) of all samples but those at the two ends of the section."""
    found = []
    for number in range(len(branch.pieces)):
        samples = range(int(branch.offsets[number]), int(branch.offsets[number + 1]))
        found += [(sample, number) for sample in samples]
    if branch.pieces[0].start_end == RANGE:
        found = found[1:]
    return found[:-1] if branch.pieces[-1].stop_end == RANGE else found


def _joined(arrays, dtype) -> np.ndarray:
    return np.concatenate([np.empty(0, dtype), *arrays])
