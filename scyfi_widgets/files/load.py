"""Reading a model from a file of any known type."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np

from ..models import Model
from ..models.validation import whole_number
from .arrays import read_kind_and_arrays
from .contents import Kind
from .errors import ModelFileError, errors_about
from .matlab import network_from_matlab
from .network import (
    StoredNetwork,
    architecture_named,
    build,
    network_among,
    stored_architecture,
)
from .npz import network_from_npz
from .pytorch import network_from_pytorch
from .stacks import NetworkStack, stack_of


def load_model(
    path: str | os.PathLike,
    *,
    architecture: str | type[Model] | None = None,
    n_relu: int | None = None,
    trial: int | None = None,
    prefix: str | None = None,
    epoch: int | None = None,
) -> Model:
    """Read a network from a file.

    What a file is follows from its content, not its name: NumPy ``.npz`` (from `save_model`, or
    plain arrays by our parameter names), MATLAB ``.mat`` up to version 7.2 (one network by our
    names, or the trials of an experiment), HDF5 or Julia's JLD2 by our names (with the optional
    h5py), or the ``.pt``, ``.pth`` or ``.pkl`` that PyTorch 1.6 or later saved. PyTorch is not
    needed, and nothing that a file asks to be run is run.

    Parameters
    ----------
    path : path
    architecture : str or class, optional
        ``"PLRNN"``, ``"ShallowPLRNN"``, ``"ClippedShallowPLRNN"``, ``"DendriticPLRNN"`` or
        ``"AlmostLinearRNN"``, for a file that does not tell. Arrays A, W1, W2, h1, h2 are a
        ShallowPLRNN unless this says otherwise.
    n_relu : int, optional
        Number of rectified units of an AlmostLinearRNN whose file does not store it.
    trial : int, optional
        Which network of a MATLAB file with many trials, counted from 0.
    prefix : str, optional
        Which network of a PyTorch or HDF5 file with several: what stands before ``.A`` or ``.AW``
        in its keys (in HDF5, the groups, joined by dots).
    epoch : int, optional
        Which network of a file that holds those of a whole training, counted from 0.

    Returns
    -------
    Model

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        For HDF5 and JLD2 files without h5py (``pip install "scyfi-widgets[hdf5]"``).
    ModelFileError
        If it holds no network that can be read, or not enough to know which: the message says what
        to pass. It is a ValueError.
    TypeError, ValueError
        If an argument is not what is described above.

    Warns
    -----
    UserWarning
        For files of the dendritic code base, whose clipping of the state is not in the file.

    Notes
    -----
    Julia turns the dimensions of arrays round in its files. JLD2 files say that Julia wrote them
    and are turned back; plain HDF5 of HDF5.jl does not tell, and its matrices come transposed.

    Examples
    --------
    >>> load_model("lorenz.pt", n_relu=2)  # doctest: +SKIP
    >>> load_model("experiment.mat", trial=0)  # doctest: +SKIP
    """
    path = Path(path)
    asked = None if architecture is None else architecture_named(architecture)
    n_relu = None if n_relu is None else whole_number("n_relu", n_relu, 1)
    trial = None if trial is None else whole_number("trial", trial, 0)
    epoch = None if epoch is None else whole_number("epoch", epoch, 0)
    kind, arrays = read_kind_and_arrays(path)
    with errors_about(path):
        network = _network(kind, arrays, trial, prefix, epoch)
        model = build(network, asked, n_relu)
    if network.caution:
        warnings.warn(f"{path.name}: {network.caution}", UserWarning, stacklevel=2)
    return model


def _network(
    kind: Kind,
    arrays: dict[str, np.ndarray],
    trial: int | None,
    prefix: str | None,
    epoch: int | None,
) -> StoredNetwork:
    if trial is not None and kind != "matlab":
        raise ModelFileError("only MATLAB files hold trials: leave trial out")
    if kind == "matlab":
        if prefix is not None or epoch is not None:
            raise ModelFileError("MATLAB files have no prefixes or epochs: pass trial, or nothing")
        return network_from_matlab(arrays, trial)
    found = networks_in(kind, arrays, prefix)
    if isinstance(found, StoredNetwork):
        if epoch is not None:
            raise ModelFileError("the file holds one network: leave epoch out")
        return found
    if epoch is None:
        raise ModelFileError(
            f"the file holds {found.count} networks: pass epoch=0 to epoch={found.count - 1} "
            "(counted from 0), or read all with load_run"
        )
    if epoch >= found.count:
        raise ModelFileError(f"epoch must be between 0 and {found.count - 1}, got {epoch}")
    return found.network(epoch)


def networks_in(
    kind: Kind, arrays: dict[str, np.ndarray], prefix: str | None
) -> StoredNetwork | NetworkStack:
    """Return the network, or those of a whole training, in a file of any kind but MATLAB's.

    Raises
    ------
    ModelFileError
        If there is none, or `prefix` does not say which or is given where there are none.
    """
    if kind == "pytorch":
        return network_from_pytorch(arrays, prefix)
    if kind == "npz":
        if prefix is not None:
            raise ModelFileError("only PyTorch and HDF5 files have prefixes: leave prefix out")
        network = network_from_npz(arrays)
        if "format" in arrays:
            return network
    else:
        group = network_among(arrays, prefix, {"A"})[1]
        network = StoredNetwork(group, stored_architecture(group))
    return stack_of(network, epochs_last=kind == "julia") or network
