"""Words to cycles: precision of points, borders, continua, and what is left out."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles import Cycle
from scyfi_widgets.cycles.continuum import Continuum
from scyfi_widgets.cycles.exact.word import exact_word
from scyfi_widgets.cycles.solving import solve
from scyfi_widgets.cycles.solving.block_cyclic import factor_cycle, solve_cycle
from scyfi_widgets.cycles.solving.doubled import two_product, two_sum
from scyfi_widgets.cycles.solving.solve import (
    Undecided,
    cycles_of_words,
    exact_seconds,
    one_step_residual,
    solve_closed_regions,
    solve_words,
)

CASES = json.loads((Path(__file__).parents[2] / "data/cycle_cases.json").read_text())["cases"]
LOZI = sw.PLRNN([[1.7, 1.0], [0.5, 0.0]], [[-3.4, 0.0], [0.0, 0.0]], [1.0, 0.0])


def near_returns(model: sw.Model, order: int, number: int) -> np.ndarray:
    """Return words of the orbit segments that come closest to where they began."""
    orbit = model.orbit(np.full(model.M, 0.1), 40_000)[500:]
    gaps = np.abs(orbit[order:] - orbit[:-order]).max(axis=1)
    return np.stack([model.region(orbit[i : i + order]) for i in np.argsort(gaps)[:number]])


def violent_network(seed: int, M: int) -> sw.PLRNN:
    """Return the random network of a seed; those used here are chaotic."""
    rng = np.random.default_rng(seed)
    return sw.PLRNN(rng.uniform(-1, 1, M), 1.5 * rng.normal(size=(M, M)), rng.normal(size=M))


# Doubled precision and the block-cyclic system ---------------------------------------------------


@settings(deadline=None)
@given(*[st.floats(-1e100, 1e100).filter(lambda x: x == 0 or abs(x) > 1e-100)] * 2)
def test_sums_and_products_lose_nothing(a, b):
    for result, exact in (
        (two_sum(a, b), Fraction(a) + Fraction(b)),
        (two_product(a, b), Fraction(a) * Fraction(b)),
    ):
        assert sum(map(Fraction, result)) == exact


def solved(jacobians, shifts):
    """Return the points (k, M) of the compiled solver, or None."""
    k, M = shifts.shape
    panels, inverses, weights = np.empty((k, 2 * M, 3 * M)), np.empty((k, M)), np.empty((k, M))
    if not factor_cycle(jacobians, panels, inverses, weights, np.empty(3 * M), new_flag()):
        return None
    points = np.empty((k, M))
    solve_cycle(panels, inverses, weights, shifts, points, np.empty(2 * M))
    return points


def dense(jacobians, shifts):
    """Return the points from the dense system of all points, by LAPACK."""
    k, M = shifts.shape
    system, here = np.zeros((k, M, k, M)), np.arange(k)
    system[here, :, here, :] -= jacobians
    system[here, :, (here + 1) % k, :] += np.eye(M)
    return np.linalg.solve(system.reshape(k * M, k * M), shifts.ravel()).reshape(k, M)


@pytest.mark.parametrize(("k", "M"), [(1, 1), (1, 4), (2, 1), (2, 3), (8, 2), (60, 2), (9, 7)])
@pytest.mark.parametrize("gain", [0.1, 1.0, 10.0])
def test_the_structured_solver_against_the_dense_one(k, M, gain):
    rng = np.random.default_rng([k, M])
    jacobians, shifts = gain * rng.normal(size=(k, M, M)), rng.normal(size=(k, M))
    points = solved(jacobians, shifts)
    expected = dense(jacobians, shifts)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(points, expected, rtol=0, atol=1e-12 * scale)
    images = (jacobians @ points[..., None])[..., 0] + shifts
    assert np.abs(images - np.roll(points, -1, axis=0)).max() <= 1e-14 * gain * k * M * scale


def test_the_structured_solver_refuses_what_it_cannot_solve():
    assert solved(np.array([[[1.0]]]), np.array([[1.0]])) is None
    assert solved(np.array([[[np.nan]], [[1.0]]]), np.ones((2, 1))) is None


# Precision ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_one_step_residuals_of_the_published_cycles(case):
    model = getattr(sw, case["model"])(**case["parameters"])
    for order, count in case["counts"].items():
        cycles = set(cycles_of_words(model.relu_form, visited_words(model, int(order))))
        if order == "1" or count:
            assert len(cycles) == count
        for cycle in cycles:
            scale = np.abs(cycle.points).max()
            images = model.step(cycle.points)
            assert np.abs(images - np.roll(cycle.points, -1, axis=0)).max() <= 1e-12 * scale
            assert cycle.residual <= 1e-12 * scale
            assert cycle.decided
            exact = exact_word(model.relu_form, cycle.word)
            np.testing.assert_array_equal(cycle.points, exact.points)


def visited_words(model: sw.Model, order: int) -> np.ndarray:
    """Return all words that candidates visit when each gives the next word, from orbits' words."""
    A, W1, W2, h1, h2 = model.relu_form
    words = {}
    for start in 2 * np.random.default_rng(0).normal(size=(60, model.M)):
        word = model.region(model.orbit(start, order)[:-1])
        while word.tobytes() not in words:
            words[word.tobytes()] = word
            points = dense(A + (W1 * word[:, None, :]) @ W2, h1 + (word * h2) @ W1.T)
            word = model.region(points)
    return np.array(list(words.values()))


