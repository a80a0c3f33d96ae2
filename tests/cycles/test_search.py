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
from scyfi_widgets.cycles.candidate import (
    TRUSTED_GROWTH,
    is_violent,
    new_workspace,
    solve_block_cyclic,
    solve_candidate,
)
from scyfi_widgets.cycles.path import begin_path, new_path, next_crossing
from scyfi_widgets.cycles.search import search_cycles
from scyfi_widgets.cycles.starts import start_from_cycle, start_from_orbit, start_from_word
from scyfi_widgets.cycles.visited import forget, is_full, new_word_set, remember, word_keys

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


def candidate(model, word, d, solve=solve_candidate, first=()):
    k, H = word.shape
    work = new_workspace(k, model.M, H)
    form = tuple(model.relu_form)
    identity = isinstance(model, sw.PLRNN)
    assert solve(form, identity, word, *first, d, work, FLAGS)
    return work


@pytest.mark.parametrize("size", SIZES)
def test_a_candidate_solves_its_equations(size):
    M, H, k = size
    model, rng = network(M, H, seed=4), np.random.default_rng(5)
    A, W1, W2, h1, h2 = model.relu_form
    word, d = rng.integers(0, 2, (k, H)).astype(np.uint8), rng.normal(size=M)
    work = candidate(model, word, d, first=(0,))
    block = candidate(model, word, d, solve=solve_block_cyclic)
    for done in (work, block):
        points, rates = done.points, done.rates
        images = points @ A.T + (word * (points @ W2.T + h2)) @ W1.T + h1
        np.testing.assert_allclose(images, np.roll(points, -1, axis=0), rtol=1e-8, atol=1e-8)
        images = rates @ A.T + (word * (rates @ W2.T)) @ W1.T
        images[-1] += d
        np.testing.assert_allclose(images, np.roll(rates, -1, axis=0), rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(work.values, work.points @ W2.T + h2, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(work.slopes, work.rates @ W2.T, rtol=1e-8, atol=1e-10)


def test_a_long_violent_candidate_keeps_its_digits():
    model, rng = network(4, 4, seed=6, gain=4.0), np.random.default_rng(7)
    A, W1, _, h1, _ = model.relu_form
    word, d = rng.integers(0, 2, (60, 4)).astype(np.uint8), rng.normal(size=4)
    work = candidate(model, word, d, first=(0,))
    assert is_violent(work.products)
    assert np.abs(work.products[-1]).max() > TRUSTED_GROWTH**2
    images = work.points @ A.T + (word * work.points) @ W1.T + h1
    size = np.abs(work.points).max()
    np.testing.assert_allclose(images, np.roll(work.points, -1, axis=0), rtol=0, atol=1e-10 * size)


# Curves -------------------------------------------------------------------------------------------


def begun(model, k, start, seed, *known):
    """A path that one of the starts began, its workspace, and its form."""
    form, identity = tuple(model.relu_form), isinstance(model, sw.PLRNN)
    work, path = new_workspace(k, model.M, model.H), new_path(k, model.M, model.H)
    state = np.array([seed], np.uint64)
    return start(form, identity, state, path, work, FLAGS, *known), path, work, form, identity


def pieces(path, work, form, identity):
    """Yield λ at both ends of every piece of a curve."""
    for left in range(path.border[2], 0, -1):
        before = path.line[0]
        path.border[2] = 1  # one piece at a time
        next_crossing(form, identity, path, work, FLAGS)
        if path.border[0] < 0 or path.line[0] == before:
            return  # to infinity, or back at its start
        yield before, path.line[0]
        path.border[2] = left - 1


@pytest.mark.parametrize("size", [(2, 2, 3), (3, 5, 4), (4, 4, 6)])
@pytest.mark.parametrize("start", [start_from_orbit, start_from_word])
def test_every_piece_of_a_curve_is_real(size, start):
    M, H, k = size
    model = network(M, H, seed=8)
    known = (new_word_set(64),) if start is start_from_word else ()
    seen = 0
    for seed in range(10):
        fine, path, *others = begun(model, k, start, seed, *known)
        for before, after in pieces(path, *others) if fine else ():
            middle, work = (before + after) / 2, others[0]
            points = work.points + middle * work.rates
            size = np.abs(points).max()
            if abs(after - before) * np.abs(work.rates).max() < 1e-6 * size:
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
    word = np.array([[1]], np.uint8)
    reached = set()
    for seed in range(10):
        _, path, work, form, identity = begun(model, 1, start_from_cycle, seed, word)
        while next_crossing(form, identity, path, work, FLAGS):
            reached.add(float(work.points[0, 0]))
    assert reached == {-1.0}


def test_a_closed_curve_ends_where_it_began():
    for seed in range(200):
        model = network(3, 3, seed, gain=2.0)
        fine, path, work, form, identity = begun(model, 3, start_from_orbit, seed)
        path.border[2] = 10_000
        while fine and next_crossing(form, identity, path, work, FLAGS):
            pass
        if fine and path.border[0] >= 0 and path.border[3] == 0:
            np.testing.assert_array_equal(path.word, path.first)
            return
    pytest.fail("no curve was closed")


def test_a_path_ends_at_a_word_without_a_candidate():
    model = sw.PLRNN([1.0], [[0.0]], [0.5])  # z' = z + 1/2
    path, work = new_path(1, 1, 1), new_workspace(1, 1, 1)
    path.word[:], path.d[:] = 0, 1.0
    begin_path(path, 1.0, -1.0)
    assert not next_crossing(tuple(model.relu_form), True, path, work, FLAGS)


# The whole ----------------------------------------------------------------------------------------


def test_all_cycles_of_the_tent_map_in_every_seed():
    for seed in range(20):
        counts = sw.find_cycles(tent_map(), 8, method="search", seed=seed).counts
        assert counts == {1: 2, 2: 1, 3: 2, 4: 3, 5: 6, 6: 9, 7: 18, 8: 30}


def test_it_never_claims_completeness():
    cycles = sw.find_cycles(tent_map(), 3, method="search")
    assert cycles.complete_up_to == 0
    assert cycles.statement == "search to order 3, not proved"


@pytest.mark.parametrize("size", [(50, 200), (60, 40), (3, 2000)])
def test_flags_are_seen_within_one_long_word(size):
    M, k = size
    rng = np.random.default_rng(9)
    model = sw.PLRNN(rng.uniform(-1, 1, M), rng.normal(size=(M, M)), rng.normal(size=M))
    form, word = tuple(model.relu_form), rng.integers(0, 2, (k, M)).astype(np.uint8)
    work, flag = new_workspace(k, M, M), new_flag()
    ended = []

    def solve_for_long():
        while solve_candidate(form, True, word, 0, np.ones(M), work, (flag, FLAGS[1])):
            pass
        ended.append(time.perf_counter())

    thread = threading.Thread(target=solve_for_long)
    thread.start()
    time.sleep(0.05)
    flag[0] = 1
    cancelled = time.perf_counter()
    thread.join()
    assert ended[0] - cancelled < 0.1


def test_either_flag_ends_the_search():
    for expired in (False, True):
        flags = {"cancel": new_flag(), "expired": new_flag()}
        flags["expired" if expired else "cancel"][0] = 1
        cycles = search_cycles(tent_map(), 3, seed=0, progress=None, **flags)
        assert (len(cycles), cycles.searched_up_to) == (0, 0)
