"""How good is the shipped Lorenz network? Long free runs of it, measured against the true system.

    python tools/lorenz_quality.py scyfi_widgets/systems/lorenz_almost_linear.npz --picture out.png

prints the figures as JSON and draws the two attractors side by side (the drawing alone needs
matplotlib). Everything is float64. The network is z' = A z + W Φ(z) + h, where Φ rectifies the
last P of the M units (Brenner et al., *Almost-linear RNNs*, NeurIPS 2024); its first three units,
rescaled, are the Lorenz coordinates. State-space divergence and power-spectrum distance follow
Hess et al., *Generalized teacher forcing for learning chaotic dynamics*, ICML 2023.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import njit

TRUE_EXPONENT = 0.9056
"""Largest Lyapunov exponent of Lorenz-63 per time unit (Viswanath, 1998: 0.905630)."""


class Network(NamedTuple):
    """An almost-linear RNN with the affine map from its first three units to Lorenz coordinates."""

    A: np.ndarray
    W: np.ndarray
    h: np.ndarray
    n_relu: int
    scale: np.ndarray
    offset: np.ndarray
    start: np.ndarray
    time_step: float

    @classmethod
    def load(cls, path: str | Path) -> Network:
        """Read the network that ``train_lorenz.py`` wrote."""
        with np.load(path, allow_pickle=False) as file:
            values = {name: file[name] for name in cls._fields}
        return cls(
            **values | {"n_relu": int(values["n_relu"]), "time_step": float(values["time_step"])}
        )

    @property
    def parameters(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """What the kernels below take."""
        return self.A, self.W, self.h, self.n_relu

    def observe(self, orbit: np.ndarray) -> np.ndarray:
        """Lorenz coordinates (..., 3) of latent states (..., M)."""
        return self.offset + self.scale * orbit[..., :3]

    def region(self, orbit: np.ndarray) -> np.ndarray:
        """Number of the linear region of each state: the signs of the last P units as bits."""
        return (orbit[..., -self.n_relu :] > 0) @ (1 << np.arange(self.n_relu)[::-1])


@njit(cache=False)
def lorenz_trajectory(start, steps, time_step, substeps):
    """Lorenz-63 (σ = 10, ρ = 28, β = 8/3) by fourth-order Runge-Kutta: (steps, 3)."""
    trajectory = np.empty((steps, 3))
    state = start.copy()
    slopes = np.zeros((4, 3))
    dt = time_step / substeps
    for t in range(steps):
        trajectory[t] = state
        for _ in range(substeps):
            for stage in range(4):
                point = state.copy()
                if stage > 0:
                    point += (dt if stage == 3 else dt / 2) * slopes[stage - 1]
                x, y, z = point
                slopes[stage, 0] = 10.0 * (y - x)
                slopes[stage, 1] = x * (28.0 - z) - y
                slopes[stage, 2] = x * y - 8.0 / 3.0 * z
            state += dt / 6 * (slopes[0] + 2 * slopes[1] + 2 * slopes[2] + slopes[3])
    return trajectory


def true_trajectory(steps: int, time_step: float, seed: int = 0) -> np.ndarray:
    """A Lorenz-63 trajectory (steps, 3) on the attractor, from a start drawn with ``seed``."""
    start = np.array([1.0, 1.0, 25.0]) + np.random.default_rng(seed).normal(size=3)
    transient = int(100 / time_step)
    substeps = int(np.ceil(time_step / 0.002))
    return lorenz_trajectory(start, transient + steps, time_step, substeps)[transient:]


@njit(cache=False)
def free_run(A, W, h, n_relu, start, steps):
    """The network's orbit (steps, M) from ``start``."""
    orbit = np.empty((steps, len(A)))
    orbit[0] = start
    linear = len(A) - n_relu
    for t in range(1, steps):
        z = orbit[t - 1]
        activity = z.copy()
        activity[linear:] = np.maximum(z[linear:], 0.0)
        orbit[t] = A * z + W @ activity + h
    return orbit


@njit(cache=False)
def lyapunov_exponents(A, W, h, n_relu, start, steps, transient):
    """All Lyapunov exponents per step, largest first, by QR of the Jacobians along an orbit."""
    size = len(A)
    linear = size - n_relu
    z = start.copy()
    frame = np.eye(size)
    total = np.zeros(size)
    for t in range(transient + steps):
        slope = np.ones(size)
        slope[linear:] = z[linear:] > 0
        frame, stretch = np.linalg.qr((np.diag(A) + W * slope) @ np.ascontiguousarray(frame))
        z = A * z + W @ (slope * z) + h
        if t >= transient:
            total += np.log(np.abs(np.diag(stretch)) + 1e-300)
    return np.sort(total / steps)[::-1]


