"""What happens to all cycles on one straight section of a training's path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from ...bifurcations.branches import RANGE, Branch
from ...bifurcations.closure import Closure
from ...bifurcations.events import Event
from ...bifurcations.linking import Strand, link
from ...bifurcations.pieces.pieces import RANGE as RANGE_END
from ...bifurcations.pieces.pieces import Pieces, word_pieces
from ...bifurcations.pieces.samples import sample_pieces
from ...cycles.words import least_rotation, word_text
from .step_line import StepLine

CORNER = 1e-8  # of the parameter: what is so near to an end of a section happens at the corner
NO_VALUES = np.empty(0)


@dataclass(frozen=True, eq=False)
class Ends:
    """The cycles at one end of a section, by order, then by word.

    Attributes
    ----------
    keys : tuple of bytes
        Their words (k, H), canonical, one byte a bit.
    orders : (n,) int array
    points : (sum of orders, M) array
        One cycle after the other, from the first region of its canonical word.
    eigenvalues : (n, M) complex array
    """

    keys: tuple[bytes, ...]
    orders: np.ndarray
    points: np.ndarray
    eigenvalues: np.ndarray


@dataclass(frozen=True, eq=False)
class Section:
    """All cycles on a section, and what happens to them.

    Attributes
    ----------
    left, right : Ends
    branches : tuple of Branch
        Only where anything happens: else cycle i on the left is cycle i on the right.
    events : tuple of Event
        By rising value of the line's parameter.
    at_left, at_right : tuple of int
        Which cycle on the left and on the right each branch is, or -1.
    doubts : tuple of (float, str)
        Where something could not be decided: the line's parameter, and the word.
    corner_left, corner_right : bool
        Whether something happens so near to an end that it may belong to the corner.
    proved : bool
        Whether it is proved that no cycle is missing.
    radius : float
        Up to which distance from the origin.
    """

    left: Ends
    right: Ends
    branches: tuple[Branch, ...] = ()
    events: tuple[Event, ...] = ()
    at_left: tuple[int, ...] = ()
    at_right: tuple[int, ...] = ()
    doubts: tuple[tuple[float, str], ...] = ()
    corner_left: bool = False
    corner_right: bool = False
    proved: bool = False
    radius: float = 0.0

    @property
    def eventful(self) -> bool:
        """Whether anything lies inside it that has a place."""
        return bool(self.branches or self.doubts)

    def words_at(self, value: float) -> set[bytes]:
        """Return the canonical words of the cycles at a value of the line's parameter."""
        if self.quiet:
            return set(self.left.keys)
        pieces = (branch.piece_at(value) for branch in self.branches)
        return {
            np.roll(piece.word, -least_rotation(piece.word), axis=0).tobytes()
            for piece in pieces
            if piece
        }

    @property
    def quiet(self) -> bool:
        """Whether all cycles go through it under their words, and nothing else is there."""
        return not self.branches


@dataclass
class _Look:
    """What the pieces of given words say."""

    pieces: list[tuple[np.ndarray, Pieces]] = field(default_factory=list)
    doubts: list[tuple[float, np.ndarray]] = field(default_factory=list)
    quiet: bool = True


def corner_size(line: StepLine) -> float:
    """Return how much of the parameter belongs to the corner at an end of a section."""
    return min(CORNER * line.hi, 0.25 * line.length)


def analyse(
    line: StepLine,
    groups: Iterable[np.ndarray],
    max_order: int,
    *,
    proved: bool,
    radius: float = 0.0,
    cancel: np.ndarray,
    expired: np.ndarray,
) -> Section:
    """Follow the cycles of words along a section.

    Parameters
    ----------
    line : StepLine
    groups : iterable of (n, k, H) uint8 arrays
        Words, canonical, of one order each, each once.
    max_order : int
    proved : bool
        Whether these are all words that are real anywhere on it; otherwise what they meet is
        followed as well.
    radius : float
    cancel, expired : (1,) int64 arrays
        Either ends the work when it is set.

    Raises
    ------
    Cancelled
        If a flag was set.
    """
    groups = [words for words in groups if len(words)]
    look = _look(line, groups, cancel, expired)
    if look.quiet:
        left, right = _quiet_ends(line, look.pieces)
        return Section(left, right, proved=proved, radius=radius)
    strands = _strands(line, groups, max_order, not proved, cancel, expired)
    look.doubts += _look(line, _words_of(strands), cancel, expired).doubts
    # The tolerances of `link` are relative to the range: let it be the size of the parameter.
    branches, events = link(replace(line, lo=0.0), strands, max_order)
    left, at_left = _ends(branches, 0, line.start.M)
    right, at_right = _ends(branches, -1, line.start.M)
    near = corner_size(line)
    places = [event.value for event in events] + [value for value, _ in look.doubts]
    unsure = {(value, word_text(word)) for value, word in look.doubts}
    return Section(
        left,
        right,
        branches,
        events,
        at_left,
        at_right,
        tuple(sorted(unsure)),
        any(value - line.lo < near for value in places),
        any(line.hi - value < near for value in places),
        proved,
        radius,
    )


