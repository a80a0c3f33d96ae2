"""A legend in lines: what stands where, in points from the upper left, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ..drawing import Signs
from .axes import POINTS_A_PIXEL, add_signs
from .colours import paper_colour
from .legend import Entry, Part, Scale, Sign, Stroke, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE_HEIGHT = 1.42  # of the size of the text
ENTRY_GAP, PART_GAP = 9.0, 2.5  # points
SIGN_AREA, SIGN_WIDTH = 46.0, 8.0  # CSS pixels; the width in points, with what is left free
EDGE, HOLLOW_EDGE = 1.0, 1.7  # CSS pixels
BAR = 0.65  # height of a scale, of the size of the text
GRADIENT = 64  # steps of a scale


@dataclass(frozen=True)
class Placed:
    """A part of a legend, and the left end of its line's middle, in points, downwards."""

    part: Part
    x: float
    y: float


@dataclass(frozen=True)
class Flow:
    """A legend in lines.

    Attributes
    ----------
    placed : tuple of Placed
    height : float
        Points.
    """

    placed: tuple[Placed, ...]
    height: float


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of a text in points, in the font of the present settings."""
    from matplotlib import rcParams

    return _width(text, size, weight, tuple(rcParams["font.family"]))


@lru_cache(maxsize=4096)
def _width(text: str, size: float, weight: str, family: tuple[str, ...]) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=list(family), size=size, weight=weight)
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])


def flow(entries: tuple[Entry, ...], width: float, size: float) -> Flow:
    """Return a legend in lines of a width; an entry is broken only if it fits in no line."""
    placed: list[Placed] = []
    line, x = 0, 0.0
    for entry in entries:
        pieces = _pieces(entry, width, size)
        whole = _length(pieces, size)
        if x > 0.0 and x + whole > width:
            line, x = line + 1, 0.0
        for number, (part, gap, own) in enumerate(pieces):
            if number and x + gap + own > width:
                line, x = line + 1, 0.0
            elif number:
                x += gap
            placed.append(Placed(part, x, (line + 0.5) * LINE_HEIGHT * size))
            x += own
        x += ENTRY_GAP
    return Flow(tuple(placed), (line + 1) * LINE_HEIGHT * size if placed else 0.0)


def _pieces(entry: Entry, width: float, size: float) -> list[tuple[Part, float, float]]:
    """Return the parts with the gap before and the length of each; long texts word by word."""
    pieces = [(part, PART_GAP, _own(part, size)) for part in entry]
    if _length(pieces, size) <= width:
        return pieces
    blank = text_width("a a", size) - text_width("aa", size)
    broken = []
    for part, gap, own in pieces:
        if isinstance(part, Words):
            for number, word in enumerate(part.text.split()):
                broken.append((Words(word), blank if number else gap, text_width(word, size)))
        else:
            broken.append((part, gap, own))
    return broken


def _length(pieces: list[tuple[Part, float, float]], size: float) -> float:
    return sum(own for *_, own in pieces) + sum(gap for _, gap, _ in pieces[1:])


def _own(part: Part, size: float) -> float:
    match part:
        case Words(text):
            return text_width(text, size)
        case Sign():
            return SIGN_WIDTH
        case Stroke() | Scale():
            return POINTS_A_PIXEL * part.length
    raise TypeError(f"a {type(part).__name__} has no place in a legend")


def draw_flow(canvas: Axes, legend: Flow, left: float, top: float, size: float) -> None:
    """Draw a legend on axes whose data are points, upwards, that cover the page."""
    from matplotlib.lines import Line2D

    for item in legend.placed:
        x, y = left + item.x, top - item.y
        match item.part:
            case Words(text):
                canvas.text(x, y, text, fontsize=size, verticalalignment="center_baseline")
            case Sign():
                _draw_sign(canvas, item.part, x, y)
            case Stroke(length, width, dashes, colour):
                on_off = tuple(POINTS_A_PIXEL * part for part in dashes)
                canvas.add_line(
                    Line2D(
                        [x, x + POINTS_A_PIXEL * length],
                        [y, y],
                        color=paper_colour(colour),
                        linewidth=POINTS_A_PIXEL * width,
                        linestyle=(0.0, on_off) if on_off else "solid",
                        solid_capstyle="butt",
                        dash_capstyle="round",
                        snap=False,
                    )
                )
            case Scale(length, colours):
                _draw_scale(canvas, colours, x, y, POINTS_A_PIXEL * length, BAR * size)


def _draw_sign(canvas: Axes, sign: Sign, x: float, y: float) -> None:
    colour = paper_colour(sign.colour)
    look = Signs(
        points=np.array([[x + SIGN_WIDTH / 2.0, y]]),
        colours=(sign.colour,),
        marker=sign.marker,
        filled=sign.filled,
        edge=None,
        edge_width=EDGE if sign.filled else HOLLOW_EDGE,
        area=SIGN_AREA,
        opacity=1.0,
    )
    edge = "white" if sign.filled else colour
    add_signs(canvas, look.points, look, [colour], [edge], canvas.transData, 3.0)


def _draw_scale(canvas: Axes, colours, x: float, y: float, length: float, height: float) -> None:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    first, last = (np.array(to_rgba(paper_colour(colour))) for colour in (colours[0], colours[-1]))
    part = np.linspace(0.0, 1.0, GRADIENT)[:, None]
    bar = ((1.0 - part) * first + part * last)[None]
    box = (x, x + length, y - height / 2.0, y + height / 2.0)
    canvas.imshow(bar, extent=box, aspect="auto", interpolation="bilinear")
    frame = Rectangle((x, box[2]), length, height, fill=False, edgecolor="#999999", linewidth=0.4)
    canvas.add_patch(frame)
