"""The figure of a search: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

import bqplot
import numpy as np

from ..chart import Chart
from ..legend import tooltip_html
from ..marks import set_mark
from ..palette import INK_COLOUR, ORBIT_COLOUR, ORDER_COLOURS, STABILITY_MARKERS, order_colour
from ..picture import EMPTY
from ..plane.tint import CLEAR
from ..projection import Limits
from .search import SearchStep
from .search_picture import NAME_HEIGHT, SearchPicture, StepPicture

RING = 150  # area of a candidate


class SearchMarks(Chart):
    """A figure and what is done to it.

    Parameters
    ----------
    height : str
        CSS height.
    choose : callable
        Called with the place that a person clicks.
    """

    def __init__(self, height: str, choose: Callable[[float, float], None]):
        super().__init__(CLEAR)
        self._choose = choose
        self._shown: StepPicture | None = None
        self._borders = self._line(1.2, "dashed", ORBIT_COLOUR, 0.9)
        self._graph = self._line(2.2, "solid", INK_COLOUR, 0.9)
        self._trail = self._line(1.8, "dotted", ORBIT_COLOUR, 1.0)
        self._path = self._line(1.6, "dashed", opacity=0.9)
        self._arrows = self._line(2.0, "solid", INK_COLOUR, 0.9)
        self._names = self._text(INK_COLOUR, 15.0, "bold")
        self._faded = self._text(ORBIT_COLOUR, 11.0, "normal")
        self._number = self._text(INK_COLOUR, 13.0, "bold")
        self._earlier = self._scatter("circle", 60, ORBIT_COLOUR, False, stroke_width=1.4)
        colour = bqplot.OrdinalColorScale(
            colors=[*ORDER_COLOURS, ORBIT_COLOUR], domain=list(range(len(ORDER_COLOURS) + 1))
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
                lambda name=name: self._shown.cycles[name][2] if self._shown else (),
                lambda owner, _: tooltip_html(*owner),
            )
        self._virtual = self._scatter("circle", RING, filled=False, stroke_width=2.4)
        self._real = self._scatter("circle", RING, stroke_width=1.5)
        marks = [
            self._under,
            self._borders,
            self._graph,
            self._names,
            self._clicks,
            self._trail,
            self._path,
            self._earlier,
            self._faded,
            self._arrows,
            self._virtual,
            self._real,
            *self._cycles.values(),
            self._number,
        ]
        self._build(marks, height, "sw-search", "sw-plane")

    def draw(self, picture: SearchPicture, step: SearchStep, shown: StepPicture) -> None:
        """Set all marks whose data changed."""
        real = step.real
        self._shown = shown
        self._set_axes(*picture.limits, picture.plane.labels)
        if (self._images[0].value, self._drawn_limits) != (shown.png, picture.limits):
            self._set_under(shown.png, *picture.limits)
        set_mark(self._borders, picture.borders)
        set_mark(self._graph, picture.graph)
        self._set_names(picture)
        set_mark(self._trail, shown.trail)
        set_mark(self._arrows, shown.arrows)
        set_mark(self._earlier, shown.earlier)
        _set_texts(self._faded, shown.faded)
        colour = [order_colour(step.order)]
        none = np.zeros((2, 0))
        for mark, points in (
            (self._virtual, none if real else shown.candidate),
            (self._real, shown.candidate if real else none),
            (self._path, shown.path),
        ):
            if mark.colors != colour:
                mark.colors = colour
            set_mark(mark, points)
        for name, (points, colours, _) in shown.cycles.items():
            set_mark(self._cycles[name], points, color=colours)
        _set_texts(self._number, shown.labels)

    @property
    def _drawn_limits(self) -> tuple[Limits, Limits]:
        return tuple(self._under.x), tuple(self._under.y)

    def _set_names(self, picture: SearchPicture) -> None:
        regions = picture.regions
        names = []
        _, (y0, y1) = picture.limits
        for cell in regions.named:
            place = regions.centres[cell].copy()
            if picture.model.M == 1:
                place[1] = y0 + NAME_HEIGHT * (y1 - y0)
            names.append((regions.name(cell), place))
        _set_texts(self._names, names)

    def _text(self, colour: str, size: float, weight: str) -> bqplot.Label:
        return bqplot.Label(
            x=EMPTY,
            y=EMPTY,
            text=[],
            scales=self._scales,
            colors=[colour],
            default_size=size,
            align="middle",
            font_weight=weight,
            interactions={},
        )

    def _clicked(self, x: float, y: float) -> None:
        self._choose(x, y)


def _set_texts(mark: bqplot.Label, texts: list[tuple[str, np.ndarray]]) -> None:
    """Send texts and their places in one message, or nothing when they are there."""
    words = [text for text, _ in texts]
    places = np.array([place for _, place in texts]).reshape(-1, 2).T
    if list(mark.text) == words:
        set_mark(mark, places)
        return
    with mark.hold_sync():
        mark.text = words
        mark.x, mark.y = places
