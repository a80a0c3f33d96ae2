"""The words beside the pictures: legend and tooltip."""

from __future__ import annotations

from ..cycles import Cycle, CycleSet
from ..cycles.cycle_set import format_number
from .palette import STABILITY_MARKERS, order_colour

MOST_ORDERS = 10


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
    items = "".join(f"<span>{item}</span>" for item in (*orders, *markers))
    return f'<div class="sw-legend">{items}<span>{note}</span></div>'


def tooltip_html(cycle: Cycle, index: int) -> str:
    """Return what is said of one point of a cycle."""
    values = ", ".join(format_number(value) for value in cycle.eigenvalues[:3])
    more = ", …" if len(cycle.eigenvalues) > 3 else ""
    point = ", ".join(f"{value:.4g}" for value in cycle.points[index][:4])
    rest = ", …" if len(cycle.points[index]) > 4 else ""
    word = cycle.word_text
    return (
        f"<b>{cycle.stability} {cycle.name}</b><br>largest |λ| {cycle.spectral_radius:.5g}"
        f"<br>λ {values}{more}<br>z ({point}{rest})"
        f"<br>word {word if len(word) <= 60 else word[:60] + ' …'}"
    )


def _orders_text(order: int, number: int) -> str:
    if order == 1:
        return f"{number} fixed point{'s' if number > 1 else ''}"
    return f"{number} {order}-cycle{'s' if number > 1 else ''}"
