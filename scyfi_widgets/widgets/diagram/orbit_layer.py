"""The orbit diagram as a picture that lies under the branches."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import numpy as np

from ...dynamics import OrbitDiagram
from ..palette import ORBIT_COLOUR
from .branch_curves import Coordinate, heights

WIDTH, HEIGHT = 602, 300
FAINTEST = 110  # of 255: the opacity of a pixel that was visited once
MOST = 0.97  # the part of the visited pixels below full opacity


def orbit_png(orbits: OrbitDiagram, coordinate: Coordinate, limits: tuple[float, float]) -> bytes:
    """Return the density of the orbits as a transparent PNG, the darker the more visits."""
    if coordinate == "norm":
        orbits = replace(orbits, points=heights(orbits.points, "norm")[..., None], coordinates=(0,))
        coordinate = 0
    density = orbits.image(WIDTH, HEIGHT, coordinate, limits)
    opacity = np.zeros(density.shape, np.uint8)
    visited = density > 0.0
    visits = density[visited]
    if len(visits):
        shade = np.minimum(visits / np.quantile(visits, MOST), 1.0)
        opacity[visited] = FAINTEST + (255 - FAINTEST) * shade
    return grey_png(opacity)


def grey_png(opacity: np.ndarray) -> bytes:
    """Return a PNG (PNG specification, third edition) in one colour with an opacity (h, w)."""
    height, width = opacity.shape
    colour = bytes.fromhex(ORBIT_COLOUR[1:])
    lines = np.zeros((height, width + 1), np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = opacity
    eight_bits_with_palette = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", eight_bits_with_palette),
            _chunk(b"PLTE", colour * 256),
            _chunk(b"tRNS", bytes(range(256))),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 1)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check
