"""What a bifurcation diagram shows, as plain arrays: no widget in here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...bifurcations.diagram import Diagram
from ...bifurcations.events import Event
from ...bifurcations.window import fitted_window
from ...dynamics import OrbitDiagram
from ..palette import EVENT_MARKERS
from .branch_curves import Coordinate, Curves, curves_of, heights, lines_of, thinned
from .branch_tones import Tones, assigned_tones, branch_colour
from .orbit_layer import orbit_png

Limits = tuple[float, float]

MOST_MARKERS = 250  # SVG markers are dear
PIXELS = 320  # height of the window for which curves are thinned
EDGE = 0.015  # of the height: how far inside the window a marker lies whose point is outside
ROOMY = 0.4  # a window stays as long as what is fitted fills this part of it


@dataclass(frozen=True, eq=False)
class DiagramPicture:
    """What is drawn, as plain arrays in the diagram's coordinates.

    Attributes
    ----------
    diagram : Diagram
    orbits : OrbitDiagram or None
        What lies under it.
    coordinate : int or "norm"
    value : float
        The parameter's present value.
    limits : (low, high)
        The window's height.
    chosen : bool
        Whether a person chose it.
    stable, unstable : ((2, colours, n) array, list of colours)
        Curves of one colour are one row, separated by NaN; (2, n) with a single colour.
    events : dict of type to ((2, n) array, list of Event)
        Markers, and the event of each.
    unmarked : int
        Number of events that are too many for markers.
    png : bytes or None
        The picture of the orbits.
    tones : mapping
        Tones of the branches by word, see `assigned_tones`.
    """

    diagram: Diagram
    orbits: OrbitDiagram | None
    coordinate: Coordinate
    value: float
    limits: Limits
    chosen: bool
    stable: tuple[np.ndarray, list[str]]
    unstable: tuple[np.ndarray, list[str]]
    events: dict[str, tuple[np.ndarray, list[Event]]]
    unmarked: int
    png: bytes | None
    tones: Tones

    @property
    def inside(self) -> bool:
        """Whether the present value is within the range."""
        return self.diagram.line.lo <= self.value <= self.diagram.line.hi


def compose_picture(
    diagram: Diagram,
    orbits: OrbitDiagram | None,
    coordinate: Coordinate,
    value: float,
    limits: Limits | None = None,
    chosen: bool = False,
    tones: Tones | None = None,
) -> DiagramPicture:
    """Return the picture of a diagram.

    Parameters
    ----------
    limits, chosen
        The window's height before; it changes where it no longer fits, unless it was chosen.
    tones : mapping, optional
        `DiagramPicture.tones` of the picture before.
    """
    assigned, tones = assigned_tones(diagram.branches, tones or {})
    names = [branch_colour(b.order, t) for b, t in zip(diagram.branches, assigned, strict=True)]
    palette = sorted(set(names))
    curves = curves_of(diagram.branches, coordinate, [palette.index(name) for name in names])
    if not (chosen and limits):
        limits = _kept_limits(limits, fitted_limits(curves, orbits, coordinate))
    curves = thinned(curves, (limits[1] - limits[0]) / PIXELS)
    lines = {
        stable: (rows, [palette[colour] for colour in colours])
        for stable, (rows, colours) in lines_of(curves, limits).items()
    }
    events, unmarked = _markers(diagram, coordinate, limits)
    return DiagramPicture(
        diagram=diagram,
        orbits=orbits,
        coordinate=coordinate,
        value=value,
        limits=limits,
        chosen=chosen,
        stable=lines[True],
        unstable=lines[False],
        events=events,
        unmarked=unmarked,
        png=None if orbits is None else orbit_png(orbits, coordinate, limits),
        tones=tones,
    )


def fitted_limits(curves: Curves, orbits: OrbitDiagram | None, coordinate: Coordinate) -> Limits:
    """Return a window for what attracts, and for what is not far from it."""
    stable = curves.radius < 1.0
    attracting = curves.y[stable]
    if orbits is not None:
        visited = heights(orbits.points, coordinate)
        attracting = np.concatenate([attracting, visited.ravel()])
    return fitted_window(attracting, curves.y[~stable])


def _kept_limits(before: Limits | None, fitted: Limits) -> Limits:
    """Return the window before where it still fits, so that the picture does not jump."""
    if before is None:
        return fitted
    holds = before[0] <= fitted[0] and fitted[1] <= before[1]
    return before if holds and fitted[1] - fitted[0] >= ROOMY * (before[1] - before[0]) else fitted


def _markers(diagram: Diagram, coordinate: Coordinate, limits: Limits):
    """Return the markers of every type, lower orders first, and how many events have none.

    A border collision is marked at the points that are on the border, others at every point of
    the cycle, and one that is outside the window, or at infinity, on its edge.
    """
    low, high = limits
    edge = EDGE * (high - low)
    places: dict[str, list[tuple[float, float]]] = {name: [] for name in EVENT_MARKERS}
    owners: dict[str, list[Event]] = {name: [] for name in EVENT_MARKERS}
    budget, unmarked = MOST_MARKERS, 0
    for event in sorted(diagram.events, key=lambda event: event.order):
        y = np.clip(_event_heights(diagram, event, coordinate), low + edge, high - edge)
        y = np.unique(y)
        budget -= len(y)
        if budget < 0:
            unmarked += 1
            continue
        places[event.type] += [(event.value, float(height)) for height in y]
        owners[event.type] += [event] * len(y)
    marks = {
        name: (np.array(where).reshape(-1, 2).T, owners[name]) for name, where in places.items()
    }
    return marks, unmarked


def _event_heights(diagram: Diagram, event: Event, coordinate: Coordinate) -> np.ndarray:
    """Return where the points of an event's cycle are, beyond the window where at infinity."""
    if event.points is not None:
        touching = sorted({point for point, _ in event.touches})
        return heights(event.points[touching] if touching else event.points, coordinate)
    numbers = event.before or event.after
    if not numbers:
        return np.array([np.inf])
    branch = diagram.branches[numbers[0]]
    nearest = int(np.abs(branch.values - event.value).argmin())
    reached = heights(branch.points[nearest], coordinate)
    # Of all points the two that went farthest: a marker for each would only crowd the edge.
    return np.array([reached.min(), reached.max()]) if len(reached) > 1 else reached
