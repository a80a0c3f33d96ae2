"""Compile or load the kernels of training itself."""

from __future__ import annotations

import numpy as np

from ..models import PLRNN
from .optimizers import SGD, Adam
from .train import train


def compile_training() -> None:
    """Compile or load every kernel that `train` needs, by training the smallest network."""
    model, data = PLRNN(A=[0.5], W=[[-2.0]], h=[0.1]), np.array([0.1, 0.3, 0.2])
    for optimizer in (SGD(), Adam()):
        train(model, data, epochs=1, optimizer=optimizer, progress=False)
