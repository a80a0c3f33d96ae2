"""Loss landscapes for papers, drawn with Matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...bifurcations.drawing import INK, PAPER, new_axes
from ...bifurcations.planes.drawing import FAINT, LINES
from ...bifurcations.planes.plane import Plane
from ...models.names import parse_name
from ...palette import EVENT_LINES, order_colour
from ..run import TrainingRun

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .landscape import LossLandscape

GREY = "0.75"
SHOWN_DECADES = 8.0  # above the lowest: where orbits diverge the loss has hundreds of them
LOWEST = 1e-3  # the part of the points that may be below the scale
CASING = 1.6  # points of paper around a line, to be seen on every colour
LABELS = {"loss": "loss", "gradient_norm": "norm of the gradient"}


def draw_landscape(
    landscape: LossLandscape,
    ax: Axes | None,
    quantity: str,
    log: bool,
    curves: Plane | None,
    path: object,
    colorbar: bool,
    style: dict,
) -> Axes:
    """Draw a landscape; see `LossLandscape.plot`."""
    if quantity not in LABELS:
        raise ValueError(f"quantity must be one of {', '.join(LABELS)}, got {quantity!r}")
    _require_same_weights(landscape, curves)
    points = None if path is None else path_points(landscape, path)
    ax = new_axes() if ax is None else ax
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm, Normalize

    heights = getattr(landscape, quantity)
    shown = np.isfinite(heights) & ((heights > 0.0) if log else True)
    low, high, over = _scale_ends(heights[shown])
    settings = {
        "cmap": colormaps["viridis"].with_extremes(bad=GREY),
        "norm": (LogNorm if log else Normalize)(low, high),
        "shading": "nearest",
        "rasterized": True,
        "zorder": 0.0,
    }
    mesh = ax.pcolormesh(
        landscape.values1, landscape.values2, np.ma.masked_where(~shown, heights),
        **(settings | style),
    )  # fmt: skip
    limits = ax.get_xlim(), ax.get_ylim()
    if curves is not None:
        _draw_curves(ax, curves)
    if points is not None:
        _draw_path(ax, points)
    ax.set_xlim(*limits[0])
    ax.set_ylim(*limits[1])
    ax.set_xlabel(landscape.names[0])
    ax.set_ylabel(landscape.names[1])
    if colorbar:
        extend = "max" if over else "neither"
        ax.figure.colorbar(mesh, ax=ax, label=LABELS[quantity], extend=extend)
    return ax


def _scale_ends(heights: np.ndarray) -> tuple[float, float, bool]:
    """Return the ends of the colours' scale, and whether heights are above it."""
    if not len(heights):
        return 0.1, 1.0, False
    low, highest = float(np.quantile(heights, LOWEST)), float(heights.max())
    high = min(highest, low * 10.0**SHOWN_DECADES) if low > 0.0 else highest
    return low, high if high > low else low + max(abs(low), 1e-300), highest > high


def path_points(landscape: LossLandscape, path: object) -> np.ndarray:
    """Return the points (n, 2) of a training in the plane of a landscape.

    Raises
    ------
    TypeError, ValueError
        If `path` is neither a run of such networks nor points.
    """
    if isinstance(path, TrainingRun):
        shapes = {name: array.shape for name, array in path.start.parameters.items()}
        here = {name: array.shape for name, array in landscape.model.parameters.items()}
        if shapes != here:
            raise ValueError(
                f"path must be a run of networks like {landscape.model!r}, got {path.start!r}"
            )
        columns = []
        for name in landscape.names:
            array_name, index = parse_name(name, shapes)
            columns.append(path.parameters[array_name][(slice(None), *index)])
        return np.stack(columns, axis=1)
    points = np.asarray(path)
    if points.dtype.kind not in "iuf":
        raise TypeError(f"path must be a TrainingRun or an (n, 2) array, got {type(path).__name__}")
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"path must be a TrainingRun or of shape (n, 2), got {points.shape}")
    return points.astype(np.float64)


def _require_same_weights(landscape: LossLandscape, curves: Plane | None) -> None:
    if curves is None:
        return
    if not isinstance(curves, Plane):
        raise TypeError(f"curves must be a bifurcation plane, got {type(curves).__name__}")
    if curves.parameters != landscape.names:
        raise ValueError(
            f"curves must be those of {' and '.join(landscape.names)}, "
            f"got a plane of {' and '.join(curves.parameters)}"
        )


def _draw_curves(ax: Axes, plane: Plane) -> None:
    from matplotlib.patheffects import Normal, Stroke

    for curve in plane.curves:
        pattern, width = EVENT_LINES[curve.type]
        (line,) = ax.plot(
            *curve.vertices.T,
            color=order_colour(curve.order),
            linestyle=LINES[pattern],
            linewidth=0.75 * width,
            zorder=2.0,
        )
        strength = 1.0 if curve.stable else FAINT
        outline = Stroke(linewidth=0.75 * width + CASING, foreground=PAPER, alpha=strength)
        line.set_path_effects([outline, Normal()])


def _draw_path(ax: Axes, points: np.ndarray) -> None:
    from matplotlib.patheffects import Normal, Stroke

    (line,) = ax.plot(*points.T, color=INK, linewidth=1.4, zorder=3.0)
    line.set_path_effects([Stroke(linewidth=1.4 + CASING, foreground=PAPER), Normal()])
    look = {"linestyle": "none", "markerfacecolor": PAPER, "markeredgecolor": INK, "zorder": 3.5}
    ax.plot(*points[0], marker="o", markersize=6.0, **look)
    ax.plot(*points[-1], marker="*", markersize=11.0, **look)
