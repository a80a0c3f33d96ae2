"""The figure of a bifurcation diagram: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

import bqplot
import ipywidgets as widgets
import numpy as np

from ..marks import set_lines, set_mark
from ..palette import EVENT_MARKERS, INK_COLOUR, PAPER_COLOUR, START_COLOUR
from ..pane import close_tree
from ..picture import EMPTY
from ..ticks import round_ticks
from .event_text import tooltip_html
from .orbit_layer import grey_png
from .picture import DiagramPicture, Limits

HANDLE = 0.035  # of the height: how far above the axis the handle is
# Nothing is seen of it: for where there are no orbits.
CLEAR = grey_png(np.zeros((1, 1), np.uint8))


class DiagramMarks:
    """A figure and what is done to it.

    Parameters
    ----------
    height : str
        CSS height.
    move : callable
        Called with a value of the parameter when a person clicks there or drags the handle there.
    zoom : callable
        Called with the ranges of x and y when a person has drawn a box.

    Attributes
    ----------
    figure : bqplot.Figure
    """

    def __init__(
        self,
        height: str,
        move: Callable[[float], None],
        zoom: Callable[[Limits, Limits], None],
    ):
        self._move, self._zoom = move, zoom
        self._picture: DiagramPicture | None = None
        self._setting_handle = False
        self._x, self._y = (
            bqplot.LinearScale(min=0.0, max=1.0),
            bqplot.LinearScale(min=-1.0, max=1.0),
        )
        scales = {"x": self._x, "y": self._y}
        # bqplot draws an Image only when it is another widget: these two take turns.
        self._images = [widgets.Image(value=CLEAR, format="png") for _ in range(2)]
        self._orbits = bqplot.Image(
            image=self._images[0],
            scales=scales,
            x=[0.0, 1.0],
            y=[0.0, 1.0],
        )

        def lines(width, style, opacity):
            return bqplot.Lines(
                x=EMPTY,
                y=EMPTY,
                scales=scales,
                stroke_width=width,
                line_style=style,
                opacities=[opacity],
                interactions={},
            )

        self._unstable, self._stable = lines(1.4, "dashed", 0.8), lines(2.6, "solid", 1.0)
        self._now = lines(1.4, "solid", 0.9)
        self._now.colors = [START_COLOUR]
        self._events = {
            name: bqplot.Scatter(
                x=EMPTY,
                y=EMPTY,
                scales=scales,
                marker=marker,
                fill=filled,
                colors=[INK_COLOUR],
                stroke=PAPER_COLOUR if filled else None,
                default_size=48,
                stroke_width=1.0 if filled else 1.7,
                tooltip=widgets.HTML(),
            )
            for name, (marker, filled, _) in EVENT_MARKERS.items()
        }
        for name, scatter in self._events.items():
            scatter.on_hover(lambda _, event, name=name: self._describe(name, event))
            scatter.on_element_click(lambda _, event: self._move(float(event["data"]["x"])))
        self._handle = bqplot.Scatter(
            x=EMPTY,
            y=EMPTY,
            scales=scales,
            marker="triangle-up",
            colors=[START_COLOUR],
            default_size=150,
            enable_move=True,
            restrict_x=True,
            update_on_move=True,
        )
        self._handle.observe(self._on_handle, "x")
        # bqplot tells where a click went only by adding a point: this mark collects them, unseen.
        self._clicks = bqplot.Scatter(
            x=EMPTY, y=EMPTY, scales=scales, opacities=[0.0], interactions={"click": "add"}
        )
        self._clicks.observe(self._on_added, "y")
        self._axes = (
            bqplot.Axis(scale=self._x, grid_lines="none", label_offset="34px"),
            bqplot.Axis(scale=self._y, grid_lines="none", label_offset="44px", side="left"),
        )
        self.figure = bqplot.Figure(
            marks=[
                self._orbits,
                self._unstable,
                self._stable,
                self._now,
                self._clicks,
                self._handle,
                *self._events.values(),
            ],
            axes=list(self._axes),
            fig_margin={"top": 8, "bottom": 46, "left": 62, "right": 12},
            animation_duration=0,
            padding_x=0.0,
            padding_y=0.0,
            display_toolbar=False,
            layout={"height": height, "width": "100%", "min_width": "260px"},
        )
        self.figure.add_class("sw-figure")
        self.figure.add_class("sw-diagram")

    def draw(self, picture: DiagramPicture) -> None:
        """Set all marks whose data changed."""
        before, self._picture = self._picture, picture
        line = picture.diagram.line
        bounds = (line.lo, line.hi)
        label = "|z|" if picture.coordinate == "norm" else f"z[{picture.coordinate}]"
        self._set_axis(0, self._x, bounds, line.label)
        self._set_axis(1, self._y, picture.limits, label)
        if before is None or before.png != picture.png:
            self._set_orbits(picture.png, bounds, picture.limits)
        set_lines(self._unstable, *picture.unstable)
        set_lines(self._stable, *picture.stable)
        for name, scatter in self._events.items():
            set_mark(scatter, picture.events[name][0])
        self._set_value(picture)

    def set_zooming(self, on: bool) -> None:
        """Let a person draw a box, or click and drag."""
        before = self.figure.interaction
        brush = None
        if on:
            brush = bqplot.interacts.BrushSelector(
                x_scale=self._x, y_scale=self._y, marks=[], color=START_COLOUR
            )
            brush.observe(self._on_brush, "brushing")
        self.figure.interaction = brush
        if before is not None:
            before.close()

    def _set_axis(self, place: int, scale: bqplot.Scale, ends: Limits, label: str) -> None:
        axis = self._axes[place]
        if (scale.min, scale.max) != ends:
            with scale.hold_sync():
                scale.min, scale.max = ends
        ticks = round_ticks(*ends)
        if not np.array_equal(axis.tick_values, ticks):
            axis.tick_values = ticks
        if axis.label != label:
            axis.label = label

    def _set_orbits(self, png: bytes | None, bounds: Limits, limits: Limits) -> None:
        self._images.reverse()
        self._images[0].value = png or CLEAR
        with self._orbits.hold_sync():
            self._orbits.x, self._orbits.y = bounds, limits
            self._orbits.image = self._images[0]

    def close(self) -> None:
        """Close the widget that no mark holds now; the figure closes all others."""
        close_tree(self._images[1])

    def _set_value(self, picture: DiagramPicture) -> None:
        low, high = picture.limits
        at = [picture.value] * 2 if picture.inside else []
        set_mark(self._now, np.array([at, [low, high] if at else []]))
        handle = np.array([at[:1], [low + HANDLE * (high - low)] if at else []])
        self._setting_handle = True
        try:
            set_mark(self._handle, handle)
        finally:
            self._setting_handle = False

    # What the person does -----------------------------------------------------------------------

    def _on_handle(self, change) -> None:
        if not self._setting_handle and len(change.new) == 1:
            self._move(float(change.new[0]))

    def _on_added(self, _change) -> None:
        x, y = self._clicks.x, self._clicks.y
        if len(y) == 0 or len(x) != len(y):
            return
        with self._clicks.hold_sync():  # a point that stays would swallow the next click there
            self._clicks.x = self._clicks.y = EMPTY
        self._move(float(x[-1]))

    def _on_brush(self, change) -> None:
        brush = change.owner
        x, y = brush.selected_x, brush.selected_y
        if change.new or x is None or y is None or len(x) != 2 or len(y) != 2:
            return
        bounds, limits = ((float(min(ends)), float(max(ends))) for ends in (x, y))
        if bounds[0] < bounds[1] and limits[0] < limits[1]:
            self._zoom(bounds, limits)

    def _describe(self, name: str, event: dict) -> None:
        if self._picture is None:
            return
        events = self._picture.events[name][1]
        index = event.get("data", {}).get("index", -1)
        if 0 <= index < len(events):
            label = self._picture.diagram.line.label
            self._events[name].tooltip.value = tooltip_html(events[index], label)
