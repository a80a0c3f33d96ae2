"""The instrument is checked before it checks anything: on plain ipywidgets and bqplot."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import (
    CellError,
    Notebook,
    click_at,
    drag,
    drawn_lines,
    drawn_points,
    front_end_state,
    press,
    readout,
)
from harness.notebook import DARK

PICTURE = """
import bqplot as bq, ipywidgets as w, numpy as np
sx, sy = bq.LinearScale(min=-1, max=1), bq.LinearScale(min=-2, max=2)
grid = np.linspace(-1, 1, 5)
dots = bq.Scatter(x=grid, y=grid, scales={"x": sx, "y": sy})
lines = bq.Lines(x=grid, y=grid, scales={"x": sx, "y": sy})
figure = bq.Figure(marks=[lines, dots], animation_duration=0)
slider = w.FloatSlider(value=1.0, min=-1.0, max=1.0, step=0.1)
def redraw(change):
    dots.y = change.new * grid
    with lines.hold_sync():
        lines.y = np.where(grid == 0, np.nan, change.new * grid)
slider.observe(redraw, "value")
"""
SHOW = "w.VBox([slider, figure])"

Opener = Callable[..., Notebook]


def test_keys_and_mouse_reach_the_kernel_and_the_picture(open_notebook: Opener) -> None:
    notebook = open_notebook(PICTURE, SHOW)
    slider = notebook.locator(".widget-slider")
    slider.wait_for()

    press(slider, "ArrowLeft", 3)
    notebook.wait_for("abs(slider.value - 0.7) < 1e-9")
    assert readout(slider) == "0.70"

    drag(slider, to=0.25, steps=10)
    notebook.wait_for("abs(slider.value + 0.5) < 1e-9")
    assert readout(slider) == "-0.50"

    expected = [[x, -0.5 * x] for x in (-1, -0.5, 0, 0.5, 1)]
    notebook.wait_for(lambda: _close(drawn_points(notebook, "dots"), expected))
    state = front_end_state(notebook, "dots", "y")
    assert state["y"] == pytest.approx([y for _, y in expected])

    broken_at_zero = [expected[:2], expected[3:]]
    (pieces,) = notebook.wait_for(lambda: drawn_lines(notebook, "lines"))
    assert [len(piece) for piece in pieces] == [2, 2]
    for piece, wanted in zip(pieces, broken_at_zero, strict=True):
        assert _close(piece, wanted)
    assert notebook.errors == []


def test_a_click_goes_where_the_data_says(open_notebook: Opener) -> None:
    catcher = """
caught = bq.Scatter(x=np.array([]), y=np.array([]), scales={"x": sx, "y": sy},
                    interactions={"click": "add"})
figure.marks = [*figure.marks, caught]
"""
    notebook = open_notebook(PICTURE, catcher, SHOW)
    notebook.locator(".bqplot path.line").first.wait_for()
    click_at(notebook, "dots", 0.3, -1.2)
    notebook.wait_for("len(caught.y) == 1")
    assert notebook.evaluate("[caught.x[0], caught.y[0]]") == pytest.approx([0.3, -1.2], abs=0.02)


def test_an_erroring_cell_is_reported(open_notebook: Opener) -> None:
    notebook = open_notebook("answer = 42", "1 / 0", run=False)
    with pytest.raises(CellError, match=r"(?s)cell 1 raised ZeroDivisionError.*1 / 0"):
        notebook.run_all()
    assert notebook.evaluate("answer") == 42
    with pytest.raises(CellError, match="NameError"):
        notebook.evaluate("no_such_name")
    with pytest.raises(CellError, match="ValueError: no"):
        notebook.execute("raise ValueError('no')")
    assert notebook.execute("print('yes')") == "yes\n"
    with pytest.raises(AssertionError, match=r"not within 0\.1 s: answer < 0 \(last value: False"):
        notebook.wait_for("answer < 0", timeout=0.1)


def test_dark_theme_and_width_are_applied(open_notebook: Opener) -> None:
    notebook = open_notebook(PICTURE, SHOW, theme=DARK, width=900)
    notebook.locator(".bqplot svg").first.wait_for()
    assert notebook.page.evaluate("document.body.dataset.jpThemeLight") == "false"
    assert notebook.page.evaluate("window.innerWidth") == 900
    assert notebook.screenshot("harness-dark").stat().st_size > 10_000


def _close(drawn: list[list[float]] | None, expected: list[list[float]]) -> bool:
    if drawn is None or len(drawn) != len(expected):
        return False
    return all(a == pytest.approx(b, abs=0.01) for a, b in zip(drawn, expected, strict=True))
