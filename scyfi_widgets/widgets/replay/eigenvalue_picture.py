"""The eigenvalues of what attracts, on the unit circle, as plain arrays: no widget in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...cycles import CycleSet
from ..unit_circle.points import Points, eigenvalue_points, trail_of, window_size, within


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

    attracting: Points
    others: Points
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
    attracting = eigenvalue_points(cycle for cycle in cycles if cycle.stability == "stable")
    others = eigenvalue_points(cycle for cycle in cycles if cycle.stability != "stable")
    size = window_size(others[0])
    others, outside = within(others, size)
    trail = trail_of([past[e] for e in sorted(e for e in past if e < epoch)])
    return EigenvaluePicture(attracting, others, trail, size, outside)
