"""Loss jumps: epochs at which the loss changes far faster than the run's own variation explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..models.validation import whole_number
from .contrasts import CORRELATIONS, LENGTHS, Contrast, contrasts, gap_weights, scales
from .ramps import fit_ramp, longest_ramp

if TYPE_CHECKING:
    import pandas as pd

FASTER = 3.0  # than the trends on both sides, at least: what tells a jump from a bend
LASTING, KEPT = 20, 0.5  # epochs after which this share of a change must still be there
TREND = 32  # epochs before, over which the trend is taken that a change has to outlast
BENT = 2.6  # standard errors at which parabolas must see a change that lines see
AROUND = 8  # times a length: how far the run's own variation is looked at on either side


@dataclass(frozen=True)
class LossJump:
    """A fast and lasting change of the loss.

    Attributes
    ----------
    start : int
        The last epoch before the change.
    stop : int
        The first epoch after it.
    size : float
        The change of the natural logarithm of the loss from `start` to `stop`, noise averaged out.
    significance : float
        The probability, at most, that a run of this length without a jump shows one as distinct
        anywhere.
    """

    start: int
    stop: int
    size: float
    significance: float

    @property
    def direction(self) -> str:
        """``"down"`` or ``"up"``."""
        return "down" if self.size < 0 else "up"

    @property
    def factor(self) -> float:
        """The loss after the jump over the loss before it."""
        return float(np.exp(self.size))


@dataclass(frozen=True)
class LossJumps(Sequence):
    """The jumps of one run, by epoch.

    Attributes
    ----------
    jumps : tuple of LossJump
    epochs : int
        The length of the run.
    false_alarms : float
        The probability, at most, with which a run without a jump shows one.
    window : int
        The longest duration of a jump that was looked for.
    left_out : int
        Epochs whose loss has no logarithm: zero, infinite or NaN.
    """

    jumps: tuple[LossJump, ...]
    epochs: int
    false_alarms: float
    window: int
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.jumps)

    def __getitem__(self, index):
        return self.jumps[index]

    def __iter__(self) -> Iterator[LossJump]:
        return iter(self.jumps)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row a jump: start, stop, direction, size, factor, significance."""
        import pandas as pd

        return pd.DataFrame(
            {
                "start": np.array([jump.start for jump in self], np.int64),
                "stop": np.array([jump.stop for jump in self], np.int64),
                "direction": pd.Categorical([j.direction for j in self], categories=("down", "up")),
                "size": np.array([jump.size for jump in self], np.float64),
                "factor": np.array([jump.factor for jump in self], np.float64),
                "significance": np.array([jump.significance for jump in self], np.float64),
            }
        )

    @property
    def statement(self) -> str:
        """What may be said about the run, in one line."""
        noun = "loss jump" if len(self) == 1 else "loss jumps"
        text = f"{len(self)} {noun} of at most {self.window} epochs in {self.epochs} epochs; "
        text += f"a run without one shows one with a probability below {self.false_alarms:g}"
        if self.left_out:
            text += f"; {self.left_out} epochs whose loss is zero or not finite are left out"
        return text

    def __repr__(self) -> str:
        lines = [self.statement]
        for jump in self.jumps[:30]:
            lines.append(
                f"  epochs {jump.start}-{jump.stop}: {jump.direction} by {abs(jump.size):.3g} "
                f"(loss times {jump.factor:.3g}), significance {jump.significance:.2g}"
            )
        if len(self) > 30:
            lines.append(f"  … and {len(self) - 30} more")
        return "\n".join(lines)


