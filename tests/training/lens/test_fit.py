"""Power laws and limits of which the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scyfi_widgets.training.lens.fit import limit_at_zero, power_law

DISTANCES = np.geomspace(1e-1, 1e-6, 21)


@given(st.integers(-2, 6), st.floats(1e-3, 1e3), st.floats(-5.0, 5.0))
def test_the_leading_power_is_found(power, factor, next_term):
    law = power_law(DISTANCES, factor * DISTANCES**-power * np.exp(next_term * DISTANCES))
    assert law.exponent == pytest.approx(power, abs=1e-3)
    assert law.standard_error < 1e-4


def test_the_standard_error_is_that_of_noise():
    rng = np.random.default_rng(0)
    errors, found = [], []
    for _ in range(400):
        law = power_law(DISTANCES, DISTANCES**-3.0 * np.exp(0.05 * rng.normal(size=21)))
        found.append(law.exponent)
        errors.append(law.standard_error)
    assert np.std(found) == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=0.15)
    assert np.mean(found) == pytest.approx(3.0, abs=0.005)


def test_what_is_not_known_is_left_out():
    values = DISTANCES**-2.0
    values[-9:] = np.nan
    assert power_law(DISTANCES, values).exponent == pytest.approx(2.0)
    values[3:] = np.nan
    assert np.isnan(power_law(DISTANCES, values)).all()
    assert np.isnan(power_law(np.empty(0), np.empty(0))).all()
    assert np.isnan(power_law(DISTANCES, np.zeros(21))).all()
    assert np.isnan(limit_at_zero(DISTANCES[:3], values[:3]))


def test_a_limit():
    assert limit_at_zero(DISTANCES, 4.0 - 3.0 * DISTANCES) == pytest.approx(4.0, rel=1e-12)
    assert limit_at_zero(DISTANCES, np.exp(DISTANCES)) == pytest.approx(1.0, rel=1e-7)
