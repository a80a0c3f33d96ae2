"""Events: the values of a parameter at which a cycle is born, dies, or changes its stability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..cycles.words import word_text

NAMES = {
    "persistence": "border collision: persistence",
    "fold": "border collision: non-smooth fold",
    "flip": "border collision: flip, a cycle of twice the order",
    "border": "border collision, degenerate",
    "DTB": "degenerate transcritical",
    "DFB": "degenerate flip",
    "centre": "centre",
}
TYPES = tuple(NAMES)
BORDER_COLLISIONS = ("persistence", "fold", "flip", "border")


@dataclass(frozen=True, eq=False)
class Event:
    """A bifurcation of one cycle, at one value of the parameter.

    Attributes
    ----------
    type : str
        One of `TYPES`. The first four are border collisions, with Feigin's types: the cycle goes on
        under another word (``"persistence"``); it meets another one and both vanish (``"fold"``);
        it goes on and a cycle of twice the order is born or dies (``"flip"``); ``"border"``, where
        several units meet their borders at once or an eigenvalue is critical there as well.
        ``"DTB"``: an eigenvalue is +1, the cycle goes to infinity. ``"DFB"``: an eigenvalue is -1.
        ``"centre"``: a complex pair has modulus 1.
    value : float
        The value of the parameter.
    order : int
        The order k of the cycle.
    word : (k, H) bool array
        Its word, on the left of the event where it exists there.
    partner : (k, H) bool array or None
        Of a border collision: the word of the same order on the other side of the border.
    touches : tuple of (point, unit)
        Of a border collision: which points of the cycle are on the border of which units.
    points : (k, M) array or None
        The cycle at the event; None where it is at infinity.
    eigenvalues : (M,) complex array
        Once around the cycle, with `word`, by falling modulus.
    before, after : tuple of int
        The branches that take part on the left and on the right, by `Branch.number`; those of the
        event's order first.
    unstable_before, unstable_after : tuple of int
        For each of them the number of its unstable directions there.
    coincident : bool
        Whether another event is closer than 1e-9 of the range.
    confirmed : bool
        Whether Feigin's parities (of the real eigenvalues above 1 and below -1 of both words) say
        the same as the cycles on both sides do. True for events of other types.

    References
    ----------
    di Bernardo, Budd, Champneys, Kowalczyk, *Piecewise-smooth Dynamical Systems*, 2008, section 3.
    """

    type: str
    value: float
    order: int
    word: np.ndarray
    partner: np.ndarray | None
    touches: tuple[tuple[int, int], ...]
    points: np.ndarray | None
    eigenvalues: np.ndarray
    before: tuple[int, ...]
    after: tuple[int, ...]
    unstable_before: tuple[int, ...]
    unstable_after: tuple[int, ...]
    coincident: bool = False
    confirmed: bool = True

    @property
    def name(self) -> str:
        """The type in words."""
        return NAMES[self.type]

    @property
    def is_border_collision(self) -> bool:
        """Whether a point of the cycle is on a border."""
        return self.type in BORDER_COLLISIONS

    @property
    def word_text(self) -> str:
        """The word as text, one group of bits a point."""
        return word_text(self.word)

    @property
    def spectral_radius(self) -> float:
        """The largest modulus of an eigenvalue at the event."""
        return float(np.abs(self.eigenvalues[0]))

    @property
    def unstable_change(self) -> int | None:
        """How the number of unstable directions changes, left to right.

        None where the cycle does not exist on both sides.
        """
        if not (self.unstable_before and self.unstable_after):
            return None
        return self.unstable_after[0] - self.unstable_before[0]

    def __repr__(self) -> str:
        cycle = "fixed point" if self.order == 1 else f"{self.order}-cycle"
        return f"<{self.name} of a {cycle} at {self.value:.10g}>"
