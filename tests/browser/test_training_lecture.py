"""The figures of the lecture on training, under the mouse and the keys, in both themes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from harness import Notebook, click_at, drawn_lines, drawn_points, place_in_page, press
from harness.notebook import DARK, LIGHT

Opener = Callable[..., Notebook]

FORCED = """
import scyfi_widgets as sw
lozi = sw.systems.lozi_map
pane = sw.ForcedOrbit(lozi(1.6), lozi(1.7).orbit([0.1, 0.1], 200), sliders=False)
pane
"""
GRADIENT = """
import scyfi_widgets as sw
pane = sw.GradientAtBifurcation(
    sw.systems.skew_tent_map(0.5, 0.9), bounds=(-1.75, 0.75), sliders=False
)
pane
"""
CROSSING = """
import scyfi_widgets as sw
pane = sw.Crossing(sw.systems.skew_tent_map(0.5, -1.5, -0.5), "h[0]", (-1, 1))
pane
"""


def opened(open_notebook: Opener, *cells: str, **options) -> Notebook:
    notebook = open_notebook(*cells, **{"width": 1000, "height": 1100, **options})
    notebook.wait_for("pane.live.wait(0.5, finest=True)", 60)
    return notebook


def test_the_strength_of_forcing_by_key_and_click(open_notebook: Opener) -> None:
    notebook = opened(open_notebook, FORCED)
    now = "pane._marks._growth.mark('now')"

    def shown(alpha: float) -> bool:
        lines = drawn_lines(notebook, now)
        drawn = bool(lines and lines[0]) and abs(lines[0][0][0][0] - alpha) < 0.01
        return drawn and abs(notebook.evaluate("pane.picture.forcing.alpha") - alpha) < 0.01

    notebook.wait_for(lambda: shown(0.1))
    slider = notebook.locator(".sw-forced-orbit .widget-hslider:visible").first
    press(slider, "ArrowRight", 5)
    notebook.wait_for(lambda: shown(0.15))
    click_at(notebook, "pane._marks._growth._clicks", 0.6, -1.5)
    notebook.wait_for(lambda: shown(0.6))
    assert notebook.evaluate("pane.rate") < 0.0

    notebook.locator("button:has-text('sparse')").first.click()
    notebook.wait_for("pane.picture.forcing.kind == 'sparse' and pane.live.wait(0.5, finest=True)")
    slider = notebook.locator(".sw-forced-orbit .widget-hslider:visible").first
    press(slider, "ArrowRight", 2)
    notebook.wait_for("pane.interval == 10 and pane.picture.forcing.interval == 10")
    assert notebook.errors == []


def test_the_handle_goes_to_the_wall(open_notebook: Opener) -> None:
    notebook = opened(open_notebook, GRADIENT)
    handle = "pane._marks._over.mark('handle')"
    notebook.wait_for(lambda: drawn_points(notebook, handle))
    height = notebook.evaluate(f"{handle}.y[0]")
    mouse = notebook.page.mouse
    mouse.move(*place_in_page(notebook, handle, 0.4, height))
    mouse.down()
    mouse.move(*place_in_page(notebook, handle, 0.0, height), steps=8)
    notebook.wait_for("abs(pane.value) < 0.02 and abs(pane.picture.value) < 0.02")
    mouse.up()
    # On the sign of the event: exactly there, where the gradient has no value.
    x, y = (notebook.evaluate(f"pane._marks._over.mark('DTB').{axis}[0]") for axis in "xy")
    click_at(notebook, "pane._marks._over.mark('DTB')", x, y)
    notebook.wait_for("pane.value == 0.5 and pane.picture.cycle is None")
    click_at(notebook, "pane._marks._over._clicks", 0.3, height)
    notebook.wait_for("abs(pane.picture.value - 0.3) < 0.02")
    norm, value = notebook.evaluate("[pane.picture.gradient_norm, pane.picture.value]")
    np.testing.assert_allclose(norm, 2.0 / (0.5 - value) ** 3)
    assert notebook.errors == []


def test_one_slider_crosses_a_bifurcation(open_notebook: Opener) -> None:
    notebook = opened(open_notebook, CROSSING)
    press(notebook.locator(".sw-weight .widget-hslider").first, "End")
    notebook.wait_for("pane.value == 1.0 and pane.live.wait(0.5)")
    stable = "pane.state_space._cycle_marks['stable']"
    notebook.wait_for(lambda: len(drawn_points(notebook, stable) or []) == 2)
    points = np.sort(np.array(drawn_points(notebook, stable))[:, 0])
    np.testing.assert_allclose(points, [-2 / 7, 6 / 7], atol=0.01)
    assert notebook.errors == []


@pytest.mark.parametrize(("theme", "name"), [(LIGHT, "light"), (DARK, "dark")])
@pytest.mark.parametrize("width", [620, 1000])
def test_looks_in_both_themes(open_notebook: Opener, theme: str, name: str, width: int) -> None:
    notebook = opened(
        open_notebook, FORCED + "\nforced = pane\n" + GRADIENT.replace("\npane\n", "\n"),
        "forced", "pane", theme=theme, width=width, height=2600,
    )  # fmt: skip
    for number, title in ((1, "forced"), (2, "gradient")):
        output = notebook.output(number)
        output.locator("path.line").first.wait_for(state="attached")
        assert output.evaluate("e => e.scrollWidth <= e.clientWidth")
        picture = notebook.screenshot(f"lecture-{title}-{name}-{width}", output)
        assert picture.stat().st_size > 20_000
    assert notebook.errors == []
