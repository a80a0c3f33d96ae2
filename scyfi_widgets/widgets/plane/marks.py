"""The figure of a parameter plane: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

import bqplot
import ipywidgets as widgets
import numpy as np

from ..marks import set_lines, set_mark
from ..palette import EVENT_LINES, EVENT_MARKERS, INK_COLOUR, PAPER_COLOUR, START_COLOUR
from ..pane import close_tree
from ..picture import EMPTY
from ..ticks import round_ticks
from .picture import Limits, Lines, PlanePicture
from .text import curve_html, point_html
from .tint import CLEAR, Labels


class PlaneMarks:
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
        self._scales = tuple(bqplot.LinearScale(min=0.0, max=1.0) for _ in "xy")
        scales = dict(zip("xy", self._scales, strict=True))
        # bqplot draws an Image only when it is another widget: these two take turns.
        self._images = [widgets.Image(value=CLEAR, format="png") for _ in range(2)]
        self._tint = bqplot.Image(image=self._images[0], scales=scales, x=[0.0, 1.0], y=[0.0, 1.0])
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
        # bqplot tells where a click went only by adding a point: this mark collects them, unseen.
        self._clicks = bqplot.Scatter(
            x=EMPTY, y=EMPTY, scales=scales, opacities=[0.0], interactions={"click": "add"}
        )
        self._clicks.observe(self._on_added, "y")
        x, y = self._scales
        self._axes = (
            bqplot.Axis(scale=x, grid_lines="none", label_offset="34px"),
            bqplot.Axis(scale=y, grid_lines="none", label_offset="44px", side="left"),
        )
        self.figure = bqplot.Figure(
            marks=[
                self._tint,
                *self._curves.values(),
                self._labels,
                self._now,
                self._clicks,
                *self._signs.values(),
                self._crossings,
                self._points,
                self._handle,
            ],
            axes=list(self._axes),
            fig_margin={"top": 8, "bottom": 46, "left": 62, "right": 12},
            animation_duration=0,
            padding_x=0.0,
            padding_y=0.0,
            display_toolbar=False,
            layout={"height": height, "width": "100%", "min_width": "260px"},
        )
        for name in ("sw-figure", "sw-diagram", "sw-plane"):
            self.figure.add_class(name)

    def draw(self, picture: PlanePicture, tinted: bool) -> None:
        """Set all marks whose data changed; regions only where they are to be `tinted`."""
        before, self._picture = self._picture, picture
        ranges = picture.plane.ranges
        for place in (0, 1):
            self._set_axis(place, ranges[place], picture.plane.parameters[place])
        if before is None or before.plane is not picture.plane:
            for name, lines in self._curves.items():
                _set_curves(lines, picture.lines[name])
                set_mark(self._signs[name], picture.signs[name][0])
            set_mark(self._points, picture.points)
            set_mark(self._crossings, picture.crossings)
        self._set_tint(picture, tinted)
        self._set_position(picture)

    def set_zooming(self, on: bool) -> None:
        """Let a person draw a box, or click and drag."""
        before = self.figure.interaction
        brush = None
        if on:
            x, y = self._scales
            brush = bqplot.interacts.BrushSelector(
                x_scale=x, y_scale=y, marks=[], color=START_COLOUR
            )
            brush.observe(self._on_brush, "brushing")
        self.figure.interaction = brush
        if before is not None:
            before.close()

    def close(self) -> None:
        """Close the widget that no mark holds now; the figure closes all others."""
        close_tree(self._images[1])

    def _set_axis(self, place: int, ends: Limits, label: str) -> None:
        axis, scale = self._axes[place], self._scales[place]
        if (scale.min, scale.max) != ends:
            with scale.hold_sync():
                scale.min, scale.max = ends
        ticks = round_ticks(*ends)
        if not np.array_equal(axis.tick_values, ticks):
            axis.tick_values = ticks
        if axis.label != label:
            axis.label = label

    def _set_tint(self, picture: PlanePicture, tinted: bool) -> None:
        png = picture.png if tinted else CLEAR
        x, y = picture.plane.ranges
        if self._tinted != png or (tuple(self._tint.x), tuple(self._tint.y)) != (x, y):
            self._tinted = png
            self._images.reverse()
            self._images[0].value = png
            with self._tint.hold_sync():
                self._tint.x, self._tint.y = x, y
                self._tint.image = self._images[0]
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

    def _on_added(self, _change) -> None:
        x, y = self._clicks.x, self._clicks.y
        if len(y) == 0 or len(x) != len(y):
            return
        with self._clicks.hold_sync():  # a point that stays would swallow the next click there
            self._clicks.x = self._clicks.y = EMPTY
        self._move(float(x[-1]), float(y[-1]))

    def _go_to(self, point: dict) -> None:
        self._move(float(point["x"]), float(point["y"]))

    def _on_brush(self, change) -> None:
        brush = change.owner
        x, y = brush.selected_x, brush.selected_y
        if change.new or x is None or y is None or len(x) != 2 or len(y) != 2:
            return
        across, up = ((float(min(ends)), float(max(ends))) for ends in (x, y))
        if across[0] < across[1] and up[0] < up[1]:
            self._zoom(across, up)

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


def _set_curves(mark: bqplot.Lines, lines: Lines) -> None:
    """Send the curves of one type in one message."""
    curves, colours, opacities = lines
    if not colours or mark.opacities == opacities:
        set_lines(mark, curves, colours)
        return
    with mark.hold_sync():
        mark.opacities = opacities
        set_lines(mark, curves, colours)
