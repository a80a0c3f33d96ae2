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
from .network import StoredNetwork, architecture_named, build
from .npz import network_from_npz
from .pytorch import network_from_pytorch


def load_model(
    path: str | os.PathLike,
    *,
    architecture: str | type[Model] | None = None,
    n_relu: int | None = None,
    trial: int | None = None,
    prefix: str | None = None,
) -> Model:
    """Read a network from a file.

    What a file is follows from its content, not its name: NumPy ``.npz`` (from `save_model`, or
    plain arrays by our parameter names), MATLAB ``.mat`` up to version 7.2 (one network by our
    names, or the trials of an experiment), or the ``.pt``, ``.pth`` or ``.pkl`` that PyTorch 1.6 or
    later saved. PyTorch is not needed, and nothing that a file asks to be run is run.

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
        Which network of a PyTorch file with several: what stands before ``.A`` or ``.AW`` in its
        keys.

    Returns
    -------
    Model

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If it holds no network that can be read, or not enough to know which: the message says what
        to pass. It is a ValueError.
    TypeError, ValueError
        If an argument is not what is described above.

    Warns
    -----
    UserWarning
        For files of the dendritic code base, whose clipping of the state is not in the file.

    Examples
    --------
    >>> load_model("lorenz.pt", n_relu=2)  # doctest: +SKIP
    >>> load_model("experiment.mat", trial=0)  # doctest: +SKIP
    """
    path = Path(path)
    asked = None if architecture is None else architecture_named(architecture)
    n_relu = None if n_relu is None else whole_number("n_relu", n_relu, 1)
    trial = None if trial is None else whole_number("trial", trial, 0)
    kind, arrays = read_kind_and_arrays(path)
    with errors_about(path):
        network = _network(kind, arrays, trial, prefix)
        model = build(network, asked, n_relu)
    if network.caution:
        warnings.warn(f"{path.name}: {network.caution}", UserWarning, stacklevel=2)
    return model


def _network(
    kind: Kind, arrays: dict[str, np.ndarray], trial: int | None, prefix: str | None
) -> StoredNetwork:
    if trial is not None and kind != "matlab":
        raise ModelFileError("only MATLAB files hold trials: leave trial out")
    if prefix is not None and kind != "pytorch":
        raise ModelFileError("only PyTorch files have prefixes: leave prefix out")
    if kind == "matlab":
        return network_from_matlab(arrays, trial)
    if kind == "pytorch":
        return network_from_pytorch(arrays, prefix)
    return network_from_npz(arrays)
