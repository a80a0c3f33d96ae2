"""The networks that other code saved in the course of a training, as its files hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .arrays import read_kind_and_arrays
from .contents import Kind, read_contents
from .errors import ModelFileError, errors_about
from .load import networks_in
from .matlab import network_from_matlab, trials_in
from .network import StoredNetwork
from .npz import read_npy
from .run_files import epochs_of_files, labels_of
from .run_loss import loss_among
from .stacks import NetworkStack

# The dendritic code base's readout. Its offset has no place in x = B z, so that B is not taken for
# the whole where there is one.
READOUT, _OFFSET = "output_layer.weight", "output_layer.bias"


@dataclass(frozen=True, eq=False)
class Checkpoints:
    """S networks of one training, in the order in which they were found, not yet checked.

    Attributes
    ----------
    networks : list of StoredNetwork
    labels : list of str
        What to call each of them in an error.
    epochs : (S,) int array or None
        What the names of the files say.
    loss : (n,) array or None
        What the files say, of networks or of epochs.
    readouts : list of arrays, or None
        The readout that goes with each network.
    """

    networks: list[StoredNetwork]
    labels: list[str]
    epochs: np.ndarray | None
    loss: np.ndarray | None
    readouts: list[np.ndarray] | None


def checkpoints_in_file(
    path: Path, prefix: str | None, readout: str | None, trials_as_epochs: bool
) -> Checkpoints:
    """Return all networks of one file, or of one folder of .npy files.

    Parameters
    ----------
    path : Path
    prefix : str or None
        As in `load_model`.
    readout : str or None
        The key of the readout; None for the usual one, if it is there.
    trials_as_epochs : bool
        Whether the trials of a MATLAB file may be taken.

    Raises
    ------
    ModelFileError
        If it holds only one network, or none that can be read.
    """
    kind, arrays = _read(path)
    with errors_about(path):
        if trials_as_epochs and kind != "matlab":
            raise ModelFileError("only MATLAB files hold trials: leave trials_as_epochs out")
        if kind == "matlab":
            networks, axis, loss = _trials(arrays, prefix, trials_as_epochs), 0, None
        else:
            found = networks_in(kind, arrays, prefix)
            if isinstance(found, StoredNetwork):
                raise ModelFileError(
                    "the file holds one network, which load_model reads; for a run pass a folder, "
                    "a pattern or a list of several files"
                )
            networks, axis = [found.network(i) for i in range(found.count)], found.axis
            loss = loss_among(found.together.arrays)
        count = len(networks)
        loss = loss_among(arrays) if loss is None else loss
        readouts = _readouts_of_stack(arrays, readout, count, axis)
    labels = [f"{path.name}, network {number}" for number in range(count)]
    return Checkpoints(networks, labels, None, loss, readouts)


def checkpoints_in_files(
    paths: Sequence[Path], prefix: str | None, readout: str | None, listed: bool, numbered: bool
) -> Checkpoints:
    """Return the networks of several files, one from each.

    Parameters
    ----------
    paths : list of Path
    prefix, readout
        As in `checkpoints_in_file`.
    listed : bool
        Whether the files come in an order that the user gave.
    numbered : bool
        Whether the user gave their epochs, so that their names do not matter.

    Raises
    ------
    ModelFileError
        If a file cannot be read or holds another number of networks, or the epochs are unknown.
    """
    labels = labels_of(paths)
    epochs = None if numbered else epochs_of_files(labels)
    if epochs is None and not listed and not numbered:
        raise ModelFileError(
            f"{labels[0]}: its name has no number, so the order of the epochs is unknown: pass a "
            "list of files in their order, or epochs="
        )
    networks, losses, readouts = [], [], []
    for path, label in zip(paths, labels, strict=True):
        kind, arrays = _read(path, label)
        with errors_about(label):
            networks.append(_one_network(kind, arrays, prefix))
            losses.append(loss_among(arrays))
            readouts.append(_readout(arrays, readout))
    loss = None
    if all(values is not None and values.size == 1 for values in losses):
        loss = np.concatenate(losses)
    known = all(B is not None for B in readouts)
    return Checkpoints(networks, labels, epochs, loss, readouts if known else None)


def _read(path: Path, label: str | None = None) -> tuple[Kind, dict[str, np.ndarray]]:
    if path.is_dir():
        arrays = {}
        for inside in sorted(path.glob("*.npy")):
            contents = read_contents(inside)
            with errors_about(f"{label or path.name}/{inside.name}"):
                arrays[inside.stem] = read_npy(inside.name, contents)
        if not arrays:
            raise ModelFileError(f"{label or path.name}: the folder holds no .npy files")
        return "npz", arrays
    return read_kind_and_arrays(path, label)


def _trials(arrays: dict[str, np.ndarray], prefix: str | None, wanted: bool) -> list[StoredNetwork]:
    count = trials_in(arrays)
    if not count:
        raise ModelFileError("the file holds one network, which load_model reads")
    if not wanted:
        raise ModelFileError(
            f"the file holds {count} trials of an experiment, each a network of its own: to read "
            "them as the epochs of a run, pass trials_as_epochs=True"
        )
    if prefix is not None:
        raise ModelFileError("MATLAB files have no prefixes: leave prefix out")
    return [network_from_matlab(arrays, trial) for trial in range(count)]


def _one_network(kind: Kind, arrays: dict[str, np.ndarray], prefix: str | None) -> StoredNetwork:
    if kind == "matlab":
        if prefix is not None:
            raise ModelFileError("MATLAB files have no prefixes: leave prefix out")
        return network_from_matlab(arrays, None)
    found = networks_in(kind, arrays, prefix)
    if isinstance(found, NetworkStack):
        raise ModelFileError(
            f"the file holds {found.count} networks; of several files, each must hold one"
        )
    return found


def _readout(arrays: dict[str, np.ndarray], name: str | None) -> np.ndarray | None:
    if name is None:
        offset = arrays.get(_OFFSET)
        return arrays.get(READOUT) if offset is None or not np.any(offset) else None
    if name not in arrays:
        raise ModelFileError(f"there is no readout {name!r}; the file has {', '.join(arrays)}")
    return arrays[name]


def _readouts_of_stack(
    arrays: dict[str, np.ndarray], name: str | None, count: int, axis: int
) -> list[np.ndarray] | None:
    B = _readout(arrays, name)
    if B is None or B.ndim != 3:
        return None if B is None else [B] * count
    if B.shape[axis] != count:
        raise ModelFileError(f"{name or READOUT} has shape {B.shape}, for {count} networks")
    return list(np.moveaxis(B, axis, 0))
