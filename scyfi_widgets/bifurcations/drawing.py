"""Bifurcation diagrams for papers: what the pane shows, drawn with Matplotlib."""

from __future__ import annotations

from collections import Counter
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from ..palette import EVENT_MARKERS, ORDER_TONES, colour_index, order_colour
from .branches import Branch
from .events import NAMES, Event
from .window import fitted_window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .diagram import Diagram

INK, PAPER = "#222222", "white"
MARKERS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "cross": "P",
    "triangle-up": "^",
    "triangle-down": "v",
}
SIZES = {
    "D": 4.6,
    "P": 6.2,
    "^": 6.0,
    "v": 6.0,
}  # in points, of signs that look larger or smaller than a circle
SIZE = 5.4
CROWDED = 80  # markers, from which on they are smaller
EDGE = 0.02  # of the height: how far inside the window a marker lies whose point is outside
FAR = 50.0  # windows: lines end so far outside, because files with huge numbers break viewers
LEGEND_WIDTH = 20  # letters
STABLE = {"linestyle": "-", "linewidth": 1.8, "zorder": 2.0}
UNSTABLE = {"linestyle": (0, (3.2, 1.8)), "linewidth": 1.0, "zorder": 1.5}


def draw_diagram(
    diagram: Diagram,
    ax: Axes | None = None,
    coordinate: int | str = 0,
    *,
    events: bool = True,
    legend: bool = True,
    **style,
) -> Axes:
    """Draw a diagram; see `Diagram.plot`."""
    M = diagram.line.start.M
    if coordinate != "norm" and (
        isinstance(coordinate, (bool, str)) or not 0 <= int(coordinate) < M
    ):
        raise ValueError(f'coordinate must be "norm" or from 0 to {M - 1}, got {coordinate!r}')
    if ax is None:
        ax = new_axes()
    under = [np.asarray(line.get_ydata(), float) for line in ax.lines]  # as of an orbit diagram
    curves = [_curve(branch, coordinate) for branch in diagram.branches]
    low, high = _window(curves, under)
    beyond = FAR * (high - low)
    for branch, tone, (x, y, stable) in zip(
        diagram.branches, _tones(diagram.branches), curves, strict=True
    ):
        colour = {"color": ORDER_TONES[colour_index(branch.order)][tone]}
        y = np.clip(y, low - beyond, high + beyond)
        for kind, within in ((STABLE, stable), (UNSTABLE, ~stable)):
            drawn = _parts(x, y, within)
            if len(drawn):
                ax.plot(*drawn.T, **(colour | kind | style))
    ax.set_xlim(diagram.line.lo, diagram.line.hi)
    ax.set_ylim(low, high)
    ax.set_xlabel(diagram.line.label)
    ax.set_ylabel("|z|" if coordinate == "norm" else f"z[{coordinate}]")
    types = _draw_events(ax, diagram, coordinate, (low, high)) if events else []
    if legend:
        _draw_legend(ax, diagram, curves, types)
    return ax


def new_axes() -> Axes:
    """Return the current axes, with room for a legend beside them."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("plot needs Matplotlib: pip install 'scyfi-widgets[plot]'") from error
    ax = plt.gca()
    if ax.figure.get_layout_engine() is None:
        ax.figure.set_layout_engine("constrained")  # the legend is beside the axes
    return ax


def _heights(points: np.ndarray, coordinate: int | str) -> np.ndarray:
    return np.linalg.norm(points, axis=-1) if coordinate == "norm" else points[..., coordinate]


def _tones(branches: tuple[Branch, ...]) -> list[int]:
    """Return a tone of its order's hue for each branch, in turn, as a pane does at first."""
    seen: Counter = Counter()
    tones = []
    for branch in branches:
        tones.append(seen[branch.order] % len(ORDER_TONES[0]))
        seen[branch.order] += 1
    return tones


