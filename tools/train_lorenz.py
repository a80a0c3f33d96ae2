"""Train the almost-linear RNN on Lorenz-63 that ships as ``systems/lorenz_almost_linear.npz``.

The model (Brenner et al., *Almost-linear RNNs*, NeurIPS 2024) is z' = A z + W Φ(z) + h with a
diagonal A and Φ rectifying the last P of M units; its first three units are the standardised
Lorenz coordinates. It is trained by backpropagation through time with sparse teacher forcing
(Mikhaeil et al., NeurIPS 2022; Brenner et al., ICML 2022): every ``--interval`` steps the observed
units are set to the data, and the gradient is cut there. This is generalised teacher forcing
(Hess et al., ICML 2023), z̃ = (1 - α) z + α x, with α = 1 at those steps and 0 between.

Lorenz-63 does not change under (x, y, z) → (-x, -y, z). The network is made to share the symmetry
(class ``Reflection``), which halves its free parameters and makes its two wings alike.

The loss alone does not tell a good attractor from a bad one, so from a quarter of the run on every
fifth epoch is a checkpoint, judged by its free run (``checkpoint_score``); the best is kept.

Needs only NumPy and Numba. Deterministic for a given seed on one machine and library version.
Seeds were compared by hand on the same score; docs/lorenz_network.md tells which were tried:

    python tools/train_lorenz.py --seed 4 --out scyfi_widgets/systems/lorenz_almost_linear.npz
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from lorenz_quality import (
    TRUE_EXPONENT,
    Network,
    fixed_points,
    free_run,
    lyapunov_exponents,
    measure,
    start_survey,
    state_space_divergence,
    true_trajectory,
)
from numba import njit

OBSERVED = 3
BATCHES_PER_EPOCH = 100
CHECKPOINT_EVERY = 5


class Parameters(NamedTuple):
    """The trained arrays; ``encoder`` (M - 3, 3) guesses the unobserved units at a start."""

    A: np.ndarray
    W: np.ndarray
    h: np.ndarray
    encoder: np.ndarray


def initial_parameters(units: int, rng: np.random.Generator) -> Parameters:
    """A map near a slow linear decay, with weak random coupling."""
    return Parameters(
        A=rng.uniform(0.5, 0.95, units),
        W=rng.normal(0, 0.3 / np.sqrt(units), (units, units)),
        h=np.zeros(units),
        encoder=rng.normal(0, 0.5, (units - OBSERVED, OBSERVED)),
    )


class Reflection:
    """Lorenz-63's symmetry (x, y, z) → (-x, -y, z), carried to the units of the network.

    It flips the sign of x, y and of every second hidden linear unit, and swaps the rectified units
    in pairs, so it commutes with Φ. A network whose parameters it leaves alone has a symmetric
    attractor.
    """

    def __init__(self, units: int, n_relu: int):
        linear = units - n_relu
        self.order = np.arange(units)
        self.order[linear:] = self.order[linear:].reshape(-1, 2)[:, ::-1].ravel()
        self.sign = np.ones(units)
        self.sign[[0, 1]] = -1.0
        self.sign[OBSERVED:linear:2] = -1.0

    def mean(self, A, W, h, encoder) -> Parameters:
        """Parameters (or a gradient) averaged with their own mirror image."""
        order, sign = self.order, self.sign
        hidden, hidden_sign = order[OBSERVED:] - OBSERVED, sign[OBSERVED:, None]
        return Parameters(
            A=(A + A[order]) / 2,
            W=(W + sign[:, None] * W[np.ix_(order, order)] * sign) / 2,
            h=(h + sign * h[order]) / 2,
            encoder=(encoder + hidden_sign * encoder[hidden] * sign[:OBSERVED]) / 2,
        )


@njit(fastmath=True)
def loss_and_gradient(A, W, h, encoder, n_relu, data, disturbance, forcing):
    """Mean squared error of a forced run, and its gradient by backpropagation through time.

    ``data`` is (T + 1, 3, batch), the start included. ``disturbance`` (M - 3, batch) is added to
    the hidden units at the start, so that the network learns to forget it. The observed units are
    forced with α_t = ``forcing[t]``: z̃_t = (1 - α_t) z_t + α_t x_t, z_{t+1} = A z̃_t + W Φ(z̃_t) + h.
    The loss compares the unforced z_t with x_t. Backward, the gradient passes each step as Jᵀ,
    scaled by 1 - α_t where forced.
    """
    steps, batch = data.shape[0] - 1, data.shape[2]
    units = len(A)
    linear = units - n_relu
    forced = np.empty((steps, units, batch))
    activity = np.empty((steps, units, batch))
    error = np.empty((steps, OBSERVED, batch))
    forced[0, :OBSERVED] = data[0]
    forced[0, OBSERVED:] = encoder @ np.ascontiguousarray(data[0]) + disturbance
    for t in range(steps):
        activity[t, :linear] = forced[t, :linear]
        activity[t, linear:] = np.maximum(forced[t, linear:], 0.0)
        z = W @ activity[t]
        for i in range(units):
            for b in range(batch):
                z[i, b] += A[i] * forced[t, i, b] + h[i]
        error[t] = z[:OBSERVED] - data[t + 1]
        if t + 1 < steps:
            forced[t + 1] = z
            forced[t + 1, :OBSERVED] -= forcing[t] * error[t]
    weight = 2.0 / error.size
    gradient_A, gradient_W, gradient_h = np.zeros_like(A), np.zeros_like(W), np.zeros_like(h)
    transposed = np.ascontiguousarray(W.T)
    back = np.zeros((units, batch))
    for t in range(steps - 1, -1, -1):
        back[:OBSERVED] = (1.0 - forcing[t]) * back[:OBSERVED] + weight * error[t]
        gradient_W += back @ activity[t].T
        through = transposed @ back
        for i in range(units):
            for b in range(batch):
                gradient_A[i] += back[i, b] * forced[t, i, b]
                gradient_h[i] += back[i, b]
                passes = i < linear or forced[t, i, b] > 0
                back[i, b] = A[i] * back[i, b] + (through[i, b] if passes else 0.0)
    gradient_encoder = back[OBSERVED:] @ data[0].T
    return np.mean(error**2), gradient_A, gradient_W, gradient_h, gradient_encoder


class Adam:
    """Kingma & Ba's optimiser over a tuple of arrays, with the gradient's norm clipped at 1."""

    def __init__(self, parameters: Parameters):
        self.first = [np.zeros_like(p) for p in parameters]
        self.second = [np.zeros_like(p) for p in parameters]
        self.count = 0

    def update(self, parameters: Parameters, gradients: tuple, rate: float) -> None:
        """Change ``parameters`` in place."""
        self.count += 1
        norm = np.sqrt(sum(np.sum(g**2) for g in gradients))
        shrink = 1.0 / max(1.0, norm)
        for p, g, m, v in zip(parameters, gradients, self.first, self.second, strict=True):
            m += 0.1 * (shrink * g - m)
            v += 0.001 * ((shrink * g) ** 2 - v)
            unbiased = m / (1 - 0.9**self.count)
            p -= rate * unbiased / (np.sqrt(v / (1 - 0.999**self.count)) + 1e-8)


def train(options: argparse.Namespace) -> Network:
    """Run the whole schedule and return the best network seen at the checkpoints."""
    rng = np.random.default_rng(options.seed)
    trajectory = true_trajectory(100_000, options.time_step, seed=0)
    scale, offset = trajectory.std(axis=0), trajectory.mean(axis=0)
    offset[:2] = 0.0  # so that the data keep the symmetry of the equations
    data = (trajectory - offset) / scale
    mirror = Reflection(options.units, options.relus)
    parameters = mirror.mean(*initial_parameters(options.units, rng))
    optimiser = Adam(parameters)
    forcing = np.zeros(options.length)
    forcing[options.interval - 1 :: options.interval] = 1.0
    window = np.arange(options.length + 1)[:, None]
    best, best_score = None, np.inf
    for epoch in range(options.epochs):
        first, last = options.rate
        rate = last + (first - last) * (1 + np.cos(np.pi * epoch / options.epochs)) / 2
        for _ in range(BATCHES_PER_EPOCH):
            starts = rng.integers(0, len(data) - len(window), options.batch)
            batch = np.ascontiguousarray(data[window + starts].transpose(0, 2, 1))
            disturbance = rng.normal(0, options.noise, (options.units - OBSERVED, options.batch))
            loss, *gradients = loss_and_gradient(
                *parameters, options.relus, batch, disturbance, forcing
            )
            optimiser.update(parameters, mirror.mean(*gradients), rate)
        if epoch < options.epochs // 4 or (epoch + 1) % CHECKPOINT_EVERY:
            continue
        A, W, h, encoder = (array.copy() for array in parameters)
        start = np.concatenate([data[0], encoder @ data[0]])
        start = free_run(A, W, h, options.relus, start, 5_000)[-1]
        network = Network(A, W, h, options.relus, scale, offset, start, options.time_step)
        score = checkpoint_score(network, trajectory)
        if score < best_score:
            best, best_score = network, score
            print(f"epoch {epoch + 1}: loss {loss:.2e}, score {score:.3f}", flush=True)
    if best is None:
        raise SystemExit("no checkpoint was chaotic with unstable fixed points: try another seed")
    return best


def checkpoint_score(network: Network, trajectory: np.ndarray) -> float:
    """State-space divergence plus relative error of the largest exponent; the lower the better.

    Infinite for a network that is not chaotic from 50 random starts in and around the attractor's
    box, or that has
    a stable fixed point: Lorenz-63 has none at these parameters.
    """
    orbit = free_run(*network.parameters, network.start, len(trajectory))
    if not np.all(np.abs(orbit) < 1e3):
        return np.inf
    if any(point["unstable_directions"] == 0 for point in fixed_points(network)):
        return np.inf
    divergence = state_space_divergence(trajectory, network.observe(orbit))
    if divergence > 2.0:
        return np.inf
    survey = start_survey(network, orbit, starts=50, steps=5_000, box=1.2)
    if survey["chaotic"] < survey["starts"]:
        return np.inf
    exponent = lyapunov_exponents(*network.parameters, network.start, 30_000, 1000)[0]
    return divergence + abs(exponent / network.time_step / TRUE_EXPONENT - 1)


def main() -> None:
    """Train, write the network, print its quality."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=1000, help="of 100 batches")
    parser.add_argument("--units", type=int, default=14, help="M")
    parser.add_argument("--relus", type=int, default=4, help="P, even")
    parser.add_argument("--time-step", type=float, default=0.02, help="between two samples")
    parser.add_argument("--length", type=int, default=140, help="steps of a training sequence")
    parser.add_argument("--interval", type=int, default=20, help="steps between two forcings")
    parser.add_argument("--batch", type=int, default=16, help="sequences")
    parser.add_argument("--noise", type=float, default=0.3, help="on hidden units at the start")
    parser.add_argument("--rate", type=float, nargs=2, default=(3e-3, 3e-5), help="first, last")
    parser.add_argument("--out", type=Path, default=Path("lorenz_almost_linear.npz"))
    options = parser.parse_args()
    network = train(options)
    note = (
        f"tools/train_lorenz.py --seed {options.seed} --epochs {options.epochs} "
        f"--units {options.units} --relus {options.relus} --noise {options.noise}; "
        "Lorenz-63, sigma 10, rho 28, beta 8/3, "
        f"sampled every {options.time_step} time units, standardised"
    )
    np.savez_compressed(
        options.out,
        format="scyfi_widgets.model",
        version=1,
        architecture="AlmostLinearRNN",
        note=note,
        **network._asdict(),
    )
    print(json.dumps(measure(network), indent=1))


if __name__ == "__main__":
    main()
