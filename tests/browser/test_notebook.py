"""The shipped notebook, as a person meets it: it opens, runs, and its first slider works."""

from __future__ import annotations

from pathlib import Path

from harness import drawn_points, press

EXPLORER = Path(__file__).parents[2] / "notebooks" / "01_explorer.ipynb"


def test_the_explorer_notebook_opens_runs_and_follows(open_notebook):
    notebook = open_notebook(path=EXPLORER, width=1200, height=1000)
    notebook.wait_for("explorer.wait(30) and lorenz.wait(30)", timeout=60)
    notebook.wait_for(lambda: drawn_points(notebook, "explorer.state_space._start"))
    slider = notebook.locator(".sw-weight-W-0-1").first
    before = notebook.evaluate("explorer.model['W[0,1]']")
    press(slider, "ArrowRight", 3)
    notebook.wait_for(f"explorer.model['W[0,1]'] > {before} and explorer.wait(5)")
    assert notebook.evaluate("explorer.cycles.counts") == notebook.evaluate(
        "sw.find_cycles(explorer.model, 16).counts"
    )
    notebook.screenshot("notebook")
    assert notebook.errors == []
