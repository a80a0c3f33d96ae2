"""SCYFI step by step against the complete set."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.widgets.teaching.search import (
    LIMIT,
    MOST_STARTS,
    REAL,
    RETURNS,
    UNSOLVED,
    candidate,
    read_word,
    region_map,
    search_steps,
    word_map,
)


def network(M: int, seed: int) -> sw.PLRNN:
    rng = np.random.default_rng(seed)
    return sw.PLRNN(rng.uniform(-0.5, 0.5, M), 0.9 * rng.normal(size=(M, M)), rng.normal(size=M))


def shallow(seed: int) -> sw.ShallowPLRNN:
    rng = np.random.default_rng(seed)
    return sw.ShallowPLRNN(
        rng.uniform(-0.5, 0.5, 2), *(rng.normal(size=s) for s in ((2, 4), (4, 2), 2, 4))
    )


CASES = [
    (sw.systems.sixteen_cycle(), 1),
    (sw.systems.sixteen_cycle(), 16),
    (sw.systems.lozi_map(), 4),
    (sw.systems.two_cycle(), 2),
    (sw.systems.skew_tent_map(), 3),
    (sw.systems.tent_map(0.8), 4),
    (network(3, 1), 2),
    (network(5, 2), 3),
    (shallow(3), 2),
]


@pytest.mark.parametrize(("model", "order"), CASES)
def test_every_real_candidate_is_a_cycle_of_the_complete_set(model, order):
    cycles = {cycle.key: cycle for cycle in sw.find_cycles(model, order)}
    for seed in range(3):
        for step in search_steps(model, order, seed=seed, starts=12):
            if not step.real:
                continue
            cycle = cycles[step.key]
            assert order % cycle.order == 0
            assert cycle.order == step.order
            distances = np.abs(step.points[:, None] - cycle.points).max(axis=2).min(axis=1)
            assert distances.max() < 1e-9 * max(1.0, np.abs(cycle.points).max())


@pytest.mark.parametrize(("model", "order"), CASES)
def test_every_cycle_is_found_from_its_own_word_in_one_step(model, order):
    for cycle in sw.find_cycles(model, order):
        step, *others = search_steps(model, cycle.order, word=cycle.word)
        assert others == []
        assert step.real
        assert step.key == cycle.key
        assert np.allclose(step.points, cycle.points, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("model", "order"), CASES)
def test_a_step_is_what_it_says(model, order):
    steps = search_steps(model, order, seed=1, starts=6)
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        assert step.word.shape == (order, model.H)
        P, c = word_map(model, step.word)
        if step.end == UNSOLVED:
            assert step.points is None
            continue
        z = step.points[0]
        assert np.allclose(P @ z + c, z, atol=1e-7 * max(1.0, np.abs(step.points).max()))
        for t, region in enumerate(step.word):
            J, shift = region_map(model, region)
            next_point = step.points[(t + 1) % order]
            assert np.allclose(J @ step.points[t] + shift, next_point, rtol=1e-7, atol=1e-7)
        assert np.array_equal(step.regions, model.region(step.points))
        assert step.real == np.array_equal(step.regions, step.word)
        if step.end is None:
            assert after.start == step.start
            assert np.array_equal(after.word, step.regions)
        elif after is not None:
            assert after.start == step.start + 1
        if step.end == RETURNS:
            before = steps[step.returns_to - 1]
            assert before.start == step.start
            assert np.array_equal(before.word, step.regions)


def test_a_search_that_goes_in_circles_starts_anew():
    circles = [
        step
        for seed in range(30)
        for step in search_steps(network(4, seed), 2, seed=seed, starts=4)
        if step.end == RETURNS
    ]
    assert circles
    assert all(step.returns_to < step.number for step in circles)


def test_the_same_seed_gives_the_same_steps_and_more_starts_change_none():
    model = sw.systems.lozi_map()
    some, more = (search_steps(model, 3, seed=4, starts=starts) for starts in (2, 5))
    assert more[-1].start == 5
    for one, other in zip(some, more, strict=False):
        assert np.array_equal(one.word, other.word)
        assert one.end == other.end
    others = search_steps(model, 3, seed=5, starts=5)
    assert any(not np.array_equal(a.word, b.word) for a, b in zip(more, others, strict=False))


def test_a_word_without_a_candidate():
    identity = sw.PLRNN(A=[1.0, 0.5], W=np.zeros((2, 2)), h=[0.1, 0.2])
    assert candidate(identity, np.zeros((1, 2), bool)) is None
    (step,) = search_steps(identity, 1, word="00")
    assert (step.points, step.regions, step.end) == (None, None, UNSOLVED)
    assert "unsolved" in repr(step)


def test_steps_of_one_start_are_bounded(monkeypatch):
    monkeypatch.setattr("scyfi_widgets.widgets.teaching.search.MOST_IN_START", 1)
    step = search_steps(sw.systems.sixteen_cycle(), word="00")[0]
    assert step.end == LIMIT


@pytest.mark.parametrize("word", ["01 11", [[0, 1], [1, 1]], np.array([[False, True], [True] * 2])])
def test_words_are_read(word):
    assert np.array_equal(read_word(word, 2, 2), [[False, True], [True, True]])
    assert read_word([1, 0], 1, 2).tolist() == [[True, False]]


@pytest.mark.parametrize(
    "word", ["01", "011 111", "01 1", "ab cd", [[0, 2], [1, 1]], [[0, 1], [1]]]
)
def test_a_wrong_word_is_refused(word):
    with pytest.raises(ValueError, match="word must be 2 regions of 2 bits each"):
        read_word(word, 2, 2)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"order": 0}, "order"), ({"seed": -1}, "seed"), ({"starts": 0}, "starts")],
)
def test_wrong_numbers_are_refused(wrong, error):
    with pytest.raises(ValueError, match=error):
        search_steps(sw.systems.lozi_map(), **wrong)
    with pytest.raises(ValueError, match=f"at most {MOST_STARTS}"):
        search_steps(sw.systems.lozi_map(), starts=MOST_STARTS + 1)


def test_the_known_walk_of_the_sixteen_cycle_network():
    """00 and 10 have virtual fixed points; the third guess is the real one."""
    model = sw.systems.sixteen_cycle()
    steps = search_steps(model, word="00")
    assert [step.end for step in steps] == [None, None, REAL]
    a1, a2 = model["A"]
    h1, h2 = model["h"]
    assert np.allclose(steps[0].points, [[h1 / (1 - a1), h2 / (1 - a2)]])
    assert [str(step.word.astype(int)) for step in steps] == ["[[0 0]]", "[[1 0]]", "[[1 1]]"]
