"""The tent map is the tent map."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw


@pytest.mark.parametrize("height", [0.3, 0.9, 1.0])
def test_it_is_the_tent_map(height):
    x = np.linspace(-0.5, 1.5, 41)[:, None]
    expected = 2.0 * height * np.minimum(x, 1.0 - x)
    assert np.allclose(sw.systems.tent_map(height).step(x), expected, atol=1e-15)


def test_its_cycles_and_its_exponent_are_known():
    tent = sw.systems.tent_map(1.0)
    cycles = sw.find_cycles(tent, 6)
    points = {k: sum(c.order for c in cycles if k % c.order == 0) for k in range(1, 7)}
    assert points == {k: 2**k for k in range(1, 7)}
    assert np.allclose(sw.lyapunov_spectrum(sw.systems.tent_map(0.9)), np.log(1.8), atol=1e-9)
    assert [c.stability for c in sw.find_cycles(sw.systems.tent_map(0.3), 4)] == ["stable"]
