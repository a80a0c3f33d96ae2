"""Many networks of one shape in one file: parameter arrays with an axis more, the epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .errors import ModelFileError
from .network import StoredNetwork

_DIMENSIONS = {"W": 2, "h": 1, "W1": 2, "W2": 2, "h1": 1, "h2": 1, "alpha": 1, "theta": 2}


@dataclass(frozen=True)
class NetworkStack:
    """The networks of a file, counted from 0.

    Attributes
    ----------
    together : StoredNetwork
        Its arrays, of which some have the networks along one axis.
    stacked : tuple of str
        The names of these; the others are the same in all networks.
    count : int
    axis : int
        That axis, 0 or -1.
    """

    together: StoredNetwork
    stacked: tuple[str, ...]
    count: int
    axis: int

    def network(self, number: int) -> StoredNetwork:
        """Return one network."""
        arrays = dict(self.together.arrays)
        place = (..., number) if self.axis else (number,)
        arrays |= {name: arrays[name][place] for name in self.stacked}
        return replace(self.together, arrays=arrays)


def stack_of(network: StoredNetwork, *, epochs_last: bool = False) -> NetworkStack | None:
    """Return the networks among arrays that may hold many, or None where they hold one.

    Parameters
    ----------
    network : StoredNetwork
        With all arrays of the file.
    epochs_last : bool
        Whether an axis over networks comes last, as in Julia's files, or first.

    Raises
    ------
    ModelFileError
        If the arrays hold different numbers of networks.
    """
    arrays = network.arrays
    axis = -1 if epochs_last else 0
    stacked = [
        name
        for name, ndim in _DIMENSIONS.items()
        if name in arrays and arrays[name].ndim == ndim + 1
    ]
    if "A" in arrays and _many_A(arrays, stacked, axis):
        stacked.insert(0, "A")
    if not stacked:
        return None
    counts = {name: arrays[name].shape[axis] for name in stacked}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise ModelFileError(f"the arrays hold different numbers of networks: {told}")
    count = counts[stacked[0]]
    if not count:
        raise ModelFileError("the arrays hold no network: their axis of epochs is empty")
    return NetworkStack(network, tuple(stacked), count, axis)


def _many_A(arrays: Mapping[str, np.ndarray], stacked: list[str], axis: int) -> bool:
    """Tell whether A holds many networks: a matrix may be one full A, or many diagonals."""
    A = arrays["A"]
    if A.ndim != 2:
        return A.ndim == 3
    if stacked:
        return A.shape[axis] == arrays[stacked[0]].shape[axis]
    bias = next((arrays[name] for name in ("h", "h1") if name in arrays), None)
    return bias is not None and A.shape[0] != A.shape[1] and A.shape[-1 - axis] == bias.size