@pytest.mark.parametrize(
    ("model", "order"),
    [(LOZI, 200), (LOZI, 320), (violent_network(7, 4), 240), (violent_network(234, 3), 240)],
    ids=["Lozi 200", "Lozi 320", "four units", "three units"],
)
def test_long_and_violent_cycles_are_right_in_every_digit(model, order):
    cycles = cycles_of_words(model.relu_form, near_returns(model, order, 20))
    violent = list(dict.fromkeys(c for c in cycles if c.spectral_radius > 1e30))
    assert violent
    for cycle in violent[:3]:
        exact = exact_word(model.relu_form, cycle.word)
        assert exact.kind == "cycle"
        scale = np.abs(cycle.points).max()
        np.testing.assert_allclose(cycle.points, exact.points, rtol=0, atol=1e-15 * scale)
        assert abs(cycle.margin - exact.margin) <= cycle.margin_error < 1e-15 * scale
        assert cycle.residual <= 1e-14 * scale
        assert cycle.decided
        assert cycle.stability == "saddle"
        # Going round by the product would have lost everything.
        assert cycle.spectral_radius > 1e30


def test_virtual_neighbours_of_violent_cycles_are_refused():
    word = cycles_of_words(LOZI.relu_form, near_returns(LOZI, 200, 5))[0].word
    rng = np.random.default_rng(0)
    flipped = np.array([word] * 100)
    flipped[np.arange(100), rng.integers(200, size=100), rng.integers(2, size=100)] ^= True
    for word, result in zip(flipped, solve_words(LOZI.relu_form, flipped), strict=True):
        assert (result is not None) == exact_word(LOZI.relu_form, word).real


