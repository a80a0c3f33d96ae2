"""Reading a training run: our own, or one that other code left behind as checkpoints."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..models import Model
from ..models.validation import whole_number
from ..training.archive import FORMAT, run_from_arrays
from ..training.observation import Observation
from ..training.run import TrainingRun
from .checkpoints import Checkpoints, checkpoints_in_file, checkpoints_in_files
from .contents import read_contents
from .errors import ModelFileError, errors_about
from .network import architecture_named, build
from .npz import read_npy, read_npz
from .run_files import Source, files_of_run, require_regular
from .run_loss import loss_curve, read_loss
from .zip_entries import ZipEntries

if TYPE_CHECKING:
    import pandas as pd

MAX_RUN_BYTES = 1 << 32
_LARGEST_EPOCH = 10_000_000


def load_run(
    source: Source,
    *,
    architecture: str | type[Model] | None = None,
    n_relu: int | None = None,
    prefix: str | None = None,
    epochs: ArrayLike | None = None,
    gaps: bool = False,
    trials_as_epochs: bool = False,
    loss: ArrayLike | pd.DataFrame | str | os.PathLike | None = None,
    observation: str | int | None = None,
) -> TrainingRun:
    """Read a training run: the file that `TrainingRun.save` wrote, or checkpoints of other code.

    Other code may have left

    - one file an epoch, of any kind that `load_model` reads: a folder, a pattern such as
      ``"run/model_*.pt"`` or a list. The epoch is the number in the name that changes from file to
      file, or the one after "epoch"; a list of names without numbers is taken in its order;
    - one file of all epochs: NumPy .npz or HDF5 with our parameter names and the epochs along the
      first axis (a parameter without that axis never changes), or Julia's JLD2 with lists "A", "W",
      "h" and "Loss", as SCYFI uses it;
    - a folder of .npy files, one an array, or a folder of such folders, one an epoch;
    - a MATLAB file of trials, which `trials_as_epochs` reads as if they were epochs.

    Nothing that a file asks to be run is run. What is not known of such a run, such as the gradient
    norm, is NaN; the step length is known between neighbouring epochs that were both saved. A run
    counts its epochs from its first network: what the files call that one is
    ``settings["first_epoch"]``, where it is not 0.

    Parameters
    ----------
    source : path, pattern, or list of paths
    architecture, n_relu, prefix
        Of the networks, as in `load_model`.
    epochs : (S,) whole numbers, optional
        The epoch of each network, in the order of the list or the natural order of the files.
    gaps : bool
        Whether files may be missing between others that are evenly spaced.
    trials_as_epochs : bool
        Whether to read the trials of a MATLAB file.
    loss : array, DataFrame or path, optional
        In place of the "Loss" or "loss" of the files: one value for each network (its own loss) or
        for each epoch from 0 on, or a table (.csv, .tsv, .txt) with a column ``loss`` and, if need
        be, ``epoch``.
    observation : str or int, optional
        The name of the readout B (N, M) in the files, or N where the first N units are observed. By
        default ``output_layer.weight`` of the dendritic code base where it is there, else all
        units.

    Returns
    -------
    TrainingRun

    Raises
    ------
    FileNotFoundError
        If there is nothing of that name.
    ImportError
        For HDF5 and JLD2 files without h5py (``pip install "scyfi-widgets[hdf5]"``).
    ModelFileError
        If a file cannot be read, an epoch is missing or there twice, or networks differ in
        architecture or shape: the message names the file. It is a ValueError.
    TypeError, ValueError
        If an argument is not what is described above.

    Warns
    -----
    UserWarning
        For files of the dendritic code base, whose clipping of the state is not in them.

    Examples
    --------
    >>> load_run("run.npz")  # doctest: +SKIP
    >>> load_run("results/model_*.pt", loss="results/loss.csv")  # doctest: +SKIP
    """
    asked = None if architecture is None else architecture_named(architecture)
    n_relu = None if n_relu is None else whole_number("n_relu", n_relu, 1)
    if isinstance(observation, bool) or not isinstance(observation, (str, int, type(None))):
        raise TypeError(f"observation must be a name or a whole number, got {observation!r}")
    readout = observation if isinstance(observation, str) else None
    paths = files_of_run(source)
    if len(paths) == 1:
        arrays = _own_arrays(paths[0])
        if arrays is not None:
            options = {
                "architecture": architecture,
                "n_relu": n_relu,
                "prefix": prefix,
                "epochs": epochs,
                "gaps": gaps or None,
                "trials_as_epochs": trials_as_epochs or None,
                "loss": loss,
                "observation": observation,
            }
            return _own_run(paths[0], arrays, options)
        found = checkpoints_in_file(paths[0], prefix, readout, trials_as_epochs)
    else:
        if trials_as_epochs:
            raise ValueError("trials_as_epochs belongs to one MATLAB file, not to several")
        listed = not isinstance(source, (str, os.PathLike))
        found = checkpoints_in_files(paths, prefix, readout, listed, epochs is not None)
    models = _models(found, asked, n_relu)
    numbers = _epochs(found, epochs)
    order = np.argsort(numbers, kind="stable")
    require_regular(numbers[order], [found.labels[i] for i in order], gaps)
    if found.networks[0].caution:
        warnings.warn(f"{found.labels[0]}: {found.networks[0].caution}", UserWarning, stacklevel=2)
    name = Path(source).name if isinstance(source, (str, os.PathLike)) else found.labels[0]
    settings: dict[str, Any] = {"read_from": name, "files": len(paths)}
    return _run(found, models, numbers, order, loss, observation, settings)


def _own_arrays(path: Path) -> dict[str, np.ndarray] | None:
    """Return the arrays of a file that `TrainingRun.save` wrote, or None for any other."""
    if not path.is_file():
        return None
    with open(path, "rb") as stream:
        if stream.read(4) != b"PK\x03\x04":
            return None
    contents = read_contents(path, MAX_RUN_BYTES)
    with errors_about(path):
        entries = ZipEntries(contents, MAX_RUN_BYTES)
        if "format.npy" not in entries.names:
            return None
        if str(read_npy("format.npy", entries.read("format.npy"))) != FORMAT:
            return None
        # An entry whose name is damaged must not go unseen: some are optional.
        odd = [name for name in entries.names if not name.endswith(".npy")]
        if odd:
            raise ModelFileError(f"its entry {odd[0]!r} is no array; the file is damaged")
        return read_npz(contents, MAX_RUN_BYTES)


def _own_run(path: Path, arrays: dict[str, np.ndarray], options: Mapping[str, Any]) -> TrainingRun:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ValueError(
            f"{' and '.join(given)} belong to runs of other code, and {path.name} is one that "
            "run.save wrote: leave them out"
        )
    with errors_about(path):
        try:
            return run_from_arrays(arrays)
        except ValueError as error:
            raise ModelFileError(f"the run in this file is damaged: {error}") from error


def _models(found: Checkpoints, asked: type[Model] | None, n_relu: int | None) -> list[Model]:
    models: list[Model] = []
    for network, label in zip(found.networks, found.labels, strict=True):
        with errors_about(label):
            model = build(network, asked, n_relu)
            if models:
                _require_same_kind(model, models[0], found.labels[0])
            models.append(model)
    return models


def _require_same_kind(model: Model, first: Model, label: str) -> None:
    kinds = [(type(m).__name__, dict(m.options)) for m in (model, first)]
    if kinds[0] != kinds[1]:
        told = [f"{name} {options or ''}".strip() for name, options in kinds]
        raise ModelFileError(f"it holds a {told[0]}, and {label} a {told[1]}")
    for name, array in first.parameters.items():
        shape = model.parameters[name].shape
        if shape != array.shape:
            raise ModelFileError(f"{name} has shape {shape}, and in {label} {array.shape}")


def _epochs(found: Checkpoints, given: ArrayLike | None) -> np.ndarray:
    count = len(found.networks)
    if given is None:
        numbers = np.arange(count) if found.epochs is None else found.epochs
    else:
        numbers = np.asarray(given)
        if numbers.dtype.kind not in "iu" or numbers.shape != (count,) or numbers.min() < 0:
            raise ValueError(
                f"epochs must be {count} whole numbers from 0, one for each network, got {given!r}"
            )
    if numbers.max() - numbers.min() > _LARGEST_EPOCH:
        raise ModelFileError(
            f"{found.labels[int(np.argmax(numbers))]}: the epochs reach from {numbers.min()} to "
            f"{numbers.max()}, more than {_LARGEST_EPOCH:,}: pass epochs="
        )
    return numbers.astype(np.int64)


def _run(
    found: Checkpoints,
    models: list[Model],
    numbers: np.ndarray,
    order: np.ndarray,
    loss: Any,
    observation: str | int | None,
    settings: dict[str, Any],
) -> TrainingRun:
    models, saved = [models[i] for i in order], numbers[order]
    first, E = int(saved[0]), int(saved[-1] - saved[0])
    if first:
        settings["first_epoch"] = first
    parameters = {
        name: np.stack([model.parameters[name] for model in models])
        for name in models[0].parameters
    }
    curve = _loss(found, loss, order, saved, settings)
    unknown = np.full(E, np.nan)
    seen, readouts = _observation(found, models[0].M, order, observation)
    return TrainingRun(
        start=models[0],
        parameters=parameters,
        saved_epochs=saved - first,
        loss=curve,
        gradient_norm=unknown,
        step_length=_step_length(parameters, readouts, saved - first),
        alpha=unknown,
        learning_rate=unknown,
        data=None,
        observation=seen,
        readouts=readouts,
        settings=settings,
        seconds=float("nan"),
    )


def _loss(
    found: Checkpoints, given: Any, order: np.ndarray, saved: np.ndarray, settings: dict[str, Any]
) -> np.ndarray:
    if given is not None:
        values, at = read_loss(given)
    elif found.loss is not None:
        values, at = found.loss, None
    else:
        return np.full(int(saved[-1] - saved[0]), np.nan)
    if at is None and len(values) == len(order):
        values = values[order]
        settings["final_loss"] = float(values[-1])
    try:
        return loss_curve(values, at, saved)
    except ValueError as error:
        if given is not None:
            raise
        raise ModelFileError(f"{found.labels[0]}: {error}; pass loss=") from error


def _observation(
    found: Checkpoints, M: int, order: np.ndarray, asked: str | int | None
) -> tuple[Observation, np.ndarray | None]:
    if found.readouts is None or isinstance(asked, int):
        return Observation(M, M if asked is None else asked), None
    matrices = []
    for i in order:
        with errors_about(found.labels[i]):
            try:
                matrices.append(Observation.linear(found.readouts[i]).B)
            except (TypeError, ValueError) as error:
                raise ModelFileError(f"the readout {str(error)[:200]}") from error
            first = matrices[0].shape
            if matrices[-1].shape != first or first[1] != M:
                raise ModelFileError(
                    f"the readout B has shape {matrices[-1].shape}, it must be "
                    f"({first[0]}, {M}) to match the first one and the {M} units"
                )
    changes = any(not np.array_equal(B, matrices[0]) for B in matrices)
    seen = Observation.linear(matrices[0], learned=changes)
    return seen, np.stack(matrices) if changes else None


def _step_length(
    parameters: Mapping[str, np.ndarray], readouts: np.ndarray | None, saved: np.ndarray
) -> np.ndarray:
    rows = [*parameters.values(), *([] if readouts is None else [readouts])]
    squares = sum(
        (np.diff(array, axis=0) ** 2).reshape(len(array) - 1, -1).sum(1) for array in rows
    )
    neighbours = np.diff(saved) == 1
    lengths = np.full(int(saved[-1]), np.nan)
    lengths[saved[:-1][neighbours]] = np.sqrt(squares[neighbours])
    return lengths
