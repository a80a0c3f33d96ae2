"""The path of a training through parameter space: a polygon with a corner at every saved epoch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ...models import Model
from ...models.validation import whole_number
from ..run import TrainingRun

REMEMBERED = 128  # networks
STANDSTILL = 1e-9  # of the weights' size: what moves less has not moved


@dataclass(frozen=True, eq=False)
class Path:
    """Networks at epochs, and straight steps between them.

    Attributes
    ----------
    start : Model
        The network at the first epoch; it gives the architecture.
    arrays : dict of str to (S, ...) array
        The parameters at the S epochs.
    epochs : (S,) int array
    z0 : (S, M) array or None
        The states in which the data begin, as each network reads them, if there are any.
    every : int
        1, or which of the saved networks are looked at.
    """

    start: Model
    arrays: dict[str, np.ndarray]
    epochs: np.ndarray
    z0: np.ndarray | None
    every: int = 1

    def model(self, row: int) -> Model:
        """Return the network at ``epochs[row]``."""
        return self._models(int(row))

    @cached_property
    def _models(self) -> Callable[[int], Model]:
        """Make networks, and remember the last ones: each step ends where the next begins."""

        def make(row: int) -> Model:
            return self.start.replace({name: array[row] for name, array in self.arrays.items()})

        return lru_cache(REMEMBERED)(make)

    def digest(self, row: int) -> bytes:
        """Return what identifies the network at ``epochs[row]``."""
        found = hashlib.blake2b(self._kind, digest_size=16)
        for array in self.arrays.values():
            found.update((array[row] + 0.0).tobytes())  # -0.0 is 0.0
        return found.digest()

    @cached_property
    def _kind(self) -> bytes:
        shapes = {name: array.shape[1:] for name, array in self.arrays.items()}
        return repr((type(self.start).__name__, dict(self.start.options), shapes)).encode()

    @cached_property
    def length(self) -> np.ndarray:
        """How long the path is up to each epoch (S,), in the space of all parameters."""
        squares = sum(
            (np.diff(array, axis=0) ** 2).reshape(len(array) - 1, -1).sum(axis=1)
            for array in self.arrays.values()
        )
        return np.concatenate([[0.0], np.cumsum(np.sqrt(squares))])

    def relative_change(self, before: int | slice, after: int | slice) -> np.ndarray:
        """Return how far the weights move between rows, relative to their array's size."""
        changes = []
        for array in self.arrays.values():
            a, b = np.atleast_1d(array[before]), np.atleast_1d(array[after])
            if isinstance(before, int):
                a, b = a[None], b[None]
            changes.append(relative_change(a.reshape(len(a), -1), b.reshape(len(b), -1)))
        return np.max(changes, axis=0)

    @cached_property
    def corners(self) -> list[int]:
        """The rows at which the network differs from the one at the corner before."""
        moves = self.relative_change(slice(0, -1), slice(1, None)) >= STANDSTILL
        corners = [0]
        for row in range(1, len(self.epochs)):
            near = corners[-1] == row - 1
            moved = moves[row - 1] if near else self.relative_change(corners[-1], row)[0]
            if moved if near else moved >= STANDSTILL:
                corners.append(row)
        return corners


def relative_change(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the largest change of an entry in each row, relative to the row's largest one."""
    size = np.maximum(np.abs(a).max(axis=1), np.abs(b).max(axis=1))
    change = np.abs(b - a).max(axis=1)
    return np.divide(change, size, out=np.zeros_like(change), where=size > 0.0)


def path_of(run: TrainingRun | Sequence[Model], every: int) -> Path:
    """Return the path of a run, or of networks at the epochs 0, 1, 2 ...

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two networks, they differ in architecture, or are not finite.
    """
    every = whole_number("every", every, 1)
    if isinstance(run, TrainingRun):
        start, epochs, arrays = run.start, run.saved_epochs, dict(run.parameters)
        z0 = _first_states(run)
    else:
        start, arrays = _stacked(run)
        epochs, z0 = np.arange(len(run)), None
    if len(epochs) < 2:
        raise ValueError(f"run must hold at least two networks, got {len(epochs)}")
    rows = np.unique(np.append(np.arange(0, len(epochs), every), len(epochs) - 1))
    arrays = {name: array[rows] for name, array in arrays.items()}
    for array in arrays.values():
        finite = np.isfinite(array).reshape(len(array), -1).all(axis=1)
        if not finite.all():
            epoch = epochs[rows[np.argmin(finite)]]
            raise ValueError(f"run must hold finite networks, that of epoch {epoch} is not")
    z0 = None if z0 is None else z0[rows]
    return Path(start, arrays, np.asarray(epochs)[rows], z0, every)


def _first_states(run: TrainingRun) -> np.ndarray | None:
    if run.data is None:
        return None
    observations = [run.observation] * len(run.saved_epochs)
    if run.readouts is not None:
        observations = map(run.observation_at, run.saved_epochs)
    return np.stack([observation.infer(run.data.values[0]) for observation in observations])


def _stacked(models: Sequence[Model]) -> tuple[Model, dict[str, np.ndarray]]:
    if isinstance(models, Model) or not isinstance(models, Sequence):
        raise TypeError(
            f"run must be a TrainingRun or a list of networks, got {type(models).__name__}"
        )
    for number, model in enumerate(models):
        if not isinstance(model, Model):
            raise TypeError(f"run must hold networks, got {type(model).__name__} at {number}")
        if _kind(model) != _kind(models[0]):
            raise ValueError(
                f"run must hold networks of one architecture and size, got {models[0]!r} and "
                f"{model!r} at {number}"
            )
    if not models:
        raise ValueError("run must hold at least two networks, got 0")
    names = models[0].parameters
    return models[0], {name: np.stack([m.parameters[name] for m in models]) for name in names}


def _kind(model: Model) -> tuple:
    shapes = tuple((name, array.shape) for name, array in model.parameters.items())
    return type(model), tuple(model.options.items()), shapes
