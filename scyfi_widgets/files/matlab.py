"""Networks in MATLAB files, one alone or many trials of an experiment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .errors import ModelFileError
from .network import StoredNetwork, listed, stored_architecture

_VECTORS = ("A", "h", "h1", "h2", "alpha")


def network_from_matlab(arrays: Mapping[str, np.ndarray], trial: int | None) -> StoredNetwork:
    """Return the network among the variables of a MATLAB file.

    The layout with many trials has W1 (T, H, M), W2 (T, M, H), h1 (1, H) or (T, H) and h2 (1, M) or
    (T, M) for z' = A z + W2 relu(W1 z + h1) + h2: the names 1 and 2 are swapped against ours.

    Parameters
    ----------
    arrays : mapping
        What `read_matlab_archive` returned.
    trial : int or None
        Which trial, counted from 0.

    Raises
    ------
    ModelFileError
        If `trial` is missing, out of range, or given for a file that holds one network.
    """
    if trials_in(arrays):
        return _one_of_many(arrays, trial)
    if trial is not None:
        raise ModelFileError("the file holds one network: leave trial out")
    shaped = {
        name: array.ravel() if name in _VECTORS and array.ndim == 2 and 1 in array.shape else array
        for name, array in arrays.items()
    }
    return StoredNetwork(shaped, stored_architecture(arrays))


def trials_in(arrays: Mapping[str, np.ndarray]) -> int:
    """Return how many trials of an experiment a MATLAB file holds, 0 where it holds one network."""
    found = [arrays[name] for name in ("W1", "W2") if name in arrays and arrays[name].ndim == 3]
    return len(found[0]) if found else 0


def _one_of_many(arrays: Mapping[str, np.ndarray], trial: int | None) -> StoredNetwork:
    missing = [name for name in ("A", "W1", "W2", "h1", "h2") if name not in arrays]
    if missing:
        raise ModelFileError(
            f"{' and '.join(map(repr, missing))} missing: trials of a shallow PLRNN have A, W1, "
            f"W2, h1, h2; the file has {listed(arrays)}"
        )
    W1, W2 = arrays["W1"], arrays["W2"]
    trials = len(W1)
    if W1.ndim != 3 or W2.shape != (trials, W1.shape[2], W1.shape[1]):
        raise ModelFileError(
            f"W1 (trials, H, M) and W2 (trials, M, H) must match, got {W1.shape} and {W2.shape}"
        )
    if trial is None:
        raise ModelFileError(
            f"the file holds {trials} trials: pass trial=0 to trial={trials - 1} (counted from 0)"
        )
    if trial >= trials:
        raise ModelFileError(
            f"trial must be between 0 and {trials - 1} (counted from 0), got {trial}"
        )
    _, H, M = W1.shape
    A = arrays["A"][trial] if arrays["A"].ndim == 3 else arrays["A"]
    swapped = {
        "A": A.ravel() if 1 in A.shape else A,
        "W1": W2[trial],
        "W2": W1[trial],
        "h1": _bias("h2", arrays["h2"], trial, trials, M),
        "h2": _bias("h1", arrays["h1"], trial, trials, H),
    }
    return StoredNetwork(swapped, stored_architecture(arrays))


def _bias(name: str, array: np.ndarray, trial: int, trials: int, length: int) -> np.ndarray:
    if array.size == length:
        return array.ravel()
    if array.shape == (trials, length):
        return array[trial]
    raise ModelFileError(
        f"{name} must have shape (1, {length}), or ({trials}, {length}) for one a trial, "
        f"got {array.shape}"
    )
