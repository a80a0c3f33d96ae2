"""What the curves of a training show, as plain arrays: no widget in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...training import LossJump, RunBifurcations, RunEvent, TrainingRun
from ..palette import EVENT_MARKERS
from .decimation import decimated

Limits = tuple[float, float]

MOST_SIGNS = 200  # SVG markers are dear
RUG = 0.045  # height of one row of event ticks, as a part of the figure
MARGIN = 0.06
TALL = 20.0  # decades of a log axis: of a longer way the part where most epochs are is shown
FLOOR = 1e-300


@dataclass(frozen=True, eq=False)
class LossPicture:
    """Curves and marks of the epochs in a window, in the figure's coordinates.

    Attributes
    ----------
    epochs : (low, high)
        The window.
    loss, gradient : (2, n) arrays
        Epoch and height, the gradient norm's always logarithmic; gaps where a value is not finite.
    limits, gradient_limits : (low, high)
        Of the height: the loss or its decimal logarithm, and the gradient norm's.
    jumps : ((2, n) array, list of LossJump)
        Where the signs are.
    falls : (2, n) array
        The pieces of the loss that are jumps.
    ticks : dict of type to (2, n) array
        Upright lines, one row of them a type.
    signs : dict of type to ((2, n) array, list of RunEvent)
    unmarked : int
        Events in the window that have a tick but no sign.
    log : bool
    """

    epochs: Limits
    loss: np.ndarray
    gradient: np.ndarray
    limits: Limits
    gradient_limits: Limits
    jumps: tuple[np.ndarray, list[LossJump]]
    falls: np.ndarray
    ticks: dict[str, np.ndarray]
    signs: dict[str, tuple[np.ndarray, list[RunEvent]]]
    unmarked: int
    log: bool

    def loss_height(self, run: TrainingRun, epoch: int) -> float:
        """Return where the loss of an epoch is drawn; NaN where there is none."""
        if not 0 <= epoch < run.epochs:
            epoch = run.epochs - 1
        return float(_heights(run.loss[epoch : epoch + 1], self.log)[0]) if run.epochs else np.nan


@dataclass(frozen=True)
class LossFrame:
    """The axes in which one run or several are drawn.

    Attributes
    ----------
    epochs : (low, high)
    limits, gradient_limits : (low, high)
        The room of the curves alone, see `LossPicture`.
    rows : tuple of str
        The types of events that have a row of ticks, from above.
    log : bool
    """

    epochs: Limits
    limits: Limits
    gradient_limits: Limits
    rows: tuple[str, ...]
    log: bool


def frame_of(
    shown: Sequence[tuple[TrainingRun, RunBifurcations | None]],
    epochs: Limits | None = None,
    log: bool = True,
    types: Sequence[str] | None = None,
) -> LossFrame:
    """Return the axes that hold the curves and the events of all runs; see `compose_loss`."""
    low, high = epochs or (0.0, float(max(1, *(run.epochs for run, _ in shown))))
    heights, norms, names = [], [], set()
    for run, bifurcations in shown:
        part = slice(*_range(run, low, high))
        heights.append(_heights(run.loss[part], log))
        norms.append(_heights(run.gradient_norm[part], True))
        names |= {e.type for e in _events(bifurcations, types) if low <= e.epoch <= high}
    return LossFrame(
        epochs=(low, high),
        limits=_limits(np.concatenate(heights), log),
        gradient_limits=_limits(np.concatenate(norms), True),
        rows=tuple(name for name in EVENT_MARKERS if name in names),
        log=log,
    )


def compose_loss(
    run: TrainingRun,
    jumps: Sequence[LossJump],
    bifurcations: RunBifurcations | None,
    epochs: Limits | None = None,
    log: bool = True,
    types: Sequence[str] | None = None,
    frame: LossFrame | None = None,
) -> LossPicture:
    """Return the picture of a run's curves between two epochs.

    Parameters
    ----------
    epochs : (low, high), optional
        By default all.
    types : sequence of str, optional
        The types of events that are drawn; by default all but persistence, in which nothing
        changes but a word.
    frame : LossFrame, optional
        The axes, where they are not those of this run alone; `epochs` and `log` are then its.
    """
    frame = frame or frame_of([(run, bifurcations)], epochs, log, types)
    (low, high), log, present = frame.epochs, frame.log, frame.rows
    start, stop = _range(run, low, high)
    places = decimated(run.loss, start, stop)
    heights = _heights(run.loss[places], log)
    limits = frame.limits
    spots = decimated(run.gradient_norm, start, stop)
    gradient = _heights(run.gradient_norm[spots], True)
    shown = [event for event in _events(bifurcations, types) if low <= event.epoch <= high]
    base, room = limits[0], limits[1] - limits[0]
    below, above = RUG * (len(present) + 0.5), MARGIN
    limits = (base - below * room, limits[1] + above * room)
    low_norm, high_norm = frame.gradient_limits
    size = high_norm - low_norm
    row = {name: base - RUG * room * (place + 0.5) for place, name in enumerate(present)}
    half = 0.42 * RUG * room
    ticks, signs, left = {}, {}, MOST_SIGNS
    for name in present:
        own = sorted(
            (e for e in shown if e.type == name), key=lambda e: (not e.attracting, e.order)
        )
        if not own:
            continue
        at = np.array([event.epoch for event in own])
        column = np.array([[row[name] - half], [row[name] + half], [np.nan]]) + np.zeros(len(at))
        ticks[name] = np.stack([np.repeat(at, 3), column.T.ravel()])[:, :-1]
        marked = own[: max(left, 0)]
        left -= len(own)
        signs[name] = (np.array([[e.epoch, row[name]] for e in marked]).reshape(-1, 2).T, marked)
    inside = [jump for jump in jumps if jump.stop >= low and jump.start <= high]
    tops = np.array([[j.start, limits[1] - 0.5 * MARGIN * room] for j in inside]).reshape(-1, 2).T
    return LossPicture(
        epochs=(low, high),
        loss=_curve(places, heights),
        gradient=_curve(spots, gradient),
        limits=limits,
        gradient_limits=(low_norm - below * size, high_norm + above * size),
        jumps=(tops, inside),
        falls=_falls(run, inside, log),
        ticks=ticks,
        signs=signs,
        unmarked=max(0, -left),
        log=log,
    )


def _range(run: TrainingRun, low: float, high: float) -> tuple[int, int]:
    """Return the places of the curves' values between two epochs, and one on either side."""
    start = min(max(0, int(low)), run.epochs)
    return start, max(start, min(run.epochs, int(np.ceil(high)) + 1))


