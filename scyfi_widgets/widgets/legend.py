"""The words beside the pictures: legend and tooltip."""

from __future__ import annotations

from html import escape

from ..cycles import Cycle, CycleSet
from ..cycles.cycle_set import format_number
from .palette import CONTINUUM_SIGN, STABILITY_MARKERS, order_colour

MOST_ORDERS = 10
MOST_CONTINUA = 3


def legend_html(cycles: CycleSet, note: str) -> str:
    """Return the legend of what is there: markers, orders with their number, the orbit's end."""
    present = {cycle.stability for cycle in cycles}
    markers = [
        f"<span>{sign} {stability}</span>"
        for stability, (_, _, sign) in STABILITY_MARKERS.items()
        if stability in present
    ]
    counts = list(cycles.counts.items())
    orders = [
        f'<span style="color:{order_colour(order)}">■</span>&nbsp;{_orders_text(order, number)}'
        for order, number in counts[:MOST_ORDERS]
    ]
    if len(counts) > MOST_ORDERS:
        orders.append(f"and {len(counts) - MOST_ORDERS} more orders")
    continua = [
        f'<span style="color:{order_colour(item.order)}">{CONTINUUM_SIGN}</span>&nbsp;'
        f"{escape(item.description)}"
        for item in cycles.continua[:MOST_CONTINUA]
    ]
    items = "".join(f"<span>{item}</span>" for item in (*orders, *continua, *markers))
    return f'<div class="sw-legend">{items}<span>{note}</span></div>'


def tooltip_html(cycle: Cycle, index: int) -> str:
    """Return what is said of one point of a cycle."""
    values = ", ".join(format_number(value) for value in cycle.eigenvalues[:3])
    more = ", …" if len(cycle.eigenvalues) > 3 else ""
    point = ", ".join(f"{value:.4g}" for value in cycle.points[index][:4])
    rest = ", …" if len(cycle.points[index]) > 4 else ""
    word = cycle.word_text
    doubt = doubt_text(cycle)
    return (
        f"<b>{cycle.stability} {cycle.name}</b>{f', {doubt}' if doubt else ''}"
        f"<br>largest |λ| {modulus_text(cycle, 5)}"
        f"<br>λ {values}{more}<br>z ({point}{rest})"
        f"<br>word {word if len(word) <= 60 else word[:60] + ' …'}"
    )


def doubt_text(cycle: Cycle) -> str:
    """Return what is out of the ordinary about a cycle's regions, or an empty text."""
    return "on a border" if cycle.on_border else "" if cycle.decided else "regions not certain"


def modulus_text(cycle: Cycle, digits: int) -> str:
    """Return the largest modulus of an eigenvalue as short text, also beyond 1e308."""
    modulus = cycle.spectral_radius
    return f"{modulus:.{digits}g}" if modulus < float("inf") else cycle.spectral_radius_text


def _orders_text(order: int, number: int) -> str:
    if order == 1:
        return f"{number} fixed point{'s' if number > 1 else ''}"
    return f"{number} {order}-cycle{'s' if number > 1 else ''}"
