"""How far the complete enumeration goes: CPU time and nodes over size and order.

Prints JSON. `calibration` is the CPU time of a fixed loop on the same machine, before and after, so
that machines can be compared: divide by it. Four parts:

- `orders`: one order of one size, beside the figure of the prototype (`floor`, ms) that this has to
  beat; the networks are drawn as in `random_network`. Every network counts with the shortest of its
  runs.
- `passes`: networks of two units, all orders 1..K in one pass, the shortest of five runs.
- `reach`: for each number of units the highest K such that all orders 1..K were proved in 0.05, 1,
  10 and 60 s of CPU time, the lowest and the median over the networks drawn; only up to
  ``--seconds``, and no higher than order 200.
- `hopeless`: 50 units to order 20 with a time limit, which has to return in time.

Peak memory is that of the process, kernels and all, after each part.

    python benchmarks/scaling.py --seconds 1 > scaling.json
    python benchmarks/scaling.py --parts reach --units 3 5 --seconds 60 > reach.json
"""

from __future__ import annotations

import os

# The figures are for one core; the small matrices here gain nothing from more.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import platform
import resource
import sys
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numba
import numpy as np

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.branching.branch import branch
from scyfi_widgets.cycles.complete import RADIUS_WANTED, bias_size, complete_cycles

GAIN = 1.5
# Seeds whose first draw in `random_network` stays bounded, found by trying. There are few among
# large networks, one in 120,000 of 60 units. Those that diverge are no measure: a handful of nodes
# closes most of them.
BOUNDED = {
    40: (4450, 12145, 17949, 22455, 30892, 31870, 33120, 34292, 35832, 38190),
    50: (4565, 12148, 37948, 64893, 80942, 120881),
    60: (30776, 214716, 613504, 615361),
}
ORDERS = {  # (M, k): ms of the prototype
    (3, 12): 3, (3, 20): 37, (4, 10): 7, (5, 6): 5, (5, 8): 33, (8, 4): 9, (10, 3): 7, (10, 4): 70,
    (15, 2): 7, (20, 2): 64, (20, 1): 0.7, (30, 1): 4, (40, 1): 42, (50, 1): 440, (60, 1): 1900,
}  # fmt: skip
BUDGETS = (0.05, 1.0, 10.0, 60.0)
HIGHEST = 200
PARTS = ("orders", "passes", "reach", "hopeless")
VERSIONS = ("numba", "numpy", "scyfi_widgets")
SIZES = (2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60)


def random_network(seed: int, M: int) -> sw.PLRNN:
    """Return a network with W of standard deviation 1.5 / sqrt(M) whose orbits stay bounded."""
    rng = np.random.default_rng([BOUNDED[M][seed] if M in BOUNDED else seed, M])
    while True:
        model = sw.PLRNN(
            rng.uniform(0.0, 0.9, M),
            GAIN * rng.normal(size=(M, M)) / np.sqrt(M),
            rng.normal(size=M),
        )
        with np.errstate(all="ignore"):
            ends = model.orbit(10.0 * rng.normal(size=(20, M)), 1000)[-1]
        if M in BOUNDED or np.all(np.abs(ends) < 1e3):
            return model


def available(M: int, networks: int) -> int:
    """Return how many of so many networks there are."""
    return min(networks, len(BOUNDED.get(M, range(networks))))


def lozi_network() -> sw.PLRNN:
    """Return x' = 1 - 1.7 |x| + y, y' = 0.5 x, a chaotic map with many cycles."""
    return sw.PLRNN(A=[[1.7, 1.0], [0.5, 0.0]], W=[[-3.4, 0.0], [0.0, 0.0]], h=[1.0, 0.0])


@numba.njit
def _calibration_loop(steps):
    x = np.linspace(0.0, 1.0, 64)
    y = np.zeros(64)
    for i in range(steps):
        factor = 1.0 / (1.0 + i)
        for j in range(64):
            y[j] += factor * x[j]
    return y.sum()


def calibration() -> float:
    """Return the CPU time in ms of 64 million multiplications and additions."""
    _calibration_loop(1)
    return round(1e3 * min(_timed(lambda: _calibration_loop(1_000_000))[0] for _ in range(5)), 2)


def _timed(action):
    started = time.thread_time()
    result = action()
    return time.thread_time() - started, result


def one_order(M: int, k: int, networks: int, node_limit: int, repeats: int) -> dict:
    """Measure the branch and bound of one order."""
    flag = new_flag()
    networks = available(M, networks)
    times, nodes, unfinished = [], [], 0
    for seed in range(networks):
        form = random_network(seed, M).relu_form
        wanted = RADIUS_WANTED * bias_size(form)
        runs = [
            _timed(
                lambda form=form, wanted=wanted: branch(
                    form, k, radius_wanted=wanted, node_limit=node_limit, cancel=flag, expired=flag
                )
            )
            for _ in range(repeats)
        ]
        result = runs[0][1]
        times.append(1e3 * min(seconds for seconds, _ in runs))
        nodes.append(result.nodes)
        unfinished += result.stopped is not None
    return {
        "M": M,
        "k": k,
        "words": f"2^{M * k}",
        "median_ms": round(float(np.median(times)), 3),
        "mean_ms": round(float(np.mean(times)), 3),
        "worst_ms": round(max(times), 3),
        "median_nodes": int(np.median(nodes)),
        "worst_seed": int(np.argmax(times)),
        "unfinished": unfinished,
        "floor_ms": ORDERS[M, k],
        "networks": networks,
    }


