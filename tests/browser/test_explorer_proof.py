"""The proof in the background: the badge follows it while the sliders rest, and no slider waits."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from harness import ExplorerPage, Notebook, press

Opener = Callable[..., Notebook]

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "stack_latency.py"
FIVE = """
import time
import numpy as np
import scyfi_widgets as sw
from scyfi_widgets.widgets import growth, scene
r = np.random.default_rng(4)
model = sw.PLRNN(r.uniform(-0.8, 0.8, 5), 0.6 * r.normal(size=(5, 5)), r.normal(size=5))
"""
# The first picture is hardly proved, and further orders come when they may.
HELD = """
scene.first_nodes = lambda model, max_order: 1
deepened, held = growth.deepened, True
def when_let_go(model, cycles, *, cancel, **settings):
    while held and not cancel[0]:
        time.sleep(0.002)
    yield from deepened(model, cycles, cancel=cancel, **settings)
growth.deepened = when_let_go
explorer = sw.Explorer(model, max_order=4)
seen = []
explorer._badge.observe(lambda change: seen.append(explorer.cycles.complete_up_to), "value")
"""
# A proof that takes minutes, of a network whose first picture is quick.
HEAVY = """
r = np.random.default_rng(0)
M = 30
large = sw.PLRNN(r.uniform(-0.8, 0.8, M), 0.4 * r.normal(size=(M, M)), r.normal(size=M))
resting = sw.Explorer(large, max_order=2, proof_limit=0)
proving = sw.Explorer(large, max_order=2, proof_limit=None)
name = next(iter(resting.weights.sliders))
"""


def test_the_badge_follows_the_proof_and_begins_anew(open_notebook: Opener) -> None:
    notebook = open_notebook(FIVE, HELD, "explorer")
    page = ExplorerPage(notebook)
    notebook.wait_for(lambda: "searching to 4" in page.badge)
    notebook.screenshot("explorer-proof-growing", page.root)
    assert "The proof goes on" in page.part(".sw-status .sw-badge").get_attribute("title")
    notebook.execute("held = False")
    notebook.wait_for(lambda: page.badge == "complete to order 4, proved")
    assert "Proved: " in page.part(".sw-status .sw-badge").get_attribute("title")
    seen = notebook.evaluate("seen")
    assert seen == sorted(seen)
    assert len(set(seen)) >= 3  # one order after the other
    page.see_true_cycles()
    assert page.part(".sw-pane.sw-stale").count() == 0

    weight = notebook.evaluate("next(iter(explorer.weights.sliders))")
    notebook.execute("held = True")
    for _ in range(3):  # each begins anew before the proof has ended
        press(page.slider(weight), "ArrowRight")
        notebook.wait_for(lambda: page.badge.endswith("searching to 4"))
    page.see_true_cycles()
    notebook.execute("held = False")
    notebook.wait_for(lambda: page.badge == "complete to order 4, proved")
    assert notebook.evaluate("explorer.live.shown.model == explorer.model")

    # Another start is no reason to prove anything again.
    notebook.execute("calls = len(seen); explorer.start = [0.2] * 5; explorer.wait(10)")
    assert page.badge == "complete to order 4, proved"
    assert notebook.evaluate("len(seen) == calls")

    notebook.execute("held = True")
    press(page.slider(weight), "ArrowRight")
    notebook.wait_for(lambda: page.badge.endswith("searching to 4"))
    notebook.execute("explorer.close()")
    notebook.wait_for(
        "[t.name for t in __import__('threading').enumerate() if 'scyfi' in t.name] == []"
    )
    assert notebook.errors == []


def test_no_slider_waits_for_the_proof(open_notebook: Opener, latency: ModuleType) -> None:
    notebook = open_notebook(FIVE, HEAVY, "resting", "proving", height=1600)
    targets = {}
    for explorer in ("resting", "proving"):
        page = ExplorerPage(notebook, explorer)
        page.wait()
        (css,) = notebook.evaluate(
            f"[c for c in {explorer}.weights.sliders[name]._dom_classes if 'sw-weight-' in c]"
        )
        page.root.evaluate("(element, name) => element.classList.add(name)", f"test-{explorer}")
        root = f".test-{explorer}"
        watch = ", ".join(f"{root} {part}" for part in (".sw-figure", ".sw-table", ".sw-legend"))
        targets[explorer] = latency.Target(notebook.page, f"{root} .{css}", watch)
        latency.measure(targets[explorer], 3)
    latencies: dict[str, list[float]] = {"resting": [], "proving": []}
    for explorer in ("resting", "proving", "resting", "proving"):
        limit = None if explorer == "proving" else 0  # it takes a core while the other is measured
        notebook.execute(f"proving.live.proof_limit = {limit}")
        notebook.wait_for(f"proving.live.refining == {explorer == 'proving'}")
        latencies[explorer] += latency.measure(targets[explorer], 8)
    notebook.wait_for("proving.live.refining")
    medians = {name: latency.summary(found)["p50"] for name, found in latencies.items()}
    assert medians["proving"] <= 2.0 * medians["resting"], latencies
    assert notebook.errors == []


@pytest.fixture
def latency(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark that measures from a key press to the last redraw."""
    spec = importlib.util.spec_from_file_location("scyfi_widgets_stack_latency", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
