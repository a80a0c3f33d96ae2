"""An atlas of a parameter plane: all curves that are reached from the events on some lines.

A curve is traced from an event in both directions to where its condition or its reality ends. There
other curves meet it, those of the words with other bits and of the eigenvalues that become
critical, and are traced from that point on: what is connected needs one event to be found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ...cancellation import Cancelled
from . import tracing
from .conditions import FINITE, Condition, Place, neighbours
from .parameter_plane import ParameterPlane

AWAY = 1e-5  # of the unit square, from a point to the curves through it
FIRST_STEP = 1e-3
FIRST_STEP_AWAY = 2e-5
SAME_POINT = 1e-8
MOST_VERTICES = 4000
MOST_ARCS = 5000
NOWHERE = -1  # the end of a closed arc
AT_EDGE = -2  # an end at the edge of the ranges
LOST_END = -3


@dataclass(eq=False)
class Arc:
    """A part of a curve between two points of codimension two, in the unit square."""

    condition: Condition
    vertices: np.ndarray
    ends: list[int] = field(default_factory=lambda: [NOWHERE, NOWHERE])

    @cached_property
    def box(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper corner."""
        return self.vertices.min(axis=0), self.vertices.max(axis=0)


@dataclass(eq=False)
class _End:
    """An end of an arc whose other curves are still to be looked for.

    Attributes
    ----------
    changed : (k, H) bool array
        The y whose signs change.
    singular : tuple of (k, H) arrays
        Words with an eigenvalue 1.
    """

    arc: Arc
    point: int
    changed: np.ndarray
    singular: tuple[np.ndarray, ...]


