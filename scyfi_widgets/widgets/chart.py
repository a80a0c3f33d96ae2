"""What the figures of bifurcations share: axes, a box to zoom, clicks, a picture below all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np

from .marks import new_figure
from .palette import EVENT_MARKERS, INK_COLOUR, PAPER_COLOUR, START_COLOUR
from .pane import close_tree
from .picture import EMPTY
from .telling import TellingScatter
from .ticks import round_ticks

Limits = tuple[float, float]


class Chart:
    """Two scales with their axes, a picture under all marks, and what a person does there.

    A subclass makes its marks, hands them to `_build`, and says what `_clicked` and `_boxed` do.

    Parameters
    ----------
    clear : bytes
        A PNG of which nothing is seen.

    Attributes
    ----------
    figure : bqplot.Figure
    """

    def __init__(self, clear: bytes):
        self._x, self._y = (bqplot.LinearScale(min=0.0, max=1.0) for _ in "xy")
        self._scales = {"x": self._x, "y": self._y}
        # bqplot draws an Image only when it is another widget: these two take turns.
        self._images = [widgets.Image(value=clear, format="png") for _ in range(2)]
        self._under = bqplot.Image(
            image=self._images[0], scales=self._scales, x=[0.0, 1.0], y=[0.0, 1.0]
        )
        # bqplot tells where a click went only by adding a point: this mark collects them, unseen.
        self._clicks = bqplot.Scatter(
            x=EMPTY, y=EMPTY, scales=self._scales, opacities=[0.0], interactions={"click": "add"}
        )
        self._clicks.observe(self._on_added, "y")

    def _build(self, marks: Sequence[bqplot.Mark], height: str, *classes: str) -> None:
        self.figure, self._axes = new_figure(marks, self._x, self._y, height)
        for name in classes:
            self.figure.add_class(name)

    # Marks without data yet -----------------------------------------------------------------------

    def _line(
        self,
        width: float,
        style: str = "solid",
        colour: str | None = None,
        opacity: float = 1.0,
        **settings: Any,
    ) -> bqplot.Lines:
        """Return a mark for curves, which lets clicks through."""
        if colour is not None:
            settings["colors"] = [colour]
        return bqplot.Lines(
            x=EMPTY,
            y=EMPTY,
            stroke_width=width,
            line_style=style,
            opacities=[opacity],
            interactions={},
            **{"scales": self._scales, **settings},
        )

    def _scatter(
        self,
        marker: str,
        size: int,
        colour: str = INK_COLOUR,
        filled: bool = True,
        edge: str | None = PAPER_COLOUR,
        **settings: Any,
    ) -> TellingScatter:
        """Return a mark for points; filled ones have an edge, so that they stand out."""
        return TellingScatter(
            x=EMPTY,
            y=EMPTY,
            marker=marker,
            fill=filled,
            colors=[colour],
            stroke=edge if filled else None,
            default_size=size,
            **{
                "scales": self._scales,
                "stroke_width": 1.0 if filled else 1.7,
                **settings,
            },
        )

    def _event_signs(
        self, size: int, colours: Mapping[str, str] | None = None
    ) -> dict[str, TellingScatter]:
        """Return a mark for each type of event, in ink unless there are `colours`."""
        return {
            name: self._scatter(marker, size, (colours or {}).get(name, INK_COLOUR), filled)
            for name, (marker, filled, _) in EVENT_MARKERS.items()
        }

    # What a person does ---------------------------------------------------------------------------

    def _clicked(self, x: float, y: float) -> None:
        """Do what a click there means."""
        raise NotImplementedError

    def _boxed(self, x: Limits, y: Limits) -> None:
        """Do what a box that was drawn there means."""
        raise NotImplementedError

    def set_zooming(self, on: bool) -> None:
        """Let a person draw a box, or click and drag."""
        before = self.figure.interaction
        brush = None
        if on:
            brush = bqplot.interacts.BrushSelector(
                x_scale=self._x, y_scale=self._y, marks=[], color=START_COLOUR
            )
            brush.observe(self._on_brush, "brushing")
        self.figure.interaction = brush
        if before is not None:
            before.close()

    def close(self) -> None:
        """Close what the figure need not hold: the picture below all, and its other image."""
        for widget in (self._under, *self._images):
            close_tree(widget)

    def _set_axes(self, x: Limits, y: Limits, labels: tuple[str, str]) -> None:
        for axis, ends, label in zip(self._axes, (x, y), labels, strict=True):
            scale = axis.scale
            if (scale.min, scale.max) != ends:
                with scale.hold_sync():
                    scale.min, scale.max = ends
            ticks = round_ticks(*ends)
            if not np.array_equal(axis.tick_values, ticks):
                axis.tick_values = ticks
            if axis.label != label:
                axis.label = label

    def _set_under(self, png: bytes, x: Limits, y: Limits) -> None:
        self._images.reverse()
        self._images[0].value = png
        with self._under.hold_sync():
            self._under.x, self._under.y = x, y
            self._under.image = self._images[0]

    def _on_added(self, _change) -> None:
        x, y = self._clicks.x, self._clicks.y
        if len(y) == 0 or len(x) != len(y):
            return
        with self._clicks.hold_sync():  # a point that stays would swallow the next click there
            self._clicks.x = self._clicks.y = EMPTY
        self._clicked(float(x[-1]), float(y[-1]))

    def _on_brush(self, change) -> None:
        brush = change.owner
        x, y = brush.selected_x, brush.selected_y
        if change.new or x is None or y is None or len(x) != 2 or len(y) != 2:
            return
        across, up = ((float(min(ends)), float(max(ends))) for ends in (x, y))
        if across[0] < across[1] and up[0] < up[1]:
            self._boxed(across, up)