def fixed_points(network: Network) -> list[dict]:
    """Every fixed point: one linear solve for each of the 2^P regions, kept if it lies there."""
    found = []
    size, n_relu = len(network.A), network.n_relu
    for word in range(2**n_relu):
        bits = np.array([word >> (n_relu - 1 - i) & 1 for i in range(n_relu)])
        slope = np.concatenate([np.ones(size - n_relu), bits])
        jacobian = np.diag(network.A) + network.W * slope
        z = np.linalg.solve(np.eye(size) - jacobian, network.h)
        if np.array_equal(z[-n_relu:] > 0, bits == 1):
            eigenvalues = np.linalg.eigvals(jacobian)
            found.append(
                {
                    "region": format(word, f"0{n_relu}b"),
                    "lorenz_coordinates": network.observe(z).round(4).tolist(),
                    "largest_modulus": float(np.abs(eigenvalues).max()),
                    "unstable_directions": int((np.abs(eigenvalues) > 1).sum()),
                }
            )
    return found


def state_space_divergence(true: np.ndarray, other: np.ndarray, bins: int = 30) -> float:
    """Kullback-Leibler divergence of the binned occupations, ``true`` from ``other`` (nats)."""
    edges = [np.linspace(low, high, bins + 1) for low, high in zip(*limits(true), strict=True)]
    p = np.histogramdd(true, edges)[0].ravel() + 1e-6
    q = np.histogramdd(other, edges)[0].ravel() + 1e-6
    p, q = p / p.sum(), q / q.sum()
    return float(np.sum(p * np.log(p / q)))


