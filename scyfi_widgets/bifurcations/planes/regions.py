"""Regions of a parameter plane: where the cycles and their stability are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...compiled import kernel
from ...cycles.cycle import NEUTRAL_WITHIN
from ...cycles.words import least_rotation, word_key
from ..closure import Strand

CycleKey = tuple[int, bytes]
NUMBERS = ("no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, eq=False)
class Region:
    """A connected part of the plane in which the same cycles exist, each stable or not.

    Attributes
    ----------
    number : int
        Its number in the plane's raster.
    label : str
        Such as ``"two fixed points (one stable), a stable 2-cycle"``.
    cycles : tuple of (key, stable)
        The `Cycle.key` of every cycle and whether it attracts, by order.
    position : (2,) array
        Values of both weights well inside, for a label.
    area : float
        Its share of the plane, as far as the raster shows it.
    """

    number: int
    label: str
    cycles: tuple[tuple[CycleKey, bool], ...]
    position: np.ndarray
    area: float

    def __repr__(self) -> str:
        return f"<region {self.number}: {self.label}; {100.0 * self.area:.3g} %>"


@dataclass(frozen=True, eq=False)
class Row:
    """The cycles at the raster's values of the first weight, at one value of the second.

    Attributes
    ----------
    height : float
        Value of the second weight.
    present, stable : (c, n) bool arrays
        For each of c cycles, where it exists and where it attracts.
    keys : tuple of (int, bytes)
        The `Cycle.key` of each.
    names : tuple of (int, bytes)
        The same without the units that do not matter: it changes with an event only.
    """

    height: float
    present: np.ndarray
    stable: np.ndarray
    keys: tuple[CycleKey, ...]
    names: tuple[CycleKey, ...]

    @classmethod
    def of(
        cls,
        strands: Sequence[Strand],
        values: np.ndarray,
        height: float,
        units: np.ndarray,
    ) -> Row:
        """Return the row of a line's strands, which are sampled at `values` and more.

        `units` are those that matter.
        """
        present = np.zeros((len(strands), len(values)), bool)
        stable = np.zeros_like(present)
        keys, names = [], []
        for number, strand in enumerate(strands):
            piece = strand.piece
            inside = (values > piece.start) & (values < piece.stop)
            at = np.searchsorted(strand.values, values[inside])
            present[number] = inside
            moduli = np.abs(strand.eigenvalues[np.minimum(at, len(strand.values) - 1)])
            stable[number, inside] = np.all(moduli < 1.0 - NEUTRAL_WITHIN, axis=1)
            word = np.asarray(piece.word, bool)
            keys.append(_key(word))
            names.append(_key(word[:, units]))
        return cls(height, present, stable, tuple(keys), tuple(names))

    def cycles_at(self, column: int, *, by_name: bool = False) -> tuple[tuple[CycleKey, bool], ...]:
        """Return the key (or name) of every cycle at a column and whether it is stable."""
        keys = self.names if by_name else self.keys
        return tuple(
            sorted(
                (key, bool(self.stable[number, column]))
                for number, key in enumerate(keys)
                if self.present[number, column]
            )
        )


def regions_of(rows: Sequence[Row], values: np.ndarray) -> tuple[tuple[Region, ...], np.ndarray]:
    """Return the regions by falling area, and the raster (rows, columns) of their numbers."""
    names: dict[tuple, int] = {}
    raster = np.zeros((len(rows), len(values)), np.int64)
    for number, row in enumerate(rows):
        # Columns with the same bits have the same cycles, so few of them are looked at.
        bits = np.vstack([row.present, row.stable]).T
        before = None
        for column, column_bits in enumerate(bits):
            if before is None or not np.array_equal(column_bits, before):
                name = names.setdefault(row.cycles_at(column, by_name=True), len(names))
            before = column_bits
            raster[number, column] = name
    parts = np.full(raster.shape, -1, np.int64)
    count = label_parts(raster, parts, np.empty(raster.size, np.int64))
    depth = np.empty_like(parts)
    write_depths(parts, depth)
    sizes = np.bincount(parts.ravel(), minlength=count)
    by_size = np.argsort(-sizes, kind="stable")
    places = np.empty(count, np.int64)
    places[by_size] = np.arange(count)
    deepest = np.argsort(-depth.ravel(), kind="stable")
    _, first = np.unique(parts.ravel()[deepest], return_index=True)
    cells = deepest[first]
    regions = []
    for part in by_size:
        row, column = divmod(int(cells[part]), len(values))
        cycles = rows[row].cycles_at(column)
        regions.append(
            Region(
                number=len(regions),
                label=label_of(cycles),
                cycles=cycles,
                position=np.array([values[column], rows[row].height]),
                area=float(sizes[part] / raster.size),
            )
        )
    return tuple(regions), places[parts]


def _key(word: np.ndarray) -> CycleKey:
    return word_key(np.roll(word, -least_rotation(word), axis=0))


def label_of(cycles: Sequence[tuple[CycleKey, bool]]) -> str:
    """Return how many cycles of each order there are, and how many of them are stable."""
    parts = []
    for order in sorted({key[0] for key, _ in cycles}):
        stable = [is_stable for key, is_stable in cycles if key[0] == order]
        name = "fixed point" if order == 1 else f"{order}-cycle"
        number = len(stable)
        if number == 1:
            parts.append(f"a stable {name}" if stable[0] else f"an unstable {name}")
        else:
            kind = "none" if not any(stable) else "all" if all(stable) else _number(sum(stable))
            parts.append(f"{_number(number)} {name}s ({kind} stable)")
    return ", ".join(parts) or "no cycles"


def _number(number: int) -> str:
    if number == 1:
        return "one"
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


@kernel
def label_parts(raster, parts, stack):
    """Number the connected parts of equal entries (four neighbours); return how many there are.

    `parts`, of the raster's shape, holds -1 everywhere at first; `stack` has room for all cells.
    """
    rows, columns = raster.shape
    count = 0
    for start in range(raster.size):
        if parts[start // columns, start % columns] >= 0:
            continue
        parts[start // columns, start % columns] = count
        stack[0], size = start, 1
        while size > 0:
            size -= 1
            row, column = stack[size] // columns, stack[size] % columns
            for i, j in (
                (row - 1, column),
                (row + 1, column),
                (row, column - 1),
                (row, column + 1),
            ):
                inside = 0 <= i < rows and 0 <= j < columns
                if inside and parts[i, j] < 0 and raster[i, j] == raster[row, column]:
                    parts[i, j] = count
                    stack[size] = i * columns + j
                    size += 1
        count += 1
    return count


@kernel
def write_depths(parts, depth):
    """Write how many cells away, in the largest of both directions, the nearest other part is."""
    rows, columns = parts.shape
    for turn in range(2):
        for n in range(parts.size):
            cell = n if turn == 0 else parts.size - 1 - n
            row, column = cell // columns, cell % columns
            step = -1 if turn == 0 else 1
            nearest = rows + columns if turn == 0 else depth[row, column]
            for i, j in (
                (row + step, column - 1),
                (row + step, column),
                (row + step, column + 1),
                (row, column + step),
            ):
                inside = 0 <= i < rows and 0 <= j < columns
                same = inside and parts[i, j] == parts[row, column]
                nearest = min(nearest, 1 + depth[i, j] if same else 1)
            depth[row, column] = nearest