def _events(bifurcations: RunBifurcations | None, types: Sequence[str] | None) -> list[RunEvent]:
    if bifurcations is None:
        return []
    wanted = set(EVENT_MARKERS) - {"persistence"} if types is None else set(types)
    return [event for event in bifurcations.events if event.type in wanted]


def _heights(values: np.ndarray, log: bool) -> np.ndarray:
    """Return where values are drawn; NaN for those that are not finite."""
    finite = np.isfinite(values)
    if log:
        return np.log10(np.where(finite, np.maximum(values, FLOOR), np.nan))
    return np.where(finite, values, np.nan)


def _curve(places: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Return a curve (2, n) up to its last finite height: a curve must not end in NaN (bqplot)."""
    known = np.flatnonzero(np.isfinite(heights))
    end = known[-1] + 1 if len(known) else 0
    return np.stack([places[:end], heights[:end]])


def _limits(heights: np.ndarray, log: bool) -> Limits:
    finite = heights[np.isfinite(heights)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if log and high - low > TALL:
        values = np.sort(finite)
        within = np.searchsorted(values, values + TALL, side="right") - np.arange(len(values))
        first = int(np.argmax(within))
        low, high = float(values[first]), float(values[first + within[first] - 1])
    pad = MARGIN * (high - low) or 0.5
    return low - pad, high + pad


def _falls(run: TrainingRun, jumps: Sequence[LossJump], log: bool) -> np.ndarray:
    """Return the pieces of the loss within the jumps, separated by NaN."""
    pieces = []
    for jump in jumps:
        places = decimated(run.loss, int(jump.start), min(run.epochs, int(jump.stop) + 1), 60)
        pieces += [np.stack([places, _heights(run.loss[places], log)]), np.full((2, 1), np.nan)]
    return np.hstack(pieces[:-1]) if pieces else np.zeros((2, 0))
