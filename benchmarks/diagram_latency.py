"""From a slider's input event to the redrawn bifurcation diagram, in a browser.

Orders 1..8 of networks with two states; the slider moves another weight than the diagram's, so
that every event means another diagram. Beside it, in turns, the bare stack: the same page, whose
slider only replays what the diagram sends (`bare_stack.py`). Prints JSON; times in ms. Goal: p95 at
most 50 ms. "In the kernel" is the CPU time of the whole process for one event without a browser.

    python benchmarks/diagram_latency.py > diagram_latency.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from latency import machine
from stack_latency import Target, interleave, jupyter_session, measure, summary

HERE = Path(__file__).parent

MODELS = {
    "16-cycle over A[0]": ("sw.systems.sixteen_cycle()", "A[0]", (-1.0, 1.5), "W[0,1]"),
    "16-cycle over W[0,1]": ("sw.systems.sixteen_cycle()", "W[0,1]", (-1.0, 1.0), "A[0]"),
    "Lozi map over A[0,0]": ("sw.systems.lozi_map()", "A[0,0]", (-0.5, 1.2), "h[0]"),
}
BUILD = """
import time
from types import SimpleNamespace
import ipywidgets, numpy as np
import scyfi_widgets as sw
from scyfi_widgets.widgets import loop
from scyfi_widgets.widgets.diagram import bifurcation_diagram
bifurcation_diagram.AT_ONCE = 10.0  # a slow diagram is waited for, not put off
loop.REST = 1.0  # finer orbits, which follow when the sliders rest, are not measured
panel = sw.WeightPanel({model})
pane = sw.BifurcationDiagram(panel.live, {parameter!r}, {bounds}, max_order=8)
assert pane.live.wait(300, finest=True), pane.message
box = ipywidgets.VBox([panel, pane])
page = SimpleNamespace(weights=panel, live=pane.live, wait=pane.live.wait)  # as of an explorer
sweep(page, {moved!r}, {steps})

def cpu(events=40):
    spent = []
    start = panel.sliders[{moved!r}].value
    for i in range(events):
        began = time.process_time()
        panel.sliders[{moved!r}].value = start + 1e-3 * (i + 1)
        assert pane.live.wait(20)
        spent.append(1e3 * (time.process_time() - began))
    panel.sliders[{moved!r}].value = start
    pane.live.wait(20, finest=True)
    return [float(np.median(spent)), float(np.quantile(spent, 0.95))]
"""


BARE = """
steps = record(page, {moved!r}, {steps})
make_bare(page, {moved!r}, steps)
"""


def open_diagram(session: Any, model: tuple, steps: int, *, bare: bool) -> tuple[Any, Target]:
    """A diagram with its sliders in a page of its own, or its bare stack."""
    code, parameter, bounds, moved = model
    build = BUILD.format(model=code, parameter=parameter, bounds=bounds, moved=moved, steps=steps)
    cells = [(HERE / "bare_stack.py").read_text("utf-8"), build]
    if bare:
        cells.append(BARE.format(moved=moved, steps=steps))
    notebook = session.open([*cells, "box"], height=1200)
    notebook.run_all()
    notebook.locator(".sw-diagram path.line").first.wait_for(state="attached")
    css = ".sw-weight-" + moved.replace("[", "-").replace(",", "-").rstrip("]")
    return notebook, Target(notebook.page, css, ".sw-diagram, .sw-legend, .sw-statement")


def measured(session: Any, model: tuple, events: int) -> dict[str, Any]:
    """Latencies of one network."""
    notebook, diagram = open_diagram(session, model, events + 10, bare=False)
    other, bare = open_diagram(session, model, events + 10, bare=True)
    median, p95 = notebook.evaluate("cpu()")
    targets = {"diagram": diagram, "bare stack": bare}
    for target in targets.values():
        measure(target, 5)  # the first events compile the front end's code
    latencies = {name: summary(of) for name, of in interleave(targets, events).items()}
    row = {
        "event to redrawn diagram": latencies["diagram"],
        "bare stack": latencies["bare stack"],
        "ratio": {
            p: round(latencies["diagram"][p] / latencies["bare stack"][p], 2)
            for p in ("p50", "p95")
        },
        "sent per event": other.evaluate("sizes(steps)"),
        "in the kernel": {"p50": round(median, 1), "p95": round(p95, 1)},
        "branches": notebook.evaluate("len(pane.diagram.branches)"),
        "events": notebook.evaluate("len(pane.diagram.events)"),
        "points drawn": notebook.evaluate(
            "pane.picture.stable[0][0].size + pane.picture.unstable[0][0].size"
        ),
        "statement": notebook.evaluate("pane.diagram.statement"),
    }
    notebook.close()
    other.close()
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100, help="key presses (default 100)")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"machine": machine()}
    with jupyter_session() as session:
        for label, model in MODELS.items():
            result[label] = measured(session, model, arguments.events)
    result["load at the end"] = machine()["load"]
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
