"""One side of an event: the attractor there, and the gradient of its loss on the way to the event.

What attracts is followed inwards: the cycle that takes part in the event where that one attracts;
else the cycle on which an orbit settles that begins beside the lost one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...bifurcations.branches import Branch
from ...bifurcations.diagram import Diagram
from ...bifurcations.events import Event
from ...cancellation import Cancelled
from ...cycles import Cycle
from ...dynamics.starts import natural_scales
from ...models.relu_form import ReluForm
from .attractors import CYCLE, attracting_cycle, settled_cycle
from .cycle_gradients import cycle_losses
from .fit import NO_LAW, PowerLaw, limit_at_zero, power_law
from .loss import LensLoss
from .window import settling_steps, window_loss

WIDEST = 0.1  # of the range: the largest distance from an event
DECADES, PER_DECADE = 5, 4  # of distances
CLOSEST = 1e-9  # of the size of the parameter: events are known to about 1e-12 of it
INTEGER_WITHIN = 0.5  # gradients are rational in s, so a true exponent is a whole number
BESIDE = 1e-3  # of the states' size: how far from a lost cycle an orbit begins
NEARER = (0.5, 0.05, 0.005)  # of a cycle's distance from its nearest border
REACHED = 1e-6  # of the states' size: so near is an orbit that settled on its cycle
LONGEST_SIMULATION = 1_000_000
LARGEST_SIMULATION = 2.5e7  # numbers of the states of one orbit: 200 MB

DIVERGES, VANISHES, FINITE, NONE = "diverges", "vanishes", "finite", "no attractor"


@dataclass(frozen=True, eq=False)
class Side:
    """The gradient of the loss on one side of an event.

    Attributes
    ----------
    direction : int
        -1 on the left of the event, +1 on its right.
    distances : (n,) array
        Of the samples from the event, falling: in units of the parameter.
    fates : tuple of str
        What becomes of the orbit at each: ``"cycle"``, ``"diverges"`` or ``"unsettled"``.
    orders : (n,) int64 array
        The order of the cycle that attracts there; 0 without one.
    spectral_radii : (n,) array
        Its largest modulus of an eigenvalue, once around; NaN without one.
    loss, gradient_norm : (n,) arrays
        In the limit of a long sequence, exactly, without the variance of the data; NaN without a
        cycle.
    simulated : (n,) array
        The gradient norm by back-propagation through an orbit that has settled; NaN where it is not
        simulated, or ends elsewhere.
    outcome : str
        What becomes of the norm at the event: ``"diverges"``, ``"vanishes"`` (both with
        `exponent`), ``"finite"`` (with `limit`), or ``"no attractor"``.
    exponent, standard_error : float
        p of norm ~ |s - s*|^-p over the innermost two decades.
    simulated_exponent, simulated_standard_error : float
        The same of `simulated`.
    limit : float
        The norm at the event: 0 where it vanishes, inf where it diverges.
    """

    direction: int
    distances: np.ndarray
    fates: tuple[str, ...]
    orders: np.ndarray
    spectral_radii: np.ndarray
    loss: np.ndarray
    gradient_norm: np.ndarray
    simulated: np.ndarray
    outcome: str
    exponent: float
    standard_error: float
    simulated_exponent: float
    simulated_standard_error: float
    limit: float

    @property
    def order(self) -> int:
        """The order of the cycle nearest to the event that attracts; 0 without one."""
        return int(self.orders[-1]) if len(self.orders) else 0

    @property
    def text(self) -> str:
        """The outcome in words."""
        if self.outcome in (DIVERGES, VANISHES):
            text = f"{self.outcome} as |s - s*|^{-self.exponent:.4f} (± {self.standard_error:.0e}"
            if np.isfinite(self.simulated_exponent):
                text += f"; simulated {-self.simulated_exponent:.4f}"
                text += f" ± {self.simulated_standard_error:.0e}"
            return f"{text})"
        if self.outcome == FINITE:
            return f"tends to {self.limit:.4g}"
        if not len(self.distances):
            return "another event is too near"
        if "diverges" in self.fates:
            return "no attractor: the orbit diverges"
        return "no attracting cycle: the orbit does not settle"


@dataclass
class Sampler:
    """What all sides of all events are sampled with."""

    diagram: Diagram
    loss: LensLoss
    z0: np.ndarray | None
    seed: int
    cancel: np.ndarray
    expired: np.ndarray
    by_simulation: bool = True
    longest: int = LONGEST_SIMULATION
    generator: np.random.Generator = field(init=False)

    def __post_init__(self):
        self.line = self.diagram.line
        self.generator = np.random.default_rng(self.seed)

    def sides(self, event: Event) -> tuple[Side, Side]:
        """Return the left side and the right one."""
        found = {}
        lost = event.points[0] if event.points is not None else None
        attracting = {d: self._attracting_branch(event, d) for d in (-1, 1)}
        # The side on which the event's own cycle attracts comes first: where the event is at
        # infinity, orbits on the other side begin at that cycle.
        for direction in sorted((-1, 1), key=lambda d: attracting[d] is None):
            cycles, side = self._side(event, direction, attracting[direction], lost)
            found[direction] = side
            if lost is None and any(cycles):
                lost = next(cycle for cycle in cycles if cycle).points[0]
        return found[-1], found[1]

    def _attracting_branch(self, event: Event, direction: int) -> Branch | None:
        numbers, unstable = (
            (event.before, event.unstable_before)
            if direction < 0
            else (event.after, event.unstable_after)
        )
        for number, count in zip(numbers, unstable, strict=True):
            if count == 0:
                return self.diagram.branches[number]
        return None

    def _distances(self, event: Event, direction: int, branch: Branch | None) -> np.ndarray:
        """Return falling distances, all of them well before the next event of the branch."""
        line = self.line
        end = line.hi if direction > 0 else line.lo
        room = [WIDEST * (line.hi - line.lo), abs(end - event.value)]
        least = CLOSEST * max(abs(event.value), line.hi - line.lo)
        if branch is not None:
            ends = [e.value for e in self.diagram.events if branch.number in e.before + e.after]
            ends += [side for piece in branch.pieces for side in (piece.start, piece.stop)]
            ahead = direction * (np.array(ends) - event.value)
            room += (0.5 * ahead[ahead > least]).tolist()
        widest = min(room)
        if widest < 10.0 * least:
            return np.empty(0)
        count = DECADES * PER_DECADE + 1
        distances = np.geomspace(widest, widest / 10.0**DECADES, count)
        return distances[distances >= least]

    def _side(self, event, direction, branch, lost) -> tuple[list[Cycle | None], Side]:
        distances = self._distances(event, direction, branch)
        values = event.value + direction * distances
        words: list[np.ndarray] = []
        if branch is not None and len(values):
            piece = branch.piece_at(values[-1])
            words += [piece.word] if piece else []
        cycles: list[Cycle | None] = []
        fates: list[str] = []
        for value in values:
            if self.cancel[0] or self.expired[0]:
                raise Cancelled("gradient lens")
            cycle, fate = self._attractor(value, words, lost)
            cycles.append(cycle)
            fates.append(fate)
            if cycle is not None and branch is None:
                words = [cycle.word]
        return cycles, self._measured(direction, distances, values, cycles, tuple(fates))

    def _attractor(self, value, words, lost) -> tuple[Cycle | None, str]:
        model = self.line.at(value)
        for word in words:
            cycle = attracting_cycle(model.relu_form, word)
            if cycle is not None:
                return cycle, CYCLE
        if lost is None:
            return None, "unsettled"
        size = max(_scale(model.relu_form), float(np.abs(lost).max()))
        start = lost + BESIDE * size * self._direction(model.M)
        return settled_cycle(model, start, size, self.cancel)

    def _direction(self, M: int) -> np.ndarray:
        direction = self.generator.normal(size=M)
        return direction / np.linalg.norm(direction)

    def _measured(self, direction, distances, values, cycles, fates) -> Side:
        n = len(values)
        loss, norm, simulated = np.full((3, n), np.nan)
        orders, radii = np.zeros(n, np.int64), np.full(n, np.nan)
        for i, (value, cycle) in enumerate(zip(values, cycles, strict=True)):
            if cycle is None:
                continue
            orders[i], radii[i] = cycle.order, cycle.spectral_radius
            forms = ReluForm(*(array[None] for array in self.line.at(value).relu_form))
            exact = cycle_losses(
                forms, cycle.points[None], cycle.word, self.loss.readout, self.loss.target
            )
            loss[i] = exact.loss[0]
            norm[i] = self.loss.norm(value, ReluForm(*(array[0] for array in exact.gradient)))
            if self.by_simulation:
                simulated[i] = self._simulated(value, cycle)
        # A law holds for one cycle: of another one farther out nothing is taken.
        same = np.array([cycles[-1] is not None and c == cycles[-1] for c in cycles], bool)
        law = power_law(distances[same], norm[same])
        of_simulated = power_law(distances[same], simulated[same])
        outcome, limit = _outcome(law, distances[same], norm[same])
        return Side(
            direction, distances, fates, orders, radii, loss, norm, simulated,
            outcome, *law, *of_simulated, limit,
        )  # fmt: skip

    def _simulated(self, value: float, cycle: Cycle) -> float:
        """Return the gradient norm by simulation; NaN where that takes too long or fails."""
        model = self.line.at(value)
        settle = settling_steps(cycle.order, model.M, cycle.spectral_radius)
        if settle > min(self.longest, LARGEST_SIMULATION / model.M):
            return np.nan
        for start in self._starts(model.relu_form, cycle):
            run = window_loss(
                model, start, int(settle), cycle.order,
                self.loss.readout, self.loss.target, self.cancel,
            )  # fmt: skip
            missed = np.abs(cycle.points - run.last).max(axis=1).min()
            if missed <= REACHED * np.abs(cycle.points).max():
                return self.loss.norm(value, run.gradient)
        return np.nan

    def _starts(self, form: ReluForm, cycle: Cycle) -> list[np.ndarray]:
        """Return where a simulation begins: as given, or nearer and nearer to the cycle."""
        if self.z0 is not None:
            return [self.z0]
        slope = np.linalg.norm(form.W2, axis=1).max()
        room = cycle.margin / slope if slope > 0.0 else _scale(form)
        direction = self._direction(form.M)
        return [cycle.points[0] + part * room * direction for part in NEARER]


def _outcome(law: PowerLaw, distances: np.ndarray, norm: np.ndarray) -> tuple[str, float]:
    if law == NO_LAW or np.isnan(law.exponent):
        if len(norm) and (norm == 0.0).all():
            return FINITE, 0.0
        return NONE, np.nan
    if law.exponent > INTEGER_WITHIN:
        return DIVERGES, np.inf
    if law.exponent < -INTEGER_WITHIN:
        return VANISHES, 0.0
    return FINITE, limit_at_zero(distances, norm)


def _scale(form: ReluForm) -> float:
    return float(natural_scales(form.h1[None], form.h2[None], form.W2.reshape(1, -1))[0])
