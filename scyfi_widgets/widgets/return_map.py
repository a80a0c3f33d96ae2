"""The picture of a network with one unit: the next state over the present one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models import Model
from ..models.relu_form import ReluForm
from .projection import Limits


@dataclass(frozen=True)
class ReturnMap:
    """The plane (z, z') of a network with one unit; it can stand in for a `Projection`.

    Every state lies on the graph of the map, and a fixed point where the graph meets the diagonal.

    Attributes
    ----------
    model : Model
        With one unit.
    """

    model: Model

    labels = ("z[0] now", "z[0] next")
    M = 1

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return (z, z') for states (..., 1) as (..., 2)."""
        states = np.asarray(z).reshape(-1, 1)
        A, W1, W2, h1, h2 = self.model.relu_form
        images = states @ A.T + np.maximum(states @ W2.T + h2, 0.0) @ W1.T + h1
        return np.hstack([states, images]).reshape(*np.shape(z)[:-1], 2)

    def lift(self, u: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the state whose present value is that of the point `u`."""
        return np.array([float(u[0])])

    def borders(self, form: ReluForm, x: Limits, y: Limits) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the borders, which are upright, the diagonal, and the pieces of the graph."""
        sides = (form.W2[:, 0] != 0.0) & form.W1.any(axis=0)
        at = np.unique(-form.h2[sides] / form.W2[sides, 0])
        at = at[(at > x[0]) & (at < x[1])]
        ends = max(x[0], y[0]), min(x[1], y[1])
        diagonal = [(np.array(ends), np.array(ends))] if ends[0] < ends[1] else []
        corners = self(np.array([x[0], *at, x[1]])[:, None])
        graph = [
            (piece[:, 0], piece[:, 1])
            for piece in (corners[i : i + 2] for i in range(len(corners) - 1))
        ]
        return [(np.full(2, value), np.array(y)) for value in at] + diagonal + graph
