"""A network of one unit as a function of a number: its borders and the graphs of its iterates."""

from __future__ import annotations

import numpy as np

from ...models import Model
from ...models.relu_form import ReluForm

MOST_PIECES = 20_000  # of a graph


def borders_of(form: ReluForm) -> np.ndarray:
    """Return where the borders of a network with one unit are, sorted."""
    sides = form.W2[:, 0] != 0.0
    return np.unique(-form.h2[sides] / form.W2[sides, 0])


def iterate_graph(model: Model, low: float, high: float, iterate: int = 1) -> np.ndarray:
    """Return the corners (2, n) of the graph of F^k over [low, high], exact up to rounding.

    F is linear between borders, so F^k is between the places that k - 1 steps take to a border.

    Parameters
    ----------
    model : Model
        With one unit.
    low, high : float
    iterate : int
        k, at least 1.

    Raises
    ------
    ValueError
        If the graph has more than 20,000 pieces.
    """
    borders = borders_of(model.relu_form)
    x = np.array([low, *borders[(borders > low) & (borders < high)], high])
    y = model.step(x[:, None])[:, 0]
    for _ in range(iterate - 1):
        x, y = _cut(x, y, borders)
        if len(x) > MOST_PIECES:
            raise ValueError(
                f"the graph of the {iterate}th iterate has more than {MOST_PIECES:,} pieces here: "
                "take a lower one"
            )
        y = model.step(y[:, None])[:, 0]
    return np.stack([x, y])


def _cut(x: np.ndarray, y: np.ndarray, borders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a polyline with another corner wherever its height is that of a border."""
    places, heights = [x], [y]
    for border in borders:
        side = y > border
        crossed = np.flatnonzero(side[1:] != side[:-1])
        part = (border - y[crossed]) / (y[crossed + 1] - y[crossed])
        inside = (part > 0.0) & (part < 1.0)
        crossed, part = crossed[inside], part[inside]
        places.append(x[crossed] + part * (x[crossed + 1] - x[crossed]))
        heights.append(np.full(len(crossed), border))
    x, y = np.concatenate(places), np.concatenate(heights)
    order = np.argsort(x, kind="stable")
    return x[order], y[order]
