"""Series of a differential equation, sampled evenly on its attractor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

import numpy as np

from ..models.validation import real_array, whole_number

TOLERANCE = 1e-10  # of a step's local error: relative, and absolute in the units of the variables
ESCAPED = 1e6  # times the largest coordinate of the start, or of 1
EVALUATIONS = 1_000  # of the equation, per time step, and a hundred times that before giving up
ESCAPES = "the solution escapes to infinity"
REMEDY = "take other parameters or another seed"

Field = Callable[[float, Sequence[float]], tuple[float, ...]]


def sampled(
    field: Field,
    start: Sequence[float],
    *,
    length: int,
    time_step: float,
    transient: float,
    method: str = "DOP853",
) -> np.ndarray:
    """Return the states of du/dt = field(t, u) after a transient, evenly spaced in time.

    The integrator is SciPy's `solve_ivp`, by default with the explicit Runge-Kutta method of order
    8 of Dormand and Prince; `TOLERANCE` bounds each step's error. The states lie on its interpolant
    of order 7, exact to less than 1e-6 of a variable's spread.

    Parameters
    ----------
    field : function of (t, u)
    start : (n,) sequence
        u(0).
    length : int
        States that are kept, at least 1.
    time_step : float
        Time between them.
    transient : float
        Time before the first of them.
    method : str
        What `solve_ivp` calls it; ``"LSODA"`` for stiff equations.

    Returns
    -------
    (length, n) array

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind or out of range, the solution escapes to infinity, or the
        integrator needs so many evaluations that it would not come to an end.
    """
    from scipy.integrate import solve_ivp

    length = whole_number("length", length, 1)
    time_step = float(real_array("time_step", time_step, 0))
    transient = float(real_array("transient", transient, 0))
    if time_step <= 0.0:
        raise ValueError(f"time_step must be positive, got {time_step:g}")
    if transient < 0.0:
        raise ValueError(f"transient must be at least 0, got {transient:g}")
    start = np.asarray(start, dtype=np.float64)
    far = ESCAPED * max(1.0, float(np.abs(start).max()))

    def room(t: float, u: np.ndarray) -> float:
        return far - float(np.abs(u).max())

    room.terminal = True
    times = transient + time_step * np.arange(length)
    allowed = EVALUATIONS * (100 + int(times[-1] / time_step))
    evaluations = count()

    def counted(t: float, u: np.ndarray) -> tuple[float, ...]:
        if next(evaluations) > allowed:
            raise ValueError(
                f"the equation changes too fast: {allowed:,} evaluations lead only to time "
                f"{t:g} of {times[-1]:g}: {REMEDY}"
            )
        return field(t, u)

    if times[-1] == 0.0:
        return start[None, :].copy()
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            solution = solve_ivp(
                counted,
                (0.0, times[-1]),
                start,
                method=method,
                t_eval=times,
                events=room,
                rtol=TOLERANCE,
                atol=TOLERANCE,
            )
    except OverflowError as error:
        raise ValueError(f"{ESCAPES}: {REMEDY}") from error
    if len(solution.t_events[0]):
        when = f"near time {solution.t_events[0][0]:g} of {times[-1]:g}"
        raise ValueError(f"{ESCAPES} {when}: {REMEDY}")
    if solution.status != 0 or not np.isfinite(solution.y).all():
        raise ValueError(f"the equation cannot be integrated ({solution.message}): {REMEDY}")
    return solution.y.T.copy()


def seeded_start(seed: int, low: Sequence[float], high: Sequence[float]) -> np.ndarray:
    """Return a start (n,) drawn evenly from a box."""
    # A stream of its own: the observation noise is drawn from that of `seed` alone.
    return np.random.default_rng([whole_number("seed", seed, 0), 1]).uniform(low, high)


def parameters(**given: float) -> tuple[float, ...]:
    """Return the parameters of an equation as finite floats; raises what `real_array` does."""
    return tuple(float(real_array(name, value, 0)) for name, value in given.items())
