"""Branches as curves that a browser draws fast: cut at the window, thinned, a few rows of colours.

All curves go through the same few array operations: a loop over them would cost more than the
diagram itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...bifurcations.branches import Branch

Coordinate = int | str  # a unit's index, or "norm"

MOST_DEVIATION = 0.2  # pixels by which a curve may be off where samples of it were left out
LONGEST_STEP = 48  # samples that may be left out in a row
BEYOND = 0.02  # of the window's height: how far curves go on outside


@dataclass(frozen=True)
class Curves:
    """All points of all branches as functions of the parameter, one curve after the other.

    Attributes
    ----------
    x, y : (n,) arrays
        The parameter, and the coordinate that is drawn.
    first : (n,) bool array
        Where a curve begins: there is no line to the sample before.
    radius : (n,) array
        The largest modulus of an eigenvalue.
    colour : (n,) int array
        Index of the branch's colour.
    """

    x: np.ndarray
    y: np.ndarray
    first: np.ndarray
    radius: np.ndarray
    colour: np.ndarray


def heights(points: np.ndarray, coordinate: Coordinate) -> np.ndarray:
    """Return the coordinate of states (..., M) that is drawn."""
    if coordinate == "norm":
        return np.linalg.norm(points, axis=-1)
    return points[..., coordinate]


def curves_of(branches: Sequence[Branch], coordinate: Coordinate, colours: Sequence[int]) -> Curves:
    """Return every point of every branch as a curve; each piece of a branch begins a new one."""
    parts: list[list[np.ndarray]] = [[], [], [], [], []]
    for branch, colour in zip(branches, colours, strict=True):
        n, k = len(branch.values), branch.order
        first = np.zeros(n, bool)
        first[branch.offsets[:-1]] = True
        radius = np.abs(branch.eigenvalues[:, 0])
        y = heights(branch.points, coordinate).T.ravel()
        columns = (np.tile(branch.values, k), y, np.tile(first, k), np.tile(radius, k))
        for part, column in zip(parts, (*columns, np.full(n * k, colour)), strict=True):
            part.append(column)
    kinds = (float, float, bool, float, np.int64)
    return Curves(
        *(
            np.concatenate(part) if part else np.empty(0, kind)
            for part, kind in zip(parts, kinds, strict=True)
        )
    )


def thinned(curves: Curves, pixel: float) -> Curves:
    """Leave out samples where straight lines say the same; `pixel` is the height of one.

    A line over S steps is off by S^2 times what it is off over one.
    """
    if len(curves.x) < 3:
        return curves
    x, y = curves.x, curves.y
    ends = curves.first.copy()
    ends[-1] = True
    ends[:-1] |= curves.first[1:]
    stable = curves.radius < 1.0
    changes = stable[1:] != stable[:-1]
    ends[1:] |= changes
    ends[:-1] |= changes
    with np.errstate(all="ignore"):
        chord = (y[2:] - y[:-2]) * ((x[1:-1] - x[:-2]) / (x[2:] - x[:-2]))
        deviation = np.abs(y[1:-1] - y[:-2] - chord) / (pixel * MOST_DEVIATION)
        density = np.ones(len(x))
        density[1:-1] = np.sqrt(deviation)
    density[np.isnan(density)] = 1.0
    np.clip(density, 1.0 / LONGEST_STEP, 1.0, out=density)
    counted = np.floor(np.cumsum(density))
    kept = ends
    kept[1:] |= counted[1:] > counted[:-1]
    return Curves(x[kept], y[kept], curves.first[kept], curves.radius[kept], curves.colour[kept])


def lines_of(
    curves: Curves, limits: tuple[float, float]
) -> dict[bool, tuple[np.ndarray, list[int]]]:
    """Return the stable parts within a window (True), and the others (False).

    Returns
    -------
    lines : (2, rows, n) array, or (2, n) with a single row
        x and y, one row a colour; parts are separated by NaN, and a row's last point fills it up.
    colours : list of int
    """
    low, high = limits
    beyond = BEYOND * (high - low)
    segments = _clipped(curves, low - beyond, high + beyond)
    lines = {}
    for stable in (True, False):
        kind = segments.of(segments.stable == stable)
        colours = np.unique(kind.colour).tolist()
        lines[stable] = _rows([kind.of(kind.colour == c).joined() for c in colours]), colours
    return lines


def _rows(curves: list[np.ndarray]) -> np.ndarray:
    if len(curves) < 2:
        return curves[0] if curves else np.zeros((2, 0))
    rows = np.empty((2, len(curves), max(curve.shape[1] for curve in curves)))
    for i, curve in enumerate(curves):
        # A curve must not end in NaN (bqplot): the last point fills the rest.
        rows[:, i, : curve.shape[1]] = curve
        rows[:, i, curve.shape[1] :] = curve[:, -1:]
    return rows


@dataclass(frozen=True)
class _Segments:
    """Straight lines from sample to sample: numbers, ends (2, n), which ends were cut, and kind."""

    number: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    begin_cut: np.ndarray
    end_cut: np.ndarray
    colour: np.ndarray
    stable: np.ndarray

    def of(self, mask: np.ndarray) -> _Segments:
        """Return those in a mask."""
        return _Segments(
            self.number[mask],
            self.begin[:, mask],
            self.end[:, mask],
            self.begin_cut[mask],
            self.end_cut[mask],
            self.colour[mask],
            self.stable[mask],
        )

    def joined(self) -> np.ndarray:
        """Return them as one (2, n) array: NaN, and the begin again, only where one is needed."""
        new = self.begin_cut.copy()
        new[0] = True
        new[1:] |= (np.diff(self.number) > 1) | self.end_cut[:-1]
        places = np.cumsum(1 + 2 * new) - 1
        drawn = np.full((2, places[-1] + 1), np.nan)
        drawn[:, places] = self.end
        drawn[:, places[new] - 1] = self.begin[:, new]
        return drawn[:, 1:]


def _clipped(curves: Curves, low: float, high: float) -> _Segments:
    x, y = curves.x, curves.y
    number = np.flatnonzero(~curves.first[1:])
    x0, y0, x1, y1 = x[number], y[number], x[number + 1], y[number + 1]
    dx, dy = x1 - x0, y1 - y0
    with np.errstate(all="ignore"):
        at_low, at_high = (low - y0) / dy, (high - y0) / dy
        enter = np.maximum(0.0, np.minimum(at_low, at_high))
        leave = np.minimum(1.0, np.maximum(at_low, at_high))
        level = dy == 0.0
        enter[level] = 0.0
        leave[level] = np.where((y0[level] >= low) & (y0[level] <= high), 1.0, -1.0)
        seen = leave > enter
        begin = np.stack([x0 + enter * dx, y0 + enter * dy])
        end = np.where(leave == 1.0, [x1, y1], [x0 + leave * dx, y0 + leave * dy])
        # Halfway between two samples is where a change of stability is drawn.
        stable = curves.radius[number] + curves.radius[number + 1] < 2.0
    all_of_them = _Segments(
        number, begin, end, enter > 0.0, leave < 1.0, curves.colour[number], stable
    )
    return all_of_them.of(seen)
