"""The parameter plane under the mouse: clicks, drags, zoom, tooltips, both themes, the explorer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from harness import (
    ExplorerPage,
    Notebook,
    click_at,
    drawn_lines,
    drawn_points,
    place_in_page,
    press,
)
from harness.notebook import DARK, LIGHT

Opener = Callable[..., Notebook]

# Its slopes are A[0] on the left and A[0] + W[0,0] on the right.
TENT = """
import scyfi_widgets as sw
pane = sw.BifurcationPlane(
    sw.systems.skew_tent_map(0.5, -1.2), ("A[0]", (-1.5, 1.5)), ("W[0,0]", (-3.0, 1.0)), max_order=2
)
pane
"""
EXPLORER = """
import scyfi_widgets as sw
explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=8, time_limit=60, parameter="A[0]")
"""
CLICKS = "pane._marks._clicks"
HANDLE = "pane._marks._handle"
PIXELS = 250  # the figure is wider and higher than this
WEIGHTS = "[pane.model['A[0]'], pane.model['W[0,0]']]"


def test_clicks_and_drags_move_both_weights(open_notebook: Opener) -> None:
    notebook = open_with_plane(open_notebook)
    curves = drawn_lines(notebook, "pane._marks._curves['DTB']")
    for place in ((-0.7, 0.4), (0.3, -2.4), (0.6, 0.2)):
        click_at(notebook, CLICKS, *place)
        see_position(notebook, place)

    # On a point of codimension two: exactly there.
    x, y = notebook.evaluate("[float(pane.picture.points[i, 0]) for i in (0, 1)]")
    click_at(notebook, "pane._marks._points", x, y)
    notebook.wait_for(f"{WEIGHTS} == [{x!r}, {y!r}]")

    mouse = notebook.page.mouse
    mouse.move(*place_in_page(notebook, HANDLE, x, y))
    mouse.down()
    mouse.move(*place_in_page(notebook, HANDLE, 0.2, 0.3), steps=8)
    see_position(notebook, (0.2, 0.3))  # while the button is down
    mouse.move(*place_in_page(notebook, HANDLE, -0.4, -0.9), steps=8)
    mouse.up()
    see_position(notebook, (-0.4, -0.9))
    assert "a stable fixed point" not in here(notebook)
    click_at(notebook, CLICKS, 0.5, -0.7)
    notebook.wait_for(lambda: "a stable fixed point" in here(notebook))
    assert drawn_lines(notebook, "pane._marks._curves['DTB']") == curves
    assert notebook.errors == []


def test_a_box_zooms_and_recomputes_and_reset_goes_back(open_notebook: Opener) -> None:
    notebook = open_with_plane(open_notebook)
    press_button(notebook, "Zoom")
    mouse = notebook.page.mouse
    mouse.move(*place_in_page(notebook, CLICKS, 0.25, -2.5))
    mouse.down()
    mouse.move(*place_in_page(notebook, CLICKS, 1.2, -1.0), steps=8)
    mouse.up()
    notebook.wait_for("abs(pane.bounds[0][0] - 0.25) < 0.03 and abs(pane.bounds[1][1] + 1) < 0.03")
    notebook.wait_for("pane.picture.plane.ranges == pane.bounds and not pane.live.refining")
    assert notebook.evaluate(WEIGHTS) == [0.5, -1.7]  # a box is no click

    def close_up() -> bool:
        curves = drawn_lines(notebook, "pane._marks._curves['DFB']")
        x, y = np.array([point for curve in curves for piece in curve for point in piece]).T
        left, right = x, x + y
        known = np.minimum(np.abs(right + 1.0), np.abs(left * right + 1.0))
        return x.min() > 0.2 and y.min() > -2.6 and known.max() < 4.0 / PIXELS

    notebook.wait_for(close_up)
    press_button(notebook, "Reset")
    notebook.wait_for("pane.picture.plane.ranges == ((-1.5, 1.5), (-3.0, 1.0))")
    click_at(notebook, CLICKS, 0.3, -0.7)
    see_position(notebook, (0.3, -0.7))
    assert notebook.errors == []


@pytest.mark.parametrize(("theme", "name"), [(LIGHT, "light"), (DARK, "dark")])
def test_tooltip_and_statement_in_both_themes(open_notebook: Opener, theme: str, name: str) -> None:
    notebook = open_with_plane(open_notebook, theme=theme, width=900)
    x, y = notebook.evaluate("[float(v) for v in pane.picture.signs['DFB'][0][:, 0]]")
    mouse = notebook.page.mouse
    mouse.move(*place_in_page(notebook, CLICKS, -1.0, 0.8))
    mouse.move(*place_in_page(notebook, CLICKS, x, y))
    tooltip = notebook.locator(".bqplot_tooltip_div").filter(has_text="degenerate flip")
    tooltip.first.wait_for()
    notebook.wait_for(lambda: f"A[0] = {x:.6g}" in tooltip.first.inner_text())
    mouse.move(*place_in_page(notebook, CLICKS, -1.0, 0.8))
    statement = notebook.locator(".sw-statement").last.inner_text()
    assert "complete on 90 rows and columns, proved" in statement
    assert "an unstable fixed point, a stable 2-cycle" in here(notebook)
    assert notebook.output(0).evaluate("e => e.scrollWidth <= e.clientWidth")
    assert notebook.locator(".sw-plane image").count() == 1
    picture = notebook.screenshot(f"plane-{name}", notebook.output(0))
    assert picture.stat().st_size > 10_000
    assert notebook.errors == []


def test_in_the_explorer_it_opens_and_moves_two_sliders(open_notebook: Opener) -> None:
    notebook = open_notebook(EXPLORER, "explorer", height=1800)
    page = ExplorerPage(notebook)
    page.see_true_cycles()
    notebook.locator(".sw-fold").click()
    notebook.wait_for("explorer.plane.pane is not None")
    notebook.execute("pane = explorer.plane.pane")
    notebook.wait_for("pane.picture is not None and len(pane.picture.plane.curves) > 0", 60)
    click_at(notebook, CLICKS, 0.25, 0.5)
    notebook.wait_for("abs(explorer.model['A[0]'] - 0.25) < 0.02")
    notebook.wait_for("abs(explorer.model['A[1]'] - 0.5) < 0.02")
    page.see_true_cycles()
    before = notebook.evaluate("id(pane.picture.plane)")
    press(page.slider("W[0,1]"), "ArrowRight", 6)
    page.see_true_cycles()
    notebook.wait_for(f"id(pane.picture.plane) != {before}")
    notebook.wait_for("pane.live.wait(0.5, finest=True)", 90)
    assert page.messages() == []
    assert notebook.errors == []


def open_with_plane(open_notebook: Opener, **options) -> Notebook:
    """Open a notebook that shows the tent map's plane."""
    notebook = open_notebook(TENT, **options)
    notebook.wait_for("pane.live.wait(0.5, finest=True)", 120)
    notebook.wait_for(lambda: bool(drawn_lines(notebook, "pane._marks._curves['DTB']")))
    return notebook


def see_position(notebook: Notebook, place: tuple[float, float]) -> None:
    """Wait until both weights and the handle are at a place."""
    tolerance = np.array([3.0, 4.0]) / PIXELS

    def is_there() -> bool:
        weights = notebook.evaluate(WEIGHTS)
        handle = drawn_points(notebook, HANDLE)
        return (
            bool(np.all(np.abs(np.subtract(weights, place)) < tolerance))
            and bool(handle)
            and bool(np.all(np.abs(np.subtract(handle[0], weights)) < tolerance))
        )

    notebook.wait_for(is_there)


def here(notebook: Notebook) -> str:
    """What is said of the region of the present values."""
    return notebook.locator(".sw-here").last.inner_text()


def press_button(notebook: Notebook, text: str) -> None:
    """Click one of the pane's buttons."""
    notebook.locator(f".sw-toolbar button:has-text('{text}')").last.click()
