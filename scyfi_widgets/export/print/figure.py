"""Figures for print: PDF, SVG and PNG at the widths of a journal."""

from __future__ import annotations

import os
import string
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...models.validation import require_seconds, whole_number
from ...training.numbers import in_range
from ...whole import write_whole
from ...widgets.plane.bifurcation_plane import BifurcationPlane
from ..reading import read_figure
from ..target import checked_target
from . import layout
from .axes import INK, draw
from .legend import legend_entries
from .panes import PrintedPane, chosen_panes, panes_of, wait_for
from .plane_labels import fitted_labels
from .plots import draw_plot, has_plot
from .saving import ENDINGS, checked_width, contents, default_settings, require_matplotlib
from .text_flow import draw_flow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS_A_MM = 72.0 / 25.4
TEXT_SIZES = 4.0, 20.0
LETTERS = string.ascii_lowercase


@dataclass(frozen=True)
class ExportedFigure:
    """What was written.

    Attributes
    ----------
    path : Path
    width, height : float
        Millimetres.
    size : int
        Bytes of the file.
    """

    path: Path
    width: float
    height: float
    size: int

    def __repr__(self) -> str:
        return f"<{self.path}: {self.width:.4g} x {self.height:.4g} mm, {self.size / 1e3:.0f} kB>"


def export_figure(
    subject: Any,
    path: str | os.PathLike,
    *,
    width: str | float = "column",
    height: float | None = None,
    panes: str | Iterable[str] | None = None,
    dpi: int = 300,
    legend: bool = True,
    letters: bool = True,
    text_size: float = 7.0,
    font: str = "DejaVu Sans",
    timeout: float | None = 60.0,
) -> ExportedFigure:
    """Write what a widget shows as a figure for print.

    Colours, markers and lines are those on screen, on white; fonts are embedded. The same picture
    gives the same file, byte for byte. Needs Matplotlib, and changes none of its settings.

    Parameters
    ----------
    subject : Widget, or data with a method ``plot(ax)``
        An `Explorer`, a `StateSpace`, a `TrainingReplay`, a comparison, any other pane, or a box of
        some; or a diagram, a plane, a landscape.
    path : path
        Its ending says the format: ``.pdf``, ``.svg`` or ``.png``. An existing file is replaced,
        and only by a whole one.
    width : "column", "page" or float
        A column is 85 mm wide, a page 180 mm; or millimetres.
    height : float, optional
        Millimetres; by default what suits the panes.
    panes : str or sequence of str, optional
        Which panes, and in which order, such as ``("state space", "eigenvalues")``; by default all
        that the widget shows, those over a long axis last.
    dpi : int
        Dots per inch of a PNG, and of smooth pictures in other formats.
    legend, letters : bool
        Whether legends stand below the panes, and letters beside them where there are several.
    text_size : float
        Points.
    font : str
        A font that Matplotlib finds; it brings the default.
    timeout : float or None
        Seconds to wait for the finest pictures. What is not ready by then is drawn as it is, with
        a warning.

    Returns
    -------
    ExportedFigure

    Raises
    ------
    ImportError
        If Matplotlib is not installed.
    TypeError, ValueError
        If an argument is not of its kind, there is no such pane, or the panes have no room.
    FileNotFoundError
        If the folder does not exist.
    TimeoutError, RuntimeError
        If a pane has no picture yet, or shows an error.

    Examples
    --------
    >>> import scyfi_widgets as sw
    >>> explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=16)
    >>> sw.export_figure(explorer, "figure.pdf", width="page")
    """
    target = checked_target(path, ENDINGS)
    across = POINTS_A_MM * checked_width(width)
    up = None if height is None else POINTS_A_MM * in_range("height", height, 0.0, above=True)
    dpi = whole_number("dpi", dpi, 1)
    size = in_range("text_size", text_size, *TEXT_SIZES)
    require_seconds("timeout", timeout)
    require_matplotlib()
    plots = has_plot(subject)
    with default_settings(size, font, formulas=plots):
        if plots:
            if panes is not None:
                raise ValueError(f"panes belong to widgets, got {panes!r} for {subject!r}")
            figure = draw_plot(subject, across, up, legend)
        else:
            printed = chosen_panes(panes_of(subject), panes)
            if not wait_for(subject, timeout):
                warnings.warn(
                    f"the picture was still getting finer after {timeout:g} s: it is printed as "
                    "it is; give a longer timeout",
                    stacklevel=2,
                )
            figure = draw_panes(printed, across, up, size, legend, letters)
        written = contents(figure, target.suffix.lower(), dpi)
    write_whole(target, written)
    wide, high = (25.4 * float(inches) for inches in figure.get_size_inches())
    return ExportedFigure(target, wide, high, len(written))


