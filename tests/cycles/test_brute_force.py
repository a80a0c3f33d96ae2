"""The search against all words of small random networks, by plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw

PAIRS = 10  # largest order times H: 1,024 words
RECALL = 0.99  # of about 900 cycles the search finds all but a few: it is a heuristic


@pytest.fixture(scope="module")
def ensemble(
    folding_network, cycles_by_brute_force
) -> list[tuple[sw.Model, sw.CycleSet, dict[int, dict[bytes, np.ndarray]]]]:
    """A hundred networks of five architectures: what is found, and all that there is by order."""
    rng = np.random.default_rng(2024)
    compared = []
    for architecture in sw.models.ARCHITECTURES:
        for seed in range(20):
            model = folding_network(architecture, rng, 5)
            orders = range(1, min(PAIRS // model.H, 6) + 1)
            found = sw.find_cycles(model, max(orders), method="search", seed=seed)
            there_are = {order: cycles_by_brute_force(model, order) for order in orders}
            compared.append((model, found, there_are))
    return compared


def test_all_architectures_have_cycles_of_many_orders(ensemble):
    orders = {
        (type(model), order)
        for model, _, there_are in ensemble
        for order, cycles in there_are.items()
        if cycles
    }
    assert {architecture for architecture, _ in orders} == set(sw.models.ARCHITECTURES)
    assert {order for _, order in orders} == set(range(1, 7))


def test_everything_found_is_a_cycle(ensemble):
    for model, found, there_are in ensemble:
        for cycle in found:
            points = there_are[cycle.order][cycle.word.tobytes()]
            scale = np.abs(points).max()
            np.testing.assert_allclose(cycle.points, points, rtol=0, atol=1e-8 * scale)
            np.testing.assert_array_equal(model.region(cycle.points), cycle.word)
            assert cycle.margin == pytest.approx(
                np.abs(cycle.points @ model.relu_form.W2.T + model.relu_form.h2).min(), abs=1e-12
            )
            P = np.linalg.multi_dot([np.eye(model.M), *model.jacobian(cycle.points)[::-1]])
            exact = np.linalg.eigvals(P)
            assert cycle.spectral_radius == pytest.approx(np.abs(exact).max(), rel=1e-6, abs=1e-6)


def test_everything_found_is_found_once(ensemble):
    for _, found, _ in ensemble:
        assert len(set(found)) == len(found)
        words = [(cycle.order, cycle.word.tobytes()) for cycle in found]
        assert len(set(words)) == len(words)


def test_most_cycles_are_found(ensemble):
    number_found = sum(len(found) for _, found, _ in ensemble)
    number = sum(len(cycles) for _, _, there_are in ensemble for cycles in there_are.values())
    assert number > 600
    assert number_found > RECALL * number


def test_nearly_every_fixed_point_is_found(ensemble):
    number_found = sum(len(found.of_order(1)) for _, found, _ in ensemble)
    assert number_found > 0.98 * sum(len(there_are[1]) for _, _, there_are in ensemble)
