"""Data to learn from: a time series that knows its names, its time step and its units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..models.validation import real_array, require_shape, whole_number

if TYPE_CHECKING:
    import pandas as pd

SHOWN_NAMES = 6


@dataclass(frozen=True, eq=False, repr=False)
class TimeSeries:
    """A series of T states of N variables, evenly spaced in time, as a network is trained on it.

    What it was standardised with stays on record: original = values * scale + mean.

    Attributes
    ----------
    values : (T, N) float64 array
        The states, one a row; read-only.
    mean, scale : (N,) float64 array
        What was subtracted from the original values, and what they were divided by then: 0 and 1
        where the series was not standardised. Read-only.
    names : tuple of str
        The N variables, by default ``x[0]``, ``x[1]`` …
    time_step : float
        Time from one state to the next, in the units of the data.
    label : str
        What the series is, for titles and repr.

    Raises
    ------
    TypeError
        If an argument is not of its kind.
    ValueError
        If `values` is not (T, N), empty or not finite, or the rest does not fit it.
    """

    values: np.ndarray
    mean: np.ndarray | None = None
    scale: np.ndarray | None = None
    names: tuple[str, ...] = ()
    time_step: float = 1.0
    label: str = ""

    def __post_init__(self):
        values = real_array("values", self.values, 2)
        N = values.shape[1]
        mean = real_array("mean", np.zeros(N) if self.mean is None else self.mean, 1)
        scale = real_array("scale", np.ones(N) if self.scale is None else self.scale, 1)
        for name, array in (("mean", mean), ("scale", scale)):
            require_shape(name, array, (N,), f"values of {N} variables")
        if not (scale > 0.0).all():
            raise ValueError(f"scale must be positive, got {scale[~(scale > 0.0)][0]:g}")
        if not isinstance(self.label, str):
            raise TypeError(f"label must be text, got {type(self.label).__name__}")
        checked = {
            "values": values,
            "mean": mean,
            "scale": scale,
            "names": _checked_names(self.names, N),
            "time_step": _positive("time_step", self.time_step),
        }
        for array in (values, mean, scale):
            array.flags.writeable = False
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of(
        cls,
        data: ArrayLike | pd.DataFrame | pd.Series | TimeSeries,
        *,
        names: Sequence[str] | None = None,
        time_step: float | None = None,
        label: str | None = None,
    ) -> TimeSeries:
        """Return `data` as a TimeSeries.

        Parameters
        ----------
        data : (T,) or (T, N) array, pandas DataFrame or Series, or TimeSeries
            One row a time. A frame gives its columns' names; its index is not looked at.
        names : sequence of str, optional
            The variables, in place of those that `data` has.
        time_step : float, optional
            By default that of `data`, or 1.
        label : str, optional
            By default that of `data`, or none.

        Raises
        ------
        TypeError
            If `data` holds anything but real numbers; columns that do are named.
        ValueError
            If it is empty, has other dimensions, or holds NaN or infinity; the column is named.
        """
        if not isinstance(data, TimeSeries):
            values, own_names = _values_and_names(data)
            data = cls(values, names=own_names if names is None else tuple(names))
        given = {
            "names": None if names is None else tuple(names),
            "time_step": time_step,
            "label": label,
        }
        return replace(data, **{name: value for name, value in given.items() if value is not None})

    @property
    def dims(self) -> int:
        """N, the number of variables."""
        return self.values.shape[1]

    @property
    def times(self) -> np.ndarray:
        """The time of every state (T,), the first at 0."""
        return np.arange(len(self)) * self.time_step

    @property
    def is_standardised(self) -> bool:
        """Whether the values are in other units than the original ones."""
        return bool((self.mean != 0.0).any() or (self.scale != 1.0).any())

    def standardised(self, like: TimeSeries | None = None) -> TimeSeries:
        """Return the series with mean 0 and standard deviation 1 in every variable.

        Parameters
        ----------
        like : TimeSeries, optional
            A standardised series whose mean and scale to use instead of the series' own, so that
            both are in the same units: test data as the training data, for example.

        Returns
        -------
        TimeSeries
            Its `mean` and `scale` lead back to the original values, also if this series was
            standardised before. A constant variable becomes 0, with scale 1.

        Raises
        ------
        ValueError
            If `like` has other variables.
        """
        if like is None:
            centre, spread = _centre_and_spread(self.values)
            mean, scale = self.mean + self.scale * centre, self.scale * spread
            return replace(self, values=(self.values - centre) / spread, mean=mean, scale=scale)
        if like.names != self.names:
            raise ValueError(
                f"like must have the variables {_listed(self.names)}, got {_listed(like.names)}"
            )
        values = (self.original() - like.mean) / like.scale
        return replace(self, values=values, mean=like.mean, scale=like.scale)

    def original(self, values: ArrayLike | None = None) -> np.ndarray:
        """Return values in the original units: values * scale + mean.

        Parameters
        ----------
        values : (..., N) array, optional
            States in the units of this series, such as an orbit of a network that was trained on
            it; NaN and infinity stay what they are. By default the series' own values.

        Returns
        -------
        (..., N) array

        Raises
        ------
        ValueError
            If `values` has another number of variables.
        """
        values = self.values if values is None else np.asarray(values, dtype=np.float64)
        if values.ndim == 0 or values.shape[-1] != self.dims:
            raise ValueError(f"values must have shape (..., {self.dims}), got {values.shape}")
        return values * self.scale + self.mean

    def split(self, fraction: float = 0.8) -> tuple[TimeSeries, TimeSeries]:
        """Return the first `fraction` of the series, to train on, and the rest, to test on.

        Both keep the units of this series.

        Raises
        ------
        ValueError
            If `fraction` is not between 0 and 1, or would leave one part empty.
        """
        fraction = float(fraction)
        first = round(fraction * len(self)) if 0.0 < fraction < 1.0 else 0
        if not 0 < first < len(self):
            raise ValueError(
                f"fraction must leave both parts of the {len(self)} states at least one, "
                f"got {fraction:g}"
            )
        return self[:first], self[first:]

    def noisy(self, level: float, seed: int = 0) -> TimeSeries:
        """Return the series with observation noise.

        Parameters
        ----------
        level : float
            Standard deviation of the Gaussian noise, as a part of that of each variable; a
            constant variable stays as it is.
        seed : int
            Seed of the noise.

        Raises
        ------
        ValueError
            If `level` is negative or not finite.
        """
        level = float(real_array("level", level, 0))
        if level < 0.0:
            raise ValueError(f"level must be at least 0, got {level:g}")
        seed = whole_number("seed", seed, 0)
        if level == 0.0:
            return self
        varies = np.ptp(self.values, axis=0) > 0.0
        spread = np.where(varies, _centre_and_spread(self.values)[1], 0.0)
        noise = np.random.default_rng(seed).standard_normal(self.values.shape)
        return replace(self, values=self.values + level * spread * noise)

    def select(self, *names: str) -> TimeSeries:
        """Return the series of some variables only, in the order given.

        Raises
        ------
        KeyError
            If there is no variable of that name.
        """
        for name in names:
            if name not in self.names:
                raise KeyError(f"no variable {name!r}: the series has {_listed(self.names)}")
        columns = [self.names.index(name) for name in names]
        return replace(
            self,
            values=self.values[:, columns],
            mean=self.mean[columns],
            scale=self.scale[columns],
            names=tuple(names),
        )

    def to_dataframe(self) -> pd.DataFrame:
        """Return the series in its original units: one column a variable, the index is the time."""
        import pandas as pd

        index = pd.Index(self.times, name="time")
        return pd.DataFrame(self.original(), columns=list(self.names), index=index)

    def __len__(self) -> int:
        """T, the number of states."""
        return len(self.values)

    def __getitem__(self, index: int | slice) -> np.ndarray | TimeSeries:
        """Return one state (N,), or the series of a slice of times."""
        if not isinstance(index, slice):
            return self.values[index]
        if index.step is not None and index.step < 1:
            raise ValueError(f"time runs forwards: the step must be at least 1, got {index.step}")
        part = self.values[index]
        if not len(part):
            raise IndexError(f"{_written(index)} holds none of the {len(self)} states")
        return replace(self, values=part, time_step=self.time_step * (index.step or 1))

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        if copy is None and dtype is None:
            return self.values
        return np.array(self.values, dtype=dtype)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TimeSeries):
            return NotImplemented
        return self._facts() == other._facts() and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("values", "mean", "scale")
        )

    def __hash__(self) -> int:
        # Adding 0.0 makes the bytes of -0.0 those of 0.0, which compares equal to it.
        return hash((self._facts(), (self.values + 0.0).tobytes()))

    def _facts(self) -> tuple:
        return self.names, self.time_step, self.label

    def __repr__(self) -> str:
        variables = "variable" if self.dims == 1 else "variables"
        return (
            f"<TimeSeries{' ' * bool(self.label)}{self.label}: {len(self):,} states of "
            f"{self.dims} {variables} ({_listed(self.names)}), time step {self.time_step:g}"
            f"{', standardised' * self.is_standardised}>"
        )


def _values_and_names(data: ArrayLike | pd.DataFrame | pd.Series) -> tuple[np.ndarray, tuple]:
    """Return the values (T, N) of an array or a frame, and the names of a frame's columns."""
    if hasattr(data, "to_frame") and hasattr(data, "iloc"):
        unnamed = data.name is None
        values, names = _of_frame(data.to_frame("x[0]" if unnamed else data.name))
    elif hasattr(data, "iloc") and hasattr(data, "columns"):
        values, names = _of_frame(data)
    else:
        values, names = real_array("data", data, (1, 2)), ()
    return values.reshape(len(values), -1), names


