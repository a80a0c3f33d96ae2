"""bqplot's markers as Matplotlib's paths: the same outlines, to the last digit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.path import Path


def marker_path(name: str, area: float) -> Path:
    """Return the closed outline of a marker around the origin, upwards positive.

    Parameters
    ----------
    name : {"circle", "square", "diamond", "cross", "triangle-up", "triangle-down"}
    area : float
        What it covers, in square units of the path (d3's definition of a symbol's size).

    Raises
    ------
    ValueError
        If there is no such marker.
    """
    from matplotlib.path import Path

    if name == "circle":
        unit = Path.unit_circle()
        return Path(unit.vertices * math.sqrt(area / math.pi), unit.codes)
    if name not in _CORNERS:
        known = ", ".join(("circle", *_CORNERS))
        raise ValueError(f"marker must be one of {known}, got {name!r}")
    corners = np.array(_CORNERS[name])
    corners *= math.sqrt(area / _enclosed(corners))
    return Path(np.vstack([corners, corners[:1]]), closed=True)


def _enclosed(corners: np.ndarray) -> float:
    """Return the area of a polygon (the shoelace formula)."""
    x, y = corners.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2.0


_SLENDER = math.tan(math.pi / 6.0)  # width over height of the diamond
_HIGH = math.sqrt(3.0) / 2.0  # half the height of a triangle over half its side
_CORNERS = {
    "square": [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)],
    "diamond": [(0.0, 1.0), (_SLENDER, 0.0), (0.0, -1.0), (-_SLENDER, 0.0)],
    "cross": [
        *((-3.0, 1.0), (-1.0, 1.0), (-1.0, 3.0), (1.0, 3.0), (1.0, 1.0), (3.0, 1.0)),
        *((3.0, -1.0), (1.0, -1.0), (1.0, -3.0), (-1.0, -3.0), (-1.0, -1.0), (-3.0, -1.0)),
    ],
    "triangle-up": [(0.0, _HIGH), (1.0, -_HIGH), (-1.0, -_HIGH)],
    "triangle-down": [(0.0, -_HIGH), (1.0, _HIGH), (-1.0, _HIGH)],
}
