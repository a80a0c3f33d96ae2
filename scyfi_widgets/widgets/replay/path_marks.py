"""The figure of a training's path: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..chart import Chart
from ..marks import set_mark
from ..palette import EVENT_LINES, INK_COLOUR, PAPER_COLOUR, START_COLOUR
from ..plane.marks import set_curves
from ..plane.tint import CLEAR
from .event_words import event_html
from .path_ground import Curves, GroundPicture
from .path_picture import Limits, PathPicture
from .path_surface import Surface

NOWHERE = np.zeros((2, 0))


class PathMarks(Chart):
    """The path on its ground, and what is done to it.

    Parameters
    ----------
    height : str
        CSS height.
    go : callable
        Called with the values of both weights where a person clicks.
    go_to_epoch : callable
        Called with the epoch of an event whose sign a person clicks.
    zoom : callable
        Called with the ranges of x and y when a person has drawn a box.

    Attributes
    ----------
    figure : bqplot.Figure
    """

    def __init__(
        self,
        height: str,
        go: Callable[[float, float], None],
        go_to_epoch: Callable[[float], None],
        zoom: Callable[[Limits, Limits], None],
    ):
        self._go, self._go_to_epoch, self._zoom = go, go_to_epoch, zoom
        self._picture: PathPicture | None = None
        self._surface: Surface | None = None
        self._curves: Curves | None = None
        super().__init__(CLEAR)
        self._under.pixelated = False
        self._lines = {
            name: self._line(width, style) for name, (style, width) in EVENT_LINES.items()
        }
        # Paper below the ink, so that the path stands out from curves and surface.
        self._casing = self._line(4.6, colour=PAPER_COLOUR, opacity=0.75)
        self._whole = self._line(1.5, colour=INK_COLOUR, opacity=0.42)
        self._past = self._line(2.4, colour=INK_COLOUR)
        self._jumps = self._line(1.8, colour=START_COLOUR, opacity=0.95)
        self._dot = self._scatter("circle", 110, START_COLOUR, stroke_width=1.8)
        self._signs = self._event_signs(46)
        for name, scatter in self._signs.items():
            scatter.tell(
                lambda name=name: self._picture.signs[name][1] if self._picture else (),
                lambda event, _: event_html(event),
                lambda event, x, y: self._go_to_epoch(event.epoch),
            )
        marks = [
            self._under,
            *self._lines.values(),
            self._casing,
            self._whole,
            self._past,
            self._jumps,
            self._clicks,
            *self._signs.values(),
            self._dot,
        ]
        self._build(marks, height, "sw-diagram", "sw-path")

    def draw(self, picture: PathPicture, ground: GroundPicture, epoch: int) -> None:
        """Set all marks whose data changed; `epoch` is the present one."""
        if picture is not self._picture:
            self._picture = picture
            self._set_axes(*picture.bounds, picture.weights)
            set_mark(self._casing, picture.points)
            set_mark(self._whole, picture.points)
            set_mark(self._jumps, picture.jumps)
            for name, scatter in self._signs.items():
                set_mark(scatter, picture.signs[name][0])
        self._draw_ground(ground, *picture.bounds)
        set_mark(self._past, picture.past(epoch))
        set_mark(self._dot, picture.at(epoch)[:, None])

    def _draw_ground(self, ground: GroundPicture, x: Limits, y: Limits) -> None:
        if ground.surface is not self._surface:
            self._surface = ground.surface
            self._set_under(CLEAR if ground.surface is None else ground.surface.png, x, y)
        if ground.curves is not self._curves:
            self._curves = ground.curves
            for name, mark in self._lines.items():
                if ground.curves is None:
                    set_mark(mark, NOWHERE)
                else:
                    set_curves(mark, ground.curves.lines[name])

    # What the person does -----------------------------------------------------------------------

    def _clicked(self, x: float, y: float) -> None:
        self._go(x, y)

    def _boxed(self, x: Limits, y: Limits) -> None:
        self._zoom(x, y)
