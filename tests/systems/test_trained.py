"""The shipped network of the Lorenz system still is what its page says."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw


@pytest.fixture(scope="module")
def network():
    return sw.systems.lorenz_network()


def test_it_stays_bounded_on_two_wings(network):
    starts = np.random.default_rng(0).uniform(-1.0, 1.0, (20, network.M))
    orbits = network.orbit(starts, 10_000)[:, 1_000:]
    assert np.abs(orbits).max() < 50.0
    x = orbits[0, :, 0]
    switches = np.flatnonzero(np.diff(np.sign(x)))
    assert len(switches) > 50
    assert np.ptp(np.diff(switches)) > 10  # irregular: the stays on a wing differ in length


def test_it_is_chaotic(network):
    state = network.orbit(np.full(network.M, 0.1), 1_000)[-1]
    tangent, growth, steps = np.random.default_rng(1).normal(size=network.M), 0.0, 20_000
    for z in network.orbit(state, steps - 1):
        tangent = network.jacobian(z) @ tangent
        size = np.linalg.norm(tangent)
        growth += np.log(size)
        tangent /= size
    assert growth / steps > 0.005


def test_no_fixed_point_is_stable(network):
    cycles = sw.find_cycles(network, 1)
    assert len(cycles) >= 1
    assert not cycles.stable


def test_the_file_is_small_and_loads_like_any_other(network):
    from importlib.resources import as_file, files

    with as_file(files("scyfi_widgets.systems") / "lorenz_almost_linear.npz") as path:
        assert path.stat().st_size < 10_000
        assert sw.load_model(path) == network
