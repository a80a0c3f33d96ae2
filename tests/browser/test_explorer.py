"""The explorer as a person meets it: it draws, it follows the finger, it takes things back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from harness import ExplorerPage, Notebook, drag, press

import scyfi_widgets as sw

Opener = Callable[..., Notebook]

SIXTEEN = """
import scyfi_widgets as sw
explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=16, time_limit=60)
"""
PRESETS = """
import numpy as np
import scyfi_widgets as sw
r = np.random.default_rng(2)
shallow = sw.ShallowPLRNN(
    r.uniform(-0.5, 0.5, 2), r.normal(0, 1, (2, 3)), r.normal(0, 1, (3, 2)),
    r.normal(0, 0.5, 2), r.normal(0, 0.5, 3),
)
explorer = sw.Explorer(
    sw.systems.sixteen_cycle(), max_order=2, time_limit=60,
    presets={"full": sw.systems.lozi_map(), "shallow": shallow, "line": sw.systems.skew_tent_map(),
             "large": sw.systems.lorenz_network()},
)
"""


def test_opens_and_draws_and_leaves_the_model_as_it_is(open_notebook: Opener) -> None:
    notebook = open_notebook(SIXTEEN, "explorer", "explorer")
    page = ExplorerPage(notebook)
    points = page.see_true_cycles()
    assert {name: len(found) for name, found in points.items()} == {
        "stable": 16,
        "saddle": 16,
        "unstable": 1,
    }
    assert notebook.evaluate("[c.order for c in explorer.cycles]") == [1, 16, 16]
    notebook.wait_for(lambda: page.badge == page.true_badge() == "complete to order 16, proved")
    rows = page.part(".sw-table tbody tr").all_inner_texts()
    assert len(rows) == 3
    assert "16-cycle" in rows[1]

    # Two views of every slider are drawn now, and none of them may round what it was given.
    notebook.locator(".sw-weight .noUi-handle").nth(15).wait_for()
    notebook.execute("explorer.state_space.fit(); explorer.max_order = 8; explorer.max_order = 16")
    page.see_true_cycles()
    assert notebook.evaluate("explorer.model == sw.systems.sixteen_cycle()")
    assert notebook.evaluate("explorer.history.can_undo") is False
    assert page.model == sw.systems.sixteen_cycle()
    assert notebook.errors == []


def test_mouse_and_keys_move_the_cycles_and_undo_takes_them_back(open_notebook: Opener) -> None:
    notebook = open_notebook(SIXTEEN, "explorer")
    page = ExplorerPage(notebook)
    first = page.see_true_cycles()
    given = page.code
    undo, redo, reset = (page.part(f".sw-{name}") for name in ("undo", "redo", "reset"))
    assert undo.is_disabled()
    assert redo.is_disabled()

    drag(page.slider("W[0,1]"), to=0.42)
    notebook.wait_for("abs(explorer.model['W[0,1]'] + 0.32) < 0.04")
    dragged = page.see_true_cycles()
    assert dragged.keys() != first.keys() or len(dragged["stable"]) != len(first["stable"])
    after_drag = page.code

    value = page.value("A[0]")
    press(page.slider("A[0]"), "ArrowLeft", 4)
    notebook.wait_for(f"explorer.model['A[0]'] < {value} - 0.03")
    assert page.value("A[0]") == pytest.approx(value - 0.04)
    page.see_true_cycles()
    after_keys = page.code
    assert page.slider("A[0]").locator("input").input_value() == f"{page.value('A[0]'):.6g}"

    for button, wanted in (
        (undo, after_drag),
        (undo, given),  # the whole drag is one step
        (redo, after_drag),
        (redo, after_keys),
        (reset, given),
        (undo, after_keys),
    ):
        button.click()
        notebook.wait_for(lambda wanted=wanted: page.code == wanted)
        page.see_true_cycles()
    assert notebook.errors == []


def test_what_is_drawn_follows_while_the_button_is_down(open_notebook: Opener) -> None:
    notebook = open_notebook(SIXTEEN, "explorer")
    page = ExplorerPage(notebook)
    page.see_true_cycles()
    slider = page.slider("h[0]")
    seen = []
    for fraction in (0.61, 0.63, 0.65):
        drag(slider, to=fraction, steps=5, release=False)
        notebook.wait_for(f"abs(explorer.model['h[0]'] / 4 + 0.5 - {fraction}) < 0.02")
        seen.append(page.see_true_cycles()["unstable"][0])
    notebook.page.mouse.up()
    assert np.abs(np.diff(seen, axis=0)).max(axis=1).min() > 0.01
    assert notebook.errors == []


def test_presets_of_other_architectures_and_the_code(open_notebook: Opener) -> None:
    notebook = open_notebook(PRESETS, "explorer")
    page = ExplorerPage(notebook)
    page.see_true_cycles()
    page.part(".sw-code").click()
    text = page.part(".sw-code-text textarea")
    text.wait_for()
    preset = page.part(".sw-toolbar select").first

    for label, weight in (
        ("full", "A[0,1]"),
        ("shallow", "W1[1,2]"),
        ("line", "W[0,0]"),
        ("large", ""),
        ("as given", "W[1,0]"),
    ):
        preset.select_option(label=label)
        notebook.wait_for(f"explorer.model == explorer.presets[{label!r}]")
        if label == "line":  # a single unit is drawn as its return map, off the plane of states
            page.wait()
        else:
            page.see_true_cycles()
        weight = weight or notebook.evaluate("explorer.weights.opened[0]")
        page.slider(weight).wait_for()
        press(page.slider(weight), "ArrowRight", 2)
        notebook.wait_for(f"explorer.model != explorer.presets[{label!r}]")
        page.wait()
        notebook.wait_for(lambda: text.input_value() == notebook.evaluate("explorer.code"))
        names: dict = {}
        exec(text.input_value(), names)
        assert names["model"] == page.model
        assert page.messages() == []

    page.part(".sw-reset").click()
    notebook.wait_for("explorer.model == explorer.presets['as given']")
    page.see_true_cycles()
    assert notebook.errors == []
