"""From a file's arrays to a model: which architecture they are, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..models import (
    ARCHITECTURES,
    PLRNN,
    AlmostLinearRNN,
    ClippedShallowPLRNN,
    DendriticPLRNN,
    Model,
    ShallowPLRNN,
)
from .errors import ModelFileError

NAMES: dict[type[Model], tuple[str, ...]] = {
    PLRNN: ("A", "W", "h"),
    ShallowPLRNN: ("A", "W1", "W2", "h1", "h2"),
    ClippedShallowPLRNN: ("A", "W1", "W2", "h1", "h2"),
    DendriticPLRNN: ("A", "W", "h", "alpha", "theta"),
    AlmostLinearRNN: ("A", "W", "h"),
}
_FULL_A = (PLRNN, DendriticPLRNN)
_KEYS_SHOWN = 20


@dataclass(frozen=True)
class StoredNetwork:
    """One network as a file holds it, its arrays by our names, not yet checked.

    Attributes
    ----------
    arrays : mapping of names to arrays
        May hold more than the architecture needs.
    architecture : class or None
        What the file says it is; None where the names must tell.
    caution : str
        What the file cannot tell and the user should know, or nothing.
    """

    arrays: Mapping[str, np.ndarray]
    architecture: type[Model] | None = None
    caution: str = ""


def architecture_named(architecture: str | type[Model]) -> type[Model]:
    """Return the class of an architecture, given itself or its name.

    Raises
    ------
    ValueError
        If there is no such architecture.
    """
    for known in ARCHITECTURES:
        if architecture in (known, known.__name__):
            return known
    names = ", ".join(known.__name__ for known in ARCHITECTURES)
    raise ValueError(f"architecture must be one of {names}, got {architecture!r}")


def stored_architecture(arrays: Mapping[str, np.ndarray]) -> type[Model] | None:
    """Return the architecture that a text under the key ``architecture`` names, if there is one.

    Raises
    ------
    ModelFileError
        If the text names no architecture.
    """
    text = arrays.get("architecture")
    if text is None or text.dtype.kind != "U" or text.size != 1:
        return None
    try:
        return architecture_named(str(text.reshape(())))
    except ValueError as error:
        raise ModelFileError(str(error)) from error


def listed(names: Mapping[str, np.ndarray]) -> str:
    """Return the keys of a file as a short text for an error."""
    shown = ", ".join(list(names)[:_KEYS_SHOWN]) or "none"
    return shown + (" …" if len(names) > _KEYS_SHOWN else "")


def network_among(
    arrays: Mapping[str, np.ndarray], prefix: str | None, marks: set[str]
) -> tuple[str, Mapping[str, np.ndarray]]:
    """Return where a network stands among keys joined by dots, and its arrays without that prefix.

    Parameters
    ----------
    arrays : mapping
    prefix : str or None
        Which one, where there are several.
    marks : set of str
        Keys of which every network has one.

    Raises
    ------
    ModelFileError
        If there are several and no prefix, or there is none at `prefix`.
    """
    groups: dict[str, dict[str, np.ndarray]] = {}
    for key, array in arrays.items():
        before, _, name = key.rpartition(".")
        groups.setdefault(before, {})[name] = array
    found = [before for before, group in groups.items() if group.keys() & marks]
    if prefix is not None:
        if prefix not in found:
            raise ModelFileError(
                f"there is no network at prefix={prefix!r}; there are {found}, and the keys are "
                f"{listed(arrays)}"
            )
        found = [prefix]
    if len(found) > 1:
        raise ModelFileError(f"the file holds several networks: pass prefix=, one of {found}")
    return (found[0], groups[found[0]]) if found else ("", arrays)


def build(
    network: StoredNetwork, architecture: type[Model] | None = None, n_relu: int | None = None
) -> Model:
    """Return the model of a stored network.

    Parameters
    ----------
    network : StoredNetwork
    architecture : class, optional
        What the caller says it is.
    n_relu : int, optional
        The number of rectified units that the caller says an almost-linear network has.

    Raises
    ------
    ModelFileError
        If an array is missing or wrong, the file and the caller disagree, or nobody knows the
        architecture or its n_relu.
    """
    arrays = network.arrays
    n_relu = _agreed_n_relu(arrays, n_relu)
    chosen = _chosen_architecture(network, architecture, n_relu)
    missing = [name for name in NAMES[chosen] if name not in arrays]
    if missing:
        raise ModelFileError(
            f"{' and '.join(map(repr, missing))} missing: {chosen.__name__} needs "
            f"{', '.join(NAMES[chosen])}; the file has {listed(arrays)}"
        )
    given = {name: arrays[name] for name in NAMES[chosen]}
    if chosen not in _FULL_A:
        given["A"] = _diagonal(given["A"])
    if chosen is AlmostLinearRNN:
        if n_relu is None:
            raise ModelFileError(
                "the file does not say how many units are rectified: pass n_relu=P, the number of "
                "rectified units of this AlmostLinearRNN"
            )
        given["n_relu"] = n_relu
    elif n_relu is not None:
        raise ModelFileError(f"n_relu={n_relu} belongs to AlmostLinearRNN, not {chosen.__name__}")
    try:
        return chosen(**given)
    except (TypeError, ValueError) as error:
        raise ModelFileError(str(error)) from error


def _chosen_architecture(
    network: StoredNetwork, asked: type[Model] | None, n_relu: int | None
) -> type[Model]:
    stored = network.architecture
    if stored is not None:
        if asked not in (None, stored):
            raise ModelFileError(f"the file holds a {stored.__name__}, not a {asked.__name__}")
        return stored
    family = _family(network.arrays)
    if asked is None:
        return family[0] if len(family) == 1 else _told_apart(family, network.arrays, n_relu)
    if asked not in family:
        raise ModelFileError(
            f"its arrays are those of {' or '.join(f.__name__ for f in family)}, not of "
            f"{asked.__name__} ({', '.join(NAMES[asked])}); the file has {listed(network.arrays)}"
        )
    return asked


def _family(arrays: Mapping[str, np.ndarray]) -> tuple[type[Model], ...]:
    if arrays.keys() & {"alpha", "theta"}:
        return (DendriticPLRNN,)
    if arrays.keys() & {"W1", "W2", "h1", "h2"}:
        return (ShallowPLRNN, ClippedShallowPLRNN)
    if arrays.keys() & {"A", "W", "h"}:
        return (PLRNN, AlmostLinearRNN)
    raise ModelFileError(
        "no network found: a PLRNN or AlmostLinearRNN has the keys A, W, h, a ShallowPLRNN A, W1, "
        f"W2, h1, h2, a DendriticPLRNN A, W, h, alpha, theta; the file has {listed(arrays)}"
    )


def _told_apart(family, arrays: Mapping[str, np.ndarray], n_relu: int | None) -> type[Model]:
    if ShallowPLRNN in family:
        return ShallowPLRNN
    if n_relu is not None:
        return AlmostLinearRNN
    if not arrays.keys() >= {"A", "W", "h"} or not _is_diagonal(arrays["A"]):
        return PLRNN
    raise ModelFileError(
        "A, W and h may be an AlmostLinearRNN or a PLRNN, and the file does not say which: pass "
        'n_relu=P, the number of its rectified units, or architecture="PLRNN"'
    )


def _agreed_n_relu(arrays: Mapping[str, np.ndarray], given: int | None) -> int | None:
    array = arrays.get("n_relu")
    if array is None:
        return given
    if array.size != 1 or array.dtype.kind not in "iuf" or not float(array.item()).is_integer():
        raise ModelFileError(f"n_relu must be one whole number, got {array.tolist()}")
    stored = int(array.item())
    if given not in (None, stored):
        raise ModelFileError(f"n_relu={given} was passed, but the file says {stored}")
    return stored


def _is_diagonal(A: np.ndarray) -> bool:
    if A.ndim != 2 or A.shape[0] != A.shape[1]:
        return True
    return not np.any(A[~np.eye(len(A), dtype=bool)])


def _diagonal(A: np.ndarray) -> np.ndarray:
    if A.ndim != 2 or A.shape[0] != A.shape[1]:
        return A
    if not _is_diagonal(A):
        raise ModelFileError("A must be diagonal, got a matrix with other entries that are not 0")
    return np.diagonal(A)