def limits(trajectory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The box around a trajectory, 5 % wider on every side."""
    low, high = trajectory.min(axis=0), trajectory.max(axis=0)
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def spectrum_distance(true: np.ndarray, other: np.ndarray, window: int = 4096) -> float:
    """Hellinger distance of the normalised power spectra (Welch average), mean of coordinates."""
    first, second = (power_spectrum(series, window) for series in (true, other))
    overlap = np.sum(np.sqrt(first * second), axis=0)
    return float(np.mean(np.sqrt(np.maximum(0.0, 1.0 - overlap))))


def power_spectrum(series: np.ndarray, window: int) -> np.ndarray:
    """Normalised power spectrum of each coordinate, averaged over Hann windows."""
    pieces = series[: len(series) // window * window].reshape(-1, window, series.shape[1])
    pieces = (pieces - series.mean(axis=0)) * np.hanning(window)[:, None]
    power = np.mean(np.abs(np.fft.rfft(pieces, axis=1)) ** 2, axis=0)
    return power / power.sum(axis=0)


def wing_residence(x: np.ndarray, time_step: float) -> dict:
    """Mean and standard deviation of the time between changes of the sign of x."""
    stays = np.diff(np.flatnonzero(np.diff(np.sign(x)) != 0)) * time_step
    return {"mean": float(stays.mean()), "std": float(stays.std())} if len(stays) > 1 else {}


def start_survey(network: Network, orbit: np.ndarray, starts: int, steps: int, box: float) -> dict:
    """Share of random starts that end on the chaotic attractor, or diverge.

    Starts are uniform in the box around ``orbit`` in all M units, ``box`` times as wide.
    "On the attractor" means that the last quarter of the run changes wing at least ten times.
    """
    low, high = orbit.min(axis=0), orbit.max(axis=0)
    centre, half = (low + high) / 2, box * (high - low) / 2
    draws = np.random.default_rng(1).uniform(-1, 1, size=(starts, len(low)))
    chaotic = diverged = 0
    for start in centre + half * draws:
        end = free_run(*network.parameters, start, steps)[-steps // 4 :]
        if not np.all(np.abs(end) < 1e3):
            diverged += 1
        else:
            chaotic += np.sum(np.diff(np.sign(network.observe(end)[:, 0])) != 0) >= 10
    return {"starts": starts, "steps": steps, "diverged": diverged, "chaotic": int(chaotic)}


def measure(network: Network, steps: int = 400_000, starts: int = 200) -> dict:
    """All figures of quality, as plain numbers."""
    dt = network.time_step
    orbit = free_run(*network.parameters, network.start, steps)
    if not np.all(np.abs(orbit) < 1e3):
        return {"bounded": False}
    true, other_true = (true_trajectory(steps, dt, seed) for seed in (100, 101))
    run = network.observe(orbit)
    exponents = np.array(
        [
            lyapunov_exponents(*network.parameters, start, steps // 4, 1000)[:4]
            for start in orbit[:: steps // 4]
        ]
    )
    words, counts = np.unique(network.region(orbit), return_counts=True)
    return {
        "units": len(network.A),
        "rectified_units": network.n_relu,
        "time_step": dt,
        "steps": steps,
        "bounded": True,
        "largest_exponent_per_step": float(exponents[:, 0].mean()),
        "largest_exponent_per_time": float(exponents[:, 0].mean() / dt),
        "largest_exponent_per_time_of_four_runs": (exponents[:, 0] / dt).round(4).tolist(),
        "next_exponents_per_time": (exponents[:, 1:].mean(axis=0) / dt).round(4).tolist(),
        "true_exponent_per_time": TRUE_EXPONENT,
        "state_space_divergence": state_space_divergence(true, run),
        "state_space_divergence_true_against_true": state_space_divergence(true, other_true),
        "spectrum_distance": spectrum_distance(true, run),
        "spectrum_distance_true_against_true": spectrum_distance(true, other_true),
        "wing_residence": wing_residence(run[:, 0], dt),
        "wing_residence_true": wing_residence(true[:, 0], dt),
        "mean": run.mean(axis=0).round(3).tolist(),
        "mean_true": true.mean(axis=0).round(3).tolist(),
        "std": run.std(axis=0).round(3).tolist(),
        "std_true": true.std(axis=0).round(3).tolist(),
        "regions": {
            format(word, f"0{network.n_relu}b"): round(count / steps, 5)
            for word, count in zip(words, counts, strict=True)
        },
        "starts_in_box": start_survey(network, orbit, starts, 20_000, 1.0),
        "starts_in_double_box": start_survey(network, orbit, starts, 20_000, 2.0),
        "fixed_points": fixed_points(network),
    }


def draw(network: Network, path: Path, time: float = 170.0) -> None:
    """Picture of the true attractor beside the network's, the latter coloured by linear region."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from PIL import Image

    steps = int(time / network.time_step)
    true = true_trajectory(steps, network.time_step)
    orbit = free_run(*network.parameters, network.start, steps)
    figure, axes = plt.subplots(1, 2, figsize=(12, 5.6), sharex=True, sharey=True, dpi=125)
    ink, paper = "#22262b", "#ffffff"
    figure.set_facecolor(paper)
    wings = np.sqrt(8 / 3 * 27)
    true_fixed = np.array([[0, 0, 0], [wings, wings, 27], [-wings, -wings, 27]])
    draw_attractor(axes[0], true, np.full(steps, 0), ["#59636e"])
    mark_fixed_points(axes[0], true_fixed)
    run, regions = network.observe(orbit), network.region(orbit)
    words, index = np.unique(regions, return_inverse=True)
    leftmost = np.argsort([run[regions == word, 0].mean() for word in words])
    rank = np.argsort(leftmost)
    colours = matplotlib.colormaps["managua_r"](np.linspace(0.03, 0.97, len(words)))
    draw_attractor(axes[1], run, rank[index], colours)
    found = np.array([point["lorenz_coordinates"] for point in fixed_points(network)])
    low, high = limits(np.concatenate([true, run, true_fixed]))
    mark_fixed_points(axes[1], found[np.all((found > low) & (found < high), axis=1)])
    exponent = lyapunov_exponents(*network.parameters, network.start, 400_000, 1000)[0]
    size, bits = len(network.A), network.n_relu
    titles = (
        ("Lorenz-63", f"three equations, two products · λ = {TRUE_EXPONENT:.2f} per time unit"),
        (
            "Almost-linear network",
            f"{size} units, {bits} rectified: {len(words)} linear pieces, a colour each · "
            f"λ = {exponent / network.time_step:.2f}",
        ),
    )
    for axis, (title, below) in zip(axes, titles, strict=True):
        axis.set_title(title, color=ink, fontsize=14, pad=24, loc="left", fontweight="bold")
        axis.text(0, 1.025, below, transform=axis.transAxes, color="#59636e", fontsize=10.5)
        axis.set_xlabel("x", color=ink)
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color("#b8bec5")
        axis.tick_params(colors="#59636e", labelsize=9)
    axes[0].set_ylabel("z", color=ink, rotation=0)
    figure.tight_layout(w_pad=3)
    figure.savefig(path)
    plt.close(figure)
    picture = Image.open(path).convert("RGB")
    picture.quantize(96, method=Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


def draw_attractor(axis, trajectory: np.ndarray, group: np.ndarray, colours) -> None:
    """The (x, z) projection as thin lines, each step in the colour of its group."""
    from matplotlib.collections import LineCollection

    plane = trajectory[:, [0, 2]]
    segments = np.stack([plane[:-1], plane[1:]], axis=1)
    colours = np.array(colours, dtype=object)[group[:-1]].tolist()
    axis.add_collection(
        LineCollection(segments, colors=colours, linewidths=0.55, alpha=0.75, capstyle="round")
    )
    axis.autoscale_view()


def mark_fixed_points(axis, points: np.ndarray) -> None:
    """Red for unstable, this field's convention."""
    axis.plot(points[:, 0], points[:, 2], "o", ms=6.5, mfc="#d5322f", mec="white", mew=1.3)


def main() -> None:
    """Measure the network in a file, and draw it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", type=Path)
    parser.add_argument("--picture", type=Path, help="write a PNG (needs matplotlib)")
    options = parser.parse_args()
    network = Network.load(options.network)
    if options.picture:
        draw(network, options.picture)
    print(json.dumps(measure(network), indent=1))


if __name__ == "__main__":
    main()
