"""A full typed bifurcation diagram against complete searches at 300 values: CPU and wall time.

Two states, orders 1..8, sampled at up to 301 values: random networks over W[0,1] in (-2, 2), only
those with at least ten events there, and the Lozi map. Prints JSON, times in ms, the shortest of
several runs. `calibration` is the CPU time of a fixed loop, before and after: divide by it to
compare machines. The goal is 3 ms CPU in the median.

- `proved`: `bifurcation_diagram`, proved over the whole range; `parts` of it: the proof, the pieces
  of all words, their samples, and all that links them to branches and events.
- `first`: the first of `refined_diagrams`, as when a pane opens; `moving`: the same with the
  diagram before a slider moved another weight by 1e-3, as under the finger.
- `searches`: `find_cycles(method="complete")` at 300 values, in the same process; `ratio`: of its
  CPU time to that of `proved`.
- `five states`: orders 1..4 over W[0,1] in (-1, 1), where complete sets at up to 65 values are
  followed from event to event.

    python benchmarks/diagram.py > diagram.json
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from unittest import mock

import numpy as np
from scaling import calibration, load, machine, random_network

import scyfi_widgets as sw
from scyfi_widgets.bifurcations import Diagram, closure, line_diagram
from scyfi_widgets.bifurcations.line import Line
from scyfi_widgets.bifurcations.line_diagram import refined_diagrams
from scyfi_widgets.cancellation import new_flag

FEWEST_EVENTS = 10
VALUES = 300
NUDGE = 1e-3
PARTS = {
    "proof": (line_diagram, "words_on_interval"),
    "pieces": (closure, "word_pieces"),
    "samples": (closure, "sample_pieces"),
    "linking": (line_diagram, "link"),
}
Case = tuple[str, sw.Model, str, tuple[float, float]]


def planar_cases(networks: int) -> Iterator[Case]:
    """Yield the Lozi map and so many random networks with enough events."""
    yield "lozi", sw.systems.lozi_map(), "A[0,0]", (-0.5, 1.2)
    seed = found = 0
    while found < networks:
        model, bounds = random_network(seed, 2), (-2.0, 2.0)
        if len(sw.bifurcation_diagram(model, "W[0,1]", bounds, 8).events) >= FEWEST_EVENTS:
            found += 1
            yield f"seed {seed}", model, "W[0,1]", bounds
        seed += 1


def least(action: Callable[[], Any], repeats: int) -> tuple[float, float, Any]:
    """Return the shortest CPU and wall time of some runs in ms, and what the last one returned."""
    cpu, wall = [], []
    for _ in range(repeats):
        started, began = time.process_time(), time.perf_counter()
        result = action()
        cpu.append(time.process_time() - started)
        wall.append(time.perf_counter() - began)
    return 1e3 * min(cpu), 1e3 * min(wall), result


def parts(action: Callable[[], Any], repeats: int) -> dict[str, float]:
    """Return the CPU time of the parts of a diagram in ms, of the shortest run."""
    best: dict[str, float] = {}
    for _ in range(repeats):
        spent = dict.fromkeys(PARTS, 0.0)
        with ExitStack() as stack:
            for name, (module, function) in PARTS.items():
                timed = _timed(getattr(module, function), spent, name)
                stack.enter_context(mock.patch.object(module, function, timed))
            started = time.process_time()
            action()
            total = time.process_time() - started
        if not best or total < best["total"]:
            best = {**spent, "rest": total - sum(spent.values()), "total": total}
    return {name: 1e3 * seconds for name, seconds in best.items()}


def _timed(function: Callable, spent: dict[str, float], name: str) -> Callable:
    def timed(*arguments, **options):
        started = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            spent[name] += time.process_time() - started

    return timed


def first_picture(line: Line, max_order: int, known: Diagram | None = None) -> Diagram:
    """Return what a pane draws first."""
    return next(refined_diagrams(line, max_order, known=known, cancel=new_flag()))


def moved(model: sw.Model, parameter: str, bounds: tuple[float, float]) -> Line:
    """Return the line as it is when another weight's slider has moved a little."""
    return Line.through(model.replace({"h[0]": model["h[0]"] + NUDGE}), parameter, bounds)


