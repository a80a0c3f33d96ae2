"""The series that are made here have the properties that the literature gives their systems."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.systems.integration import sampled

SMALL = {
    "lorenz63": {"length": 100, "transient": 1.0},
    "rossler": {"length": 100, "transient": 1.0},
    "van_der_pol": {"length": 100},
    "bursting_neuron": {"length": 100, "transient": 5.0},
    "toy_series": {"length": 100},
}


def lorenz(u, sigma=10.0, rho=28.0, beta=8.0 / 3.0):
    x, y, z = u.T
    return np.stack([sigma * (y - x), x * (rho - z) - y, x * y - beta * z], axis=-1)


def rossler(u, a=0.2, b=0.2, c=5.7):
    x, y, z = u.T
    return np.stack([-y - z, x + a * y, b + z * (x - c)], axis=-1)


def van_der_pol(u, mu=1.0):
    x, v = u.T
    return np.stack([v, mu * (1.0 - x**2) * v - x], axis=-1)


def neuron(u, g_NMDA=10.2):
    V, n, h = u.T

    def sigmoid(half, slope):
        return 1.0 / (1.0 + np.exp((half - V) / slope))

    currents = [
        8.0 * (V + 80.0),
        20.0 * sigmoid(-20.0, 15.0) * (V - 60.0),
        10.0 * n * (V + 90.0),
        25.0 * h * (V + 90.0),
        g_NMDA / (1.0 + 0.33 * np.exp(-0.0625 * V)) * V,
    ]
    slopes = [-sum(currents) / 6.0, sigmoid(-25.0, 5.0) - n, (sigmoid(-15.0, 5.0) - h) / 200.0]
    return np.stack(slopes, axis=-1)


def by_runge_kutta(field, starts, duration, steps):
    """Return the states `duration` later, by the classical method of order four, all abreast."""
    u, step = np.array(starts), duration / steps
    for _ in range(steps):
        k1 = field(u)
        k2 = field(u + 0.5 * step * k1)
        k3 = field(u + 0.5 * step * k2)
        k4 = field(u + step * k3)
        u = u + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return u


def upward_crossings(times, values, slopes, level=0.0):
    """Return when a curve passes `level` upwards, by the cubic through values and slopes."""
    crossings = []
    step = times[1] - times[0]
    for i in np.flatnonzero((values[:-1] < level) & (values[1:] >= level)):
        v0, v1, s0, s1 = values[i], values[i + 1], slopes[i] * step, slopes[i + 1] * step
        cubic = [2 * v0 - 2 * v1 + s0 + s1, -3 * v0 + 3 * v1 - 2 * s0 - s1, s0, v0 - level]
        roots = np.roots(cubic)
        inside = [r.real for r in roots if abs(r.imag) < 1e-9 and -1e-9 <= r.real <= 1.0 + 1e-9]
        crossings.append(times[i] + step * inside[0])
    return np.array(crossings)


def spikes_of(series):
    """Return the times at which the membrane potential has a maximum above -30 mV."""
    V = series.values[:, 0]
    peaks = np.flatnonzero((V[1:-1] > V[:-2]) & (V[1:-1] >= V[2:]) & (V[1:-1] > -30.0)) + 1
    return series.times[peaks]


@pytest.fixture(scope="module")
def lorenz_series():
    return systems.lorenz63(20_001)


@pytest.mark.parametrize(
    ("make", "field", "duration", "tolerance"),
    [
        (systems.lorenz63, lorenz, 0.01, 1e-8),
        (systems.rossler, rossler, 0.1, 1e-6),
        (systems.van_der_pol, van_der_pol, 0.05, 1e-8),
        (systems.bursting_neuron, neuron, 0.25, 1e-7),
    ],
)
def test_every_state_leads_to_the_next(make, field, duration, tolerance):
    """Each pair of neighbours is joined by another integrator, with the equations written anew."""
    series = make(600)
    assert series.time_step == duration
    ends = by_runge_kutta(field, series.values[:-1], duration, 100)
    scale = series.values.std(axis=0)
    assert (np.abs(ends - series.values[1:]) / scale).max() < tolerance


def test_the_tolerance_decides_how_exact_the_states_are(monkeypatch):
    start = [1.0, 2.0, 20.0]

    def states(tolerance):
        monkeypatch.setattr("scyfi_widgets.systems.integration.TOLERANCE", tolerance)
        field = lambda t, u: tuple(lorenz(np.asarray(u)))  # noqa: E731
        return sampled(field, start, length=201, time_step=0.01, transient=0.0)

    exact = states(1e-13)
    errors = [np.abs(states(tolerance) - exact).max() for tolerance in (1e-6, 1e-8, 1e-10)]
    assert errors[0] > 10.0 * errors[1] > 100.0 * errors[2]
    assert errors[2] < 1e-6
    np.testing.assert_array_equal(exact[0], start)


def test_lorenz_has_its_published_exponents(lorenz_series):
    """Sprott, *Chaos and Time-Series Analysis*, 2003: 0.9056, 0, -14.5723.

    Tangent vectors are carried along the series itself: every other state is the middle of a step.
    """
    states, step = lorenz_series.values, 2.0 * lorenz_series.time_step
    x, y, z = states.T
    jacobian = np.zeros((len(states), 3, 3))
    jacobian[:, 0, 0], jacobian[:, 0, 1] = -10.0, 10.0
    jacobian[:, 1, 0], jacobian[:, 1, 1], jacobian[:, 1, 2] = 28.0 - z, -1.0, -x
    jacobian[:, 2, 0], jacobian[:, 2, 1], jacobian[:, 2, 2] = y, x, -8.0 / 3.0
    first, middle, last = jacobian[:-2:2], jacobian[1:-1:2], jacobian[2::2]
    one = np.eye(3)
    k1 = first
    k2 = middle @ (one + 0.5 * step * k1)
    k3 = middle @ (one + 0.5 * step * k2)
    k4 = last @ (one + step * k3)
    propagators = one + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    frame, total = np.eye(3), np.zeros(3)
    for propagator in propagators:
        frame, stretch = np.linalg.qr(propagator @ frame)
        total += np.log(np.abs(np.diag(stretch)))
    exponents = total / (step * len(propagators))
    assert exponents[0] == pytest.approx(0.9056, abs=0.04)
    assert exponents[1] == pytest.approx(0.0, abs=0.04)
    assert exponents.sum() == pytest.approx(-(10.0 + 1.0 + 8.0 / 3.0), abs=5e-3)


def test_lorenz_balances_its_means(lorenz_series):
    """Over a long time the means of d/dt (x²/2), dz/dt vanish: <x²> = <x y> = beta <z>."""
    x, y, z = lorenz_series.values.T
    duration = lorenz_series.times[-1]

    def mean(values):
        return np.trapezoid(values, dx=lorenz_series.time_step) / duration

    rise_x = (x[-1] ** 2 - x[0] ** 2) / (20.0 * duration)
    rise_z = (z[-1] - z[0]) / duration
    assert mean(x * y) - mean(x * x) == pytest.approx(rise_x, abs=1e-3)
    assert mean(x * y) - 8.0 / 3.0 * mean(z) == pytest.approx(rise_z, abs=1e-3)
    assert mean(z) == pytest.approx(23.55, abs=0.3)


def test_lorenz_is_as_often_on_one_wing_as_on_the_other(lorenz_series):
    """Under (x, y) -> (-x, -y) it is the same: a half is as far from the other mirrored or not."""
    assert abs(np.mean(lorenz_series.values[:, 0] > 0.0) - 0.5) < 0.1
    first, second = (half.values for half in lorenz_series.split(0.5))
    mirrored = second * [-1.0, -1.0, 1.0]
    upside_down = [0.0, 0.0, 2.0 * 23.55] + second * [1.0, 1.0, -1.0]
    plain, wings, other = (
        sw.dynamics.state_space_divergence(first, states, bins=10)
        for states in (second, mirrored, upside_down)
    )
    assert wings < 2.0 * plain + 0.05
    assert other > 10.0 * wings


def test_lorenz_below_its_onset_comes_to_rest():
    series = systems.lorenz63(10, rho=10.0, transient=60.0)
    fixed = np.sqrt(8.0 / 3.0 * 9.0)
    np.testing.assert_allclose(np.abs(series.values), [[fixed, fixed, 9.0]] * 10, atol=1e-6)


def test_rossler_turns_with_its_mean_period_and_stretches_as_published():
    """Sprott, 2003: largest exponent 0.0714, by two solutions that start close together."""
    series = systems.rossler(5_000)
    slopes = rossler(series.values)
    crossings = upward_crossings(series.times, series.values[:, 1], slopes[:, 1])
    assert np.diff(crossings).mean() == pytest.approx(5.86, abs=0.03)
    assert np.diff(crossings).std() > 0.05
    assert series.values[:, 2].max() > 15.0

    pairs = series.values[:4000:10]
    moved = pairs + 1e-8 * np.array([1.0, 0.0, 0.0])
    logs = []
    for _ in range(12):
        pairs, moved = (by_runge_kutta(rossler, u, 5.0, 250) for u in (pairs, moved))
        apart = moved - pairs
        length = np.linalg.norm(apart, axis=1, keepdims=True)
        logs.append(np.log(length / 1e-8).mean())
        moved = pairs + 1e-8 * apart / length
    assert np.mean(logs[2:]) / 5.0 == pytest.approx(0.0714, abs=0.012)


@pytest.mark.parametrize(
    ("mu", "period", "tolerance"),
    [
        (1.0, 6.6632868593, 2e-6),
        (0.01, 2.0 * np.pi * (1.0 + 0.01**2 / 16.0), 1e-6),
        (50.0, (3.0 - 2.0 * np.log(2.0)) * 50.0 + 3.0 * 2.338107 * 50.0 ** (-1.0 / 3.0), 0.1),
    ],
)
def test_van_der_pol_has_its_period(mu, period, tolerance):
    """6.66328686 at mu = 1; 2 pi (1 + mu²/16 …) for small mu; Dorodnitsyn's for large mu."""
    step = period / 200.0
    series = systems.van_der_pol(2_001, mu=mu, time_step=step)
    slopes = van_der_pol(series.values, mu)
    crossings = upward_crossings(series.times, series.values[:, 0], slopes[:, 0])
    assert len(crossings) in (10, 11)
    assert (crossings[-1] - crossings[0]) / (len(crossings) - 1) == pytest.approx(
        period, abs=tolerance
    )
    assert np.abs(series.values[:, 0]).max() == pytest.approx(2.0, abs=0.03)


