"""The word of a singular system with solutions: whether any of them is in its regions.

The solutions are z_0 + Σ α_i v_i for all α, and every sign condition of the word is affine in α.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from operator import mul

import numpy as np

from ..words import period
from .integers import with_common_denominator
from .simplex import maximize
from .system import System
from .verdict import CONSISTENT, ExactWord, one_solution, signs_and_points

Point = list[Fraction]


def continuum(system: System, solution: tuple[list[int], int], basis: list[list[int]]) -> ExactWord:
    """Return the verdict on a word with a line, plane ... of solutions.

    Parameters
    ----------
    system : System
    solution : tuple
        Numerators and denominator of one of them.
    basis : list of list of int
        Of what may be added to it.
    """
    check = system.check
    basis = [[Fraction(x, max(map(abs, v))) for x in v] for v in basis]
    start = [Fraction(x, solution[1]) for x in solution[0]]
    bits = [bit for region in system.bits for bit in region]
    constants = _y_values(system, start)
    slopes = [_y_values(system, v, affine=False) for v in basis]
    # A constraint of the regions: constant + slopes . α >= 0, of bit 1 even > 0.
    constraints = [
        [_signed(bit, x), *(_signed(bit, slope[n]) for slope in slopes)]
        for n, (bit, x) in enumerate(_checked(zip(bits, constants, strict=True), check))
    ]
    alpha, real = _inside(constraints, bits, check)
    minimal = False
    if real:
        moved = _moved(constraints, alpha, check)
        if not moved and period(system.bits) == len(system.bits):
            # The solutions only touch the regions: there is but one cycle, on a border.
            only = with_common_denominator(_point(start, basis, alpha))
            return one_solution(system, only, True)
        for candidate in _candidates(alpha, moved):
            if _repeats_only_as_a_whole(system, _point(start, basis, candidate)):
                alpha, minimal = candidate, True
                break
    shown = with_common_denominator(_point(start, basis, alpha))
    signs, points, margin = signs_and_points(system, shown)
    directions = np.array([[float(x) for x in v] for v in basis]).T
    return ExactWord(CONSISTENT, real, minimal, points, signs, margin, directions)


def _y_values(system: System, start: Point, affine: bool = True) -> list[Fraction]:
    return [
        Fraction(x, below)
        for above, below in system.y(*with_common_denominator(start), affine=affine)
        for x in _checked(above, system.check)
    ]


def _signed(bit: bool, x: Fraction) -> Fraction:
    return x if bit else -x


def _point(start: Point, basis: list[Point], alpha: Point) -> Point:
    return [
        z + sum(a * v[m] for a, v in zip(alpha, basis, strict=True)) for m, z in enumerate(start)
    ]


def _checked(items: Iterable, check: Callable[[], None]) -> Iterator:
    """Yield the items, and check before each."""
    for item in items:
        check()
        yield item


def _inside(
    constraints: list[Point], bits: list[bool], check: Callable[[], None]
) -> tuple[Point, bool]:
    """Return α of a point in the regions, as far from borders as can be, and whether it is one."""
    r = len(constraints[0]) - 1
    alpha = [Fraction(0)] * r
    for strict in ([True] * len(bits), bits):  # first away from all borders, then only from bit 1's
        here = [_value(row, alpha) for row in _checked(constraints, check)]
        least = min([Fraction(0), *(x for x, s in zip(here, strict, strict=True) if s)])
        # Variables: the change of α, and the distance s from the borders less what it is now.
        rows = [
            [x - least * s, *row[1:], Fraction(-int(s))]
            for x, row, s in _checked(zip(here, constraints, strict, strict=True), check)
        ]
        rows.append([1 - least, *[Fraction(0)] * r, Fraction(-1)])
        change, _ = maximize(rows, [*[0] * r, 1], check)
        alpha = [a + d for a, d in zip(alpha, change[:r], strict=True)]
        distance = least + change[r]
        if distance > 0:
            return alpha, True
        if distance < 0:
            return alpha, False
    return alpha, False


def _moved(constraints: list[Point], alpha: Point, check: Callable[[], None]) -> list[Point]:
    """Return points of the regions' closed solution set, half-way to its ends from `alpha`."""
    rows = [[_value(row, alpha), *row[1:]] for row in _checked(constraints, check)]
    r = len(alpha)
    moved = []
    for i in range(r):
        for way in (1, -1):
            change, ray = maximize(rows, [way * int(i == m) for m in range(r)], check)
            if ray is not None:
                change = [c + x for c, x in zip(change, ray, strict=True)]
            if any(change):
                moved.append([a + c / 2 for a, c in zip(alpha, change, strict=True)])
    return moved


def _candidates(alpha: Point, moved: list[Point]) -> Iterator[Point]:
    """Yield points of a convex set, enough that not all of them lie in its few subspaces."""
    yield alpha
    yield from moved
    for one in moved:
        for other in moved:
            if one is not other:
                yield [(a + b) / 2 for a, b in zip(one, other, strict=True)]
    if moved:
        yield [sum(column) / len(moved) for column in zip(*moved, strict=True)]


def _repeats_only_as_a_whole(system: System, start: Point) -> bool:
    """Return whether the orbit of a solution closes for the first time after all k steps."""
    k = len(system.bits)
    above, below = with_common_denominator(start)
    points = list(system.orbit(above, below))
    for steps in range(1, k):
        if k % steps == 0:
            there, scaled = points[steps]
            factor = scaled // below
            if all(x == factor * z for x, z in zip(there, above, strict=True)):
                return False
    return True


def _value(row: Point, alpha: Point) -> Fraction:
    return row[0] + sum(map(mul, row[1:], alpha))