def searched(line: Line, max_order: int) -> int:
    """Return the number of cycles that complete searches find at all values."""
    return sum(
        len(sw.find_cycles(line.at(value), max_order, method="complete"))
        for value in np.linspace(line.lo, line.hi, VALUES)
    )


def measure(case: Case, max_order: int, repeats: int, search: bool) -> dict[str, Any]:
    """Measure one line in parameter space."""
    name, model, parameter, bounds = case

    def whole() -> Diagram:
        return sw.bifurcation_diagram(model, parameter, bounds, max_order)

    cpu, wall, diagram = least(whole, repeats)
    line = Line.through(model, parameter, bounds)
    first = least(lambda: first_picture(line, max_order), repeats)
    beside = moved(model, parameter, bounds)
    moving = least(lambda: first_picture(beside, max_order, diagram), repeats)
    row = {
        "network": name,
        "events": len(diagram.events),
        "branches": len(diagram.branches),
        "samples": sum(len(branch.values) for branch in diagram.branches),
        "complete_up_to": diagram.complete_up_to,
        "proved": {"cpu": cpu, "wall": wall},
        "first": {"cpu": first[0], "wall": first[1], "events": len(first[2].events)},
        "moving": {"cpu": moving[0], "wall": moving[1], "events": len(moving[2].events)},
        "parts": parts(whole, repeats),
    }
    if search:
        cpu_searches, wall_searches, _ = least(lambda: searched(line, max_order), 1)
        row["searches"] = {"cpu": cpu_searches, "wall": wall_searches}
        row["ratio"] = cpu_searches / cpu
    return row


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the median and the worst of everything that was measured."""
    flat = [_flattened(row) for row in rows]
    names = [name for name, figure in flat[0].items() if not isinstance(figure, str)]
    columns = {name: [row[name] for row in flat] for name in names}
    return {
        name: {
            "median": float(np.median(column)),
            "worst": float(min(column) if name in ("ratio", "complete_up_to") else max(column)),
        }
        for name, column in columns.items()
    }


def _flattened(row: dict[str, Any]) -> dict[str, Any]:
    flat = {}
    for name, figure in row.items():
        inner = _flattened(figure) if isinstance(figure, dict) else None
        flat |= {name: figure} if inner is None else {f"{name} {n}": f for n, f in inner.items()}
    return flat


def rounded(report: Any) -> Any:
    """Return a report with three digits behind the point."""
    if isinstance(report, dict):
        return {name: rounded(entry) for name, entry in report.items()}
    if isinstance(report, list):
        return [rounded(entry) for entry in report]
    return round(report, 3) if isinstance(report, float) else report


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=60, help="random networks of two states")
    parser.add_argument("--five", type=int, default=5, help="random networks of five states")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-searches", action="store_true", help="without the 300 searches")
    options = parser.parse_args()
    for M in (2, 5):  # two states and more have kernels of their own
        sw.bifurcation_diagram(random_network(0, M), "W[0,1]", (-0.1, 0.1), 2)
        sw.find_cycles(random_network(0, M), 2, method="complete")
    report = {"machine": machine(), "calibration_ms": [calibration()]}
    print("measuring: two states", file=sys.stderr)
    search = not options.no_searches
    planar = [measure(case, 8, options.repeats, search) for case in planar_cases(options.networks)]
    report["two states"] = summary(planar)
    print("measuring: five states", file=sys.stderr)
    five = [
        measure((f"seed {s}", random_network(s, 5), "W[0,1]", (-1.0, 1.0)), 4, 1, False)
        for s in range(options.five)
    ]
    report["five states"] = summary(five)
    report["calibration_ms"].append(calibration())
    report["load at the end"] = load()
    report["rows"] = planar + five
    json.dump(rounded(report), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
