"""What the steps of a search show, as plain arrays: no widget in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...cycles import Cycle, CycleSet
from ...models import Model
from ...models.relu_form import ReluForm
from ..palette import ORDER_COLOURS, STABILITY_MARKERS, colour_index
from ..projection import FAR, Limits, Projection
from ..return_map import ReturnMap
from .iterates import borders_of, iterate_graph
from .regions import RegionMap, map_regions
from .search import SearchStep, region_map

NOT_FOUND = float(len(ORDER_COLOURS))  # place of grey in the colours of the found cycles
MOST_LETTERS = 8  # points of a candidate that are told apart by letters
REACH = 6.0  # of the cycles' extent: candidates within this distance are fitted into the window
PAD, AROUND = 0.12, 0.25  # parts of the extent: beyond what is drawn, and around the origin
NAME_HEIGHT = 0.95  # of the window: where the names of one unit's regions stand
HEAD = 0.022  # length of an arrow's head, in parts of the window's width
SHAPE = 1.9  # width over height of the figure, for which heads and letters are placed


@dataclass(frozen=True, eq=False)
class SearchPicture:
    """All steps of a search in one plane.

    Attributes
    ----------
    model : Model
    order : int
    steps : tuple of SearchStep
    cycles : CycleSet
        Up to this order, as it is known.
    wanted : tuple of Cycle
        Those that a word of this order can be: their order divides it.
    plane : Projection or ReturnMap
    regions : RegionMap
    borders : (2, n) array
        Pieces are separated by NaN; for one unit with the diagonal.
    graph : (2, n) array
        Of the map, for one unit.
    """

    model: Model
    order: int
    steps: tuple[SearchStep, ...]
    cycles: CycleSet
    wanted: tuple[Cycle, ...]
    plane: Projection | ReturnMap
    regions: RegionMap
    borders: np.ndarray
    graph: np.ndarray

    @property
    def limits(self) -> tuple[Limits, Limits]:
        """The window."""
        return self.regions.limits

    def found_by(self, step: SearchStep) -> dict[tuple[int, bytes], int]:
        """Return the cycles found up to a step, by what identifies them, each with its step."""
        found: dict[tuple[int, bytes], int] = {}
        for earlier in self.steps[: step.number]:
            if earlier.real:
                found.setdefault(earlier.key, earlier.number)
        return found


@dataclass(frozen=True, eq=False)
class StepPicture:
    """One step, as arrays (2, n) in the plane's coordinates.

    Attributes
    ----------
    png : bytes
        The regions, those of the word tinted.
    candidate : (2, k) array
    path : (2, n) array
        Around the candidate's points; for one unit the maps of the word, continued.
    arrows : (2, n) array
        From each region of the word to the point that should lie in it.
    earlier, trail : (2, n) arrays
        The candidates before, in this start, and the line through them.
    labels : list of (text, (2,) array)
        The number of the step at its candidate, letters at its points.
    faded : list of (text, (2,) array)
        The numbers of the steps before, in this start.
    cycles : dict of stability to ((2, n) array, (n,) colour indices, list of (Cycle, point))
        Grey where a cycle was not found by this step.
    outside : int
        Points of the candidate that lie outside the window.
    """

    png: bytes
    candidate: np.ndarray
    path: np.ndarray
    arrows: np.ndarray
    earlier: np.ndarray
    trail: np.ndarray
    labels: list[tuple[str, np.ndarray]]
    faded: list[tuple[str, np.ndarray]]
    cycles: dict[str, tuple[np.ndarray, np.ndarray, list]]
    outside: int


def compose_search(
    model: Model,
    order: int,
    steps: tuple[SearchStep, ...],
    cycles: CycleSet,
    plane: Projection | ReturnMap,
    limits: tuple[Limits, Limits] | None,
) -> SearchPicture:
    """Return the picture of a search; without limits the window is fitted to it."""
    wanted = tuple(cycle for cycle in cycles if order % cycle.order == 0)
    if limits is None:
        limits = _fitting_window(plane, steps, wanted)
    form = model.relu_form
    graph = np.zeros((2, 0))
    if isinstance(plane, ReturnMap):
        segments = _upright_and_diagonal(form, *limits)
        graph = iterate_graph(model, *limits[0])
    else:  # a unit that acts on nothing has a border as well
        segments = plane.borders(form._replace(W1=np.ones_like(form.W1)), *limits)
    borders = _joined(segments)
    regions = map_regions(form, plane, limits)
    return SearchPicture(model, order, steps, cycles, wanted, plane, regions, borders, graph)


def compose_step(picture: SearchPicture, number: int, answer: bool) -> StepPicture:
    """Return one step of a search.

    Parameters
    ----------
    picture : SearchPicture
    number : int
        Of the step, counted from 1.
    answer : bool
        Whether cycles that were not found yet are drawn, in grey.
    """
    step = picture.steps[number - 1]
    points = places_of(picture.plane, step)
    before = [
        earlier
        for earlier in picture.steps[: number - 1]
        if earlier.start == step.start and earlier.points is not None
    ]
    earlier = [places_of(picture.plane, each) for each in before]
    firsts = [points_of[0] for points_of in earlier] + list(points[:1])
    trail = np.array(firsts).T if picture.order == 1 and len(firsts) > 1 else np.zeros((2, 0))
    (x0, x1), (y0, y1) = picture.limits
    inside = (points >= [x0, y0]) & (points <= [x1, y1])
    return StepPicture(
        png=picture.regions.png(step.word, step.order),
        candidate=points.T,
        path=_path(picture, step, points),
        arrows=_arrows(picture, step, points),
        earlier=np.concatenate([np.zeros((0, 2)), *earlier]).T,
        trail=trail,
        labels=_labels(picture, str(number), points),
        faded=[
            (str(each.number), _shifted(picture, p[0]))
            for each, p in zip(before, earlier, strict=True)
        ],
        cycles=_cycles(picture, step, answer),
        outside=int((~inside.all(axis=1)).sum()) if len(points) else 0,
    )


def places_of(plane: Projection | ReturnMap, step: SearchStep) -> np.ndarray:
    """Return where the points of a step's candidate are drawn, (k, 2), or (0, 2) without one.

    In the picture of one unit they lie on the maps that the word names, not on the network's.
    """
    if step.points is None:
        return np.zeros((0, 2))
    if isinstance(plane, ReturnMap):
        now = step.points[:, 0]
        drawn = np.stack([now, np.roll(now, -1)], axis=1)
    else:
        drawn = plane(step.points)
    return np.clip(drawn, -FAR, FAR)


def _fitting_window(plane, steps, wanted) -> tuple[Limits, Limits]:
    """Hold the cycles, the origin's surroundings, and the candidates that are not far away."""
    known = [plane(cycle.points) for cycle in wanted]
    candidates = np.concatenate([places_of(plane, step) for step in steps])
    if not known:
        middle = np.median(candidates, axis=0) if len(candidates) else np.zeros(2)
        known = [middle[None] - 1.0, middle[None] + 1.0]
    if isinstance(plane, ReturnMap):
        known.append(plane(borders_of(plane.model.relu_form)[:, None]))
    core = np.concatenate([np.zeros((1, 2)), *known])
    low, high = core.min(axis=0), core.max(axis=0)
    size = max(float((high - low).max()), 0.1)
    near = ((candidates > low - REACH * size) & (candidates < high + REACH * size)).all(axis=1)
    inside = np.concatenate([core, candidates[near]])
    low, high = inside.min(axis=0), inside.max(axis=0)
    extent = np.maximum(high - low, 0.4 * (high - low).max())
    # Of the regions on the other side of the origin something is to be seen as well.
    low = np.minimum(low - PAD * extent, -AROUND * extent)
    high = np.maximum(high + PAD * extent, AROUND * extent)
    (x0, y0), (x1, y1) = low, high
    return (float(x0), float(x1)), (float(y0), float(y1))


