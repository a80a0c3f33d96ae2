"""What the eigenvalues say is about to happen."""

from __future__ import annotations

from collections import Counter

from ...cycles.cycle_set import format_number
from ..palette import STABILITY_MARKERS, order_colour
from .circle_picture import Approach, CirclePicture

NEAR = 0.1  # of |λ| - 1: a cycle is said to be near a bifurcation
NEAR_BORDER = 0.03  # part of max |W2 z + h2|
MOST_LINES = 4
MOST_ORDERS = 8
COMES = {
    "DTB": "it goes to infinity there, and comes back from the other side: "
    "<b>degenerate transcritical</b> (DTB)",
    "DFB": "its stability changes through a continuum of cycles of twice the order: "
    "<b>degenerate flip</b> (DFB)",
    "centre": "a pair crosses, and invariant curves fill a region: <b>centre</b>",
}
PLACES = {"DTB": "+1", "DFB": "−1", "centre": "the circle"}
TRENDS = {1: ", coming nearer", -1: ", going away", 0: ""}


def forecast_html(picture: CirclePicture) -> str:
    """Return in words which cycles are near a bifurcation, and near which."""
    near = [item for item in picture.approaches if abs(item.distance) < NEAR]
    lines = [_on_circle(item) for item in near[:MOST_LINES]]
    if len(near) > MOST_LINES:
        lines.append(f"… and {len(near) - MOST_LINES} more cycles near the circle")
    borders = sorted(
        (item for item in picture.approaches if item.border < NEAR_BORDER),
        key=lambda item: item.border,
    )
    lines += [_on_border(item) for item in borders[:2]]
    if not picture.approaches:
        lines.append("There is no cycle up to this order: every orbit goes elsewhere.")
    elif not lines:
        item = picture.approaches[0]
        lines.append(
            f"No bifurcation is near. Nearest to the circle: {_name(item)}, {_value(item)}."
        )
    return f'<div class="sw-here">{"".join(f"<p>{line}</p>" for line in lines)}</div>'


def legend_html(picture: CirclePicture) -> str:
    """Return the legend: the signs and orders that are there, and what is not seen."""
    stabilities = Counter(cycle.stability for cycle in picture.cycles)
    items = [
        f"{sign} {name}" for name, (_, _, sign) in STABILITY_MARKERS.items() if stabilities[name]
    ]
    for order in list(picture.cycles.counts)[:MOST_ORDERS]:
        name = "fixed points" if order == 1 else f"{order}-cycles"
        items.append(f'<span style="color:{order_colour(order)}">■</span>&nbsp;{name}')
    if picture.trail.size:
        items.append("grey: the networks before")
    if picture.outside:
        items.append(f"{picture.outside} eigenvalues lie outside this window")
    items.append(picture.cycles.statement)
    return f'<div class="sw-legend">{"".join(f"<span>{item}</span>" for item in items)}</div>'


def _on_circle(item: Approach) -> str:
    place = PLACES[item.type]
    side = "inside" if item.distance < 0.0 else "outside"
    where = f"at {place}" if abs(item.distance) < 1e-9 else f"just {side} {place}"
    return f"{_name(item)}: {_value(item)}, {where}{TRENDS[item.trend]}: {COMES[item.type]}."


def _on_border(item: Approach) -> str:
    return (
        f"{_name(item)}: a point is {item.cycle.margin:.3g} from a border"
        f"{TRENDS[item.border_trend]}: <b>border collision</b>. Its eigenvalues do not tell: "
        "they jump when it comes."
    )


def _name(item: Approach) -> str:
    cycle = item.cycle
    sign = STABILITY_MARKERS[cycle.stability][2]
    return f'<span style="color:{order_colour(cycle.order)}">{sign}</span> {cycle.stability} ' + (
        cycle.name
    )


def _value(item: Approach) -> str:
    if item.type == "centre":
        return f"|λ| = {1.0 + item.distance:.4g}"
    return f"λ = {format_number(item.value.real)}".replace("-", "−")
