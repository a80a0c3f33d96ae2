"""The words below the figures of a forced orbit."""

from __future__ import annotations

import math

from ..palette import DATA_COLOUR, ORBIT_COLOUR
from .forcing_picture import GENERALISED, ForcedPicture

DASHED = '<span class="sw-line sw-dashed"></span>'
DOTTED = '<span class="sw-line sw-dashed" style="border-top-style:dotted"></span>'


def legend_html(picture: ForcedPicture) -> str:
    """Return the legend, and what the forcing makes of the gradient, in numbers."""
    items = [
        f'<span style="color:{DATA_COLOUR}">■</span> data',
        '<span class="sw-ink">■</span> forced orbit',
        f'<span style="color:{ORBIT_COLOUR}">■</span> free orbit',
        _growth_text(picture),
        f"without forcing {_rate(picture.free_rate)}",
        f"loss {picture.error:.3g}",
        *_bounds(picture),
    ]
    return f'<div class="sw-legend">{"".join(f"<span>{item}</span>" for item in items)}</div>'


def _growth_text(picture: ForcedPicture) -> str:
    forcing = picture.forcing
    name = f"α = {forcing.alpha:.3g}" if forcing.kind == GENERALISED else f"τ = {forcing.interval}"
    if math.isinf(picture.rate):
        factor = math.exp(min(picture.largest, 700.0))
        steps = 1 if forcing.kind == GENERALISED else forcing.interval
        return f"{name}: a gradient goes back {_steps(steps)}, and grows at most {factor:.3g}-fold"
    return f"{name}: growth per step {_rate(picture.rate)}"


def _bounds(picture: ForcedPicture) -> list[str]:
    growth = picture.growth
    if growth is None or growth.kind != GENERALISED:
        return []
    texts = [f"{DOTTED} along this orbit the product shrinks for α > {growth.edge:.3f}"]
    sigma = f"{'largest singular value' if growth.attained else 'bound'} {growth.stretch:.4g}"
    if math.isnan(growth.safe):
        texts.append("no α is sure: the data do not tell all units")
    else:
        texts.append(f"{DASHED} none can grow from 1 − 1/σ = {growth.safe:.4f} on ({sigma})")
    return texts


def _rate(rate: float) -> str:
    return f"{rate:+.3f}".replace("-", "−")


def _steps(number: int) -> str:
    return "1 step" if number == 1 else f"{number} steps"
