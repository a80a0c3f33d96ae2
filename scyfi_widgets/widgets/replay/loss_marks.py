"""The figure of a training's curves: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable

import bqplot
import numpy as np

from ..decades import label_ticks
from ..marks import set_mark
from ..palette import EVENT_COLOURS, ORBIT_COLOUR, ORDER_COLOURS, START_COLOUR
from .epoch_chart import EpochChart
from .event_words import jump_html
from .loss_picture import Limits, LossPicture

LOSS_COLOUR = ORDER_COLOURS[0]
NOTHING = np.zeros((2, 0))


class LossMarks(EpochChart):
    """The curves over the epochs, and what is done to them; see `EpochChart`.

    Parameters
    ----------
    height : str
        CSS height.
    go, zoom : callable
    """

    _picture: LossPicture | None

    def __init__(
        self, height: str, go: Callable[[float], None], zoom: Callable[[Limits, Limits], None]
    ):
        super().__init__(go, zoom)
        self._norm = bqplot.LinearScale(min=0.0, max=1.0)
        beside = {"x": self._x, "y": self._norm}
        self._gradient = self._line(1.0, colour=ORBIT_COLOUR, opacity=0.75, scales=beside)
        self._loss = self._line(1.8, colour=LOSS_COLOUR)
        self._falls = self._line(3.4, colour=START_COLOUR, opacity=0.85)
        self._dot = self._scatter("circle", 70, LOSS_COLOUR)
        self._ticks = {
            name: self._line(1.4, colour=colour) for name, colour in EVENT_COLOURS.items()
        }
        self._signs = self._event_signs(40, EVENT_COLOURS)
        self._tell_events(self._signs)
        self._jumps = {
            way: self._scatter(f"triangle-{way}", 80, START_COLOUR) for way in ("down", "up")
        }
        for way, scatter in self._jumps.items():
            scatter.tell(
                lambda way=way: self._jumps_of(way),
                lambda jump, _: jump_html(jump),
                lambda _, x, y: self._go(x),
            )
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
        dot = self._set_now(epoch) and math.isfinite(height)
        set_mark(self._dot, np.array([[epoch], [height]], float) if dot else NOTHING)

    def _draw_curves(self, picture: LossPicture) -> None:
        self._picture = picture
        self._set_axes(picture.epochs, picture.limits, ("epoch", "loss"))
        label_ticks(self._axes[1], picture.limits, picture.log)
        if (self._norm.min, self._norm.max) != picture.gradient_limits:
            with self._norm.hold_sync():
                self._norm.min, self._norm.max = picture.gradient_limits
        label_ticks(self._norm_axis, picture.gradient_limits, True)
        set_mark(self._gradient, picture.gradient)
        set_mark(self._loss, picture.loss)
        set_mark(self._falls, picture.falls)
        for way, scatter in self._jumps.items():
            own = [jump.direction == way for jump in picture.jumps[1]]
            set_mark(scatter, picture.jumps[0][:, np.array(own, bool)])
        for name, ticks in self._ticks.items():
            set_mark(ticks, picture.ticks.get(name, NOTHING))
            set_mark(self._signs[name], picture.signs.get(name, (NOTHING, []))[0])

    def _jumps_of(self, way: str) -> list:
        jumps = self._picture.jumps[1] if self._picture else []
        return [jump for jump in jumps if jump.direction == way]
