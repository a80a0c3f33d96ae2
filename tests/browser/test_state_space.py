"""The state space under the mouse: clicks, the start, zoom, and what a marker says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from harness import ExplorerPage, Notebook, click_at, drawn_points, place_in_page, press

Opener = Callable[..., Notebook]

SIXTEEN = """
import scyfi_widgets as sw
explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=16, time_limit=60)
"""
CLICKS = "explorer.state_space._clicks"
START = "explorer.state_space._start"


def test_a_click_starts_the_orbit_there(open_notebook: Opener) -> None:
    notebook = open_notebook(SIXTEEN, "explorer")
    page = ExplorerPage(notebook)
    cycles = page.see_true_cycles()
    given = page.code

    for place in ((0.7, 0.25), (0.9, -0.3), (0.9, -0.3)):  # the last one on the start itself
        click_at(notebook, CLICKS, *place)
        see_start(page, place)
    for stability in ("stable", "saddle", "unstable"):
        place = cycles[stability][0]
        click_at(notebook, CLICKS, *place)
        see_start(page, place)
    notebook.wait_for(lambda: "unstable" in page.part(".sw-state-space .sw-legend").inner_text())

    # By the hand: the start is under the pointer all the way.
    click_at(notebook, CLICKS, 0.5, -0.2)
    see_start(page, (0.5, -0.2))
    mouse = notebook.page.mouse
    mouse.move(*place_in_page(notebook, START, 0.5, -0.2))
    mouse.down()
    mouse.move(*place_in_page(notebook, START, 0.8, 0.2), steps=8)
    mouse.up()
    see_start(page, (0.8, 0.2))
    click_at(notebook, CLICKS, 1.0, 0.3)  # a drag leaves nothing behind that swallows a click
    see_start(page, (1.0, 0.3))

    page.see_true_cycles()
    assert page.code == given
    assert notebook.errors == []


def test_zoom_fit_and_clicks_after_it(open_notebook: Opener) -> None:
    notebook = open_notebook(SIXTEEN, "explorer")
    page = ExplorerPage(notebook)
    page.see_true_cycles()
    fitted = np.array(notebook.evaluate("explorer.state_space.limits"))
    zoom = page.part(".sw-state-space button:has-text('Zoom')")
    mouse = notebook.page.mouse

    zoom.click()
    notebook.wait_for("explorer.state_space.figure.interaction is not None")
    mouse.move(*place_in_page(notebook, CLICKS, 1.9, 0.1))
    mouse.wheel(0, -300)
    notebook.wait_for(lambda: width_of(page) < 0.9 * np.ptp(fitted[0]))
    page.wait()
    page.see_true_cycles()

    zoom.click()
    notebook.wait_for("explorer.state_space.figure.interaction is None")
    zoomed = notebook.evaluate("explorer.state_space.limits")
    place = (1.9, 0.2)
    click_at(notebook, CLICKS, *place)
    see_start(page, place)
    press(page.slider("h[0]"), "ArrowRight", 2)
    page.see_true_cycles()
    assert notebook.evaluate("explorer.state_space.limits") == zoomed  # as the person chose it

    page.part("button:has-text('Fit')").click()
    notebook.wait_for(f"explorer.state_space.limits not in (None, {as_tuples(zoomed)})")
    points = np.concatenate(list(page.see_true_cycles().values()))
    low, high = np.transpose(notebook.evaluate("explorer.state_space.limits"))
    assert ((points > low) & (points < high)).all()
    assert notebook.errors == []


def test_a_marker_says_what_it_is(open_notebook: Opener) -> None:
    notebook = open_notebook(SIXTEEN, "explorer")
    page = ExplorerPage(notebook)
    cycles = page.see_true_cycles()
    tooltip = notebook.locator(".bqplot_tooltip_div")
    for stability, name in (("unstable", "fixed point"), ("stable", "16-cycle")):
        notebook.page.mouse.move(*place_in_page(notebook, CLICKS, 0.5, 0.0))
        notebook.page.mouse.move(*place_in_page(notebook, CLICKS, *cycles[stability][0]))
        shown = tooltip.filter(has_text=f"{stability} {name}")
        shown.first.wait_for()
        (cycle,) = (c for c in page.true_cycles() if c.stability == stability and c.name == name)
        assert f"{cycle.spectral_radius:.5g}" in shown.first.inner_text()
    assert notebook.errors == []


def see_start(page: ExplorerPage, place: tuple[float, float]) -> None:
    """Wait until the start is at a place of the plane, in the kernel and in the SVG."""
    near = 2.0 * page.pixel()

    def is_there() -> bool:
        drawn = drawn_points(page.notebook, START)
        known = page.to_plane([page.notebook.evaluate("explorer.start")])[0]
        return (
            len(drawn or ()) == 1
            and (np.abs(known - place) < near).all()
            and (np.abs(np.array(drawn[0]) - known) < near).all()
        )

    page.notebook.wait_for(is_there)
    page.wait()


def as_tuples(limits: list) -> tuple:
    return tuple(tuple(pair) for pair in limits)


def width_of(page: ExplorerPage) -> float:
    return float(np.ptp(page.notebook.evaluate("explorer.state_space.limits")[0]))
