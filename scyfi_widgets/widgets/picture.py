"""What the state space shows for a scene, as plain arrays: no widget in here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..cycles import Cycle, CycleSet
from ..models.relu_form import ReluForm
from .continua import segments
from .explain import destination
from .palette import STABILITY_MARKERS, colour_index, order_colour
from .projection import FAR, Limits, Projection, clipped_segment
from .return_map import ReturnMap
from .scene import Scene

TAIL = 0.25  # the part of the orbit that is drawn as its tail
MOST_MARKERS = 160  # points of cycles that get a marker each; SVG markers are dear
MOST_DOTS = 6000  # points of cycles of higher orders that are drawn as dots
WITHIN = 1.0  # of the data's size: points within this distance are fitted into their window
MOST_DATA = 2000  # states of the data that are drawn
NEAR = 0.5  # of the attractor's size: cycles within this distance are fitted into the window
EMPTY = np.zeros(0)


@dataclass(frozen=True)
class Picture:
    """What is drawn, as plain arrays in the plane's coordinates.

    Attributes
    ----------
    scene : Scene
    cycles : CycleSet
        As they were known when it was made.
    plane : Projection or ReturnMap
    limits : pair of (low, high)
    zoomed : bool
        Whether a person chose the window.
    choice : int
        The number of windows that a person had chosen when it was begun.
    borders, orbit, tail, data : (2, n) arrays
        Pieces are separated by NaN; the data are dots.
    connected : bool
        Whether the orbit moves in small steps and is drawn as a line instead of dots.
    cycle_points : dict of stability to (points, colour indices, (cycle, index) of each point)
    marker_size : int
        Area of a marker in square pixels: smaller where there are many.
    crowd : ((2, colours, n) array, list of colours)
        Points of the cycles that are too many for markers; (2, n) with a single colour.
    continua : ((2, lines, 2) array, list of colours)
        The lines on which continua of cycles lie; (2, 2) with a single one.
    start : (2,) array
    note : str
        Where the orbit goes, and how many cycles lie outside the window.
    """

    scene: Scene
    cycles: CycleSet
    plane: Projection | ReturnMap
    limits: tuple[Limits, Limits]
    zoomed: bool
    choice: int
    borders: np.ndarray
    orbit: np.ndarray
    tail: np.ndarray
    connected: bool
    cycle_points: dict[str, tuple[np.ndarray, np.ndarray, list]]
    marker_size: int
    crowd: tuple[np.ndarray, list[str]]
    continua: tuple[np.ndarray, list[str]]
    start: np.ndarray
    note: str
    data: np.ndarray


def compose_picture(
    scene: Scene,
    cycles: CycleSet,
    plane: Projection | ReturnMap,
    limits: tuple[Limits, Limits] | None,
    zoomed: bool = False,
    choice: int = 0,
    data: np.ndarray | None = None,
) -> Picture:
    """Return the picture of a scene and what is known of its cycles in a plane.

    Without limits the window is fitted to it, and to the states `data` (n, M) that are drawn below.
    """
    path = _drawable(plane, scene.orbit)
    diverges = len(path) < len(scene.orbit)
    split = len(path) if diverges else int(len(path) * (1.0 - TAIL))
    transient, tail = path[: split + 1], path[split:]
    marked, crowded = _by_budget(cycles)
    points = {name: _points_of(marked, name, plane) for name in STABILITY_MARKERS}
    start = plane(scene.start)
    wanted = [tail, start[None], points["stable"][0].T]
    dots = np.zeros((0, 2)) if data is None else _drawable(plane, data)[:: _stride(data)]
    if len(dots):
        # A network that has not learned yet may go anywhere: the window is for what it is to learn.
        wanted = [dots, *(_near_data(group, dots) for group in wanted)]
    if limits is None:
        groups = [group.T for group, _, _ in points.values()]
        groups += [plane(item.points) for item in cycles.continua]
        if not len(dots) and not len(tail) and not len(wanted[-1]):
            wanted += groups  # nothing attracts: then all cycles are looked at
        limits = _fitting_limits(wanted, groups)
    elif not zoomed:
        limits = _grown_limits(limits, wanted)
    connected = _moves_in_small_steps(tail, limits)
    as_drawn = np.transpose if connected else _as_dots
    return Picture(
        scene=scene,
        cycles=cycles,
        plane=plane,
        limits=limits,
        zoomed=zoomed,
        choice=choice,
        borders=_joined(plane.borders(scene.model.relu_form, *limits)),
        orbit=as_drawn(transient),
        tail=as_drawn(tail),
        connected=connected,
        cycle_points=points,
        marker_size=64 if sum(cycle.order for cycle in marked) <= 60 else 32,
        crowd=_crowd_of(crowded, plane),
        continua=_lines_of(cycles, scene.model.relu_form, plane, limits),
        start=start,
        note=destination(scene.orbit, cycles) + _outside(marked, plane, limits),
        data=_as_dots(dots),
    )


def _near_data(points: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Return those of some points (n, 2) that are not far from the data's."""
    low, high = data.min(axis=0), data.max(axis=0)
    reach = WITHIN * np.maximum(high - low, 1e-3)
    with np.errstate(invalid="ignore"):
        return points[((points > low - reach) & (points < high + reach)).all(axis=1)]


