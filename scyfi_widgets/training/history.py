"""The record of a training while it grows."""

from __future__ import annotations

import numpy as np

from .layout import ParameterLayout
from .run import CURVES, TrainingRun

FIRST_ROOM = 256


class History:
    """Curves and saved parameters, in arrays that double when they are full.

    Parameters
    ----------
    every : int
        Epochs between two saved sets of parameters.
    theta : (n,) array
        The parameters at the start, which are always saved.
    """

    def __init__(self, every: int, theta: np.ndarray):
        self.every = every
        self._curves = np.empty((len(CURVES), FIRST_ROOM))
        self._rows = theta[None].copy()

    @property
    def memory(self) -> int:
        """Bytes of the saved parameters, with the room for more."""
        return self._rows.nbytes

    def write(self, epoch: int, *values: float) -> None:
        """Write one value of each curve for an epoch."""
        if epoch >= self._curves.shape[1]:
            self._curves = np.concatenate([self._curves, np.empty_like(self._curves)], axis=1)
        self._curves[:, epoch] = values

    def keep(self, epoch: int, theta: np.ndarray) -> None:
        """Save the parameters after an epoch, if it is its turn."""
        row, rest = divmod(epoch, self.every)
        if rest == 0:
            if row >= len(self._rows):
                self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
            self._rows[row] = theta

    def curve(self, name: str, epochs: int) -> np.ndarray:
        """Return a view of one curve over the epochs that are done."""
        return self._curves[CURVES.index(name), :epochs]

    def saved(
        self, epoch: int, theta: np.ndarray, shared: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the saved networks' numbers (S,) and parameters (S, n); the last are `theta`.

        Rows are written once: `shared` gives those of the record, with the room behind them, where
        the last network is one of them.
        """
        count = epoch // self.every + 1
        epochs, rows = np.arange(count) * self.every, self._rows[:count]
        if epochs[-1] == epoch:
            return epochs, rows if shared else rows.copy()
        return np.append(epochs, epoch), np.concatenate([rows, theta[None]])

    def take_up(self, run: TrainingRun, layout: ParameterLayout) -> np.ndarray:
        """Begin with what a run recorded; return its last parameters.

        Raises
        ------
        ValueError
            If the run did not save the networks that `every` asks for.
        """
        arrays = dict(run.parameters)
        if run.readouts is not None:
            arrays["B"] = run.readouts
        rows = [arrays[name].reshape(len(run.saved_epochs), -1) for name in layout.shapes]
        vectors = np.concatenate(rows, axis=1)
        wanted = np.arange(0, run.epochs + 1, self.every)
        if not np.isin(wanted, run.saved_epochs).all():
            raise ValueError(
                f"save_every must be a multiple of the resumed run's, got {self.every}"
            )
        self._rows = vectors[np.searchsorted(run.saved_epochs, wanted)]
        curves = np.stack([getattr(run, name) for name in CURVES])
        room = np.empty((len(CURVES), max(FIRST_ROOM, run.epochs)))
        room[:, : run.epochs] = curves
        self._curves = room
        return vectors[-1]
