"""What holds for the cycles of every network, whatever its weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import scyfi_widgets as sw
from scyfi_widgets.cycles.solving.solve import cycles_of_words
from scyfi_widgets.cycles.words import least_rotation

MAX_ORDER = 4
# The search is a heuristic on random words: the same examples in every run.
for_many = settings(deadline=None, max_examples=40, derandomize=True)
for_some = settings(deadline=None, max_examples=15, derandomize=True)


@st.composite
def networks(draw, largest: int = 5) -> sw.PLRNN:
    """A random PLRNN with a diagonal A, of one to five units."""
    M = draw(st.integers(1, largest))
    gain = draw(st.sampled_from([0.5, 1.5, 4.0]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return sw.PLRNN(rng.uniform(-1, 1, M), gain * rng.normal(size=(M, M)), rng.normal(size=M))


def complete(model: sw.Model, max_order: int = MAX_ORDER) -> sw.CycleSet:
    """Return all cycles; examples on which rounding prevents the proof are passed over."""
    cycles = sw.find_cycles(model, max_order, method="complete")
    assert cycles.complete_up_to == max_order or "rounding" in cycles.stopped
    assume(cycles.complete_up_to == max_order)
    return cycles


def assert_same_cycles(one, other, factor: float = 1.0):
    """Assert that two sets have the same words, and points that differ by `factor`."""
    assert [cycle.key for cycle in one] == [cycle.key for cycle in other]
    for cycle, same in zip(one, other, strict=True):
        scale = np.abs(cycle.points).max()
        np.testing.assert_allclose(
            same.points, factor * cycle.points, rtol=0, atol=1e-7 * factor * scale
        )
        assert np.isclose(same.spectral_radius, cycle.spectral_radius, rtol=1e-7, atol=1e-7)


def assert_same_points(one, other, change=lambda points: points):
    """Assert that the cycles of one set are those of the other after a change of points."""
    assert len(one) == len(other)
    left = list(other)
    for cycle in one:
        points = change(cycle.points)
        size = 1e-300 + np.abs(points).max()
        same = [
            candidate
            for candidate in left
            if candidate.order == cycle.order
            and any(
                np.abs(np.roll(candidate.points, shift, axis=0) - points).max() <= 1e-7 * size
                for shift in range(cycle.order)
            )
        ]
        assert len(same) == 1
        left.remove(same[0])
        assert same[0].stability == cycle.stability


@for_many
@given(networks())
def test_a_cycle_maps_onto_itself(model):
    for method in ("search", "complete"):
        for cycle in sw.find_cycles(model, MAX_ORDER, method=method):
            images = model.step(cycle.points)
            size = np.abs(cycle.points).max()
            error = np.abs(images - np.roll(cycle.points, -1, axis=0)).max()
            assert error <= 1e-9 * size
            assert cycle.residual <= 1e-12 * size
            assert len(np.unique(cycle.word, axis=0)) > 1 or cycle.order == 1
            assert least_rotation(cycle.word) == 0


@for_many
@given(networks())
def test_the_search_finds_a_part_of_all(model):
    every = complete(model)
    searched = sw.find_cycles(model, MAX_ORDER, method="search", time_limit=2.0)
    assert searched.stopped is None, model.to_code()
    assert set(searched) <= set(every)
    assert sw.find_cycles(model, MAX_ORDER).cycles == every.cycles


@for_many
@given(networks(), st.randoms(use_true_random=False))
def test_permuting_the_units_permutes_the_points(model, random):
    order = list(range(model.M))
    random.shuffle(order)
    permuted = sw.PLRNN(model["A"][order], model["W"][np.ix_(order, order)], model["h"][order])
    every = complete(model)
    assert_same_points(every, complete(permuted), lambda points: points[:, order])
    words = {
        (cycle.order, np.roll(word, -least_rotation(word), axis=0).tobytes())
        for cycle in every
        for word in [cycle.word[:, order]]
    }
    assert words == {(cycle.order, cycle.word.tobytes()) for cycle in complete(permuted)}


@for_some
@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_permuting_hidden_units_changes_nothing(seed, random):
    rng, M, H = np.random.default_rng(seed), 3, 4
    order = list(range(H))
    random.shuffle(order)
    A, W1, W2 = rng.uniform(-1, 1, M), rng.normal(size=(M, H)), rng.normal(size=(H, M))
    h1, h2 = rng.normal(size=M), rng.normal(size=H)
    model = sw.ShallowPLRNN(A, W1, W2, h1, h2)
    permuted = sw.ShallowPLRNN(A, W1[:, order], W2[order], h1, h2[order])
    assert_same_points(complete(model, 3), complete(permuted, 3))


def every_other_architecture(model: sw.PLRNN) -> list[sw.Model]:
    """Return the same map, with the same units, written as each other architecture."""
    A, W, h, M = model["A"], model["W"], model["h"], model.M
    zeros = np.zeros(M)
    return [
        sw.ShallowPLRNN(A, W, np.eye(M), h, zeros),
        sw.ShallowPLRNN(A, W / 2, 2 * np.eye(M), h, zeros),
        sw.DendriticPLRNN(A, W, h, [1.0], np.zeros((M, 1))),
        sw.DendriticPLRNN(A, W / 4, h, [4.0], np.zeros((M, 1))),
        sw.AlmostLinearRNN(A, W, h, M),
    ]


@pytest.mark.parametrize("method", ["search", "complete"])
@for_many
@given(networks())
def test_the_same_network_in_other_architectures(method, model):
    cycles = sw.find_cycles(model, MAX_ORDER, method=method)
    for same in every_other_architecture(model):
        others = sw.find_cycles(same, MAX_ORDER, method=method)
        assert_same_cycles(cycles, others)
        assert others.complete_up_to == cycles.complete_up_to


@for_some
@given(networks(largest=3))
def test_the_same_network_as_a_clipped_one(model):
    # relu(B - z) - relu(-z) = B - relu(z) below B: the same map in a box, another one outside it.
    A, W, h, M = model["A"], model["W"], model["h"], model.M
    cycles = complete(model, 3)
    B = 2.0 ** np.ceil(
        np.log2(4.0 + 4.0 * max((np.abs(c.points).max() for c in cycles), default=0))
    )
    clipped = sw.ClippedShallowPLRNN(A, -W, -np.eye(M), h + B * W.sum(axis=1), np.full(M, B))
    inside = [cycle for cycle in complete(clipped, 3) if np.all(cycle.points < B)]
    assert_same_points(cycles, inside)


@for_some
@given(networks(largest=3), st.floats(1e-3, 1.0))
def test_one_unit_of_basis_more_or_less(model, weight):
    # A basis of two with the same border is one with the sum of their weights.
    A, W, h, M = model["A"], model["W"], model["h"], model.M
    two = sw.DendriticPLRNN(A, W, h, [weight, 1.0], np.zeros((M, 2)))
    one = sw.DendriticPLRNN(A, W, h, [weight + 1.0], np.zeros((M, 1)))
    assert_same_points(complete(one, 2), complete(two, 2))


@for_many
@given(networks(), st.sampled_from([2.0**-20, 0.5, 2.0, 2.0**20]))
def test_scaling_the_bias_scales_the_points(model, factor):
    scaled = model.replace({"h": factor * model["h"]})
    for method in ("search", "complete"):
        cycles = sw.find_cycles(model, MAX_ORDER, method=method)
        others = sw.find_cycles(scaled, MAX_ORDER, method=method)
        assert_same_cycles(cycles, others, factor)
        assert others.complete_up_to == cycles.complete_up_to


@for_many
@given(networks(), st.floats(1e-6, 1e6))
def test_scaling_the_bias_by_any_factor_keeps_every_cycle(model, factor):
    every = complete(model)
    assert_same_cycles(every, complete(model.replace({"h": factor * model["h"]})), factor)
    scaled = model.replace({"h": factor * model["h"]})
    for cycle in every:
        assert_same_cycles([cycle], cycles_of_words(scaled.relu_form, cycle.word[None]), factor)


@for_some
@given(networks(largest=4), st.lists(st.floats(0.1, 10.0), min_size=4, max_size=4))
def test_rescaling_each_unit_by_itself(model, factors):
    s = np.array(factors[: model.M])
    rescaled = sw.PLRNN(model["A"], s[:, None] * model["W"] / s, s * model["h"])
    assert_same_points(complete(model), complete(rescaled), lambda points: s * points)


@for_many
@given(networks(), st.integers(0, 2**70))
def test_the_same_seed_gives_the_same_cycles(model, seed):
    for method in ("search", "auto"):
        one, other = (
            sw.find_cycles(model, order, method=method, seed=seed) for order in (2, MAX_ORDER)
        )
        assert list(one) == [cycle for cycle in other if cycle.order <= 2]


@for_some
@given(networks())
def test_the_proof_is_accepted(model):
    cycles = complete(model)
    verification = sw.verify(model, cycles)
    assert verification.ok, verification.reasons
    assert verification.complete_up_to == MAX_ORDER
