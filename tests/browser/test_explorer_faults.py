"""What goes wrong is said, and nothing else stops: the sliders live on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import ExplorerPage, Notebook, drag, press

Opener = Callable[..., Notebook]

PLANAR = """
import time
import scyfi_widgets as sw
from scyfi_widgets.widgets import scene
explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=8)
"""
BREAK = """
find = scene.find_cycles
def broken(*arguments, **settings):
    raise ZeroDivisionError("a <deliberate> fault")
scene.find_cycles = broken
"""
SLOW = """
find = scene.find_cycles
begun = []
def slow(model, max_order, *, cancel, **settings):
    begun.append(model)
    end = time.monotonic() + 0.3
    while time.monotonic() < end and not cancel[0]:
        time.sleep(0.001)
    return find(model, max_order, cancel=cancel, **settings)
scene.find_cycles = slow
"""
MEND = "scene.find_cycles = find"


def test_an_exception_is_shown_and_the_sliders_live_on(open_notebook: Opener) -> None:
    notebook = open_notebook(PLANAR, "explorer")
    page = ExplorerPage(notebook)
    before = page.see_true_cycles()
    notebook.execute(BREAK)
    slider = page.slider("W[0,1]")
    value = page.value("W[0,1]")
    for number in (1, 2, 3):
        press(slider, "ArrowRight")
        notebook.wait_for(f"abs(explorer.model['W[0,1]'] - {value + 0.01 * number}) < 1e-9")
        notebook.wait_for(lambda: len(page.messages()) == 2)  # the state space and the table
        assert set(page.messages()) == {"ZeroDivisionError: a <deliberate> fault"}
    notebook.wait_for(lambda: "no cycles" in page.badge)
    assert page.drawn().keys() == before.keys()  # the last picture stays, dimmed
    assert page.part(".sw-pane.sw-failed").count() == 2
    notebook.screenshot("explorer-exception", page.root)

    notebook.execute(MEND)
    press(slider, "ArrowRight")
    notebook.wait_for(lambda: not page.messages())
    page.see_true_cycles()
    assert page.part(".sw-pane.sw-failed").count() == 0
    notebook.wait_for(lambda: page.badge == page.true_badge())
    assert notebook.errors == []


def test_what_is_typed_never_harms(open_notebook: Opener) -> None:
    notebook = open_notebook(PLANAR, "explorer")
    page = ExplorerPage(notebook)
    page.see_true_cycles()
    given = page.code
    field = page.slider("W[0,1]").locator("input")
    for text in ("nan", "", "1e400", "-1e400", "abc", "--"):
        type_into(field, text)
        notebook.wait_for(lambda: field.input_value() == "-0.64375")
        assert page.code == given, text
    # A front end that sends what a browser's field never would:
    notebook.execute("explorer.weights.sliders['W[0,1]']._number.value = float('nan')")
    notebook.wait_for("explorer.weights.sliders['W[0,1]']._number.value == -0.64375")
    assert page.code == given

    type_into(field, "-0.5")
    notebook.wait_for("explorer.model['W[0,1]'] == -0.5")
    page.see_true_cycles()
    type_into(field, "1e300")  # everything overflows, nothing falls over
    notebook.wait_for("explorer.model['W[0,1]'] == 1e300")
    page.wait()
    page.part(".sw-reset").click()
    notebook.wait_for(lambda: page.code == given)
    page.see_true_cycles()

    order = page.part(".sw-max-order input")
    type_into(order, "0")
    notebook.wait_for("explorer.max_order == 1")
    notebook.wait_for(lambda: order.input_value() == "1")
    page.see_true_cycles()
    type_into(order, "1000")
    notebook.wait_for("explorer.max_order == 1000")
    drag(page.slider("h[0]"), to=0.65, steps=5)  # while it searches
    notebook.wait_for("abs(explorer.model['h[0]'] - 0.6) < 0.05", timeout=5)
    page.wait()
    notebook.wait_for(lambda: page.badge == page.true_badge())
    assert page.badge.endswith("searching to 1000")
    type_into(order, "8")
    notebook.wait_for("explorer.max_order == 8")
    page.see_true_cycles(timeout=5)
    assert page.messages() == []
    assert notebook.errors == []


def test_two_explorers_are_two(open_notebook: Opener) -> None:
    notebook = open_notebook(
        PLANAR, "explorer", "other = sw.Explorer(sw.systems.lozi_map(), max_order=8)\nother"
    )
    first, second = ExplorerPage(notebook), ExplorerPage(notebook, "other")
    first.see_true_cycles()
    second.see_true_cycles()
    codes = first.code, second.code

    press(first.slider("h[0]"), "ArrowRight", 3)
    notebook.wait_for(lambda: first.code != codes[0])
    first.see_true_cycles()
    assert second.code == codes[1]
    press(second.slider("A[0,1]"), "ArrowLeft", 3)
    notebook.wait_for(lambda: second.code != codes[1])
    second.see_true_cycles()
    first.part(".sw-undo").click()
    notebook.wait_for(lambda: first.code == codes[0])
    assert second.code != codes[1]

    first.root.evaluate("element => element.dataset.gone = 'not yet'")
    workers = "[t.name for t in __import__('threading').enumerate() if 'scyfi' in t.name]"
    notebook.execute("explorer.close()")
    notebook.locator("[data-gone]").wait_for(state="detached")
    press(second.slider("A[0,1]"), "ArrowLeft")
    second.see_true_cycles()
    notebook.execute("other.close()")
    notebook.locator(".sw-explorer").wait_for(state="detached")
    notebook.wait_for(f"{workers} == []")
    notebook.execute("explorer.model = sw.systems.lozi_map()")  # of no use, and of no harm
    assert notebook.evaluate("6 * 7") == 42
    assert notebook.errors == []


def test_a_model_swapped_while_computing(open_notebook: Opener) -> None:
    notebook = open_notebook(PLANAR, "explorer", SLOW)
    page = ExplorerPage(notebook)
    page.see_true_cycles()
    press(page.slider("h[0]"), "ArrowRight", 3)
    notebook.wait_for("len(begun) > 0")
    notebook.execute("explorer.model = sw.systems.lozi_map(1.6, 0.4)")
    assert page.see_true_cycles().keys() == {"saddle"}
    page.slider("A[1,1]").wait_for()
    press(page.slider("A[1,1]"), "ArrowRight", 3)
    notebook.execute("explorer.model = sw.systems.lorenz_network(); explorer.max_order = 1")
    assert len(page.see_true_cycles()["saddle"]) == 4
    notebook.execute("explorer.model = sw.systems.sixteen_cycle()")
    notebook.execute(MEND)
    page.see_true_cycles()
    assert notebook.evaluate("explorer.model == sw.systems.sixteen_cycle()")
    assert notebook.errors == []


def test_a_drag_over_slow_work_ends_with_the_last_value(open_notebook: Opener) -> None:
    notebook = open_notebook(PLANAR, "explorer", SLOW)
    page = ExplorerPage(notebook)
    page.see_true_cycles()
    drag(page.slider("W[0,1]"), to=0.5, steps=60)
    notebook.wait_for("explorer.model['W[0,1]'] == explorer.weights.sliders['W[0,1]'].value")
    page.see_true_cycles()
    assert page.value("W[0,1]") == pytest.approx(0.0, abs=0.03)
    drawn, dropped = notebook.evaluate("[explorer.live.drawn, explorer.live.dropped]")
    assert dropped > 0
    assert drawn < notebook.evaluate("len(begun)") + 5
    assert page.part(".sw-pane.sw-stale").count() == 0
    assert notebook.errors == []


def type_into(field, text: str) -> None:
    """Replace what a number field shows, key by key, as a person does."""
    field.click()
    field.fill("")
    field.press_sequentially(text)
    field.press("Enter")
    field.blur()
