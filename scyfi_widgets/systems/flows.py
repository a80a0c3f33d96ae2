"""Series of the differential equations that methods for dynamical systems are compared on."""

from __future__ import annotations

from math import cos, pi, sin

from ..training.series import TimeSeries
from .integration import parameters, sampled, seeded_start

STIFF = 10.0  # van der Pol's mu from which an explicit integrator is slow


def lorenz63(
    length: int = 10_000,
    *,
    sigma: float = 10.0,
    rho: float = 28.0,
    beta: float = 8.0 / 3.0,
    time_step: float = 0.01,
    transient: float = 20.0,
    seed: int = 0,
    noise: float = 0.0,
) -> TimeSeries:
    """Return a series of the Lorenz equations.

    dx/dt = sigma (y - x), dy/dt = x (rho - z) - y, dz/dt = x y - beta z. At the default parameters
    the attractor is chaotic with Lyapunov exponents 0.906, 0 and -14.572 per unit of time.

    Parameters
    ----------
    length : int
        States, one every `time_step`.
    sigma, rho, beta : float
    time_step : float
        Time between two states.
    transient : float
        Time before the first of them, in which the solution comes to the attractor.
    seed : int
        Of the start, and of the noise. The same seed gives the same numbers on the same machine
        with the same SciPy; elsewhere rounding may differ, so that after some 30 units of time
        only the statistics of a chaotic series are the same.
    noise : float
        Standard deviation of the observation noise, as a part of that of each variable.

    Returns
    -------
    TimeSeries
        x, y, z in their own units: `TimeSeries.standardised` makes them fit to train on.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind or out of range, or the solution escapes to infinity.

    References
    ----------
    Lorenz, *Deterministic nonperiodic flow*, J. Atmos. Sci. 20 (1963) 130-141. Exponents: Sprott,
    *Chaos and Time-Series Analysis*, 2003.
    """
    sigma, rho, beta = parameters(sigma=sigma, rho=rho, beta=beta)

    def field(t, u):
        x, y, z = u
        return sigma * (y - x), x * (rho - z) - y, x * y - beta * z

    start = seeded_start(seed, (-10.0, -10.0, 10.0), (10.0, 10.0, 30.0))
    states = sampled(field, start, length=length, time_step=time_step, transient=transient)
    return TimeSeries.of(
        states, names=("x", "y", "z"), time_step=time_step, label="Lorenz-63"
    ).noisy(noise, seed)


def rossler(
    length: int = 5_000,
    *,
    a: float = 0.2,
    b: float = 0.2,
    c: float = 5.7,
    time_step: float = 0.1,
    transient: float = 100.0,
    seed: int = 0,
    noise: float = 0.0,
) -> TimeSeries:
    """Return a series of the Rössler equations.

    dx/dt = -y - z, dy/dt = x + a y, dz/dt = b + z (x - c). At the default parameters the attractor
    is a chaotic band, once around which takes 5.86 units of time on average; its largest Lyapunov
    exponent is 0.0714 per unit of time. The start is drawn near the origin: from far away
    solutions escape to infinity.

    Parameters
    ----------
    length : int
        States, one every `time_step`.
    a, b, c : float
    time_step, transient, seed, noise
        As in `lorenz63`.

    Returns
    -------
    TimeSeries
        x, y, z.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind or out of range, or the solution escapes to infinity.

    References
    ----------
    Rössler, *An equation for continuous chaos*, Phys. Lett. A 57 (1976) 397-398. Exponent: Sprott,
    *Chaos and Time-Series Analysis*, 2003.
    """
    a, b, c = parameters(a=a, b=b, c=c)

    def field(t, u):
        x, y, z = u
        return -y - z, x + a * y, b + z * (x - c)

    start = seeded_start(seed, (-1.0, -1.0, 0.0), (1.0, 1.0, 0.1))
    states = sampled(field, start, length=length, time_step=time_step, transient=transient)
    return TimeSeries.of(states, names=("x", "y", "z"), time_step=time_step, label="Rössler").noisy(
        noise, seed
    )


def van_der_pol(
    length: int = 2_000,
    *,
    mu: float = 1.0,
    time_step: float = 0.05,
    transient: float | None = None,
    seed: int = 0,
    noise: float = 0.0,
) -> TimeSeries:
    """Return a series of van der Pol's oscillator on its limit cycle.

    dx/dt = v, dv/dt = mu (1 - x^2) v - x. The period is 6.6633 at mu = 1; for small mu it tends to
    2 pi, for large mu, where slow drifts and fast jumps alternate, to (3 - 2 log 2) mu.

    Parameters
    ----------
    length : int
        States, one every `time_step`.
    mu : float
        Strength of the damping, positive: without it there is no limit cycle.
    time_step, seed, noise
        As in `lorenz63`.
    transient : float, optional
        Time before the first state; by default 30 / mu + 10 mu: the distance to the cycle shrinks
        like exp(-mu t) where mu is small, and within a few turns where it is large.

    Returns
    -------
    TimeSeries
        x, v.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind or out of range.

    References
    ----------
    van der Pol, *On relaxation-oscillations*, Phil. Mag. 2 (1926) 978-992.
    """
    (mu,) = parameters(mu=mu)
    if mu <= 0.0:
        raise ValueError(f"mu must be positive, got {mu:g}")
    if transient is None:
        transient = 30.0 / mu + 10.0 * mu

    def field(t, u):
        x, v = u
        return v, mu * (1.0 - x * x) * v - x

    # On the circle that the cycle is near where mu is small; the origin is a fixed point.
    (phase,) = seeded_start(seed, (0.0,), (2.0 * pi,))
    start = 2.0 * cos(phase), 2.0 * sin(phase)
    states = sampled(
        field,
        start,
        length=length,
        time_step=time_step,
        transient=transient,
        method="LSODA" if mu > STIFF else "DOP853",
    )
    return TimeSeries.of(states, names=("x", "v"), time_step=time_step, label="van der Pol").noisy(
        noise, seed
    )
