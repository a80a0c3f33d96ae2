"""The gradient of the loss along a line through bifurcations.

What an orbit of T steps costs, the mean of |B z_t - x_t|², tends for T → ∞ to a mean over the cycle
that attracts it, and the gradient to that of the cycle: (I - P)⁻¹ times finite sums, P the product
of the Jacobians once around. On a line θ(s) this is a rational function of s between two events:

- **degenerate transcritical bifurcation** (an eigenvalue of P reaches 1): det(I - P) ~ s - s*, so
  the cycle goes to infinity as 1/(s - s*), its derivative as 1/(s - s*)², and the gradient of the
  loss, 2 (z - x) ∂z/∂θ, diverges as **|s - s*|⁻³**, for every start in the basin. (Of weights that
  move c alone, and not P, such as a bias, the derivative diverges as 1/(s - s*) and the gradient as
  |s - s*|⁻².) The loss itself diverges as |s - s*|⁻². What a sequence of T steps shows of it ends
  where the orbit no longer settles, at distances around 1/T.
- **degenerate flip** and **centre** (an eigenvalue -1, a complex pair of modulus 1): I - P stays
  invertible, so the gradient tends to a finite limit, although orbits take ever longer to settle;
  past it another attractor has another gradient.
- **border collisions**: J changes where a unit crosses its border, and (I - P)⁻¹ with it: finite
  limits on both sides that differ, or an attractor that is gone on one of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ...bifurcations.diagram import Diagram
from ...bifurcations.events import TYPES, Event
from ...bifurcations.line import Line
from ...bifurcations.line_diagram import bifurcation_diagram
from ...cancellation import Cancelled, expiring_flag, new_flag
from ...models import Model
from ...models.validation import require_seconds, states, whole_number
from ..observation import Observation
from ..progress import reporter
from ..series import TimeSeries
from .compile import compile_lens
from .curves import AttractorGradient, attractor_gradients
from .loss import ALL, LensLoss
from .sides import DIVERGES, FINITE, NONE, Sampler, Side

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SAME_WITHIN = 1e-4  # of the larger limit: two limits by extrapolation that count as one


@dataclass(frozen=True, eq=False, repr=False)
class EventGradient:
    """The gradient of the loss on both sides of one event.

    Attributes
    ----------
    event : Event
    left, right : Side
    """

    event: Event
    left: Side
    right: Side

    @property
    def jump(self) -> float:
        """Limit of the norm on the right minus that on the left; NaN unless both are finite."""
        if self.left.outcome == self.right.outcome == FINITE:
            return self.right.limit - self.left.limit
        return np.nan

    @property
    def outcome(self) -> str:
        """What becomes of the gradient at the event.

        It ``"diverges"`` on one side at least, ``"jumps"``, is ``"continuous"``; or, from left to
        right, it ``"begins"`` or ``"ends"`` there, since no cycle attracts on the other side.
        """
        outcomes = self.left.outcome, self.right.outcome
        if DIVERGES in outcomes:
            return "diverges"
        if NONE in outcomes:
            return "ends" if self.left.outcome != NONE else "begins"
        larger = max(self.left.limit, self.right.limit)
        return "continuous" if abs(self.jump) <= SAME_WITHIN * larger else "jumps"

    def plot(self, ax: Axes | None = None, *, legend: bool = True) -> Axes:
        """Draw the norm against the distance from the event, both on logarithmic scales.

        Lines are exact, dots are simulated.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            By default the current ones.
        legend : bool

        Raises
        ------
        ImportError
            If no axes are given and Matplotlib is not installed.
        """
        from .drawing import draw_event

        return draw_event(self, ax, legend=legend)

    def __repr__(self) -> str:
        return (
            f"<{self.event.name} at {self.event.value:.10g}: {self.left.text} | {self.right.text}>"
        )


@dataclass(frozen=True, eq=False, repr=False)
class GradientLens:
    """The norm of the gradient of the loss along a line, and through each event on it.

    Attributes
    ----------
    diagram : Diagram
        All cycles and events on the line.
    of : str
        ``"all"``: the gradient with respect to all weights; ``"line"``: to the line's parameter.
    target : (N,) array
        What the states are compared with.
    observation : Observation
    events : tuple of EventGradient
        The events in which a cycle takes part that attracts on one side at least, by rising value.
    attractors : tuple of AttractorGradient
        The norm along every branch of the diagram where it attracts.
    stopped : str or None
        Why the work ended early, or None.
    seconds : float
        Wall-clock time.
    """

    diagram: Diagram
    of: str
    target: np.ndarray
    observation: Observation
    events: tuple[EventGradient, ...]
    attractors: tuple[AttractorGradient, ...]
    stopped: str | None = None
    seconds: float = 0.0

    @property
    def line(self) -> Line:
        """The line in parameter space."""
        return self.diagram.line

    def of_type(self, type: str) -> tuple[EventGradient, ...]:
        """Return the events of one type (`scyfi_widgets.bifurcations.events.TYPES`).

        Raises
        ------
        ValueError
            If there is no such type.
        """
        if type not in TYPES:
            raise ValueError(f"type must be one of {', '.join(TYPES)}, got {type!r}")
        return tuple(each for each in self.events if each.event.type == type)

    def plot(self, ax: Axes | None = None, *, legend: bool = True) -> Axes:
        """Draw the norm along the line on a logarithmic scale, with a marker for every event.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            By default the current ones.
        legend : bool

        Raises
        ------
        ImportError
            If no axes are given and Matplotlib is not installed.
        """
        from .drawing import draw_lens

        return draw_lens(self, ax, legend=legend)

    def to_dataframe(self) -> pd.DataFrame:
        """Return two rows an event, left and right: outcome, limit, exponents."""
        import pandas as pd

        rows = [(each.event, name, side) for each in self.events for name, side in _sides(each)]
        names = ("outcome", "limit", "exponent", "standard_error")
        names += ("simulated_exponent", "simulated_standard_error")
        columns = {name: [getattr(side, name) for _, _, side in rows] for name in names}
        types = [event.type for event, _, _ in rows]
        frame = {
            "type": pd.Categorical(types, categories=TYPES),
            "value": np.array([event.value for event, _, _ in rows], float),
            "order": np.array([event.order for event, _, _ in rows], np.int64),
            "side": pd.Series([name for _, name, _ in rows], dtype=str),
            "attractor_order": np.array([side.order for _, _, side in rows], np.int64),
            "outcome": pd.Series(columns.pop("outcome"), dtype=str),
        }
        frame |= {name: np.array(column, float) for name, column in columns.items()}
        return pd.DataFrame(frame)

    def samples_to_dataframe(self) -> pd.DataFrame:
        """Return one row a sample: event, side, distance, and what was found there."""
        import pandas as pd

        frames = [
            pd.DataFrame(
                {
                    "event": number,
                    "type": each.event.type,
                    "side": name,
                    "distance": side.distances,
                    self.line.label: each.event.value + side.direction * side.distances,
                    "fate": list(side.fates),
                    "attractor_order": side.orders,
                    "spectral_radius": side.spectral_radii,
                    "loss": side.loss,
                    "gradient_norm": side.gradient_norm,
                    "simulated": side.simulated,
                }
            )
            for number, each in enumerate(self.events)
            for name, side in _sides(each)
        ]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def __repr__(self) -> str:
        line = self.line
        what = "all weights" if self.of == ALL else f"{line.label} alone"
        lines = [
            f"gradient of the loss along {line.label} from {line.lo:g} to {line.hi:g}, "
            f"with respect to {what}"
        ]
        if not self.events:
            lines.append("  no event of an attracting cycle")
        for each in self.events:
            event = each.event
            cycle = "fixed point" if event.order == 1 else f"{event.order}-cycle"
            lines.append(f"  {line.label} = {event.value:.8g}: {event.name} ({cycle})")
            lines += [f"    {name:<5}  {_of(side)}{side.text}" for name, side in _sides(each)]
        if self.stopped:
            lines.append(f"  {self.stopped}")
        return "\n".join(lines)


def _sides(each: EventGradient) -> tuple[tuple[str, Side], tuple[str, Side]]:
    return ("left", each.left), ("right", each.right)


def _of(side: Side) -> str:
    if not side.order:
        return ""
    return "fixed point: " if side.order == 1 else f"{side.order}-cycle: "


def gradient_lens(
    model: Model,
    data: ArrayLike | TimeSeries | None,
    parameter: str | Model | Line,
    bounds: tuple[float, float] | None = None,
    *,
    max_order: int = 8,
    of: str = ALL,
    observation: Observation | ArrayLike | None = None,
    z0: ArrayLike | None = None,
    simulate: bool = True,
    seed: int = 0,
    time_limit: float | None = None,
    progress: bool | Callable[[int, int], None] | None = None,
    cancel: np.ndarray | None = None,
) -> GradientLens:
    """Look at the gradient of the loss on both sides of every bifurcation on a line.

    All events are found by `bifurcation_diagram`. For each in which an attracting cycle takes part
    the norm of the gradient is taken at 21 distances, from a tenth of the range (or half the way to
    the next event of that cycle) down five decades, in two independent ways: exactly, by the
    implicit function theorem, in the limit of a long sequence; and by simulation, with
    back-propagation through an orbit that has settled for 30 e-foldings of its slowest direction
    (up to a million steps; closer to the event there is no simulated value). The exponent is fitted
    to the innermost two decades.

    Parameters
    ----------
    model : Model
    data : (T,) or (T, N) array, TimeSeries, or None
        The loss of a settled orbit against a long series that keeps no fixed phase with it depends
        on the series through its mean, and a constant: its mean is taken. None compares the states
        with zero.
    parameter : str, Model or Line
        A weight's name such as ``"W[0,1]"``, another network, whose s is 1, or a line.
    bounds : (lo, hi)
        The range of the weight; it may be left out between two networks, and must be for a line.
    max_order : int
        The highest order of a cycle whose events are looked at.
    of : {"all", "line"}
        The gradient with respect to all weights, or to the line's parameter alone.
    observation : Observation or (N, M) array, optional
        How the N variables are read from a state; by default they are its first N units.
    z0 : (M,), optional
        Where simulations begin; by default beside the cycle. By the theorem the start does not
        matter in the basin of the cycle; outside of it there is no simulated value.
    simulate : bool
        Whether to simulate at all; without, a lens takes a small part of the time.
    seed : int
        Of the directions in which orbits begin beside a cycle.
    time_limit : float, optional
        Seconds; what is known by then is returned and `GradientLens.stopped` says so.
    progress : bool or callable, optional
        True shows a bar; or it is called as ``progress(events, of_events)``.
    cancel : (1,) int64 array, optional
        A flag (`scyfi_widgets.cancellation.new_flag`) that ends the work when it is set.

    Returns
    -------
    GradientLens

    Raises
    ------
    KeyError, TypeError, ValueError
        If an argument is not of its kind or out of range.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*,
    NeurIPS 2023: its theorem that the norm of the gradient tends to infinity where an attracting
    cycle meets a degenerate transcritical bifurcation, for every start in its basin.
    """
    if isinstance(parameter, Line):
        if bounds is not None:
            raise TypeError("bounds must be left out for a Line, which has its own range")
        line = parameter
    else:
        line = Line.through(model, parameter, bounds)
    max_order = whole_number("max_order", max_order, 1)
    seed = whole_number("seed", seed, 0)
    loss = LensLoss.given(line, data, observation, of)
    if z0 is not None:
        z0 = states("z0", z0, line.start.M)
        if z0.ndim != 1:
            raise ValueError(f"z0 must be one start of shape ({line.start.M},), got {z0.shape}")
    require_seconds("time_limit", time_limit)
    flag = new_flag() if cancel is None else cancel
    compile_lens()
    started = time.perf_counter()
    diagram = bifurcation_diagram(
        line.start,
        line.end if line.parameter is None else line.parameter,
        (line.lo, line.hi),
        max_order,
        time_limit=time_limit,
        cancel=flag,
    )
    found, stopped = [], diagram.stopped
    events = [event for event in diagram.events if _concerns_an_attractor(event)]
    left = None if time_limit is None else max(time_limit - time.perf_counter() + started, 1e-3)
    with expiring_flag(left) as expired, reporter(progress, "lens", "event") as report:
        sampler = Sampler(diagram, loss, z0, seed, flag, expired, bool(simulate))
        for event in events:
            try:
                found.append(EventGradient(event, *sampler.sides(event)))
            except Cancelled:
                done = f"after {len(found)} of {len(events)} events"
                why = "cancelled" if flag[0] else "the time limit was reached"
                stopped = f"{why} {done}"
                break
            report(len(found), len(events))
    return GradientLens(
        diagram=diagram,
        of=of,
        target=loss.target,
        observation=loss.observation,
        events=tuple(found),
        attractors=attractor_gradients(diagram, loss),
        stopped=stopped,
        seconds=time.perf_counter() - started,
    )


def _concerns_an_attractor(event: Event) -> bool:
    return 0 in event.unstable_before + event.unstable_after
