"""A drawing in Matplotlib's axes: every mark with the look that it has on screen."""

from __future__ import annotations

from functools import singledispatch
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from ..drawing import Axis, Curves, Drawing, Mark, Raster, Signs, Texts
from .colours import paper_colour
from .markers import marker_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS_A_PIXEL = 0.6  # of CSS: what is drawn for a window is printed smaller
INK = "#222222"
SPINE = 0.6  # points
TICK, TICK_PAD = 2.5, 2.0
# Lengths in CSS pixels, as bqplot has them; ends of lines are round.
DASHES = {
    "solid": None,
    "dashed": (10.0, 10.0),
    "dotted": (2.0, 10.0),
    "dash_dotted": (10.0, 5.0, 2.0, 5.0),
}
DOT = 1e-6  # of the window's width: the length of a dot, which is a line with round ends
ABOVE_SPINES = 3.0
HALO, HALO_OPACITY = 1.8, 0.7  # points of paper around words


def draw(ax: Axes, drawing: Drawing) -> None:
    """Draw a drawing; the axes are where they will be in the end."""
    _draw_frame(ax, drawing)
    for place, mark in enumerate(drawing.marks):
        _draw_mark(mark, ax, drawing, ABOVE_SPINES + 0.01 * place)
    ax.set_xlim(*drawing.x.limits)
    ax.set_ylim(*drawing.y.limits)


def _draw_frame(ax: Axes, drawing: Drawing) -> None:
    ax.set_autoscale_on(False)
    ax.patch.set_visible(False)
    ax.set_xlim(*drawing.x.limits)
    ax.set_ylim(*drawing.y.limits)
    ax.set_xticks(drawing.x.ticks, drawing.x.texts)
    ax.set_yticks(drawing.y.ticks, drawing.y.texts)
    _set_look(ax, "left", "bottom")
    if drawing.beside is not None:
        right = ax.twinx()
        right.set_autoscale_on(False)
        right.patch.set_visible(False)
        right.set_ylim(*drawing.beside.limits)
        right.set_yticks(drawing.beside.ticks, drawing.beside.texts)
        _set_look(right, "right")


def _set_look(ax: Axes, *sides: str) -> None:
    for side, spine in ax.spines.items():
        spine.set_visible(side in sides)
        spine.set(linewidth=SPINE, color=INK)
    ax.tick_params(length=TICK, pad=TICK_PAD, width=SPINE, color=INK, labelcolor=INK)
    ax.tick_params(axis="x", bottom="bottom" in sides, labelbottom="bottom" in sides)


@singledispatch
def _draw_mark(mark: Mark, ax: Axes, drawing: Drawing, order: float) -> None:
    raise TypeError(f"a {type(mark).__name__} cannot be printed")


@_draw_mark.register(Curves)
def _(mark: Curves, ax: Axes, drawing: Drawing, order: float) -> None:
    from matplotlib.lines import Line2D

    dot = DOT * (drawing.x.limits[1] - drawing.x.limits[0])
    for points, colour, opacity in zip(mark.points, mark.colours, mark.opacities, strict=True):
        if not np.isfinite(points).all(axis=1).any():
            continue
        x, y = _with_dots(points, dot).T
        if mark.beside:
            y = _moved(y, drawing.beside, drawing.y)
        line = Line2D(
            x,
            y,
            color=paper_colour(colour),
            alpha=opacity,
            linewidth=POINTS_A_PIXEL * mark.width,
            linestyle=line_style(mark.style),
            solid_capstyle="round",
            dash_capstyle="round",
            zorder=order,
            snap=False,  # to pixels, which would also swallow dots
        )
        ax.add_line(line)


@_draw_mark.register(Signs)
def _(mark: Signs, ax: Axes, drawing: Drawing, order: float) -> None:
    inside = _inside(mark.points, drawing)
    colours = [paper_colour(c) for c, kept in zip(mark.colours, inside, strict=True) if kept]
    if not colours:
        return
    edges = colours if mark.edge is None else [paper_colour(mark.edge)] * len(colours)
    add_signs(ax, mark.points[inside], mark, colours, edges, ax.transData, order)


def add_signs(ax, points: np.ndarray, look: Signs, colours, edges, transform, order: float) -> None:
    """Add markers at points (n, 2) that a transform takes to the page."""
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_rgba_array
    from matplotlib.transforms import IdentityTransform

    faces = to_rgba_array(colours) if look.filled else "none"
    path = marker_path(look.marker, look.area * POINTS_A_PIXEL**2)
    signs = PathCollection(
        [path],
        sizes=[1.0],  # the path is in points
        offsets=points,
        offset_transform=transform,
        transform=IdentityTransform(),
        facecolors=faces,
        edgecolors=to_rgba_array(edges),
        linewidths=POINTS_A_PIXEL * look.edge_width,
        alpha=None if look.opacity == 1.0 else look.opacity,
        clip_on=False,  # those at the edge of the window are whole
        zorder=order,
        snap=False,
    )
    ax.add_artist(signs)
    signs.set_clip_on(False)


@_draw_mark.register(Texts)
def _(mark: Texts, ax: Axes, drawing: Drawing, order: float) -> None:
    from matplotlib.patheffects import Normal, Stroke

    halo = Stroke(linewidth=HALO, foreground="white", alpha=HALO_OPACITY)
    for (x, y), text, kept in zip(
        mark.points, mark.texts, _inside(mark.points, drawing), strict=True
    ):
        if kept:
            words = ax.text(
                *(x, y, text),
                color=paper_colour(mark.colour),
                fontsize=POINTS_A_PIXEL * mark.size,
                horizontalalignment="center",
                verticalalignment="center",
                zorder=order,
            )
            words.set_path_effects([halo, Normal()])


@_draw_mark.register(Raster)
def _(mark: Raster, ax: Axes, drawing: Drawing, order: float) -> None:
    from matplotlib.image import imread

    pixels = imread(BytesIO(mark.png), format="png")
    if not pixels[..., -1].any():
        return  # nothing is seen of it
    ax.imshow(
        pixels,
        extent=(*mark.x, *mark.y),
        aspect="auto",
        interpolation="bilinear" if mark.smooth else "none",
        zorder=order,
    )


def line_style(style: str) -> str | tuple[float, tuple[float, ...]]:
    """Return the pattern of a line for Matplotlib, in points."""
    dashes = DASHES[style]
    if dashes is None:
        return "solid"
    return 0.0, tuple(POINTS_A_PIXEL * length for length in dashes)


def _with_dots(points: np.ndarray, dot: float) -> np.ndarray:
    """Return a curve (n, 2) whose pieces of a single point are lines of the length `dot`."""
    finite = np.isfinite(points).all(axis=1)
    around = np.concatenate([[False], finite, [False]])
    alone = np.flatnonzero(finite & ~around[:-2] & ~around[2:])
    ends = points[alone] + [dot, 0.0]
    return np.insert(points, alone + 1, ends, axis=0)


def _moved(heights: np.ndarray, own: Axis, other: Axis) -> np.ndarray:
    """Return heights on one axis as those of the same places on another."""
    (low, high), (to_low, to_high) = own.limits, other.limits
    return to_low + (heights - low) * (to_high - to_low) / (high - low)


def _inside(points: np.ndarray, drawing: Drawing) -> np.ndarray:
    low, high = np.array([drawing.x.limits, drawing.y.limits]).T
    slack = 1e-9 * (high - low)
    with np.errstate(invalid="ignore"):
        return ((points >= low - slack) & (points <= high + slack)).all(axis=1)