def _of_frame(frame: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...]]:
    names = tuple(str(name) for name in frame.columns)
    if 0 in frame.shape:
        raise ValueError(f"data must not be empty, got a frame of shape {frame.shape}")
    wrong = [
        f"{name} ({dtype})"
        for name, dtype in zip(names, frame.dtypes, strict=True)
        if dtype.kind not in "iuf"
    ]
    if wrong:
        raise TypeError(
            f"data must hold numbers only, got other columns: {_listed(wrong)}; "
            "drop them, or convert them to numbers"
        )
    values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    finite = np.isfinite(values)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise ValueError(
            f"data must be finite, got {values[row, column]} in column {names[column]!r}, "
            f"row {row} (of {np.count_nonzero(~finite):,} such values)"
        )
    return values, names


def _checked_names(names: Sequence[str], N: int) -> tuple[str, ...]:
    if isinstance(names, str):
        raise TypeError(f"names must be a sequence of names, got the text {names!r}")
    names = tuple(names) or tuple(f"x[{i}]" for i in range(N))
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"names must be text, got {name!r}")
    if len(names) != N:
        raise ValueError(f"names must name {N} variables, got {len(names)}: {_listed(names)}")
    if len(set(names)) < N:
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"names must differ from each other, got {twice!r} more than once")
    return names


def _positive(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not (np.isfinite(value) and value > 0.0):
        raise ValueError(f"{name} must be positive and finite, got {value}")
    return float(value)


def _centre_and_spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation (N,); of a constant variable its value and 1."""
    # The mean of equal numbers may differ from them in the last bit: such a variable would be
    # blown up to noise of size 1.
    constant = np.ptp(values, axis=0) == 0.0
    centre = np.where(constant, values[0], values.mean(axis=0))
    # Squares of very small numbers are 0, of very large ones infinite: the size goes out first.
    size = np.where(constant, 1.0, np.abs(values - centre).max(axis=0))
    return centre, np.where(constant, 1.0, size * ((values - centre) / size).std(axis=0))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN_NAMES])
    return shown + f" and {len(names) - SHOWN_NAMES} more" * (len(names) > SHOWN_NAMES)


def _written(index: slice) -> str:
    ends = ["" if end is None else str(end) for end in (index.start, index.stop)]
    return f"[{':'.join(ends)}]"
