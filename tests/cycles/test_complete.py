"""Complete enumeration against all words, degenerate networks, limits and what stays honest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.branching.branch import LARGEST
from scyfi_widgets.cycles.complete import complete_cycles
from scyfi_widgets.cycles.exact.word import exact_word

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


def cycles_by_brute_force(model: sw.Model, order: int) -> dict[bytes, float]:
    """Return the words of all cycles of one minimal period and their max |z|: try every word."""
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
    found = {}
    for n in np.flatnonzero(singular | ~wrong.any(axis=(1, 2))):
        points = z[n]
        if doubtful[n]:
            exact = exact_word(form, words[n])
            if not (exact.kind in ("cycle", "border") and exact.real):
                continue
            points = exact.points
        found[words[n].tobytes()] = float(np.abs(points).max())
    return found


def canonical(word: np.ndarray) -> bytes:
    """Return the rotation that `cycles_by_brute_force` keeps: the least number, last bit first."""
    k, H = word.shape
    codes = word @ (1 << np.arange(H))
    numbers = [int(np.roll(codes, -s) @ (1 << H) ** np.arange(k)) for s in range(k)]
    return np.roll(word, -int(np.argmin(numbers)), axis=0).tobytes()


@dataclass
class Compared:
    """What a comparison with brute force met."""

    cycles: int = 0
    orders: set[int] = field(default_factory=set)
    not_proved: int = 0
    beyond: int = 0  # cycles outside the radius of the proof, which says so


def compare(seed: int, systems: int, pairs: int) -> Compared:
    """Assert that the enumeration of random systems has just what brute force finds."""
    rng = np.random.default_rng(seed)
    met = Compared()
    for n in range(systems):
        model = random_model(sw.models.ARCHITECTURES[n % 5], rng)
        max_order = min(pairs // model.H, 6)
        cycles = sw.find_cycles(model, max_order, method="complete")
        there_are = {
            (order, word): size
            for order in range(1, max_order + 1)
            for word, size in cycles_by_brute_force(model, order).items()
        }
        proved = cycles.complete_up_to
        got = {(c.order, canonical(c.word)) for c in cycles}
        assert len(got) == len(cycles)
        assert got <= there_are.keys(), model.to_code()
        missing = {key: size for key, size in there_are.items() if key not in got}
        for (order, _), size in missing.items():
            assert order > proved or size > cycles.radius, (model.to_code(), cycles.statement)
        if proved < max_order:
            # Rounding must not fake a proof: some systems are too ill-conditioned for one.
            assert re.fullmatch(rf"rounding .* in order {proved + 1}", cycles.stopped), (
                model.to_code(),
                cycles.stopped,
            )
        met.cycles += len(there_are)
        met.orders |= {order for order, _ in there_are}
        met.not_proved += proved < max_order
        met.beyond += sum(order <= proved for order, _ in missing)
    return met


def test_equality_with_brute_force():
    met = compare(seed=100, systems=60, pairs=8)
    assert met.cycles > 60
    assert met.orders == set(range(1, 7))
    assert met.not_proved <= 3
    assert met.beyond <= 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_equality_with_brute_force_on_many_systems(seed):
    met = compare(seed, SYSTEMS // 5, PAIRS)
    assert met.cycles > 200
    assert met.orders == set(range(1, 7))
    assert met.not_proved <= 0.05 * SYSTEMS / 5
    assert met.beyond <= 0.02 * met.cycles


# Degenerate networks ------------------------------------------------------------------------------


def others(M: int, first: float, rest: float) -> np.ndarray:
    """Return a vector (M,) with one value in its first place and another one in all the rest."""
    return np.array([first] + [rest] * (M - 1))


def assert_proved(model: sw.Model, cycles: sw.CycleSet):
    assert cycles.complete_up_to == cycles.max_order, cycles.statement
    verification = sw.verify(model, cycles)
    assert verification.ok, verification.reasons
    assert verification.complete_up_to == cycles.max_order


@pytest.mark.parametrize("method", ["complete", "auto"])
@pytest.mark.parametrize("M", [1, 2, 3])
def test_a_line_of_fixed_points(M, method):
    # z1' = z1 for z1 <= 0, -z1/2 above; the other units contract to 0.2.
    model = sw.PLRNN(others(M, 1.0, 0.5), np.diag(others(M, -1.5, 0.0)), others(M, 0.0, 0.1))
    cycles = sw.find_cycles(model, 3, method=method)
    (line,) = cycles.continua
    assert (line.order, line.dimension) == (1, 1)
    assert line.description == "a line of fixed points"
    np.testing.assert_allclose(np.abs(line.directions[:, 0]), others(M, 1.0, 0.0))
    assert line.word.tolist() == [[False] + [True] * (M - 1)]
    np.testing.assert_allclose(model.step(line.points), line.points)
    assert ", and 1 continuum of cycles" in cycles.statement
    assert_proved(model, cycles)


@pytest.mark.parametrize("M", [1, 2, 3])
def test_a_family_of_two_cycles_at_a_degenerate_flip(M):
    # z1' = -z1 - 1 maps (-1, 0) onto itself: 2-cycles around -1/2; -z1/2 - 1 above 0.
    model = sw.PLRNN(others(M, -1.0, 0.5), np.diag(others(M, 0.5, 0.0)), others(M, -1.0, 0.1))
    cycles = sw.find_cycles(model, 4, method="complete")
    (family,) = cycles.continua
    assert (family.order, family.dimension) == (2, 1)
    assert family.description == "a line of 2-cycles around a fixed point (an eigenvalue is -1)"
    np.testing.assert_allclose(model.step(family.points), family.points[::-1])
    (fixed_point,) = cycles
    np.testing.assert_allclose(fixed_point.points, [others(M, -0.5, 0.2)])
    assert fixed_point.stability == "neutral"
    assert_proved(model, cycles)


@pytest.mark.parametrize("M", [2, 3])
def test_a_plane_of_three_cycles(M):
    # A third of a turn around (1, 1) where both states are positive.
    A, W, h = 0.5 * np.eye(M), np.zeros((M, M)), np.zeros(M)
    W[:2, :2] = np.array([[-1.0, -1.0], [1.0, 0.0]]) - A[:2, :2]
    h[0] = 3.0
    model = sw.PLRNN(A, W, h)
    cycles = sw.find_cycles(model, 3, method="complete")
    families = [c for c in cycles.continua if c.order == 3]
    assert (
        "a plane of 3-cycles around a fixed point (an eigenvalue is a root of unity of order 3)"
        in [family.description for family in families]
    )
    for family in families:
        np.testing.assert_allclose(model.step(family.points), np.roll(family.points, -1, axis=0))
    assert_proved(model, cycles)


@pytest.mark.parametrize("M", [1, 2, 3])
def test_everything_is_a_fixed_point_or_it_is_said(M):
    # z1' = z1 in every region: there is no reference with a regular system.
    model = sw.PLRNN(others(M, 1.0, 0.5), np.zeros((M, M)), others(M, 0.0, 0.1))
    cycles = sw.find_cycles(model, 2, method="complete")
    assert len(cycles) == 0
    if cycles.complete_up_to < 2:
        assert M > 2
        assert "their systems are singular" in cycles.stopped
    else:
        assert len(cycles.continua) in (1, 2)
        assert {c.description for c in cycles.continua} == {"a line of fixed points"}


@pytest.mark.parametrize("method", ["complete", "auto"])
@pytest.mark.parametrize("M", [1, 2, 3])
def test_a_fixed_point_on_a_border(M, method):
    model = sw.PLRNN(np.full(M, 0.5), -2.0 * np.eye(M), np.zeros(M))
    cycles = sw.find_cycles(model, 3, method=method)
    (fixed_point,) = cycles
    assert fixed_point.on_border
    assert fixed_point.decided
    assert not fixed_point.points.any()
    assert not fixed_point.word.any()
    assert_proved(model, cycles)


@pytest.mark.parametrize("M", [1, 2, 3])
def test_a_two_cycle_on_a_border(M):
    # z1: 0 -> 1 -> 0, in the folds 1 - 2 z + relu(z) and contracting others.
    model = sw.PLRNN(others(M, -2.0, 0.5), np.diag(others(M, 1.0, 0.0)), others(M, 1.0, 0.1))
    cycles = sw.find_cycles(model, 2, method="complete")
    on_border = [cycle for cycle in cycles if cycle.on_border]
    (cycle,) = on_border
    assert cycle.order == 2
    np.testing.assert_allclose(np.sort(cycle.points[:, 0]), [0.0, 1.0])
    assert_proved(model, cycles)


# What stops it ------------------------------------------------------------------------------------


def test_more_pairs_than_it_takes():
    rng = np.random.default_rng(0)
    M = 40
    model = sw.PLRNN(np.full(M, 0.2), 0.01 * rng.normal(size=(M, M)), rng.normal(size=M))
    cycles = sw.find_cycles(model, 1, method="complete")
    assert cycles.complete_up_to == len(cycles) == 1
    order = LARGEST // M + 1
    known = replace(cycles, complete_up_to=order - 1)
    stopped = complete_cycles(model, order, known=known, cancel=new_flag(), expired=new_flag())
    assert stopped.complete_up_to == order - 1
    assert stopped.cycles == cycles.cycles
    assert stopped.stopped == (
        f"the enumeration takes no more than {LARGEST} pairs of time and unit in order {order}"
    )
