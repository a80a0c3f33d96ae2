"""Parameter planes for papers: what the pane shows, drawn with Matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...palette import EVENT_LINES, ORBIT_COLOUR, order_colour
from ..drawing import INK, PAPER, event_label, event_marker, new_axes
from ..events import TYPES
from .curves import CROSSING, Curve
from .region_pixels import UNKNOWN, region_pixels
from .regions import Region

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .plane import Plane

WIDTH, HEIGHT = 900, 600  # pixels of the regions' picture
TINT, GREY_TINT = 0.22, 0.12  # of the colour in the paper
FAINT = 0.4  # opacity of a curve at which no stable cycle takes part
LINES = {"solid": "-", "dashed": "--", "dotted": ":", "dash_dotted": "-."}
LETTER, LINE = 10.0, 26.0  # pixels of that picture, for a text in a column of a journal
SLENDER = 3.0  # a text is so much wider than high
LEGEND_ORDERS = 8


def draw_plane(
    plane: Plane, ax: Axes | None = None, *, regions: bool = True, legend: bool = True
) -> Axes:
    """Draw a plane; see `Plane.plot`."""
    from matplotlib.colors import to_rgb

    ax = new_axes() if ax is None else ax
    (left, right), (low, high) = plane.ranges
    if regions and plane.raster is not None:
        pixels = region_pixels(plane, WIDTH, HEIGHT)
        colours = np.array([_tint(region, to_rgb) for region in plane.regions] + [to_rgb(PAPER)])
        picture = colours[np.where(pixels == UNKNOWN, len(plane.regions), pixels)]
        ax.imshow(picture, extent=(left, right, low, high), aspect="auto", zorder=0.0)
        _label_regions(ax, plane, pixels)
    for curve in plane.curves:
        pattern, width = EVENT_LINES[curve.type]
        ax.plot(
            *curve.vertices.T,
            color=order_colour(curve.order),
            linestyle=LINES[pattern],
            linewidth=0.75 * width,
            alpha=1.0 if curve.stable else FAINT,
            zorder=2.0,
        )
        ax.plot(*_middle(curve), linestyle="none", zorder=3.0, **event_marker(curve.type, 0.8))
    corners = [point.position for point in plane.points if CROSSING not in point.name]
    if corners:
        ax.plot(
            *np.array(corners).T, "s", markersize=4.0, color=PAPER, markeredgecolor=INK, zorder=3.5
        )
    ax.set_xlim(left, right)
    ax.set_ylim(low, high)
    ax.set_xlabel(plane.parameters[0])
    ax.set_ylabel(plane.parameters[1])
    if legend and plane.curves:
        _draw_legend(ax, plane)
    return ax


def _tint(region: Region, to_rgb) -> np.ndarray:
    """Return the colour of the orders that attract there, mixed; grey where none does."""
    attracting = sorted({order for (order, _), stable in region.cycles if stable})
    paper = np.array(to_rgb(PAPER))
    if attracting:
        colour = np.mean([to_rgb(order_colour(order)) for order in attracting], axis=0)
        return (1.0 - TINT) * paper + TINT * colour
    if region.cycles:
        return (1.0 - GREY_TINT) * paper + GREY_TINT * np.array(to_rgb(ORBIT_COLOUR))
    return paper


def _label_regions(ax: Axes, plane: Plane, pixels: np.ndarray) -> None:
    """Write what exists in a region where it has most room, if the text has room there."""
    from scipy.ndimage import distance_transform_edt

    (left, right), (low, high) = plane.ranges
    for region in plane.regions:
        text = region.label.replace("), ", "),\n").replace(" (", "\n(")
        lines = text.split("\n")
        inside = np.pad(pixels == region.number, 1)  # the edge of the plane is one of the region
        room = distance_transform_edt(inside, sampling=(SLENDER, 1.0))[1:-1, 1:-1]
        row, column = np.unravel_index(room.argmax(), room.shape)
        if room[row, column] < max(LETTER * max(map(len, lines)), SLENDER * LINE * len(lines)) / 2:
            continue
        x = left + (column + 0.5) / WIDTH * (right - left)
        y = high - (row + 0.5) / HEIGHT * (high - low)
        ax.annotate(text, (x, y), ha="center", va="center", fontsize="x-small", color=INK)


def _middle(curve: Curve) -> np.ndarray:
    """Return the vertex nearest to the middle of a curve's length."""
    steps = np.linalg.norm(np.diff(curve.vertices, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    return curve.vertices[np.abs(along - along[-1] / 2.0).argmin()]


def _draw_legend(ax: Axes, plane: Plane) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    orders = sorted({curve.order for curve in plane.curves})
    handles = [
        Patch(color=order_colour(order), label="fixed points" if order == 1 else f"{order}-cycles")
        for order in orders[:LEGEND_ORDERS]
    ]
    present = {curve.type for curve in plane.curves}
    for type in TYPES:
        if type in present:
            pattern, width = EVENT_LINES[type]
            look = event_marker(type, 0.8)
            handles.append(
                Line2D(
                    [],
                    [],
                    color=INK,
                    linestyle=LINES[pattern],
                    linewidth=0.75 * width,
                    label=event_label(type),
                    **look,
                )
            )
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize="small",
    )
