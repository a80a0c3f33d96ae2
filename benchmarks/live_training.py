"""A slider of an explorer while a network learns in the background, and how fast a stop stops.

One page with an explorer and, below it, `TrainingReplay.live` with its curves and its state space.
The slider's latency, from the input event to the last redrawn pane of the explorer, is measured in
turns: training paused, training on. Prints JSON; times in ms. Goals: at most twice the idle
latency; a stop within 200 ms.

    python benchmarks/live_training.py > live_training.json
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from latency import TWO_UNITS, machine
from stack_latency import Target, jupyter_session, measure, summary

WATCH = ", ".join(f".sw-explorer {part}" for part in (".sw-figure", ".sw-table", ".sw-legend"))
BUILD = f"""
import time
import numpy as np
import scyfi_widgets as sw
{TWO_UNITS}
explorer = sw.Explorer(model, **settings)
start = model.replace({{"A": model["A"] + np.array([0.483, 0.447])}})
learning = sw.TrainingReplay.live(
    start, sw.systems.toy_series(500), trainable="A", epochs=10**7, clip=1.0, max_order=4,
    optimizer=sw.SGD(3e-3, momentum=0.9), panes=("loss", "state space"), paused=True,
    save_every=100,
)
assert explorer.wait(60)
"""
STOP = """
began = time.perf_counter()
learning.training.stop()
stopped = time.perf_counter() - began
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=60, help="key presses (default 60)")
    parser.add_argument("--block", type=int, default=10, help="of them in one turn (default 10)")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"machine": machine()}
    config = {"ServerApp": {"jpserver_extensions": {"scyfi_widgets.server": True}}}
    with jupyter_session(config) as session:
        notebook = session.open([BUILD, "explorer", "learning"], height=2400)
        notebook.run_all()
        notebook.locator(".sw-figure path.line").first.wait_for(state="attached")
        (css,) = notebook.evaluate(
            "[c for c in explorer.weights.sliders['W[0,1]']._dom_classes"
            " if c.startswith('sw-weight-')]"
        )
        target = Target(notebook.page, f".{css}", WATCH)
        measure(target, 5)  # the first events compile the front end's code
        latencies: dict[str, list[float]] = {"paused": [], "training": []}
        epochs = 0.0
        for _ in range(0, arguments.events, arguments.block):
            latencies["paused"] += measure(target, arguments.block, quiet=0.1)
            notebook.execute("learning.training.start()")
            notebook.wait_for("learning.training.running")
            latencies["training"] += measure(target, arguments.block, quiet=0.1)
            epochs = notebook.evaluate("learning.training.run.epochs")
            notebook.execute("learning.training.pause()")
        rows = {kind: summary(values) for kind, values in latencies.items()}
        result |= rows
        result["ratio"] = {
            p: round(rows["training"][p] / rows["paused"][p], 2) for p in ("p50", "p95")
        }
        result["epochs that were trained meanwhile"] = epochs
        notebook.execute("learning.training.start()")
        notebook.wait_for("learning.training.running")
        notebook.execute(STOP)
        result["stop"] = round(1e3 * notebook.evaluate("stopped"), 1)
    result["load at the end"] = machine()["load"]
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    sys.exit(main())
