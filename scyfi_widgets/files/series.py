"""Reading data to learn from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..training.series import TimeSeries
from .contents import read_contents
from .errors import ModelFileError, errors_about
from .npz import read_npy, read_npz
from .text_table import read_text_table

if TYPE_CHECKING:
    import pandas as pd

TIME_NAMES = {"t", "time", "times", "date", "datetime", "timestamp"}
EVEN = 0.05  # of a step: how far a time may lie from where even spacing would have it
_NPY, _ZIP = b"\x93NUMPY", b"PK\x03\x04"


def load_series(
    path: str | os.PathLike,
    *,
    columns: Sequence[str | int] | str | int | None = None,
    time: str | int | None = None,
    time_step: float | None = None,
    key: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    label: str | None = None,
) -> TimeSeries:
    """Read a time series from a CSV file or other text with columns, or from .npy or .npz.

    What a file is follows from its content. In a text, what divides the columns, whether its first
    line holds names, and the decimal sign are found out unless they are given. Nothing in a file
    is run.

    Parameters
    ----------
    path : path
        One row a time, one column a variable. In .npy: a (T,) or (T, N) array. In .npz: one such
        array, or one (T,) array for each variable.
    columns : sequence of str or int, optional
        Names or positions (from 0) of the variables; by default all columns but the time.
    time : str or int, optional
        Name or position of the column with the times; by default one that is called t, time,
        date, datetime or timestamp, with or without its unit in brackets. Dates become seconds. In
        .npz it may be an array of its own.
    time_step : float, optional
        By default from the times, which must be evenly spaced then, or 1.
    key : str, optional
        Which array of an .npz file with several.
    delimiter, decimal : str, optional
        The character between two columns of a text, and the sign in its numbers.
    header : bool, optional
        Whether the first line of a text holds names.
    label : str, optional
        By default the file's name.

    Returns
    -------
    TimeSeries
        Not standardised: `TimeSeries.standardised` makes it fit to train on.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If it holds no series: it is damaged or of another type, a column holds anything but
        numbers or misses some, the times are not evenly spaced, or what was asked for is not
        there. It is a ValueError.
    TypeError, ValueError
        If `time_step`, `label`, `delimiter` or `decimal` is not of its kind.

    Examples
    --------
    >>> load_series("eeg.csv", columns=["Fz", "Cz"]).standardised()  # doctest: +SKIP
    """
    path = Path(path)
    for name, sign in (("delimiter", delimiter), ("decimal", decimal)):
        if sign is not None and not (isinstance(sign, str) and len(sign) == 1):
            raise ValueError(f"{name} must be one character, got {sign!r}")
    contents = read_contents(path)
    given = TimeSeries.of([0.0], time_step=time_step, label=path.stem if label is None else label)
    with errors_about(path):
        if contents.startswith(_NPY):
            frame = _frame_of(read_npy(path.name, contents))
        elif contents.startswith(_ZIP):
            frame = _frame_of_archive(read_npz(contents), key, time)
        else:
            frame = read_text_table(contents, delimiter, decimal, header)
        name = _time_column(frame, time, columns)
        step = given.time_step
        if name is not None and time_step is None:
            step = _step_of(frame[name])
        chosen = _chosen(frame, columns, name)
        try:
            return TimeSeries.of(chosen, time_step=step, label=given.label)
        except (TypeError, ValueError) as error:
            raise ModelFileError(str(error)) from error


def _frame_of(array: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    if array.ndim not in (1, 2) or not array.size:
        raise ModelFileError(f"a series has shape (T,) or (T, N), got an array of {array.shape}")
    table = array.reshape(len(array), -1)
    return pd.DataFrame(table, columns=[f"x[{i}]" for i in range(table.shape[1])])


def _frame_of_archive(
    arrays: dict[str, np.ndarray], key: str | None, time: str | int | None
) -> pd.DataFrame:
    """Return the series among the arrays, with the times as a column if they are there."""
    import pandas as pd

    if key is not None and key not in arrays:
        raise ModelFileError(f"there is no array {key!r}: the keys are {_listed(arrays)}")
    timings = [name for name in arrays if name != key and (name == time or _is_time(name))]
    series = [name for name in arrays if name not in timings and arrays[name].ndim in (1, 2)]
    series = series if key is None else [key]
    shapes = {arrays[name].shape for name in series}
    if len(series) > 1 and (len(shapes) > 1 or arrays[series[0]].ndim > 1):
        raise ModelFileError(f"the file holds several arrays: pass key=, one of {_listed(series)}")
    if not series:
        raise ModelFileError(
            f"the file holds no array of shape (T,) or (T, N): the keys are {_listed(arrays)}"
        )
    if len(series) > 1:
        frame = pd.DataFrame({name: arrays[name] for name in series})
    else:
        frame = _frame_of(arrays[series[0]])
    for name in timings:
        if arrays[name].shape == (len(frame),) and name not in frame:
            frame.insert(0, name, arrays[name])
    return frame


def _time_column(
    frame: pd.DataFrame, time: str | int | None, columns: Sequence[str | int] | str | int | None
) -> str | None:
    """Return the name of the column with the times, if there is one."""
    if time is not None:
        return _column(frame, time, "time")
    wanted = [] if columns is None else _names(frame, columns)
    found = [name for name in frame.columns if _is_time(name) and name not in wanted]
    # A single column is data, whatever it is called.
    return found[0] if found and frame.shape[1] > 1 else None


def _is_time(name: str) -> bool:
    return name.partition("(")[0].partition("[")[0].strip().lower() in TIME_NAMES


def _step_of(times: pd.Series) -> float:
    """Return the time from one row to the next.

    Raises
    ------
    ModelFileError
        If the times do not rise, or are not evenly spaced.
    """
    import pandas as pd

    remedy = "pass time_step to take the rows as evenly spaced"
    if times.dtype.kind not in "iuf":
        try:
            dates = pd.to_datetime(times, utc=True)
        except (ValueError, TypeError) as error:
            raise ModelFileError(
                f"the times in column {times.name!r} are no numbers and no dates; {remedy}"
            ) from error
        times = (dates - dates.iloc[0]).dt.total_seconds().rename(times.name)
    values = times.to_numpy(dtype=np.float64)
    if len(values) == 1:
        return 1.0
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        raise ModelFileError(f"the time in column {times.name!r}, row {row} is missing; {remedy}")
    step = (values[-1] - values[0]) / (len(values) - 1)
    if not (np.diff(values) > 0.0).all():
        row = int(np.argmin(np.diff(values) > 0.0)) + 1
        raise ModelFileError(
            f"the times in column {times.name!r} must rise, but row {row} has {values[row]:g} "
            f"after {values[row - 1]:g}; {remedy}"
        )
    away = np.abs(values - values[0] - step * np.arange(len(values)))
    if away.max() > EVEN * step:
        low, high = np.diff(values).min(), np.diff(values).max()
        raise ModelFileError(
            f"the times in column {times.name!r} are not evenly spaced: the steps go from {low:g} "
            f"to {high:g}; resample the data, or {remedy}"
        )
    return float(f"{step:.12g}")  # the times were printed: their last bits mean nothing


def _chosen(
    frame: pd.DataFrame,
    columns: Sequence[str | int] | str | int | None,
    time: str | None,
) -> pd.DataFrame:
    if columns is None:
        rest = [name for name in frame.columns if name != time]
        if not rest:
            raise ModelFileError(f"there is no column but the time {time!r}")
        return frame[rest]
    return frame[_names(frame, columns)]


def _names(frame: pd.DataFrame, columns: Sequence[str | int] | str | int) -> list[str]:
    wanted = [columns] if isinstance(columns, (str, int, np.integer)) else list(columns)
    if not wanted:
        raise ModelFileError("columns must name at least one column")
    return [_column(frame, column, "columns") for column in wanted]


def _column(frame: pd.DataFrame, column: str | int, argument: str) -> str:
    names = list(frame.columns)
    if isinstance(column, (int, np.integer)) and 0 <= column < len(names):
        return names[column]
    if column in names:
        return column
    raise ModelFileError(f"{argument}: there is no column {column!r}, only {_listed(names)}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(list(names)[:12]) + " …" * (len(names) > 12)
