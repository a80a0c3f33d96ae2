"""How often `find_loss_jumps` cries wolf, how many planted jumps it finds, where, and how fast.

False alarms: of each kind of noise, curves without a jump. Their log-loss is a trend (flat, a line,
an exponential decay to a floor, a power law, or two or three logistic steps of which the middle
80 % last 150 epochs and more) plus the noise. A curve with any finding is a false alarm. Detection:
the same trends and noises with one step, up or down, spread linearly over `width` epochs; the size
is in units of the noise's standard deviation ("sd"), for correlated noise also of its long-run
standard deviation ("long-run sd": of a mean of n epochs times sqrt(n)). Found is a step if a
finding of its direction overlaps its epochs, widened by 3 on both sides. All intervals are exact
95 % intervals (Clopper and Pearson). Prints JSON.

    python benchmarks/jumps.py > jumps.json
    python benchmarks/jumps.py --curves 1000 --epochs 2000
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from scipy.signal import lfilter
from scipy.stats import beta

from scyfi_widgets.training.jumps import find_loss_jumps

LEVEL = 0.05  # standard deviation of the noise of the log-loss
WARM_UP = 400  # values that a filter forgets
SLACK = 3  # epochs by which a finding may miss a planted jump
VERSIONS = ("numpy", "scipy", "scyfi_widgets")

Noise = Callable[[np.random.Generator, int], np.ndarray]


def white(rng: np.random.Generator, epochs: int) -> np.ndarray:
    return rng.normal(size=epochs)


def autoregressive(correlation: float) -> Noise:
    def noise(rng: np.random.Generator, epochs: int) -> np.ndarray:
        drawn = rng.normal(size=epochs + WARM_UP) * np.sqrt(1 - correlation**2)
        return lfilter([1.0], [1.0, -correlation], drawn)[WARM_UP:]

    return noise


def student(rng: np.random.Generator, epochs: int) -> np.ndarray:
    return rng.standard_t(3, size=epochs) / np.sqrt(3.0)


def correlated_student(rng: np.random.Generator, epochs: int) -> np.ndarray:
    drawn = student(rng, epochs + WARM_UP) * np.sqrt(1 - 0.6**2)
    return lfilter([1.0], [1.0, -0.6], drawn)[WARM_UP:]


def skewed(rng: np.random.Generator, epochs: int) -> np.ndarray:
    return rng.exponential(size=epochs) - 1.0


def fading(rng: np.random.Generator, epochs: int) -> np.ndarray:
    return rng.normal(size=epochs) * np.geomspace(3.0, 0.3, epochs)


def bursts(rng: np.random.Generator, epochs: int) -> np.ndarray:
    """Noise whose strength wanders by factors, within tens of epochs."""
    return rng.normal(size=epochs) * np.exp(0.7 * autoregressive(0.97)(rng, epochs))


def wandering(rng: np.random.Generator, epochs: int) -> np.ndarray:
    """White noise on a slow wandering of the same strength."""
    slow = autoregressive(0.98)(rng, epochs)
    return (rng.normal(size=epochs) + slow) / np.sqrt(2.0)


def smoothed(rng: np.random.Generator, epochs: int) -> np.ndarray:
    """What a logger shows that averages exponentially, twice."""
    drawn = rng.normal(size=epochs + WARM_UP)
    for _ in range(2):
        drawn = lfilter([0.2], [1.0, -0.8], drawn)
    return drawn[WARM_UP:] / 0.195


def spikes(rng: np.random.Generator, epochs: int) -> np.ndarray:
    """White noise and, every hundred epochs, a spike of 30 that is gone after a few epochs."""
    hits = rng.exponential(30.0, size=epochs) * (rng.random(epochs) < 0.01)
    return rng.normal(size=epochs) + lfilter([1.0], [1.0, -0.5], hits)


def random_walk(rng: np.random.Generator, epochs: int) -> np.ndarray:
    return np.cumsum(rng.normal(size=epochs))


def none(rng: np.random.Generator, epochs: int) -> np.ndarray:
    return np.zeros(epochs)


NOISES: dict[str, Noise] = {
    "none": none,
    "white": white,
    "AR(1) 0.3": autoregressive(0.3),
    "AR(1) 0.6": autoregressive(0.6),
    "AR(1) 0.9": autoregressive(0.9),
    "random walk": random_walk,
    "white and wandering": wandering,
    "smoothed by the logger": smoothed,
    "Student, 3 degrees": student,
    "Student, 3 degrees, AR(1) 0.6": correlated_student,
    "skewed (exponential)": skewed,
    "fading to a tenth": fading,
    "bursts": bursts,
    "white with spikes": spikes,
}
PLANTED = (
    "white",
    "AR(1) 0.3",
    "AR(1) 0.6",
    "Student, 3 degrees",
    "skewed (exponential)",
    "bursts",
)
LONG_RUN = {"AR(1) 0.3": np.sqrt(1.3 / 0.7), "AR(1) 0.6": np.sqrt(1.6 / 0.4)}


def trend(rng: np.random.Generator, epochs: int) -> np.ndarray:
    """A log-loss without a jump."""
    t, kind = np.arange(epochs), rng.integers(5)
    if kind == 0:
        return np.zeros(epochs)
    if kind == 1:
        return -rng.uniform(0.0, 0.01) * t
    if kind == 2:
        floor, decay = 10 ** rng.uniform(-3, -0.5), epochs * 10 ** rng.uniform(-2, 0)
        return np.log(floor + np.exp(-t / decay))
    if kind == 3:
        return -rng.uniform(0.3, 1.5) * np.log1p(t / 10 ** rng.uniform(0, 2))
    steps = np.zeros(epochs)
    for _ in range(rng.integers(2, 4)):
        width = rng.uniform(150, 400) / (2 * np.log(9.0))
        steps -= rng.uniform(0.3, 2.0) / (1 + np.exp(-(t - rng.uniform(0, epochs)) / width))
    return steps


def share(hits: int, number: int) -> dict[str, Any]:
    """A rate with its exact 95 % interval."""
    low = beta.ppf(0.025, hits, number - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, number - hits) if hits < number else 1.0
    return {
        "rate": round(hits / number, 4),
        "interval": [round(float(low), 4), round(float(high), 4)],
        "curves": number,
    }


def false_alarms(name: str, epochs: int, curves: int, seed: int) -> dict[str, Any]:
    hits = 0
    for number in range(curves):
        rng = np.random.default_rng([seed, number])
        log_loss = trend(rng, epochs) + LEVEL * NOISES[name](rng, epochs)
        hits += bool(len(find_loss_jumps(np.exp(log_loss))))
    return share(hits, curves)


def detection(
    name: str, size: float, width: int, epochs: int, curves: int, seed: int
) -> dict[str, Any]:
    hits, middles, starts, others = 0, [], [], 0
    for number in range(curves):
        rng = np.random.default_rng([seed, number, width])
        begin = int(rng.integers(epochs // 8, epochs - epochs // 8 - width))
        change = LEVEL * size * rng.choice([-1.0, 1.0])
        step = np.clip((np.arange(epochs) - begin) / width, 0.0, 1.0)
        log_loss = trend(rng, epochs) + LEVEL * NOISES[name](rng, epochs) + change * step
        found = find_loss_jumps(np.exp(log_loss))
        good = [
            jump
            for jump in found
            if jump.size * change > 0
            and jump.start <= begin + width + SLACK
            and jump.stop >= begin - SLACK
        ]
        hits += bool(good)
        others += len(found) - len(good)
        middles += [abs(j.start + j.stop - 2 * begin - width) / 2 for j in good[:1]]
        starts += [abs(j.start - begin) for j in good[:1]]
    result = share(hits, curves)
    if middles:
        result["error of the middle, median and 95 %"] = np.percentile(middles, [50, 95]).tolist()
        result["error of the start, median and 95 %"] = np.percentile(starts, [50, 95]).tolist()
    result["other findings a curve"] = round(others / curves, 4)
    return result


def milliseconds(epochs: int, curves: int, seed: int) -> float:
    taken = []
    for number in range(curves):
        rng = np.random.default_rng([seed, number])
        loss = np.exp(trend(rng, epochs) + LEVEL * autoregressive(0.3)(rng, epochs))
        begun = time.thread_time()
        find_loss_jumps(loss)
        taken.append(time.thread_time() - begun)
    return round(1e3 * float(np.median(taken)), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--curves", type=int, default=200, help="for each row")
    parser.add_argument("--epochs", type=int, nargs="+", default=[200, 1000, 5000])
    parser.add_argument("--planted-epochs", type=int, default=1000)
    parser.add_argument("--sizes", type=float, nargs="*", default=[2.0, 3.0, 4.0])
    parser.add_argument("--widths", type=int, nargs="+", default=[1, 3, 10])
    parser.add_argument("--kinds", nargs="+", default=list(NOISES), choices=list(NOISES))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    alarms: dict[str, Any] = {}
    for name in options.kinds:
        print(f"false alarms: {name}", file=sys.stderr)
        alarms[name] = {
            f"{epochs} epochs": false_alarms(name, epochs, options.curves, options.seed)
            for epochs in options.epochs
        }
    planted: dict[str, Any] = {}
    for name in (name for name in PLANTED if name in options.kinds):
        print(f"planted jumps: {name}", file=sys.stderr)
        planted[name] = {}
        units = {"sd": 1.0} | ({"long-run sd": LONG_RUN[name]} if name in LONG_RUN else {})
        for unit, factor in units.items():
            for size in options.sizes:
                for width in options.widths:
                    planted[name][f"{size:g} {unit} over {width} epochs"] = detection(
                        name,
                        size * factor,
                        width,
                        options.planted_epochs,
                        options.curves,
                        options.seed + 1,
                    )
    result = {
        "machine": {
            "system": platform.platform(),
            "load": [round(load, 2) for load in os.getloadavg()],
            "python": platform.python_version(),
            **{name: version(name) for name in VERSIONS},
        },
        "seed": options.seed,
        "curves with a false alarm": alarms,
        "planted jumps found": planted,
        "CPU ms for a curve of 10,000 epochs": milliseconds(10_000, 9, options.seed),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
