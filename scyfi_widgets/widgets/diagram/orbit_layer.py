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
MOST = 0.97  # the part of the visited pixels below full opacity


def orbit_png(orbits: OrbitDiagram, coordinate: Coordinate, limits: tuple[float, float]) -> bytes:
    """Return the density of the orbits as a transparent PNG, the darker the more visits."""
    if coordinate == "norm":
        orbits = replace(orbits, points=heights(orbits.points, "norm")[..., None], coordinates=(0,))
        coordinate = 0
    width = PIXELS_A_VALUE * len(orbits.values)
    density = orbits.image(width, HEIGHT, coordinate, limits)
    opacity = np.zeros(density.shape, np.uint8)
    visited = density > 0.0
    visits = density[visited]
    if len(visits):
        shade = np.minimum(visits / np.quantile(visits, MOST), 1.0)
        opacity[visited] = FAINTEST + (255 - FAINTEST) * shade
    return grey_png(opacity)


def grey_png(opacity: np.ndarray) -> bytes:
    """Return a PNG in the colour of the orbits with an opacity (h, w) uint8."""
    palette = np.empty((256, 4), np.uint8)
    palette[:, :3] = list(bytes.fromhex(ORBIT_COLOUR[1:]))
    palette[:, 3] = np.arange(256)
    return palette_png(opacity, palette)
