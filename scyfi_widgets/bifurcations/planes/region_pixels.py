"""The regions of a plane as a picture: every pixel between two curves has its region's number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...compiled import kernel

if TYPE_CHECKING:
    from .plane import Plane

UNKNOWN = -1
STEPS = 4.0  # looks at a curve per pixel of its length


def region_pixels(plane: Plane, width: int, height: int) -> np.ndarray:
    """Return the number of the region at every pixel, (height, width), the top row first.

    The plane's raster tells the region of some points. It spreads from there to the nearest pixels,
    but never across a curve; a part without any such point stays unknown, -1. A pixel on a curve
    has the number of one side.
    """
    pixels = np.full((height, width), UNKNOWN, np.int64)
    if plane.raster is None:
        return pixels
    (left, right), (low, high) = plane.ranges
    scale = np.array([width / (right - left), height / (low - high)])
    corner = np.array([left, high])
    walls = np.zeros((height, width), np.bool_)
    for curve in plane.curves:
        write_wall((curve.vertices - corner) * scale, walls)
    columns = np.clip(((plane.raster_x - left) * scale[0]).astype(np.int64), 0, width - 1)
    rows = np.clip(((plane.raster_y - high) * scale[1]).astype(np.int64), 0, height - 1)
    pixels[np.ix_(rows, columns)] = plane.raster
    pixels[walls] = UNKNOWN
    known = np.flatnonzero(pixels.ravel() != UNKNOWN)
    queue = np.empty(pixels.size, np.int64)
    queue[: len(known)] = known
    spread(pixels, walls, queue, len(known))
    return pixels


@kernel
def write_wall(vertices, walls):
    """Mark the pixels through which a polyline goes; `vertices` (n, 2) are columns and rows."""
    height, width = walls.shape
    for n in range(len(vertices) - 1):
        across = vertices[n + 1, 0] - vertices[n, 0]
        down = vertices[n + 1, 1] - vertices[n, 1]
        steps = int(STEPS * max(abs(across), abs(down))) + 1
        for step in range(steps + 1):
            column = int(np.floor(vertices[n, 0] + across * step / steps))
            row = int(np.floor(vertices[n, 1] + down * step / steps))
            if 0 <= column < width and 0 <= row < height:
                walls[row, column] = True


@kernel
def spread(numbers, walls, queue, size):
    """Spread numbers to the nearest pixels without one, and then from both sides onto the walls.

    `queue` has room for all pixels; its first `size` entries are those with a number.
    """
    height, width = numbers.shape
    for onto_walls in (False, True):
        first = 0
        while first < size:
            row, column = queue[first] // width, queue[first] % width
            first += 1
            for i, j in (
                (row - 1, column),
                (row + 1, column),
                (row, column - 1),
                (row, column + 1),
            ):
                inside = 0 <= i < height and 0 <= j < width
                if inside and numbers[i, j] < 0 and walls[i, j] == onto_walls:
                    numbers[i, j] = numbers[row, column]
                    queue[size] = i * width + j
                    size += 1