def find_loss_jumps(loss: ArrayLike, *, false_alarms: float = 0.05, window: int = 32) -> LossJumps:
    """Return the epochs at which the loss jumps down or up.

    A jump is a change of the log-loss that

    - happens within `window` epochs, and is at least three times as fast as the trends of the 8 to
      128 epochs before it and after it;
    - stands out of the noise so far that it is expected in fewer than a share `false_alarms` of
      all runs without jumps;
    - lasts: half of it is still there in the middle of the next 20 epochs. A spike is no jump.

    So a curve that falls ever more slowly or ever faster has no jump, whatever its shape, and a
    smooth step (a logistic curve) is one if the middle 80 % of it takes less than about twice the
    `window`.

    Parameters
    ----------
    loss : (E,) array
        One value an epoch, not negative. Epochs whose loss is zero, infinite or NaN cut the run
        into pieces, each of which is looked at for itself.
    false_alarms : float
        The probability with which a run without a jump may show one, between 0 and 1.
    window : int
        The longest duration of a jump in epochs, 1 to 64.

    Returns
    -------
    LossJumps
        Empty for a run shorter than 17 epochs. A jump needs 8 epochs on either side.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind or out of range.

    Notes
    -----
    For 8, 16, 32, 64 and 128 epochs on either side, and durations of 1, 2, 4, ... epochs, straight
    lines are fitted to the log-loss before and after, and their distance in the middle between them
    is compared with its standard error (`contrasts`), by Student's distribution. The error allows
    for noise that changes its strength along the run, whose neighbouring epochs are correlated, and
    that wanders slowly; for noise with a correlation above 0.7 between neighbours, and for smooth
    curves, the increments and not the values are taken as independent. Three things more must hold:

    - parabolas on both sides must show the change at 2.6 standard errors of their own, and lines
      of half as many epochs half of it: so it is no matter of bent trends;
    - t is divided by what the run itself shows, if that is more than Student's distribution says:
      the median of abs(t) within 8 times the length, without what touches the jump;
    - the probability is multiplied by the number of all comparisons, some 24 an epoch
      (Bonferroni's inequality: they need not be independent).

    The most distinct jump is taken first, and from then on only comparisons that touch none of the
    jumps taken; so changes that follow each other within a few epochs are one jump. Its start and
    stop are those of a line, a ramp and a line fitted by least squares: the shortest ramp that is
    no worse than the best one by more than two units of the noise's variance. A ramp that would
    become longer still, where the contrast is already `window` epochs long, is none.

    The rate of false alarms is no theorem but measured (``benchmarks/jumps.py``, 200 curves a row,
    200 and 1000 epochs): at most 0.035 for thirteen kinds of noise and five of trends, and 0.055
    (95 % interval 0.028 to 0.096) for the hardest, white noise on an equally strong wandering over
    50 epochs. In a run of 1000 epochs with uncorrelated noise of the log-loss, a jump of three of
    its standard deviations within one epoch is found in 0.995 of all cases, within ten in 0.975.
    With correlated noise the same holds for three times its long-run standard deviation, of
    a mean of n epochs times sqrt(n). In a shorter run, or close to its ends or to another jump,
    fewer epochs can be averaged, and a jump has to be larger.
    """
    curve = _checked_loss(loss)
    if isinstance(false_alarms, bool) or not isinstance(
        false_alarms, (int, float, np.integer, np.floating)
    ):
        raise TypeError(f"false_alarms must be a number, got {false_alarms!r}")
    if not 0.0 < false_alarms < 1.0:
        raise ValueError(f"false_alarms must be between 0 and 1, got {false_alarms}")
    window = whole_number("window", window, 1, 64)
    with np.errstate(divide="ignore"):
        logs = np.log(curve)
    pieces = _finite_pieces(logs)
    tests = sum(
        stop - start - 2 * length - duration + 2
        for start, stop in pieces
        for length, duration in scales(window, stop - start)
    )
    found = []
    for start, stop in pieces:
        for jump in _jumps_of(logs[start:stop], window, false_alarms, tests):
            found.append(
                LossJump(jump.start + start, jump.stop + start, jump.size, jump.significance)
            )
    left_out = len(logs) - sum(stop - start for start, stop in pieces)
    return LossJumps(tuple(found), len(logs), float(false_alarms), window, left_out)


def _checked_loss(loss: ArrayLike) -> np.ndarray:
    try:
        curve = np.asarray(loss)
    except (ValueError, RuntimeError) as error:
        raise TypeError(f"loss cannot be read as an array: {error}") from error
    if curve.dtype.kind not in "iuf":
        raise TypeError(f"loss must hold real numbers, got {curve.dtype} values")
    if curve.ndim != 1:
        raise ValueError(f"loss must be one value an epoch, (E,), got shape {curve.shape}")
    curve = curve.astype(np.float64)
    if (curve < 0).any():
        epoch = int(np.flatnonzero(curve < 0)[0])
        raise ValueError(f"loss must not be negative, got {curve[epoch]:g} in epoch {epoch}")
    return curve


def _finite_pieces(logs: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.isfinite(logs).astype(np.int8), prepend=0, append=0))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


@dataclass(frozen=True, eq=False)
class _Candidates:
    """Comparisons that look like a jump, the most distinct first.

    The last epochs before (K,) and the first ones after (K,); the whole blocks from `first` to
    `last`, the place of the contrast and that in it.
    """

    before: np.ndarray
    after: np.ndarray
    first: np.ndarray
    last: np.ndarray
    contrast: np.ndarray
    place: np.ndarray


