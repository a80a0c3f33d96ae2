"""What the figures over the epochs share: a click goes there, and a line says where one is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..chart import Chart, Limits
from ..diagram.marks import CLEAR
from ..marks import set_mark
from ..palette import INK_COLOUR
from ..telling import TellingScatter
from .event_words import event_html


class EpochChart(Chart):
    """A figure whose axis to the right is training time.

    Parameters
    ----------
    go : callable
        Called with an epoch when a person clicks there.
    zoom : callable
        Called with the ranges of x and y when a person has drawn a box.

    Attributes
    ----------
    figure : bqplot.Figure
    """

    def __init__(self, go: Callable[[float], None], zoom: Callable[[Limits, Limits], None]):
        self._go, self._zoom = go, zoom
        self._picture = None
        super().__init__(CLEAR)
        self._now = self._line(1.2, colour=INK_COLOUR, opacity=0.9)

    def _set_now(self, epoch: int) -> bool:
        """Draw the line at the present epoch; return whether it is in the picture's window."""
        epochs, limits = self._picture.epochs, self._picture.limits
        inside = epochs[0] <= epoch <= epochs[1]
        line = [[epoch, epoch], limits] if inside else [[], []]
        set_mark(self._now, np.array(line, float))
        return inside

    def _tell_events(self, signs: dict[str, TellingScatter]) -> None:
        """Let the signs of all types say which event they are; a click goes to its epoch."""
        for name, scatter in signs.items():
            scatter.tell(
                lambda name=name: self._events_of(name),
                lambda event, _: event_html(event),
                lambda _, x, y: self._go(x),
            )

    def _events_of(self, name: str) -> Sequence:
        return self._picture.signs.get(name, ((), ()))[1] if self._picture else ()

    def _clicked(self, x: float, _y: float) -> None:
        self._go(x)

    def _boxed(self, x: Limits, y: Limits) -> None:
        self._zoom(x, y)
