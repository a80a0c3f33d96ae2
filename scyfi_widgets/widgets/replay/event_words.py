"""The bifurcations and the loss jumps of a training in words."""

from __future__ import annotations

from html import escape

from ...cycles.cycle_set import format_number
from ...training import LossJump, RunEvent

MOST_VALUES = 3


def cycle_name(order: int) -> str:
    """Return what a cycle of an order is called."""
    return "fixed point" if order == 1 else f"{order}-cycle"


def event_text(event: RunEvent) -> str:
    """Return what a bifurcation is, in one line."""
    return f"{event.name} of a {cycle_name(event.order)}, epoch {event.epoch:.6f}".rstrip("0")


def event_html(event: RunEvent) -> str:
    """Return what is said of a bifurcation under the mouse."""
    values = ", ".join(format_number(value) for value in event.eigenvalues[:MOST_VALUES])
    more = ", …" if len(event.eigenvalues) > MOST_VALUES else ""
    lines = [
        f"<b>{escape(event.name)}</b>",
        f"{cycle_name(event.order)}, epoch {event.epoch:.8g}",
        f"λ {values}{more}",
    ]
    if event.attracting:
        lines.append("an attracting cycle takes part")
    return "<br>".join(lines)


def jump_text(jump: LossJump) -> str:
    """Return what a loss jump is, in one line."""
    return (
        f"loss {jump.direction} by a factor {jump.factor:.3g}, epochs {jump.start} to {jump.stop}"
    )


def jump_html(jump: LossJump) -> str:
    """Return what is said of a loss jump under the mouse."""
    return f"<b>loss jump</b><br>{escape(jump_text(jump))}<br>p = {jump.significance:.2g}"
