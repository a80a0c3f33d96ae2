"""Data that draw themselves with Matplotlib, at the width of a journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

SHAPE = 0.62  # height over width of what has no legend
MOST_COLUMNS = 5
LEGEND = {"frameon": False, "borderaxespad": 0.0, "handlelength": 2.2, "columnspacing": 1.2}
LEGEND_ROW = 1.5  # of the size of the text
LINE = 0.6  # points, of axes and ticks


def has_plot(subject: Any) -> bool:
    """Whether something is data that draw themselves."""
    return callable(getattr(subject, "plot", None)) and not isinstance(subject, widgets.Widget)


def draw_plot(subject: Any, width: float, height: float | None, legend: bool) -> Figure:
    """Return a figure of data; lengths in points.

    A legend beside the axes would leave a column no room for them: it goes below.
    """
    from matplotlib import rc_context, rcParams
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72.0, (height or SHAPE * width) / 72.0), layout="constrained")
    looks = {"axes.linewidth": LINE, "xtick.major.width": LINE, "ytick.major.width": LINE}
    with rc_context(looks):
        ax = figure.add_subplot()
        subject.plot(ax=ax)
    made = ax.get_legend()
    if made is None:
        return figure
    handles, texts = made.legend_handles, [text.get_text() for text in made.get_texts()]
    made.remove()
    if legend and handles:
        below = _below(figure, ax, handles, [" ".join(text.split()) for text in texts])
        if height is None:
            rows = -(-len(handles) // below._ncols)
            more = LEGEND_ROW * rows * rcParams["font.size"] / 72.0
            figure.set_size_inches(width / 72.0, figure.get_size_inches()[1] + more)
    return figure


def _below(figure: Figure, ax: Axes, handles: list, texts: list[str]) -> Legend:
    """Return a legend below the axes with as many columns as have room."""
    from matplotlib import rcParams

    width = figure.get_size_inches()[0] * figure.dpi
    for columns in range(min(MOST_COLUMNS, len(handles)), 0, -1):
        legend = figure.legend(
            handles,
            texts,
            loc="outside lower center",
            ncols=columns,
            fontsize=rcParams["font.size"],
            **LEGEND,
        )
        if columns == 1 or legend.get_window_extent().width <= width:
            return legend
        legend.remove()
    raise AssertionError("a legend of one column is returned above")
