"""The button that saves a pane's picture: what is downloaded, in both themes."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from harness import Notebook, place_in_page
from harness.notebook import DARK, LIGHT
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from scyfi_widgets.palette import ORBIT_COLOUR, order_colour

Opener = Callable[..., Notebook]

CELLS = (
    "import scyfi_widgets as sw\nmodel = sw.systems.sixteen_cycle()",
    "space = sw.StateSpace(model, max_order=16, proof_limit=0)\nspace",
    "bounds = ('A[0]', (-0.2, 1.8)), ('A[1]', (0.0, 2.0))\n"
    "plane = sw.BifurcationPlane(model, *bounds, max_order=1, proof_limit=5)\nplane",
    "assert space.live.wait(60, finest=True) and plane.live.wait(60, finest=True)",
)
SCALE = 2  # pixels of the file to one of CSS


def saved(notebook: Notebook, number: int) -> tuple[str, np.ndarray]:
    """Return the name and the pixels (h, w, 4) of what the n-th button downloads."""
    button = notebook.locator(".sw-snapshot").nth(number)
    button.scroll_into_view_if_needed()
    with notebook.page.expect_download() as download:
        button.click()
    content = Path(download.value.path()).read_bytes()
    return download.value.suggested_filename, imread(BytesIO(content), format="png")


def near(pixels: np.ndarray, colour: str, slack: float = 0.02) -> np.ndarray:
    return np.abs(pixels[..., :3] - to_rgb(colour)).max(axis=-1) < slack


def boxes(notebook: Notebook, number: int) -> list[dict[str, float]]:
    """Return the places of what a picture shows: the figure and the words below."""
    pane = notebook.locator(".sw-pane").nth(number)
    parts = pane.locator(".bqplot, .sw-legend, .sw-here")
    return [parts.nth(i).bounding_box() for i in range(parts.count())]


@pytest.mark.parametrize(("theme", "background"), [(LIGHT, "#ffffff"), (DARK, "#111111")])
def test_pictures_are_what_is_on_screen(open_notebook: Opener, theme: str, background: str) -> None:
    notebook = open_notebook(*CELLS, theme=theme, height=1500)
    notebook.wait_for(lambda: notebook.locator(".sw-snapshot").count() == 2)
    for number, expected in enumerate(("state-space.png", "bifurcation-plane.png")):
        name, pixels = saved(notebook, number)
        assert name == expected
        assert (pixels[..., 3] == 1.0).all()
        for corner in (pixels[0, 0], pixels[-1, -1], pixels[0, -1]):
            assert corner[:3] == pytest.approx(to_rgb(background), abs=0.01)
        shown = boxes(notebook, number)
        left = min(box["x"] for box in shown)
        right = max(box["x"] + box["width"] for box in shown)
        top = min(box["y"] for box in shown)
        bottom = max(box["y"] + box["height"] for box in shown)
        height, width = pixels.shape[:2]
        assert width / SCALE == pytest.approx(right - left + 16, abs=2)
        assert height / SCALE == pytest.approx(bottom - top + 16, abs=2)
        # The legend has words and the colours of the orders.
        legend = pixels[int(SCALE * (shown[-1]["y"] - top)) :]
        assert (~near(legend, background, 0.2)).sum() > 500
        assert near(legend, order_colour(1)).sum() > 20
    assert notebook.errors == []


def test_cycles_and_orbits_are_where_they_are(open_notebook: Opener) -> None:
    notebook = open_notebook(*CELLS[:2], theme=LIGHT, height=1000)
    notebook.wait_for("space.live.wait(1, finest=True)")
    notebook.page.wait_for_timeout(500)
    _, pixels = saved(notebook, 0)
    box = boxes(notebook, 0)[0]

    def around(mark: str, x: float, y: float, reach: int) -> np.ndarray:
        across, up = place_in_page(notebook, mark, x, y)
        now = boxes(notebook, 0)[0]
        column = int(SCALE * (across - now["x"] + 8))
        row = int(SCALE * (up - now["y"] + 8))
        return pixels[row - reach : row + reach + 1, column - reach : column + reach + 1]

    assert box["width"] * SCALE < pixels.shape[1]
    stable = notebook.evaluate("[c.points.tolist() for c in space.cycles.stable]")
    for x, y in stable[0]:
        hits = near(around("space._cycle_marks['stable']", x, y, 4), order_colour(16))
        assert hits.mean() > 0.3
    # Dots of an orbit are lines without length: only their round ends are seen.
    dots = np.array(notebook.evaluate("space.picture.orbit[:, ::2].T"))
    low, high = np.array(notebook.evaluate("space.picture.limits")).T
    cycles = np.concatenate(notebook.evaluate("[c.points.tolist() for c in space.cycles]"))
    apart = np.abs((dots[:, None] - cycles) / (high - low)).max(axis=2).min(axis=1) > 0.03
    free = dots[apart & ((dots > low) & (dots < high)).all(axis=1)][:8]
    assert len(free) >= 3
    faint = 0.5 + 0.5 * np.array(to_rgb(ORBIT_COLOUR))
    for x, y in free:
        assert np.abs(around("space._orbit", x, y, 2)[..., :3] - faint).max(axis=-1).min() < 0.1
    assert notebook.errors == []


def test_the_button_works_with_the_keyboard(open_notebook: Opener) -> None:
    notebook = open_notebook(*CELLS[:2])
    button = notebook.locator(".sw-snapshot").first
    assert button.get_attribute("aria-label") == "Save the picture as a PNG file"
    assert button.bounding_box()["width"] < 90.0  # ipywidgets gives 148
    button.focus()
    with notebook.page.expect_download() as download:
        notebook.page.keyboard.press("Enter")
    assert download.value.suggested_filename == "state-space.png"