@pytest.mark.parametrize(("g_NMDA", "spikes"), [(2.0, 1), (3.0, 2), (5.0, 3), (7.0, 6), (9.5, 12)])
def test_a_neuron_fires_more_spikes_a_burst_at_higher_conductance(g_NMDA, spikes):
    times = spikes_of(systems.bursting_neuron(2_400, g_NMDA=g_NMDA))
    pauses = np.flatnonzero(np.diff(times) > 60.0)
    assert len(pauses) >= 2
    assert set(np.diff(pauses)) == {spikes}


@pytest.mark.parametrize("seed", [0, 1])
def test_the_neuron_bursts_with_silent_phases_from_any_start(seed):
    series = systems.bursting_neuron(2_400, seed=seed)
    V, n, h = series.values.T
    intervals = np.diff(spikes_of(series))
    pauses = np.flatnonzero(intervals > 60.0)
    assert set(np.diff(pauses)) == {15}
    assert intervals[pauses] == pytest.approx(84.0, abs=0.5)
    assert np.delete(intervals, pauses).max() < 15.0
    assert V.min() < -65.0
    assert -15.0 < V.max() < 0.0
    assert ((n > 0.0) & (n < 1.0) & (h > 0.0) & (h < 1.0)).all()


@pytest.mark.parametrize("g_NMDA", [10.1, 10.4])
def test_the_neuron_fires_without_a_pause_too(g_NMDA):
    intervals = np.diff(spikes_of(systems.bursting_neuron(1_000, g_NMDA=g_NMDA)))
    assert 9.0 < intervals.min() <= intervals.max() < 10.5


