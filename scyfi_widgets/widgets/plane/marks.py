"""The figure of a parameter plane: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

import bqplot
import numpy as np

from ..chart import Chart
from ..marks import set_lines, set_mark
from ..palette import EVENT_LINES, INK_COLOUR, PAPER_COLOUR, START_COLOUR
from ..picture import EMPTY
from .picture import Limits, Lines, PlanePicture
from .text import curve_html, point_html
from .tint import CLEAR, Labels


class PlaneMarks(Chart):
    """A figure and what is done to it.

    Parameters
    ----------
    height : str
        CSS height.
    move : callable
        Called with values of both weights when a person clicks there or drags the handle there.
    zoom : callable
        Called with the ranges of x and y when a person has drawn a box.

    Attributes
    ----------
    figure : bqplot.Figure
    """

    def __init__(
        self,
        height: str,
        move: Callable[[float, float], None],
        zoom: Callable[[Limits, Limits], None],
    ):
        self._move, self._zoom = move, zoom
        self._picture: PlanePicture | None = None
        self._tinted: bytes | None = None
        self._setting_handle = False
        super().__init__(CLEAR)
        self._curves = {
            name: self._line(width, style) for name, (style, width) in EVENT_LINES.items()
        }
        self._now = self._line(1.2, colour=START_COLOUR, opacity=0.75)
        self._signs = self._event_signs(36)
        for name, scatter in self._signs.items():
            scatter.tell(
                lambda name=name: self._picture.signs[name][1] if self._picture else (),
                lambda curve, index, name=name: self._curve_words(name, curve, index),
                lambda _, x, y: self._move(x, y),
            )
        self._points, self._crossings = (
            self._scatter(marker, size, PAPER_COLOUR, edge=INK_COLOUR, stroke_width=width)
            for marker, size, width in (("square", 52, 1.7), ("circle", 16, 1.0))
        )
        for place, scatter in enumerate((self._points, self._crossings)):
            scatter.tell(
                lambda place=place: self._picture.owners[place] if self._picture else (),
                lambda point, _: point_html(point, self._picture.plane),
                lambda _, x, y: self._move(x, y),
            )
        self._labels = bqplot.Label(
            x=EMPTY,
            y=EMPTY,
            text=[],
            scales=self._scales,
            colors=[INK_COLOUR],
            default_size=11.0,
            align="middle",
            font_weight="normal",
            interactions={},
        )
        self._handle = self._scatter(
            "circle",
            130,
            START_COLOUR,
            stroke_width=1.6,
            enable_move=True,
            update_on_move=True,
        )
        self._handle.observe(self._on_handle, ["x", "y"])
        marks = [
            self._under,
            *self._curves.values(),
            self._labels,
            self._now,
            self._clicks,
            *self._signs.values(),
            self._crossings,
            self._points,
            self._handle,
        ]
        self._build(marks, height, "sw-diagram", "sw-plane")

    def draw(self, picture: PlanePicture, tinted: bool) -> None:
        """Set all marks whose data changed; regions only where they are to be `tinted`."""
        before, self._picture = self._picture, picture
        self._set_axes(*picture.plane.ranges, picture.plane.parameters)
        if before is None or before.plane is not picture.plane:
            for name, lines in self._curves.items():
                set_curves(lines, picture.lines[name])
                set_mark(self._signs[name], picture.signs[name][0])
            set_mark(self._points, picture.points)
            set_mark(self._crossings, picture.crossings)
        self._set_tint(picture, tinted)
        self._set_position(picture)

    def _set_tint(self, picture: PlanePicture, tinted: bool) -> None:
        png = picture.png if tinted else CLEAR
        x, y = picture.plane.ranges
        if self._tinted != png or (tuple(self._under.x), tuple(self._under.y)) != (x, y):
            self._tinted = png
            self._set_under(png, x, y)
        labels = picture.labels if tinted else Labels((), np.empty((0, 2)))
        texts = list(labels.texts)
        places = np.array([x[0], y[0]]) + labels.places * np.array([x[1] - x[0], y[1] - y[0]])
        if list(self._labels.text) == texts:
            set_mark(self._labels, places.T)
            return
        with self._labels.hold_sync():
            self._labels.text = texts
            self._labels.x, self._labels.y = places.T

    def _set_position(self, picture: PlanePicture) -> None:
        at = np.array([picture.position]).T if picture.inside else np.empty((2, 0))
        cross = np.empty((2, 0))
        if picture.inside:
            (x, y), (across, up) = picture.position, picture.plane.ranges
            cross = np.array([[*across, np.nan, x, x], [y, y, np.nan, *up]])
        set_mark(self._now, cross)
        self._setting_handle = True
        try:
            set_mark(self._handle, at)
        finally:
            self._setting_handle = False

    # What the person does -----------------------------------------------------------------------

    def _on_handle(self, _change) -> None:
        x, y = self._handle.x, self._handle.y
        if not self._setting_handle and len(x) == len(y) == 1:
            self._move(float(x[0]), float(y[0]))

    def _clicked(self, x: float, y: float) -> None:
        self._move(x, y)

    def _boxed(self, x: Limits, y: Limits) -> None:
        self._zoom(x, y)

    def _curve_words(self, name: str, curve, index: int) -> str:
        place = tuple(self._picture.signs[name][0][:, index])
        return curve_html(curve, self._picture.plane.parameters, place)


def set_curves(mark: bqplot.Lines, lines: Lines) -> None:
    """Send the curves of one type in one message."""
    curves, colours, opacities = lines
    if not colours or mark.opacities == opacities:
        set_lines(mark, curves, colours)
        return
    with mark.hold_sync():
        mark.opacities = opacities
        set_lines(mark, curves, colours)
