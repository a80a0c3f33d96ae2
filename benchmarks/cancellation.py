"""From setting the cancellation flag in another thread until `find_cycles` returns.

Beside every delay stands that of a bare handoff: a thread in a compiled loop that does nothing but
look at its flag, measured in turns with the work, so that both see the same noise of the machine.
`cpu_ms` is the CPU time that the working thread takes after the flag is set: what the delay would
be on a machine that has nothing else to do. The flag is set at a random moment, after an order has
been reached and inside the work for a higher one. Prints JSON; times in ms. Goal: 10 ms.

    python benchmarks/cancellation.py > cancellation.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy

import numba
import numpy as np

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag

GOAL = 10.0  # ms
LONGEST_REST = 0.2  # s of work in the next order before the flag is set, at most
VERSIONS = ("numba", "numpy", "scyfi_widgets")


def random_network(M: int) -> sw.PLRNN:
    """A network with more words than any method can try."""
    rng = np.random.default_rng(M)
    return sw.PLRNN(rng.uniform(-1, 1, M), 1.5 * rng.normal(size=(M, M)), rng.normal(size=M))


def tent_map() -> sw.PLRNN:
    """All 2^k words are cycles."""
    return sw.PLRNN([2.0], [[-4.0]], [1.0])


CASES: dict[str, tuple[sw.Model, int, str, int]] = {  # model, max_order, method, order reached
    "complete, tent map": (tent_map(), 40, "complete", 10),
    "complete, M = 2": (sw.PLRNN([2.0, 1.5], [[-4, 0.3], [0.2, -3]], [1, 0.7]), 100, "complete", 8),
    "complete, M = 5": (random_network(5), 300, "complete", 4),
    "complete, M = 10": (random_network(10), 300, "complete", 2),
    "complete, M = 40": (random_network(40), 300, "complete", 1),
    "search, tent map": (tent_map(), 40, "search", 10),
    "search, M = 5": (random_network(5), 300, "search", 6),
    "search, M = 10": (random_network(10), 300, "search", 3),
    "auto, tent map": (tent_map(), 40, "auto", 10),
    "auto, M = 10": (random_network(10), 300, "auto", 2),
}


@numba.njit(nogil=True)
def look_at(flag: np.ndarray, looks: np.ndarray) -> None:
    """Count looks until the flag is set."""
    while flag[0] == 0:
        looks[0] += 1  # it may be the same memory, so that no look is optimized away


def delay(work: Callable[[np.ndarray, threading.Event], Any], rest: float) -> tuple[float, float]:
    """Set the flag `rest` seconds after the work says that it is on its way.

    Returns
    -------
    float
        Seconds until the work has ended, and the CPU time of its thread meanwhile.
    """
    flag, working, ended = new_flag(), threading.Event(), []

    def run() -> None:
        work(flag, working)
        ended.append((time.perf_counter(), time.thread_time()))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert working.wait(60)
    time.sleep(rest)
    clock = time.pthread_getcpuclockid(thread.ident)
    started = time.perf_counter(), time.clock_gettime(clock)
    flag[0] = 1
    thread.join(60)
    return ended[0][0] - started[0], ended[0][1] - started[1]


def finding(model: sw.Model, max_order: int, method: str, order: int) -> Callable:
    """A call of `find_cycles` that says when it has reached an order."""

    def work(flag: np.ndarray, working: threading.Event) -> None:
        cycles = sw.find_cycles(
            model,
            max_order,
            method=method,
            cancel=flag,
            progress=lambda reached, _: reached >= order and working.set(),
        )
        assert (cycles.stopped or "").startswith("cancelled"), cycles.statement

    return work


def bare_handoff(flag: np.ndarray, working: threading.Event) -> None:
    """A thread that looks at its flag and does nothing else."""
    working.set()
    look_at(flag, np.zeros(1, np.int64))


def summary(seconds: list[float]) -> dict[str, float]:
    """Median, 95th percentile and worst of many, in ms."""
    values = 1e3 * np.array(seconds)
    figures = {"median": np.median(values), "p95": np.percentile(values, 95), "worst": values.max()}
    return {name: round(float(value), 3) for name, value in figures.items()}


def measure(case: tuple[sw.Model, int, str, int], repeats: int) -> dict[str, Any]:
    """Delays of a case and of the bare handoff, in turns."""
    rng = np.random.default_rng(0)
    work, rests = finding(*case), rng.uniform(0.0, LONGEST_REST, repeats)
    delays = [(delay(work, rest), delay(bare_handoff, 0.01)) for rest in rests]
    return {
        "wall_ms": summary([of_work[0] for of_work, _ in delays]),
        "cpu_ms": summary([of_work[1] for of_work, _ in delays]),
        "bare_handoff_wall_ms": summary([bare[0] for _, bare in delays]),
        "bare_handoff_cpu_ms": summary([bare[1] for _, bare in delays]),
        "repeats": repeats,
    }


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
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=50, help="of every case (default 50)")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    arguments = parser.parse_args()
    look_at(np.ones(1, np.int64), np.zeros(1, np.int64))
    for method in ("search", "complete"):
        for model in (tent_map(), random_network(5)):
            sw.find_cycles(model, 2, method=method)
    report: dict[str, Any] = {"machine": machine(), "goal_ms": GOAL}
    for name, case in CASES.items():
        if arguments.only in name:
            report[name] = measure(case, arguments.repeats)
            print(name, report[name]["cpu_ms"], file=sys.stderr)
    report["load at the end"] = machine()["load"]
    json.dump(report, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