def test_toy_series_is_the_stable_cycle():
    series = systems.toy_series(40)
    model = systems.sixteen_cycle()
    (cycle,) = [c for c in sw.find_cycles(model, 16).of_order(16) if c.stability == "stable"]
    first = np.argmax(cycle.points[:, 0])
    np.testing.assert_allclose(
        series.values[:16], np.roll(cycle.points, -first, axis=0), atol=1e-12
    )
    np.testing.assert_array_equal(series.values[16:32], series.values[:16])
    np.testing.assert_allclose(model.step(series.values[:-1]), series.values[1:], atol=1e-12)
    assert len(systems.toy_series(7)) == 7
    assert series.names == ("z[0]", "z[1]")


@pytest.mark.parametrize("name", SMALL)
def test_a_seed_gives_the_same_series_again(name):
    make, arguments = getattr(systems, name), SMALL[name]
    series = make(**arguments)
    assert series == make(**arguments)
    noisy = make(**arguments, seed=3, noise=0.05)
    assert noisy == make(**arguments, seed=3, noise=0.05)
    clean = make(**arguments, seed=3)
    ratio = (noisy.values - clean.values).std(axis=0) / clean.values.std(axis=0)
    assert ratio == pytest.approx(0.05, rel=0.3)
    if name != "toy_series":
        assert not np.allclose(clean.values, series.values)
    assert series.label
    assert not series.is_standardised


