"""The cycles of a training, epoch by epoch, with an identity that goes on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...cycles.cycle import NEUTRAL_WITHIN


@dataclass(frozen=True, eq=False)
class CycleRecord:
    """One row a cycle and epoch, as arrays: the bifurcation diagram whose axis is training time.

    Rows ascend in the epoch. Besides those of the saved networks there are rows at events, on both
    sides of each, so that lines drawn through a branch's rows begin, bend and end where they do.

    Attributes
    ----------
    epoch : (n,) array
        Fractional at events.
    saved : (n,) bool array
        Whether the row belongs to the complete set of a saved network.
    branch : (n,) int array
        The cycle's number in the run: it keeps it through every persistence.
    order : (n,) int array
    word : (n,) int array
        Its word's place in `words`.
    eigenvalues : (n, M) complex array
        Once around the cycle, by falling modulus.
    offsets : (n + 1,) int array
        The points of a row are ``points[offsets[row]:offsets[row + 1]]``.
    points : (sum of orders, M) array
        Point i of a branch moves continuously from row to row.
    words : tuple of (k, H) bool arrays
        All words that occur, canonical.
    """

    epoch: np.ndarray
    saved: np.ndarray
    branch: np.ndarray
    order: np.ndarray
    word: np.ndarray
    eigenvalues: np.ndarray
    offsets: np.ndarray
    points: np.ndarray
    words: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.epoch)

    @cached_property
    def radius(self) -> np.ndarray:
        """The largest modulus of an eigenvalue, (n,)."""
        return np.abs(self.eigenvalues).max(axis=1, initial=0.0)

    @cached_property
    def stable(self) -> np.ndarray:
        """Whether the cycle attracts, (n,) bool."""
        return self.radius < 1.0 - NEUTRAL_WITHIN

    @cached_property
    def unstable(self) -> np.ndarray:
        """The number of its unstable directions, (n,)."""
        return (np.abs(self.eigenvalues) > 1.0 + NEUTRAL_WITHIN).sum(axis=1)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        arrays = (array for array in vars(self).values() if isinstance(array, np.ndarray))
        return sum(array.nbytes for array in arrays)

    def points_of(self, row: int) -> np.ndarray:
        """Return the points (k, M) of one row."""
        return self.points[self.offsets[row] : self.offsets[row + 1]]

    def rows_at(self, epoch: float) -> np.ndarray:
        """Return the rows of the cycles of a saved network; none where it was not looked at."""
        first, last = (
            np.searchsorted(self.epoch, epoch),
            np.searchsorted(self.epoch, epoch, side="right"),
        )
        rows = np.arange(first, last)
        return rows[self.saved[rows]]

    def rows_of(self, branch: int) -> np.ndarray:
        """Return all rows of one branch, by rising epoch."""
        return self._sorted[self._starts[branch] : self._starts[branch + 1]]

    @property
    def branches(self) -> int:
        """The number of branches."""
        return len(self._starts) - 1

    @cached_property
    def _sorted(self) -> np.ndarray:
        return np.argsort(self.branch, kind="stable")

    @cached_property
    def _starts(self) -> np.ndarray:
        count = int(self.branch.max(initial=-1)) + 1
        return np.searchsorted(self.branch[self._sorted], np.arange(count + 1))


@dataclass(frozen=True, eq=False)
class RunBranch:
    """One cycle through a training.

    Attributes
    ----------
    number : int
    order : int
    epochs : (n,) array
        Of its rows in the record: each saved network and each event that it goes through.
    points : (n, k, M) array
        Point i moves continuously.
    eigenvalues : (n, M) complex array
    stable : (n,) bool array
    saved : (n,) bool array
        Whether the epoch is that of a saved network.
    """

    number: int
    order: int
    epochs: np.ndarray
    points: np.ndarray
    eigenvalues: np.ndarray
    stable: np.ndarray
    saved: np.ndarray

    @property
    def start(self) -> float:
        """The epoch at which it begins, just after it at infinity, or that of the first network."""
        return float(self.epochs[0])

    @property
    def stop(self) -> float:
        """The epoch at which it ends, just before it at infinity, or that of the last network."""
        return float(self.epochs[-1])

    def __repr__(self) -> str:
        name = "fixed point" if self.order == 1 else f"{self.order}-cycle"
        return f"<branch {self.number}: {name} from epoch {self.start:.6g} to {self.stop:.6g}>"


def branch_of(record: CycleRecord, number: int) -> RunBranch:
    """Return one branch of a record."""
    rows = record.rows_of(number)
    k = int(record.order[rows[0]])
    places = record.offsets[rows][:, None] + np.arange(k)
    return RunBranch(
        number,
        k,
        record.epoch[rows],
        record.points[places],
        record.eigenvalues[rows],
        record.stable[rows],
        record.saved[rows],
    )
