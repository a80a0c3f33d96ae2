"""The figure of the cycles over the epochs: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

import bqplot
import ipywidgets as widgets
import numpy as np

from ..chart import Chart
from ..diagram.branch_curves import Coordinate
from ..diagram.marks import CLEAR
from ..marks import set_lines, set_mark
from ..palette import EVENT_MARKERS, INK_COLOUR, PAPER_COLOUR
from ..picture import EMPTY
from .cycles_picture import CyclesPicture, Limits
from .event_words import event_html


class CyclesMarks(Chart):
    """Branches over the epochs, and what is done to them.

    Parameters
    ----------
    height : str
        CSS height.
    go : callable
        Called with an epoch when a person clicks there.
    zoom : callable
        Called with the ranges of x and y when a person has drawn a box.

    Attributes
    ----------
    figure : bqplot.Figure
    """

    def __init__(
        self, height: str, go: Callable[[float], None], zoom: Callable[[Limits, Limits], None]
    ):
        self._go, self._zoom = go, zoom
        self._picture: CyclesPicture | None = None
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
        self._now = lines(1.2, "solid", 0.9)
        self._now.colors = [INK_COLOUR]
        self._signs = {
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
        for name, scatter in self._signs.items():
            scatter.on_hover(lambda _, event, name=name: self._describe(name, event))
            scatter.on_element_click(lambda _, event: self._go(float(event["data"]["x"])))
        marks = [
            self._unstable,
            self._stable,
            self._now,
            self._clicks,
            *self._signs.values(),
        ]
        self._build(marks, height, "sw-diagram")

    def draw(self, picture: CyclesPicture, coordinate: Coordinate, epoch: int) -> None:
        """Set all marks whose data changed; `epoch` is the present one."""
        if picture is not self._picture:
            self._picture = picture
            label = "|z|" if coordinate == "norm" else f"z[{coordinate}]"
            self._set_axes(picture.epochs, picture.limits, ("epoch", label))
            set_lines(self._unstable, *picture.unstable)
            set_lines(self._stable, *picture.stable)
            for name, scatter in self._signs.items():
                set_mark(scatter, picture.signs[name][0])
        at = [float(epoch)] * 2 if picture.epochs[0] <= epoch <= picture.epochs[1] else []
        set_mark(self._now, np.array([at, list(picture.limits) if at else []]))

    # What the person does -----------------------------------------------------------------------

    def _clicked(self, x: float, _y: float) -> None:
        self._go(x)

    def _boxed(self, x: Limits, y: Limits) -> None:
        self._zoom(x, y)

    def _describe(self, name: str, hover: dict) -> None:
        events = [] if self._picture is None else self._picture.signs[name][1]
        index = hover.get("data", {}).get("index", -1)
        if 0 <= index < len(events):
            self._signs[name].tooltip.value = event_html(events[index])
