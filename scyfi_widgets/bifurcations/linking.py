"""From the pieces of all words to branches and typed events.

Ends of pieces that have the same star word and the same value belong to one border collision. What
exists on its two sides says what happened there: one cycle of the event's order on each side is a
persistence, two on one side a non-smooth fold. Feigin's parities are computed as well, as a second
opinion, and to recognise a flip whose doubled cycle is beyond the highest order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..cycles.words import least_rotation
from .branches import BORDER, POLE, Branch, Piece
from .events import Event
from .line import Line
from .pieces.samples import spectra_around
from .stars import STAR, star_word

SAME_EVENT = 1e-10  # of the range: ends of pieces that meet differ by rounding only
COINCIDENT = 1e-9  # of the range: closer events are reported as coincident
BESIDE = 1e-7  # of the range: how far beside an event the unstable directions are counted
CRITICAL = 1e-7  # distance of an eigenvalue from +-1 below which Feigin's parities say nothing
FLIP, CENTRE, TRANSCRITICAL = "DFB", "centre", "DTB"


@dataclass(eq=False, slots=True)
class Strand:
    """A piece with its samples and the spectral events on it, before its branch is known."""

    piece: Piece
    values: np.ndarray
    points: np.ndarray
    eigenvalues: np.ndarray
    spectral: tuple[tuple[float, str], ...] = ()
    branch: int = -1
    turn: int = 0  # the rotation that its branch needs


@dataclass(eq=False, slots=True)
class Meeting:
    """The ends of pieces in one border collision: pairs (strand, shift of its star word).

    `flip` is the degenerate flip in which it happens, if it does: its value and its word's key.
    """

    letters: tuple[bytes, ...]
    value: float
    left: list[tuple[Strand, int]] = field(default_factory=list)
    right: list[tuple[Strand, int]] = field(default_factory=list)
    flip: tuple[float, bytes] | None = None

    def of_its_order(self) -> tuple[list[tuple[Strand, int]], list[tuple[Strand, int]]]:
        """Return those whose order is the event's own."""
        k = len(self.letters)
        left, right = (
            [(strand, shift) for strand, shift in side if len(strand.piece.word) == k]
            for side in (self.left, self.right)
        )
        return left, right


def link(
    line: Line, strands: Sequence[Strand], max_order: int
) -> tuple[tuple[Branch, ...], tuple[Event, ...]]:
    """Join strands to branches, and name what happens where they end and on the way.

    Parameters
    ----------
    line : Line
    strands : sequence of Strand
        All pieces of all words of orders up to `max_order`.
    max_order : int

    Returns
    -------
    branches : tuple of Branch
        By order, then by their beginning.
    events : tuple of Event
        By rising value.
    """
    span = line.hi - line.lo
    matters = np.any(line.forms.W1, axis=(0, 1))
    meetings = _meetings(strands, SAME_EVENT * span)
    flips = [
        (value, _key(strand.piece.word))
        for strand in strands
        for value, kind in strand.spectral
        if kind == FLIP
    ]
    for meeting in meetings:
        meeting.flip = _flip_of(meeting, flips, SAME_EVENT * span)
        _agree(meeting)
    branches = _branches(strands, meetings)
    events = []
    born_at: dict[tuple[float, bytes], list[Meeting]] = defaultdict(list)
    for meeting in meetings:
        if meeting.flip is None:
            events.extend(_collision(meeting, max_order, matters))
        else:
            born_at[meeting.flip].append(meeting)
    for strand in strands:
        events.extend(_at_infinity(line, strand))
        for event in _spectral(line, strand):
            born = born_at.get((event.value, _key(event.word)), ()) if event.type == FLIP else ()
            events.append(_with_others(event, born))
    events.sort(key=lambda event: (event.value, event.order))
    return branches, _marked_coincident(events, COINCIDENT * span)


# Branches ---------------------------------------------------------------------------------------


def _meetings(strands: Iterable[Strand], tolerance: float) -> list[Meeting]:
    ends = defaultdict(list)
    for strand in strands:
        piece = strand.piece
        if piece.start_end == BORDER:
            letters, shift = star_word(piece.word, piece.start_touches)
            ends[letters].append((piece.start, "right", strand, shift))
        if piece.stop_end == BORDER:
            letters, shift = star_word(piece.word, piece.stop_touches)
            ends[letters].append((piece.stop, "left", strand, shift))
    meetings = []
    for letters, found in ends.items():
        found.sort(key=lambda end: end[0])
        meeting = None
        for value, side, strand, shift in found:
            if meeting is None or value - meeting.value > tolerance:
                meeting = Meeting(letters, value)
                meetings.append(meeting)
            getattr(meeting, side).append((strand, shift))
    return meetings


