"""Lyapunov exponents against what is known exactly, and against a QR in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.cancellation import Cancelled, new_flag
from scyfi_widgets.dynamics.lyapunov import first_frame
from scyfi_widgets.dynamics.starts import unit_starts


def exponents_by_numpy(model: sw.Model, z0: np.ndarray, steps: int, transient: int) -> np.ndarray:
    frame, total = first_frame(model.M), np.zeros(model.M)
    for t, z in enumerate(model.orbit(z0, transient + steps - 1)):
        frame, stretch = np.linalg.qr(model.jacobian(z) @ frame)
        if t >= transient:
            total += np.log(np.abs(np.diag(stretch)))
    return np.sort(total / steps)[::-1]


@pytest.mark.parametrize("slope", [1.1, 1.5, 1.9])
def test_a_tent_map_stretches_by_its_slope_everywhere(slope):
    model = systems.skew_tent_map(slope, -slope)
    assert sw.lyapunov_spectrum(model, [0.1], steps=500) == pytest.approx([np.log(slope)], 1e-12)


def test_a_skew_tent_map_onto_its_whole_interval():
    # Both pieces map onto [-4, 1]: the density is even, so each slope counts by its piece's length.
    exact = 0.8 * np.log(1.25) + 0.2 * np.log(5.0)
    exponents = sw.lyapunov_spectrum(systems.skew_tent_map(1.25, -5.0), [0.1], steps=1_000_000)
    np.testing.assert_allclose(exponents, [exact], rtol=5e-3)


def test_the_lozi_map_has_its_published_exponents():
    """Sprott, *Chaos and Time-Series Analysis*, 2003, appendix A: 0.4702 and -1.1633."""
    exponents = sw.lyapunov_spectrum(systems.lozi_map(), [0.1, 0.1], steps=1_000_000)
    np.testing.assert_allclose(exponents, [0.4702, -1.1633], atol=2e-3)
    assert exponents.sum() == pytest.approx(np.log(0.5), abs=1e-12)  # its determinant is constant


def test_a_linear_map_has_the_logarithms_of_its_moduli():
    rotation = 0.9 * np.array([[np.cos(1.0), -np.sin(1.0)], [np.sin(1.0), np.cos(1.0)]])
    A = np.zeros((4, 4))
    A[:2, :2], A[2:, 2:] = rotation, [[0.5, 3.0], [0.0, -0.2]]
    basis = np.random.default_rng(0).normal(size=(4, 4))
    model = sw.PLRNN(basis @ A @ np.linalg.inv(basis), np.zeros((4, 4)), np.ones(4))
    exact = np.log([0.9, 0.9, 0.5, 0.2])
    np.testing.assert_allclose(
        sw.lyapunov_spectrum(model, steps=20_000, transient=500), exact, atol=1e-3
    )


def test_the_axes_of_silent_units_do_not_hold_the_frame():
    # At its stable fixed point three units are silent: three axes are eigenvectors.
    A, bias = np.array([0.2, 0.7, 0.05, 0.4]), [1.0, -1.0, -1.0, -1.0]
    W = 0.3 * np.random.default_rng(2).normal(size=(4, 4)) - 0.3
    model = sw.PLRNN(A, W, bias)
    z = model.orbit(np.zeros(4), 500)[-1]
    eigenvalues = np.linalg.eigvals(model.jacobian(z))
    assert (z > 0).tolist() == [True, False, False, False]
    exponents = sw.lyapunov_spectrum(model, z, steps=300, transient=300)
    np.testing.assert_allclose(exponents, np.sort(np.log(np.abs(eigenvalues)))[::-1], atol=1e-12)


def test_a_stable_cycle_has_those_of_its_eigenvalues():
    model = systems.sixteen_cycle()
    (cycle,) = sw.find_cycles(model, 16).stable
    exact = np.sort(np.log(np.abs(cycle.eigenvalues)))[::-1] / 16
    exponents = sw.lyapunov_spectrum(model, cycle.points[0], steps=16_000, transient=0)
    np.testing.assert_allclose(exponents, exact, atol=1e-3)


def test_the_lorenz_network_has_those_of_its_page():
    """docs/lorenz_network.md: 0.887 per time unit of 50 steps; four runs gave 0.881 to 0.897."""
    model = systems.lorenz_network()
    starts = model.orbit(np.full(model.M, 0.1), 100_000)[20_000::40_000]
    exponents = 50 * sw.lyapunov_spectrum(model, starts, steps=60_000).mean(axis=0)
    assert exponents[0] == pytest.approx(0.887, abs=0.02)
    assert exponents[1] == pytest.approx(0.0, abs=0.02)
    assert exponents[2] == pytest.approx(-4.4, abs=0.1)


@pytest.mark.parametrize("kind", sw.models.ARCHITECTURES)
def test_every_architecture_against_numpy(kind):
    rng = np.random.default_rng(5)
    M, H = 4, 6
    A = 0.5 * rng.normal(size=M)
    hidden = [0.6 * rng.normal(size=shape) for shape in ((M, H), (H, M), (M,), (H,))]
    W, h = 0.5 * rng.normal(size=(M, M)), rng.normal(size=M)
    arguments = {
        sw.PLRNN: (A, W, h),
        sw.ShallowPLRNN: (A, *hidden),
        sw.ClippedShallowPLRNN: (A, *hidden),
        sw.DendriticPLRNN: (A, W, h, 0.7 * rng.normal(size=3), rng.normal(size=(M, 3))),
        sw.AlmostLinearRNN: (A, W, h, 2),
    }
    model = kind(*arguments[kind])
    z0 = rng.normal(size=M)
    exponents = sw.lyapunov_spectrum(model, z0, steps=200, transient=30)
    np.testing.assert_allclose(exponents, exponents_by_numpy(model, z0, 200, 30), atol=1e-9)


def test_a_large_chaotic_network_against_numpy():
    rng = np.random.default_rng(0)
    M = 30
    model = sw.PLRNN(np.full(M, 0.3), 1.2 * rng.normal(size=(M, M)) / np.sqrt(M), np.ones(M))
    z0 = rng.normal(size=M)
    exponents = sw.lyapunov_spectrum(model, z0, steps=60, transient=10)
    np.testing.assert_allclose(exponents, exponents_by_numpy(model, z0, 60, 10), atol=1e-8)


def test_a_direction_that_is_forgotten_at_once():
    exponents = sw.lyapunov_spectrum(systems.lozi_map(1.7, 0.0), [0.1, 0.0])
    assert exponents[0] > 0.0
    assert exponents[1] == -np.inf
    rng = np.random.default_rng(1)
    thin = sw.ShallowPLRNN(
        np.zeros(5), rng.normal(size=(5, 2)), rng.normal(size=(2, 5)), rng.normal(size=5), [9.0, 9]
    )
    assert np.isneginf(sw.lyapunov_spectrum(thin, np.zeros(5), steps=5, transient=0)[2:]).all()


def test_an_orbit_that_overflows_has_none():
    assert np.isnan(sw.lyapunov_spectrum(sw.PLRNN([3.0], [[0.0]], [1.0]))).all()


def test_the_default_start_is_one_that_does_not_diverge():
    model = systems.lozi_map()
    assert np.isnan(sw.lyapunov_spectrum(model, unit_starts(1, 2, 0)[0])).all()
    np.testing.assert_allclose(sw.lyapunov_spectrum(model), [0.47, -1.163], atol=0.02)


def test_starts_in_rows():
    model = systems.lozi_map()
    starts = np.array([[0.1, 0.1], [0.0, -0.1]])
    rows = sw.lyapunov_spectrum(model, starts, steps=100)
    assert rows.shape == (2, 2)
    for row, z in zip(rows, starts, strict=True):
        np.testing.assert_array_equal(row, sw.lyapunov_spectrum(model, z, steps=100))


def test_a_set_flag_stops_at_once():
    flag = new_flag()
    flag[0] = 1
    with pytest.raises(Cancelled):
        sw.lyapunov_spectrum(systems.lozi_map(), cancel=flag)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps must be at least 1"),
        ({"steps": 1.5}, TypeError, "steps must be"),
        ({"transient": -1}, ValueError, "transient must be"),
        ({"z0": [1.0]}, ValueError, r"z0 must have shape \(2,\)"),
        ({"model": "lozi"}, TypeError, "model must be a network"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        sw.lyapunov_spectrum(**{"model": systems.lozi_map(), **arguments})