def _stride(data: np.ndarray) -> int:
    return max(1, len(data) // MOST_DATA)


def _outside(cycles: list[Cycle], plane: Projection | ReturnMap, limits) -> str:
    """Say how many cycles have no point in the window."""
    (x0, x1), (y0, y1) = limits
    hidden = 0
    for cycle in cycles:
        x, y = plane(cycle.points).T
        hidden += not ((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)).any()
    if not hidden:
        return ""
    return f"; {hidden} {'cycle lies' if hidden == 1 else 'cycles lie'} outside this window"


def limits_of_all(picture: Picture) -> tuple[Limits, Limits]:
    """Return the window that holds everything that is drawn."""
    drawn = [picture.tail.T, picture.start[None]]
    if picture.tail.size:  # else it diverges
        drawn.append(picture.orbit.T)
    drawn += [points.T for points, _, _ in picture.cycle_points.values()]
    drawn.append(picture.crowd[0].reshape(2, -1).T)
    return _padded(*_bounds(drawn))


def _lines_of(
    cycles: CycleSet, form: ReluForm, plane: Projection | ReturnMap, limits
) -> tuple[np.ndarray, list[str]]:
    """Return the lines of the continua (2, lines, 2), cut at the window, and their colours."""
    lines, colours = [], []
    for continuum in cycles.continua:
        for piece in segments(form, continuum):
            line = clipped_segment(plane(piece), *limits)
            if line is not None:
                lines.append(line)
                colours.append(order_colour(continuum.order))
    if not lines:
        return np.zeros((2, 0)), []
    drawn = np.array(lines).transpose(2, 0, 1)
    return (drawn[:, 0] if len(lines) == 1 else drawn), colours


def _drawable(plane: Projection | ReturnMap, states: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):  # an orbit that diverges passes through infinity to NaN
        path = plane(states)
        inside = np.abs(path).max(axis=1) < FAR
    gone = len(path) if inside.all() else int(np.argmin(inside))
    return path[: max(gone, 1)]


def _by_budget(cycles: CycleSet) -> tuple[list[Cycle], list[Cycle]]:
    """Split cycles, the lower orders first, into those with markers and those drawn as dots."""
    ends = np.cumsum([cycle.order for cycle in cycles])
    marked = int(np.searchsorted(ends, MOST_MARKERS, side="right"))
    dotted = int(np.searchsorted(ends, MOST_DOTS, side="right"))
    return list(cycles[:marked]), list(cycles[marked:dotted])


def _crowd_of(cycles: list[Cycle], plane: Projection | ReturnMap) -> tuple[np.ndarray, list[str]]:
    """Return the dots (2, colours, n) and the colours of the cycles that have no markers."""
    groups: dict[str, list[np.ndarray]] = {}
    for cycle in cycles:
        points = plane(cycle.points)
        near = points[np.abs(points).max(axis=1) < FAR]
        if len(near):
            groups.setdefault(order_colour(cycle.order), []).append(near)
    dots = [_as_dots(np.concatenate(points)) for points in groups.values()]
    longest = max((group.shape[1] for group in dots), default=0)
    if len(dots) == 1:
        return dots[0], list(groups)
    crowd = np.zeros((2, len(dots), longest))
    for row, group in enumerate(dots):
        # A curve must not end in NaN (bqplot): the last dot fills the rest.
        crowd[:, row, : group.shape[1]] = group
        crowd[:, row, group.shape[1] :] = group[:, -1:]
    return crowd if dots else np.zeros((2, 0)), list(groups)


def _joined(segments) -> np.ndarray:
    """Return pieces of two points as one (2, n) array, separated by NaN."""
    gap = np.full((2, 1), np.nan)
    pieces = [piece for segment in segments for piece in (np.array(segment), gap)]
    return np.hstack(pieces[:-1]) if pieces else np.zeros((2, 0))


def _points_of(cycles: list[Cycle], stability: str, plane: Projection | ReturnMap):
    chosen = [cycle for cycle in cycles if cycle.stability == stability]
    if not chosen:
        return np.zeros((2, 0)), EMPTY, []
    points = plane(np.concatenate([cycle.points for cycle in chosen]))
    colours = np.repeat([colour_index(c.order) for c in chosen], [c.order for c in chosen])
    owners = [(cycle, i) for cycle in chosen for i in range(cycle.order)]
    near = np.abs(points).max(axis=1) < FAR
    owners = [owner for owner, drawn in zip(owners, near, strict=True) if drawn]
    return points[near].T, colours[near].astype(np.float64), owners


def _as_dots(path: np.ndarray) -> np.ndarray:
    """Return points (n, 2) as pieces of one point each: with round line caps they are dots."""
    spaced = np.full((2, max(2 * len(path) - 1, 0)), np.nan)
    spaced[:, ::2] = path.T
    return spaced


def _moves_in_small_steps(path: np.ndarray, limits) -> bool:
    steps = np.abs(np.diff(path, axis=0)) / [high - low for low, high in limits]
    largest = steps.max(axis=1)
    largest = largest[np.isfinite(largest)]
    return len(largest) > 1 and 0.0 < np.median(largest) < 0.06 and largest.max() < 0.25


def _bounds(groups) -> tuple[np.ndarray, np.ndarray] | None:
    points = np.concatenate([group.reshape(-1, 2) for group in groups])
    points = points[np.isfinite(points).all(axis=1)]
    return (points.min(axis=0), points.max(axis=0)) if len(points) else None


def _fitting_limits(wanted, cycles) -> tuple[Limits, Limits]:
    """Fit what attracts, and those cycles that are not far away from it."""
    low, high = _bounds(wanted) or (np.full(2, -1.0), np.full(2, 1.0))
    size = np.maximum(high - low, 1e-3 * np.maximum(1.0, np.abs(high)))
    points = np.concatenate([group.reshape(-1, 2) for group in cycles])
    near = ((points > low - NEAR * size) & (points < high + NEAR * size)).all(axis=1)
    if near.any():
        low, high = (
            np.minimum(low, points[near].min(axis=0)),
            np.maximum(high, points[near].max(axis=0)),
        )
    return _padded(low, high)


def _padded(low: np.ndarray, high: np.ndarray) -> tuple[Limits, Limits]:
    pad = 0.08 * np.maximum(high - low, 1e-3 * np.maximum(1.0, np.abs(high)))
    (x0, y0), (x1, y1) = low - pad, high + pad
    return (float(x0), float(x1)), (float(y0), float(y1))


def _grown_limits(limits, wanted) -> tuple[Limits, Limits]:
    """Grow the window only when what attracts has left it, so that the picture does not jump."""
    found = _bounds(wanted)
    if found is None:
        return limits
    old_low, old_high = np.array(limits).T
    low, high = np.minimum(old_low, found[0]), np.maximum(old_high, found[1])
    if (low == old_low).all() and (high == old_high).all():
        return limits
    pad = 0.15 * (high - low)
    low = np.where(low < old_low, low - pad, old_low)
    high = np.where(high > old_high, high + pad, old_high)
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))
