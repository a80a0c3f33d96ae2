"""Windows that hold still while a slider moves: chosen once, for all frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from ..widgets.diagram.bifurcation_diagram import BifurcationDiagram
from ..widgets.pane import Panel
from ..widgets.replay.data_space import ReplayStateSpace
from ..widgets.state_space import StateSpace

Pane = StateSpace | BifurcationDiagram
GROWTH = 1.0  # sizes of the present window that one may grow by, to each side


@contextmanager
def given_back(panels: Sequence[Panel]) -> Iterator[None]:
    """Let the windows of some panes be changed; in the end they are what they were."""
    panes = [pane for pane in panels if _grows(pane)]
    views = [pane.view for pane in panes]
    try:
        yield
    finally:
        for pane, view in zip(panes, views, strict=True):
            pane.view = view


def hold(panels: Sequence[Panel], looks: Iterable[object]) -> None:
    """Choose the windows of some panes so that they hold what the frames show.

    They grow as they do under a finger, while `looks` goes through frames, but not out of all
    proportion: what attracts may be a thousand times as far away in one of them.
    """
    panes: list[Pane] = [pane for pane in panels if _grows(pane)]
    first = [np.array(pane.limits) for pane in panes]
    low = [limits[..., 0] for limits in first]
    high = [limits[..., 1] for limits in first]
    for _ in looks:
        for place, pane in enumerate(panes):
            now = np.array(pane.limits)
            low[place] = np.minimum(low[place], now[..., 0])
            high[place] = np.maximum(high[place], now[..., 1])
    for pane, limits, lowest, highest in zip(panes, first, low, high, strict=True):
        size = GROWTH * (limits[..., 1] - limits[..., 0])
        lowest = np.maximum(lowest, limits[..., 0] - size)
        highest = np.minimum(highest, limits[..., 1] + size)
        pane.limits = _as_limits(np.stack([lowest, highest], axis=-1))


def _grows(pane: Panel) -> bool:
    """Whether a window changes while weights do; that of a training is for all of its epochs."""
    has_window = isinstance(pane, Pane) and not isinstance(pane, ReplayStateSpace)
    return has_window and pane.limits is not None


def _as_limits(array: np.ndarray):
    if array.ndim == 1:
        return float(array[0]), float(array[1])
    return tuple((float(low), float(high)) for low, high in array)
