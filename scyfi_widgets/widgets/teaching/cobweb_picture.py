"""A cobweb as plain arrays: no widget in here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...cycles import Cycle, CycleSet
from ...models import Model
from ..palette import STABILITY_MARKERS, colour_index
from ..projection import FAR, Limits
from .iterates import borders_of, iterate_graph

MOST_STEPS = 100
MOST_MARKERS = 260  # points of cycles that get a marker; the 8th iterate of the tent has 256
NEAR = 1.5  # of the map's extent: cycles and states within this distance are fitted into the window
PAD, GROWTH = 0.07, 0.15
START_HEIGHT = 0.03  # of the window: where the start stands above the axis


@dataclass(frozen=True, eq=False)
class CobwebPicture:
    """The graph of a network with one unit, of an iterate, its cycles, and an orbit.

    Attributes
    ----------
    model : Model
    iterate : int
        k.
    cycles : CycleSet
    crossings : tuple of Cycle
        The cycles whose points are where the graph of F^k meets the diagonal: their order
        divides k.
    limits : (low, high)
        The window, the same for both axes.
    borders : (n,) array
    graph, power : (2, n) arrays
        Corners of the graphs of F, and of F^k for k > 1.
    orbit : (MOST_STEPS + 1,) array
        z_0, z_1, …
    points : dict of stability to ((2, n) array, (n,) colour indices, list of (Cycle, point))
    meetings : int
        How often the graph of F^k meets the diagonal in the window, counted on the graph.
    """

    model: Model
    iterate: int
    cycles: CycleSet
    crossings: tuple[Cycle, ...]
    limits: Limits
    borders: np.ndarray
    graph: np.ndarray
    power: np.ndarray
    orbit: np.ndarray
    points: dict[str, tuple[np.ndarray, np.ndarray, list]]
    meetings: int

    def staircase(self, steps: int) -> np.ndarray:
        """Return the cobweb (2, n) of so many steps: up or down to the graph, then across."""
        low, high = self.limits
        z = self.orbit[: steps + 1]
        z = z[: _until_far(z)]
        corners = np.repeat(z, 2)
        floor = low + START_HEIGHT * (high - low)
        return np.array([corners[:-1], [floor, *corners[2:]]]) if len(z) > 1 else np.zeros((2, 0))


def compose_cobweb(
    model: Model,
    iterate: int,
    cycles: CycleSet,
    start: float,
    limits: Limits | None,
    zoomed: bool = False,
) -> CobwebPicture:
    """Return the picture of a network with one unit.

    Without limits the window is fitted; with limits that nobody chose (`zoomed`) it grows where the
    map or what it does has left it.

    Raises
    ------
    ValueError
        If the network has several units.
    """
    if model.M != 1:
        raise ValueError(f"a cobweb is that of a network with one unit, got one with M = {model.M}")
    crossings = tuple(cycle for cycle in cycles if iterate % cycle.order == 0)
    borders = borders_of(model.relu_form)
    orbit = model.orbit([start], MOST_STEPS)[:, 0]
    if limits is None or not zoomed:
        limits = _window(model, borders, crossings, orbit, limits)
    graph = iterate_graph(model, *limits)
    power = iterate_graph(model, *limits, iterate) if iterate > 1 else np.zeros((2, 0))
    return CobwebPicture(
        model=model,
        iterate=iterate,
        cycles=cycles,
        crossings=crossings,
        limits=limits,
        borders=borders[(borders > limits[0]) & (borders < limits[1])],
        graph=graph,
        power=power,
        orbit=orbit,
        points=_points(crossings),
        meetings=_meetings(power if iterate > 1 else graph),
    )


def _window(model, borders, crossings, orbit, before: Limits | None) -> Limits:
    """Hold the borders, where they are sent, the start, and the cycles and states near them."""
    tips = model.step(borders[:, None])[:, 0] if len(borders) else np.zeros(1)
    core = np.concatenate([borders, tips, orbit[:1]])
    size = max(float(np.ptp(core)), 1e-3)
    others = np.concatenate([orbit, *(cycle.points[:, 0] for cycle in crossings)])
    others = others[np.abs(others - core.mean()) < NEAR * size]
    wanted = np.concatenate([core, others])
    low, high = float(wanted.min()), float(wanted.max())
    if before is None:
        return low - PAD * (high - low), high + PAD * (high - low)
    room = GROWTH * (high - low)
    return (
        before[0] if low >= before[0] else low - room,
        before[1] if high <= before[1] else high + room,
    )


def _until_far(orbit: np.ndarray) -> int:
    with np.errstate(invalid="ignore"):
        far = ~(np.abs(orbit) < FAR)
    return int(far.argmax()) if far.any() else len(orbit)


def _meetings(graph: np.ndarray) -> int:
    above = graph[1] > graph[0]
    return int((above[1:] != above[:-1]).sum())


def _points(cycles: tuple[Cycle, ...]):
    drawn = {}
    room = MOST_MARKERS
    for stability in STABILITY_MARKERS:
        places, colours, owners = [np.zeros(0)], [], []
        for cycle in cycles:
            if cycle.stability != stability or cycle.order > room:
                continue
            room -= cycle.order
            places.append(cycle.points[:, 0])
            colours += [float(colour_index(cycle.order))] * cycle.order
            owners += [(cycle, i) for i in range(cycle.order)]
        drawn[stability] = np.stack([np.concatenate(places)] * 2), np.array(colours), owners
    return drawn
