"""Whether loss jumps and bifurcations belong together: a test that shifts one along the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from ..models.validation import real_array, whole_number

RESAMPLES = 9_999
FEWEST_RUNS = 3  # from which on an interval over runs is given
TELLING = 0.05  # a test that cannot fall below it cannot tell


@dataclass(frozen=True)
class JumpAssociation:
    """How many jumps have an event beside them, and how many would by chance.

    Attributes
    ----------
    observed : int
        Jumps with at least one event within `window` epochs of them.
    expected : float
        The mean of that number over all shifts of the events.
    p_value : float
        The share of all shifts (independent ones in several runs) with at least as many.
    distribution : tuple of float
        The shares of all shifts with 0, 1, ..., `n_jumps` such jumps.
    smallest_p : float
        The p-value of the best agreement that any shift could bring.
    n_jumps, n_events, runs : int
    window : float
        In epochs.
    reach : float or None
        The largest shift in epochs; None: all around the run.
    coincident : tuple of bool
        For each jump whether it has an event beside it, run after run.
    ratio_interval, difference_interval : (float, float) or None
        95 % intervals of `ratio` and `difference` by drawing runs with replacement; None for fewer
        than three runs with jumps.
    by_type : mapping of str to JumpAssociation
        The same with the events of one type only, if they have types. Of several p-values the
        smallest is small more easily: multiply it by their number.
    """

    observed: int
    expected: float
    p_value: float
    distribution: tuple[float, ...]
    smallest_p: float
    n_jumps: int
    n_events: int
    runs: int
    window: float
    reach: float | None
    coincident: tuple[bool, ...]
    ratio_interval: tuple[float, float] | None = None
    difference_interval: tuple[float, float] | None = None
    by_type: Mapping[str, JumpAssociation] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def ratio(self) -> float:
        """Observed over expected; NaN if none is expected."""
        return self.observed / self.expected if self.expected else np.nan

    @property
    def difference(self) -> float:
        """The share of jumps with an event beside them, less the share expected; NaN without."""
        return (self.observed - self.expected) / self.n_jumps if self.n_jumps else np.nan

    @property
    def statement(self) -> str:
        """What may be said, in one line."""
        if not self.n_jumps or not self.n_events:
            missing = "jumps" if not self.n_jumps else "events"
            return f"there are no {missing}: nothing to test"
        text = (
            f"{self.observed} of {self.n_jumps} jumps have one of {self.n_events} events within "
            f"{self.window:g} epochs, {self.expected:.3g} expected by chance "
            f"(ratio {self.ratio:.3g}"
        )
        if self.ratio_interval:
            low, high = self.ratio_interval
            text += f", 95 % interval over {self.runs} runs {low:.3g} to {high:.3g}"
        text += f"), p = {self.p_value:.3g}"
        if self.smallest_p > TELLING:
            text += f"; too little to tell: no agreement could bring p below {self.smallest_p:.2g}"
        return text

    def __repr__(self) -> str:
        lines = [self.statement]
        lines += [f"  {name}: {part.statement}" for name, part in self.by_type.items()]
        return "\n".join(lines)


def jump_association(
    run,
    events,
    jumps,
    window: float = 5.0,
    *,
    reach: float | None = None,
    seed: int = 0,
) -> JumpAssociation:
    """Return whether loss jumps have bifurcations beside them more often than by chance.

    The statistic is the number of jumps with at least one event from `window` epochs before their
    start to `window` epochs after their stop. It is compared with what it is when all events of a
    run are shifted by the same time around the run, as if its end were followed by its beginning:
    so clusters of events, gaps between them and their number stay as they are, and the jumps too.
    No shifts are drawn: the number of jumps changes only at known shifts, and the shares of all
    shifts in [0, E) are computed exactly; over several runs, each shifted for itself, by
    convolution.

    Parameters
    ----------
    run : int or TrainingRun, or a list of them
        The number of epochs E, or something with `epochs`. A list is several runs; `events` and
        `jumps` are then lists with one entry a run.
    events : sequence
        Things with an `epoch` (and perhaps a `type`), such as those of `bifurcations_along`; or
        numbers in [0, E].
    jumps : sequence
        Things with `start` and `stop`, such as those of `find_loss_jumps`; or epochs (n,); or
        pairs of them (n, 2).
    window : float
        In epochs, not negative.
    reach : float, optional
        The largest shift to either side, in epochs. By default all around the run. If both events
        and jumps are frequent at the same stage of training, then they agree more often than after
        a shift all around without having to do with each other; shifts of less than the duration
        of such a stage leave this in place. The test is then no longer exact but approximate.
    seed : int
        Of the intervals over runs.

    Returns
    -------
    JumpAssociation
        With p = 1 if there are no jumps, no events, or if the window covers the whole run.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind or out of range.

    Notes
    -----
    If events and jumps are independent and every shift of the events is as likely as any other,
    the p-value is at most α with a probability of at most α. At the ends of the run the observed
    number does not count an event at one end as near to a jump at the other; the shifted ones do,
    which errs on the safe side. The interval is the percentile interval of 9999 samples of runs.

    References
    ----------
    Harrison, Kass, *Resampling-based methods and p-values for spike trains*, 2013, on shifts that
    keep the structure of a train of events.
    """
    several = isinstance(run, (list, tuple))
    runs = list(run) if several else [run]
    if several and not (len(runs) == _length("events", events) == _length("jumps", jumps)):
        raise ValueError(
            f"events and jumps must have one entry for each of the {len(runs)} runs, "
            f"got {len(events)} and {len(jumps)}"
        )
    if not runs:
        raise ValueError("run must not be an empty list")
    window = _number("window", window)
    reach = None if reach is None else _number("reach", reach)
    if reach == 0.0:
        raise ValueError("reach must be above 0, got 0")
    seed = whole_number("seed", seed, 0)
    parts = []
    for epochs, some, others in zip(
        runs, events if several else [events], jumps if several else [jumps], strict=True
    ):
        E = whole_number("the epochs of run", getattr(epochs, "epochs", epochs), 1)
        times, types = _events(some, E)
        parts.append((E, times, types, _intervals(others, E)))
    by_type = {}
    for name in sorted({name for _, _, types, _ in parts for name in types}):
        chosen = [
            (E, times[np.array(types, object) == name] if types else times[:0], intervals)
            for E, times, types, intervals in parts
        ]
        by_type[name] = _association(chosen, window, reach, seed)
    return _association(
        [(E, times, intervals) for E, times, _, intervals in parts],
        window,
        reach,
        seed,
        MappingProxyType(by_type),
    )


def _association(
    parts: list[tuple[int, np.ndarray, np.ndarray]],
    window: float,
    reach: float | None,
    seed: int,
    by_type: Mapping[str, JumpAssociation] = MappingProxyType({}),
) -> JumpAssociation:
    coincident = [_coincident(times, jumps, window) for _, times, jumps in parts]
    shares = [_shares(E, times, jumps, window, reach) for E, times, jumps in parts]
    observed = np.array([int(near.sum()) for near in coincident])
    expected = np.array([share @ np.arange(len(share)) for share in shares])
    n_jumps = np.array([len(jumps) for _, _, jumps in parts])
    total = np.ones(1)
    for share in shares:
        total = np.convolve(total, share)
    tails = np.minimum(np.cumsum(total[::-1])[::-1], 1.0)
    reached = np.flatnonzero(total > 0.0)
    # An agreement at one single instant has no share: a run knows its events to an epoch at best.
    least = float(np.prod([1.0 / E for E, _, _ in parts]))
    ratio, difference = _over_runs(observed, expected, n_jumps, seed)
    return JumpAssociation(
        observed=int(observed.sum()),
        expected=float(expected.sum()),
        p_value=max(least, float(tails[observed.sum()])),
        distribution=tuple(total.tolist()),
        smallest_p=max(least, float(tails[reached[-1]])),
        n_jumps=int(n_jumps.sum()),
        n_events=sum(len(times) for _, times, _ in parts),
        runs=len(parts),
        window=window,
        reach=reach,
        coincident=tuple(bool(near) for part in coincident for near in part),
        ratio_interval=ratio,
        difference_interval=difference,
        by_type=by_type,
    )


def _coincident(times: np.ndarray, jumps: np.ndarray, window: float) -> np.ndarray:
    """Return for each jump (n, 2) whether one of the sorted `times` is beside it."""
    first = np.searchsorted(times, jumps[:, 0] - window, "left")
    return first < np.searchsorted(times, jumps[:, 1] + window, "right")


def _shares(
    epochs: int, times: np.ndarray, jumps: np.ndarray, window: float, reach: float | None
) -> np.ndarray:
    """Return the shares of all shifts with 0, 1, ..., n jumps beside an event."""
    edges, rises = [np.array([0.0, float(epochs)])], [np.zeros(2)]
    always = 0
    for start, stop in jumps:
        duration = stop - start + 2 * window
        if len(times) and duration >= epochs:
            always += 1
            continue
        begins = np.sort((start - window - times) % epochs)
        # What goes on beyond the end of the run comes in again at its begin.
        low = np.concatenate([begins, np.zeros(len(begins))])
        high = np.concatenate([np.minimum(begins + duration, epochs), begins + duration - epochs])
        low, high = _union(low[high > low], high[high > low])
        edges += [low, high]
        rises += [np.ones(len(low)), -np.ones(len(high))]
    where, rise = np.concatenate(edges), np.concatenate(rises)
    order = np.lexsort((-rise, where))
    counts = always + np.cumsum(rise[order]).astype(np.int64)
    lengths = np.diff(_allowed(where[order], epochs, reach))
    shares = np.bincount(counts[:-1], weights=lengths, minlength=len(jumps) + 1)
    return shares / shares.sum()


def _union(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return disjoint intervals that cover the same points."""
    order = np.argsort(low, kind="stable")
    low, high = low[order], np.maximum.accumulate(high[order])
    first = np.ones(len(low), bool)
    first[1:] = low[1:] > high[:-1]
    last = np.append(first[1:], True)[: len(low)]
    return low[first], high[last]


