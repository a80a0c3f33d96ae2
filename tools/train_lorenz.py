"""Train the almost-linear RNN on Lorenz-63 that ships as ``systems/lorenz_almost_linear.npz``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from lorenz_quality import Network, free_run, measure, true_trajectory
from numba import njit

OBSERVED = 3
BATCHES_PER_EPOCH = 100


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
def loss_and_gradient(A, W, h, encoder, n_relu, data, alphas):
    """Mean squared error of a forced run, and its gradient by backpropagation through time.

    ``data`` is (T + 1, 3, batch), the start included. The observed units are forced,
    z̃_t = (1 - α) z_t + α x_t, then z_{t+1} = A z̃_t + W Φ(z̃_t) + h; the loss compares the unforced
    z_t with x_t. Going backward the gradient passes each step as Jᵀ, scaled by 1 - α where forced.
    """
    steps, batch = data.shape[0] - 1, data.shape[2]
    units = len(A)
    linear = units - n_relu
    forced = np.empty((steps, units, batch))
    activity = np.empty((steps, units, batch))
    error = np.empty((steps, OBSERVED, batch))
    forced[0, :OBSERVED] = data[0]
    forced[0, OBSERVED:] = encoder @ np.ascontiguousarray(data[0])
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
            forced[t + 1, :OBSERVED] -= alphas[t] * error[t]
    weight = 2.0 / error.size
    gradient_A, gradient_W, gradient_h = np.zeros_like(A), np.zeros_like(W), np.zeros_like(h)
    transposed = np.ascontiguousarray(W.T)
    back = np.zeros((units, batch))
    for t in range(steps - 1, -1, -1):
        back[:OBSERVED] = (1.0 - alphas[t]) * back[:OBSERVED] + weight * error[t]
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
    """Run the whole schedule and return the network, its start a point of its own attractor."""
    rng = np.random.default_rng(options.seed)
    raw = true_trajectory(100_000, options.time_step, seed=0)
    offset, scale = raw.mean(axis=0), raw.std(axis=0)
    data = (raw - offset) / scale
    parameters = initial_parameters(options.units, rng)
    if options.symmetric:
        offset[:2] = 0
        data = (raw - offset) / scale
        mirror = Reflection(options.units, options.relus)
        parameters = mirror.mean(*parameters)
    optimiser = Adam(parameters)
    updates = options.epochs * BATCHES_PER_EPOCH
    window = np.arange(options.length + 1)[:, None]
    for update in range(updates):
        progress = update / updates
        alpha = options.alpha[0] * (options.alpha[1] / options.alpha[0]) ** progress
        alphas = np.full(options.length, alpha)
        if options.sparse:
            alphas[:] = 0.0
            alphas[options.sparse - 1 :: options.sparse] = 1.0
        rate = options.rate[1] + (options.rate[0] - options.rate[1]) * 0.5 * (
            1 + np.cos(np.pi * progress)
        )
        starts = rng.integers(0, len(data) - len(window), options.batch)
        batch = np.ascontiguousarray(data[window + starts].transpose(0, 2, 1))
        loss, *gradients = loss_and_gradient(*parameters, options.relus, batch, alphas)
        if options.symmetric:
            gradients = mirror.mean(*gradients)
        optimiser.update(parameters, gradients, rate)
        if update % (updates // 10) == 0:
            print(f"epoch {update // BATCHES_PER_EPOCH}  alpha {alpha:.3f}  loss {loss:.3e}")
    A, W, h, encoder = parameters
    start = np.concatenate([data[0], encoder @ data[0]])
    start = free_run(A, W, h, options.relus, start, 20_000)[-1]
    return Network(A, W, h, options.relus, scale, offset, start, options.time_step)


def main() -> None:
    """Train, write the network, print its quality."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=500, help="of 100 batches")
    parser.add_argument("--units", type=int, default=12, help="M")
    parser.add_argument("--relus", type=int, default=3, help="P")
    parser.add_argument("--time-step", type=float, default=0.03)
    parser.add_argument("--length", type=int, default=100, help="steps of a training sequence")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--alpha", type=float, nargs=2, default=(0.2, 0.05), help="first, last")
    parser.add_argument("--sparse", type=int, default=0)
    parser.add_argument("--symmetric", type=int, default=0)
    parser.add_argument("--rate", type=float, nargs=2, default=(5e-3, 1e-5), help="first, last")
    parser.add_argument("--out", type=Path, default=Path("lorenz_almost_linear.npz"))
    options = parser.parse_args()
    network = train(options)
    np.savez_compressed(options.out, **network._asdict())
    print(json.dumps(measure(network, 100_000, 50), indent=1))


if __name__ == "__main__":
    main()
