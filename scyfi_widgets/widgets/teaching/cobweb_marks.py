"""The figure of a cobweb: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

import bqplot
import numpy as np

from ..chart import Chart
from ..legend import tooltip_html
from ..marks import set_mark
from ..palette import (
    INK_COLOUR,
    ORBIT_COLOUR,
    ORDER_COLOURS,
    STABILITY_MARKERS,
    START_COLOUR,
    order_colour,
)
from ..picture import EMPTY
from ..plane.tint import CLEAR
from ..unit_circle.figure import ROUND
from .cobweb_picture import START_HEIGHT, CobwebPicture

NAME_HEIGHT = 0.96  # of the window


class CobwebMarks(Chart):
    """A figure and what is done to it.

    Parameters
    ----------
    height : str
        CSS height.
    move : callable
        Called with the place on x that a person clicks, or to which the start is dragged.
    """

    def __init__(self, height: str, move: Callable[[float], None]):
        super().__init__(CLEAR)
        self._move = move
        self._picture: CobwebPicture | None = None
        self._setting_start = False
        self._borders = self._line(1.2, "dashed", ORBIT_COLOUR, 0.9)
        self._diagonal = self._line(1.0, "solid", ORBIT_COLOUR, 0.9)
        self._power = self._line(2.0, "solid", ORDER_COLOURS[0], 0.95)
        self._graph = self._line(2.6, "solid", INK_COLOUR, 0.95)
        self._path = self._line(1.5, "solid", ORBIT_COLOUR, 0.95)
        self._last = self._line(2.6, "solid", START_COLOUR, 0.9)
        self._names = bqplot.Label(
            x=EMPTY,
            y=EMPTY,
            text=[],
            scales=self._scales,
            colors=[INK_COLOUR],
            default_size=14.0,
            align="middle",
            font_weight="bold",
            interactions={},
        )
        colour = bqplot.OrdinalColorScale(
            colors=list(ORDER_COLOURS), domain=list(range(len(ORDER_COLOURS)))
        )
        self._cycles = {
            name: self._scatter(
                marker,
                64,
                filled=filled,
                edge=None,
                stroke_width=2.0,
                color=EMPTY,
                scales={**self._scales, "color": colour},
            )
            for name, (marker, filled, _) in STABILITY_MARKERS.items()
        }
        for name, scatter in self._cycles.items():
            scatter.tell(
                lambda name=name: self._picture.points[name][2] if self._picture else (),
                lambda owner, _: tooltip_html(*owner),
                lambda _, x, __: self._move(x),
            )
        self._start = self._scatter(
            "circle",
            120,
            START_COLOUR,
            stroke_width=1.6,
            enable_move=True,
            update_on_move=True,
            restrict_x=True,
        )
        self._start.observe(self._on_start, "x")
        marks = [
            self._borders,
            self._diagonal,
            self._names,
            self._power,
            self._graph,
            self._clicks,
            self._path,
            self._last,
            *self._cycles.values(),
            self._start,
        ]
        self._build(marks, height, "sw-cobweb", "sw-plane")
        self.figure.min_aspect_ratio = self.figure.max_aspect_ratio = ROUND

    def draw(self, picture: CobwebPicture, steps: int) -> None:
        """Set all marks whose data changed."""
        self._picture = picture
        low, high = picture.limits
        label = "z next" if picture.iterate == 1 else f"z next, and after {picture.iterate} steps"
        self._set_axes(picture.limits, picture.limits, ("z now", label))
        upright = np.full((2, max(3 * len(picture.borders) - 1, 0)), np.nan)
        for place, border in enumerate(picture.borders):
            upright[:, 3 * place : 3 * place + 2] = [[border, border], [low, high]]
        set_mark(self._borders, upright)
        set_mark(self._diagonal, np.array([picture.limits, picture.limits]))
        set_mark(self._graph, picture.graph)
        colour = [order_colour(picture.iterate)]
        if self._power.colors != colour:
            self._power.colors = colour
        set_mark(self._power, picture.power)
        self._set_names(picture)
        for name, (points, colours, owners) in picture.points.items():
            size = 64 if len(owners) <= 60 else 30
            if self._cycles[name].default_size != size:
                self._cycles[name].default_size = size
            set_mark(self._cycles[name], points, color=colours)
        path = picture.staircase(steps)
        set_mark(self._path, path)
        set_mark(self._last, path[:, -3:] if path.shape[1] > 2 else path)
        self._setting_start = True
        try:
            floor = low + START_HEIGHT * (high - low)
            set_mark(self._start, np.array([[picture.orbit[0]], [floor]]))
        finally:
            self._setting_start = False

    def _set_names(self, picture: CobwebPicture) -> None:
        low, high = picture.limits
        ends = np.array([low, *picture.borders, high])
        middles = (ends[1:] + ends[:-1]) / 2.0
        regions = picture.model.region(middles[:, None])
        texts = ["".join("1" if bit else "0" for bit in region) for region in regions]
        places = np.array([middles, np.full(len(middles), low + NAME_HEIGHT * (high - low))])
        if list(self._names.text) == texts:
            set_mark(self._names, places)
            return
        with self._names.hold_sync():
            self._names.text = texts
            self._names.x, self._names.y = places

    # What the person does -----------------------------------------------------------------------

    def _on_start(self, _change) -> None:
        x = self._start.x
        if not self._setting_start and len(x) == 1:
            self._move(float(x[0]))

    def _clicked(self, x: float, y: float) -> None:
        self._move(x)
