"""What a training leaves behind: every epoch's numbers and the networks on the way."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..models import Model
from ..models.names import format_name
from ..models.validation import whole_number
from ..whole import npz_path, write_whole
from .observation import Observation

if TYPE_CHECKING:
    import pandas as pd

    from ..bifurcations.line import Line
    from .series import TimeSeries

CURVES = ("loss", "gradient_norm", "step_length", "alpha", "learning_rate")


@dataclass(frozen=True, eq=False)
class TrainerState:
    """What resuming needs beside the last network, bit by bit.

    Attributes
    ----------
    arrays : dict of str to array
        Moments of the optimiser and the like.
    values : dict
        Counters and the state of the random generator, as JSON knows them.
    """

    arrays: dict[str, np.ndarray]
    values: dict[str, Any]


@dataclass(frozen=True, eq=False, repr=False)
class TrainingRun:
    """A training of E epochs: networks 0 (the start) to E, and the curves between them.

    Epoch e leads from network e to network e + 1, and loss[e] is the loss in it: where one batch is
    the whole series, exactly the loss of network e.

    Attributes
    ----------
    start : Model
        Network 0: it gives the architecture.
    parameters : dict of str to (S, ...) array
        The parameter arrays of the S saved networks, one a row.
    saved_epochs : (S,) int64 array
        The saved networks' numbers, ascending, the first 0 and the last E.
    loss : (E,) array
        Mean squared error, the mean over an epoch's batches.
    gradient_norm : (E,) array
        Euclidean norm of the gradient before clipping, the mean over an epoch's batches.
    step_length : (E,) array
        Euclidean distance between networks e and e + 1 in the space of all parameters.
    alpha : (E,) array
        Strength of generalised teacher forcing; NaN for any other forcing.
    learning_rate : (E,) array
        Curves are NaN where nothing is known, as in runs of other code.
    data : TimeSeries or None
        What it learned from.
    observation : Observation
        How the data are read from states, at network 0.
    readouts : (S, N, M) array or None
        The readout B of the saved networks, where it is learned.
    settings : dict
        How it was trained: text and numbers.
    stopped : str or None
        Why it ended before all epochs were done, or None.
    seconds : float
        Wall-clock time, of all parts of a resumed run.
    state : TrainerState or None
        What resuming needs.

    Raises
    ------
    ValueError
        If the arrays do not fit together.
    """

    start: Model
    parameters: dict[str, np.ndarray]
    saved_epochs: np.ndarray
    loss: np.ndarray
    gradient_norm: np.ndarray
    step_length: np.ndarray
    alpha: np.ndarray
    learning_rate: np.ndarray
    data: TimeSeries | None
    observation: Observation
    readouts: np.ndarray | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    stopped: str | None = None
    seconds: float = 0.0
    state: TrainerState | None = None

    def __post_init__(self):
        saved = np.array(self.saved_epochs, np.int64)
        object.__setattr__(self, "saved_epochs", saved)
        for name in CURVES:
            curve = np.array(getattr(self, name), np.float64)
            object.__setattr__(self, name, curve)
            if curve.shape != (len(self.loss),):
                raise ValueError(f"{name} must have shape ({len(self.loss)},), got {curve.shape}")
            curve.setflags(write=False)
        if saved.ndim != 1 or not saved.size or (np.diff(saved) <= 0).any():
            raise ValueError("saved_epochs must ascend and hold at least one")
        if saved[0] != 0 or saved[-1] != self.epochs:
            raise ValueError(
                f"saved_epochs must begin with 0 and end with {self.epochs}, "
                f"got {saved[0]} to {saved[-1]}"
            )
        if set(self.parameters) != set(self.start.parameters):
            raise ValueError(
                f"parameters must hold {', '.join(self.start.parameters)}, "
                f"got {', '.join(self.parameters) or 'none'}"
            )
        shapes = {name: array.shape for name, array in self.start.parameters.items()}
        rows = {n: _rows(n, self.parameters[n], (len(saved), *shapes[n])) for n in shapes}
        object.__setattr__(self, "parameters", rows)
        if self.observation.M != self.start.M:
            raise ValueError(
                f"observation must read {self.start.M} units, got {self.observation!r}"
            )
        if self.readouts is not None:
            shape = (len(saved), self.observation.N, self.observation.M)
            object.__setattr__(self, "readouts", _rows("readouts", self.readouts, shape))
        saved.setflags(write=False)

    @property
    def epochs(self) -> int:
        """E, the number of epochs that were done."""
        return len(self.loss)

    @property
    def final(self) -> Model:
        """The last network."""
        return self.model(self.epochs)

    @property
    def memory(self) -> int:
        """Bytes that the saved networks take."""
        readouts = 0 if self.readouts is None else self.readouts.nbytes
        return readouts + sum(array.nbytes for array in self.parameters.values())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The arrays that were trained, or their single entries where only some were.

        As the settings say; for runs of other code, the entries that change.
        """
        if "trainable" in self.settings:
            return tuple(self.settings["trainable"])
        names: list[str] = []
        for name, rows in self.parameters.items():
            changed = (rows != rows[0]).any(axis=0)
            if changed.all():
                names.append(name)
            else:
                names += [format_name(name, tuple(map(int, i))) for i in np.argwhere(changed)]
        return tuple(names)

    def model(self, epoch: int) -> Model:
        """Return a saved network, by its number from 0 (the start) to `epochs`.

        Raises
        ------
        ValueError
            If there is no such network, or it was not saved: the nearest that were are named.
        """
        row = self._row(epoch)
        return self.start.replace({name: array[row] for name, array in self.parameters.items()})

    def observation_at(self, epoch: int) -> Observation:
        """Return how the data are read from the states of a saved network.

        Raises
        ------
        ValueError
            As `model` does.
        """
        row = self._row(epoch)
        if self.readouts is None:
            return self.observation
        return Observation.linear(self.readouts[row], self.observation.learned)

    def nearest_saved(self, epoch: float) -> int:
        """Return the number of the saved network that is nearest to `epoch`, the earlier of two."""
        return int(self.saved_epochs[np.argmin(np.abs(self.saved_epochs - epoch))])

    def line(self, epoch: float) -> Line:
        """Return the line from the last saved network at or before `epoch` to the next one.

        Raises
        ------
        ValueError
            If `epoch` is not in [0, epochs), or the two networks are equal.
        """
        from ..bifurcations.line import Line

        if not 0 <= epoch < self.epochs:
            raise ValueError(f"epoch must be at least 0 and below {self.epochs}, got {epoch}")
        row = int(np.searchsorted(self.saved_epochs, epoch, side="right")) - 1
        here, there = (self.model(int(self.saved_epochs[row + k])) for k in (0, 1))
        return Line.through(here, there)

    def save(self, path: str | os.PathLike) -> None:
        """Write the run to an .npz file, exactly; the file appears whole or not at all.

        Parameters
        ----------
        path : path
            Where to write; it must end in ``.npz``. An existing file is replaced.

        Raises
        ------
        ValueError
            If `path` does not end in .npz.
        OSError
            If the folder does not exist or cannot be written.
        """
        from .archive import run_arrays

        target = npz_path(path)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **run_arrays(self))
        write_whole(target, buffer.getvalue())

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row an epoch with its curves; the index is the epoch."""
        import pandas as pd

        index = pd.RangeIndex(self.epochs, name="epoch")
        return pd.DataFrame({name: getattr(self, name) for name in CURVES}, index=index)

    def _row(self, epoch: int) -> int:
        epoch = whole_number("epoch", epoch, 0, self.epochs)
        row = int(np.searchsorted(self.saved_epochs, epoch))
        if self.saved_epochs[row] != epoch:
            before, after = self.saved_epochs[row - 1], self.saved_epochs[row]
            raise ValueError(
                f"network {epoch} was not saved; the nearest that were are {before} and {after}"
            )
        return row

    def __repr__(self) -> str:
        kind = type(self.start).__name__
        text = f"<TrainingRun of a {kind}, M={self.start.M}: {self.epochs:,} epochs"
        if self.epochs:
            text += f", loss {self.loss[0]:.3g} to {self.loss[-1]:.3g}"
        if self.stopped:
            text += f", {self.stopped}"
        told = [f"{key}={value!r}" for key, value in self.settings.items() if value is not None]
        text += f"; {', '.join(told)}" if told else ""
        return f"{text}; {len(self.saved_epochs):,} networks in {_bytes_text(self.memory)}>"


def _rows(name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a read-only view of the saved values of one array; they must have `shape`."""
    rows = np.asarray(array, np.float64).view()
    if rows.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {rows.shape}")
    rows.setflags(write=False)
    return rows


def _bytes_text(count: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
