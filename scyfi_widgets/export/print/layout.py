"""Where the panes of a figure stand on the page; all lengths in points."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..drawing import Axis, Drawing
from .axes import POINTS_A_PIXEL, TICK, TICK_PAD
from .legend import Entry
from .text_flow import Flow, flow, text_width

EDGE = 2.0  # around the whole figure
ROW_GAP, CELL_GAP = 9.0, 12.0
LABEL_GAP = 2.5  # between the texts of ticks and the axis' label
LEGEND_GAP = 3.0
LINE = 1.25  # height of a line of text, of its size
NARROW, WIDE, ROOM = 2, 3, 6  # shares of a row
BESIDE_FROM, THREE_FROM = 330.0, 420.0  # widths from which two panes, and three, share a row
HIGHEST = 0.8  # of the width, where the axes have no units in common
LOWEST = 40.0  # of a plot
PAGE = 680.0  # height of a journal's page; plots are made lower to stay within, as far as
SHRUNK = 90.0  # to this height


@dataclass(frozen=True, eq=False)
class Panel:
    """What is to be laid out.

    Attributes
    ----------
    drawing : Drawing
    legend : tuple of Entry
    title : str
    wide : bool
    """

    drawing: Drawing
    legend: tuple[Entry, ...]
    title: str
    wide: bool


@dataclass(frozen=True, eq=False)
class Cell:
    """A pane in its place; heights count from the top of the page.

    Attributes
    ----------
    panel : Panel
    drawing : Drawing
        With as many ticks as there is room for.
    left, right : float
        The ends of the cell.
    box : (left, top, width, height)
        Of the plot.
    label_left, label_below, label_right : float
        How far from the plot the axes' labels are.
    legend : Flow
    legend_top : float
    """

    panel: Panel
    drawing: Drawing
    left: float
    right: float
    box: tuple[float, float, float, float]
    label_left: float
    label_below: float
    label_right: float
    legend: Flow
    legend_top: float


@dataclass(frozen=True, eq=False)
class Page:
    """All cells, in reading order, and the height that they need."""

    cells: tuple[Cell, ...]
    height: float


@dataclass
class _Frame:
    """A cell while the page is made: its ends, and the room around its plot."""

    panel: Panel
    left: float
    right: float
    before: float
    after: float
    legend: Flow

    @property
    def width(self) -> float:
        return self.right - self.left - self.before - self.after


def lay_out(
    rows: Sequence[Sequence[Panel]], width: float, height: float | None, size: float, heads: bool
) -> Page:
    """Return the page of some rows of panes.

    Parameters
    ----------
    rows : sequence of rows
    width, height : float
        Of the page; without a height, what suits the panes.
    size : float
        Of the text.
    heads : bool
        Whether a letter or a title stands above the plots.

    Raises
    ------
    ValueError
        If there is no room for the panes.
    """
    framed = [_framed(row, width, size) for row in rows]
    _align([frame for row in framed for frame in row])
    for frame in (frame for row in framed for frame in row):
        if frame.width < LOWEST:
            raise ValueError(
                f"width must be larger for these panes: {frame.width:.0f} points are left for a "
                "plot. Give a larger width, fewer panes, or a smaller text_size"
            )
    above = LINE * (size + 1.0) + 2.0 if heads else 0.6 * size
    below = TICK + TICK_PAD + 2 * LINE * size + LABEL_GAP
    legends = [max(frame.legend.height for frame in row) for row in framed]
    legends = [LEGEND_GAP + legend if legend else 0.0 for legend in legends]
    rest = 2 * EDGE + len(rows) * (above + below) + sum(legends) + (len(rows) - 1) * ROW_GAP
    plots = _plot_heights([_suiting_height(row) for row in framed], rest, height)
    cells, top = [], EDGE
    for row, plot, legend in zip(framed, plots, legends, strict=True):
        cells += [_cell(frame, top + above, plot, below, size) for frame in row]
        top += above + plot + below + legend + ROW_GAP
    return Page(tuple(cells), height or top - ROW_GAP + EDGE)


def rows_of(panels: Sequence[Panel], width: float, pairs: bool) -> list[list[Panel]]:
    """Return panes in rows: as many beside one another as there is room for.

    Parameters
    ----------
    panels : sequence of Panel
    width : float
        Of the page.
    pairs : bool
        Whether every two belong together.
    """
    if width < BESIDE_FROM:
        return [[panel] for panel in panels]
    if pairs:
        return [list(panels[i : i + 2]) for i in range(0, len(panels), 2)]
    most = _even(sum(not panel.wide for panel in panels), 3 if width >= THREE_FROM else 2)
    rows: list[list[Panel]] = []
    taken = ROOM
    for panel in panels:
        share = WIDE if panel.wide else NARROW
        crowded = bool(rows) and (len(rows[-1]) >= most or (panel.wide and len(rows[-1]) > 1))
        both_wide = bool(rows) and panel.wide and rows[-1][-1].wide
        if taken + share > ROOM or crowded or both_wide:
            rows.append([])
            taken = 0
        rows[-1].append(panel)
        taken += share
    return rows


def _even(number: int, most: int) -> int:
    """Return how many of a number to put into a row of at most `most`: four are two and two."""
    return max(2, math.ceil(number / max(1, math.ceil(number / most))))


def _framed(row: Sequence[Panel], width: float, size: float) -> list[_Frame]:
    """Return the cells of a row with their ends, and the room that their texts take."""
    shares = [WIDE if panel.wide else NARROW for panel in row]
    each = (width - 2 * EDGE - (len(row) - 1) * CELL_GAP) / sum(shares)
    frames, left = [], EDGE
    for panel, share in zip(row, shares, strict=True):
        right = left + share * each
        drawing = panel.drawing
        before = _beside(drawing.y, size)
        after = 0.5 * max((text_width(text, size) for text in drawing.x.texts[-1:]), default=0.0)
        if drawing.beside is not None:
            after = _beside(drawing.beside, size)
        legend = flow(panel.legend, right - left, size)
        frames.append(_Frame(panel, left, right, before, after, legend))
        left = right + CELL_GAP
    return frames


def _beside(axis: Axis, size: float) -> float:
    """Return the room that the texts of an upright axis take."""
    widest = max((text_width(text, size) for text in axis.texts), default=0.0)
    return TICK + TICK_PAD + widest + LABEL_GAP + LINE * size


def _align(frames: Sequence[_Frame]) -> None:
    """Let plots whose cells begin, or end, at the same place do so too."""
    for frame in frames:
        frame.before = max(f.before for f in frames if abs(f.left - frame.left) < 1.0)
        frame.after = max(f.after for f in frames if abs(f.right - frame.right) < 1.0)


def _suiting_height(row: Sequence[_Frame]) -> float:
    """Return the height of a row's plots; where both axes have the same units, that decides."""
    on_screen = [POINTS_A_PIXEL * frame.panel.drawing.height for frame in row]
    tied = [
        min(frame.width * _shape(frame.panel.drawing), high)
        for frame, high in zip(row, on_screen, strict=True)
        if frame.panel.drawing.ratio is not None
    ]
    if tied:
        return max(LOWEST, *tied)
    return max(
        LOWEST,
        *(min(high, HIGHEST * frame.width) for frame, high in zip(row, on_screen, strict=True)),
    )