@pytest.mark.parametrize(
    ("make", "arguments", "error", "message"),
    [
        (systems.lorenz63, {"length": 0}, ValueError, "length must be at least 1"),
        (systems.lorenz63, {"length": 10.0}, TypeError, "length must be a whole number"),
        (systems.lorenz63, {"rho": np.nan}, ValueError, "rho must be finite"),
        (systems.lorenz63, {"time_step": -0.1}, ValueError, "time_step must be positive"),
        (systems.lorenz63, {"transient": -1.0}, ValueError, "transient must be at least 0"),
        (systems.lorenz63, {"seed": 0.5}, TypeError, "seed must be a whole number"),
        (systems.lorenz63, {"length": 9, "noise": -1}, ValueError, "level must be at least 0"),
        (
            systems.rossler,
            {"a": 0.6, "length": 1},
            ValueError,
            "escapes to infinity near time .* of 100: take other parameters or another seed",
        ),
        (systems.van_der_pol, {"mu": 0.0}, ValueError, "mu must be positive, got 0"),
        (systems.bursting_neuron, {"tau_h": 0.0}, ValueError, "tau_h must be positive"),
        (systems.bursting_neuron, {"g_NMDA": -1.0}, ValueError, "g_NMDA must be at least 0"),
        (systems.toy_series, {"length": -1}, ValueError, "length must be at least 1"),
    ],
)
def test_wrong_arguments(make, arguments, error, message):
    with pytest.raises(error, match=message):
        make(**arguments)


def test_an_equation_that_needs_endless_work_is_given_up(monkeypatch):
    monkeypatch.setattr("scyfi_widgets.systems.integration.EVALUATIONS", 10)
    with pytest.raises(ValueError, match=r"changes too fast: 6,0.0 evaluations .* of 5\.09: take"):
        systems.lorenz63(10, sigma=-10.0, transient=5.0)
    assert len(systems.lorenz63(10, transient=5.0)) == 10
