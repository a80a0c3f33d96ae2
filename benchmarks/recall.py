"""How many of all cycles each finder finds, and in how much CPU time.

The networks are PLRNNs with a full W and a diagonal A: A uniform in [-1, 1], W normal with standard
deviation 1.5 (the gain), h normal; kept if 20 orbits of 500 steps from random starts of three times
the size of h stay below 1e6. Network n of M units is the n-th that is kept of the stream of
``numpy.random.default_rng([seed, M])``; each finder's own seed is 0.

The finders: "published" is SCYFI with the loop limits of the reference implementation, "search"
is ``find_cycles(method="search")``, "complete" is ``find_cycles(method="complete")``. All cycles
are those that the complete enumeration proves to be all; in a tree without it, all words of up to
`--bits` bits are tried, and higher orders are left out. A false report is a word that is not among
them: for the published search also a cycle of a lower order at a multiple of it. CPU time is that
of the whole call in the calling thread, kernels compiled before. Prints JSON.

    python benchmarks/recall.py > recall.json
    python benchmarks/recall.py --units 2 3 4 --systems 50
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np

import scyfi_widgets as sw
from scyfi_widgets.cycles import find
from scyfi_widgets.cycles.search.search import published_search
from scyfi_widgets.cycles.solving.solve import cycles_of_words
from scyfi_widgets.cycles.words import least_rotation

GAIN, STARTS, STEPS, FAR = 1.5, 20, 500, 1e6
CHUNK = 2**14  # words that brute force tries at once
VERSIONS = ("numpy", "numba", "scyfi_widgets")

Key = tuple[int, bytes]


def stays_bounded(A: np.ndarray, W: np.ndarray, h: np.ndarray, rng: np.random.Generator) -> bool:
    """Whether orbits from random starts stay bounded."""
    z = 3 * np.abs(h).max() * rng.normal(size=(STARTS, len(h)))
    for _ in range(STEPS):
        z = z * A + np.maximum(z, 0) @ W.T + h
        if not np.abs(z).max() < FAR:
            return False
    return True


def networks(M: int, number: int, seed: int) -> Iterator[sw.PLRNN]:
    """Yield random bounded networks."""
    rng = np.random.default_rng([seed, M])
    while number:
        A, W, h = rng.uniform(-1, 1, M), GAIN * rng.normal(size=(M, M)), rng.normal(size=M)
        if stays_bounded(A, W, h, rng):
            number -= 1
            yield sw.PLRNN(A, W, h)


def key(word: np.ndarray) -> Key:
    """The identity of a word (k, H): its least rotation."""
    word = np.asarray(word, bool)
    return len(word), np.packbits(np.roll(word, -least_rotation(word), axis=0)).tobytes()


def keys_by_brute_force(model: sw.Model, max_order: int, bits: int) -> set[Key]:
    """Try all words of the orders with at most `bits` bits."""
    found = set()
    for order in range(1, min(max_order, bits // model.H) + 1):
        size = order * model.H
        for start in range(0, 2**size, CHUNK):
            numbers = np.arange(start, min(start + CHUNK, 2**size))
            words = (numbers[:, None] >> np.arange(size) & 1).astype(bool)
            words = words.reshape(-1, order, model.H)
            for word in words[real_words(model, words)]:
                rotations = {np.roll(word, shift, axis=0).tobytes() for shift in range(order)}
                if len(rotations) == order:
                    found.add(key(word))
    return found


def real_words(model: sw.Model, words: np.ndarray) -> np.ndarray:
    """Which words (n, k, H) have a candidate that visits their own regions."""
    A, W1, W2, h1, h2 = model.relu_form
    jacobians = A + (W1 * words[:, :, None, :]) @ W2
    shifts = h1 + (words * h2) @ W1.T
    P, c = np.broadcast_to(np.eye(model.M), jacobians[:, 0].shape), np.zeros_like(shifts[:, 0])
    for t in range(words.shape[1]):
        P, c = jacobians[:, t] @ P, (jacobians[:, t] @ c[..., None])[..., 0] + shifts[:, t]
    z = np.linalg.solve(np.eye(model.M) - P, c[..., None])[..., 0]
    real = np.ones(len(words), bool)
    for t in range(words.shape[1]):
        real &= ((z @ W2.T + h2 > 0) == words[:, t]).all(axis=1)
        z = (jacobians[:, t] @ z[..., None])[..., 0] + shifts[:, t]
    return real


def published(model: sw.Model, max_order: int) -> set[Key]:
    """The published search, with points and eigenvalues as the others give them."""
    found = set()
    for words in published_search(model, max_order).values():
        cycles_of_words(model.relu_form, words)
        found |= {key(word) for word in words}
    return found


def package(method: str) -> Callable[[sw.Model, int], set[Key]]:
    """A method of `find_cycles`."""

    def finder(model: sw.Model, max_order: int) -> set[Key]:
        cycles = sw.find_cycles(model, max_order, method=method)
        if method == "complete" and cycles.complete_up_to < max_order:
            print(f"not proved: {model.to_code()}: {cycles.statement}", file=sys.stderr)
        return {key(cycle.word) for cycle in cycles}

    return finder


def measure(models: list[sw.Model], max_order: int, finders: dict, bits: int) -> dict[str, Any]:
    """Recall, false reports and CPU time of every finder, measured in turns."""
    found = {name: [] for name in finders}
    seconds = {name: [] for name in finders}
    for model in models:
        for name, finder in finders.items():
            begun = time.thread_time()
            found[name].append(finder(model, max_order))
            seconds[name].append(time.thread_time() - begun)
    if "complete" in finders:
        truth, last = found["complete"], max_order
    else:
        truth = [keys_by_brute_force(model, max_order, bits) for model in models]
        last = min(max_order, bits // models[0].H)
    number = sum(map(len, truth))
    row: dict[str, Any] = {"networks": len(models), "orders": f"1..{last}", "cycles": number}
    for name in finders:
        kept = [{cycle for cycle in cycles if cycle[0] <= last} for cycles in found[name]]
        hits = [cycles & real for cycles, real in zip(kept, truth, strict=True)]
        row[name] = {
            "found": sum(map(len, hits)),
            "share": round(sum(map(len, hits)) / max(number, 1), 4),
            "share by order": {
                order: round(of_order(hits, order) / of_order(truth, order), 3)
                for order in range(1, last + 1)
                if of_order(truth, order)
            },
            "false reports": sum(len(c - real) for c, real in zip(kept, truth, strict=True)),
            "CPU ms mean": round(1e3 * float(np.mean(seconds[name])), 2),
            "CPU ms median": round(1e3 * float(np.median(seconds[name])), 2),
        }
    return row


def of_order(sets: list[set[Key]], order: int) -> int:
    """The number of cycles of one order in all sets."""
    return sum(cycle[0] == order for cycles in sets for cycle in cycles)


def overall(rows: dict[int, dict[str, Any]], finders: dict) -> dict[str, Any]:
    """Shares and false reports over all sizes."""
    number = sum(row["cycles"] for row in rows.values())
    total: dict[str, Any] = {"cycles": number}
    for name in finders:
        total[name] = {
            "share": round(sum(row[name]["found"] for row in rows.values()) / max(number, 1), 4),
            "false reports": sum(row[name]["false reports"] for row in rows.values()),
        }
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, nargs="+", default=[2, 3, 4, 5, 6], metavar="M")
    parser.add_argument("--systems", type=int, default=200, help="networks of each size")
    parser.add_argument("--max-order", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0, help="of the networks")
    parser.add_argument("--bits", type=int, default=16, help="of words for brute force")
    options = parser.parse_args()
    finders = {"published": published, "search": package("search")}
    if "complete" in find.METHODS:
        finders["complete"] = package("complete")
    for M in (2, 3):  # two units and more have kernels of their own
        for model in networks(M, 3, options.seed + 1):
            for finder in finders.values():
                finder(model, options.max_order)
    rows = {}
    for M in options.units:
        print(f"measuring: {M} units", file=sys.stderr)
        models = list(networks(M, options.systems, options.seed))
        rows[M] = measure(models, options.max_order, finders, options.bits)
    result = {
        "machine": {
            "system": platform.platform(),
            "load": [round(load, 2) for load in os.getloadavg()],
            "python": platform.python_version(),
            **{name: version(name) for name in VERSIONS},
        },
        "seed": options.seed,
        "truth": "complete enumeration" if "complete" in finders else "all words",
        "by units": rows,
        "all": overall(rows, finders),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
