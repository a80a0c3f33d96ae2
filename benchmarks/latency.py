"""From a slider's input event to the last redrawn pane: the explorer beside the bare stack.

The bare stack is the same page: an explorer whose slider only replays what the real one sends for
the same positions (`bare_stack.py`). Both are measured in turns, in one browser and on one server,
so that they see the same noise of the machine. Prints JSON; times in ms. Goals: p50 at most 1.3
times and p95 at most 1.5 times the bare stack's; and after a drag of 10 s over a computation that
takes 200 ms, the last value is shown at most one computation after the release.

    python benchmarks/latency.py > latency.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stack_latency import Target, interleave, jupyter_session, measure, measure_drag, summary

HERE = Path(__file__).parent
FOREIGN = HERE.parent.parent / "shared" / "reference" / "alrnn_lorenz_m20_p2.pt"
WATCH = ".sw-figure, .sw-table, .sw-legend, .sw-status"
VERSIONS = ("jupyterlab", "jupyter_server", "ipykernel", "ipywidgets", "bqplot", "numba", "numpy")
COMPUTATION = 200  # ms that a computation is made to take under the drag

TWO_UNITS = "model, name, settings = sw.systems.sixteen_cycle(), 'W[0,1]', {'max_order': 8}"
FOREIGN_UNITS = (
    f"model, settings = sw.load_model({str(FOREIGN)!r}, n_relu=2), {{'max_order': 1}}\nname = None"
)
RANDOM_UNITS = """
random = np.random.default_rng(0)
model = sw.AlmostLinearRNN(
    random.uniform(0.5, 0.9, 20), random.normal(0, 0.1, (20, 20)), random.normal(0, 0.3, 20), 2
)
name, settings = None, {'max_order': 1}
"""
BUILD = """
import numpy as np
import scyfi_widgets as sw
{model}
explorer = sw.Explorer(model, **settings)
name = name or next(iter(explorer.weights.sliders))
assert explorer.wait(60)
sweep(explorer, name, {steps})
"""
BARE = """
steps = record(explorer, name, {steps})
make_bare(explorer, name, steps)
"""
SHOW = "explorer"
SLOW = f"""
import time
from scyfi_widgets.widgets import scene
find = scene.find_cycles
calls = []

def slow(model, max_order, *, cancel, **others):
    calls.append(model)
    end = time.perf_counter() + {COMPUTATION / 1000}
    while time.perf_counter() < end and not cancel[0]:
        time.sleep(0.001)
    return find(model, max_order, cancel=cancel, **others)

scene.find_cycles = slow
drawn, dropped = explorer.live.drawn, explorer.live.dropped
"""


def open_explorer(session: Any, model: str, steps: int, *, bare: bool) -> tuple[Any, Target]:
    """An explorer in a page of its own, or its bare stack; the notebook and what to measure."""
    cells = [(HERE / "bare_stack.py").read_text("utf-8"), BUILD.format(model=model, steps=steps)]
    if bare:
        cells.append(BARE.format(steps=steps))
    notebook = session.open([*cells, SHOW], height=1400)
    notebook.run_all()
    notebook.locator(".sw-figure path.line").first.wait_for(state="attached")
    (css,) = notebook.evaluate(
        "[c for c in explorer.weights.sliders[name]._dom_classes if c.startswith('sw-weight-')]"
    )
    return notebook, Target(notebook.page, f".{css}", WATCH)


def compare(session: Any, models: dict[str, str], events: int) -> dict[str, Any]:
    """Latency of every model's explorer and bare stack, measured in turns."""
    targets, messages = {}, {}
    for label, model in models.items():
        for kind in ("explorer", "bare stack"):
            notebook, target = open_explorer(session, model, events + 10, bare=kind != "explorer")
            targets[label, kind] = target
            if kind != "explorer":
                messages[label] = notebook.evaluate("sizes(steps)")
    for target in targets.values():
        measure(target, 5)  # the first events compile the front end's code
    latencies = interleave(targets, events)
    rows = {}
    for label in models:
        explorer, bare = (summary(latencies[label, kind]) for kind in ("explorer", "bare stack"))
        rows[label] = {
            "explorer": explorer,
            "bare stack": bare,
            "ratio": {p: round(explorer[p] / bare[p], 2) for p in ("p50", "p95")},
            "sent per event": messages[label],
        }
    return rows


def slow_drag(session: Any, seconds: float) -> dict[str, Any]:
    """Drag over a computation of `COMPUTATION` ms per value, and let go."""
    notebook, target = open_explorer(session, TWO_UNITS, 10, bare=False)
    measure(target, 5)
    notebook.execute(SLOW)
    result = asdict(measure_drag(target, seconds, span=(0.3, 0.5)))
    result |= {
        "computation": COMPUTATION,
        "computations begun": notebook.evaluate("len(calls)"),
        "drawn": notebook.evaluate("explorer.live.drawn - drawn"),
        "dropped": notebook.evaluate("explorer.live.dropped - dropped"),
        "last value is shown": notebook.evaluate(
            "explorer.live.shown.model == explorer.model"
            " == explorer.model.replace({name: explorer.weights.sliders[name].value})"
        ),
    }
    return result


def machine() -> dict[str, Any]:
    """Where this ran."""
    return {
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        **{name: version(name) for name in VERSIONS},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100, help="key presses (default 100)")
    parser.add_argument("--drag", type=float, default=10.0, help="seconds of dragging (default 10)")
    arguments = parser.parse_args()
    foreign = FOREIGN.is_file()
    models = {
        "M = 2, orders up to 8": TWO_UNITS,
        f"M = 20 ({'foreign Lorenz-63' if foreign else 'random'}), order 1": (
            FOREIGN_UNITS if foreign else RANDOM_UNITS
        ),
    }
    before = machine()
    result: dict[str, Any] = {"machine": before}
    for label, enabled in (("TCP_NODELAY", True), ("default server", False)):
        config = {"ServerApp": {"jpserver_extensions": {"scyfi_widgets.server": enabled}}}
        with jupyter_session(config) as session:
            print(f"measuring: {label}", file=sys.stderr)
            result[label] = compare(session, models, arguments.events)
            if enabled:
                result["slow drag"] = slow_drag(session, arguments.drag)
    result["load at the end"] = machine()["load"]
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