def _upright_and_diagonal(form: ReluForm, x: Limits, y: Limits) -> list[np.ndarray]:
    ends = max(x[0], y[0]), min(x[1], y[1])
    upright = [np.array([[at, at], y]) for at in borders_of(form) if x[0] < at < x[1]]
    return [*upright, np.array([ends, ends])] if ends[0] < ends[1] else upright


def _joined(segments: Sequence) -> np.ndarray:
    """Return pieces of two points as one (2, n) array, separated by NaN."""
    gap = np.full((2, 1), np.nan)
    pieces = [piece for segment in segments for piece in (np.array(segment), gap)]
    return np.hstack(pieces[:-1]) if pieces else np.zeros((2, 0))


def _path(picture: SearchPicture, step: SearchStep, points: np.ndarray) -> np.ndarray:
    if isinstance(picture.plane, ReturnMap):
        (x0, x1), _ = picture.limits
        across = np.array([x0, x1])
        lines = {tuple(map(float, _slope(picture.model, region))) for region in step.word}
        return _joined([(across, a * across + c) for a, c in sorted(lines)])
    if len(points) < 2:
        return np.zeros((2, 0))
    return np.vstack([points, points[:1]]).T


def _slope(model: Model, region: np.ndarray) -> tuple[float, float]:
    J, c = region_map(model, region)
    return J[0, 0], c[0]