def _jumps_of(curve: np.ndarray, window: int, false_alarms: float, tests: int) -> list[LossJump]:
    compared = list(contrasts(curve, window))
    if not compared:
        return []
    candidates = _candidates(curve, compared, false_alarms / tests)
    open_, found, holes = np.ones(len(candidates.before), bool), [], []
    for k in range(len(open_)):
        if not open_[k]:
            continue
        at, place = candidates.contrast[k], candidates.place[k]
        contrast = compared[at]
        hole = (int(candidates.before[k]), int(candidates.after[k]))
        excess = max(1.0, _own_variation(compared, at, place, [*holes, hole]))
        probability = _probability(contrast.t[place] / excess, contrast.freedom)
        if tests * probability > false_alarms:
            near = np.abs(candidates.place - place) <= contrast.length // 4
            open_ &= ~(near & (candidates.contrast == at))
            continue
        start, stop, size = fit_ramp(
            curve, *hole, contrast.length, CORRELATIONS[contrast.level[place]]
        )
        holes.append((min(start, hole[0]), max(stop, hole[1])))
        longest = longest_ramp(contrast.length, contrast.duration)
        if contrast.duration < window or stop - start < longest:
            found.append(LossJump(start, stop, size, float(min(1.0, tests * probability))))
        open_ &= (candidates.last <= holes[-1][0]) | (candidates.first >= holes[-1][1])
    return sorted(found, key=lambda jump: jump.start)


def _candidates(curve: np.ndarray, compared: list[Contrast], level: float) -> _Candidates:
    parts, scores = [], []
    for at, contrast in enumerate(compared):
        n, d, t = contrast.length, contrast.duration, contrast.t
        trend = np.abs(contrast.slopes).max(axis=0)
        chosen = _probability(t, contrast.freedom) <= level
        chosen &= contrast.change * t > 0
        chosen &= np.abs(contrast.change) >= FASTER * d * trend
        place = np.flatnonzero(chosen)
        before = place + n - 1
        genuine = [_is_genuine(curve, contrast, p) and _lasts(curve, contrast, p) for p in place]
        place, before = place[genuine], before[genuine]
        parts.append(
            (before, before + d, place, before + d + n - 1, np.full(len(place), at), place)
        )
        # The logarithm of the density: a probability this small may be none in floating point.
        scores.append((contrast.freedom + 1) / 2 * np.log1p(t[place] ** 2 / contrast.freedom))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    return _Candidates(*(np.concatenate(column)[order] for column in zip(*parts, strict=True)))


def _is_genuine(curve: np.ndarray, contrast: Contrast, place: int) -> bool:
    """Whether a distance is no matter of bent trends: parabolas and shorter lines see it as well.

    A bend makes two lines of n epochs miss each other by something like n³, two parabolas by less.
    """
    n, d, level = contrast.length, contrast.duration, contrast.level[place]
    distance = contrast.distance[place]
    block = curve[place : place + 2 * n + d - 1] - curve[place]
    weights, spread = gap_weights(n, d, level, 2)
    error = distance / contrast.t[place] / gap_weights(n, d, level)[1] * spread
    if weights @ block * np.sign(distance) < BENT * error:
        return False
    if n == LENGTHS[0]:
        return True
    weights, _ = gap_weights(n // 2, d, level)
    return bool(weights @ block[n - n // 2 : len(block) - n + n // 2] / distance >= KEPT)


def _lasts(curve: np.ndarray, contrast: Contrast, place: int) -> bool:
    before = place + contrast.length - 1
    after, distance = before + contrast.duration, contrast.distance[place]
    trend = np.arange(max(0, before - TREND + 1), before + 1)
    slope = np.polynomial.polynomial.polyfit(trend - before, curve[trend], 1)[1]
    epochs = np.arange(max(0, before - LASTING + 1), min(len(curve), after + LASTING))
    level = curve[epochs] - slope * (epochs - before)
    kept = np.median(level[epochs >= after]) - np.median(level[epochs <= before])
    return bool(kept / distance >= KEPT)


def _own_variation(
    compared: list[Contrast], at: int, place: int, holes: list[tuple[int, int]]
) -> float:
    """Return how much larger abs(t) is around a place than Student's distribution says.

    Where the run is too short to tell at this length, the next shorter one is asked.
    """
    from scipy.special import stdtrit

    contrast = compared[at]
    centre = place + contrast.length - 1
    for length in sorted({c.length for c in compared if c.length <= contrast.length})[::-1]:
        same = [c for c in compared if c.length == length]
        chosen = min(same, key=lambda c: abs(c.duration - min(contrast.duration, length // 2)))
        before = np.arange(len(chosen.t)) + length - 1
        near = np.abs(before - centre) <= AROUND * length
        for start, stop in holes:
            near &= (before - length >= stop - 1) | (before + chosen.duration + length <= start + 1)
        if near.sum() >= 4 * length:
            return float(np.median(np.abs(chosen.t[near])) / stdtrit(chosen.freedom, 0.75))
    return 1.0


def _probability(t: np.ndarray, freedom: int) -> np.ndarray:
    from scipy.special import stdtr

    return 2 * stdtr(freedom, -np.abs(t))
