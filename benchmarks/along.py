"""Bifurcations along a training, per step: CPU and wall time, and against a diagram of each step.

Paths are those of Adam-like training: bounded random networks whose weights all move by about 1e-3
of their size in each epoch, with a drift; "lozi" begins at the chaotic Lozi map, which has some 20
cycles up to order 8. Prints JSON, times in ms a step. `calibration_ms` is the
CPU time of a fixed loop, before and after: divide by it to compare machines.

- `step`: `bifurcations_along` with one thread and an empty cache, exponents included (`exponents`
  of it, measured without them); `threads` the wall time with two threads.
- `again`: the same call with the cache filled, as when a run is looked at once more.
- `diagrams`: `bifurcation_diagram` on each step, for some of the steps; `ratio` of its CPU time to
  that of a step.
- `sparse`: three states and more, with complete sets of every tenth network only.
- `long`: one path of 2,000 steps of two states to order 8 in seconds; the goal is 10 s.

    python benchmarks/along.py > along.json
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from diagram import rounded
from scaling import calibration, load, machine, random_network

import scyfi_widgets as sw
from scyfi_widgets.training.along import StepCache, bifurcations_along

SIZES = {2: (4, 8, 16), 3: (4, 8), 5: (2, 4)}  # states: orders
STEP = 1e-3
DIAGRAMS = 10  # steps of a path


def training_like(seed: int, M: int, steps: int, start: sw.Model | None = None) -> list[sw.Model]:
    """Return networks of a path that begins at `start`, by default a bounded random network."""
    rng = np.random.default_rng([seed, M])
    start = random_network(seed, M) if start is None else start
    arrays = dict(start.parameters)
    drift = {name: rng.normal(size=array.shape) for name, array in arrays.items()}
    models = [start]
    for _ in range(steps):
        arrays = {
            name: array + STEP * (0.3 * drift[name] + rng.normal(size=array.shape))
            for name, array in arrays.items()
        }
        models.append(start.replace(arrays))
    return models


def timed(action: Callable[[], Any], steps: int) -> tuple[float, float, Any]:
    """Return the CPU and wall time a step in ms, and the result."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = action()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return 1e3 * cpu / steps, 1e3 * wall / steps, result


def measure(seed: int, M: int, max_order: int, steps: int, start=None) -> dict[str, Any]:
    """Measure one path."""
    models = training_like(seed, M, steps, start)
    cache = StepCache(1 << 30)

    def along(workers: int = 1, cache: StepCache | None = None, **options):
        cache = StepCache(0) if cache is None else cache
        return bifurcations_along(models, max_order, workers=workers, cache=cache, **options)

    cpu, wall, run = timed(along, steps)
    bare = timed(lambda: along(lyapunov_steps=0), steps)[0]
    along(cache=cache)
    again = timed(lambda: along(cache=cache), steps)
    chosen = np.linspace(0, steps - 1, DIAGRAMS).astype(int)
    diagrams = timed(
        lambda: [
            sw.bifurcation_diagram(models[step], models[step + 1], max_order=max_order)
            for step in chosen
        ],
        DIAGRAMS,
    )
    row = {
        "M": M,
        "max_order": max_order,
        "seed": seed,
        "events": len(run.events),
        "cycles a network": float(run.cycles.saved.sum() / (steps + 1)),
        "proved": bool(run.proved.all()),
        "step": {"cpu": cpu, "wall": wall},
        "exponents": cpu - bare,
        "threads": timed(lambda: along(2), steps)[1],
        "again": again[0],
        "diagrams": {"cpu": diagrams[0], "wall": diagrams[1]},
        "ratio": diagrams[0] / cpu,
    }
    if M > 2:
        sparse = timed(lambda: along(enumerate_every=10), steps)
        row["sparse"] = {"cpu": sparse[0], "events": len(sparse[2].events)}
    return row


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the median and the worst of each size and order."""
    found = []
    for M, max_order in sorted({(row["M"], row["max_order"]) for row in rows}):
        some = [row for row in rows if (row["M"], row["max_order"]) == (M, max_order)]
        steps = [row["step"]["cpu"] for row in some]
        found.append(
            {
                "M": M,
                "max_order": max_order,
                "events": sum(row["events"] for row in some),
                "step cpu median": float(np.median(steps)),
                "step cpu worst": float(max(steps)),
                "threads wall median": float(np.median([row["threads"] for row in some])),
                "again cpu median": float(np.median([row["again"] for row in some])),
                "ratio median": float(np.median([row["ratio"] for row in some])),
                "all proved": all(row["proved"] for row in some),
            }
        )
    return found


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paths", type=int, default=5, help="of each size and order")
    parser.add_argument("--steps", type=int, default=60, help="of each path")
    options = parser.parse_args()
    for M in SIZES:  # compile
        bifurcations_along(training_like(0, M, 2), 2)
        sw.bifurcation_diagram(*training_like(0, M, 1), max_order=2)
    report = {"machine": machine(), "calibration_ms": [calibration()]}
    rows = []
    for M, orders in SIZES.items():
        for max_order in orders:
            print(f"measuring: {M} states, order {max_order}", file=sys.stderr)
            rows += [measure(s, M, max_order, options.steps) for s in range(options.paths)]
    report["summary"] = summary(rows)
    report["lozi"] = measure(0, 2, 8, options.steps, sw.systems.lozi_map())
    print("measuring: a long path", file=sys.stderr)
    models = training_like(0, 2, 2_000)
    cpu, wall, run = timed(lambda: bifurcations_along(models, 8, cache=StepCache(0)), 1)
    report["long"] = {
        "cpu s": cpu / 1e3,
        "wall s": wall / 1e3,
        "events": len(run.events),
        "record MB": run.cycles.nbytes / 1e6,
    }
    report["calibration_ms"].append(calibration())
    report["load at the end"] = load()
    report["rows"] = rows
    json.dump(rounded(report), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
