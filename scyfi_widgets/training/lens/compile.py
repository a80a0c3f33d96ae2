"""Compile what a lens needs, so that no time limit waits for it."""

from __future__ import annotations

import numpy as np

from ...bifurcations.compile import compile_bifurcations
from ...cycles.find import compile_method
from ...models import PLRNN
from .loss import own_gradient
from .window import window_loss

_done = False


def compile_lens() -> None:
    """Compile or load every kernel that a lens uses, once a process."""
    global _done
    if _done:
        return
    compile_bifurcations()
    model = PLRNN(A=[0.5], W=[[-2.0]], h=[0.1])
    compile_method(model, "complete")
    model.orbit([0.0], 1)
    run = window_loss(model, np.zeros(1), 1, 1, np.eye(1), np.zeros(1))
    own_gradient(model, run.gradient)
    _done = True
