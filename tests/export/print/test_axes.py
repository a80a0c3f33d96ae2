"""Drawings in Matplotlib's axes: what is where, and how it looks."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread

from scyfi_widgets.export.drawing import Axis, Curves, Drawing, Raster, Signs, Texts
from scyfi_widgets.export.print.axes import POINTS_A_PIXEL, draw
from scyfi_widgets.export.print.saving import default_settings
from scyfi_widgets.widgets.png import palette_png

DPI = 720  # ten pixels a point
X, Y = (-1.0, 3.0), (10.0, 20.0)


def axis(limits, label="x") -> Axis:
    ticks = np.array(limits)
    return Axis(label, limits, ticks, tuple(f"{tick:g}" for tick in ticks))


def drawing(*marks, beside=None) -> Drawing:
    return Drawing(axis(X), axis(Y), beside, marks, 300.0, None)


class Picture:
    """Pixels, and where data coordinates are among them."""

    def __init__(self, shown: Drawing):
        with default_settings(7.0, "DejaVu Sans", formulas=False):
            figure = Figure(figsize=(2.0, 1.5))
            self.ax = figure.add_axes((0.1, 0.1, 0.8, 0.8))
            draw(self.ax, shown)
            stream = BytesIO()
            figure.savefig(stream, format="png", dpi=DPI)
        self.pixels = imread(BytesIO(stream.getvalue()), format="png")[..., :3]
        (left, low), (right, high) = (0.1, 0.1), (0.9, 0.9)
        height, width = self.pixels.shape[:2]
        self._origin = np.array([left * width, (1 - low) * height])
        self._size = np.array([(right - left) * width, -(high - low) * height])

    def place(self, x: float, y: float) -> np.ndarray:
        part = np.array([(x - X[0]) / (X[1] - X[0]), (y - Y[0]) / (Y[1] - Y[0])])
        return self._origin + part * self._size

    def at(self, x: float, y: float, across: float = 0.0, up: float = 0.0) -> np.ndarray:
        """Return the colour at a point, moved by CSS pixels of the screen."""
        scale = POINTS_A_PIXEL * DPI / 72.0
        column, row = self.place(x, y) + scale * np.array([across, -up])
        return self.pixels[int(row), int(column)]

    def of_colour(self, colour: str) -> np.ndarray:
        """Return the (n, 2) places (column, row) of the pixels of a colour."""
        near = np.abs(self.pixels - to_rgb(colour)).max(axis=-1) < 0.02
        return np.argwhere(near)[:, ::-1] + 0.5


def signs(points, colours, marker="circle", filled=True, edge=None, area=64.0, width=1.0) -> Signs:
    return Signs(np.array(points, float), colours, marker, filled, edge, width, area, 1.0)


def curves(*points, width=2.0, style="solid", opacity=1.0, beside=False) -> Curves:
    number = len(points)
    rows = tuple(np.array(p, float) for p in points)
    return Curves(rows, ("#CC4B00",) * number, (opacity,) * number, width, style, beside)


def white(colour) -> bool:
    return bool((colour > 0.99).all())


def like(colour, expected) -> bool:
    return bool(np.abs(colour - to_rgb(expected)).max() < 0.02)


def test_markers_are_at_their_points():
    picture = Picture(drawing(signs([(0.0, 12.0), (2.5, 18.0)], ("#1F83CF", "#C98200"))))
    for colour, point in (("#1F83CF", (0.0, 12.0)), ("#C98200", (2.5, 18.0))):
        found = picture.of_colour(colour)
        assert found.mean(axis=0) == pytest.approx(picture.place(*point), abs=0.5)
        radius = np.sqrt(64.0 / np.pi) + 0.5  # with half of its edge
        pixels = radius * POINTS_A_PIXEL * DPI / 72.0
        assert len(found) == pytest.approx(np.pi * pixels**2, rel=0.05)


def test_hollow_and_edged_markers():
    look = {"area": 400.0, "width": 3.0, "marker": "square"}
    hollow = signs([(0.0, 15.0)], ("#1F83CF",), filled=False, **look)
    edged = signs([(2.0, 15.0)], ("#C98200",), edge="var(--x, #222222)", **look)
    picture = Picture(drawing(hollow, edged))
    assert white(picture.at(0.0, 15.0))
    assert like(picture.at(0.0, 15.0, across=10.0), "#1F83CF")
    assert like(picture.at(0.0, 15.0, up=10.0), "#1F83CF")
    assert white(picture.at(0.0, 15.0, across=12.0))
    assert like(picture.at(2.0, 15.0), "#C98200")
    assert like(picture.at(2.0, 15.0, across=10.0), "#222222")
    assert white(picture.at(2.0, 15.0, across=12.0))


def test_triangles_point_up_and_down():
    for marker, way in (("triangle-up", 1.0), ("triangle-down", -1.0)):
        picture = Picture(drawing(signs([(1.0, 15.0)], ("#1F83CF",), marker, area=900.0)))
        rows = picture.of_colour("#1F83CF")[:, 1]
        middle = (rows.min() + rows.max()) / 2.0
        assert way * (rows.mean() - middle) > 0.0  # more of it is below the middle


def test_markers_at_the_edge_are_whole_and_those_outside_are_not_drawn():
    edge = Picture(drawing(signs([(X[0], Y[0])], ("#1F83CF",))))
    inside = Picture(drawing(signs([(1.0, 15.0)], ("#1F83CF",))))
    number = len(inside.of_colour("#1F83CF"))
    assert len(edge.of_colour("#1F83CF")) == pytest.approx(number, rel=0.02)
    outside = [(3.01, 15.0), (1.0, 9.9), (np.nan, 15.0)]
    assert len(Picture(drawing(signs(outside, ("#1F83CF",) * 3))).of_colour("#1F83CF")) == 0


def test_lines_have_their_width_and_their_gaps():
    points = [(-0.5, 15.0), (0.5, 15.0), (np.nan, np.nan), (1.5, 15.0), (2.5, 15.0)]
    picture = Picture(drawing(curves(points, width=10.0)))
    for x in (0.0, 2.0):
        assert like(picture.at(x, 15.0), "#CC4B00")
        assert like(picture.at(x, 15.0, up=4.8), "#CC4B00")
        assert white(picture.at(x, 15.0, up=5.2))
    assert white(picture.at(1.0, 15.0))
    assert white(picture.at(-0.8, 15.0))


def test_pieces_of_one_point_are_dots_that_do_not_add_up():
    gap = (np.nan, np.nan)
    dots = [(0.0, 15.0), gap, (2.0, 15.0), gap, (2.0, 15.0)]
    picture = Picture(drawing(curves(dots, width=10.0, opacity=0.5)))
    faint = 0.5 + 0.5 * np.array(to_rgb("#CC4B00"))
    for x in (0.0, 2.0):
        assert picture.at(x, 15.0) == pytest.approx(faint, abs=0.01)
        for across, up in ((4.8, 0.0), (0.0, 4.8), (-4.8, 0.0)):
            assert picture.at(x, 15.0, across, up) == pytest.approx(faint, abs=0.01)
        assert white(picture.at(x, 15.0, 4.2, 4.2))  # it is round


def test_dashes_have_the_lengths_of_the_screen():
    line = curves([(-1.0, 15.0), (3.0, 15.0)], width=2.0, style="dashed")
    picture = Picture(drawing(line))
    # 10 drawn and 10 free, and a round end at both sides of every dash
    for step in range(3):
        begin = 20.0 * step
        assert like(picture.at(X[0], 15.0, begin + 5.0), "#CC4B00")
        assert like(picture.at(X[0], 15.0, begin + 10.5), "#CC4B00")
        assert white(picture.at(X[0], 15.0, begin + 11.5))
        assert white(picture.at(X[0], 15.0, begin + 18.5))


def test_curves_of_the_right_axis():
    line = curves([(-1.0, 0.5), (3.0, 0.5)], width=6.0, beside=True)
    picture = Picture(drawing(line, beside=axis((0.0, 1.0), "z")))
    assert like(picture.at(1.0, 15.0), "#CC4B00")
    right = next(ax for ax in picture.ax.figure.axes if ax is not picture.ax)
    assert right.get_ylim() == (0.0, 1.0)
    assert right.spines["right"].get_visible()


def test_what_leaves_the_window_is_cut_off():
    picture = Picture(drawing(curves([(1.0, -1e9), (1.0, 1e9)], width=6.0)))
    rows = picture.of_colour("#CC4B00")[:, 1]
    low, high = picture.place(1.0, Y[0])[1], picture.place(1.0, Y[1])[1]
    assert rows.min() >= high - 1.0
    assert rows.max() <= low + 1.0


def test_rasters_lie_below_and_where_they_belong():
    pixels = np.array([[1, 0], [0, 2]], np.uint8)
    palette = np.array([[0, 0, 0, 0], [255, 0, 0, 255], [0, 0, 255, 255]], np.uint8)
    raster = Raster(palette_png(pixels, palette), (-1.0, 1.0), (10.0, 20.0), False)
    picture = Picture(drawing(raster, signs([(-0.5, 17.5)], ("#00916A",))))
    assert like(picture.at(-0.9, 19.0), "#ff0000")  # the first row is on top
    assert like(picture.at(0.9, 11.0), "#0000ff")
    assert white(picture.at(-0.9, 11.0))
    assert white(picture.at(1.1, 11.0))
    assert like(picture.at(-0.5, 17.5), "#00916A")


def test_words_are_words():
    words = Texts(np.array([[1.0, 15.0], [9.0, 15.0]]), ("$a$ region", "outside"), "#222", 11.0)
    picture = Picture(drawing(words))
    (text,) = picture.ax.texts
    assert text.get_text() == "$a$ region"
    assert text.get_fontsize() == pytest.approx(11.0 * POINTS_A_PIXEL)
    assert not text.get_parse_math()


def test_ticks_are_those_of_the_drawing():
    picture = Picture(drawing())
    assert [t.get_text() for t in picture.ax.get_xticklabels()] == ["-1", "3"]
    assert picture.ax.get_xlim() == X
    assert picture.ax.get_ylim() == Y
