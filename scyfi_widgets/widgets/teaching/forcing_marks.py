"""The figures of a forced orbit: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

import bqplot
import numpy as np

from ..palette import DATA_COLOUR, INK_COLOUR, ORBIT_COLOUR
from .forcing_picture import GENERALISED, LOWEST, ForcedPicture, plane_points
from .plots import NOTHING, Plot, curve, dots, fitted, sticks

SHOWN = 60  # of the first steps, over time: more would be a hedge
LOG10 = np.log(10.0)
HIGHEST, DEEPEST = 40.0, -40.0  # decades of the product that are drawn at most


class ForcingMarks:
    """The state space, the states over time, the norm of the product, and its growth.

    Parameters
    ----------
    height : str
        CSS height of each figure.
    axes : pair of int
    unit : int
    go : callable
        Called with a strength or an interval when a person clicks there.

    Attributes
    ----------
    figures : dict of str to bqplot.Figure
    """

    def __init__(self, height: str, axes: tuple[int, int], unit: int, go: Callable[[float], None]):
        self._axes, self._unit = axes, unit
        self._states, self._time, self._norm = (Plot(height) for _ in range(3))
        self._growth = Plot(height, go)
        self._states.line("data", 4.2, DATA_COLOUR, opacity=0.9)
        self._states.line("free", 3.4, ORBIT_COLOUR, opacity=0.8)
        self._states.line("forced", 3.8)
        self._time.line("data", 3.2, DATA_COLOUR, opacity=0.7)
        self._time.line("free", 1.2, ORBIT_COLOUR)
        self._time.line("forced", 1.4)
        self._norm.line("one", 0.8, ORBIT_COLOUR, style="dashed")
        self._norm.line("free", 1.6, ORBIT_COLOUR)
        self._norm.line("forced", 2.0)
        self._growth.line("one", 0.8, ORBIT_COLOUR, style="dashed")
        self._growth.line("safe", 1.4, INK_COLOUR, style="dashed")
        self._growth.line("edge", 1.4, INK_COLOUR, style="dotted")
        self._growth.line("growth", 2.0)
        self._growth.now()
        plots = (self._states, self._time, self._norm, self._growth)
        for plot in plots:
            plot.build()
        names = ("state space", "time", "product", "growth")
        self.figures: dict[str, bqplot.Figure] = {
            name: plot.figure for name, plot in zip(names, plots, strict=True)
        }

    def draw(self, picture: ForcedPicture) -> None:
        """Set all marks whose data changed."""
        self._draw_states(picture)
        self._draw_time(picture)
        self._draw_norm(picture)
        self._draw_growth(picture)

    def close(self) -> None:
        """Close what the figures need not hold."""
        for plot in (self._states, self._time, self._norm, self._growth):
            plot.close()

    def _draw_states(self, picture: ForcedPicture) -> None:
        x, y = picture.windows["x"], picture.windows["y"]
        one = picture.model.M == 1 or picture.data.shape[1] == 1
        first, second = self._axes
        names = ("z(t)", "z(t + 1)") if one else (f"z[{first}]", f"z[{second}]")
        self._states.set_axes(x, y, names)
        K = picture.data.shape[1]
        groups = {
            "data": picture.data,
            "free": picture.free.free[0, :, :K],
            "forced": picture.forced.free[0, :, :K],
        }
        self._states.set(
            {name: dots(plane_points(states, self._axes)) for name, states in groups.items()}
        )

    def _draw_time(self, picture: ForcedPicture) -> None:
        limits, rows = picture.windows["z"], min(SHOWN + 1, len(picture.data))
        t = np.arange(rows, dtype=float)
        self._time.set_axes((0.0, t[-1]), limits, ("step t", f"z[{self._unit}]"))
        of = {
            "data": picture.data[:rows, self._unit],
            "free": picture.free.free[0, :rows, self._unit],
            "forced": picture.forced.free[0, :rows, self._unit],
        }
        self._time.set({name: curve(t, values, limits) for name, values in of.items()})

    def _draw_norm(self, picture: ForcedPicture) -> None:
        t = np.arange(len(picture.data), dtype=float)
        free, forced = (o.log_norms[0] / LOG10 for o in (picture.free, picture.forced))
        low, high = fitted(np.clip(free, DEEPEST, HIGHEST), np.clip(forced, DEEPEST, HIGHEST))
        limits = (min(low, -1.0), max(high, 1.0))
        self._norm.set_axes((0.0, t[-1]), limits, ("step t", "norm of the product"), (False, True))
        self._norm.set(
            {
                "one": np.array([[0.0, t[-1]], [0.0, 0.0]]),
                "free": curve(t, free, limits),
                "forced": curve(t, forced, limits),
            }
        )

    def _draw_growth(self, picture: ForcedPicture) -> None:
        growth, generalised = picture.growth, picture.forcing.kind == GENERALISED
        if growth is None:
            if generalised != (self._growth.figure.axes[0].label == "α"):
                self._growth.set(dict.fromkeys(("one", "safe", "edge", "growth"), NOTHING))
            return
        ends = (0.0, 1.0) if generalised else (growth.values[0], max(growth.values[-1], 2.0))
        values = growth.growth if generalised else growth.growth / LOG10
        low, high = fitted(np.maximum(values, LOWEST) if generalised else values)
        limits = (low, max(high, 0.1 if generalised else 1.0))
        labels = ("α", "growth per step") if generalised else ("τ", "largest norm")
        self._growth.set_axes(ends, limits, labels, (False, not generalised))
        places = {"safe": growth.safe, "edge": growth.edge}
        known = {name: at for name, at in places.items() if generalised and at > 0.0}
        self._growth.set(
            {
                "one": np.array([ends, (0.0, 0.0)]),
                "growth": curve(growth.values, values, limits),
                **{
                    name: sticks(np.array([known[name]] if name in known else []), limits)
                    for name in places
                },
            }
        )
        self._growth.set_now(picture.forcing.value)
