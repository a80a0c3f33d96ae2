"""Compile what landscapes need, so that no time limit waits for it."""

from __future__ import annotations

import numpy as np

from ...bifurcations.planes.parameter_plane import ParameterPlane
from ...models import PLRNN
from ..loss import LossFunction
from .all_weights import AllWeights
from .tangents import PlaneTangents

_done: set[type] = set()


def compile_evaluation(kind: type[PlaneTangents] | type[AllWeights]) -> None:
    """Compile or load the kernels of one way to evaluate a landscape, once a process."""
    if kind in _done:
        return
    model = PLRNN(A=[0.5], W=[[-2.0]], h=[0.1])
    plane = ParameterPlane.of(model, ("A[0]", (0.0, 1.0)), ("h[0]", (0.0, 1.0)))
    function = LossFunction(model, [0.0, 1.0])
    nowhere = np.zeros(1)
    if kind is PlaneTangents:
        PlaneTangents(plane, function, None).evaluate(nowhere, nowhere)
    else:
        AllWeights(plane, function, None, 1).evaluate(nowhere, nowhere)
    _done.add(kind)


def compile_landscapes() -> None:
    """Compile or load every kernel of this room."""
    compile_evaluation(PlaneTangents)
    compile_evaluation(AllWeights)
