"""Crossings: points where two curves of a parameter plane cross, on both exact conditions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...compiled import kernel
from .atlas import Arc, Atlas
from .tracing import LONGEST, measure

CELLS = int(1.0 / LONGEST)  # along each side: no segment is longer than a cell
PARALLEL = 1e-6  # sine of the angle below which two curves are on top of one another
FAR = 1e-3  # from where the segments cross
APART = 1e-6  # from the curves' ends: there they meet, which is no crossing
MOST = 5000


def crossings(atlas: Atlas, arcs: Sequence[Arc]) -> list[tuple[np.ndarray, int, int]]:
    """Return (point of the unit square, arc, arc) for every crossing, arcs by their places."""
    if len(arcs) < 2:
        return []
    starts = np.concatenate([arc.vertices[:-1] for arc in arcs])
    stops = np.concatenate([arc.vertices[1:] for arc in arcs])
    owner = np.repeat(np.arange(len(arcs)), [len(arc.vertices) - 1 for arc in arcs])
    pairs, where = np.empty((MOST, 2), np.int64), np.empty((MOST, 2))
    number = cross_segments(starts, stops, owner, pairs, where)
    ends = np.array([arc.vertices[side] for arc in arcs for side in (0, -1)]).reshape(-1, 2, 2)
    found = []
    for (one, other), place in zip(pairs[:number], where[:number], strict=True):
        atlas.look_at_flag()
        point = _both(atlas, arcs[one], arcs[other], place)
        if point is None:
            continue
        distance = np.abs(ends[[one, other]] - point).max(axis=2).min()
        twice = any(
            {one, other} == {i, j} and np.abs(known - point).max() < APART for known, i, j in found
        )
        if distance > APART and not twice:
            found.append((point, int(one), int(other)))
    return found


def _both(atlas: Atlas, one: Arc, other: Arc, start: np.ndarray) -> np.ndarray | None:
    """Solve both conditions by Newton's method from where two segments cross."""
    point = start.copy()
    for _ in range(20):
        values, gradients = [], []
        for arc in (one, other):
            memory = atlas.memory(arc.condition)
            measure(arc.condition.problem(atlas.plane), memory, *point, False)
            size = math.hypot(memory[5][1], memory[5][2])
            if not (size > 0.0 and math.isfinite(size)):
                return None
            values.append(memory[5][0] / size)
            gradients.append(memory[5][1:] / size)
        (a, b), (c, d) = gradients
        sine = a * d - b * c
        if abs(sine) < PARALLEL:
            return None
        change = np.array([b * values[1] - d * values[0], c * values[0] - a * values[1]]) / sine
        point = point + change
        if np.abs(point - start).max() > FAR:
            return None
        if np.abs(change).max() < 1e-14:
            return point
    return point if np.abs(change).max() < 1e-11 else None


@kernel
def cross_segments(starts, stops, owner, pairs, where):
    """Write the owners of segments that cross, and where; return how many.

    The unit square is divided into cells, so that only segments in one cell are compared.
    """
    n = starts.shape[0]
    counts = np.zeros(CELLS * CELLS + 1, np.int64)
    corners = np.empty((n, 4), np.int64)
    for i in range(n):
        for side in range(2):
            low, high = (
                min(starts[i, side], stops[i, side]),
                max(starts[i, side], stops[i, side]),
            )
            corners[i, 2 * side] = min(max(int(low * CELLS), 0), CELLS - 1)
            corners[i, 2 * side + 1] = min(max(int(high * CELLS), 0), CELLS - 1)
        for row in range(corners[i, 0], corners[i, 1] + 1):
            for column in range(corners[i, 2], corners[i, 3] + 1):
                counts[row * CELLS + column + 1] += 1
    for cell in range(CELLS * CELLS):
        counts[cell + 1] += counts[cell]
    members, filled = np.empty(counts[-1], np.int64), counts[:-1].copy()
    for i in range(n):
        for row in range(corners[i, 0], corners[i, 1] + 1):
            for column in range(corners[i, 2], corners[i, 3] + 1):
                cell = row * CELLS + column
                members[filled[cell]] = i
                filled[cell] += 1
    number = 0
    for cell in range(CELLS * CELLS):
        for first in range(counts[cell], counts[cell + 1]):
            i = members[first]
            du, dv = stops[i, 0] - starts[i, 0], stops[i, 1] - starts[i, 1]
            for second in range(first + 1, counts[cell + 1]):
                j = members[second]
                if owner[i] == owner[j]:
                    continue
                eu, ev = stops[j, 0] - starts[j, 0], stops[j, 1] - starts[j, 1]
                cross = du * ev - dv * eu
                size = math.hypot(du, dv) * math.hypot(eu, ev)
                if abs(cross) <= PARALLEL * size:
                    continue
                gu, gv = starts[j, 0] - starts[i, 0], starts[j, 1] - starts[i, 1]
                s, t = (gu * ev - gv * eu) / cross, (gu * dv - gv * du) / cross
                if 0.0 <= s <= 1.0 and 0.0 <= t <= 1.0:
                    u, v = starts[i, 0] + s * du, starts[i, 1] + s * dv
                    row = min(max(int(u * CELLS), 0), CELLS - 1)
                    column = min(max(int(v * CELLS), 0), CELLS - 1)
                    if row * CELLS + column == cell and number < pairs.shape[0]:
                        pairs[number, 0], pairs[number, 1] = owner[i], owner[j]
                        where[number, 0], where[number, 1] = u, v
                        number += 1
    return number
