"""The network beside the figures: its equation and its weights."""

from __future__ import annotations

from html import escape

import numpy as np

from ..models import Model
from ..models.names import format_name
from ..widgets.weights import MOST_SLIDERS

DIGITS = 5


def network_html(model: Model, moving: tuple[str, ...] = ()) -> str:
    """Return a network's equation and weights; the `moving` ones stand out.

    Of a network with more than `MOST_SLIDERS` weights, only those.
    """
    equation = f'<div class="sw-equation">{model.equation}</div>'
    if sum(array.size for array in model.parameters.values()) <= MOST_SLIDERS:
        arrays = [_array(name, array, moving) for name, array in model.parameters.items()]
    else:
        arrays = [
            f'<div class="sw-name">{escape(name)} = <b>{_number(model[name])}</b></div>'
            for name in moving
        ]
    return f'{equation}<div class="sw-arrays">{"".join(arrays)}</div>'


def _array(name: str, array: np.ndarray, moving: tuple[str, ...]) -> str:
    grid = np.atleast_2d(array.T).T
    rows = []
    for i in range(grid.shape[0]):
        cells = []
        for j in range(grid.shape[1]):
            index = (i, j)[: array.ndim]
            moves = format_name(name, index) in moving
            mark = ' class="sw-moving"' if moves else ""
            cells.append(f"<td{mark}>{_number(float(array[index]))}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<table class="sw-weight-table"><caption>{escape(name)}</caption>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _number(value: float) -> str:
    return f"{value:.{DIGITS}g}".replace("-", "−")
