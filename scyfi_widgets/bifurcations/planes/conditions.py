"""Conditions: the exact function of a word that vanishes on a curve, and what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from ...cycles.words import least_rotation, period
from ..branches import BORDER, POLE
from ..closure import Strand
from ..linking import CENTRE, FLIP, TRANSCRITICAL
from ..stars import STAR, star_word
from . import tracing
from .parameter_plane import ParameterPlane

SPECTRAL = {
    TRANSCRITICAL: tracing.INFINITY,
    FLIP: tracing.DOUBLING,
    CENTRE: tracing.MODULUS,
}
MOST_TOUCHES = 4  # whose words are all looked at, at one point of codimension two
FINITE = 1e-8  # relative size of a numerator that stays zero where others do not

Place = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Condition:
    """What vanishes on a curve: a y of a cycle on a border, or a function of its spectrum.

    Attributes
    ----------
    kind : int
        `tracing.BORDER`, `INFINITY` (DTB), `DOUBLING` (DFB) or `MODULUS` (centre).
    words : (n, k, H) uint8 array
        Of a border collision the words on its two sides, else the one word.
    touches : tuple of (point, unit)
        Of a border collision.
    """

    kind: int
    words: np.ndarray
    touches: tuple[Place, ...] = ()

    @classmethod
    def of_border(cls, word: np.ndarray, touches: Iterable[Place]) -> Condition | None:
        """Return that of a border collision; None where both sides repeat a shorter word."""
        letters, _ = star_word(word, touches)
        base = np.array([list(letter) for letter in letters], np.uint8)
        words = np.stack([np.where(base == STAR, bit, base) for bit in (0, 1)]).astype(np.uint8)
        places = tuple((int(t), int(j)) for t, j in np.argwhere(base == STAR))
        repeated = [_shortest(side) for side in words]
        if all(len(side) == len(base) for side in repeated):
            return cls(tracing.BORDER, words, places)
        # A cycle of twice the order is born with its points on the border in a degenerate flip.
        half = min(repeated, key=len)
        return cls.of_spectrum(tracing.DOUBLING, half) if 2 * len(half) == len(base) else None

    @classmethod
    def of_spectrum(cls, kind: int, word: np.ndarray) -> Condition | None:
        """Return that of an eigenvalue; None where the word repeats a shorter one."""
        word = np.ascontiguousarray(word, np.uint8)
        if len(_shortest(word)) < len(word):
            return None
        return cls(kind, np.roll(word, -least_rotation(word), axis=0)[None])

    @cached_property
    def key(self) -> tuple:
        """What identifies the condition."""
        return self.kind, self.words.shape[1], self.words.tobytes(), self.touches

    @property
    def order(self) -> int:
        """The order k of the cycle."""
        return self.words.shape[1]

    def problem(self, plane: ParameterPlane, finite: np.ndarray | None = None) -> tuple:
        """Return what the kernels of `tracing` take."""
        _, k, H = self.words.shape
        touched = np.zeros((k, H), np.bool_)
        for place in self.touches:
            touched[place] = True
        return (
            plane.coefficients,
            np.array(plane.lo),
            np.array(plane.span),
            self.kind,
            self.words,
            touched,
            np.zeros((k, H), np.bool_) if finite is None else finite,
            np.array(self.touches[0] if self.touches else (0, 0)),
        )

    def is_real(self, monitors: np.ndarray, finite: np.ndarray) -> bool:
        """Return whether all signs are right beside the curve, on at least one side of it."""
        _, k, H = self.words.shape
        bits = self.words[0].astype(bool)
        right = (monitors[: k * H].reshape(k, H) > 0.0) == bits
        if self.kind == tracing.BORDER:
            free = np.ones((k, H), bool)
            for place in self.touches:
                free[place] = False
            return bool(right[free].all())
        if self.kind != tracing.INFINITY:
            return bool(right.all())
        # D changes its sign on the curve: the numerators are right on one side or on the other.
        infinite = right[~finite]
        return bool(right[finite].all() and (infinite.all() or not infinite.any()))


def conditions_on_line(strand: Strand, units: np.ndarray) -> Iterator[tuple[Condition, float]]:
    """Yield the conditions that vanish at events of a strand of a line, and where.

    `units` are those that matter: that another one meets its border is no event, and the words of
    the conditions are without it.
    """
    piece = strand.piece
    word = piece.word[:, units]
    for end, value, touches in (
        (piece.start_end, piece.start, piece.start_touches),
        (piece.stop_end, piece.stop, piece.stop_touches),
    ):
        condition = None
        places = [
            (point, int(np.searchsorted(units, unit))) for point, unit in touches if unit in units
        ]
        if end == BORDER and places:
            condition = Condition.of_border(word, places)
        elif end == POLE:
            condition = Condition.of_spectrum(tracing.INFINITY, word)
        if condition is not None:
            yield condition, value
    for value, kind in strand.spectral:
        condition = Condition.of_spectrum(SPECTRAL[kind], word)
        if condition is not None:
            yield condition, value


def neighbours(
    condition: Condition, changed: np.ndarray, singular: Iterable[np.ndarray]
) -> Iterator[tuple[Condition, Place | None]]:
    """Yield conditions that may vanish on curves through the end of a curve.

    Parameters
    ----------
    condition : Condition
        Of the curve that ends.
    changed : (k, H) bool array
        The y whose signs change there.
    singular : words (k, H)
        Those with an eigenvalue 1 there. Their cycles may be anywhere on a line through all of
        space, so each of their points may meet each border nearby.

    Yields
    ------
    condition : Condition
    place : (point, unit) or None
        The border in question, in the rotation of the curve that ends.
    """
    places = [*condition.touches, *((int(t), int(j)) for t, j in np.argwhere(changed))]
    if len(places) > MOST_TOUCHES:
        places = list(condition.touches)
    found: dict[tuple, tuple[Condition, Place | None]] = {}

    def take(other: Condition | None, place: Place | None) -> None:
        if other is not None:
            found.setdefault(other.key, (other, place))

    for bits in product((0, 1), repeat=len(places)):
        word = condition.words[0].copy()
        for place, bit in zip(places, bits, strict=True):
            word[place] = bit
        for place in places:
            if len(condition.touches) < 2 or place not in condition.touches:
                take(Condition.of_border(word, [place]), place)
        for kind in SPECTRAL.values():
            take(Condition.of_spectrum(kind, word), None)
    if len(condition.touches) > 1:
        take(condition, condition.touches[0])
    for word in singular:
        for place in np.ndindex(word.shape):
            take(Condition.of_border(word, [place]), None)
    yield from found.values()


def _shortest(word: np.ndarray) -> np.ndarray:
    return word[: period([row.tobytes() for row in word])]
