"""The figure of a bifurcation diagram: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..chart import Chart
from ..marks import set_lines, set_mark
from ..palette import START_COLOUR
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
        self._unstable, self._stable = self._line(1.4, "dashed", opacity=0.8), self._line(2.6)
        self._now = self._line(1.4, colour=START_COLOUR, opacity=0.9)
        self._events = self._event_signs(48)
        for name, scatter in self._events.items():
            scatter.tell(
                lambda name=name: self._picture.events[name][1] if self._picture else (),
                lambda event, _: tooltip_html(event, self._picture.diagram.line.label),
                lambda _, x, y: self._move(x),
            )
        self._handle = self._scatter(
            "triangle-up",
            150,
            START_COLOUR,
            edge=None,
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