def _look(line: StepLine, groups: Iterable[np.ndarray], cancel, expired) -> _Look:
    look = _Look()
    for words in groups:
        found = word_pieces(line.forms, words, line.lo, line.hi, cancel=cancel, expired=expired)
        look.pieces.append((words, found))
        places = zip(found.doubt_word, found.doubt_value, strict=True)
        look.doubts += [(float(value), words[number]) for number, value in places]
        look.doubts += [(line.lo, words[number]) for number in found.singular]
        whole = (found.start_kind == RANGE_END) & (found.stop_kind == RANGE_END)
        look.quiet &= bool(whole.all()) and not len(found.event_piece)
    look.quiet &= not look.doubts
    return look


def _quiet_ends(line: StepLine, pieces: Iterable[tuple[np.ndarray, Pieces]]) -> tuple[Ends, Ends]:
    keys: list[bytes] = []
    orders: list[int] = []
    points, eigenvalues = [[], []], [[], []]
    M = line.start.M
    for words, found in sorted(pieces, key=lambda group: group[0].shape[1]):
        if not len(found):
            continue
        k = words.shape[1]
        samples = sample_pieces(line.forms, words, found, NO_VALUES)
        here = [words[number].tobytes() for number in found.word]
        turn = sorted(range(len(here)), key=here.__getitem__)
        keys += [here[place] for place in turn]
        orders += [k] * len(here)
        for end in (0, 1):
            points[end].append(samples.points[end::2][turn].reshape(-1, M))
            eigenvalues[end].append(samples.eigenvalues[end::2][turn])
    of_all = tuple(keys), np.array(orders, np.int64)
    left, right = (
        Ends(
            *of_all,
            np.concatenate([np.empty((0, M)), *points[end]]),
            np.concatenate([np.empty((0, M), complex), *eigenvalues[end]]),
        )
        for end in (0, 1)
    )
    return left, right


def _strands(line, groups, max_order, open_ended, cancel, expired) -> list[Strand]:
    """Return all pieces, sampled at their ends and at the events inside them."""
    closure = Closure(line, max_order, NO_VALUES, cancel, expired)
    closure.add(groups)
    if open_ended:
        closure.close()
    values = sorted({value for strand in closure.strands for value, _ in strand.spectral})
    if values:
        known = _words_of(closure.strands)
        closure = Closure(line, max_order, np.array(values), cancel, expired)
        closure.add(known)
    return closure.strands


def _words_of(strands: list[Strand]) -> list[np.ndarray]:
    H = strands[0].piece.word.shape[1] if strands else 0
    return grouped((strand.piece.word.tobytes() for strand in strands), H)


def grouped(keys: Iterable[bytes], H: int) -> list[np.ndarray]:
    """Return the words of H units that have these keys: (n, k, H) of each order k, sorted."""
    by_length: dict[int, list[bytes]] = {}
    for key in sorted(set(keys)):
        by_length.setdefault(len(key), []).append(key)
    return [
        np.frombuffer(b"".join(group), np.uint8).reshape(len(group), length // H, H)
        for length, group in sorted(by_length.items())
    ]


def _ends(branches: tuple[Branch, ...], end: int, M: int) -> tuple[Ends, tuple[int, ...]]:
    """Return the cycles at the start (end 0) or the stop (end -1), and each branch's place."""
    found = []
    for number, branch in enumerate(branches):
        piece = branch.pieces[end]
        if (piece.start_end if end == 0 else piece.stop_end) == RANGE:
            shift = least_rotation(piece.word)
            key = np.roll(piece.word, -shift, axis=0).tobytes()
            points = np.roll(branch.points[end], -shift, axis=0)
            found.append((len(points), key, number, points, branch.eigenvalues[end]))
    found.sort(key=lambda item: (item[0], item[1]))
    places = [-1] * len(branches)
    for place, item in enumerate(found):
        places[item[2]] = place
    ends = Ends(
        tuple(item[1] for item in found),
        np.array([item[0] for item in found], np.int64),
        np.concatenate([np.empty((0, M)), *(item[3] for item in found)]),
        np.concatenate([np.empty((0, M), complex), *(item[4][None] for item in found)]),
    )
    return ends, tuple(places)