@st.composite
def networks_and_words(draw):
    """A network of any architecture and gain with random words of one order."""
    M, k = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    gain = draw(st.sampled_from([0.5, 2.0, 30.0, 1e5]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    if draw(st.booleans()):
        model = sw.PLRNN(rng.uniform(-1, 1, M), gain * rng.normal(size=(M, M)), rng.normal(size=M))
    else:
        H = draw(st.integers(1, 5))
        model = sw.ShallowPLRNN(
            rng.uniform(-1, 1, M),
            gain * rng.normal(size=(M, H)),
            rng.normal(size=(H, M)),
            rng.normal(size=M),
            rng.normal(size=H),
        )
    return model, rng.integers(0, 2, (20, k, model.H)).astype(bool)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(networks_and_words())
def test_exact_arithmetic_agrees(given_):
    model, words = given_
    for word, result in zip(words, solve_words(model.relu_form, words), strict=True):
        exact = exact_word(model.relu_form, word)
        assert (result is not None) == (exact.real and exact.minimal)
        if result is not None:
            exact = exact_word(model.relu_form, result.word)
            np.testing.assert_array_equal(result.points, exact.points)
            assert abs(result.margin - exact.margin) <= result.margin_error
            assert result.decided
            P = np.linalg.multi_dot([np.eye(model.M), *model.jacobian(result.points)[::-1]])
            radius = np.abs(np.linalg.eigvals(P)).max()
            assert result.spectral_radius == pytest.approx(radius, rel=1e-6, abs=1e-6)
            assert result.residual == pytest.approx(
                one_step_residual(model.relu_form, result.word, result.points), rel=1e-6, abs=1e-30
            )


def test_a_network_at_the_edge_of_a_real_cycle():
    # The fixed point of the second unit is at its bias over 0.5: as close to the border as wanted.
    for margin in (1e-15, 1e-30, 1e-200):
        model = sw.PLRNN([0.5, 0.5], [[0.0, -1.0], [1.0, 0.0]], [1.0, -2.0 + 0.0])
        model = model.replace({"W[1,0]": 0.0, "h[1]": margin})
        (cycle,) = cycles_of_words(model.relu_form, np.ones((1, 1, 2), bool))
        assert cycle.margin == pytest.approx(2 * margin, rel=1e-14)
        assert cycle.decided
        assert not cycle.on_border
        assert cycles_of_words(model.relu_form, np.array([[[1, 0]]], bool)) == []


# Borders, continua, doubts -----------------------------------------------------------------------


def test_a_cycle_on_a_border_is_kept_once_and_says_so():
    model = sw.PLRNN([0.5, 0.5], [[0.0, 1.0], [0.0, 0.25]], [1.0, 0.0])
    words = np.array([[[1, 0]], [[1, 1]]], bool)
    on, other = solve_words(model.relu_form, words)
    assert other is None
    assert on.on_border
    assert on.decided
    assert (on.margin, on.margin_error) == (0.0, 0.0)
    assert "on a border" in repr(on)


def test_continua_are_named_and_spoil_no_other_word():
    # z' = z for z > 0 and z' = z/2 below: a continuum of fixed points above, and one at 0.
    model = sw.PLRNN([0.5], [[0.5]], [0.0])
    line, point = solve_words(model.relu_form, np.array([[[1]], [[0]]], bool))
    assert isinstance(line, Continuum)
    assert (line.order, line.dimension, line.word_text) == (1, 1, "1")
    assert repr(line) == "<a line of fixed points>"
    assert line.points[0, 0] > 0
    assert isinstance(point, Cycle)
    assert point.on_border
    assert cycles_of_words(model.relu_form, np.array([[[1]], [[0]]], bool)) == [point]


def test_two_cycles_around_a_fixed_point():
    model = sw.PLRNN([-2.0], [[1.0]], [1.0])
    (family,) = solve_words(model.relu_form, np.ones((1, 2, 1), bool))
    assert repr(family) == "<a line of 2-cycles around a fixed point (an eigenvalue is -1)>"
    np.testing.assert_array_equal(model.step(family.points), family.points[::-1])
    assert solve_words(model.relu_form, np.ones((1, 4, 1), bool)) == [None]
    (point,) = solve_words(model.relu_form, np.ones((1, 1, 1), bool))
    assert point.stability == "neutral"
    assert family != point


def test_an_eigenvalue_minus_one_is_not_taken_for_a_regular_system():
    # Found by `verify`: a probe with signs that alternate meets nothing of this singular system.
    model = sw.ShallowPLRNN(
        A=[0.0, -2.0],
        W1=[[-1.0, -2.0], [1.0, 1.0]],
        W2=[[2.0, 0.0], [0.0, 1.0]],
        h1=[-2.0, 2.0],
        h2=[2.0, 1.0],
    )
    (family,) = solve_words(model.relu_form, np.array([[[0, 1], [0, 1]]], bool))
    assert isinstance(family, Continuum)
    cycles = sw.find_cycles(model, 4, method="complete")
    assert family in cycles.continua
    assert cycles.complete_up_to == 4
    assert sw.verify(model, cycles).ok


@pytest.mark.parametrize("M", [1, 2, 3, 5])
@pytest.mark.parametrize("turns", [2, 3, 4, 6])
def test_every_rotation_by_a_root_of_unity_is_singular_once_around(M, turns):
    rng = np.random.default_rng([M, turns])
    for _ in range(20):
        if turns == 2 or M == 1:
            turns, jacobian = 2, np.diag(np.where(np.arange(M) == M - 1, -1.0, rng.normal(size=M)))
        else:
            turn = {3: [[0, -1], [1, -1]], 4: [[0, -1], [1, 0]], 6: [[0, -1], [1, 1]]}[turns]
            jacobian = np.diag(rng.normal(size=M))
            jacobian[-2:, -2:] = turn
        model = sw.PLRNN(jacobian, np.zeros((M, M)), (np.eye(M) - jacobian) @ np.ones(M))
        (found,) = solve_words(model.relu_form, np.ones((1, turns, M), bool))
        exact = exact_word(model.relu_form, np.ones((turns, M), bool))
        assert exact.kind == "singular consistent"
        assert isinstance(found, Continuum) == exact.real


def test_solutions_on_borders_lead_to_their_own_word():
    model = sw.PLRNN([0.5, 0.5], [[0.0, 1.0], [0.0, 0.25]], [1.0, 0.0])
    (on,) = solve_closed_regions(model.relu_form, np.array([[[1, 1]]], bool))
    assert on.on_border
    assert on.word.tolist() == [[True, False]]
    # Fixed points everywhere on z2 = 0, the border of a region that has the bit 1 there.
    model = sw.PLRNN([1.0, 0.5], [[0.0, 0.0], [0.0, 0.25]], [0.0, 0.0])
    lines = solve_closed_regions(model.relu_form, np.array([[[0, 1]], [[1, 1]]], bool))
    assert {line.word_text for line in lines} == {"00", "10"}
    assert all(isinstance(line, Continuum) for line in lines)


def test_continua_outside_their_regions_and_contradictions_are_left_out():
    model = sw.PLRNN([1.0, 0.5], np.zeros((2, 2)), [0.0, 1.0])
    assert solve_words(model.relu_form, np.zeros((1, 1, 2), bool)) == [None]
    assert solve_words(sw.PLRNN([0.5], [[0.5]], [1.0]).relu_form, np.ones((1, 1, 1), bool)) == [
        None
    ]


def test_words_that_repeat_a_shorter_one_are_left_out():
    tent = sw.PLRNN([2.0], [[-4.0]], [1.0])
    words = np.array([[0, 1, 0, 1], [1, 1, 1, 1], [0, 1, 1, 1]], bool)[..., None]
    assert [result is not None for result in solve_words(tent.relu_form, words)] == [0, 0, 1]


def test_numbers_beyond_a_double_are_solved_exactly():
    tent = sw.PLRNN([1e200], [[-2e200]], [1.0])
    words = np.array([[[0], [0], [1]], [[0], [1], [1]]], bool)
    cycles = cycles_of_words(tent.relu_form, words)
    assert len(cycles) == 2
    for cycle in cycles:
        assert np.isinf(cycle.spectral_radius)
        assert cycle.log_moduli[0] == pytest.approx(600 * np.log(10))
        assert cycle.stability == "unstable"
        assert repr(cycle) == "<unstable 3-cycle, largest |λ| 1e+600>"


def test_what_is_too_large_for_exact_arithmetic_stays_open(monkeypatch):
    monkeypatch.setattr(solve, "LONGEST_EXACT", 0.0)
    line = sw.PLRNN([0.5], [[0.5]], [0.0])
    open_, border = solve_words(line.relu_form, np.array([[[1]], [[0]]], bool))
    assert isinstance(open_, Undecided)
    assert "singular" in open_.why
    assert isinstance(border, Cycle)
    assert not border.decided
    assert not border.on_border
    assert "not decided" in repr(border)


@pytest.mark.parametrize(("M", "k"), [(2, 10), (2, 300), (10, 20), (30, 1)])
def test_the_time_of_exact_arithmetic_is_known_roughly(M, k):
    word = np.random.default_rng(0).integers(0, 2, (k, M))
    model = violent_network(0, M)
    started = time.process_time()
    exact_word(model.relu_form, word)
    seconds = time.process_time() - started
    assert seconds / 4 < exact_seconds(model.relu_form, k) < 20 * seconds


@pytest.mark.parametrize(("M", "k"), [(2, 60), (5, 20), (10, 8)])
def test_the_time_of_a_continuum_is_known_roughly(M, k):
    rng = np.random.default_rng(0)
    A, W, h = rng.uniform(-1, 1, M), rng.normal(size=(M, M)), rng.normal(size=M)
    A[-1], W[-1], h[-1] = 1.0, 0.0, 0.0
    model, word = sw.PLRNN(A, W, h), rng.integers(0, 2, (k, M))
    started = time.process_time()
    assert exact_word(model.relu_form, word).kind == "singular consistent"
    seconds = time.process_time() - started
    assert seconds / 4 < exact_seconds(model.relu_form, k, singular=True) < 60 * seconds


def test_a_flag_ends_exact_arithmetic(monkeypatch):
    monkeypatch.setattr(solve, "LONGEST_EXACT", np.inf)
    model = sw.PLRNN(np.ones(40), 0.01 * np.ones((40, 40)), np.zeros(40))  # singular, takes seconds
    word = np.random.default_rng(0).integers(0, 2, (1, 20, 40)).astype(bool)
    flag, times = new_flag(), []

    def stop():
        times.append(time.perf_counter())
        flag[0] = 1

    solve.compile_solve()
    timer = threading.Timer(0.2, stop)
    timer.start()
    (left,) = solve_words(model.relu_form, word, cancel=flag)
    timer.join()
    assert left.why == "cancelled"
    assert time.perf_counter() - times[0] < 0.25  # 10 ms, where nothing else runs


def test_a_flag_ends_the_work():
    flag = new_flag()
    flag[0] = 1
    results = solve_words(LOZI.relu_form, np.ones((3, 4, 2), bool), cancel=flag)
    assert all(isinstance(result, Undecided) and result.why == "cancelled" for result in results)


def test_all_kernels_are_compiled_ahead(tmp_path):
    code = (
        "import numpy as np, scyfi_widgets as sw\n"
        "from scyfi_widgets.cycles.solving import refine, solve, spectrum\n"
        "solve.compile_solve()\n"
        "kernels = [solve.rotate_words, solve.judge_words, refine.residual_of_points,\n"
        "           spectrum.write_spectra, spectrum.sort_spectra]\n"
        "before = [len(kernel.signatures) for kernel in kernels]\n"
        "assert all(before)\n"
        "model = sw.ShallowPLRNN([1.0], [[0.0, 0.0]], [[1.0], [-1.0]], [0.0], [0.0, 0.0])\n"
        "solve.solve_words(model.relu_form, np.zeros((1, 1, 2), bool))\n"
        "tent = sw.PLRNN([2.0], [[-4.0]], [1.0])\n"
        "word = np.array([[[0, 0]], [[1, 0]], [[1, 0]]])[:, 0, :1]\n"
        "assert solve.cycles_of_words(tent.relu_form, word[None].astype(bool))\n"
        "assert before == [len(kernel.signatures) for kernel in kernels], before\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


# Words -------------------------------------------------------------------------------------------


def test_virtual_words_are_left_out():
    model = sw.PLRNN([0.5, 0.5], [[0, -1], [1, 0]], [1.0, 1.0])
    words = np.array([[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]], bool)
    kept = cycles_of_words(model.relu_form, words)
    assert [cycle.word.tolist() for cycle in kept] == [[[False, True]]]
    np.testing.assert_allclose(kept[0].points, [[-2.0, 2.0]], rtol=1e-15)


def test_no_words():
    form = sw.PLRNN([0.5], [[0.5]], [0.0]).relu_form
    assert cycles_of_words(form, np.empty((0, 3, 1), bool)) == []


def test_word_and_points_are_in_canonical_rotation():
    model = sw.PLRNN([2.0], [[-4.0]], [1.0])
    for shift in range(3):
        word = np.roll([[False], [True], [True]], shift, axis=0)
        (cycle,) = cycles_of_words(model.relu_form, word[None])
        assert cycle.word.tolist() == [[False], [True], [True]]
        np.testing.assert_allclose(cycle.points, [[-3 / 7], [1 / 7], [5 / 7]], rtol=1e-14)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=9), st.integers(1, 3))
def test_rotations_and_periods(letters, times):
    word = np.array([[n >> 1, n & 1] for n in letters * times], bool)
    rotated, periods = np.empty((1, *word.shape), np.uint8), np.empty(1, np.int64)
    solve.rotate_words(word[None].view(np.uint8), rotated, periods)
    rotations = [np.roll(word, -shift, axis=0).tobytes() for shift in range(len(word))]
    assert rotated.tobytes() == min(rotations)
    assert periods[0] == len(set(rotations))
