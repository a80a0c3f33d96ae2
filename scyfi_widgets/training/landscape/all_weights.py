"""Losses over a plane of two weights with the gradient by all weights, by back-propagation."""

from __future__ import annotations

from queue import SimpleQueue

import numpy as np
from numpy.typing import ArrayLike

from ...bifurcations.planes.parameter_plane import ParameterPlane
from ..loss import LossFunction


class AllWeights:
    """Loss and gradient norm by all weights of a network, two of which move.

    Parameters
    ----------
    plane : ParameterPlane
    function : LossFunction
        Of the plane's model. Each thread needs one of its own: others are made like this one.
    z0 : (M,) array or None
        The state at every sequence's start, if it is given.
    threads : int
    """

    def __init__(
        self, plane: ParameterPlane, function: LossFunction, z0: ArrayLike | None, threads: int
    ):
        self.places = [int(function.layout.indices(name)[0]) for name in plane.names]
        self.network = function.theta[function.layout.network].copy()
        self.functions: SimpleQueue[LossFunction] = SimpleQueue()
        self.functions.put(function)
        for _ in range(threads - 1):
            self.functions.put(
                LossFunction(
                    function.model,
                    function.data,
                    function.forcing,
                    observation=function.observation,
                    sequence_length=function.steps + 1,
                    z0=z0,
                    cancel=function.cancel,
                )
            )

    def evaluate(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return losses and gradient norms (P,) where the weights are `x` and `y` (P,).

        Raises
        ------
        Cancelled
            If the flag was set.
        """
        vectors = np.repeat(self.network[None], len(x), axis=0)
        vectors[:, self.places[0]], vectors[:, self.places[1]] = x, y
        function = self.functions.get()
        try:
            return function.evaluate_many(vectors)
        finally:
            self.functions.put(function)
