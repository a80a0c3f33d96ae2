"""Words and their pieces, closed under border collisions: what meets a known cycle is known too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from ..cancellation import Cancelled
from ..cycles.words import least_rotation, word_text
from .branches import BORDER, POLE, RANGE, Piece
from .line import Line
from .linking import CENTRE, FLIP, TRANSCRITICAL, Strand
from .pieces import pieces as kinds
from .pieces.pieces import Pieces, word_pieces
from .pieces.samples import sample_pieces
from .stars import fillings, star_word

ENDS = {kinds.RANGE: RANGE, kinds.BORDER: BORDER, kinds.POLE: POLE}
SPECTRAL = {kinds.FLIP: FLIP, kinds.CENTRE: CENTRE, kinds.TRANSCRITICAL: TRANSCRITICAL}


class Closure:
    """The pieces of all words that were met along a line.

    Parameters
    ----------
    line : Line
    max_order : int
    values : (n,) array
        Where pieces are sampled, besides their ends.
    cancel, expired : (1,) int64 arrays
        Either ends the work when it is set.

    Attributes
    ----------
    strands : list of Strand
        Every piece with its samples.
    unresolved : list of str
        What could not be decided, in words.
    """

    def __init__(
        self,
        line: Line,
        max_order: int,
        values: np.ndarray,
        cancel: np.ndarray,
        expired: np.ndarray,
    ):
        self.line = line
        self.max_order = max_order
        self.strands: list[Strand] = []
        self.unresolved: list[str] = []
        self._values = values
        self._flags = cancel, expired
        self._seen: set[tuple[int, bytes]] = set()
        self._stars: set[tuple[bytes, ...]] = set()

    def add(self, words: Iterable[np.ndarray]) -> None:
        """Take in words of one order each, (n, k, H), canonical, and nothing that they lead to."""
        for group in words:
            self._take(group)

    def close(self) -> None:
        """Take in every word that meets a known cycle in a border collision, a flip, at infinity.

        Words that are not real anywhere cost a few microseconds each.
        """
        looked_at = 0
        while looked_at < len(self.strands) and not self._stopped():
            new = defaultdict(list)
            for strand in self.strands[looked_at:]:
                for words in self._neighbours(strand):
                    new[words.shape[1]].append(words)
            looked_at = len(self.strands)
            self.add(np.concatenate(groups) for groups in new.values())

    def _take(self, words: np.ndarray) -> None:
        fresh = []
        for word in words:
            key = len(word), word.tobytes()
            if key not in self._seen:
                self._seen.add(key)
                fresh.append(word)
        if fresh and not self._stopped():
            self._look_at(np.stack(fresh).astype(np.uint8))

    def _look_at(self, words: np.ndarray) -> None:
        line = self.line
        try:
            found = word_pieces(
                line.forms, words, line.lo, line.hi, cancel=self._flags[0], expired=self._flags[1]
            )
        except Cancelled:
            return
        self.strands += _strands(line, words.astype(bool), found, self._values)
        self.unresolved += _doubts(words, found)

    def _stopped(self) -> bool:
        return any(flag[0] for flag in self._flags)

    def _neighbours(self, strand: Strand) -> Iterator[np.ndarray]:
        """Yield words (n, k, H) that may be real on the other side of what ends a piece."""
        piece = strand.piece
        ends = ((piece.start_end, piece.start_touches), (piece.stop_end, piece.stop_touches))
        for end, touches in ends:
            if end == BORDER:
                letters, _ = star_word(piece.word, touches)
                if letters not in self._stars:
                    self._stars.add(letters)
                    yield from fillings(letters, self.max_order)
            elif end == POLE:
                yield canonical(~piece.word)[None]
        if 2 * len(piece.word) <= self.max_order:
            for value, kind in strand.spectral:
                if kind == FLIP:
                    yield from self._doubled(strand, value)

    def _doubled(self, strand: Strand, value: float) -> Iterator[np.ndarray]:
        """Yield the words with which the continuum of doubled cycles at a flip goes on.

        The continuum is z_t + alpha e_t, then z_t - alpha e_t, with P e = -e, up to the first alpha
        at which a point touches a border; behind it that bit is the other one.
        """
        word = strand.piece.word
        A, W1, W2, _, h2 = (
            array[0] + value * array[1] + value * value * array[2] for array in self.line.forms
        )
        jacobians = [A + (W1 * region) @ W2 for region in word]
        product = np.eye(len(A))
        for jacobian in jacobians:
            product = jacobian @ product
        eigenvalues, vectors = np.linalg.eig(product)
        direction = vectors[:, np.argmin(np.abs(eigenvalues + 1.0))].real
        nearest = int(np.argmin(np.abs(strand.values - value)))
        y, slopes = [], []
        for point, jacobian in zip(strand.points[nearest], jacobians, strict=True):
            y.append(W2 @ point + h2)
            slopes.append(W2 @ direction)
            direction = jacobian @ direction
        y, slopes = np.concatenate([y, y]), np.concatenate([slopes, [-row for row in slopes]])
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.abs(y / slopes)
        reach[~np.isfinite(reach)] = np.inf
        for closest in np.flatnonzero(reach <= reach.min() * (1.0 + 1e-6)):
            other = np.concatenate([word, word])
            other.reshape(-1)[closest] ^= True
            yield canonical(other)[None]


def _strands(line: Line, words: np.ndarray, found: Pieces, values: np.ndarray) -> list[Strand]:
    samples = sample_pieces(line.forms, words, found, values)
    spectral = defaultdict(list)
    for number, value, kind in zip(
        found.event_piece, found.event_value, found.event_kind, strict=True
    ):
        spectral[int(number)].append((float(value), SPECTRAL[int(kind)]))
    strands = []
    for number, word in enumerate(found.word):
        piece = Piece(
            word=words[word],
            start=float(found.start[number]),
            stop=float(found.stop[number]),
            start_end=ENDS[int(found.start_kind[number])],
            stop_end=ENDS[int(found.stop_kind[number])],
            start_touches=_pairs(found.start_touch[number]),
            stop_touches=_pairs(found.stop_touch[number]),
        )
        inside = slice(samples.offsets[number], samples.offsets[number + 1])
        strands.append(
            Strand(
                piece,
                samples.value[inside],
                samples.points[inside],
                samples.eigenvalues[inside],
                tuple(spectral[number]),
            )
        )
    return strands


def _pairs(touch: np.ndarray) -> tuple[tuple[int, int], ...]:
    return tuple((int(point), int(unit)) for point, unit in np.argwhere(touch))


def canonical(word: np.ndarray) -> np.ndarray:
    """Return a word (k, H) in its least rotation."""
    return np.roll(word, -least_rotation(word), axis=0)


def _doubts(words: np.ndarray, found: Pieces) -> Iterator[str]:
    for number, value in zip(found.doubt_word, found.doubt_value, strict=True):
        yield f"{word_text(words[number])} near {value:.12g}: two events closer than rounding"
    for number in found.singular:
        yield f"{word_text(words[number])}: infinitely many cycles at every value"
