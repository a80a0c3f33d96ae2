"""The eigenvalues of what attracts, on the unit circle, as plain arrays: no widget in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...cycles import CycleSet
from ..palette import colour_index

MOST_POINTS = 120  # SVG markers are dear
AGES = 5  # tones of the trail
TRAIL = 40  # saved networks that the trail goes back
SMALLEST, LARGEST = 1.15, 3.0  # half the width of the window


@dataclass(frozen=True, eq=False)
class EigenvaluePicture:
    """Eigenvalues once around each cycle, as points (real, imaginary).

    Attributes
    ----------
    attracting, others : ((2, n) array, (n,) colour indices, list of Cycle)
    trail : (2, AGES, n) array
        Eigenvalues of what attracted in the epochs before, one row an age, the oldest first; dots,
        separated by NaN.
    size : float
        Half the width of the window.
    outside : int
        Eigenvalues of attracting cycles' neighbours beyond it.
    """

    attracting: tuple[np.ndarray, np.ndarray, list]
    others: tuple[np.ndarray, np.ndarray, list]
    trail: np.ndarray
    size: float
    outside: int


def compose_eigenvalues(
    cycles: CycleSet, past: Mapping[int, np.ndarray], epoch: int
) -> EigenvaluePicture:
    """Return the picture of the cycles of an epoch.

    Parameters
    ----------
    cycles : CycleSet
    past : dict of epoch to complex array
        Eigenvalues of what attracted in the epochs before.
    epoch : int
    """
    attracting = _points([cycle for cycle in cycles if cycle.stability == "stable"])
    others = _points([cycle for cycle in cycles if cycle.stability != "stable"])
    reach = np.abs(others[0]).max(initial=0.0)
    size = float(np.clip(1.1 * reach, SMALLEST, LARGEST))
    inside = np.abs(others[0]).max(axis=0, initial=0.0) <= size
    kept = [owner for owner, near in zip(others[2], inside, strict=True) if near]
    outside = int((~inside).sum())
    others = (others[0][:, inside], others[1][inside], kept)
    return EigenvaluePicture(attracting, others, _trail(past, epoch), size, outside)


def _points(cycles: list) -> tuple[np.ndarray, np.ndarray, list]:
    values, colours, owners = [], [], []
    for cycle in cycles:
        finite = cycle.eigenvalues[np.isfinite(cycle.eigenvalues)]
        if len(owners) + len(finite) > MOST_POINTS:
            break
        values.append(finite)
        colours += [float(colour_index(cycle.order))] * len(finite)
        owners += [cycle] * len(finite)
    joined = np.concatenate(values) if values else np.empty(0, complex)
    return np.stack([joined.real, joined.imag]), np.array(colours), owners


def _trail(past: Mapping[int, np.ndarray], epoch: int) -> np.ndarray:
    before = sorted(e for e in past if e < epoch)[-TRAIL:]
    rows = []
    for age in range(AGES):
        part = before[len(before) * age // AGES : len(before) * (age + 1) // AGES]
        values = np.concatenate([past[e] for e in part]) if part else np.empty(0, complex)
        dots = np.full((2, max(2 * len(values) - 1, 0)), np.nan)
        dots[:, ::2] = values.real, values.imag
        rows.append(dots)
    longest = max(row.shape[1] for row in rows)
    if not longest:
        return np.zeros((2, 0))
    trail = np.zeros((2, AGES, longest))
    last = next(row[:, -1:] for row in rows if row.shape[1])
    for place, row in enumerate(rows):
        # A curve must not end in NaN (bqplot): its last dot, or that of another age, fills it up.
        trail[:, place, : row.shape[1]] = row
        trail[:, place, row.shape[1] :] = row[:, -1:] if row.shape[1] else last
    return trail
