"""A continuum of cycles: where a word's system is singular, and yet has solutions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .words import period, word_key, word_text

SHAPES = {1: "line", 2: "plane"}


@dataclass(frozen=True, eq=False)
class Continuum:
    """A line, plane ... of fixed points or cycles in one word's regions.

    An eigenvalue 1 makes a continuum of cycles of the word's own period. Where a root of unity is
    an eigenvalue of a shorter cycle, such as -1, the continuum surrounds that cycle and its word
    repeats the shorter one.

    Where it ends on a border, its last cycle has a word of its own, with bit 0 there. It belongs to
    the continuum, and is not always listed beside it.

    Attributes
    ----------
    points : (k, M) array
        One of its cycles, of minimal period k.
    word : (k, H) bool array
        The regions of its points, rotated to the least in lexicographic order.
    directions : (M, r) array
        What may be added to the first point, as far as its orbit stays in its regions.
    """

    points: np.ndarray
    word: np.ndarray
    directions: np.ndarray

    @property
    def order(self) -> int:
        """The minimal period k of its cycles."""
        return len(self.points)

    @property
    def dimension(self) -> int:
        """The number r of its directions."""
        return self.directions.shape[1]

    @cached_property
    def key(self) -> tuple[int, bytes]:
        """What identifies it: its order and its canonical word, as for a cycle."""
        return word_key(self.word)

    @property
    def word_text(self) -> str:
        """The word as text, one group of bits a point."""
        return word_text(self.word)

    @cached_property
    def description(self) -> str:
        """What it is, in words: ``"a line of fixed points"``."""
        shape = SHAPES.get(self.dimension, f"{self.dimension}-dimensional family")
        members = "fixed points" if self.order == 1 else f"{self.order}-cycles"
        text = f"a {shape} of {members}"
        shorter = period(self.word.tolist())
        if shorter == self.order:
            return text
        center = "fixed point" if shorter == 1 else f"{shorter}-cycle"
        turns = self.order // shorter
        value = "-1" if turns == 2 else f"a root of unity of order {turns}"
        return f"{text} around a {center} (an eigenvalue is {value})"

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Continuum) else NotImplemented

    def __hash__(self) -> int:
        return hash(("continuum", self.key))

    def __repr__(self) -> str:
        return f"<{self.description}>"