def draw_panes(
    panes: tuple[PrintedPane, ...],
    width: float,
    height: float | None,
    size: float,
    legend: bool,
    letters: bool,
) -> Figure:
    """Return a figure of panes; lengths in points."""
    from matplotlib.figure import Figure

    letters = letters and len(panes) > 1
    panels = {
        layout.Panel(
            read_figure(pane.figure),
            legend_entries(pane.legend) if legend else (),
            pane.title,
            pane.wide,
        ): pane
        for pane in panes
    }
    titled = any(pane.title for pane in panes)
    rows = layout.rows_of(list(panels), width, pairs=titled)
    page = layout.lay_out(rows, width, height, size, heads=letters or titled)
    figure = Figure(figsize=(width / 72.0, page.height / 72.0))
    canvas = _canvas(figure, width, page.height)
    for number, cell in enumerate(page.cells):
        drawing = cell.drawing
        if isinstance(panels[cell.panel].panel, BifurcationPlane):
            shown = panels[cell.panel].panel.picture
            drawing = replace(drawing, marks=fitted_labels(drawing.marks, shown, *cell.box[2:]))
        left, top, across, up = cell.box
        bottom = page.height - top - up
        box = (left / width, bottom / page.height, across / width, up / page.height)
        ax = figure.add_axes(box)
        draw(ax, drawing)
        _label(canvas, cell, page.height, size)
        if letters or cell.panel.title:
            letter = LETTERS[number % len(LETTERS)] if letters else ""
            _head(canvas, cell, page.height, size + 1.0, letter)
        draw_flow(canvas, cell.legend, cell.left, page.height - cell.legend_top, size)
    return figure


def _canvas(figure: Figure, width: float, height: float) -> Axes:
    """Return axes over the whole page, whose data are points from its lower left corner."""
    canvas = figure.add_axes((0.0, 0.0, 1.0, 1.0), zorder=-1.0)
    canvas.set_autoscale_on(False)
    canvas.set_xlim(0.0, width)
    canvas.set_ylim(0.0, height)
    canvas.set_axis_off()
    return canvas


def _label(canvas: Axes, cell: layout.Cell, height: float, size: float) -> None:
    left, top, across, up = cell.box
    bottom, drawing = height - top - up, cell.drawing
    look = {"fontsize": size, "color": INK}
    canvas.text(
        left + across / 2.0,
        bottom - cell.label_below,
        drawing.x.label,
        horizontalalignment="center",
        verticalalignment="top",
        **look,
    )
    upright = {"rotation": 90.0, "verticalalignment": "center", **look}
    canvas.text(
        left - cell.label_left,
        bottom + up / 2.0,
        drawing.y.label,
        horizontalalignment="right",
        **upright,
    )
    if drawing.beside is not None:
        canvas.text(
            left + across + cell.label_right,
            bottom + up / 2.0,
            drawing.beside.label,
            horizontalalignment="left",
            **upright,
        )


def _head(canvas: Axes, cell: layout.Cell, height: float, size: float, letter: str) -> None:
    at = height - cell.box[1] + 0.35 * size + 2.0
    look = {"fontsize": size, "color": INK, "verticalalignment": "baseline"}
    if letter:
        canvas.text(cell.left, at, letter, fontweight="bold", **look)
    if cell.panel.title:
        canvas.text(cell.box[0], at, cell.panel.title, **look)
