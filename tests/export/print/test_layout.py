"""Where the panes of a figure stand."""

from __future__ import annotations

import numpy as np
import pytest

from scyfi_widgets.export.drawing import Axis, Drawing
from scyfi_widgets.export.print.layout import Panel, lay_out, rows_of, thinned

PAGE, COLUMN = 510.0, 241.0
SIZE = 7.0


def axis(low=0.0, high=1.0, number=6, texts=None, label="x") -> Axis:
    ticks = np.linspace(low, high, number)
    return Axis(label, (low, high), ticks, tuple(texts or (f"{t:.1f}" for t in ticks)))


def panel(wide=False, ratio=None, beside=None, y=None, height=400.0, title="") -> Panel:
    drawing = Drawing(axis(), y or axis(), beside, (), height, ratio)
    return Panel(drawing, (), title, wide)


def numbers(rows) -> list[int]:
    return [len(row) for row in rows]


def test_rows_of_a_page_and_of_a_column():
    narrow, wide = [panel() for _ in range(3)], [panel(wide=True) for _ in range(2)]
    assert numbers(rows_of(narrow + wide, PAGE, False)) == [3, 1, 1]
    assert numbers(rows_of(narrow[:1] + wide[:1], PAGE, False)) == [2]
    assert numbers(rows_of(narrow[:2] + wide[:1], PAGE, False)) == [2, 1]
    assert numbers(rows_of([*narrow, panel()], PAGE, False)) == [2, 2]
    assert numbers(rows_of(narrow, 350.0, False)) == [2, 1]
    assert numbers(rows_of(narrow + wide, COLUMN, False)) == [1] * 5
    pairs = [panel(wide=True, title="a") for _ in range(4)]
    assert numbers(rows_of(pairs, PAGE, True)) == [2, 2]
    assert numbers(rows_of(pairs, COLUMN, True)) == [1] * 4


def test_plots_are_inside_the_page_and_apart():
    panels = [panel(), panel(ratio=1.0), panel(wide=True, beside=axis(label="z"))]
    page = lay_out(rows_of(panels, PAGE, False), PAGE, None, SIZE, heads=True)
    for cell in page.cells:
        left, top, width, height = cell.box
        assert left - cell.label_left - SIZE >= cell.left - 3.0
        assert left + width + cell.label_right <= cell.right <= PAGE
        assert 0.0 < top < top + height < page.height
    first, second, third = page.cells
    assert first.right < second.left
    assert third.box[1] > first.box[1] + first.box[3]
    assert first.box[0] == third.box[0]  # aligned below one another
    assert second.box[2] == pytest.approx(second.box[3])  # a circle is one


def test_axes_below_one_another_begin_and_end_at_the_same_places():
    long = axis(texts=["1.8450000"] * 6)
    panels = [panel(wide=True, beside=axis()), panel(wide=True, y=long)]
    page = lay_out([[p] for p in panels], COLUMN, None, SIZE, heads=False)
    first, second = page.cells
    assert first.box[0] == second.box[0]
    assert first.box[2] == second.box[2]


def test_a_height_is_kept():
    rows = [[panel()], [panel(wide=True)]]
    for height in (300.0, 600.0):
        page = lay_out(rows, COLUMN, height, SIZE, heads=True)
        assert page.height == height
        assert page.cells[-1].legend_top == pytest.approx(height, abs=2.0)  # it has no legend


def test_the_height_of_a_page_is_kept_where_that_is_possible():
    rows = [[panel(wide=True)] for _ in range(5)]
    assert lay_out(rows, PAGE, None, SIZE, heads=True).height <= 681.0


def test_no_room():
    with pytest.raises(ValueError, match=r"height must be at least \d+ mm for these panes, got 28"):
        lay_out([[panel()], [panel()]], COLUMN, 80.0, SIZE, heads=False)
    with pytest.raises(ValueError, match="width must be larger for these panes"):
        lay_out([[panel()]], 60.0, None, SIZE, heads=False)


def test_ticks_without_room_are_left_out():
    full = axis(-3.0, 3.0, 7)
    assert thinned(full, 700.0, lambda _: 100.0) is not None
    assert len(thinned(full, 700.0, lambda _: 100.0).ticks) == 7
    few = thinned(full, 400.0, lambda _: 100.0)
    assert few.ticks.tolist() == [-2.0, 0.0, 2.0]  # zero stays
    assert few.texts == ("-2.0", "0.0", "2.0")
    assert len(thinned(full, 10.0, lambda _: 100.0).ticks) == 2
