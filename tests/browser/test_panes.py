"""Each pane alone in a cell, panes linked by one Live, and the maps of a larger network."""

from __future__ import annotations

from collections.abc import Callable

from harness import ExplorerPage, Notebook, drag, press

Opener = Callable[..., Notebook]

ALONE = (
    "import scyfi_widgets as sw\nmodel = sw.systems.lozi_map()",
    "space = sw.StateSpace(model, max_order=4, time_limit=60)\nspace",
    "table = sw.CycleTable(model, max_order=4)\ntable",
    "panel = sw.WeightPanel(model)\npanel",
)
LINKED = (
    "weights = sw.WeightPanel(model)\nweights",
    "second = sw.StateSpace(weights.live, max_order=4, time_limit=60)\nsecond",
    "third = sw.CycleTable(weights.live)\nthird",
)
LARGE = (
    "import scyfi_widgets as sw\nexplorer = sw.Explorer(sw.systems.lorenz_network(), max_order=1)"
)


def test_panes_alone_and_linked(open_notebook: Opener) -> None:
    notebook = open_notebook(*ALONE, *LINKED, height=1400)
    space = ExplorerPage(notebook, "space", "space")
    table, panel = ExplorerPage(notebook, "table"), ExplorerPage(notebook, "panel")
    weights, second = ExplorerPage(notebook, "weights"), ExplorerPage(notebook, "second", "second")
    third = ExplorerPage(notebook, "third")
    space.see_true_cycles()
    second.see_true_cycles()
    rows = len(space.true_cycles())
    assert table.part("tbody tr").count() == third.part("tbody tr").count() == rows

    press(panel.slider("h[0]"), "ArrowRight", 2)
    notebook.wait_for("panel.model != model")
    assert notebook.evaluate("space.model == table.model == weights.model == model")
    notebook.execute("space.model = table.model = sw.systems.sixteen_cycle()")
    space.see_true_cycles()
    notebook.wait_for(lambda: table.part("tbody tr").count() == len(table.true_cycles()))

    drag(weights.slider("A[0,0]"), to=0.5)
    notebook.wait_for("abs(second.model['A[0,0]']) < 0.03")
    assert notebook.evaluate("third.model is second.model")
    cycles = second.true_cycles()
    second.see_true_cycles()
    notebook.wait_for(lambda: third.part("tbody tr").count() == len(cycles))
    for page in (space, table, panel, weights, second, third):
        assert page.messages() == []
    assert notebook.errors == []


def test_an_explorer_shares_its_live(open_notebook: Opener) -> None:
    notebook = open_notebook(
        "import scyfi_widgets as sw\nexplorer = sw.Explorer(max_order=8, time_limit=60)\nexplorer",
        "beside = sw.StateSpace(explorer.live)\nbeside",
    )
    page, beside = ExplorerPage(notebook), ExplorerPage(notebook, "beside", "beside")
    press(page.slider("W[1,0]"), "ArrowRight", 3)
    notebook.wait_for("explorer.model != sw.systems.sixteen_cycle()")
    page.see_true_cycles()
    beside.see_true_cycles()
    notebook.execute("explorer.close()")
    notebook.locator(".sw-explorer").wait_for(state="detached")
    notebook.execute("beside.model = sw.systems.lozi_map()")
    beside.see_true_cycles()
    assert notebook.errors == []


def test_a_cell_of_a_map_opens_its_slider(open_notebook: Opener) -> None:
    notebook = open_notebook(LARGE, "explorer", height=1400)
    page = ExplorerPage(notebook)
    before = page.see_true_cycles()
    assert len(before["saddle"]) == 4
    (first,) = notebook.evaluate("explorer.weights.opened")
    units = notebook.evaluate("explorer.model.M")
    cells = page.part(".sw-map-W rect.heatmapcell")
    assert cells.count() == units**2

    cells.nth(12 * units + 1).click()
    slider = page.slider("W[12,1]")
    slider.wait_for()
    page.part(".sw-map-h rect.heatmapcell").nth(13).click()
    page.slider("h[13]").wait_for()
    assert notebook.evaluate("explorer.weights.opened") == [first, "W[12,1]", "h[13]"]

    colour = "element => getComputedStyle(element).fill"
    old = cells.nth(12 * units + 1).evaluate(colour)
    drag(slider, to=0.8)
    notebook.wait_for("explorer.model['W[12,1]'] > 1")
    page.see_true_cycles()
    notebook.wait_for(lambda: cells.nth(12 * units + 1).evaluate(colour) != old)
    value = page.value("h[13]")
    press(page.slider("h[13]"), "ArrowLeft", 2)
    notebook.wait_for(f"explorer.model['h[13]'] < {value}")
    page.see_true_cycles()

    page.part(".sw-row button").nth(1).click()
    slider.wait_for(state="detached")
    assert notebook.evaluate("explorer.weights.opened") == [first, "h[13]"]
    assert notebook.errors == []
