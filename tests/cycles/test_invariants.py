"""What holds for the cycles of every network, whatever its weights."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import scyfi_widgets as sw
from scyfi_widgets.cycles.solve import cycles_of_words

MAX_ORDER = 4
# The search is a heuristic on random words: the same examples in every run.
for_many = settings(deadline=None, max_examples=40, derandomize=True)


@st.composite
def networks(draw) -> sw.PLRNN:
    """A random PLRNN with a diagonal A, of one to five units."""
    M = draw(st.integers(1, 5))
    gain = draw(st.sampled_from([0.5, 1.5, 4.0]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return sw.PLRNN(rng.uniform(-1, 1, M), gain * rng.normal(size=(M, M)), rng.normal(size=M))


def assert_same_cycles(one, other, factor: float = 1.0):
    """Assert that two sets have the same words, and points that differ by `factor`."""
    assert [cycle.key for cycle in one] == [cycle.key for cycle in other]
    for cycle, same in zip(one, other, strict=True):
        scale = np.abs(cycle.points).max()
        np.testing.assert_allclose(
            same.points, factor * cycle.points, rtol=0, atol=1e-7 * factor * scale
        )
        assert np.isclose(same.spectral_radius, cycle.spectral_radius, rtol=1e-7, atol=1e-7)


@for_many
@given(networks())
def test_a_cycle_maps_onto_itself(model):
    for cycle in sw.find_cycles(model, MAX_ORDER):
        images = model.step(cycle.points)
        size = np.abs(cycle.points).max()
        error = np.abs(images - np.roll(cycle.points, -1, axis=0)).max()
        assert error <= 1e-9 * size
        assert cycle.residual <= 1e-9 * size
        assert len(np.unique(cycle.word, axis=0)) > 1 or cycle.order == 1


@for_many
@given(networks(), st.randoms(use_true_random=False))
def test_permuting_the_units_permutes_the_points(model, random):
    order = list(range(model.M))
    random.shuffle(order)
    permuted = sw.PLRNN(model["A"][order], model["W"][np.ix_(order, order)], model["h"][order])
    for cycle in sw.find_cycles(model, MAX_ORDER):
        (same,) = cycles_of_words(permuted.relu_form, cycle.word[None][..., order])
        # The permuted word may have its least rotation elsewhere.
        shift = next(
            s
            for s in range(cycle.order)
            if np.array_equal(np.roll(same.word, s, axis=0), cycle.word[:, order])
        )
        np.testing.assert_allclose(
            np.roll(same.points, shift, axis=0),
            cycle.points[:, order],
            rtol=0,
            atol=1e-7 * np.abs(cycle.points).max(),
        )
        assert same.stability == cycle.stability


@for_many
@given(networks())
def test_the_same_network_in_other_architectures(model):
    A, W, h, M = model["A"], model["W"], model["h"], model.M
    cycles = sw.find_cycles(model, MAX_ORDER)
    zeros = np.zeros(M)
    for same in (
        sw.ShallowPLRNN(A, W, np.eye(M), h, zeros),
        sw.ShallowPLRNN(A, W / 2, 2 * np.eye(M), h, zeros),
        sw.DendriticPLRNN(A, W, h, [1.0], np.zeros((M, 1))),
        sw.DendriticPLRNN(A, W / 4, h, [4.0], np.zeros((M, 1))),
        sw.AlmostLinearRNN(A, W, h, M),
    ):
        assert_same_cycles(cycles, sw.find_cycles(same, MAX_ORDER))


@for_many
@given(networks(), st.sampled_from([2.0**-20, 0.5, 2.0, 2.0**20]))
def test_scaling_the_bias_scales_the_points(model, factor):
    scaled = model.replace({"h": factor * model["h"]})
    cycles = sw.find_cycles(model, MAX_ORDER)
    assert_same_cycles(cycles, sw.find_cycles(scaled, MAX_ORDER), factor)


@for_many
@given(networks(), st.floats(1e-6, 1e6))
def test_scaling_the_bias_by_any_factor_keeps_every_cycle(model, factor):
    scaled = model.replace({"h": factor * model["h"]})
    for cycle in sw.find_cycles(model, MAX_ORDER):
        assert_same_cycles([cycle], cycles_of_words(scaled.relu_form, cycle.word[None]), factor)


@for_many
@given(networks(), st.integers(0, 2**70))
def test_the_same_seed_gives_the_same_cycles(model, seed):
    one, other = (sw.find_cycles(model, order, seed=seed) for order in (2, MAX_ORDER))
    assert list(one) == [cycle for cycle in other if cycle.order <= 2]