def _agree(meeting: Meeting) -> None:
    """Give all pieces that meet the same end: theirs differ by rounding."""
    if meeting.flip is not None:
        meeting.value = meeting.flip[0]
    for strand, _ in meeting.left:
        if strand.piece.stop != meeting.value:
            strand.piece = replace(strand.piece, stop=meeting.value)
            strand.values[-1] = meeting.value
    for strand, _ in meeting.right:
        if strand.piece.start != meeting.value:
            strand.piece = replace(strand.piece, start=meeting.value)
            strand.values[0] = meeting.value


def _branches(strands: Sequence[Strand], meetings: Iterable[Meeting]) -> tuple[Branch, ...]:
    following: dict[int, tuple[Strand, int]] = {}
    continued = set()
    for meeting in meetings:
        left, right = meeting.of_its_order()
        if len(left) == len(right) == 1:
            (before, shift), (after, other) = left[0], right[0]
            following[id(before)] = after, other - shift
            continued.add(id(after))
    chains = []
    for strand in strands:
        if id(strand) not in continued:
            chain = [strand]
            while id(chain[-1]) in following:
                after, turn = following[id(chain[-1])]
                after.turn = (chain[-1].turn + turn) % len(after.piece.word)
                chain.append(after)
            chains.append(chain)
    chains.sort(key=lambda chain: (len(chain[0].piece.word), chain[0].piece.start))
    return tuple(_branch(number, chain) for number, chain in enumerate(chains))


def _branch(number: int, chain: list[Strand]) -> Branch:
    for strand in chain:
        strand.branch = number
    return Branch(
        number=number,
        pieces=tuple(_turned(strand.piece, strand.turn) for strand in chain),
        values=_joined([strand.values for strand in chain]),
        points=_joined(
            [
                np.roll(strand.points, -strand.turn, axis=1) if strand.turn else strand.points
                for strand in chain
            ]
        ),
        eigenvalues=_joined([strand.eigenvalues for strand in chain]),
        offsets=np.cumsum([0, *(len(strand.values) for strand in chain)]),
    )


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _turned(piece: Piece, turn: int) -> Piece:
    if turn == 0:
        return piece
    k = len(piece.word)
    return replace(
        piece,
        word=_rotated(piece.word, turn),
        start_touches=tuple(((t - turn) % k, unit) for t, unit in piece.start_touches),
        stop_touches=tuple(((t - turn) % k, unit) for t, unit in piece.stop_touches),
    )


def _rotated(rows: np.ndarray, shift: int) -> np.ndarray:
    """Return what np.roll(rows, -shift, axis=0) does, for 0 <= shift < len(rows), in less time."""
    return np.concatenate([rows[shift:], rows[:shift]]) if shift else rows


# Events -----------------------------------------------------------------------------------------


def _collision(meeting: Meeting, max_order: int, matters: np.ndarray) -> Iterable[Event]:
    """Name a border collision by the cycles on both sides, and ask Feigin's parities.

    Where only units meet their border whose output goes nowhere (`matters` (H,) is False), the word
    changes and nothing else: that is no event.
    """
    left, right = meeting.of_its_order()
    k = len(meeting.letters)
    touches = tuple(
        (point, unit)
        for point, letter in enumerate(meeting.letters)
        for unit, bit in enumerate(letter)
        if bit == STAR
    )
    felt = sum(matters[unit] for _, unit in touches)
    if not felt:
        return
    sides = [(strand, shift, -1) for strand, shift in left]
    sides += [(strand, shift, 0) for strand, shift in right]
    if not sides:  # the event's own cycle has a critical eigenvalue here and on neither side a word
        sides = [(strand, shift, -1) for strand, shift in meeting.left]
        sides += [(strand, shift, 0) for strand, shift in meeting.right]
    first, shift, end = sides[0]
    words = [_rotated(strand.piece.word, s) for strand, s, _ in sides]
    counts = {(1, 1): "persistence", (2, 0): "fold", (0, 2): "fold"}
    kind = counts.get((len(left), len(right)), "border")
    doubled = any(len(s.piece.word) == 2 * k for s, _ in (*meeting.left, *meeting.right))
    confirmed = False
    if kind != "border":
        spectra = [strand.eigenvalues[e] for strand, _, e in sides]
        parities = _feigin(*spectra) if felt == 1 else None
        if parities is not None:
            fold, flip = parities
            confirmed = fold == (kind == "fold") and (2 * k > max_order or flip == doubled)
            doubled = doubled or flip
        if kind == "persistence" and doubled:
            kind = "flip"
    before, after = left + _others(meeting.left, k), right + _others(meeting.right, k)
    yield Event(
        type=kind,
        value=meeting.value,
        order=k,
        word=words[0],
        partner=words[1] if len(words) == 2 and len(words[0]) == len(words[1]) else None,
        touches=touches,
        points=_rotated(first.points[end], shift),
        eigenvalues=first.eigenvalues[end],
        before=tuple(strand.branch for strand, _ in before),
        after=tuple(strand.branch for strand, _ in after),
        unstable_before=_unstable(before, -1),
        unstable_after=_unstable(after, 0),
        confirmed=confirmed,
    )


