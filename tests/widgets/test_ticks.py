"""Ticks are round, even, inside the axis, and neither too few nor too many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scyfi_widgets.widgets.ticks import round_ticks


@given(
    st.floats(-1e5, 1e5),
    st.floats(-6.0, 6.0).map(lambda power: 10.0**power),
    st.integers(3, 9),
)
def test_ticks(low, size, most):
    if low + size - low < 0.5 * size:
        return  # the axis is shorter than a float can tell
    ticks = round_ticks(low, low + size, most)
    assert most // 3 <= len(ticks) <= most
    assert low - 1e-9 * size <= ticks[0]
    assert ticks[-1] <= low + size + 1e-9 * size
    if len(ticks) > 1:
        steps = np.diff(ticks)
        assert np.allclose(steps, steps[0], rtol=1e-6, atol=1e-9 * abs(low))
        mantissa = steps[0] / 10.0 ** np.floor(np.log10(steps[0] * (1 + 1e-9)))
        if size > 1e-3 * abs(low):
            assert (
                mantissa == pytest.approx(1, rel=1e-6)
                or mantissa == pytest.approx(2, rel=1e-6)
                or mantissa == pytest.approx(5, rel=1e-6)
            )


def test_known_ticks():
    np.testing.assert_array_equal(round_ticks(-0.7, 0.52), [-0.6, -0.4, -0.2, 0.0, 0.2, 0.4])
    np.testing.assert_array_equal(round_ticks(0.0, 100.0, 6), [0, 20, 40, 60, 80, 100])
