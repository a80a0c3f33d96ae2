"""Where an orbit goes, in words."""

from __future__ import annotations

import numpy as np

from ..cycles import CycleSet
from .continua import on_continuum


def destination(orbit: np.ndarray, cycles: CycleSet) -> str:
    """Say whether an orbit (n, M) diverges, ends in one of the cycles, or does neither.

    It ends in a cycle when its last state is closer to one of the cycle's points than a
    millionth of the orbit's size.
    """
    finite = np.isfinite(orbit).all(axis=1) & (np.abs(orbit).max(axis=1) < 1e12)
    if not finite.all():
        return f"the orbit diverges: past 10¹² after {int(np.argmin(finite))} steps"
    size = max(float(np.abs(orbit).max()), 1e-12)
    for cycle in cycles:
        if np.abs(cycle.points - orbit[-1]).max(axis=1).min() < 1e-6 * size:
            return f"the orbit ends in the {cycle.stability} {cycle.name}"
    for continuum in cycles.continua:
        if on_continuum(orbit, continuum):
            return f"the orbit ends on {continuum.description}"
    return "the orbit ends in none of the cycles shown"
