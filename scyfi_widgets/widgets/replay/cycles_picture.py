"""The cycles of a training over its epochs, as plain arrays: no widget in here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...bifurcations.window import fitted_window
from ...training import RunBifurcations, RunEvent
from ..diagram.branch_curves import Coordinate, Curves, heights, lines_of, thinned
from ..diagram.branch_tones import TONES, branch_colour
from ..palette import EVENT_MARKERS

Limits = tuple[float, float]

MOST_SIGNS = 160  # SVG markers are dear
PIXELS = 320  # height of the window for which curves are thinned
EDGE = 0.015  # of the height: how far inside the window a sign lies whose point is outside


@dataclass(frozen=True, eq=False)
class CyclesPicture:
    """The bifurcation diagram whose axis is training time.

    Attributes
    ----------
    epochs, limits : (low, high)
        The window.
    stable, unstable : ((2, colours, n) array, list of colours)
        Curves of one colour are one row, separated by NaN; (2, n) with a single colour.
    signs : dict of type to ((2, n) array, list of RunEvent)
    unmarked : int
        Events in the window without a sign.
    orders : dict of int to int
        Number of branches in the window by order.
    """

    epochs: Limits
    limits: Limits
    stable: tuple[np.ndarray, list[str]]
    unstable: tuple[np.ndarray, list[str]]
    signs: dict[str, tuple[np.ndarray, list[RunEvent]]]
    unmarked: int
    orders: dict[int, int]


def compose_cycles(
    found: RunBifurcations,
    coordinate: Coordinate = 0,
    epochs: Limits | None = None,
    limits: Limits | None = None,
) -> CyclesPicture:
    """Return the picture of all cycles between two epochs, by default of the whole run."""
    epochs = epochs or (float(found.epochs[0]), float(found.epochs[-1]))
    inside = [b for b in found.branches if b.start <= epochs[1] and b.stop >= epochs[0]]
    numbers: dict[int, int] = {}
    names = []
    for branch in inside:
        tone = numbers.get(branch.order, 0)
        numbers[branch.order] = tone + 1
        names.append(branch_colour(branch.order, tone % TONES))
    palette = sorted(set(names))
    curves = _curves(inside, coordinate, [palette.index(name) for name in names])
    seen = (curves.x >= epochs[0]) & (curves.x <= epochs[1])
    if limits is None:
        attracts = curves.radius < 1.0
        limits = fitted_window(curves.y[seen & attracts], curves.y[seen & ~attracts])
    curves = thinned(curves, (limits[1] - limits[0]) / PIXELS)
    lines = {
        stable: (rows, [palette[colour] for colour in colours])
        for stable, (rows, colours) in lines_of(curves, limits).items()
    }
    signs, unmarked = _signs(found, coordinate, epochs, limits)
    return CyclesPicture(epochs, limits, lines[True], lines[False], signs, unmarked, numbers)


def _curves(branches, coordinate: Coordinate, colours: list[int]) -> Curves:
    """Return every point of every branch as a curve over the epochs."""
    x, y, first, radius, colour = [], [], [], [], []
    for branch, own in zip(branches, colours, strict=True):
        n, k = len(branch.epochs), branch.order
        begins = np.zeros(n, bool)
        begins[0] = True
        x.append(np.tile(branch.epochs, k))
        y.append(heights(branch.points, coordinate).T.ravel())
        first.append(np.tile(begins, k))
        radius.append(np.tile(np.abs(branch.eigenvalues).max(axis=1, initial=0.0), k))
        colour.append(np.full(n * k, own))
    if not x:
        return Curves(*(np.empty(0, kind) for kind in (float, float, bool, float, np.int64)))
    return Curves(*map(np.concatenate, (x, y, first, radius, colour)))


def _signs(found: RunBifurcations, coordinate: Coordinate, epochs: Limits, limits: Limits):
    """Return the signs of events, those of attractors first, and how many events have none."""
    low, high = limits
    edge = EDGE * (high - low)
    shown = [e for e in found.qualitative if epochs[0] <= e.epoch <= epochs[1]]
    shown.sort(key=lambda event: (not event.attracting, event.order))
    places: dict[str, list[tuple[float, float]]] = {name: [] for name in EVENT_MARKERS}
    owners: dict[str, list[RunEvent]] = {name: [] for name in EVENT_MARKERS}
    budget = MOST_SIGNS
    unmarked = 0
    for event in shown:
        points = event.event.points
        if points is None:
            y = np.array([high - edge])  # it is at infinity
        else:
            touching = sorted({point for point, _ in event.event.touches})
            y = heights(points[touching] if touching else points, coordinate)
        y = np.unique(np.clip(y, low + edge, high - edge))
        budget -= len(y)
        if budget < 0:
            unmarked += 1
            continue
        places[event.type] += [(event.epoch, float(height)) for height in y]
        owners[event.type] += [event] * len(y)
    signs = {
        name: (np.array(where).reshape(-1, 2).T, owners[name]) for name, where in places.items()
    }
    return signs, unmarked
