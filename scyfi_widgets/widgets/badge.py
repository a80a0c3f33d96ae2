"""The badge: what may be said about the set of cycles that is shown."""

from __future__ import annotations

import html
from collections.abc import Iterator
from decimal import ROUND_FLOOR, Context

import ipywidgets as widgets
import numpy as np

from ..cycles import CycleSet
from ..warm import is_warm, remember_warm
from .live import Live
from .scene import Scene

PROVED = (
    "Proved: every other sequence of regions that a cycle could visit was ruled out, with rigorous"
    " bounds on rounding"
)
COMPILING = "compiling, once per installation: about a minute …"
SEARCHED = "A search can miss cycles"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Badge(widgets.HTML):
    """How far the cycles are proved and searched, in a few words; a tooltip says more.

    Parameters
    ----------
    live : Live
    """

    def __init__(self, live: Live):
        self.live = live
        self._compiling = not is_warm()
        super().__init__()
        self.add_class("sw-status")
        self.set_stale()
        live.join(self)

    def pictures(self, scene: Scene) -> Iterator[str]:
        """Yield the badge as HTML, anew as the proof goes on."""
        for cycles, growing in scene.growing_cycles():
            yield badge_html(cycles, growing)

    def draw(self, picture: str) -> None:
        """Show it."""
        if self._compiling:
            self._compiling = False
            remember_warm()
        self._set(picture)

    def fail(self, error: Exception) -> None:
        """Say that there are no cycles; the panes say why."""
        self._set(_badge("no cycles: see the message below", "trouble"))

    def set_stale(self) -> None:
        """Say that the cycles are being computed."""
        self._set(_badge(COMPILING if self._compiling else "computing …", "working"))

    def _set(self, value: str) -> None:
        if self.value != value:
            self.value = value

    def _close_own(self) -> None:
        self.live.leave(self)
        super().close()


def badge_html(cycles: CycleSet, growing: bool) -> str:
    """Return the badge of a set of cycles; `growing` says that its proof goes on."""
    proved = cycles.complete_up_to >= cycles.max_order
    kind = "proved" if proved else "growing" if growing else "searched"
    return _badge(badge_text(cycles, growing), kind, tooltip(cycles, growing))


def badge_text(cycles: CycleSet, growing: bool = False) -> str:
    """Return what may be said about a set of cycles, in a few words."""
    wanted, proved, searched = cycles.max_order, cycles.complete_up_to, cycles.searched_up_to
    if proved >= wanted:
        return f"complete to order {wanted}, proved"
    if growing:
        begun = f"proved to order {proved}" if proved else "not proved yet"
        return f"{begun}, searching to {wanted}"
    if proved:
        text = f"proved to order {proved}, searched to {searched}"
    else:
        text = f"search to order {searched}, not proved"
    return f"{text}; {cycles.stopped}" if cycles.stopped and searched < wanted else text


def tooltip(cycles: CycleSet, growing: bool) -> str:
    """Return what proved means, how far in the state space it holds, and why it went no further."""
    wanted, proved = cycles.max_order, cycles.complete_up_to
    sentences = []
    if proved:
        where = f", for |z| up to {power_of_ten(cycles.radius)}" if cycles.radius < np.inf else ""
        sentences.append(PROVED + where)
    if proved < wanted:
        sentences.append(f"{SEARCHED} of the orders above {proved}" if proved else SEARCHED)
        if growing:
            sentences.append("The proof goes on while nothing changes")
    if cycles.stopped:
        sentences.append(cycles.stopped[0].upper() + cycles.stopped[1:])
    return ". ".join(sentences) + "."


def power_of_ten(number: float) -> str:
    """Return a positive number with one digit, rounded down, such as ``4·10⁶``."""
    digits = Context(prec=1, rounding=ROUND_FLOOR).create_decimal(float(number))
    exponent = digits.adjusted()
    if 0 <= exponent < 4:
        return f"{digits:f}"
    return f"{digits.scaleb(-exponent):f}·10{str(exponent).translate(_SUPERSCRIPTS)}"


def _badge(text: str, kind: str, title: str = "") -> str:
    about = f' title="{html.escape(title)}"' if title else ""
    return f'<span class="sw-badge sw-{kind}"{about}>{html.escape(text)}</span>'
