"""The bifurcation diagram under the mouse: clicks, drags, zoom, tooltips, other sliders, themes."""

from __future__ import annotations

import re
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

# A fixed point 2 h below h = 0; above it is unstable at h / 2.2, with a stable two-cycle around it.
TENT = """
import scyfi_widgets as sw
pane = sw.BifurcationDiagram(
    sw.systems.skew_tent_map(0.5, -1.2), "h[0]", (-1.0, 1.2), max_order=2
)
pane
"""
EXPLORER = """
import scyfi_widgets as sw
explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=8, time_limit=60, parameter="A[0]")
"""
CLICKS = "pane._marks._clicks"
HANDLE = "pane._marks._handle"
TWO_CYCLE = 1.5 / 1.6  # times h: its upper point
PIXELS = 250  # the figure is wider and higher than this


def test_clicks_and_drags_move_the_weight(open_notebook: Opener) -> None:
    notebook = open_with_diagram(open_notebook)
    pixel = 2.2 / PIXELS
    for value in (0.3, -0.6, 0.0):
        click_at(notebook, CLICKS, value, -0.7)
        see_value(notebook, value, pixel)

    # On the sign of an event: exactly there.
    (event,) = notebook.evaluate("[event.value for event in pane.diagram.events]")
    click_at(notebook, CLICKS, 0.7, -0.7)
    see_value(notebook, 0.7, pixel)
    click_at(notebook, "pane._marks._events['flip']", event, 0.0)
    notebook.wait_for(f"pane.model['h[0]'] == {event!r}")

    mouse = notebook.page.mouse
    height = notebook.evaluate(f"{HANDLE}.y[0]")
    mouse.move(*place_in_page(notebook, HANDLE, event, height))
    mouse.down()
    mouse.move(*place_in_page(notebook, HANDLE, 0.5, height), steps=8)
    see_value(notebook, 0.5, pixel)  # while the button is down
    mouse.move(*place_in_page(notebook, HANDLE, 0.9, height), steps=8)
    mouse.up()
    see_value(notebook, 0.9, pixel)
    assert notebook.errors == []


def test_a_box_zooms_and_reset_goes_back(open_notebook: Opener) -> None:
    notebook = open_with_diagram(open_notebook)
    press_button(notebook, "Zoom")
    mouse = notebook.page.mouse
    mouse.move(*place_in_page(notebook, CLICKS, 0.2, 0.1))
    mouse.down()
    mouse.move(*place_in_page(notebook, CLICKS, 0.8, 0.7), steps=8)
    mouse.up()
    notebook.wait_for("abs(pane.bounds[0] - 0.2) < 0.02 and abs(pane.bounds[1] - 0.8) < 0.02")
    notebook.wait_for("pane.diagram.line.lo == pane.bounds[0]")
    low, high = notebook.evaluate("pane.picture.limits")
    assert (low, high) == pytest.approx((0.1, 0.7), abs=0.03)

    def upper_point() -> np.ndarray:
        return np.concatenate(
            [piece for curve in drawn_lines(notebook, "pane._marks._stable") for piece in curve]
        )

    notebook.wait_for(lambda: upper_point()[:, 0].min() > 0.1)
    x, y = upper_point().T
    np.testing.assert_allclose(y, TWO_CYCLE * x, atol=0.6 / PIXELS)
    assert notebook.evaluate("pane.model['h[0]']") == 1.0  # a box is no click

    press_button(notebook, "Reset")
    notebook.wait_for("pane.diagram.line.lo == -1.0 and pane.picture.limits[0] < -1")
    click_at(notebook, CLICKS, 0.3, -0.7)
    see_value(notebook, 0.3, 2.2 / PIXELS)
    assert notebook.errors == []


