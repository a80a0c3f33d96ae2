"""The words below the figures of the gradient at a bifurcation."""

from __future__ import annotations

from html import escape

from ...bifurcations.events import NAMES
from ...training.lens.lens import EventGradient
from ...training.lens.sides import Side
from ..legend import modulus_text
from ..palette import EVENT_MARKERS, ORBIT_COLOUR
from .gradient_marks import LOSS_COLOUR, SIDES
from .gradient_picture import GradientPicture

DOTTED = '<span class="sw-line sw-dashed" style="border-top-style:dotted"></span>'


def legend_html(picture: GradientPicture) -> str:
    """Return the legend, the numbers at the present value, and the laws of the events."""
    lens, steps = picture.lens, len(picture.sensitivity.orbit) - 1
    items = [
        f'<span style="color:{LOSS_COLOUR}">━</span> loss',
        f'<span style="color:{ORBIT_COLOUR}">━</span> gradient norm, for a long sequence',
        f"{DOTTED} the same for {steps} steps",
        f'<span style="color:{ORBIT_COLOUR}">━</span> ‖∂z<sub>t</sub>/∂z<sub>0</sub>‖',
        f'<span class="sw-ink">━</span> ‖∂z<sub>t</sub>/∂{escape(lens.line.label)}‖',
        _here(picture),
        *[_law(each) for each in lens.events],
    ]
    if not lens.events:
        items.append("no bifurcation of an attracting cycle in this range")
    return f'<div class="sw-legend">{"".join(f"<span>{item}</span>" for item in items)}</div>'


def _here(picture: GradientPicture) -> str:
    where = f"<b>{escape(picture.lens.line.label)} = {picture.value:.6g}</b>"
    if picture.cycle is None:
        return f"{where}: no cycle attracts here"
    return (
        f"{where}: {picture.cycle.name}, largest |λ| {modulus_text(picture.cycle, 4)}, "
        f"gradient norm {picture.gradient_norm:.4g}"
    )


def _law(each: EventGradient) -> str:
    event = each.event
    sign = f'<span class="sw-ink">{EVENT_MARKERS[event.type][2]}</span>'
    sides = "; ".join(
        f'<span style="color:{SIDES[side.direction][1]}">{SIDES[side.direction][0]}</span> '
        f"{escape(_outcome(side))}"
        for side in (each.left, each.right)
    )
    return f"{sign} {escape(NAMES[event.type])} at {event.value:.8g}: {sides}"


def _outcome(side: Side) -> str:
    if side.outcome in ("diverges", "vanishes"):
        power = f"{-side.exponent:.4f}".replace("-", "−")
        return f"norm ~ distance to the power {power}"
    return side.text
