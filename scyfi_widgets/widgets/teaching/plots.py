"""A small figure of curves that a lecture puts beside others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import bqplot
import ipywidgets as widgets
import numpy as np

from ..chart import Chart, Limits
from ..decades import label_ticks
from ..diagram.marks import CLEAR
from ..marks import set_mark
from ..palette import INK_COLOUR, START_COLOUR
from ..pane import close_tree
from ..telling import TellingScatter

NOTHING = np.zeros((2, 0))
FAR = 1e6  # sizes of the window: coordinates beyond are no use to SVG
PAD = 0.06  # of the size


class Plot(Chart):
    """Axes with named marks; a click goes to a place on the axis to the right, if it may.

    Parameters
    ----------
    height : str
        CSS height.
    go : callable, optional
        Called with a place on the axis to the right when a person clicks there.

    Attributes
    ----------
    figure : bqplot.Figure
    """

    def __init__(self, height: str, go: Callable[[float], None] | None = None):
        self._go = go
        super().__init__(CLEAR)
        self._named: dict[str, bqplot.Mark] = {}
        self._limits: tuple[Limits, Limits] = ((0.0, 1.0), (0.0, 1.0))
        self._height = height

    def line(self, name: str, width: float, colour: str = INK_COLOUR, **settings) -> None:
        """Add a curve, or several in one mark; without data yet."""
        self._named[name] = self._line(width, colour=colour, **settings)

    def signs(self, name: str, marker: str, size: int, colour: str, **settings) -> None:
        """Add points; without data yet."""
        self._named[name] = self._scatter(marker, size, colour, **settings)

    def event_signs(self, size: int) -> dict[str, TellingScatter]:
        """Add a mark for each type of event, named after it; without data yet."""
        signs = self._event_signs(size)
        self._named.update(signs)
        return signs

    def now(self) -> None:
        """Add an upright line, named ``now``, in the colour of what a person holds."""
        self.line("now", 1.4, START_COLOUR, opacity=0.9)

    def build(self) -> None:
        """Make the figure of the marks that were added, the first ones below."""
        clickable = [self._clicks] if self._go is not None else []
        self._build([*clickable, *self._named.values()], self._height, "sw-plot")

    def set_axes(
        self, x: Limits, y: Limits, labels: tuple[str, str], log: tuple[bool, bool] = (False, False)
    ) -> None:
        """Set the window; `log` says which axis shows decimal logarithms."""
        self._limits = x, y
        for axis, ends, label, powers in zip(self._axes, (x, y), labels, log, strict=True):
            if (axis.scale.min, axis.scale.max) != ends:
                with axis.scale.hold_sync():
                    axis.scale.min, axis.scale.max = ends
            label_ticks(axis, ends, powers)
            if axis.label != label:
                axis.label = label

    def set(self, points: Mapping[str, np.ndarray]) -> None:
        """Set the points (2, n) of marks by name; of curves, pieces are separated by NaN."""
        for name, data in points.items():
            set_mark(self._named[name], data)

    def set_now(self, x: float) -> None:
        """Draw the upright line at a place, if that is in the window."""
        (low, high), ends = self._limits
        inside = low <= x <= high
        set_mark(self._named["now"], np.array([[x, x], ends]) if inside else NOTHING)

    @property
    def limits(self) -> tuple[Limits, Limits]:
        """The window, of x and of y."""
        return self._limits

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all marks."""
        return tuple(self._named)

    def mark(self, name: str) -> bqplot.Mark:
        """Return a mark by its name."""
        return self._named[name]

    def close(self) -> None:
        """Close what the figure need not hold."""
        super().close()
        close_tree(self._clicks)

    def _clicked(self, x: float, _y: float) -> None:
        if self._go is not None:
            self._go(x)

    def _boxed(self, x: Limits, y: Limits) -> None:
        """No box is drawn here."""


def tiled(rows: list[list[widgets.Widget]]) -> widgets.VBox:
    """Return rows of widgets; a narrow page breaks them."""
    boxes = []
    for row in rows:
        for widget in row:
            widget.layout.width, widget.layout.flex = "auto", "1 1 340px"
        boxes.append(widgets.HBox(row, layout={"flex_flow": "row wrap"}))
    return widgets.VBox(boxes)


def fitted(*groups: np.ndarray, pad: float = PAD, least: float = 1e-6) -> Limits:
    """Return a window for all finite numbers of some arrays."""
    values = np.concatenate([np.ravel(group) for group in groups])
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    room = pad * max(high - low, least * max(1.0, abs(high)))
    return low - room, high + room


def curve(x: np.ndarray, y: np.ndarray, limits: Limits) -> np.ndarray:
    """Return a curve (2, n) as far as it can be drawn: gaps are NaN, and none is at an end."""
    size = limits[1] - limits[0]
    with np.errstate(invalid="ignore"):
        drawn = np.isfinite(y) & (np.abs(y - limits[0]) < FAR * size)
    if not drawn.any():
        return NOTHING
    places = np.flatnonzero(drawn)
    kept = slice(places[0], places[-1] + 1)
    return np.stack([x[kept], np.where(drawn, y, np.nan)[kept]])


def dots(points: np.ndarray) -> np.ndarray:
    """Return points (n, 2) as a curve whose pieces are one point each: dots, with round caps."""
    points = points[np.isfinite(points).all(axis=1) & (np.abs(points) < FAR).all(axis=1)]
    spaced = np.full((2, max(2 * len(points) - 1, 0)), np.nan)
    spaced[:, ::2] = points.T
    return spaced


def sticks(places: np.ndarray, limits: Limits) -> np.ndarray:
    """Return upright lines (2, n) at some places, over the whole height of a window."""
    if not len(places):
        return NOTHING
    x = np.repeat(np.asarray(places, float), 3)
    y = np.tile([*limits, np.nan], len(places))
    return np.stack([x, y])[:, :-1]
