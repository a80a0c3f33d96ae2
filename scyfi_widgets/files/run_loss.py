"""The loss curve of a run of other code: from its own files, or from a table beside them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .arrays import read_arrays
from .contents import read_contents
from .errors import ModelFileError, errors_about
from .npz import read_npy

if TYPE_CHECKING:
    import pandas as pd

LOSS_KEYS = ("Loss", "loss", "losses")
_TABLES = {".csv": ",", ".tsv": "\t", ".txt": r"\s+"}


def read_loss(loss: ArrayLike | pd.DataFrame | str | os.PathLike) -> tuple[np.ndarray, Any]:
    """Return loss values, and their epochs where a table has a column ``epoch``, or None.

    Parameters
    ----------
    loss : array, DataFrame or path
        One value for each network or epoch; a .csv, .tsv or .txt table with a column ``loss`` (or
        one column alone); a .npy file, or another with an array of that name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError, ValueError
        If it is no row of numbers.
    ModelFileError
        The same of a file.
    """
    if hasattr(loss, "columns"):
        return _from_table(loss)
    if not isinstance(loss, (str, os.PathLike)):
        return _values(loss), None
    path = Path(loss)
    if path.suffix.lower() in _TABLES:
        contents = read_contents(path)
        with errors_about(path):
            return _from_table(_table(contents, _TABLES[path.suffix.lower()]))
    if path.suffix.lower() == ".npy":
        contents = read_contents(path)
        with errors_about(path):
            return _values(read_npy(path.name, contents)), None
    arrays = read_arrays(path)
    with errors_about(path):
        values = loss_among(arrays)
        if values is None:
            raise ModelFileError(f"it holds no array {' or '.join(map(repr, LOSS_KEYS))}")
        return values, None


def loss_among(arrays: dict[str, np.ndarray]) -> np.ndarray | None:
    """Return the loss (n,) among a file's arrays, under one of the usual names, or None."""
    for name in LOSS_KEYS:
        if name in arrays:
            return _values(arrays[name])
    return None


def loss_curve(values: np.ndarray, at: np.ndarray | None, saved: np.ndarray) -> np.ndarray:
    """Return the loss of each epoch from the first to the last saved one; NaN where unknown.

    Parameters
    ----------
    values : (n,) array
        One for each saved network (its own loss), or one for each epoch from 0 on.
    at : (n,) int array or None
        The epochs that the values belong to, if these are known.
    saved : (S,) int array
        The epochs of the saved networks, ascending.

    Raises
    ------
    ValueError
        If there are neither as many values as networks nor as many as epochs.
    """
    first, last = int(saved[0]), int(saved[-1])
    curve = np.full(last - first, np.nan)
    if at is not None:
        inside = (at >= first) & (at < last)
        curve[at[inside] - first] = values[inside]
    elif len(values) == len(saved):
        curve[saved[:-1] - first] = values[:-1]
    elif len(values) in (last, last + 1):
        curve[:] = values[first:last]
    else:
        raise ValueError(
            f"loss must have one value for each of the {len(saved)} networks, or for each of the "
            f"{last} epochs, got {len(values)}"
        )
    return curve


def _values(loss: ArrayLike) -> np.ndarray:
    values = np.atleast_1d(np.squeeze(np.asarray(loss)))
    if values.dtype.kind not in "iuf":
        raise TypeError(f"loss must hold numbers, got {values.dtype} values")
    if values.ndim != 1:
        raise ValueError(f"loss must be one row of values, got shape {values.shape}")
    return values.astype(np.float64)


def _table(contents: bytes, separator: str) -> pd.DataFrame:
    import io

    import pandas as pd

    text = contents.decode("utf-8-sig")
    first = text.lstrip().partition("\n")[0]
    cells = first.split(None if separator == r"\s+" else separator)
    header = None if all(map(_is_number, cells)) else 0
    return pd.read_csv(io.StringIO(text), sep=separator, header=header, skipinitialspace=True)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _from_table(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
    names = {column: str(column).strip().lower() for column in table.columns}
    epochs = [column for column, name in names.items() if name in ("epoch", "epochs")]
    rest = [column for column in table.columns if column not in epochs]
    chosen = (
        [column for column in rest if names[column] == "loss"]
        or [column for column in rest if "loss" in names[column]]
        or rest
    )
    if len(chosen) != 1:
        raise ValueError(
            f"the table of the loss needs one column 'loss', it has {', '.join(names.values())}"
        )
    values = _values(table[chosen[0]].to_numpy())
    if not epochs:
        return values, None
    at = table[epochs[0]].to_numpy()
    if at.dtype.kind not in "iu" or len(np.unique(at)) != len(at) or (at < 0).any():
        raise ValueError("the column 'epoch' of the loss must hold different whole numbers from 0")
    return values, at.astype(np.int64)
