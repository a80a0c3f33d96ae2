"""The search: its memory, its curves, what it finds and when it stops."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.limits import Limits
from scyfi_widgets.cycles.search import search
from scyfi_widgets.cycles.search.block_elimination import solve_block_cyclic
from scyfi_widgets.cycles.search.candidate import (
    CALM,
    TRUSTED_GROWTH,
    UNSOLVED,
    VIOLENT,
    pack_weights,
    solve_candidate,
)
from scyfi_widgets.cycles.search.flip import flip
from scyfi_widgets.cycles.search.path import (
    LEFT,
    POINT,
    UNIT,
    Path,
    begin_path,
    new_path,
    pass_piece,
    turn_bit,
)
from scyfi_widgets.cycles.search.search import search_cycles
from scyfi_widgets.cycles.search.starts import begin_at_cycle, begin_at_orbit, draw_point
from scyfi_widgets.cycles.search.visited import forget, is_full, new_word_set, remember, word_keys

FLAGS = new_flag(), new_flag()
SIZES = [(1, 1, 1), (2, 3, 4), (5, 2, 7), (3, 8, 2), (1, 1, 3), (4, 4, 6)]


def network(M: int, H: int, seed: int, gain: float = 1.0) -> sw.Model:
    rng = np.random.default_rng(seed)
    if M == H:
        return sw.PLRNN(rng.uniform(-1, 1, M), gain * rng.normal(size=(M, M)), rng.normal(size=M))
    return sw.ShallowPLRNN(
        rng.uniform(-1, 1, M),
        gain * rng.normal(size=(M, H)),
        rng.normal(size=(H, M)),
        rng.normal(size=M),
        rng.normal(size=H),
    )


def tent_map() -> sw.PLRNN:
    return sw.PLRNN(A=[2.0], W=[[-4.0]], h=[1.0])


# Memory -------------------------------------------------------------------------------------------


@st.composite
def words(draw) -> np.ndarray:
    """A word of up to three repetitions of up to five regions of up to seventy bits."""
    H = draw(st.sampled_from([1, 2, 3, 31, 32, 33, 70]))
    letters = [draw(st.integers(0, 2**H - 1)) for _ in range(draw(st.integers(1, 3)))]
    base = draw(st.lists(st.sampled_from(letters), min_size=1, max_size=5))
    bits = [[letter >> j & 1 for j in range(H)] for letter in base]
    return np.array(bits * draw(st.integers(1, 3)), np.uint8)


@settings(deadline=None)
@given(words(), words())
def test_keys_of_words(word, other):
    rotations = [np.roll(word, -shift, axis=0) for shift in range(len(word))]
    key, cycle, repeats = word_keys(word)
    assert repeats == any(np.array_equal(word, rotated) for rotated in rotations[1:])
    for rotated in rotations:
        assert word_keys(rotated)[1:] == (cycle, repeats)
        assert (word_keys(rotated)[0] == key) == np.array_equal(word, rotated)
    same = word.shape == other.shape and any(np.array_equal(other, w) for w in rotations)
    if word.shape == other.shape:
        assert (word_keys(other)[1] == cycle) == same


def test_a_set_of_words_remembers_and_forgets():
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 2**64, 200, np.uint64, endpoint=False)
    remembered = new_word_set(256)
    assert not any(remember(remembered, key) for key in keys)
    assert all(remember(remembered, key) for key in keys)
    assert remembered.count[0] == 200
    forget(remembered)
    assert not remember(remembered, keys[0])


def test_a_full_set_takes_no_more():
    full = new_word_set(4)
    for key in range(1, 5):
        assert not is_full(full)
        assert not remember(full, np.uint64(key))
    assert is_full(full)
    assert not remember(full, np.uint64(5))
    assert not remember(full, np.uint64(5))
    assert remember(full, np.uint64(4))


# Candidates ---------------------------------------------------------------------------------------


def solve(model, path: Path, flags=FLAGS) -> int:
    """Solve for the candidate of the word and the shift that a path holds."""
    return solve_candidate(
        pack_weights(model.relu_form),
        isinstance(model, sw.PLRNN),
        path.word,
        path.d,
        path.maps,
        path.product,
        path.system,
        path.rows,
        path.lines,
        flags,
    )


def random_path(model, k: int, seed: int) -> Path:
    """A path with a random word and a random shift."""
    path, rng = new_path(k, model.M, model.H), np.random.default_rng(seed)
    path.word[:] = rng.integers(0, 2, path.word.shape)
    path.d[:] = rng.normal(size=model.M)
    return path


def assert_solved(model, path: Path, rtol: float = 1e-8) -> None:
    """The lines of a path satisfy the equations of its word, by plain NumPy."""
    A, W1, W2, h1, h2 = model.relu_form
    points, rates = path.lines[:, : model.M].transpose(2, 0, 1)
    size, rate_size = rtol * np.abs(points).max(), rtol * np.abs(rates).max()
    images = points @ A.T + (path.word * (points @ W2.T + h2)) @ W1.T + h1
    np.testing.assert_allclose(images, np.roll(points, -1, axis=0), rtol=0, atol=size)
    images = rates @ A.T + (path.word * (rates @ W2.T)) @ W1.T
    images[-1] += path.d
    np.testing.assert_allclose(images, np.roll(rates, -1, axis=0), rtol=0, atol=rate_size)
    values, slopes = path.lines[:, model.M :].transpose(2, 0, 1)
    np.testing.assert_allclose(values, points @ W2.T + h2, rtol=0, atol=10 * size)
    np.testing.assert_allclose(slopes, rates @ W2.T, rtol=0, atol=10 * rate_size)


@pytest.mark.parametrize("size", SIZES)
def test_a_candidate_solves_its_equations(size):
    M, H, k = size
    model = network(M, H, seed=4)
    path = random_path(model, k, seed=5)
    assert solve(model, path) == CALM
    assert_solved(model, path)
    calm = path.lines.copy()
    assert solve_block_cyclic(path.maps, path.d, path.rows, path.lines, FLAGS)
    np.testing.assert_allclose(path.lines[:, :M], calm[:, :M], rtol=1e-7, atol=1e-9)


def test_a_long_violent_candidate_keeps_its_digits():
    model = network(4, 4, seed=6, gain=4.0)
    path = random_path(model, 60, seed=7)
    assert solve(model, path) == VIOLENT
    P = np.linalg.multi_dot(path.maps[::-1, :, :-1])
    assert np.abs(P).max() > TRUSTED_GROWTH**2
    assert_solved(model, path, rtol=1e-10)


@pytest.mark.parametrize("size", SIZES)
def test_flips_are_as_good_as_solves(size):
    M, H, k = size
    model, rng = network(M, H, seed=4), np.random.default_rng(6)
    path = random_path(model, k, seed=5)
    assert solve(model, path) == CALM
    flipped = 0
    for _ in range(20):
        path.border[POINT], path.border[UNIT] = rng.integers(k), rng.integers(H)
        path.word[path.border[POINT], path.border[UNIT]] ^= 1
        if flip_bit(model, path):
            assert_solved(model, path, rtol=1e-6)
            flipped += 1
        else:
            solve(model, path)
    assert flipped > 10


def flip_bit(model, path: Path) -> bool:
    return flip(
        pack_weights(model.relu_form),
        isinstance(model, sw.PLRNN),
        path.word,
        path.border,
        path.maps,
        path.system,
        path.answer,
        path.left,
        path.lines,
    )


def test_a_flip_to_a_singular_system_is_refused():
    model = sw.PLRNN([0.5], [[0.5]], [1.0])  # z' = z + 1 where z > 0
    path = new_path(1, 1, 1)
    path.d[:] = 1.0
    assert solve(model, path) == CALM
    path.border[POINT], path.border[UNIT], path.word[:] = 0, 0, 1
    assert not flip_bit(model, path)
    assert solve(model, path) == UNSOLVED


# Curves -------------------------------------------------------------------------------------------


def begun_at_orbit(model, k: int, seed: int) -> Path | None:
    """A path at the orbit of a random point, or None where that leaves all bounds."""
    path, state = new_path(k, model.M, model.H), np.array([seed], np.uint64)
    weights, identity = pack_weights(model.relu_form), isinstance(model, sw.PLRNN)
    draw_point(weights, identity, state, path.word, path.maps, path.system, path.d)
    rest = path.word, path.first, path.d, path.line, path.border, path.lines, FLAGS
    return path if begin_at_orbit(weights, state, *rest) else None


def pieces(model, path: Path):
    """Yield λ at both ends of every piece of a curve, and whether λ = 0 was crossed."""
    while turn_bit(path.word, path.first, path.border) and solve(model, path) != UNSOLVED:
        before = path.line[0]
        crossed = pass_piece(path.word, path.lines, path.line, path.border)
        yield before, path.line[0], crossed


@pytest.mark.parametrize("size", [(2, 2, 3), (3, 5, 4), (4, 4, 6)])
def test_every_piece_of_a_curve_is_real(size):
    M, H, k = size
    model = network(M, H, seed=8)
    seen = 0
    for seed in range(10):
        path = begun_at_orbit(model, k, seed)
        for before, after, _ in pieces(model, path) if path else ():
            if path.border[POINT] < 0 or after == before:
                break  # to infinity, or λ has no digits left: the orbit went too far
            middle = (before + after) / 2
            points, rates = path.lines[:, :M].transpose(2, 0, 1)
            points = points + middle * rates
            size = np.abs(points).max()
            if abs(after - before) * np.abs(rates).max() < 1e-6 * size:
                continue  # too short to tell its middle from its ends
            images = model.step(points)
            images[-1] += middle * path.d
            np.testing.assert_array_equal(model.region(points), path.word)
            np.testing.assert_allclose(
                images, np.roll(points, -1, axis=0), rtol=0, atol=1e-9 * max(size, 1.0)
            )
            seen += 1
    assert seen > 20


def test_a_curve_from_a_cycle_leads_to_the_other_fixed_point():
    # z' = 1 - 2 |z| has the fixed points -1 and 1/3, and z' = 1 - 2 |z| + λ d bends from one to
    # the other at the border.
    model = tent_map()
    reached = set()
    for seed in range(10):
        path, state = new_path(1, 1, 1), np.array([seed], np.uint64)
        weights = pack_weights(model.relu_form)
        draw_point(weights, True, state, path.word, path.maps, path.system, path.d)
        known = np.array([[1]], np.uint8)
        begin_at_cycle(state, known, path.word, path.first, path.line, path.border)
        for _, _, crossed in pieces(model, path):
            if crossed:
                reached.add(float(path.lines[0, 0, 0]))
    assert reached == {-1.0}


def test_a_closed_curve_ends_where_it_began():
    for seed in range(200):
        model = network(3, 3, seed, gain=2.0)
        path = begun_at_orbit(model, 3, seed)
        if path is None:
            continue
        path.border[LEFT] = 10_000
        for _ in pieces(model, path):
            pass
        if path.border[POINT] >= 0 and (path.word == path.first).all():
            return
    pytest.fail("no curve was closed")


def test_a_path_ends_at_a_word_without_a_candidate():
    model = sw.PLRNN([1.0], [[0.0]], [0.5])  # z' = z + 1/2
    path = new_path(1, 1, 1)
    path.d[:] = 1.0
    begin_path(path.word, path.first, path.line, path.border, 1.0, -1.0)
    assert not list(pieces(model, path))


# The whole ----------------------------------------------------------------------------------------


def test_all_cycles_of_the_tent_map_in_every_seed():
    for seed in range(20):
        counts = sw.find_cycles(tent_map(), 8, method="search", seed=seed).counts
        assert counts == {1: 2, 2: 1, 3: 2, 4: 3, 5: 6, 6: 9, 7: 18, 8: 30}


def test_it_never_claims_completeness():
    cycles = sw.find_cycles(tent_map(), 3, method="search")
    assert cycles.complete_up_to == 0
    assert cycles.statement == "search to order 3, not proved"


def test_more_cycles_than_there_is_room_for_at_first(monkeypatch):
    counts = sw.find_cycles(tent_map(), 8, method="search").counts
    monkeypatch.setattr(search, "FIRST_CAPACITY", 2)
    assert sw.find_cycles(tent_map(), 8, method="search").counts == counts


@pytest.mark.parametrize("size", [(50, 50, 200), (50, 200, 20)])
@pytest.mark.parametrize("gain", [0.1, 5.0])  # calm and violent
def test_flags_are_seen_in_time(size, gain):
    M, H, k = size
    model, flags = network(M, H, seed=9, gain=gain / np.sqrt(M)), (new_flag(), new_flag())
    lower, ended = np.empty((0, k, H), np.uint8), []

    def search_for_long():
        _, finished = search._follow_curves(model.relu_form, k, 0, lower, Limits(*flags))
        ended.append((finished, time.perf_counter()))

    none = np.empty((0, 1, 1), np.uint8)
    search._follow_curves(tent_map().relu_form, 1, 0, none, Limits(*FLAGS))
    thread = threading.Thread(target=search_for_long)
    thread.start()
    time.sleep(0.2)
    flags[0][0] = 1
    cancelled = time.perf_counter()
    thread.join()
    assert not ended[0][0]
    assert ended[0][1] - cancelled < 0.1  # 0.01 s, and other processes on the machine


def test_either_flag_ends_the_search():
    for expired in (False, True):
        flags = {"cancel": new_flag(), "expired": new_flag()}
        flags["expired" if expired else "cancel"][0] = 1
        cycles = search_cycles(tent_map(), 3, seed=0, progress=None, **flags)
        assert (len(cycles), cycles.searched_up_to) == (0, 0)
