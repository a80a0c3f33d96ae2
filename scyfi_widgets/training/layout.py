"""All parameters of a training as one vector: the network's own, then the learned readout B."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..models import Model
from ..models.names import parse_name
from .observation import Observation

READOUT = "B"


class ParameterLayout:
    """Where each array stands in the vector of parameters.

    Attributes
    ----------
    shapes : dict of str to tuple of int
        In the order of the vector; rows first inside an array.
    places : dict of str to slice
    size : int
        Length of the vector.
    network : slice
        The part of the network's own parameters.
    """

    def __init__(self, model: Model, observation: Observation):
        self.shapes = {name: array.shape for name, array in model.parameters.items()}
        if observation.learned:
            self.shapes[READOUT] = (observation.N, observation.M)
        self.places: dict[str, slice] = {}
        self.size = 0
        for name, shape in self.shapes.items():
            end = self.size + int(np.prod(shape))
            self.places[name] = slice(self.size, end)
            self.size = end
        readout = observation.N * observation.M if observation.learned else 0
        self.network = slice(0, self.size - readout)

    def join(self, model: Model, observation: Observation) -> np.ndarray:
        """Return the parameters as a vector (size,)."""
        arrays = list(model.parameters.values())
        arrays += [observation.B] if observation.learned else []
        return np.concatenate([array.ravel() for array in arrays])

    def split(self, vectors: np.ndarray) -> dict[str, np.ndarray]:
        """Return views of the arrays by name, for vectors (..., size)."""
        leading = vectors.shape[:-1]
        return {
            name: vectors[..., place].reshape(*leading, *self.shapes[name])
            for name, place in self.places.items()
        }

    def indices(self, names: Sequence[str] | str | None) -> np.ndarray:
        """Return the places in the vector of arrays (``"A"``) or entries (``"A[0]"``), ascending.

        Parameters
        ----------
        names : sequence of str, str or None
            None stands for all.

        Raises
        ------
        KeyError
            If a name does not exist.
        ValueError
            If there is none at all.
        """
        if names is None:
            return np.arange(self.size)
        chosen: set[int] = set()
        for name in [names] if isinstance(names, str) else list(names):
            array_name, index = parse_name(name, self.shapes)
            numbers = np.arange(self.size)[self.places[array_name]]
            if index is None:
                chosen.update(numbers.tolist())
            else:
                chosen.add(int(numbers.reshape(self.shapes[array_name])[index]))
        if not chosen:
            raise ValueError("trainable must name at least one parameter, got none")
        return np.array(sorted(chosen))
