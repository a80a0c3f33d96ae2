"""bqplot's figures as drawings."""

from __future__ import annotations

from functools import singledispatch

import bqplot
import numpy as np

from ..widgets.telling import TellingScatter
from ..widgets.ticks import round_ticks
from .drawing import Axis, Curves, Drawing, Mark, Raster, Signs, Texts

DEFAULT_HEIGHT = 360.0
DEFAULT_COLOUR = "#1F83CF"


def read_figure(figure: bqplot.Figure) -> Drawing:
    """Return what a figure shows at this moment."""
    horizontal = [axis for axis in figure.axes if axis.orientation != "vertical"]
    vertical = [axis for axis in figure.axes if axis.orientation == "vertical"]
    left = next(axis for axis in vertical if axis.side != "right")
    right = next((axis for axis in vertical if axis.side == "right"), None)
    fixed = figure.min_aspect_ratio == figure.max_aspect_ratio
    return Drawing(
        x=read_axis(horizontal[0]),
        y=read_axis(left),
        beside=None if right is None else read_axis(right),
        marks=tuple(
            read_mark(mark, right is not None and mark.scales["y"] is right.scale)
            for mark in figure.marks
            if not _unseen(mark)
        ),
        height=_pixels(figure.layout.height),
        ratio=figure.min_aspect_ratio if fixed else None,
    )


def read_axis(axis: bqplot.Axis) -> Axis:
    """Return an axis with the texts of its ticks."""
    low, high = float(axis.scale.min), float(axis.scale.max)
    given = axis.tick_values
    ticks = round_ticks(low, high) if given is None else np.asarray(given, float)
    ticks = ticks[(ticks >= low) & (ticks <= high)]
    names = axis.tick_labels or {}
    plain = plain_numbers(ticks)
    texts = [names.get(f"{tick:g}", text) for tick, text in zip(ticks, plain, strict=True)]
    return Axis(axis.label or "", (low, high), ticks, tuple(texts))


def plain_numbers(ticks: np.ndarray) -> list[str]:
    """Return evenly spaced numbers as text, with as many digits as tell them apart."""
    if len(ticks) == 0:
        return []
    largest = float(np.abs(ticks).max())
    if largest >= 1e6 or 0.0 < largest < 1e-4:
        return [_minus(f"{tick:.6g}") for tick in ticks]
    step = float(np.diff(ticks).min()) if len(ticks) > 1 else largest
    digits = next(
        (d for d in range(9) if np.allclose(ticks, np.round(ticks, d), rtol=0.0, atol=1e-6 * step)),
        9,
    )
    return [_minus(f"{tick + 0.0:.{digits}f}") for tick in np.round(ticks, digits)]


@singledispatch
def read_mark(mark: bqplot.Mark, beside: bool = False) -> Mark:
    """Return what a mark shows; `beside` says that its heights are those of the right axis."""
    raise TypeError(f"a {type(mark).__name__} cannot be exported")


@read_mark.register
def _(mark: bqplot.Lines, beside: bool = False) -> Curves:
    x, y = np.asarray(mark.x, float), np.asarray(mark.y, float)
    rows = np.atleast_2d(y) if y.size else np.empty((0, 0))
    across = np.broadcast_to(np.atleast_2d(x), rows.shape) if y.size else rows
    number = len(rows)
    return Curves(
        points=tuple(np.stack(curve, axis=1) for curve in zip(across, rows, strict=True)),
        colours=_repeated(mark.colors or [DEFAULT_COLOUR], number),
        opacities=_repeated(list(mark.opacities) or [1.0], number),
        width=float(mark.stroke_width),
        style=mark.line_style,
        beside=beside,
    )


@read_mark.register
def _(mark: bqplot.Scatter, beside: bool = False) -> Signs:
    x, y = np.asarray(mark.x, float), np.asarray(mark.y, float)
    number = min(len(x), len(y))
    return Signs(
        points=np.stack([x[:number], y[:number]], axis=1),
        colours=_colours(mark, number),
        marker=mark.marker,
        filled=bool(mark.fill),
        edge=mark.stroke if mark.fill else None,
        edge_width=float(mark.stroke_width),
        area=float(mark.default_size),
        opacity=float(mark.opacities[0]) if len(mark.opacities) else 1.0,
        words=mark.all_words() if isinstance(mark, TellingScatter) else (),
    )


@read_mark.register
def _(mark: bqplot.Label, beside: bool = False) -> Texts:
    texts = tuple(str(text) for text in mark.text)
    points = np.stack([np.asarray(mark.x, float), np.asarray(mark.y, float)], axis=1)
    colour = (list(mark.colors) or [DEFAULT_COLOUR])[0]
    return Texts(points[: len(texts)], texts, colour, float(mark.default_size))


@read_mark.register
def _(mark: bqplot.Image, beside: bool = False) -> Raster:
    (x0, x1), (y0, y1) = (np.asarray(ends, float) for ends in (mark.x, mark.y))
    smooth = not getattr(mark, "pixelated", True)
    return Raster(bytes(mark.image.value), (float(x0), float(x1)), (float(y0), float(y1)), smooth)


def _unseen(mark: bqplot.Mark) -> bool:
    """Whether a mark only collects clicks."""
    return isinstance(mark, bqplot.Scatter) and not any(list(mark.opacities) or [1.0])


def _colours(mark: bqplot.Scatter, number: int) -> tuple[str, ...]:
    scale = mark.scales.get("color")
    values = np.asarray(mark.color if mark.color is not None else [])
    if scale is not None and values.size:
        domain = [float(value) for value in scale.domain]
        found = dict(zip(domain, scale.colors, strict=False))
        return tuple(found[float(value)] for value in values[:number])
    return _repeated(list(mark.colors) or [DEFAULT_COLOUR], number)


def _repeated(values: list, number: int) -> tuple:
    return tuple(values[i % len(values)] for i in range(number))


def _pixels(height: str | None) -> float:
    text = (height or "").removesuffix("px")
    return float(text) if text.replace(".", "", 1).isdigit() else DEFAULT_HEIGHT


def _minus(text: str) -> str:
    return text.replace("-", "−")
