"""Branches: one cycle along a line in parameter space, through all words that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..cycles.cycle import NEUTRAL_WITHIN
from ..cycles.words import least_rotation, word_text

RANGE, BORDER, POLE = "range", "border", "infinity"


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """The cycle of one word, where it exists without a gap.

    Attributes
    ----------
    word : (k, H) bool array
        The region of each point of the branch, in the branch's own rotation.
    start, stop : float
        It exists for values strictly between.
    start_end, stop_end : str
        What ends it there: the ``"range"``, a ``"border"``, or ``"infinity"``.
    start_touches, stop_touches : tuple of (point, unit)
        Which points are on which unit's border there.
    """

    word: np.ndarray
    start: float
    stop: float
    start_end: str
    stop_end: str
    start_touches: tuple[tuple[int, int], ...] = ()
    stop_touches: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Branch:
    """A cycle as a function of the parameter: one identity through every persistence.

    Attributes
    ----------
    number : int
        Its place among the diagram's branches.
    pieces : tuple of Piece
        By rising value; each begins where the one before it ends, under another word.
    values : (n,) array
        Where it was sampled, both ends of every piece included.
    points : (n, k, M) array
        The cycle at those values. Row i of all samples is the same point of the cycle: it moves
        continuously.
    eigenvalues : (n, M) complex array
        Once around the cycle, by falling modulus.
    offsets : (pieces + 1,) array
        The samples of a piece are those from one offset to the next.
    """

    number: int
    pieces: tuple[Piece, ...]
    values: np.ndarray
    points: np.ndarray
    eigenvalues: np.ndarray
    offsets: np.ndarray

    @property
    def order(self) -> int:
        """The minimal period k."""
        return len(self.pieces[0].word)

    @property
    def start(self) -> float:
        """Where it begins."""
        return self.pieces[0].start

    @property
    def stop(self) -> float:
        """Where it ends."""
        return self.pieces[-1].stop

    @cached_property
    def unstable(self) -> np.ndarray:
        """The number of unstable directions at each sample, (n,)."""
        return (np.abs(self.eigenvalues) > 1.0 + NEUTRAL_WITHIN).sum(axis=1)

    @cached_property
    def stable(self) -> np.ndarray:
        """Whether the cycle attracts at each sample, (n,) bool."""
        return (np.abs(self.eigenvalues) < 1.0 - NEUTRAL_WITHIN).all(axis=1)

    @cached_property
    def key(self) -> tuple[int, bytes]:
        """What identifies it from one diagram to the next: the canonical word of its first piece.

        It is the `Cycle.key` of that word.
        """
        word = self.pieces[0].word
        canonical = np.roll(word, -least_rotation(word), axis=0)
        return self.order, np.packbits(canonical).tobytes()

    @property
    def word_texts(self) -> tuple[str, ...]:
        """The word of every piece as text."""
        return tuple(word_text(piece.word) for piece in self.pieces)

    def piece_at(self, value: float) -> Piece | None:
        """Return the piece that holds `value`, or None."""
        for piece in self.pieces:
            if piece.start <= value <= piece.stop:
                return piece
        return None

    @property
    def name(self) -> str:
        """``"fixed point"`` or ``"3-cycle"``."""
        return "fixed point" if self.order == 1 else f"{self.order}-cycle"

    def __repr__(self) -> str:
        return f"<branch {self.number}: {self.name} from {self.start:.6g} to {self.stop:.6g}>"
