"""Epochs per second of a training, against the same loop in PyTorch on the CPU, in one run.

The loop in PyTorch is the one that one writes: a step for the whole batch, one after the other, the
loss of the stacked states, backward(), torch.optim.Adam; float64. Both have one thread, and seconds
are those of the CPU, so that other work on the machine does not count. Both draw the same batches
and start from the same network: `agreement` is the largest relative difference between the losses
of the first epochs. An epoch is one step of the optimiser. The best of several attempts, taken in
turn, as JSON.

    python benchmarks/training.py > training.json
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy
os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import time
from collections.abc import Callable

import numpy as np
import torch

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.training.batches import Batches
from scyfi_widgets.training.forcing import FreeRunning, GeneralizedTeacherForcing
from scyfi_widgets.training.optimizers import Adam
from scyfi_widgets.training.train import train

THREADS = 1  # of PyTorch
ATTEMPTS = 5
COMPARED = 10
SEED = 0


def toy() -> dict:
    """M = 2, T = 500: the whole series, free running, only A is trained."""
    model = systems.sixteen_cycle()
    data = model.orbit(model.orbit([0.1, 0.2], 400)[-1], 499)
    start = model.replace({"A": [0.83777 + 0.2, 0.96461 - 0.3]})
    return {"model": start, "data": data, "trainable": "A", "alpha": 0.0, "length": 500}


def lorenz() -> np.ndarray:
    """Return 2,000 standardised states of the Lorenz network's first three units."""
    network = systems.lorenz_network()
    orbit = network.orbit(np.full(network.M, 0.1), 12_000)[10_001:, :3]
    return (orbit - orbit.mean(axis=0)) / orbit.std(axis=0)


def plrnn() -> dict:
    """M = 20, T = 200, batch 16: generalised teacher forcing, three units observed."""
    rng = np.random.default_rng(SEED)
    M = 20
    W = 0.5 * rng.normal(size=(M, M)) / np.sqrt(M)
    model = sw.PLRNN(rng.uniform(0.2, 0.8, M), W, 0.1 * rng.normal(size=M))
    return {"model": model, "data": lorenz(), "trainable": None, "alpha": 0.15, "length": 200}


def shallow() -> dict:
    """M = 3, H = 50, T = 200, batch 16: generalised teacher forcing."""
    rng = np.random.default_rng(SEED)
    M, H = 3, 50
    shapes = {"W1": (M, H), "W2": (H, M), "h1": (M,), "h2": (H,)}
    rest = {name: rng.normal(size=shape) / np.sqrt(H) for name, shape in shapes.items()}
    model = sw.ShallowPLRNN(rng.uniform(0.2, 0.8, M), **rest)
    return {"model": model, "data": lorenz(), "trainable": None, "alpha": 0.15, "length": 200}


def torch_step(weights: dict[str, torch.Tensor], z: torch.Tensor) -> torch.Tensor:
    """Return the next states of a batch (B, M)."""
    if "W1" in weights:
        hidden = torch.relu(torch.addmm(weights["h2"], z, weights["W2"].T))
        return weights["A"] * z + torch.addmm(weights["h1"], hidden, weights["W1"].T)
    return weights["A"] * z + torch.addmm(weights["h"], torch.relu(z), weights["W"].T)


def train_in_torch(case: dict, batch_size: int | None, epochs: int) -> list[float]:
    """Return the losses of a training in PyTorch."""
    model, alpha, length = case["model"], case["alpha"], case["length"]
    data = torch.from_numpy(np.array(case["data"]))
    N, M = data.shape[1], model.M
    trained = list(model.parameters) if case["trainable"] is None else [case["trainable"]]
    weights = {
        name: torch.tensor(array, requires_grad=name in trained)
        for name, array in model.parameters.items()
    }
    optimizer = torch.optim.Adam([weights[name] for name in trained], lr=1e-3)
    batches = Batches(len(data), length - 1, batch_size, 1, SEED)
    losses = []
    for epoch in range(epochs):
        (begins,) = batches.of_epoch(epoch)
        begins = np.zeros(1, int) if begins is None else begins
        x = data[torch.from_numpy(begins)[:, None] + torch.arange(length)]
        z = torch.nn.functional.pad(x[:, 0], (0, M - N))
        states = []
        for t in range(1, length):
            z = torch_step(weights, z)
            states.append(z[:, :N])
            if alpha > 0.0:
                forced = torch.lerp(z[:, :N], x[:, t], alpha)
                z = forced if N == M else torch.cat([forced, z[:, N:]], dim=1)
        loss = torch.nn.functional.mse_loss(torch.stack(states, dim=1), x[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def train_here(case: dict, batch_size: int | None, epochs: int) -> list[float]:
    """Return the losses of the same training by this package."""
    alpha = case["alpha"]
    run = train(
        case["model"],
        case["data"],
        GeneralizedTeacherForcing(alpha) if alpha > 0.0 else FreeRunning(),
        epochs=epochs,
        trainable=case["trainable"],
        optimizer=Adam(1e-3),
        sequence_length=case["length"],
        batch_size=batch_size,
        seed=SEED,
        progress=False,
    )
    return run.loss.tolist()


def rate(work: Callable, case: dict, batch_size: int | None, epochs: int) -> float:
    started = time.process_time()
    work(case, batch_size, epochs)
    return epochs / (time.process_time() - started)


def measure(case: dict, batch_size: int | None, epochs: int, torch_epochs: int) -> dict:
    ours, theirs = (
        np.array(work(case, batch_size, COMPARED)) for work in (train_here, train_in_torch)
    )
    rates = [
        (
            rate(train_here, case, batch_size, epochs),
            rate(train_in_torch, case, batch_size, torch_epochs),
        )
        for _ in range(ATTEMPTS)
    ]
    here, there = map(max, zip(*rates, strict=True))
    return {
        "epochs_per_second": round(here, 1),
        "pytorch": round(there, 2),
        "ratio": round(here / there, 1),
        "agreement": float(f"{np.abs(ours / theirs - 1.0).max():.1e}"),
    }


if __name__ == "__main__":
    torch.set_num_threads(THREADS)
    report = {
        "threads": THREADS,
        "torch": torch.__version__,
        "M = 2, T = 500, whole series, free": measure(toy(), None, 2000, 20),
        "PLRNN M = 20, T = 200, batch 16": measure(plrnn(), 16, 100, 15),
        "shallow M = 3, H = 50, T = 200, batch 16": measure(shallow(), 16, 100, 15),
    }
    print(json.dumps(report, indent=1))
