"""The orbit diagram as a picture that lies under the branches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...dynamics import OrbitDiagram
from ..palette import ORBIT_COLOUR
from ..png import palette_png
from .branch_curves import Coordinate, heights

PIXELS_A_VALUE, HEIGHT = 2, 300
FAINTEST = 110  # of 255: the opacity of a pixel that was visited once
LEVELS = 15  # of opacity: with none, as many as half a byte holds
MOST = 0.97  # the part of the visited pixels below full opacity


def orbit_png(orbits: OrbitDiagram, coordinate: Coordinate, limits: tuple[float, float]) -> bytes:
    """Return the density of the orbits as a transparent PNG, the darker the more visits."""
    if coordinate == "norm":
        orbits = replace(orbits, points=heights(orbits.points, "norm")[..., None], coordinates=(0,))
        coordinate = 0
    width = PIXELS_A_VALUE * len(orbits.values)
    density = orbits.image(width, HEIGHT, coordinate, limits)
    levels = np.zeros(density.shape, np.uint8)
    visited = density > 0.0
    visits = density[visited]
    if len(visits):
        shade = np.minimum(visits / np.quantile(visits, MOST), 1.0)
        levels[visited] = 1 + np.round((LEVELS - 1) * shade)
    return grey_png(levels)


def grey_png(levels: np.ndarray) -> bytes:
    """Return a PNG in the colour of the orbits with levels of opacity (h, w) uint8, 0 for none."""
    palette = np.empty((1 + LEVELS, 4), np.uint8)
    palette[:, :3] = list(bytes.fromhex(ORBIT_COLOUR[1:]))
    palette[:, 3] = [0, *np.linspace(FAINTEST, 255, LEVELS)]
    return palette_png(levels, palette)