def _plot_heights(suiting: list[float], rest: float, height: float | None) -> list[float]:
    if height is None:
        factor = (PAGE - rest) / sum(suiting)
        return [min(plot, max(factor * plot, SHRUNK)) for plot in suiting]
    factor = (height - rest) / sum(suiting)
    if factor * min(suiting) < LOWEST:
        least = (rest + LOWEST / min(suiting) * sum(suiting)) * 25.4 / 72.0
        raise ValueError(
            f"height must be at least {least:.0f} mm for these panes, "
            f"got {height * 25.4 / 72.0:.4g} mm"
        )
    return [factor * plot for plot in suiting]


def _shape(drawing: Drawing) -> float:
    """Return height over width of a plot whose axes have the same units."""
    return float(np.ptp(drawing.y.limits) / np.ptp(drawing.x.limits))


def _cell(frame: _Frame, top: float, plot: float, below: float, size: float) -> Cell:
    left, width, high = frame.left + frame.before, frame.width, plot
    drawing = frame.panel.drawing
    if drawing.ratio is not None:
        shape = _shape(drawing)
        fitting = min(width, plot / shape)
        left += 0.5 * (width - fitting)
        width, high = fitting, fitting * shape
    x = thinned(drawing.x, width, lambda text: text_width(text, size) + 0.7 * size)
    y = thinned(drawing.y, high, lambda _: 1.3 * size)
    beside = drawing.beside
    if beside is not None:
        beside = thinned(beside, high, lambda _: 1.3 * size)
    return Cell(
        panel=frame.panel,
        drawing=replace(drawing, x=x, y=y, beside=beside),
        left=frame.left,
        right=frame.right,
        box=(left, top, width, high),
        label_left=_beside(y, size) - LINE * size,
        label_below=TICK + TICK_PAD + LINE * size + LABEL_GAP,
        label_right=0.0 if beside is None else _beside(beside, size) - LINE * size,
        legend=frame.legend,
        legend_top=top + plot + below + LEGEND_GAP,
    )


def thinned(axis: Axis, length: float, needed: Callable[[str], float]) -> Axis:
    """Return an axis without every second tick, as often as its texts have no room.

    Parameters
    ----------
    axis : Axis
    length : float
        Of the axis.
    needed : callable
        Returns the room that a text takes along it.
    """
    ticks, texts = np.asarray(axis.ticks), list(axis.texts)
    scale = length / np.ptp(axis.limits)
    while len(ticks) > 2:
        rooms = [(needed(a) + needed(b)) / 2.0 for a, b in itertools.pairwise(texts)]
        if (np.diff(ticks) * scale >= rooms).all():
            break
        zero = np.flatnonzero(ticks == 0.0)
        first = int(zero[0]) % 2 if len(zero) and len(ticks) > 3 else 0
        ticks, texts = ticks[first::2], texts[first::2]
    return replace(axis, ticks=ticks, texts=tuple(texts))