@pytest.mark.parametrize(("theme", "name"), [(LIGHT, "light"), (DARK, "dark")])
def test_tooltip_and_table_in_both_themes(open_notebook: Opener, theme: str, name: str) -> None:
    notebook = open_with_diagram(open_notebook, theme=theme, width=900)
    mouse = notebook.page.mouse
    mouse.move(*place_in_page(notebook, CLICKS, -0.5, 1.0))
    mouse.move(*place_in_page(notebook, CLICKS, 0.0, 0.0))
    tooltip = notebook.locator(".bqplot_tooltip_div").filter(has_text="border collision: flip")
    tooltip.first.wait_for()
    text = tooltip.first.inner_text()
    (value,) = notebook.evaluate("[event.value for event in pane.diagram.events]")
    assert "fixed point" in text
    assert f"h[0] = {value:.12g}" in text
    assert "λ 0.5" in text
    assert "point 0 on the border of unit 0" in text
    mouse.move(*place_in_page(notebook, CLICKS, -0.5, 1.0))

    assert "complete to order 2 over the whole range, proved" in status(notebook)
    press_button(notebook, "Events")
    row = notebook.locator(".sw-table tbody tr")
    row.first.wait_for()
    assert row.count() == 1
    assert f"{value:.12g}" in row.first.inner_text()
    assert notebook.output(0).evaluate("e => e.scrollWidth <= e.clientWidth")
    sign = notebook.locator('.sw-diagram path.dot[style*="--jp-content-font-color"]').first
    fill = sign.evaluate("e => getComputedStyle(e).fill")
    red, green, blue = (float(part) for part in re.findall(r"[\d.]+", fill)[:3])
    assert (red + green + blue > 3 * 127) == (theme == DARK)  # ink stands out from the paper
    picture = notebook.screenshot(f"diagram-{name}", notebook.output(0))
    assert picture.stat().st_size > 10_000
    assert notebook.errors == []


def test_a_slider_of_another_weight_redraws_it(open_notebook: Opener) -> None:
    notebook = open_notebook(EXPLORER, "explorer", height=1500)
    page = ExplorerPage(notebook)
    page.see_true_cycles()
    notebook.execute("pane = explorer.bifurcations")
    see_lines(notebook)
    before = drawn_lines(notebook, "pane._marks._stable")
    press(page.slider("W[0,1]"), "ArrowRight", 12)
    page.wait()
    see_lines(notebook)
    notebook.wait_for(lambda: drawn_lines(notebook, "pane._marks._stable") != before)
    assert notebook.evaluate("pane.diagram.line.at(explorer.model['A[0]']) == explorer.model")
    lines = drawn_lines(notebook, "pane._marks._stable")

    # Its own weight: the line moves, the diagram stays.
    press(page.slider("A[0]"), "ArrowLeft", 5)
    notebook.wait_for("abs(pane._marks._now.x[0] - explorer.model['A[0]']) < 1e-12")
    value = page.value("A[0]")
    notebook.wait_for(lambda: abs(drawn_points(notebook, HANDLE)[0][0] - value) < 4.0 / PIXELS)
    assert drawn_lines(notebook, "pane._marks._stable") == lines
    assert page.messages() == []
    assert notebook.errors == []


def open_with_diagram(open_notebook: Opener, **options) -> Notebook:
    """Open a notebook that shows the tent map's diagram."""
    notebook = open_notebook(TENT, **options)
    notebook.wait_for("pane.live.wait(0.5, finest=True)", 120)
    see_lines(notebook)
    return notebook


def see_value(notebook: Notebook, value: float, tolerance: float) -> None:
    """Wait until the weight and its handle are at a value."""
    notebook.wait_for(f"abs(pane.model['h[0]'] - {value}) < {tolerance}")
    exact = notebook.evaluate("pane.model['h[0]']")
    notebook.wait_for(lambda: abs(drawn_points(notebook, HANDLE)[0][0] - exact) < tolerance)


def see_lines(notebook: Notebook) -> None:
    """Wait until the stable curves in the SVG are those of the kernel's picture."""

    def are_there() -> bool:
        rows, colours = notebook.evaluate("[pane.picture.stable[0], pane.picture.stable[1]]")
        curves = drawn_lines(notebook, "pane._marks._stable")
        if curves is None or len(curves) != len(colours):
            return False
        x, y = np.array(rows, dtype=float).reshape(2, len(colours), -1)
        (x0, x1), (y0, y1) = notebook.evaluate("[pane.bounds, pane.picture.limits]")
        for curve, row in zip(curves, range(len(colours)), strict=True):
            points = np.concatenate(curve)
            wanted = np.stack([x[row], y[row]], 1)[np.isfinite(x[row])]
            if len(points) != len(wanted):
                return False
            size = np.array([x1 - x0, y1 - y0])
            if np.abs((points - wanted) / size).max() > 1.0 / PIXELS:
                return False
        return True

    notebook.wait_for(are_there, 30)


def press_button(notebook: Notebook, text: str) -> None:
    """Click one of the pane's buttons."""
    notebook.locator(f".sw-toolbar button:has-text('{text}')").last.click()


def status(notebook: Notebook) -> str:
    """The statement that the pane shows."""
    return notebook.locator(".sw-statement").last.inner_text()
