"""Where an orbit goes, in words."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.widgets.explain import destination

SIXTEEN = sw.systems.sixteen_cycle()


@pytest.fixture(scope="module")
def cycles():
    return sw.find_cycles(SIXTEEN, 16)


def test_into_a_cycle(cycles):
    orbit = SIXTEEN.orbit([0.1, 0.1], 3000)
    assert destination(orbit, cycles) == "the orbit ends in the stable 16-cycle"


def test_from_an_unstable_fixed_point(cycles):
    start = cycles.of_order(1)[0].points[0]
    assert destination(SIXTEEN.orbit(start, 3), cycles) == (
        f"the orbit ends in the {cycles[0].stability} fixed point"
    )


def test_into_none_of_those_shown():
    few = sw.find_cycles(SIXTEEN, 2)
    orbit = SIXTEEN.orbit([0.1, 0.1], 3000)
    assert destination(orbit, few) == "the orbit ends in none of the cycles shown"
    lozi = sw.systems.lozi_map()
    chaos = destination(lozi.orbit([0.1, 0.1], 1000), sw.find_cycles(lozi, 3))
    assert chaos == "the orbit ends in none of the cycles shown"


@pytest.mark.parametrize("steps", [100, 3000])
def test_divergence_says_when(steps):
    model = sw.PLRNN(A=[2.0, 0.5], W=np.zeros((2, 2)), h=[0.0, 0.0])
    with np.errstate(all="ignore"):
        orbit = model.orbit([1.0, 1.0], steps)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = destination(orbit, sw.find_cycles(model, 1))
    assert text == "the orbit diverges: past 10¹² after 40 steps"


def test_nearness_goes_with_the_size_of_the_orbit():
    model = sw.PLRNN(A=[0.5], W=[[0.0]], h=[0.0])
    cycles = sw.find_cycles(model, 1)
    assert "fixed point" in destination(np.array([[1e8], [1.0]]), cycles)
    assert "none" in destination(np.array([[1.0], [1e-3]]), cycles)
    assert "fixed point" in destination(np.zeros((5, 1)), cycles)