def one_pass(name: str, model: sw.Model, max_order: int, floor: float, repeats: int = 5) -> dict:
    """Measure all orders of a network of two units."""
    flag = new_flag()
    runs = [
        _timed(lambda: complete_cycles(model, max_order, cancel=flag, expired=flag))
        for _ in range(repeats)
    ]
    cycles = runs[0][1]
    assert cycles.complete_up_to == max_order
    return {
        "network": name,
        "max_order": max_order,
        "cycles": len(cycles),
        "ms": round(1e3 * min(seconds for seconds, _ in runs), 3),
        "floor_ms": floor,
        "radius": float(f"{cycles.radius:.1e}"),
    }


def reach(M: int, networks: int, seconds: float) -> dict:
    """Measure how high an order is proved, with all below, within each budget."""
    flag = new_flag()
    networks = available(M, networks)
    reached = {budget: [] for budget in BUDGETS if budget <= seconds}
    for seed in range(networks):
        model = random_network(seed, M)
        spent, order, cycles, proved = 0.0, 0, None, []
        while spent < seconds and order < HIGHEST:
            # For two units all orders are one pass, so the next one is not one order more.
            order = order + 1 if M > 2 else order + 8
            action = partial(
                complete_cycles,
                model,
                order,
                effort=4e8 * (seconds - spent),
                cancel=flag,
                expired=flag,
                known=cycles if M > 2 else None,
            )
            used, cycles = _timed(action)
            spent = spent + used if M > 2 else used
            if cycles.complete_up_to < order:
                break
            proved.append((spent, order))
        for budget, orders in reached.items():
            orders.append(max((order for at, order in proved if at <= budget), default=0))
    return {
        "M": M,
        "networks": networks,
        **{f"{b:g}s": [min(o), int(np.median(o))] for b, o in reached.items()},
    }


def hopeless(time_limit: float) -> dict:
    """Measure when a request that nothing can finish returns, and with what."""
    model = random_network(0, 50)
    report: dict = {"M": 50, "max_order": 20, "time_limit_s": time_limit}
    for method in ("complete", "auto"):
        started = time.perf_counter()
        cycles = sw.find_cycles(model, 20, method=method, time_limit=time_limit)
        report[method] = {
            "wall_s": round(time.perf_counter() - started, 3),
            "cycles": len(cycles),
            "statement": cycles.statement,
        }
    return report


def machine() -> dict:
    """Return where this runs."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = [line for line in lines if line.startswith("model name")]
    return {
        "system": platform.platform(),
        "processor": names[0].partition(": ")[2] if names else platform.machine(),
        "cores": os.cpu_count(),
        "load": load(),
        "python": platform.python_version(),
        **{name: version(name) for name in VERSIONS},
    }


def load() -> list[float]:
    """Return the mean number of processes that ran in the last 1, 5 and 15 minutes."""
    return [round(mean, 2) for mean in os.getloadavg()]


def peak_memory() -> int:
    """Return the largest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--networks", type=int, default=15, help="networks a size")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each network in `orders`")
    parser.add_argument("--seconds", type=float, default=1.0, help="largest budget of `reach`")
    parser.add_argument("--reach-networks", type=int, default=3)
    parser.add_argument("--units", type=int, nargs="+", default=SIZES, help="sizes of `reach`")
    options = parser.parse_args()
    for M in (2, 3):  # two units and more have kernels of their own
        for method in ("complete", "search"):
            sw.find_cycles(random_network(0, M), 2, method=method)
    measures = {
        "orders": lambda: [
            one_order(M, k, options.networks, 2_000_000, options.repeats) for M, k in ORDERS
        ],
        "passes": lambda: [
            one_pass("sixteen_cycle", sw.systems.sixteen_cycle(), 16, 1.8),
            one_pass("sixteen_cycle", sw.systems.sixteen_cycle(), 80, 97.0),
            one_pass("lozi", lozi_network(), 20, 80.0),
        ],
        "reach": lambda: [reach(M, options.reach_networks, options.seconds) for M in options.units],
        "hopeless": lambda: hopeless(1.0),
    }
    report = {"machine": machine(), "calibration_ms": [calibration()]}
    memory = {"kernels loaded": peak_memory()}
    for part in options.parts:
        print(f"measuring: {part}", file=sys.stderr)
        report[part] = measures[part]()
        memory[part] = peak_memory()
    report["calibration_ms"].append(calibration())
    report["load at the end"] = load()
    report["peak_memory_mb"] = memory
    json.dump(report, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
