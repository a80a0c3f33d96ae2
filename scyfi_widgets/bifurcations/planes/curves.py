"""Curves of events in a parameter plane, and the points of codimension two on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...cycles.words import word_text
from ..events import BORDER_COLLISIONS, NAMES
from . import tracing
from .atlas import AT_EDGE, LOST_END, NOWHERE, SAME_POINT, Arc, Atlas
from .crossings import crossings
from .word_gradients import FLIP, TRANSCRITICAL

SPECTRAL_TYPES = {
    tracing.INFINITY: "DTB",
    tracing.DOUBLING: "DFB",
    tracing.MODULUS: "centre",
}
CROSSING = "crossing"
EDGE, CLOSED, LOST = "edge", "closed", "lost"
ON_CIRCLE = 1e-6  # distance of a modulus from 1 below which it is the critical one
STRAIGHT = 1e-4  # sine of the angle between curves that run on into one another


@dataclass(frozen=True, eq=False)
class Curve:
    """A bifurcation of one cycle, as a curve in the plane of two weights.

    Attributes
    ----------
    number : int
        Its place among the plane's curves.
    identity : int
        The same for all curves that continue one another through points of codimension two: one
        colour. It is the least of their numbers.
    type : str
        One of `events.TYPES`, all along.
    order : int
        The order k of the cycle.
    word : (k, H) bool array
        Its word; of a border collision that with 0 in place of the touching bits. A unit whose
        output goes nowhere has bit 0.
    partner : (k, H) bool array or None
        Of a border collision: the word on the other side, with 1 in their place.
    touches : tuple of (point, unit)
        Of a border collision: which points of the cycle are on the border of which units.
    vertices : (n, 2) array
        Values of both weights; each vertex is on the exact condition.
    ends : (int or str, int or str)
        For the first and the last vertex: the number of a point of codimension two, the ``"edge"``
        of the ranges, ``"closed"``, or ``"lost"``.
    stable : bool
        Whether a stable cycle takes part.
    """

    number: int
    identity: int
    type: str
    order: int
    word: np.ndarray
    partner: np.ndarray | None
    touches: tuple[tuple[int, int], ...]
    vertices: np.ndarray
    ends: tuple[int | str, int | str]
    stable: bool

    @property
    def name(self) -> str:
        """The type in words."""
        return NAMES[self.type]

    @property
    def is_border_collision(self) -> bool:
        """Whether a point of the cycle is on a border."""
        return self.type in BORDER_COLLISIONS

    @property
    def closed(self) -> bool:
        """Whether the last vertex is the first."""
        return self.ends[0] == CLOSED

    @property
    def word_text(self) -> str:
        """The word as text, one group of bits a point."""
        return word_text(self.word)

    def __repr__(self) -> str:
        cycle = "fixed point" if self.order == 1 else f"{self.order}-cycle"
        return f"<curve {self.number}: {self.name} of a {cycle}, {len(self.vertices)} vertices>"


@dataclass(frozen=True, eq=False)
class CodimensionTwo:
    """A point where two conditions hold at once.

    Attributes
    ----------
    name : str
        What meets: of one cycle ``"border collision, DTB"``, ``"2 border collisions"``, ...;
        ``"crossing"`` where curves of two cycles cross that have nothing to do with one another.
    position : (2,) array
        Values of both weights.
    curves : tuple of int
        Their numbers.
    """

    name: str
    position: np.ndarray
    curves: tuple[int, ...]

    def __repr__(self) -> str:
        x, y = self.position
        return f"<{self.name} at ({x:.10g}, {y:.10g})>"


def curves_of(atlas: Atlas) -> tuple[tuple[Curve, ...], tuple[CodimensionTwo, ...]]:
    """Return the curves of an atlas, by order and type, and its points of codimension two."""
    facts = {}
    for arc in atlas.arcs:
        atlas.look_at_flag()
        facts[id(arc)] = _facts(atlas, arc)
    root = _identities(atlas)
    identity = {id(arc): root[number] for number, arc in enumerate(atlas.arcs)}
    arcs = list(atlas.arcs)
    for point in range(len(atlas.points)):
        atlas.look_at_flag()
        arcs = _without_idle_point(arcs, point, facts, identity)
    # Longest first, so that an identity is that of its longest curve.
    arcs.sort(
        key=lambda arc: (
            arc.condition.order,
            arc.condition.kind,
            -_length(arc.vertices),
        )
    )
    used = sorted({end for arc in arcs for end in arc.ends if end >= 0})
    renumbered = {point: number for number, point in enumerate(used)}
    names = {AT_EDGE: EDGE, NOWHERE: CLOSED, LOST_END: LOST}
    first: dict[int, int] = {}
    curves = []
    for number, arc in enumerate(arcs):
        kind, stable = facts[id(arc)]
        condition = arc.condition
        units = atlas.plane.units
        words = np.zeros((*condition.words.shape[:2], atlas.plane.model.H), bool)
        words[:, :, units] = condition.words
        curves.append(
            Curve(
                number=number,
                identity=first.setdefault(identity[id(arc)], number),
                type=kind,
                order=condition.order,
                word=words[0],
                partner=words[1] if len(words) == 2 else None,
                touches=tuple((point, int(units[unit])) for point, unit in condition.touches),
                vertices=atlas.plane.to_weights(arc.vertices),
                ends=tuple(names[end] if end < 0 else renumbered[end] for end in arc.ends),
                stable=stable,
            )
        )
    crossing = [
        CodimensionTwo(
            CROSSING,
            atlas.plane.to_weights(point),
            (curves[one].number, curves[other].number),
        )
        for point, one, other in crossings(atlas, arcs)
    ]
    return tuple(curves), (*_points(curves, arcs, atlas, used), *crossing)


def _points(
    curves: Sequence[Curve], arcs: Sequence[Arc], atlas: Atlas, used: Sequence[int]
) -> list[CodimensionTwo]:
    meeting: dict[int, list[int]] = defaultdict(list)
    for curve in curves:
        for end in curve.ends:
            if not isinstance(end, str):
                meeting[end].append(curve.number)
    found = []
    for number, point in enumerate(used):
        atlas.look_at_flag()
        position = atlas.points[point]
        # A curve to which nothing happens here has no end here.
        through = [i for i, arc in enumerate(arcs) if atlas.passes(arc, position)]
        numbers = tuple(dict.fromkeys([*meeting[number], *through]))
        critical = {SPECTRAL_TYPES[kind] for kind in atlas.critical[point]}
        name = _name([curves[i] for i in numbers], critical)
        found.append(CodimensionTwo(name, atlas.plane.to_weights(position), numbers))
    return found


def _name(curves: Sequence[Curve], critical: set[str]) -> str:
    collisions = len({curve.identity for curve in curves if curve.is_border_collision})
    kinds = critical | {curve.type for curve in curves if not curve.is_border_collision}
    parts = [kind for kind in SPECTRAL_TYPES.values() if kind in kinds]
    if collisions:
        first = "border collision" if collisions == 1 else f"{collisions} border collisions"
        return ", ".join([first, *parts])
    lines = {curve.identity for curve in curves}
    if len(parts) == 1 and len(lines) > 1:
        return f"{len(lines)} curves of {parts[0]}"
    return ", ".join(parts)


def _facts(atlas: Atlas, arc: Arc) -> tuple[str, bool]:
    """Return the type of an arc, and whether a stable cycle takes part."""
    condition = arc.condition
    middle = arc.vertices[len(arc.vertices) // 2]
    if len(arc.vertices) == 2:
        middle = arc.vertices.mean(axis=0)
    moduli = [np.abs(atlas.eigenvalues(word, middle)) for word in condition.words]
    if condition.kind != tracing.BORDER:
        others = moduli[0][np.abs(moduli[0] - 1.0) > ON_CIRCLE]
        return SPECTRAL_TYPES[condition.kind], bool(np.all(others < 1.0))
    stable = any(bool(np.all(sizes < 1.0)) for sizes in moduli)
    spectra = atlas.spectra(condition, middle)
    # Feigin's parities: the sign of det(I - P) counts real eigenvalues above 1, that of det(I + P)
    # those below -1.
    fold = spectra[0, TRANSCRITICAL, 0] * spectra[1, TRANSCRITICAL, 0] < 0.0
    flip = spectra[0, FLIP, 0] * spectra[1, FLIP, 0] < 0.0
    if len(condition.touches) > 1:
        return "border", stable
    return ("fold" if fold else "flip" if flip else "persistence"), stable


# Identities -------------------------------------------------------------------------------------


def _identities(atlas: Atlas) -> list[int]:
    """Return for every arc the number of the first one that it continues."""
    number = {id(arc): i for i, arc in enumerate(atlas.arcs)}
    parent = list(range(len(atlas.arcs)))

    def find(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def join(one: Arc, other: Arc) -> None:
        a, b = sorted((find(number[id(one)]), find(number[id(other)])))
        parent[b] = a

    for one, other in atlas.joined:
        join(one, other)
    at = defaultdict(list)
    for arc in atlas.arcs:
        for side, end in enumerate(arc.ends):
            if end >= 0:
                at[end, arc.condition.kind, arc.condition.order].append((arc, _leaving(arc, side)))
    for (_, kind, _), leaving in at.items():
        if kind == tracing.BORDER:
            continue
        for i, (arc, direction) in enumerate(leaving):
            for other, towards in leaving[:i]:
                sine = direction[0] * towards[1] - direction[1] * towards[0]
                if abs(sine) < STRAIGHT or len(leaving) == 2:
                    join(arc, other)
    return [find(i) for i in range(len(parent))]


def _leaving(arc: Arc, side: int) -> np.ndarray:
    """Return the unit vector with which an arc leaves one of its ends."""
    vertices = arc.vertices if side == 0 else arc.vertices[::-1]
    ways = vertices[1:] - vertices[0]
    lengths = np.hypot(*ways.T)
    # The very last step may be of no length.
    first = int(np.argmax(lengths > SAME_POINT))
    return ways[first] / max(lengths[first], SAME_POINT)


def _without_idle_point(
    arcs: list[Arc],
    point: int,
    facts: dict[int, tuple[str, bool]],
    identity: dict[int, int],
) -> list[Arc]:
    """Join two arcs at a point where nothing else meets and nothing changes."""
    meeting = [arc for arc in arcs for end in arc.ends if end == point]
    if len(meeting) != 2 or meeting[0] is meeting[1]:
        return arcs
    one, other = meeting
    if one.condition.key != other.condition.key or facts[id(one)] != facts[id(other)]:
        return arcs
    first = one.vertices if one.ends[1] == point else one.vertices[::-1]
    then = other.vertices if other.ends[0] == point else other.vertices[::-1]
    start = one.ends[0] if one.ends[1] == point else one.ends[1]
    stop = other.ends[1] if other.ends[0] == point else other.ends[0]
    joined = Arc(one.condition, np.vstack([first, then[1:]]), [start, stop])
    facts[id(joined)] = facts[id(one)]
    identity[id(joined)] = identity[id(one)]
    return [arc for arc in arcs if arc is not one and arc is not other] + [joined]


def _length(vertices: np.ndarray) -> float:
    return float(np.hypot(*np.diff(vertices, axis=0).T).sum())
