"""The path of a training in the plane of two weights, as plain arrays: no widget in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...models.names import entry_names, format_name, parse_name
from ...training import LossJump, RunBifurcations, RunEvent, TrainingRun
from ..palette import EVENT_MARKERS

Limits = tuple[float, float]
Weights = tuple[str, str]

CELLS = 480  # of a figure's width and height: two points of one cell are one on the screen
MOST_POINTS = 700  # of the path, whose past part is sent with every epoch
MOST_SIGNS = 120  # SVG markers are dear
MOST_NAMES = 300  # weights to choose from
AROUND = 0.3  # of the path's extent: what is shown beside it
NARROWEST = 0.02  # of a weight's size: extents of paths that hardly move


@dataclass(frozen=True, eq=False)
class PathPicture:
    """The way through a plane, in the values of both weights.

    Attributes
    ----------
    weights : (str, str)
    bounds : ((low, high), (low, high))
        The window.
    path : (2, S) array
        The values of both weights in the saved networks.
    saved : (S,) array
        Their epochs.
    points : (2, n) array
        The path, without the points that fall on the same place of a screen.
    epochs : (n,) array
        When it was there.
    jumps : (2, m) array
        Its pieces on which the loss jumps, separated by NaN.
    signs : dict of type to ((2, k) array, list of RunEvent)
        Where it meets bifurcations.
    unmarked : int
        Events in the window without a sign.
    """

    weights: Weights
    bounds: tuple[Limits, Limits]
    path: np.ndarray
    saved: np.ndarray
    points: np.ndarray
    epochs: np.ndarray
    jumps: np.ndarray
    signs: dict[str, tuple[np.ndarray, list[RunEvent]]]
    unmarked: int

    def at(self, epoch: int) -> np.ndarray:
        """Return where the path (2,) is at a saved epoch."""
        return self.path[:, int(np.searchsorted(self.saved, epoch))]

    def past(self, epoch: int) -> np.ndarray:
        """Return the path (2, k) until a saved epoch."""
        count = int(np.searchsorted(self.epochs, epoch))
        return np.column_stack([self.points[:, :count], self.at(epoch)])

    def nearest(self, x: float, y: float, epoch: int) -> int:
        """Return the saved epoch at which the path is nearest to a point, as a screen shows it.

        Of several that are as near as a screen can tell, the one nearest to `epoch`.
        """
        size = np.ptp(np.array(self.bounds), axis=1)
        distance = np.hypot(*((self.path - np.array([[x], [y]])) / size[:, None]))
        near = np.flatnonzero(distance <= np.nanmin(distance) + 0.5 / CELLS)
        return int(self.saved[near[np.abs(self.saved[near] - epoch).argmin()]])


def compose_path(
    run: TrainingRun,
    weights: Weights,
    bounds: tuple[Limits, Limits],
    jumps: Sequence[LossJump] = (),
    bifurcations: RunBifurcations | None = None,
) -> PathPicture:
    """Return the picture of a run's path through the plane of two weights."""
    path = positions(run, weights)
    kept = _distinct(path, bounds)
    pieces = [np.zeros((2, 0))]
    for jump in jumps:
        at = np.unique(np.clip([jump.start, *_saved_between(run, jump), jump.stop], 0, run.epochs))
        pieces += [np.full((2, 1), np.nan)] * (len(pieces) > 1) + [places_at(run, path, at)]
    signs, unmarked = _signs(run, path, bounds, bifurcations)
    return PathPicture(
        weights=weights,
        bounds=bounds,
        path=path,
        saved=run.saved_epochs,
        points=path[:, kept],
        epochs=run.saved_epochs[kept],
        jumps=np.hstack(pieces),
        signs=signs,
        unmarked=unmarked,
    )


def positions(run: TrainingRun, weights: Weights) -> np.ndarray:
    """Return the values (2, S) of both weights in the saved networks.

    Raises
    ------
    KeyError, ValueError
        If there is no such weight, or it names a whole array.
    """
    shapes = {name: array.shape for name, array in run.start.parameters.items()}
    rows = []
    for name in weights:
        array, index = parse_name(name, shapes)
        if index is None:
            raise ValueError(f'a weight must be one entry, such as "{array}[0]", got {name!r}')
        rows.append(run.parameters[array][(slice(None), *index)])
    return np.stack(rows)


