"""CPU time of an orbit diagram, of its image and of Lyapunov exponents, over the size of a network.

301 values, 4 starts, 1,000 steps of transient and 100 points; 20,000 steps for the exponents. The
best of many runs, in ms, as JSON; `diverged` is the share of orbits that ended early.

    python benchmarks/orbit_diagram.py > orbit_diagram.json
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy

import json
import time
from collections.abc import Callable

import numpy as np

import scyfi_widgets as sw
from scyfi_widgets.dynamics import compile_dynamics

SIZES = (1, 2, 5, 10, 20, 50)
ATTEMPTS = 10


def bounded_network(M: int) -> sw.PLRNN:
    """Return a random network whose orbits stay bounded, with full W."""
    rng = np.random.default_rng(M)
    while True:
        W = rng.normal(size=(M, M)) / np.sqrt(M)
        model = sw.PLRNN(rng.uniform(0.0, 0.9, M), W, rng.normal(size=M))
        with np.errstate(all="ignore"):
            ends = model.orbit(3.0 * rng.normal(size=(20, M)), 1000)[-1]
        if np.all(np.abs(ends) < 1e3):
            return model


def least_cpu_ms(work: Callable[[], object]) -> float:
    def once() -> float:
        started = time.process_time()
        work()
        return 1e3 * (time.process_time() - started)

    return round(min(once() for _ in range(ATTEMPTS)), 2)


def measure(M: int) -> dict[str, float]:
    model = bounded_network(M)
    weight = model["W[0,0]"]
    line = model, "W[0,0]", (weight - 0.2, weight + 0.2)
    diagram = sw.orbit_diagram(*line)
    return {
        "orbit_diagram": least_cpu_ms(lambda: sw.orbit_diagram(*line)),
        "image": least_cpu_ms(diagram.image),
        "lyapunov_spectrum": least_cpu_ms(lambda: sw.lyapunov_spectrum(model)),
        "diverged": round(float(diagram.diverged.mean()), 3),
    }


if __name__ == "__main__":
    compile_dynamics()
    print(json.dumps({f"M = {M}": measure(M) for M in SIZES}, indent=1))
