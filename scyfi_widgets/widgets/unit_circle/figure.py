"""The figure of eigenvalues on the unit circle: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Mapping

import bqplot
import numpy as np

from ...cycles import Cycle
from ...cycles.cycle_set import format_number
from ..marks import new_figure, set_mark
from ..palette import INK_COLOUR, ORBIT_COLOUR, ORDER_COLOURS
from ..picture import EMPTY
from ..telling import TellingScatter
from ..ticks import round_ticks
from .points import AGES, SMALLEST, Points

MOST_VALUES = 4  # that a tooltip names
ROUND = 1.06  # width over height of a figure that, without its margins, is about square
FAR = 10.0  # ends of the axes through the origin, beyond every window
CIRCLE = np.stack([f(np.linspace(0.0, 2.0 * np.pi, 181)) for f in (np.cos, np.sin)])


class UnitCircle:
    """The unit circle, eigenvalues in groups that have a marker each, and their trail.

    Parameters
    ----------
    groups : dict of str to (marker, filled, size)
        bqplot's name of the marker and its area in square pixels, the lowest group first.
    height : str
        CSS height.

    Attributes
    ----------
    figure : bqplot.Figure
    marks : dict of str to TellingScatter
        One a group. Colour: order.
    trail : bqplot.Lines
    """

    def __init__(self, groups: Mapping[str, tuple[str, bool, int]], height: str):
        self._plane = {name: bqplot.LinearScale(min=-SMALLEST, max=SMALLEST) for name in "xy"}
        self._colour = bqplot.OrdinalColorScale(
            colors=list(ORDER_COLOURS), domain=list(range(len(ORDER_COLOURS)))
        )
        self._owners: dict[str, list] = {name: [] for name in groups}
        cross = np.array([[-FAR, FAR, np.nan, 0.0, 0.0], [0.0, 0.0, np.nan, -FAR, FAR]])
        axes = self._line(cross, ORBIT_COLOUR, 0.8, opacities=[0.5], line_style="dashed")
        circle = self._line(CIRCLE, INK_COLOUR, 1.2, opacities=[0.8])
        self.trail = self._line(
            (EMPTY, EMPTY),
            ORBIT_COLOUR,
            4.0,
            colors=[ORBIT_COLOUR] * AGES,
            opacities=list(np.linspace(0.15, 0.75, AGES)),
        )
        self.marks = {name: self._scatter(name, *sign) for name, sign in groups.items()}
        marks = [axes, circle, self.trail, *self.marks.values()]
        self.figure, self._axes = new_figure(marks, *self._plane.values(), height)
        self.figure.min_aspect_ratio = self.figure.max_aspect_ratio = ROUND
        for axis, label in zip(self._axes, ("Re λ", "Im λ"), strict=True):
            axis.label = label
            axis.tick_values = round_ticks(-SMALLEST, SMALLEST)

    def draw(self, size: float, trail: np.ndarray, groups: Mapping[str, Points]) -> None:
        """Set all marks whose data changed.

        Parameters
        ----------
        size : float
            Half the width of the window.
        trail : (2, AGES, n) array
        groups : dict of str to Points
        """
        for axis in self._axes:
            scale = axis.scale
            if scale.max != size:
                with scale.hold_sync():
                    scale.min, scale.max = -size, size
                axis.tick_values = round_ticks(-size, size)
        set_mark(self.trail, trail)
        for name, (points, colours, owners) in groups.items():
            self._owners[name] = owners
            set_mark(self.marks[name], points, color=colours)

    def _line(self, points, colour: str, width: float, **settings) -> bqplot.Lines:
        return bqplot.Lines(
            x=points[0],
            y=points[1],
            scales=self._plane,
            stroke_width=width,
            interactions={},
            **{"colors": [colour], **settings},
        )

    def _scatter(self, name: str, marker: str, filled: bool, size: int) -> TellingScatter:
        mark = TellingScatter(
            x=EMPTY,
            y=EMPTY,
            color=EMPTY,
            scales={**self._plane, "color": self._colour},
            marker=marker,
            fill=filled,
            default_size=size,
            stroke_width=1.8,
        )
        mark.tell(lambda: self._owners[name], lambda cycle, _: tooltip_html(cycle))
        return mark


def tooltip_html(cycle: Cycle) -> str:
    """Return what is said of an eigenvalue of a cycle."""
    values = ", ".join(format_number(value) for value in cycle.eigenvalues[:MOST_VALUES])
    return f"<b>{cycle.stability} {cycle.name}</b><br>λ {values}"
