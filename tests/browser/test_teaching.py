"""The figures of a lecture, under the mouse and the keys."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from harness import Notebook, click_at, drag, drawn_lines, drawn_points, place_in_page, press
from harness.notebook import DARK

Opener = Callable[..., Notebook]


def sees(notebook: Notebook, mark: str, expected: str) -> bool:
    """Whether the points of a mark stand in the SVG where an expression of the kernel says."""
    points = drawn_points(notebook, mark)
    wanted = np.asarray(notebook.evaluate(expected), float).reshape(-1, 2)
    if points is None or len(points) != len(wanted):
        return False
    near = 1e-3 * max(1.0, np.abs(wanted).max(initial=0.0))
    return np.abs(np.array(points) - wanted).max(initial=0.0) < near


def test_the_search_is_stepped_played_and_clicked(open_notebook: Opener) -> None:
    notebook = open_notebook(
        "import scyfi_widgets as sw\n"
        "search = sw.SearchSteps(sw.systems.sixteen_cycle(), word='00')",
        "search",
        theme=DARK,
    )
    text = notebook.locator(".sw-search-steps .sw-here")
    text.get_by_text("Step 1").wait_for()
    slider = notebook.locator(".sw-stepper")
    press(slider, "ArrowRight", 2)
    notebook.wait_for("search.step == 3")
    text.get_by_text("real").wait_for()
    notebook.wait_for(
        lambda: sees(notebook, "search._marks._real", "search.steps[2].points"),
    )
    assert drawn_points(notebook, "search._marks._virtual") == []

    notebook.locator(".sw-search-steps button:has-text('New start')").click()
    notebook.wait_for("search.starts == 5 and search.steps[search.step - 1].start == 5")
    click_at(notebook, "search._marks._clicks", 1.0, -0.5)
    notebook.wait_for("search.word == '10'")
    text.get_by_text("Step 1").wait_for()
    notebook.wait_for(
        lambda: sees(notebook, "search._marks._virtual", "search.steps[0].points"),
    )
    notebook.locator(".sw-stepper .widget-play button").first.click()
    notebook.wait_for("search.step == 2")
    assert notebook.locator(".sw-message").count() == 0
    assert notebook.errors == []


def test_the_cobweb_follows_the_hand(open_notebook: Opener) -> None:
    notebook = open_notebook(
        "import scyfi_widgets as sw\ncobweb = sw.Cobweb(sw.systems.tent_map, iterate=2)", "cobweb"
    )
    notebook.locator(".sw-cobweb .sw-here").first.wait_for()
    notebook.wait_for("cobweb.picture is not None")
    click_at(notebook, "cobweb._marks._clicks", 0.3, 0.05)
    notebook.wait_for("abs(cobweb.start - 0.3) < 0.01")

    start = "cobweb._marks._start"
    (place,) = drawn_points(notebook, start)
    mouse = notebook.page.mouse
    mouse.move(*place_in_page(notebook, start, *place))
    mouse.down()
    mouse.move(*place_in_page(notebook, start, 0.55, place[1] + 0.1), steps=6)
    mouse.up()
    notebook.wait_for("abs(cobweb.start - 0.55) < 0.02")
    press(notebook.locator(".sw-stepper"), "ArrowLeft", 9)
    notebook.wait_for("cobweb.step == 3")

    drag(notebook.locator(".sw-weight-height"), to=0.6)  # of -2 to 2
    notebook.wait_for("abs(cobweb.model['A[0]'] - 0.8) < 0.1")

    def staircase_is_drawn() -> bool:
        curves = drawn_lines(notebook, "cobweb._marks._path")
        wanted = np.array(notebook.evaluate("cobweb.picture.staircase(3).T"))
        return (
            bool(curves)
            and len(curves[0]) == 1
            and len(curves[0][0]) == len(wanted)
            and np.abs(np.array(curves[0][0]) - wanted).max() < 1e-3
        )

    notebook.wait_for(staircase_is_drawn)
    assert notebook.errors == []


def test_eigenvalues_follow_a_slider_and_leave_a_trail(open_notebook: Opener) -> None:
    notebook = open_notebook(
        "import scyfi_widgets as sw\n"
        "circle = sw.EigenvalueCircle(sw.systems.two_cycle, max_order=2)",
        "circle",
        theme=DARK,
    )
    words = notebook.locator(".sw-eigenvalue-circle .sw-here")
    words.wait_for()
    drag(notebook.locator(".sw-weight-left"), to=0.76)  # of -1 to 1
    notebook.wait_for("abs(circle.model['A[0,0]'] - 0.52) < 0.02")
    notebook.wait_for(
        lambda: sees(
            notebook,
            "circle._circle.marks['stable']",
            "[(v.real, v.imag) for c in circle.cycles.stable for v in c.eigenvalues]",
        )
    )
    notebook.wait_for("len(circle.trail) > 2 and circle.picture.trail.size > 0")
    words.get_by_text("degenerate flip").wait_for()
    notebook.locator("button:has-text('Clear trail')").click()
    notebook.wait_for("circle.trail == ()")
    assert notebook.errors == []
