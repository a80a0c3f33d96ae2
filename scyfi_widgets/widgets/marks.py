"""Arrays to bqplot's marks, in one message each."""

from __future__ import annotations

from collections.abc import Sequence

import bqplot
import numpy as np


def set_mark(mark: bqplot.Mark, points: np.ndarray, **others: np.ndarray) -> None:
    """Send a mark's arrays in one message, or nothing when they are what it has.

    Parameters
    ----------
    mark : bqplot.Mark
    points : (2, ...) array
        Its x and y.
    **others
        Other arrays of the mark.
    """
    new = {"x": points[0], "y": points[1], **others}
    changed = {
        name: value
        for name, value in new.items()
        if not np.array_equal(value, getattr(mark, name), equal_nan=True)
    }
    if changed:
        # Arrays of one length at a time: bqplot draws as soon as one of them changes.
        changed = new if np.shape(points[0]) != np.shape(mark.x) else changed
        with mark.hold_sync():
            for name, value in changed.items():
                setattr(mark, name, value)


def set_lines(mark: bqplot.Lines, curves: np.ndarray, colours: Sequence[str]) -> None:
    """Send the curves (2, colours, n) of a Lines mark, or (2, n), and their colours."""
    if not colours or list(colours) == mark.colors:
        set_mark(mark, curves)
        return
    with mark.hold_sync():
        mark.colors = list(colours)
        mark.x, mark.y = curves


def new_figure(
    marks: Sequence[bqplot.Mark], x: bqplot.Scale, y: bqplot.Scale, height: str
) -> tuple[bqplot.Figure, tuple[bqplot.Axis, bqplot.Axis]]:
    """Return a figure as all panes have it, and its axes."""
    axes = (
        bqplot.Axis(scale=x, grid_lines="none", label_offset="34px"),
        bqplot.Axis(scale=y, grid_lines="none", label_offset="44px", side="left"),
    )
    figure = bqplot.Figure(
        marks=list(marks),
        axes=list(axes),
        fig_margin={"top": 8, "bottom": 46, "left": 62, "right": 12},
        animation_duration=0,
        padding_x=0.0,
        padding_y=0.0,
        display_toolbar=False,
        layout={"height": height, "width": "100%", "min_width": "260px"},
    )
    figure.add_class("sw-figure")
    return figure, axes
