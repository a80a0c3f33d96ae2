"""Complete enumeration against all words, degenerate networks, limits and what stays honest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cycles.exact import exact_word

DATA = Path(__file__).parents[1] / "data"
CASES = json.loads((DATA / "cycle_cases.json").read_text())["cases"]
PAIRS = 12  # largest order times H: 4,096 words
SYSTEMS = 500
DOUBTFUL = 1e-6  # of the state: where brute force in floating point asks exact arithmetic


def random_model(architecture: type[sw.Model], rng: np.random.Generator) -> sw.Model:
    """Return a network with at most six rectified units, of any gain and condition."""

    def normal(*shape):
        return rng.normal(size=shape)

    gain = 10.0 ** rng.uniform(-0.5, 1.0)
    folded = rng.random() < 0.5  # units that fold their own state back have many cycles
    M = int(rng.integers(1, 7))
    if architecture is sw.DendriticPLRNN:
        M = min(M, 3)
    A, h = rng.uniform(-1.2, 1.2, M), normal(M) * 10.0 ** rng.uniform(-3, 3)
    if rng.random() < 0.15:
        A[0] = 1.0 - 10.0 ** -rng.uniform(4, 9)  # nearly a continuum
    if architecture in (sw.ShallowPLRNN, sw.ClippedShallowPLRNN):
        hidden = int(rng.integers(1, 7 if architecture is sw.ShallowPLRNN else 4))
        W2 = normal(hidden, M)
        W1 = 0.3 * normal(M, hidden) - 2 * W2.T if folded else gain * normal(M, hidden)
        return architecture(A, W1, W2, h, normal(hidden) * np.abs(h).max())
    W = 0.5 * normal(M, M) - 2.5 * np.eye(M) if folded else gain * normal(M, M) / np.sqrt(M)
    if rng.random() < 0.1:
        W[:, 0] = 0.0  # a unit that nothing hears
    if architecture is sw.AlmostLinearRNN:
        return sw.AlmostLinearRNN(A, W, h, int(rng.integers(1, M + 1)))
    if architecture is sw.DendriticPLRNN:
        B = int(rng.integers(1, 6 // M + 1))
        return sw.DendriticPLRNN(A, W, h, np.abs(normal(B)), normal(M, B) * np.abs(h).max())
    return sw.PLRNN(A, W, h)


def cycles_by_brute_force(model: sw.Model, order: int) -> set[bytes]:
    """Return the canonical words of all cycles of one minimal period, by trying every word."""
    form = model.relu_form
    A, W1, W2, h1, h2 = form
    k, M, H = order, model.M, model.H
    numbers = np.arange(2 ** (k * H))
    words = ((numbers[:, None] >> np.arange(k * H)) & 1).astype(bool).reshape(-1, k, H)
    codes = words @ (1 << np.arange(H))
    rotations = np.stack([np.roll(codes, -s, axis=1) @ (1 << H) ** np.arange(k) for s in range(k)])
    words = words[(rotations[0] == rotations.min(axis=0)) & np.all(rotations[0] < rotations[1:], 0)]
    jacobians = A + (W1 * words[:, :, None, :]) @ W2
    shifts = h1 + (words * h2) @ W1.T
    system = np.zeros((len(words), k, M, k, M))
    for t in range(k):
        system[:, t, :, (t + 1) % k] += np.eye(M)
        system[:, t, :, t] -= jacobians[:, t]
    system = system.reshape(-1, k * M, k * M)
    singular = np.linalg.cond(system) > 1e13
    system[singular] = np.eye(k * M)
    z = np.linalg.solve(system, shifts.reshape(-1, k * M, 1)).reshape(-1, k, M)
    y = z @ W2.T + h2
    size = np.abs(z) @ np.abs(W2).T + np.abs(h2)
    wrong = ((y > 0) != words) & (np.abs(y) > DOUBTFUL * size)
    doubtful = singular | np.any(np.abs(y) <= DOUBTFUL * size, axis=(1, 2))
    found = set()
    for word in words[singular | ~wrong.any(axis=(1, 2))]:
        found.add(word.tobytes())
    for word in words[doubtful & (singular | ~wrong.any(axis=(1, 2)))]:
        exact = exact_word(form, word)
        if not (exact.kind in ("cycle", "border") and exact.real):
            found.discard(word.tobytes())
    return {np.roll(np.frombuffer(w, bool).reshape(k, H), 0, axis=0).tobytes() for w in found}


def canonical(word: np.ndarray) -> bytes:
    """Return the rotation that `cycles_by_brute_force` keeps: the least number, last bit first."""
    k, H = word.shape
    codes = word @ (1 << np.arange(H))
    numbers = [int(np.roll(codes, -s) @ (1 << H) ** np.arange(k)) for s in range(k)]
    return np.roll(word, -int(np.argmin(numbers)), axis=0).tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_equality_with_brute_force(seed):
    rng = np.random.default_rng(seed)
    number, orders = 0, set()
    for n in range(SYSTEMS // 5):
        model = random_model(sw.models.ARCHITECTURES[n % 5], rng)
        max_order = min(PAIRS // model.H, 6)
        cycles = sw.find_cycles(model, max_order, method="complete")
        there_are = {
            (order, word)
            for order in range(1, max_order + 1)
            for word in cycles_by_brute_force(model, order)
        }
        proved = cycles.complete_up_to
        got = {(c.order, canonical(c.word)) for c in cycles}
        assert got <= there_are, model
        assert {g for g in got if g[0] <= proved} == {w for w in there_are if w[0] <= proved}, model
        assert proved == max_order, (model, cycles.statement)
        number += len(there_are)
        orders |= {order for order, _ in there_are}
    assert number > 300
    assert orders == set(range(1, 7))
