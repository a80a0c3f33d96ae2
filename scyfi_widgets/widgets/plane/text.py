"""A parameter plane in words: tooltips, the legend, the statement, the region one is in."""

from __future__ import annotations

from collections import Counter
from html import escape

from ...bifurcations.events import NAMES, TYPES
from ...bifurcations.planes.curves import CROSSING, CodimensionTwo, Curve
from ...bifurcations.planes.plane import Plane
from ..html_parts import badge_html
from ..palette import EVENT_LINES, EVENT_MARKERS, order_colour
from .picture import PlanePicture, drawn_curves

MOST_ORDERS = 10
MOST_LETTERS = 60
MOST_CURVES = 6  # that a tooltip names
POINT_SIGN = "◻"
DASHES = {"solid": "", "dashed": "6 4", "dotted": "0.1 4.5", "dash_dotted": "6 3.5 0.1 3.5"}
SHORT = {"fold": "non-smooth fold", "flip": "flip to twice the order", "border": "degenerate"}
REGIONS_KEY = (
    "tint: the order that attracts, stripes: several, grey: none; 1* 2: a stable fixed point, "
    "an unstable 2-cycle"
)


def curve_html(curve: Curve, parameters: tuple[str, str], place: tuple[float, float]) -> str:
    """Return what is said of a place on a curve."""
    word = curve.word_text
    at = ", ".join(f"{escape(n)} = {v:.6g}" for n, v in zip(parameters, place, strict=True))
    lines = [
        f"<b>{escape(curve.name)}</b>",
        f"{cycle_name(curve.order)}, {'a stable cycle takes part' if curve.stable else 'unstable'}",
        at,
        *(f"point {point} on the border of unit {unit}" for point, unit in curve.touches),
        f"word {word if len(word) <= MOST_LETTERS else word[:MOST_LETTERS] + ' …'}",
    ]
    return "<br>".join(lines)


def point_html(point: CodimensionTwo, plane: Plane) -> str:
    """Return what is said of a point of codimension two."""
    values = zip(plane.parameters, point.position, strict=True)
    lines = [f"<b>{escape(point.name)}</b>", *(f"{escape(n)} = {v:.12g}" for n, v in values)]
    curves = [plane.curves[number] for number in point.curves]
    names = [f"{curve.name}, {cycle_name(curve.order)}" for curve in curves]
    lines += [escape(name) for name in dict.fromkeys(names)]
    return "<br>".join(lines[: 3 + MOST_CURVES])


def legend_html(picture: PlanePicture) -> str:
    """Return the legend: orders, the types of curves with their numbers, the special points."""
    plane = picture.plane
    orders = sorted({curve.order for curve in plane.curves})
    items = [
        f'<span style="color:{order_colour(order)}">■</span>&nbsp;{cycle_name(order)}s'
        for order in orders[:MOST_ORDERS]
    ]
    if len(orders) > MOST_ORDERS:
        items.append(f"and {len(orders) - MOST_ORDERS} more orders")
    types = Counter(curve.type for curve in plane.curves)
    items += [
        f'<span title="{escape(NAMES[type])}">{line_sample(type)}&nbsp;'
        f"{SHORT.get(type, type)}</span>"
        for type in TYPES
        if type in types
    ]
    special = len(plane.points) - sum(point.name == CROSSING for point in plane.points)
    if special:
        items.append(f'<span class="sw-ink">{POINT_SIGN}</span>&nbsp;{special} of codimension two')
    if any(not curve.stable for curve in plane.curves):
        items.append("faint: no stable cycle takes part")
    if plane.regions:
        items.append(REGIONS_KEY)
    left_out = len(plane.curves) - len(drawn_curves(plane))
    if left_out:
        items.append(f"{left_out} more curves in <code>.plane</code>")
    return f'<div class="sw-legend">{"".join(f"<span>{item}</span>" for item in items)}</div>'


def here_html(picture: PlanePicture, known: bool = True) -> str:
    """Return where one is, and what is there if it is `known`."""
    values = zip(picture.plane.parameters, picture.position, strict=True)
    at = ", ".join(f"{escape(n)} = {v:.6g}" for n, v in values)
    region = picture.region if known else None
    if not picture.inside:
        what = "outside this range"
    elif region is None:
        what = "…"
    else:
        what = f"<b>{escape(region.label)}</b>"
    return f'<div class="sw-here">{at}: {what}</div>'


def progress_html(done: int, steps: int) -> str:
    """Return how many of the lines of a plane were looked at, as a badge."""
    return badge_html(f"refining, {done} of {steps} rows and columns …", "growing")


def status_html(plane: Plane) -> str:
    """Return what may be said about a plane, as a badge."""
    proved = plane.proved_lines > 0 and not plane.stopped and not plane.lost
    return badge_html(plane.statement, "proved" if proved else "searched")


def cycle_name(order: int) -> str:
    """Return the name of a cycle of an order."""
    return "fixed point" if order == 1 else f"{order}-cycle"


def line_sample(type: str) -> str:
    """Return a piece of a type's curve with its sign."""
    style, width = EVENT_LINES[type]
    dash = f' stroke-dasharray="{DASHES[style]}"' if DASHES[style] else ""
    line = (
        '<svg class="sw-sample" width="30" height="8" viewBox="0 0 30 8">'
        f'<line x1="2" y1="4" x2="28" y2="4" stroke-width="{width}"{dash}></line></svg>'
    )
    return f'{line}&nbsp;<span class="sw-ink">{EVENT_MARKERS[type][2]}</span>'