def places_at(run: TrainingRun, path: np.ndarray, epochs: np.ndarray) -> np.ndarray:
    """Return where a path (2, S) is at fractional epochs: straight between saved networks."""
    return np.stack([np.interp(epochs, run.saved_epochs, row) for row in path])


def most_moved(run: TrainingRun) -> list[str]:
    """Return the weights that moved, by falling distance between their extreme values."""
    spans, names = [], []
    for name, rows in run.parameters.items():
        span = np.ptp(rows, axis=0)
        for index in np.argwhere(span > 0.0):
            spans.append(span[tuple(index)])
            names.append(format_name(name, tuple(int(i) for i in index)))
    order = np.argsort(-np.array(spans), kind="stable")
    return [names[place] for place in order[:MOST_NAMES]]


def names_to_choose(run: TrainingRun) -> list[str]:
    """Return the weights that can be chosen: those that moved come first."""
    moved = most_moved(run)
    others = (name for name in entry_names(run.start.parameters) if name not in set(moved))
    return [*moved, *others][:MOST_NAMES]


def default_weights(run: TrainingRun) -> Weights | None:
    """Return the two weights that moved most, as they stand in the network; None if it has one."""
    chosen = set(names_to_choose(run)[:2])
    names = [name for name in entry_names(run.start.parameters) if name in chosen]
    return None if len(names) < 2 else (names[0], names[1])


def bounds_around(run: TrainingRun, weights: Weights) -> tuple[Limits, Limits]:
    """Return a window with the whole path and what is beside it."""
    ends = []
    for row in positions(run, weights):
        finite = row[np.isfinite(row)]
        low, high = float(finite.min()), float(finite.max())
        size = max(abs(low), abs(high), 1e-3)
        pad = max(AROUND * (high - low), NARROWEST * size)
        ends.append((low - pad, high + pad))
    return ends[0], ends[1]


def holds_path(run: TrainingRun, weights: Weights, bounds: tuple[Limits, Limits]) -> bool:
    """Whether the last network is inside of a window: what a growing run has to ask."""
    place = positions(run, weights)[:, -1]
    return all(low <= value <= high for value, (low, high) in zip(place, bounds, strict=True))


def _distinct(path: np.ndarray, bounds: tuple[Limits, Limits]) -> np.ndarray:
    """Return the places of a path (2, S) that a screen can tell from the one before."""
    window = np.array(bounds)
    cells = CELLS
    while True:
        grid = np.floor((path - window[:, :1]) / np.ptp(window, axis=1)[:, None] * cells)
        new = np.ones(path.shape[1], bool)
        new[1:] = (grid[:, 1:] != grid[:, :-1]).any(axis=0)
        new[-1] = True
        if new.sum() <= MOST_POINTS or cells <= 1:
            return np.flatnonzero(new)
        cells //= 2


def _saved_between(run: TrainingRun, jump: LossJump) -> np.ndarray:
    inside = (run.saved_epochs > jump.start) & (run.saved_epochs < jump.stop)
    return run.saved_epochs[inside]


def _signs(
    run: TrainingRun,
    path: np.ndarray,
    bounds: tuple[Limits, Limits],
    bifurcations: RunBifurcations | None,
) -> tuple[dict[str, tuple[np.ndarray, list[RunEvent]]], int]:
    """Return the signs of events, those of attractors first, and how many have none."""
    found = [] if bifurcations is None else list(bifurcations.qualitative)
    places = places_at(run, path, np.array([event.epoch for event in found]))
    (left, right), (low, high) = bounds
    seen = (left <= places[0]) & (places[0] <= right) & (low <= places[1]) & (places[1] <= high)
    shown = sorted(np.flatnonzero(seen), key=lambda i: (not found[i].attracting, found[i].order))
    marked = shown[:MOST_SIGNS]
    signs = {}
    for name in EVENT_MARKERS:
        own = [place for place in marked if found[place].type == name]
        signs[name] = (places[:, own], [found[place] for place in own])
    return signs, len(shown) - len(marked)
