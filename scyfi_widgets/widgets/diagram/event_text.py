"""Events in words: the tooltip of a marker, the legend, and the table."""

from __future__ import annotations

from collections import Counter
from html import escape

from ...bifurcations.diagram import Diagram
from ...bifurcations.events import NAMES, TYPES, Event
from ...cycles.cycle_set import format_number
from ..palette import EVENT_MARKERS, order_colour

MOST_ROWS = 100
MOST_ORDERS = 10
MOST_VALUES = 3
MOST_LETTERS = 60
HEADINGS = ("event", "value", "cycle", "max |λ|", "unstable")
LINES = '<span class="sw-line"></span> stable', '<span class="sw-line sw-dashed"></span> unstable'


def tooltip_html(event: Event, label: str) -> str:
    """Return what is said of an event of a parameter called `label`."""
    values = ", ".join(format_number(value) for value in event.eigenvalues[:MOST_VALUES])
    more = ", …" if len(event.eigenvalues) > MOST_VALUES else ""
    word = event.word_text
    lines = [
        f"<b>{escape(event.name)}</b>",
        f"{_cycle_name(event.order)}, {escape(label)} = {event.value:.12g}",
        f"λ {values}{more}",
        *_circumstances(event),
        f"word {word if len(word) <= MOST_LETTERS else word[:MOST_LETTERS] + ' …'}",
    ]
    return "<br>".join(lines)


def legend_html(diagram: Diagram, note: str = "") -> str:
    """Return the legend: colours of the orders, lines, and the types of events with numbers."""
    orders = Counter(branch.order for branch in diagram.branches)
    items = [
        f'<span style="color:{order_colour(order)}">■</span>&nbsp;{_branches_text(order, number)}'
        for order, number in sorted(orders.items())[:MOST_ORDERS]
    ]
    if len(orders) > MOST_ORDERS:
        items.append(f"and {len(orders) - MOST_ORDERS} more orders")
    items += LINES
    types = Counter(event.type for event in diagram.events)
    items += [
        f'<span title="{escape(NAMES[type])}"><span class="sw-ink">{EVENT_MARKERS[type][2]}</span>'
        f"&nbsp;{types[type]} {_short_name(type)}</span>"
        for type in TYPES
        if type in types
    ]
    items += [note] if note else []
    return f'<div class="sw-legend">{"".join(f"<span>{item}</span>" for item in items)}</div>'


def events_html(diagram: Diagram) -> str:
    """Return the events as a table, by value."""
    shown = diagram.events[:MOST_ROWS]
    head = "".join(f"<th>{text}</th>" for text in HEADINGS)
    body = "".join(_row(event) for event in shown)
    rest = len(diagram.events) - len(shown)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" + (
        f"<p>… and {rest} more in <code>.diagram.events</code></p>" if rest else ""
    )


def _row(event: Event) -> str:
    sign = f'<span class="sw-ink">{EVENT_MARKERS[event.type][2]}</span>'
    dot = f'<span style="color:{order_colour(event.order)}">■</span>'
    doubt = "".join(f"<br><small>{text}</small>" for text in _doubts(event))
    cells = (
        f"{sign} {escape(event.name)}{doubt}",
        f"{event.value:.12g}",
        f"{dot} {_cycle_name(event.order)}",
        f"{event.spectral_radius:.4g}",
        _unstable_text(event),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _circumstances(event: Event) -> list[str]:
    lines = []
    if event.touches:
        lines.append(
            ", ".join(
                f"point {point} on the border of unit {unit}" for point, unit in event.touches
            )
        )
    change = _unstable_text(event)
    return [*lines, *([f"unstable directions {change}"] if change else []), *_doubts(event)]


def _doubts(event: Event) -> list[str]:
    doubts = []
    if event.coincident:
        doubts.append("another event is closer than 1e-9 of the range")
    if not event.confirmed:
        doubts.append("Feigin's parities say otherwise")
    return doubts


def _unstable_text(event: Event) -> str:
    """Return the unstable directions before and after, of every cycle that takes part."""
    sides = (event.unstable_before, event.unstable_after)
    before, after = (", ".join(map(str, side)) or "–" for side in sides)
    return f"{before} → {after}"


def _short_name(type: str) -> str:
    """Return a type's name without what its sign says."""
    short = {"fold": "non-smooth fold", "flip": "flip to twice the order", "border": "degenerate"}
    spectral = {"DTB": "DTB", "DFB": "DFB", "centre": "centre"}
    return {**short, **spectral}.get(type, type)


def _cycle_name(order: int) -> str:
    return "fixed point" if order == 1 else f"{order}-cycle"


def _branches_text(order: int, number: int) -> str:
    return f"{number} {_cycle_name(order)}{'s' if number > 1 else ''}"
