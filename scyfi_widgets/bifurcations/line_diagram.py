"""The door to diagrams: all cycles along a line, at once or better and better."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from ..cancellation import expiring_flag, new_flag
from ..cycles.complete import complete_cycles
from ..cycles.find import compile_method
from ..models import Model
from ..models.validation import require_seconds, whole_number
from .closure import Closure, canonical
from .compile import compile_bifurcations
from .diagram import Diagram
from .intervals.intervals import IntervalWords, words_on_interval
from .line import Line
from .linking import link
from .pieces.pieces import TOGETHER

VALUES = 301  # at which every branch is sampled, besides the ends of its pieces
QUICK = 2_000  # nodes of the proof for which a first picture waits: some 5 ms,
PROVED_SOON = 0.015  # or all of them, where the line before was proved within so many seconds
SEEDS = 5  # values at which it looks for cycles otherwise
SEED_WIDTH = 1e-9  # of the range
LEVELS = (3, 5, 9, 17, 33, 65)  # numbers of values whose complete sets are enumerated
EFFORT = 2e7  # multiplications for the complete set of one value: some 0.1 s


def bifurcation_diagram(
    model: Model,
    parameter: str | Model,
    bounds: tuple[float, float] | None = None,
    max_order: int = 8,
    *,
    values: int = VALUES,
    time_limit: float | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: np.ndarray | None = None,
) -> Diagram:
    """Follow every cycle along a line in parameter space, and find every bifurcation on it.

    Each cycle of a word is an exact rational function of the parameter, so where it begins, ends
    or changes its stability is a root, found to rounding: nothing depends on a grid. For one and
    two states the words that are real anywhere in the range are enumerated with a proof. Above,
    complete sets are enumerated at up to 65 values, and what they meet is followed between them.

    Parameters
    ----------
    model : Model
    parameter : str or Model
        A weight's name such as ``"W[0,1]"``, or the network at the other end of the line, whose
        parameter s is 0 at `model` and 1 there.
    bounds : (lo, hi)
        The range of the weight; of s by default (0, 1).
    max_order : int
        The highest order of a cycle, at least 1.
    values : int
        Number of values at which the branches are sampled for drawing, at least 2.
    time_limit : float, optional
        Seconds; what is known by then is returned and `Diagram.stopped` says so.
    progress : callable, optional
        Called as ``progress(step, steps)``.
    cancel : (1,) int64 array, optional
        A flag (`scyfi_widgets.cancellation.new_flag`) that ends the work when it is set.

    Returns
    -------
    Diagram

    Raises
    ------
    KeyError, TypeError, ValueError
        If an argument is not of its kind or out of range.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*,
    NeurIPS 2023, section 3, for the bifurcations of piecewise-linear networks.
    """
    line = Line.through(model, parameter, bounds)
    max_order = whole_number("max_order", max_order, 1)
    values = whole_number("values", values, 2)
    require_seconds("time_limit", time_limit)
    compile_bifurcations()
    compile_method(line.start, "complete")
    with expiring_flag(time_limit) as expired:
        work = _Work(line, max_order, values, new_flag() if cancel is None else cancel, expired)
        for step, steps in work.by_intervals() if line.start.M <= 2 else work.by_values():
            if progress is not None:
                progress(step, steps)
    return work.diagram()


def refined_diagrams(
    line: Line,
    max_order: int,
    *,
    values: int = VALUES,
    known: Diagram | None = None,
    cancel: np.ndarray,
    expired: np.ndarray | None = None,
) -> Iterator[Diagram]:
    """Yield diagrams of one line, each at least as complete as the one before.

    Parameters
    ----------
    line : Line
    max_order, values
        See `bifurcation_diagram`.
    known : Diagram, optional
        Of a line near by, as before a slider moved: its words are tried first.
    cancel, expired : (1,) int64 arrays
        Either ends the work when it is set; the last diagram then says so.
    """
    expired = new_flag() if expired is None else expired
    work = _Work(line, max_order, values, cancel, expired)
    if line.start.M > 2:
        work.by_words_of(known)
        steps = work.by_values()
    elif work.prove(_patience(known)):
        steps = [None]
    else:
        work.by_words_of(known)
        work.by_seeds()
        yield work.diagram()
        steps = work.by_intervals()
    for _ in steps:
        yield work.diagram()


def _patience(known: Diagram | None) -> int:
    """Return the nodes of the proof for which a first picture waits."""
    proved = known is not None and known.complete_up_to == known.max_order
    return 10 * QUICK if proved and known.seconds < PROVED_SOON else QUICK


class _Work:
    """A diagram in the making."""

    def __init__(self, line: Line, max_order: int, values: int, cancel, expired):
        self.started = time.perf_counter()
        self.line, self.max_order = line, max_order
        self.cancel, self.expired = cancel, expired
        grid = np.linspace(line.lo, line.hi, values)
        self.closure = Closure(line, max_order, grid, cancel, expired)
        self.proved_at: list[float] = []
        self.complete_up_to = 0
        self.radius = 0.0
        self.stopped: str | None = None

    def by_words_of(self, known: Diagram | None) -> None:
        """Take in the words of another diagram."""
        words: dict[int, dict[bytes, np.ndarray]] = {}
        if known is None or known.line.start.H != self.line.start.H:
            return  # words of another architecture mean nothing here
        for branch in known.branches:
            if branch.order <= self.max_order:
                for piece in branch.pieces:
                    word = canonical(piece.word)
                    words.setdefault(len(word), {})[word.tobytes()] = word
        self.closure.add(np.stack(list(group.values())) for group in words.values())

    def by_seeds(self) -> None:
        """Take in the words at a few values, and all that they meet."""
        line = self.line
        span = line.hi - line.lo
        for value in line.lo + span / SEEDS * (np.arange(SEEDS) + 0.5):
            beside = value + SEED_WIDTH * span
            self._take_interval(value, beside, 10 * QUICK)
        self.closure.close()

    def prove(self, node_limit: int | None = None) -> bool:
        """Enumerate the words of the whole range; return whether that came to its end."""
        found = self._take_interval(self.line.lo, self.line.hi, node_limit)
        if found.proved:
            self.complete_up_to, self.radius = self.max_order, found.radius
        return found.proved

    def _take_interval(self, lo: float, hi: float, node_limit: int | None) -> IntervalWords:
        found = words_on_interval(
            self.line.forms,
            lo,
            hi,
            self.max_order,
            narrow=False,
            node_limit=node_limit,
            cancel=self.cancel,
            expired=self.expired,
        )
        if found.proved or node_limit is None:
            # A word that can be real nowhere but in an interval of no length has no pieces.
            shortest = min(TOGETHER * max(abs(lo), abs(hi)), 0.1 * (hi - lo))
            self.closure.add(
                words[span[:, 1] - span[:, 0] > shortest]
                for words, span in zip(found.words, found.spans, strict=True)
            )
        return found

    def by_intervals(self) -> Iterator[tuple[int, int]]:
        """Prove the whole range; where that ends early, go on value by value."""
        if self.prove():
            yield 1, 1
        else:
            yield from self.by_values()

    def by_values(self) -> Iterator[tuple[int, int]]:
        """Enumerate complete sets at more and more values, and close each time."""
        line = self.line
        done: set[float] = set()
        for step, count in enumerate(LEVELS):
            for value in np.linspace(line.lo, line.hi, count):
                if value not in done and not self._ended():
                    done.add(value)
                    self._take_value(value)
            if step == 0:
                yield step, len(LEVELS)  # what follows may take long where cycles are many
            self.closure.close()
            yield step + 1, len(LEVELS)
            if self._ended():
                return

    def _take_value(self, value: float) -> None:
        cycles = complete_cycles(
            self.line.at(value),
            self.max_order,
            cancel=self.cancel,
            expired=self.expired,
            effort=EFFORT,
        )
        if cycles.complete_up_to == self.max_order:
            self.proved_at.append(value)
        orders = map(cycles.of_order, range(1, self.max_order + 1))
        self.closure.add(np.stack([cycle.word for cycle in some]) for some in orders if some)

    def _ended(self) -> bool:
        if self.cancel[0]:
            self.stopped = "cancelled"
        elif self.expired[0]:
            self.stopped = "the time limit was reached"
        return self.stopped is not None

    def diagram(self) -> Diagram:
        """Return what is known by now."""
        branches, events = link(self.line, self.closure.strands, self.max_order)
        return Diagram(
            line=self.line,
            max_order=self.max_order,
            branches=branches,
            events=events,
            complete_up_to=self.complete_up_to,
            proved_at=np.array(sorted(self.proved_at)),
            radius=self.radius,
            unresolved=tuple(self.closure.unresolved),
            stopped=self.stopped,
            seconds=time.perf_counter() - self.started,
        )