class Atlas:
    """Arcs of all conditions, without any of them twice.

    Attributes
    ----------
    arcs : list of Arc
    points : list of (2,) arrays
        Where arcs end, by the numbers in `Arc.ends`.
    joined : list of (Arc, Arc)
        Border collisions of one unit and point that continue one another under other words.
    critical : dict
        The kinds of spectral conditions that hold at each point.
    lost : int
        Number of ends at which no step was short enough.
    full : bool
        Whether there are more curves than an atlas takes.
    """

    def __init__(self, plane: ParameterPlane, cancel: np.ndarray, expired: np.ndarray):
        self.plane = plane
        self.arcs: list[Arc] = []
        self.points: list[np.ndarray] = []
        self.joined: list[tuple[Arc, Arc]] = []
        self.critical: dict[int, set[int]] = {}
        self.lost = 0
        self.full = False
        self._cancel, self._expired = cancel, expired
        self._by_condition: dict[tuple, list[Arc]] = defaultdict(list)
        self._memories: dict[int, tuple] = {}
        self._ends: list[_End] = []
        self._looked_at: set[tuple] = set()
        self._vertices = np.empty((MOST_VERTICES, 2))

    def add(self, seeds: Iterable[tuple[Condition, np.ndarray]]) -> None:
        """Trace the curves of conditions through points (2,) of the unit square, and go on."""
        for condition, point in seeds:
            if self._over:
                return
            self._from_line(condition, point)
        while self._ends and not self._over:
            self._look_around(self._ends.pop())

    @property
    def _over(self) -> bool:
        self.full = len(self.arcs) >= MOST_ARCS
        return self.full or bool(self._cancel[0] or self._expired[0])

    def look_at_flag(self) -> None:
        """Raise `Cancelled` if the work was cancelled."""
        if self._cancel[0]:
            raise Cancelled("plane")

    # Starts -------------------------------------------------------------------------------------

    def _from_line(self, condition: Condition, point: np.ndarray) -> None:
        problem, memory = self._problem(condition, point), self.memory(condition)
        if self._arc_through(condition, problem, memory, point) is not None:
            return
        if not self._is_real(condition, problem, memory, point):
            # The event is within rounding of a point of codimension two.
            for start in self._starts_around(condition, problem, memory, point):
                self._from_beside(condition, start, None)
            return
        self._trace_both_ways(condition, problem, memory, point)

    def _from_beside(
        self, condition: Condition, start: np.ndarray, point: int | None
    ) -> Arc | None:
        """Trace from a point on a curve away from the point of codimension two near it."""
        problem, memory = self._problem(condition, start), self.memory(condition)
        known = self._arc_through(condition, problem, memory, start)
        if known is not None:
            return known
        if not self._is_real(condition, problem, memory, start):
            return None
        if point is None:
            return self._trace_both_ways(condition, problem, memory, start)
        away = start - self.points[point]
        vertices, how, changed = self._trace(problem, memory, start, away, FIRST_STEP_AWAY)
        arc = Arc(condition, np.vstack([self.points[point], vertices]))
        arc.ends[0] = point
        self._take(arc, 1, how, changed)
        return self._add(arc)

    def _trace_both_ways(self, condition, problem, memory, point) -> Arc:
        tangent = np.array([-memory[5][2], memory[5][1]])
        ahead, how, changed = self._trace(problem, memory, point, tangent, FIRST_STEP)
        if how == tracing.CLOSED:
            return self._add(Arc(condition, ahead))
        back, how_back, changed_back = self._trace(problem, memory, point, -tangent, FIRST_STEP)
        arc = Arc(condition, np.vstack([back[:0:-1], ahead]))
        self._take(arc, 1, how, changed)
        self._take(arc, 0, how_back, changed_back)
        return self._add(arc)

    def _trace(self, problem, memory, start, direction, first_step):
        k, H = problem[5].shape
        changed = np.zeros(k * H + tracing.SPECTRAL + tracing.EDGES, np.bool_)
        number, how = tracing.trace(
            problem,
            memory,
            *start,
            *direction,
            first_step,
            self._vertices,
            changed,
            self._cancel,
        )
        return self._vertices[:number].copy(), how, changed

    def _add(self, arc: Arc) -> Arc:
        self.arcs.append(arc)
        self._by_condition[arc.condition.key].append(arc)
        return arc

    def _take(self, arc: Arc, side: int, how: int, changed: np.ndarray) -> None:
        """Note what an arc ends at."""
        if how == tracing.CHANGE and changed[-tracing.EDGES :].any():
            arc.ends[side] = AT_EDGE
        elif how == tracing.CHANGE or how == tracing.LOST:
            self.lost += how == tracing.LOST
            point = self._point(arc.vertices[-1 if side else 0])
            arc.vertices[-1 if side else 0] = self.points[point]
            arc.ends[side] = point
            self._ends.append(self._end(arc, point, changed))
        else:
            arc.ends[side] = LOST_END

    def _end(self, arc: Arc, point: int, changed: np.ndarray) -> _End:
        """Return the end of an arc, and note what else is critical there."""
        condition = arc.condition
        n, k, H = condition.words.shape
        spectral = changed[k * H :][: 3 * n].reshape(n, 3)
        critical = self.critical.setdefault(point, set())
        if condition.kind != tracing.BORDER:
            critical.add(condition.kind)
        singular = []
        for word, (at_one, at_minus_one, at_modulus) in zip(condition.words, spectral, strict=True):
            if at_one:
                critical.add(tracing.INFINITY)
                singular.append(word)
            if at_minus_one:
                critical.add(tracing.DOUBLING)
            if at_modulus and self._is_complex(word, self.points[point]):
                critical.add(tracing.MODULUS)
        if condition.kind == tracing.INFINITY:
            singular.append(condition.words[0])
        return _End(arc, point, changed[: k * H].reshape(k, H), tuple(singular))

    def _point(self, position: np.ndarray) -> int:
        """Return the number of the point at a position."""
        if self.points:
            distances = np.abs(np.array(self.points) - position).max(axis=1)
            nearest = int(distances.argmin())
            if distances[nearest] < SAME_POINT:
                return nearest
        self.points.append(np.array(position))
        return len(self.points) - 1

    # Points of codimension two ------------------------------------------------------------------

    def _look_around(self, end: _End) -> None:
        """Trace all curves through the end of an arc."""
        condition, point = end.arc.condition, end.point
        position = self.points[point]
        through: dict[Place, list[Arc]] = defaultdict(list)
        for place in condition.touches:
            through[place].append(end.arc)
        for other, place in neighbours(condition, end.changed, end.singular):
            if self._over:
                return
            if (point, other.key) in self._looked_at and place is None:
                continue
            self._looked_at.add((point, other.key))
            problem, memory = self._problem(other, position), self.memory(other)
            for start in self._starts_around(other, problem, memory, position):
                arc = self._from_beside(other, start, point)
                if arc is not None and place is not None:
                    through[place].append(arc)
        for arcs in through.values():
            self.joined += ((arcs[0], arc) for arc in arcs[1:] if arc is not arcs[0])

    def _starts_around(self, condition, problem, memory, position) -> np.ndarray:
        found = np.empty((tracing.DIRECTIONS, 2))
        number = tracing.curves_around(problem, memory, *position, AWAY, found)
        inside = np.all((found[:number] >= 0.0) & (found[:number] <= 1.0), axis=1)
        return found[:number][inside]

    # Conditions ---------------------------------------------------------------------------------

    def passes(self, arc: Arc, point: np.ndarray) -> bool:
        """Return whether an arc passes through a point of the unit square."""
        low, high = arc.box
        if np.any(point < low - SAME_POINT) or np.any(point > high + SAME_POINT):
            return False
        problem, memory = arc.condition.problem(self.plane), self.memory(arc.condition)
        tracing.measure(problem, memory, *point, False)
        f = memory[5]
        near = abs(f[0]) <= SAME_POINT * np.hypot(f[1], f[2])
        return bool(near and tracing.lies_on(problem, memory, *point, arc.vertices))

    def _arc_through(self, condition, problem, memory, point) -> Arc | None:
        for arc in self._by_condition[condition.key]:
            low, high = arc.box
            margin = 0.1 * tracing.LONGEST
            near = np.all(point >= low - margin) and np.all(point <= high + margin)
            if near and tracing.lies_on(problem, memory, *point, arc.vertices):
                return arc
        return None

    def _is_real(self, condition, problem, memory, point) -> bool:
        tracing.measure(problem, memory, *point, True)
        if not np.all(np.isfinite(memory[5])):
            return False  # a cycle at infinity on a border
        if not condition.is_real(memory[6], problem[6]):
            return False
        if condition.kind == tracing.BORDER:
            # Where parts of the network do not act on each other, D and N share a factor: on its
            # zeros the cycle is anywhere on a line, and only some of its points on the border.
            value, *gradient = memory[1][:2, 0].T
            if np.any(np.abs(value) <= SAME_POINT * np.hypot(*gradient)):
                return False
        return condition.kind != tracing.MODULUS or self._is_complex(condition.words[0], point)

    def _is_complex(self, word: np.ndarray, point: np.ndarray) -> bool:
        """Return whether the pair whose product is 1 is complex: else C = 0 is no event."""
        eigenvalues = self.eigenvalues(word, point)
        products = np.abs(np.outer(eigenvalues, eigenvalues) - 1.0)
        products[np.diag_indices(len(eigenvalues))] = np.inf
        first, _ = np.unravel_index(products.argmin(), products.shape)
        return bool(abs(eigenvalues[first].imag) > 1e-9)

    def eigenvalues(self, word: np.ndarray, point: np.ndarray) -> np.ndarray:
        """Return those of a word's product of Jacobians at a point of the unit square, (M,)."""
        x, y = self.plane.to_weights(point)
        A, W1, W2, _, _ = self.plane.form_at(x, y)
        product = np.eye(len(A))
        for region in word:
            product = (A + (W1 * region) @ W2) @ product
        return np.linalg.eigvals(product).astype(complex)

    def spectra(self, condition: Condition, point: np.ndarray) -> np.ndarray:
        """Return D, F and C of the words on both sides of a border collision, (2, 3, 3)."""
        memory = self.memory(condition)
        tracing.measure(condition.problem(self.plane), memory, *point, True)
        return memory[1][:2].copy()

    def _problem(self, condition: Condition, point: np.ndarray) -> tuple:
        """Return the kernels' view of a condition; on a pole, with the y that stay finite."""
        problem = condition.problem(self.plane)
        if condition.kind != tracing.INFINITY:
            return problem
        memory = self.memory(condition)
        tracing.measure(problem, memory, *point, False)
        size = np.hypot(memory[5][1], memory[5][2])
        numerators = np.abs(memory[3][0])
        finite = numerators <= FINITE * numerators.max()
        if size > 0.0:
            normal = memory[5][1:] * (tracing.OFFSET / size)
            one = self._measured(condition, point + normal)[4][0, 0].copy()
            other = self._measured(condition, point - normal)[4][0, 0].copy()
            if np.abs(one - other).max() <= 1e-3 * np.abs(one + other).max():
                finite[:] = True
        return condition.problem(self.plane, finite)

    def _measured(self, condition: Condition, point: np.ndarray) -> tuple:
        memory = self.memory(condition)
        tracing.measure(condition.problem(self.plane), memory, *point, False)
        return memory

    def memory(self, condition: Condition) -> tuple:
        """Return the working memory for a condition's order."""
        k = condition.order
        if k not in self._memories:
            M, H = self.plane.model.M, len(self.plane.units)
            self._memories[k] = tracing.tracing_memory(M, H, k)
        return self._memories[k]
