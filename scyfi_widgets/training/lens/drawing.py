"""The gradient through bifurcations for papers, drawn with Matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...bifurcations.drawing import INK, event_label, event_marker, new_axes
from ...palette import EVENT_MARKERS, order_colour
from .sides import DIVERGES, Side

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .lens import EventGradient, GradientLens

LEFT, RIGHT = order_colour(1), order_colour(4)
HEADROOM = 30.0  # times the largest norm away from the events: a divergence is cut off there


def draw_lens(lens: GradientLens, ax: Axes | None = None, *, legend: bool = True) -> Axes:
    """Draw a lens along its line; see `GradientLens.plot`."""
    from matplotlib.lines import Line2D

    ax = new_axes() if ax is None else ax
    orders = {}
    for each in lens.attractors:
        orders[each.order] = order_colour(each.order)
        ax.plot(each.values, each.gradient_norm, color=orders[each.order], linewidth=1.8)
    known = [each.gradient_norm[each.gradient_norm > 0.0] for each in lens.attractors]
    norms = np.concatenate([*known, np.empty(0)])
    ax.set_yscale("log")
    if len(norms):
        low, high = norms.min(), min(norms.max(), HEADROOM * np.quantile(norms, 0.95))
        ax.set_ylim(0.5 * low, 2.0 * high)
    ax.set_xlim(lens.line.lo, lens.line.hi)
    types = {}
    for each in lens.events:
        type, value = each.event.type, each.event.value
        types[type] = event_marker(type, 1.0)
        ax.axvline(value, color=INK, linewidth=0.6, alpha=0.4, zorder=1.0)
        ax.plot(
            value, 0.0, linestyle="none", transform=ax.get_xaxis_transform(), clip_on=False,
            zorder=3.0, **types[type],
        )  # fmt: skip
    ax.set_xlabel(lens.line.label)
    ax.set_ylabel("norm of the gradient of the loss")
    if legend and (orders or types):
        handles = [
            Line2D([], [], color=colour, linewidth=2.2, label=_cycle_name(order))
            for order, colour in sorted(orders.items())
        ]
        handles += [
            Line2D([], [], linestyle="none", label=event_label(type), **types[type])
            for type in EVENT_MARKERS
            if type in types
        ]
        ax.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0,
            frameon=False, fontsize="small",
        )  # fmt: skip
    return ax


def draw_event(each: EventGradient, ax: Axes | None = None, *, legend: bool = True) -> Axes:
    """Draw one event; see `EventGradient.plot`."""
    ax = new_axes() if ax is None else ax
    for side, colour, marker in ((each.left, LEFT, "<"), (each.right, RIGHT, ">")):
        if not np.isfinite(side.gradient_norm).any():
            continue
        ax.plot(side.distances, side.gradient_norm, color=colour, linewidth=1.6, label=_law(side))
        ax.plot(
            side.distances, side.simulated, linestyle="none", marker=marker, markersize=4.0,
            markerfacecolor="none", markeredgecolor=colour,
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(f"distance from {each.event.value:.6g}")
    ax.set_ylabel("norm of the gradient of the loss")
    ax.set_title(event_label(each.event.type).replace("\n", " "), fontsize="medium")
    if legend and ax.lines:
        ax.legend(frameon=False, fontsize="small")
    return ax


def _law(side: Side) -> str:
    name = "left" if side.direction < 0 else "right"
    if side.outcome == DIVERGES:
        return f"{name}: slope {-side.exponent:.4g}"
    return f"{name}: {side.text}"


def _cycle_name(order: int) -> str:
    return "fixed point" if order == 1 else f"{order}-cycle"
