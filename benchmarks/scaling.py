"""How far the complete enumeration goes: CPU time and nodes over size and order.

Prints JSON. `calibration` is the CPU time of a fixed loop on the same machine, so that machines can
be compared: divide by it. Three parts:

- `orders`: one order of one size, beside the figure of the prototype (`floor`, ms) that this has to
  beat; the networks are drawn as in `random_network`.
- `passes`: networks of two units, all orders 1..K in one pass.
- `reach`: for each number of units the highest K such that all orders 1..K were proved in 0.05, 1,
  10 and 60 s of CPU time, the lowest over the networks drawn; only up to ``--seconds``.

    python benchmarks/scaling.py --seconds 1 > scaling.json
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

import numba
import numpy as np

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.branching.branch import branch
from scyfi_widgets.cycles.complete import RADIUS_WANTED, bias_size, complete_cycles

GAIN = 1.5
LARGEST_BOUNDED = 30
ORDERS = {  # (M, k): ms of the prototype
    (3, 12): 3, (3, 20): 37, (4, 10): 7, (5, 6): 5, (5, 8): 33, (8, 4): 9, (10, 3): 7, (10, 4): 70,
    (15, 2): 7, (20, 2): 64, (20, 1): 0.7, (30, 1): 4, (40, 1): 42, (50, 1): 440, (60, 1): 1900,
}  # fmt: skip
BUDGETS = (0.05, 1.0, 10.0, 60.0)
SIZES = (2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60)


def random_network(seed: int, M: int) -> sw.PLRNN:
    """Return a network with W of standard deviation 1.5 / sqrt(M) ; orbits stay bounded."""
    rng = np.random.default_rng([seed, M])
    while True:
        model = sw.PLRNN(
            rng.uniform(0.0, 0.9, M),
            GAIN * rng.normal(size=(M, M)) / np.sqrt(M),
            rng.normal(size=M),
        )
        with np.errstate(all="ignore"):
            ends = model.orbit(10.0 * rng.normal(size=(20, M)), 1000)[-1]
        # Among large ones hardly any is bounded.
        if M > LARGEST_BOUNDED or np.all(np.abs(ends) < 1e3):
            return model


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
    return min(_timed(lambda: _calibration_loop(1_000_000))[0] for _ in range(3)) * 1e3


def _timed(action):
    started = time.thread_time()
    result = action()
    return time.thread_time() - started, result


def one_order(M: int, k: int, networks: int, node_limit: int) -> dict:
    """Measure the branch and bound of one order."""
    flag = new_flag()
    times, nodes, unfinished = [], [], 0
    for seed in range(networks):
        form = random_network(seed, M).relu_form
        wanted = RADIUS_WANTED * bias_size(form)
        seconds, result = _timed(
            lambda form=form, wanted=wanted: branch(
                form, k, radius_wanted=wanted, node_limit=node_limit, cancel=flag, expired=flag
            )
        )
        times.append(1e3 * seconds)
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
    reached = {budget: [] for budget in BUDGETS if budget <= seconds}
    for seed in range(networks):
        model = random_network(seed, M)
        spent, order, cycles, proved = 0.0, 0, None, []
        while spent < seconds and order < 200:
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
    return {"M": M, "networks": networks, **{f"{b:g}s": min(o) for b, o in reached.items()}}


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=15, help="networks a size")
    parser.add_argument("--seconds", type=float, default=1.0, help="largest budget of `reach`")
    parser.add_argument("--reach-networks", type=int, default=3)
    options = parser.parse_args()
    sw.find_cycles(random_network(0, 3), 2, method="complete")
    sw.find_cycles(random_network(0, 2), 2, method="complete")
    before = calibration()
    report = {
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "numba": numba.__version__,
        "orders": [one_order(M, k, options.networks, 2_000_000) for M, k in ORDERS],
        "passes": [
            one_pass("sixteen_cycle", sw.systems.sixteen_cycle(), 16, 1.8),
            one_pass("sixteen_cycle", sw.systems.sixteen_cycle(), 80, 97.0),
            one_pass("lozi", lozi_network(), 20, 80.0),
        ],
        "reach": [reach(M, options.reach_networks, options.seconds) for M in SIZES],
        "calibration_ms": [round(before, 2), round(calibration(), 2)],
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    json.dump(report, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