def _allowed(shifts: np.ndarray, epochs: int, reach: float | None) -> np.ndarray:
    """Return how many of the shifts from 0 on are not larger than `reach`, around the run."""
    if reach is None or 2 * reach >= epochs:
        return shifts
    return np.minimum(shifts, reach) + np.maximum(shifts - (epochs - reach), 0.0)


def _over_runs(
    observed: np.ndarray, expected: np.ndarray, n_jumps: np.ndarray, seed: int
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    if np.count_nonzero(n_jumps) < FEWEST_RUNS:
        return None, None
    drawn = np.random.default_rng(seed).integers(len(n_jumps), size=(RESAMPLES, len(n_jumps)))
    sums = [numbers[drawn].sum(axis=1) for numbers in (observed, expected, n_jumps)]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio, difference = sums[0] / sums[1], (sums[0] - sums[1]) / sums[2]
    return _middle(ratio[sums[1] > 0]), _middle(difference[sums[2] > 0])


def _middle(values: np.ndarray) -> tuple[float, float] | None:
    if not values.size:
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _events(events, epochs: int) -> tuple[np.ndarray, list[str]]:
    """Return the sorted epochs of events, and their types if all have one."""
    given = list(events)
    if given and all(hasattr(event, "epoch") for event in given):
        times = np.array([float(event.epoch) for event in given])
        types = [getattr(event, "type", None) for event in given]
    else:
        times = _numbers("events", given, 1)
        types = []
    if (~np.isfinite(times) | (times < 0) | (times > epochs)).any():
        worst = times[~((times >= 0) & (times <= epochs))][0]
        raise ValueError(f"events must lie in the run, in [0, {epochs}], got {worst:g}")
    order = np.argsort(times, kind="stable")
    typed = all(isinstance(name, str) for name in types)
    return times[order], [types[i] for i in order] if types and typed else []


def _intervals(jumps, epochs: int) -> np.ndarray:
    """Return the starts and stops of jumps, (n, 2)."""
    given = list(jumps)
    if given and all(hasattr(jump, "start") and hasattr(jump, "stop") for jump in given):
        pairs = np.array([[jump.start, jump.stop] for jump in given], np.float64)
    else:
        pairs = _numbers("jumps", given, (1, 2))
        pairs = np.stack([pairs, pairs], axis=1) if pairs.ndim == 1 else pairs
    if pairs.shape[1] != 2 or (pairs[:, 0] > pairs[:, 1]).any():
        raise ValueError("jumps must be epochs (n,) or pairs (n, 2) of start and stop >= start")
    if (pairs < 0).any() or (pairs > epochs).any():
        raise ValueError(f"jumps must lie in the run, in [0, {epochs}]")
    return pairs


def _numbers(name: str, given: list, ndim: int | tuple[int, ...]) -> np.ndarray:
    return real_array(name, given, ndim) if given else np.empty(0)


def _number(name: str, value: ArrayLike) -> float:
    number = float(real_array(name, value, 0))
    if number < 0:
        raise ValueError(f"{name} must not be negative, got {number:g}")
    return number


def _length(name: str, value) -> int:
    if not isinstance(value, (Sequence, np.ndarray)):
        raise TypeError(f"{name} must be a list with one entry a run, got {type(value).__name__}")
    return len(value)
