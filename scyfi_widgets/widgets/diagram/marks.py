"""The figure of a bifurcation diagram: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

import bqplot
import ipywidgets as widgets
import numpy as np

from ..chart import Chart
from ..marks import set_lines, set_mark
from ..palette import EVENT_MARKERS, INK_COLOUR, PAPER_COLOUR, START_COLOUR
from ..picture import EMPTY
from .event_text import tooltip_html
from .orbit_layer import grey_png
from .picture import DiagramPicture, Limits

HANDLE = 0.035  # of the height: how far above the axis the handle is
# Nothing is seen of it: for where there are no orbits.
CLEAR = grey_png(np.zeros((1, 1), np.uint8))


class DiagramMarks(Chart):
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
        super().__init__(CLEAR)
        scales = self._scales

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
        marks = [
            self._under,
            self._unstable,
            self._stable,
            self._now,
            self._clicks,
            self._handle,
            *self._events.values(),
        ]
        self._build(marks, height, "sw-diagram")

    def draw(self, picture: DiagramPicture) -> None:
        """Set all marks whose data changed."""
        before, self._picture = self._picture, picture
        line = picture.diagram.line
        bounds = (line.lo, line.hi)
        label = "|z|" if picture.coordinate == "norm" else f"z[{picture.coordinate}]"
        self._set_axes(bounds, picture.limits, (line.label, label))
        if before is None or before.png != picture.png:
            self._set_under(picture.png or CLEAR, bounds, picture.limits)
        set_lines(self._unstable, *picture.unstable)
        set_lines(self._stable, *picture.stable)
        for name, scatter in self._events.items():
            set_mark(scatter, picture.events[name][0])
        self._set_value(picture)

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

    def _clicked(self, x: float, _y: float) -> None:
        self._move(x)

    def _boxed(self, x: Limits, y: Limits) -> None:
        self._zoom(x, y)

    def _describe(self, name: str, event: dict) -> None:
        if self._picture is None:
            return
        events = self._picture.events[name][1]
        index = event.get("data", {}).get("index", -1)
        if 0 <= index < len(events):
            label = self._picture.diagram.line.label
            self._events[name].tooltip.value = tooltip_html(events[index], label)