def _arrows(picture: SearchPicture, step: SearchStep, points: np.ndarray) -> np.ndarray:
    """Return an arrow for every point that does not lie in the region that its word names."""
    (x0, x1), (y0, y1) = picture.limits
    low, size = np.array([x0, y0]), np.array([x1 - x0, y1 - y0])
    pieces = []
    for region, lies, point in zip(
        step.word, step.regions if len(points) else (), points, strict=len(points) > 0
    ):
        cell = picture.regions.cell_of(region)
        if cell is None or np.array_equal(region, lies):
            continue
        tail = picture.regions.centres[cell].copy()
        if isinstance(picture.plane, ReturnMap):
            a, c = _slope(picture.model, region)
            tail[1] = a * tail[0] + c
        drawn = _arrow((tail - low) / size, (point - low) / size)
        if drawn is not None:
            pieces += [low[:, None] + drawn * size[:, None], np.full((2, 1), np.nan)]
    return np.hstack(pieces[:-1]) if pieces else np.zeros((2, 0))


def _arrow(tail: np.ndarray, tip: np.ndarray) -> np.ndarray | None:
    """Return an arrow (2, 6) in parts of the window, cut at its edge, or None if it is too short.

    It begins beside the name in the region's middle and ends at the candidate's ring.
    """
    shape = np.array([1.0, 1.0 / SHAPE])
    change = (tip - tail) * shape
    length = float(np.hypot(*change))
    if length < 4.0 * HEAD:
        return None
    along = change / length
    begin, end = tail + 1.3 * HEAD * along / shape, tip - 0.7 * HEAD * along / shape
    leaves = [
        (edge - start) / step
        for start, step in zip(begin, end - begin, strict=True)
        for edge in (0.01, 0.99)
        if step != 0.0 and (edge - start) / step > 0.0
    ]
    end = begin + min([1.0, *leaves]) * (end - begin)
    across = np.array([-along[1], along[0]])
    wings = [end - HEAD * (along + s * 0.45 * across) / shape for s in (1.0, -1.0)]
    return np.array([begin, end, [np.nan] * 2, wings[0], end, wings[1]]).T


def _labels(picture: SearchPicture, number: str, points: np.ndarray) -> list:
    """Return the number of the step and a letter for each point; one label for points in one."""
    if len(points) == 1 or len(points) > MOST_LETTERS:
        return [(number, _shifted(picture, point)) for point in points[:1]]
    letters: dict[tuple[float, ...], str] = {}
    for letter, point in zip("abcdefgh", np.round(points, 9), strict=False):
        letters[tuple(point)] = letters.get(tuple(point), number) + letter
    return [(text, _shifted(picture, np.array(point))) for point, text in letters.items()]


def _shifted(picture: SearchPicture, point: np.ndarray) -> np.ndarray:
    """Return where the number of a candidate stands: above it, to the right."""
    (x0, x1), (y0, y1) = picture.limits
    return point + np.array([0.018 * (x1 - x0), 0.035 * (y1 - y0)])


def _cycles(picture: SearchPicture, step: SearchStep, answer: bool):
    found = picture.found_by(step)
    drawn = {}
    for stability in STABILITY_MARKERS:
        points, colours, owners = [np.zeros((0, 2))], [], []
        for cycle in picture.wanted:
            if cycle.stability != stability or not (answer or cycle.key in found):
                continue
            points.append(picture.plane(cycle.points))
            colour = colour_index(cycle.order) if cycle.key in found else NOT_FOUND
            colours += [float(colour)] * cycle.order
            owners += [(cycle, i) for i in range(cycle.order)]
        drawn[stability] = np.concatenate(points).T, np.array(colours), owners
    return drawn
