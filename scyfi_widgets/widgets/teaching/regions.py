"""The regions of a network in a window of a plane: their cells, names, and a picture below all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.relu_form import ReluForm
from ..palette import order_colour
from ..png import palette_png
from ..projection import Limits, Projection
from ..return_map import ReturnMap

COLUMNS, ROWS = 240, 160
MOST_NAMES = 24
MOST_BITS = 12  # of a name that is written into the picture
SMALLEST_NAMED = 0.004  # part of the window that a region with a name fills
HIDDEN = "·"  # stands in a name for a bit that the plane does not decide
GREY, NAMED = (128, 128, 128, 34), 88  # neighbours are told apart; opacity of a word's regions


@dataclass(frozen=True, eq=False)
class RegionMap:
    """The cells into which the borders cut a window.

    Attributes
    ----------
    H : int
        Number of bits of a region.
    visible : (n,) int array
        The units whose bit the plane decides: those whose border is a line in it.
    cells : (c, n) bool array
        Their bits in each cell.
    places : (ROWS, COLUMNS) int array
        The cell of each pixel, the lowest row first.
    centres : (c, 2) array
        In coordinates of the plane.
    parts : (c,) array
        The part of the window that each cell fills.
    limits : pair of (low, high)
    """

    H: int
    visible: np.ndarray
    cells: np.ndarray
    places: np.ndarray
    centres: np.ndarray
    parts: np.ndarray
    limits: tuple[Limits, Limits]

    def cell_of(self, region: np.ndarray) -> int | None:
        """Return the cell in which a region (H,) lies, or None where it is not in the window."""
        matches = np.flatnonzero((self.cells == region[self.visible]).all(axis=1))
        return int(matches[0]) if len(matches) else None

    def name(self, cell: int) -> str:
        """Return the bits of a cell as text; those that the plane does not decide are dots."""
        bits = [HIDDEN] * self.H
        for unit, bit in zip(self.visible, self.cells[cell], strict=True):
            bits[unit] = "1" if bit else "0"
        return "".join(bits)

    @property
    def named(self) -> list[int]:
        """The cells whose names are written: the largest ones, and none if names are too long."""
        if self.H > MOST_BITS:
            return []
        largest = np.argsort(-self.parts, kind="stable")[:MOST_NAMES]
        return [int(cell) for cell in largest if self.parts[cell] >= SMALLEST_NAMED]

    def png(self, word: np.ndarray, order: int) -> bytes:
        """Return a picture in which neighbours differ and the regions of a word are tinted."""
        tints = self.cells.sum(axis=1) % 2  # crossing a border changes one bit
        for region in word:
            cell = self.cell_of(region)
            if cell is not None:
                tints[cell] = 2
        colour = order_colour(order)
        named = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
        palette = np.array([(0, 0, 0, 0), GREY, (*named, NAMED)], np.uint8)
        return palette_png(tints[self.places[::-1]].astype(np.uint8), palette)


def map_regions(
    form: ReluForm, plane: Projection | ReturnMap, limits: tuple[Limits, Limits]
) -> RegionMap:
    """Return the regions of a network in a window of a plane."""
    normals, offsets, visible = visible_borders(form, plane)
    (x0, x1), (y0, y1) = limits
    x = x0 + (np.arange(COLUMNS) + 0.5) * (x1 - x0) / COLUMNS
    y = y0 + (np.arange(ROWS) + 0.5) * (y1 - y0) / ROWS
    pixels = np.stack(np.broadcast_arrays(x, y[:, None]), axis=-1).reshape(-1, 2)
    bits = pixels @ normals.T + offsets > 0.0
    _, first, places, counts = np.unique(
        _numbered(bits), return_index=True, return_inverse=True, return_counts=True
    )
    centres = [np.bincount(places, weights=pixels[:, axis]) / counts for axis in range(2)]
    return RegionMap(
        H=form.H,
        visible=visible,
        cells=bits[first],
        places=places.reshape(ROWS, COLUMNS),
        centres=np.stack(centres, axis=1),
        parts=counts / len(pixels),
        limits=limits,
    )


def _numbered(bits: np.ndarray) -> np.ndarray:
    """Return a value for each row of bits (pixels, n), equal where the rows are."""
    packed = np.packbits(bits, axis=1)
    if packed.shape[1] > 8:
        return np.unique(packed, axis=0, return_inverse=True)[1].ravel()
    eight = np.zeros((len(packed), 8), np.uint8)
    eight[:, : packed.shape[1]] = packed
    return eight.view(np.uint64).ravel()  # ten times as fast as rows


def visible_borders(
    form: ReluForm, plane: Projection | ReturnMap
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return normals (n, 2), offsets (n,) and units (n,) of the borders that are lines in a plane.

    The bit of such a unit at u is ``normal @ u + offset > 0``.
    """
    if isinstance(plane, ReturnMap):
        return np.hstack([form.W2, np.zeros((form.H, 1))]), form.h2, np.arange(form.H)
    normals = form.W2 @ np.linalg.pinv(plane.directions)
    outside = np.abs(form.W2 - normals @ plane.directions).max(axis=1)
    visible = np.flatnonzero(outside <= 1e-9 * np.abs(form.W2).max(axis=1))
    offsets = form.W2 @ plane.origin + form.h2
    return normals[visible], offsets[visible], visible
