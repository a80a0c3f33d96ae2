"""Regions of a parameter plane as soft colours and as words, where there is room for them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...bifurcations.planes.regions import Region, label_parts
from ..palette import ORBIT_COLOUR, ORDER_TONES, colour_index
from ..png import palette_png

WIDTH, HEIGHT = 480, 320  # of the picture of the regions
STRIPE = 5  # pixels: where several cycles attract, their colours take turns
# Of 255: the opacity with one cycle, with each more, at most.
FAINTEST, DEEPER, DEEPEST = 64, 10, 110
GREY_FAINTEST, GREY_DEEPEST = 28, 68
CLEAR = palette_png(np.zeros((1, 1), np.uint8), np.zeros((1, 4), np.uint8))

# The room that text takes, in pixels of that picture; the figure on screen is half as large again.
ON_SCREEN = 1.5
LETTER = 4.2
LINE_ABOVE, LINE_BELOW = 8, 8
MOST_LABELS = 24


@dataclass(frozen=True, eq=False)
class Labels:
    """Texts and their places, in parts of the plane's width and height from the lower left."""

    texts: tuple[str, ...]
    places: np.ndarray  # (n, 2)


def tint_png(pixels: np.ndarray, regions: Sequence[Region]) -> bytes:
    """Return the regions in the colours of the orders that attract there, as a transparent PNG.

    Grey: cycles, but none that attracts. Stripes: several attract. Deeper: more cycles.

    Parameters
    ----------
    pixels : (h, w) int array
        The region of each pixel, see `region_pixels`.
    regions : sequence of Region
    """
    palette: dict[tuple[int, ...], int] = {(0, 0, 0, 0): 0}
    looks = [_look(region) for region in regions]
    turns = math.lcm(*(len(look) for look in looks))
    table = np.zeros((len(regions) + 1, turns), np.int64)  # the last row is for no region: clear
    for number, look in enumerate(looks):
        places = [palette.setdefault(colour, len(palette)) for colour in look]
        table[number] = [places[turn % len(look)] for turn in range(turns)]
    height, width = pixels.shape
    stripe = (np.arange(height)[:, None] + np.arange(width)) // STRIPE % turns
    colours = np.array(list(palette), np.uint8)[:256]
    return palette_png(np.minimum(table[pixels, stripe], 255).astype(np.uint8), colours)


def _look(region: Region) -> list[tuple[int, int, int, int]]:
    """Return the colours of a region, as red, green, blue and opacity."""
    if not region.cycles:
        return [(0, 0, 0, 0)]
    orders = Counter(key[0] for key, stable in region.cycles if stable)
    tones = [
        ORDER_TONES[colour_index(order)][tone % len(ORDER_TONES[0])]
        for order in sorted(orders)
        for tone in range(orders[order])
    ]
    faintest, deepest = (FAINTEST, DEEPEST) if tones else (GREY_FAINTEST, GREY_DEEPEST)
    opacity = min(faintest + DEEPER * (len(region.cycles) - 1), deepest)
    return [(*bytes.fromhex(tone[1:]), opacity) for tone in tones or [ORBIT_COLOUR]]


def labels_of(
    pixels: np.ndarray, regions: Sequence[Region], larger: tuple[float, float] = (1.0, 1.0)
) -> Labels:
    """Return the labels of all regions with room for one, large regions first.

    A region is called by its whole label, or by a short one, or not at all. Regions that differ
    only in words have one label: nobody can see where one ends.

    Parameters
    ----------
    pixels : (h, w) int array
        The region of each pixel, see `region_pixels`.
    regions : sequence of Region
    larger : (float, float)
        How much wider and higher the text is, beside the picture, than on screen.
    """
    letter, line = LETTER * larger[0], (LINE_ABOVE * larger[1], LINE_BELOW * larger[1])
    names: dict[str, int] = {}
    kinds = np.array([names.setdefault(region.label, len(names)) for region in regions] + [-1])
    owner = {kinds[region.number]: region for region in reversed(regions)}
    coarse = np.ascontiguousarray(kinds[pixels[::2, ::2]])
    parts = np.full(coarse.shape, -1, np.int64)
    count = label_parts(coarse, parts, np.empty(coarse.size, np.int64))
    sizes = np.bincount(parts.ravel(), minlength=count)
    texts, places = [], []
    for part in np.argsort(-sizes, kind="stable")[:MOST_LABELS]:
        inside = parts == part
        row, column = (int(i) for i in np.argwhere(inside)[0])
        if coarse[row, column] < 0:
            continue
        region = owner[coarse[row, column]]
        for text in (region.label, short_label(region)):
            place = _room(inside, 0.5 * letter * (len(text) + 2), line)
            if place is not None:
                texts.append(text)
                height, width = coarse.shape
                places.append(((place[0] + 0.5) / width, 1.0 - (place[1] + 0.5) / height))
                break
    return Labels(tuple(texts), np.array(places).reshape(-1, 2))


def short_label(region: Region) -> str:
    """Return the orders of a region's cycles, with a star for those that attract: ``1* 1 2``."""
    counts = Counter((key[0], not stable) for key, stable in region.cycles)
    words = []
    for (order, unstable), number in sorted(counts.items()):
        name = f"{order}" if unstable else f"{order}*"
        words += [name] * number if number < 3 else [f"{number}×{name}"]
    return " ".join(words) or "none"


def _room(inside: np.ndarray, length: float, line: tuple[float, float]) -> tuple[float, int] | None:
    """Return the column and row of the middle of a free strip of some length, or None.

    It is free as far above and below as a `line` of text reaches, in pixels of twice the size.
    """
    free = inside.copy()
    above, below = (int(room // 2) for room in line)
    for shift in range(1, above + 1):
        free[shift:] &= inside[:-shift]
        free[:shift] = False
    for shift in range(1, below + 1):
        free[:-shift] &= inside[shift:]
        free[-shift:] = False
    edges = np.diff(np.pad(free, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, stops = np.nonzero(edges == -1)
    lengths = stops - starts
    enough = np.flatnonzero(lengths >= length)
    if not len(enough):
        return None
    centre = np.flatnonzero(inside.any(axis=1)).mean()
    # The middle of a region looks best, but rather a little off than squeezed.
    squeezed = np.maximum(1.5 * length - lengths[enough], 0.0)
    best = enough[np.argmin(np.abs(rows[enough] - centre) + squeezed)]
    return 0.5 * (starts[best] + stops[best] - 1), int(rows[best])
