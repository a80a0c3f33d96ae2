"""The largest Lyapunov exponent of one orbit against the whole spectrum and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import Cancelled, new_flag
from scyfi_widgets.training.along.exponent import largest_exponent


def exponent(model, z0=None, steps=20_000):
    return largest_exponent(model, z0, steps, 1_000, new_flag())


@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_first_of_the_spectrum(seed):
    rng = np.random.default_rng(seed)
    M, H = 3, 5
    model = sw.ShallowPLRNN(
        0.3 * rng.normal(size=M),
        rng.normal(size=(M, H)),
        0.6 * rng.normal(size=(H, M)),
        rng.normal(size=M),
        rng.normal(size=H),
    )
    z0 = rng.normal(size=M)
    whole = sw.lyapunov_spectrum(model, z0, steps=20_000)[0]
    np.testing.assert_allclose(exponent(model, z0), whole, atol=2e-3, equal_nan=True)
    np.testing.assert_allclose(
        exponent(model), sw.lyapunov_spectrum(model, steps=20_000)[0], atol=2e-3, equal_nan=True
    )


def test_closed_forms():
    tent = sw.systems.skew_tent_map(1.9, -1.9)
    assert exponent(tent, np.array([0.1234])) == pytest.approx(np.log(1.9), abs=1e-12)
    stable = sw.PLRNN([0.5, 0.2], np.zeros((2, 2)), [1.0, 1.0])
    assert exponent(stable, np.zeros(2)) == pytest.approx(np.log(0.5), abs=1e-12)
    assert np.isnan(exponent(sw.PLRNN([1.5], [[0.0]], [1.0]), np.zeros(1)))
    assert exponent(sw.PLRNN([0.0], [[0.0]], [1.0]), np.zeros(1)) == -np.inf


def test_the_start_is_left_alone_and_a_flag_ends_it():
    model, z0 = sw.systems.skew_tent_map(1.9, -1.9), np.array([0.3])
    exponent(model, z0, 10)
    assert z0[0] == 0.3
    flag = new_flag()
    flag.fill(1)
    with pytest.raises(Cancelled):
        largest_exponent(model, z0, 100, 0, flag)
