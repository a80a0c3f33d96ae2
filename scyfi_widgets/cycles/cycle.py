"""One fixed point or cycle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .words import word_text

NEUTRAL_WITHIN = 1e-9
STABILITIES = ("stable", "saddle", "unstable", "neutral")


@dataclass(frozen=True, eq=False)
class Cycle:
    """A fixed point (order 1) or a cycle of a piecewise-linear network.

    Two cycles are the same when their words are the same up to rotation: never by coordinates.

    Attributes
    ----------
    points : (k, M) array
        The states in the order in which the network visits them.
    word : (k, H) bool array
        The region of each point, rotated to the least in lexicographic order.
    eigenvalues : (M,) complex array
        Of the product of the Jacobians once around, by falling modulus.
    residual : float
        max_i |F(z_i) - z_{i+1}| over all components, in units of the state.
    margin : float
        min |W2 z + h2| over the points: how far the cycle is from the nearest border.
    """

    points: np.ndarray
    word: np.ndarray
    eigenvalues: np.ndarray
    residual: float
    margin: float

    @property
    def order(self) -> int:
        """The minimal period k."""
        return len(self.points)

    @cached_property
    def key(self) -> tuple[int, bytes]:
        """What identifies the cycle: its order and its canonical word."""
        return self.order, np.packbits(self.word).tobytes()

    @property
    def word_text(self) -> str:
        """The word as text, one group of bits a point."""
        return word_text(self.word)

    @property
    def spectral_radius(self) -> float:
        """The largest modulus of an eigenvalue, once around the cycle."""
        return float(np.abs(self.eigenvalues[0]))

    @cached_property
    def stability(self) -> str:
        """``"stable"`` (all |λ| < 1), ``"unstable"`` (all > 1), ``"saddle"`` or ``"neutral"``.

        Neutral says that some |λ| is within 1e-9 of one, so that neither can be said.
        """
        moduli = np.abs(self.eigenvalues)
        if np.any(np.abs(moduli - 1.0) <= NEUTRAL_WITHIN):
            return "neutral"
        if moduli.max() < 1.0:
            return "stable"
        return "unstable" if moduli.min() > 1.0 else "saddle"

    @property
    def name(self) -> str:
        """``"fixed point"`` or ``"3-cycle"``."""
        return "fixed point" if self.order == 1 else f"{self.order}-cycle"

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Cycle) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"<{self.stability} {self.name}, largest |λ| {self.spectral_radius:.6g}>"
