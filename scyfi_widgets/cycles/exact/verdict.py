"""What is exactly true of one word, and how it is read off the word's only solution."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from .integers import rounded, sign
from .system import System

CYCLE, BORDER, VIRTUAL = "cycle", "border", "virtual"
CONSISTENT, INCONSISTENT = "singular consistent", "singular inconsistent"
LEAST = 5e-324  # the least positive double


@dataclass(frozen=True, eq=False)
class ExactWord:
    """What is exactly true of one word.

    Attributes
    ----------
    kind : str
        ``"cycle"``: one solution, strictly inside its regions. ``"border"``: one solution, no sign
        wrong, some y exactly 0. ``"virtual"``: one solution, some sign wrong. ``"singular
        consistent"``: a line, plane ... of solutions. ``"singular inconsistent"``: no solution.
    real : bool
        Whether the solution, or one of a continuum, has bit = (y > 0) everywhere: y = 0 belongs to
        bit 0. True for every ``"cycle"``, false for every ``"virtual"`` one.
    minimal : bool
        Whether the solution, or one of those of a continuum in the regions, repeats no shorter one.
    points : (k, M) array or None
        The solution, each number rounded once. Of a continuum: one inside the regions if there is
        one, of minimal period k if there is one. None without a solution.
    signs : (k, H) int8 array or None
        The signs of y at the exact points.
    margin : float
        The least |y| at them, rounded once.
    directions : (M, r) array
        Of a continuum: what may be added to the first point, each of largest entry 1.
    """

    kind: str
    real: bool
    minimal: bool
    points: np.ndarray | None
    signs: np.ndarray | None
    margin: float
    directions: np.ndarray


def no_solution(system: System) -> ExactWord:
    """Return the verdict on a word whose equations contradict each other."""
    return ExactWord(INCONSISTENT, False, False, None, None, inf, np.empty((system.M, 0)))


def one_solution(system: System, solution: tuple[list[int], int], minimal: bool) -> ExactWord:
    """Return the verdict on a word with one solution, given as numerators over a denominator."""
    signs, points, margin = signs_and_points(system, solution)
    bits = np.array(system.bits)
    if np.any(np.where(bits, signs < 0, signs > 0)):
        kind = VIRTUAL
    else:
        kind = CYCLE if signs.all() else BORDER
    real = bool(np.array_equal(bits, signs > 0))
    return ExactWord(kind, real, minimal, points, signs, margin, np.empty((system.M, 0)))


def signs_and_points(
    system: System, solution: tuple[list[int], int]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the signs of y (k, H), the points (k, M) and the least |y| of an exact solution."""
    points = [[rounded(x, below) for x in above] for above, below in system.orbit(*solution)]
    y = list(system.y(*solution))
    signs = [[sign(x) * sign(below) for x in above] for above, below in y]
    moduli = [abs(rounded(x, below)) for above, below in y for x in above if x]
    everywhere = all(x for above, _ in y for x in above)
    # Only an exact zero is reported as one.
    margin = max(min(moduli, default=inf), LEAST) if everywhere else 0.0
    return np.array(signs, np.int8), np.array(points), margin
