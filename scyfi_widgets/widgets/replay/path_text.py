"""The path of a training and what lies below it, in words."""

from __future__ import annotations

from collections import Counter
from html import escape

import numpy as np

from ...bifurcations.events import NAMES, TYPES
from ..palette import EVENT_MARKERS, INK_COLOUR, START_COLOUR, order_colour
from ..plane.text import SHORT, line_sample
from .event_words import cycle_name
from .path_ground import GroundPicture
from .path_picture import PathPicture
from .path_surface import DEEPEST, TONE, Surface, forcing_text

MOST_ORDERS = 8


def legend_html(
    path: PathPicture, ground: GroundPicture, quantity: str | None, whole_run: bool
) -> str:
    """Return the legend: the path, the scale of the surface, the curves, and whose they are."""
    items = [
        f'<span style="color:{INK_COLOUR}">━</span> path, thin: still to come',
        f'<span style="color:{START_COLOUR}">●</span> the present epoch',
    ]
    if path.jumps.shape[1]:
        items.append(f'<span style="color:{START_COLOUR}">━</span> loss jump')
    for name, (_, events) in path.signs.items():
        if events:
            sign = f'<span class="sw-ink">{EVENT_MARKERS[name][2]}</span>'
            items.append(f"{sign}&nbsp;{len(events)} {escape(NAMES[name])} on the path")
    if path.unmarked:
        items.append(f"{path.unmarked} more events without a sign")
    if ground.surface is not None:
        items.append(scale_html(ground.surface))
    elif ground.without and quantity is not None:
        items.append(escape(ground.without))
    if ground.curves is not None:
        plane = ground.curves.plane
        orders = sorted({curve.order for curve in plane.curves})
        items += [
            f'<span style="color:{order_colour(order)}">■</span>&nbsp;{cycle_name(order)}'
            for order in orders[:MOST_ORDERS]
        ]
        types = Counter(curve.type for curve in plane.curves)
        items += [
            f'<span title="{escape(NAMES[name])}">{line_sample(name)}&nbsp;'
            f"{SHORT.get(name, name)}</span>"
            for name in TYPES
            if name in types
        ]
        items.append(escape(plane.statement))
    items.append(escape(whose_text(ground, whole_run)))
    return f'<div class="sw-legend">{"".join(f"<span>{item}</span>" for item in items)}</div>'


def scale_html(surface: Surface) -> str:
    """Return the scale of colours with its ends."""
    name = f"{surface.quantity}, {forcing_text(surface.landscape.forcing)}"
    if not np.isfinite(surface.low):
        return escape(f"{name}: nowhere finite")
    tone = f"rgba({TONE[0]},{TONE[1]},{TONE[2]}"
    bar = (
        '<span class="sw-scale" style="background:linear-gradient(to right,'
        f'{tone},0),{tone},{DEEPEST / 255:.2f}))"></span>'
    )
    return (
        f"{escape(name)}&nbsp;{value_text(surface.low)}&nbsp;{bar}&nbsp;{value_text(surface.high)}"
    )


def value_text(value: float) -> str:
    """Return a value with two digits, without an exponent where it is short without one."""
    rounded = float(f"{value:.2g}")
    return f"{rounded:g}" if 1e-4 <= rounded < 1e6 else f"{rounded:.2g}"


def whose_text(ground: GroundPicture, whole_run: bool) -> str:
    """Return of which epoch surface and curves are."""
    parts = "curves" if ground.surface is None else "surface and curves"
    if ground.epoch is None:
        return f"{parts} follow when the clock rests"
    if whole_run:
        return f"{parts} hold for the whole run: only these two weights were trained"
    text = f"{parts} of epoch {ground.epoch}: they depend on all weights"
    return f"{text}; anew when the clock rests" if ground.stale else text
