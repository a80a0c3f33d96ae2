"""The figure of a parameter plane: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

import bqplot
import ipywidgets as widgets
import numpy as np

from ..chart import Chart
from ..marks import set_lines, set_mark
from ..palette import EVENT_LINES, EVENT_MARKERS, INK_COLOUR, PAPER_COLOUR, START_COLOUR
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
        scales = self._scales
        self._curves = {
            name: bqplot.Lines(
                x=EMPTY,
                y=EMPTY,
                scales=scales,
                stroke_width=width,
                line_style=style,
                interactions={},
            )
            for name, (style, width) in EVENT_LINES.items()
        }
        self._now = bqplot.Lines(
            x=EMPTY,
            y=EMPTY,
            scales=scales,
            stroke_width=1.2,
            colors=[START_COLOUR],
            opacities=[0.75],
            interactions={},
        )
        self._signs = {
            name: bqplot.Scatter(
                x=EMPTY,
                y=EMPTY,
                scales=scales,
                marker=marker,
                fill=filled,
                colors=[INK_COLOUR],
                stroke=PAPER_COLOUR if filled else None,
                default_size=36,
                stroke_width=1.0 if filled else 1.6,
                tooltip=widgets.HTML(),
            )
            for name, (marker, filled, _) in EVENT_MARKERS.items()
        }
        self._points, self._crossings = (
            bqplot.Scatter(
                x=EMPTY,
                y=EMPTY,
                scales=scales,
                marker=marker,
                colors=[PAPER_COLOUR],
                stroke=INK_COLOUR,
                default_size=size,
                stroke_width=width,
                tooltip=widgets.HTML(),
            )
            for marker, size, width in (("square", 52, 1.7), ("circle", 16, 1.0))
        )
        for name, scatter in self._signs.items():
            scatter.on_hover(lambda _, event, name=name: self._describe_sign(name, event))
        for place, scatter in enumerate((self._points, self._crossings)):
            scatter.on_hover(lambda _, event, place=place: self._describe_point(place, event))
        for scatter in (*self._signs.values(), self._points, self._crossings):
            scatter.on_element_click(lambda _, event: self._go_to(event["data"]))
        self._labels = bqplot.Label(
            x=EMPTY,
            y=EMPTY,
            text=[],
            scales=scales,
            colors=[INK_COLOUR],
            default_size=11.0,
            align="middle",
            font_weight="normal",
            interactions={},
        )
        self._handle = bqplot.Scatter(
            x=EMPTY,
            y=EMPTY,
            scales=scales,
            marker="circle",
            colors=[START_COLOUR],
            stroke=PAPER_COLOUR,
            stroke_width=1.6,
            default_size=130,
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

    def _go_to(self, point: dict) -> None:
        self._move(float(point["x"]), float(point["y"]))

    def _describe_sign(self, name: str, event: dict) -> None:
        if self._picture is None:
            return
        places, curves = self._picture.signs[name]
        index = event.get("data", {}).get("index", -1)
        if 0 <= index < len(curves):
            names, place = self._picture.plane.parameters, tuple(places[:, index])
            self._signs[name].tooltip.value = curve_html(curves[index], names, place)

    def _describe_point(self, place: int, event: dict) -> None:
        if self._picture is None:
            return
        owners = self._picture.owners[place]
        index = event.get("data", {}).get("index", -1)
        if 0 <= index < len(owners):
            mark = (self._points, self._crossings)[place]
            mark.tooltip.value = point_html(owners[index], self._picture.plane)


def set_curves(mark: bqplot.Lines, lines: Lines) -> None:
    """Send the curves of one type in one message."""
    curves, colours, opacities = lines
    if not colours or mark.opacities == opacities:
        set_lines(mark, curves, colours)
        return
    with mark.hold_sync():
        mark.opacities = opacities
        set_lines(mark, curves, colours)