def _others(side: list[tuple[Strand, int]], k: int) -> list[tuple[Strand, int]]:
    return [(strand, shift) for strand, shift in side if len(strand.piece.word) != k]


def _feigin(one: np.ndarray, other: np.ndarray) -> tuple[bool, bool] | None:
    """Return whether the parities say fold and flip; None where an eigenvalue is critical."""
    real = [e.real for e in (*one.tolist(), *other.tolist()) if abs(e.imag) <= 1e-12 * abs(e)]
    if any(abs(abs(e) - 1.0) < CRITICAL for e in real):
        return None
    return bool(sum(e > 1.0 for e in real) % 2), bool(sum(e < -1.0 for e in real) % 2)


def _unstable(side: Iterable[tuple[Strand, int]], end: int) -> tuple[int, ...]:
    return tuple(_directions(strand.eigenvalues[end]) for strand, _ in side)


def _directions(eigenvalues: np.ndarray) -> int:
    return sum(abs(eigenvalue) > 1.0 for eigenvalue in eigenvalues.tolist())


def _at_infinity(line: Line, strand: Strand) -> Iterable[Event]:
    piece = strand.piece
    for end, value, towards in (
        (piece.start_end, piece.start, 1),
        (piece.stop_end, piece.stop, -1),
    ):
        if end == POLE:
            spectra = spectra_around(line.forms, piece.word, value, _step(line, piece, value))
            unstable = (_directions(spectra[1 + towards]),)
            yield Event(
                type=TRANSCRITICAL,
                value=value,
                order=len(piece.word),
                word=piece.word,
                partner=None,
                touches=(),
                points=None,
                eigenvalues=spectra[1],
                before=(strand.branch,) if towards < 0 else (),
                after=(strand.branch,) if towards > 0 else (),
                unstable_before=unstable if towards < 0 else (),
                unstable_after=unstable if towards > 0 else (),
            )


def _spectral(line: Line, strand: Strand) -> Iterable[Event]:
    piece = strand.piece
    for value, kind in strand.spectral:
        spectra = spectra_around(line.forms, piece.word, value, _step(line, piece, value))
        nearest = int(np.argmin(np.abs(strand.values - value)))
        yield Event(
            type=kind,
            value=value,
            order=len(piece.word),
            word=piece.word,
            partner=None,
            touches=(),
            points=strand.points[nearest],
            eigenvalues=spectra[1],
            before=(strand.branch,),
            after=(strand.branch,),
            unstable_before=(_directions(spectra[0]),),
            unstable_after=(_directions(spectra[2]),),
        )


def _step(line: Line, piece: Piece, value: float) -> float:
    """Return how far beside `value` to look without leaving the piece."""
    room = [abs(end - value) for end in (piece.start, piece.stop) if end != value]
    return min([BESIDE * (line.hi - line.lo), *(0.25 * distance for distance in room)])


def _with_others(event: Event, born: Iterable[Meeting]) -> Event:
    """Return a degenerate flip with the doubled cycles that are born in it."""
    for meeting in born:
        event = replace(
            event,
            before=event.before + tuple(strand.branch for strand, _ in meeting.left),
            after=event.after + tuple(strand.branch for strand, _ in meeting.right),
            unstable_before=event.unstable_before + _unstable(meeting.left, -1),
            unstable_after=event.unstable_after + _unstable(meeting.right, 0),
        )
    return event


def _flip_of(
    meeting: Meeting, flips: Sequence[tuple[float, bytes]], tolerance: float
) -> tuple[float, bytes] | None:
    """Return the degenerate flip (value, key of its word) in which a cycle is born, or None.

    At a flip the doubled cycles are a continuum that ends where a point touches a border. The cycle
    that goes on from there has its other points off the border, so its star word is twice as long
    as the word that flips; with the stars filled the other way it repeats that word.
    """
    sides = [*meeting.left, *meeting.right]
    k = len(meeting.letters)
    if len(sides) != 1 or k % 2 or not flips:
        return None
    strand, _ = sides[0]
    word = strand.piece.word
    touches = strand.piece.stop_touches if meeting.left else strand.piece.start_touches
    flipped = word.copy()
    for point, unit in touches:
        flipped[point, unit] ^= True
    if len(word) != k or not np.array_equal(flipped[: k // 2], flipped[k // 2 :]):
        return None
    key = _key(flipped[: k // 2])
    near = (flip for flip in flips if flip[1] == key and abs(flip[0] - meeting.value) <= tolerance)
    return next(near, None)


def _key(word: np.ndarray) -> bytes:
    return _rotated(word, least_rotation(word)).tobytes()


def _marked_coincident(events: list[Event], tolerance: float) -> tuple[Event, ...]:
    values = np.array([event.value for event in events])
    close = np.diff(values) < tolerance
    marks = np.zeros(len(events), bool)
    marks[1:] |= close
    marks[:-1] |= close
    return tuple(
        replace(event, coincident=True) if mark else event
        for event, mark in zip(events, marks, strict=True)
    )