def _curve(branch: Branch, coordinate: int | str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x (n,), y (n, k), and which of the n - 1 steps are stable.

    Where the largest modulus passes 1 between two samples a point is put in.
    """
    x, y = branch.values, _heights(branch.points, coordinate)
    radius = np.abs(branch.eigenvalues[:, 0])
    same_piece = np.ones(len(x) - 1, bool)
    same_piece[branch.offsets[1:-1] - 1] = False  # at a border the modulus jumps
    change = np.flatnonzero(((radius[1:] < 1.0) != (radius[:-1] < 1.0)) & same_piece)
    part = (1.0 - radius[change]) / (radius[change + 1] - radius[change])
    between_x = x[change] + part * (x[change + 1] - x[change])
    between_y = y[change] + part[:, None] * (y[change + 1] - y[change])
    x = np.insert(x, change + 1, between_x)
    y = np.insert(y, change + 1, between_y, axis=0)
    radius = np.insert(radius, change + 1, 1.0)
    return x, y, radius[1:] + radius[:-1] < 2.0


def _parts(x: np.ndarray, y: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Return (n, 2) points of the steps `within`, for every row of y, separated by NaN."""
    parts = []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], within, [False]]).astype(np.int8)))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        for row in y.T:
            parts += [np.stack([x, row], 1)[first : last + 1], np.full((1, 2), np.nan)]
    return np.concatenate(parts[:-1]) if parts else np.empty((0, 2))


def _window(curves, under: list[np.ndarray]) -> tuple[float, float]:
    attracting, others = [np.empty(0), *under], [np.empty(0)]
    for _, y, stable in curves:
        attracts = np.concatenate([stable, stable[-1:]])
        attracting.append(y[attracts].ravel())
        others.append(y[~attracts].ravel())
    return fitted_window(np.concatenate(attracting), np.concatenate(others))


# Events -----------------------------------------------------------------------------------------


def _draw_events(ax, diagram: Diagram, coordinate, limits: tuple[float, float]) -> list[str]:
    """Draw a marker for every event and return the types that occur."""
    low, high = limits
    edge = EDGE * (high - low)
    places: dict[str, list[tuple[float, float]]] = {}
    for event in diagram.events:
        at = _heights(_marked_points(diagram, event), coordinate)
        for height in np.unique(np.clip(at, low + edge, high - edge)):
            places.setdefault(event.type, []).append((event.value, height))
    crowded = sum(map(len, places.values())) > CROWDED
    for type in EVENT_MARKERS:
        if type in places:
            look = event_marker(type, 0.7 if crowded else 1.0)
            ax.plot(*np.array(places[type]).T, linestyle="none", zorder=3.0, **look)
    return [type for type in EVENT_MARKERS if type in places]


def _marked_points(diagram: Diagram, event: Event) -> np.ndarray:
    """Return the points of a cycle at which its event is marked: those on a border, or all.

    At infinity: of the samples next to it.
    """
    if event.points is None:
        branch = diagram.branches[(event.before or event.after)[0]]
        return branch.points[np.argmin(np.abs(branch.values - event.value))]
    touching = sorted({point for point, _ in event.touches})
    return event.points[touching] if touching else event.points


def event_marker(type: str, scale: float) -> dict:
    """Return what Matplotlib draws for a type of event."""
    name, filled, _ = EVENT_MARKERS[type]
    sign = MARKERS[name]
    return {
        "marker": sign,
        "markersize": scale * SIZES.get(sign, SIZE),
        "markerfacecolor": INK if filled else PAPER,
        "markeredgecolor": PAPER if filled else INK,
        "markeredgewidth": 0.6 if filled else 1.1,
    }


def _draw_legend(ax, diagram: Diagram, curves, types: list[str]) -> None:
    from matplotlib.lines import Line2D

    entries = []
    for order in sorted({branch.order for branch in diagram.branches}):
        label = "fixed point" if order == 1 else f"{order}-cycle"
        entries.append(Line2D([], [], color=order_colour(order), linewidth=2.2, label=label))
    for label, kind, occurs in (
        ("stable", STABLE, any(stable.any() for *_, stable in curves)),
        ("unstable", UNSTABLE, any(not stable.all() for *_, stable in curves)),
    ):
        if occurs:
            entries.append(Line2D([], [], color=INK, label=label, **kind))
    entries += [
        Line2D([], [], linestyle="none", label=event_label(type), **event_marker(type, 1.0))
        for type in types
    ]
    if entries:
        ax.legend(
            handles=entries,
            loc="upper left",
            bbox_to_anchor=(1.01, 1.0),
            borderaxespad=0.0,
            frameon=False,
            fontsize="small",
            handlelength=2.2,
        )


def event_label(type: str) -> str:
    """Return the name of a type of event, in short lines for a legend."""
    first, colon, rest = NAMES[type].partition(": ")
    lines = [first + colon.rstrip(), *wrap(rest, LEGEND_WIDTH)]
    return "\n".join(lines)
