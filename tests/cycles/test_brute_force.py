"""The search against all words of small random networks, by plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw

PAIRS = 10  # largest order times H: 1,024 words
RECALL = 0.99  # of about 900 cycles the search finds all but a few: it is a heuristic


def random_model(architecture: type[sw.Model], rng: np.random.Generator) -> sw.Model:
    """Return a network whose units fold their own state back: such networks have many cycles."""

    def normal(*shape):
        return rng.normal(size=shape)

    M = int(rng.integers(1, 6))
    if architecture is sw.DendriticPLRNN:
        M = min(M, 2)
    A, h = rng.uniform(0.3, 2, M), np.abs(normal(M))
    if architecture in (sw.ShallowPLRNN, sw.ClippedShallowPLRNN):
        hidden = int(rng.integers(1, 6 if architecture is sw.ShallowPLRNN else 3))
        W2 = normal(hidden, M)
        return architecture(A, 0.3 * normal(M, hidden) - 2 * W2.T, W2, h, normal(hidden))
    W = 0.5 * normal(M, M) - 2.5 * np.eye(M)
    if architecture is sw.AlmostLinearRNN:
        n_relu = int(rng.integers(1, M + 1))
        W[:, : M - n_relu] *= 0.3
        return sw.AlmostLinearRNN(A, W, h, n_relu)
    if architecture is sw.DendriticPLRNN:
        B = int(rng.integers(1, 5 // M + 1))
        return sw.DendriticPLRNN(A, W, h, np.abs(normal(B)), normal(M, B))
    return sw.PLRNN(A, W, h)


def cycles_by_brute_force(model: sw.Model, order: int) -> dict[bytes, np.ndarray]:
    """Return points (k, M) by canonical word of every cycle of one minimal period."""
    A, W1, W2, h1, h2 = model.relu_form
    k, M, H = order, model.M, model.H
    numbers = np.arange(2 ** (k * H))
    words = ((numbers[:, None] >> np.arange(k * H)) & 1).astype(bool).reshape(-1, k, H)
    jacobians = A + (W1 * words[:, :, None, :]) @ W2
    shifts = h1 + (words * h2) @ W1.T
    P, c = np.broadcast_to(np.eye(M), (len(words), M, M)), np.zeros((len(words), M))
    for t in range(k):
        P = jacobians[:, t] @ P
        c = (jacobians[:, t] @ c[..., None])[..., 0] + shifts[:, t]
    z = np.linalg.solve(np.eye(M) - P, c[..., None])[..., 0]
    points = [z]
    for _ in range(k - 1):
        points.append(points[-1] @ A.T + np.maximum(points[-1] @ W2.T + h2, 0) @ W1.T + h1)
    points = np.stack(points, axis=1)
    real = (points @ W2.T + h2 > 0) == words
    found = {}
    for n in np.flatnonzero(real.all(axis=(1, 2))):
        rotations = [np.roll(words[n], -shift, axis=0).tobytes() for shift in range(k)]
        if len(set(rotations)) == k:
            shift = rotations.index(min(rotations))
            found[rotations[shift]] = np.roll(points[n], -shift, axis=0)
    return found


@pytest.fixture(scope="module")
def ensemble() -> list[tuple[sw.Model, sw.CycleSet, dict[int, dict[bytes, np.ndarray]]]]:
    """A hundred networks of five architectures: what is found, and all that there is by order."""
    rng = np.random.default_rng(2024)
    compared = []
    for architecture in sw.models.ARCHITECTURES:
        for seed in range(20):
            model = random_model(architecture, rng)
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
