"""The example systems have the answers that the literature gives them."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets import systems


def test_sixteen_cycle_has_a_stable_and_an_unstable_16_cycle():
    cycles = sw.find_cycles(systems.sixteen_cycle(), 16)
    assert cycles.counts == {1: 1, 16: 2}
    moduli = [cycle.spectral_radius for cycle in cycles.of_order(16)]
    np.testing.assert_allclose(moduli, [0.519, 1.610], atol=5e-4)


def test_eighty_cycle_attracts():
    orbit = systems.eighty_cycle().orbit([0.1, 0.1], 20_000)[-161:]
    np.testing.assert_allclose(orbit[80:], orbit[:-80], atol=1e-9)
    assert all(np.abs(orbit[k:] - orbit[:-k]).max() > 1e-3 for k in (1, 8, 16, 20, 40))


@pytest.mark.parametrize(("left", "right"), [(0.8, -1.5), (0.5, -1.2), (-0.4, -1.1)])
def test_skew_tent_map_has_its_fixed_point_and_two_cycle(left, right):
    model = systems.skew_tent_map(left, right)
    cycles = sw.find_cycles(model, 2)
    fixed, pair = cycles.of_order(1), cycles.of_order(2)
    np.testing.assert_allclose(fixed[0].points, [[1.0 / (1.0 - right)]], atol=1e-12)
    expected = np.sort([(1.0 + left), (1.0 + right)]) / (1.0 - left * right)
    np.testing.assert_allclose(np.sort(pair[0].points.ravel()), expected, atol=1e-12)
    assert pair[0].eigenvalues[0] == pytest.approx(left * right)


def test_two_cycle_has_the_published_fixed_point():
    cycles = sw.find_cycles(systems.two_cycle(), 2)
    fixed = cycles.of_order(1)[0]
    np.testing.assert_allclose(fixed.points, [[0.107, 0.066875]], atol=1e-12)
    np.testing.assert_allclose(fixed.eigenvalues, [-1.709481, 0.409481], atol=1e-6)
    assert cycles.of_order(2)[0].stability == "stable"


@pytest.mark.parametrize(
    ("left", "exists", "stable"), [(-0.483, 0, 0), (-0.482, 1, 1), (0.547, 1, 0)]
)
def test_two_cycle_lives_and_is_stable_where_the_literature_says(left, exists, stable):
    pair = sw.find_cycles(systems.two_cycle(left), 2).of_order(2)
    assert len(pair) == exists
    assert sum(cycle.stability == "stable" for cycle in pair) == stable


def test_lozi_map_is_the_lozi_map():
    x, y = 0.3, -0.2
    np.testing.assert_allclose(
        systems.lozi_map().step([x, y]), [1.0 - 1.7 * abs(x) + y, 0.5 * x], atol=1e-15
    )
