"""A cobweb in words and numbers."""

from __future__ import annotations

import numpy as np

from ...cycles import Cycle
from ...models import Model
from ..explain import destination
from ..palette import STABILITY_MARKERS, order_colour
from .cobweb_picture import CobwebPicture
from .formulas import number_text, word_html
from .search import region_map

MOST_CYCLES = 6  # that are listed
MOST_FACTORS = 4  # of a product that are written


def words_html(picture: CobwebPicture, step: int) -> str:
    """Return what the step is that the staircase ends with, and where the orbit goes."""
    lines = [_step(picture, step), f"In the long run {_sentence(picture)}."]
    return f'<div class="sw-here">{"".join(f"<p>{line}</p>" for line in lines)}</div>'


def crossings_html(picture: CobwebPicture) -> str:
    """Return the cycles that the iterate shows, with their slopes."""
    k = picture.iterate
    name = "F" if k == 1 else f"F<sup>{k}</sup>"
    points = sum(cycle.order for cycle in picture.crossings)
    times = "once" if points == 1 else f"{points} times" if points else "nowhere"
    head = (
        f"The graph of {name} meets the diagonal {times}"
        + (": " + _counts(picture) if points else "")
        + f" ({picture.cycles.statement})."
    )
    lines = [head]
    lines += [_slope(picture.model, cycle) for cycle in picture.crossings[:MOST_CYCLES]]
    if len(picture.crossings) > MOST_CYCLES:
        lines.append(f"… and {len(picture.crossings) - MOST_CYCLES} more")
    if points:
        lines.append("Stable: the slope at the crossing is between −1 and 1.")
    return f'<div class="sw-here">{"".join(f"<p>{line}</p>" for line in lines)}</div>'


def legend_html(picture: CobwebPicture) -> str:
    """Return the legend: which line is which."""
    ink = '<span class="sw-ink">━</span>&nbsp;F'
    items = [ink]
    if picture.iterate > 1:
        colour = order_colour(picture.iterate)
        items.append(f'<span style="color:{colour}">━</span>&nbsp;F<sup>{picture.iterate}</sup>')
    items += [
        "dashed: border between regions",
        '<span class="sw-hint">drag the start, or click</span>',
    ]
    return f'<div class="sw-legend">{"".join(f"<span>{item}</span>" for item in items)}</div>'


def _step(picture: CobwebPicture, step: int) -> str:
    z = picture.orbit
    if step == 0:
        return f"Start: z<sub>0</sub> = {number_text(z[0])}."
    before, after = float(z[step - 1]), float(z[step])
    if not np.isfinite([before, after]).all():
        return f"Step {step}: the orbit has gone to infinity."
    region = picture.model.region([before])
    slope, shift = (float(part.ravel()[0]) for part in region_map(picture.model, region))
    sign = "+" if shift >= 0.0 else "−"
    factor = number_text(before) if before >= 0.0 else f"({number_text(before)})"
    return (
        f"<b>Step {step}</b>: z<sub>{step - 1}</sub> = {number_text(before)} lies in region "
        f"{word_html(region[None])}, so z<sub>{step}</sub> = {number_text(slope)} · {factor} "
        f"{sign} {number_text(abs(shift))} = {number_text(after)}."
    )


def _sentence(picture: CobwebPicture) -> str:
    long = picture.model.orbit(picture.orbit[:1], 1000)
    return destination(long, picture.cycles)


def _counts(picture: CobwebPicture) -> str:
    numbers: dict[int, int] = {}
    for cycle in picture.crossings:
        numbers[cycle.order] = numbers.get(cycle.order, 0) + 1
    texts = []
    for order, number in sorted(numbers.items()):
        name = "fixed point" if order == 1 else f"{order}-cycle"
        texts.append(f"{number} {name}{'s' if number > 1 else ''}")
    return ", ".join(texts)


def _slope(model: Model, cycle: Cycle) -> str:
    """Return a cycle's slope as the product of those at its points."""
    sign = STABILITY_MARKERS[cycle.stability][2]
    coloured = f'<span style="color:{order_colour(cycle.order)}">{sign}</span>'
    slopes = model.jacobian(cycle.points)[:, 0, 0]
    product = number_text(float(np.prod(slopes)))
    if 1 < cycle.order <= MOST_FACTORS:
        factors = [number_text(s) if s >= 0.0 else f"({number_text(s)})" for s in slopes]
        product = f"{' · '.join(factors)} = {product}"
    return f"{coloured} {cycle.stability} {cycle.name}: λ = {product}"
