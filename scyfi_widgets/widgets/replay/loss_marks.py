"""The figure of a training's curves: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable

import bqplot
import ipywidgets as widgets
import numpy as np

from ..chart import Chart
from ..diagram.marks import CLEAR
from ..marks import set_mark
from ..palette import (
    EVENT_COLOURS,
    EVENT_MARKERS,
    INK_COLOUR,
    ORBIT_COLOUR,
    ORDER_COLOURS,
    START_COLOUR,
)
from ..picture import EMPTY
from ..ticks import round_ticks
from .event_words import event_html, jump_html
from .loss_picture import Limits, LossPicture

LOSS_COLOUR = ORDER_COLOURS[0]
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class LossMarks(Chart):
    """The curves over the epochs, and what is done to them.

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
        self._picture: LossPicture | None = None
        super().__init__(CLEAR)
        self._norm = bqplot.LinearScale(min=0.0, max=1.0)

        def line(colour, width, opacity=1.0, scales=self._scales):
            return bqplot.Lines(
                x=EMPTY,
                y=EMPTY,
                scales=scales,
                colors=[colour],
                stroke_width=width,
                opacities=[opacity],
                interactions={},
            )

        self._gradient = line(ORBIT_COLOUR, 1.0, 0.75, {"x": self._x, "y": self._norm})
        self._loss = line(LOSS_COLOUR, 1.8)
        self._falls = line(START_COLOUR, 3.4, 0.85)
        self._now = line(INK_COLOUR, 1.2, 0.9)
        self._dot = self._scatter("circle", LOSS_COLOUR, 70)
        self._ticks = {name: line(colour, 1.4) for name, colour in EVENT_COLOURS.items()}
        self._signs = {
            name: self._scatter(EVENT_MARKERS[name][0], colour, 40, EVENT_MARKERS[name][1])
            for name, colour in EVENT_COLOURS.items()
        }
        for name, scatter in self._signs.items():
            scatter.on_hover(lambda _, event, name=name: self._describe_event(name, event))
            scatter.on_element_click(lambda _, event: self._go(float(event["data"]["x"])))
        self._jumps = {
            way: self._scatter(f"triangle-{way}", START_COLOUR, 80) for way in ("down", "up")
        }
        for way, scatter in self._jumps.items():
            scatter.on_hover(lambda _, event, way=way: self._describe_jump(way, event))
            scatter.on_element_click(lambda _, event: self._go(float(event["data"]["x"])))
        marks = [
            self._gradient,
            self._loss,
            self._falls,
            *self._ticks.values(),
            self._now,
            self._clicks,
            self._dot,
            *self._signs.values(),
            *self._jumps.values(),
        ]
        self._build(marks, height, "sw-loss")
        self._norm_axis = bqplot.Axis(
            scale=self._norm,
            side="right",
            grid_lines="none",
            label="gradient norm",
            label_offset="44px",
        )
        self.figure.axes = [*self.figure.axes, self._norm_axis]
        self.figure.fig_margin = {**self.figure.fig_margin, "right": 62, "top": 12}

    def _scatter(self, marker: str, colour: str, size: int, filled: bool = True) -> bqplot.Scatter:
        return bqplot.Scatter(
            x=EMPTY,
            y=EMPTY,
            scales=self._scales,
            marker=marker,
            fill=filled,
            colors=[colour],
            default_size=size,
            stroke_width=1.4,
            tooltip=widgets.HTML(),
        )

    def draw(self, picture: LossPicture, epoch: int, height: float) -> None:
        """Set all marks whose data changed.

        Parameters
        ----------
        picture : LossPicture
        epoch : int
            The present one.
        height : float
            Where its loss is drawn; NaN for nowhere.
        """
        if picture is not self._picture:
            self._draw_curves(picture)
        low, high = picture.limits
        inside = picture.epochs[0] <= epoch <= picture.epochs[1]
        at = [float(epoch)] * 2 if inside else []
        set_mark(self._now, np.array([at, [low, high] if at else []]))
        dot = inside and math.isfinite(height)
        set_mark(self._dot, np.array([[epoch], [height]], float) if dot else np.zeros((2, 0)))

    def _draw_curves(self, picture: LossPicture) -> None:
        self._picture = picture
        self._set_axes(picture.epochs, picture.limits, ("epoch", "loss"))
        _label(self._axes[1], picture.limits, picture.log)
        if (self._norm.min, self._norm.max) != picture.gradient_limits:
            with self._norm.hold_sync():
                self._norm.min, self._norm.max = picture.gradient_limits
        _label(self._norm_axis, picture.gradient_limits, True)
        set_mark(self._gradient, picture.gradient)
        set_mark(self._loss, picture.loss)
        set_mark(self._falls, picture.falls)
        for way, scatter in self._jumps.items():
            own = [jump.direction == way for jump in picture.jumps[1]]
            set_mark(scatter, picture.jumps[0][:, np.array(own, bool)])
        nothing = np.zeros((2, 0))
        for name, ticks in self._ticks.items():
            set_mark(ticks, picture.ticks.get(name, nothing))
            set_mark(self._signs[name], picture.signs.get(name, (nothing, []))[0])

    # What the person does -----------------------------------------------------------------------

    def _clicked(self, x: float, _y: float) -> None:
        self._go(x)

    def _boxed(self, x: Limits, y: Limits) -> None:
        self._zoom(x, y)

    def _describe_event(self, name: str, hover: dict) -> None:
        events = [] if self._picture is None else self._picture.signs.get(name, (None, []))[1]
        index = hover.get("data", {}).get("index", -1)
        if 0 <= index < len(events):
            self._signs[name].tooltip.value = event_html(events[index])

    def _describe_jump(self, way: str, hover: dict) -> None:
        jumps = [] if self._picture is None else self._picture.jumps[1]
        own = [jump for jump in jumps if jump.direction == way]
        index = hover.get("data", {}).get("index", -1)
        if 0 <= index < len(own):
            self._jumps[way].tooltip.value = jump_html(own[index])


def _label(axis: bqplot.Axis, limits: Limits, log: bool) -> None:
    """Write powers of ten at the ticks of a logarithm, or what bqplot writes."""
    ticks = round_ticks(*limits, most=6)
    if log:
        whole = np.unique(np.round(ticks) + 0.0)  # no -0
        whole = whole[(whole >= limits[0]) & (whole <= limits[1])]
        ticks = whole if len(whole) > 1 else ticks
    labels = {}
    if log:
        labels = DECADES | {f"{tick:g}": _power(tick) for tick in ticks}  # as JavaScript writes it
    # bqplot labels new ticks with the texts that it has by then: these must come before.
    if axis.tick_labels != labels:
        axis.tick_labels = labels
    if not np.array_equal(axis.tick_values, ticks):
        axis.tick_values = ticks


def _power(exponent: float) -> str:
    if float(exponent).is_integer():
        return "10" + str(int(exponent)).translate(SUPERSCRIPTS)
    return f"{10.0**exponent:.3g}"


DECADES = {f"{exponent}": _power(exponent) for exponent in range(-30, 31)}
