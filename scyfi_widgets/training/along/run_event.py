"""A bifurcation on the path of a training, and what it does to what attracts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...bifurcations.events import Event

EFFECTS = ("none", "persists", "born", "lost", "stabilised", "destabilised", "replaced")


@dataclass(frozen=True, eq=False)
class RunEvent:
    """A bifurcation of one cycle, at one fractional epoch.

    Attributes
    ----------
    epoch : float
        17.25 is a quarter of the way from network 17 to network 18 (where both were saved).
    event : Event
        The bifurcation itself. Its value is the epoch, its branches are those of the run.
    saved : (int, int)
        The epochs of the networks between which it happens; equal where it happens at one.
    """

    epoch: float
    event: Event
    saved: tuple[int, int]

    @property
    def type(self) -> str:
        """One of `scyfi_widgets.bifurcations.events.TYPES`."""
        return self.event.type

    @property
    def name(self) -> str:
        """The type in words."""
        return self.event.name

    @property
    def order(self) -> int:
        """The order k of the cycle."""
        return self.event.order

    @property
    def word(self) -> np.ndarray:
        """The cycle's word, (k, H) bits, before the event where it exists there."""
        return self.event.word

    @property
    def word_text(self) -> str:
        """The word as text, one group of bits a point."""
        return self.event.word_text

    @property
    def eigenvalues(self) -> np.ndarray:
        """Once around the cycle at the event, with `word`: (M,), by falling modulus."""
        return self.event.eigenvalues

    @property
    def spectral_radius(self) -> float:
        """The largest modulus of an eigenvalue at the event."""
        return self.event.spectral_radius

    @property
    def before(self) -> tuple[int, ...]:
        """The branches of the run that take part before it."""
        return self.event.before

    @property
    def after(self) -> tuple[int, ...]:
        """The branches of the run that take part after it."""
        return self.event.after

    @property
    def qualitative(self) -> bool:
        """Whether cycles come, go or change their stability.

        Through a persistence a cycle goes on under another word; only if its stability changes in
        it, as it may where a multiplier jumps, is it more than a kink.
        """
        event = self.event
        return self.type != "persistence" or event.unstable_before != event.unstable_after

    @cached_property
    def effect(self) -> str:
        """What happens to attracting cycles, as far as they take part.

        ``"none"`` (no cycle that takes part attracts), ``"persists"`` (it goes on attracting),
        ``"born"`` (it is new), ``"lost"`` (it is no more), ``"stabilised"`` and ``"destabilised"``
        (the cycle is there before and after), ``"replaced"`` (another cycle attracts instead).
        """
        event = self.event
        before = _attracting(event.before, event.unstable_before)
        after = _attracting(event.after, event.unstable_after)
        if before == after:
            return "persists" if before else "none"
        if before and after:
            return "persists" if before & after else "replaced"
        if before:
            return "destabilised" if before & set(event.after) else "lost"
        return "stabilised" if after & set(event.before) else "born"

    @property
    def attracting(self) -> bool:
        """Whether an attracting cycle takes part."""
        return self.effect != "none"

    @property
    def changes_attractor(self) -> bool:
        """Whether a cycle begins or ceases to attract."""
        return self.effect not in ("none", "persists")

    def __repr__(self) -> str:
        cycle = "fixed point" if self.order == 1 else f"{self.order}-cycle"
        told = f", attractor {self.effect}" if self.attracting else ""
        return f"<{self.name} of a {cycle} at epoch {self.epoch:.10g}{told}>"


def _attracting(branches: tuple[int, ...], unstable: tuple[int, ...]) -> set[int]:
    return {branch for branch, count in zip(branches, unstable, strict=True) if count == 0}
