"""The branch and bound of one order: it loses no word, its tree says so, and its limits hold."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.branching.branch import LARGEST, Branching, branch
from scyfi_widgets.cycles.exact.word import exact_word
from scyfi_widgets.cycles.proof.certificate import UNDECIDED
from scyfi_widgets.cycles.words import least_rotation

NO_LIMIT = 10**12
WANTED = 1e3


def run(
    form, order, *, radius_wanted=WANTED, node_limit=NO_LIMIT, cancel=None, expired=None
) -> Branching:
    return branch(
        form,
        order,
        radius_wanted=radius_wanted,
        node_limit=node_limit,
        cancel=new_flag() if cancel is None else cancel,
        expired=new_flag() if expired is None else expired,
    )


def network(M: int, seed: int, gain: float = 1.5) -> sw.PLRNN:
    rng = np.random.default_rng(seed)
    return sw.PLRNN(rng.uniform(-1, 1, M), gain * rng.normal(size=(M, M)), rng.normal(size=M))


def folding_network(M: int, seed: int) -> sw.PLRNN:
    """Return a network with many cycles: each unit folds its own state back."""
    rng = np.random.default_rng(seed)
    W = 0.3 * rng.normal(size=(M, M)) - 3.0 * np.eye(M)
    return sw.PLRNN(rng.uniform(1.2, 1.6, M), W, np.abs(rng.normal(size=M)) + 0.2)


def canonical(word: np.ndarray) -> bytes:
    return np.roll(word, -least_rotation(word), axis=0).astype(np.uint8).tobytes()


def real_words(form, order: int) -> set[bytes]:
    """Return the canonical words of all solutions of one order, lower periods among them."""
    every = product((0, 1), repeat=order * form.H)
    words = (np.array(bits, bool).reshape(order, form.H) for bits in every)
    return {
        canonical(word)
        for word in words
        if least_rotation(word) == 0 and exact_word(form, word).real
    }


def solved_leaves(tree) -> int:
    """Return how many words the leaves of a tree stand for: a closed one stands for many."""
    free = (tree.leaves.closed == UNDECIDED).sum(axis=1)
    return int((2.0**free).sum()) + sum(map(len, tree.leaves.words))


MODELS = [
    *(network(M, seed) for M in (1, 2, 3) for seed in (1, 2)),
    *(folding_network(M, seed) for M in (1, 2, 3) for seed in (3, 4)),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"M={model.M}")
@pytest.mark.parametrize("order", [1, 2, 3])
def test_no_word_is_lost(model, order):
    form = model.relu_form
    result = run(form, order)
    assert result.stopped is None
    assert real_words(form, order) <= {canonical(word) for word in result.words}
    assert result.words.shape[1:] == (order, form.H)
    assert result.words.dtype == np.uint8
    assert len(np.unique(result.words, axis=0)) == len(result.words)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"M={model.M}")
def test_the_branches_cover_all_words(model):
    form, order = model.relu_form, 3
    result = run(form, order)
    tree = result.tree
    assert (tree.order, tree.units) == (order, form.H)
    assert solved_leaves(tree) == 2 ** (order * form.H)
    words = {word.astype(np.uint8).tobytes() for word in tree.leaves.words[order - 1]}
    assert words == {word.tobytes() for word in result.words}
    assert result.radius >= WANTED
    assert result.nodes >= len(result.words)


def test_most_words_are_excluded_without_being_solved():
    form = network(6, 5).relu_form
    result = run(form, 6)
    assert result.stopped is None
    assert result.nodes < 1e-4 * 2 ** (6 * 6)
    assert len(result.words) < 0.5 * result.nodes


def test_a_word_that_repeats_a_shorter_one_is_kept():
    # The fixed point is its own 2-cycle: whoever solves the word drops it.
    result = run(sw.PLRNN([0.5], [[-0.3]], [1.0]).relu_form, 2)
    assert result.words.ravel().tolist() == [1, 1]


def test_the_same_again():
    form = folding_network(3, 6).relu_form
    one, other = (run(form, 4) for _ in range(2))
    np.testing.assert_array_equal(one.words, other.words)
    np.testing.assert_array_equal(one.tree.splits, other.tree.splits)
    np.testing.assert_array_equal(one.tree.nonbasic, other.tree.nonbasic)
    assert (one.radius, one.nodes) == (other.radius, other.nodes)


def test_many_words_of_one_unit():
    # Every word over two letters has a solution: 2^10 words, more than there is room for at first.
    result = run(sw.PLRNN([2.0], [[-4.0]], [1.0]).relu_form, 10)
    assert result.stopped is None
    necklaces = 1 + 1 + 1 + 6 + 99  # of order 10 and of the orders 1, 1, 2, 5 that divide it
    assert len({canonical(word) for word in result.words}) == necklaces


@pytest.mark.parametrize("limit", [1, 2, 7, 50])
def test_node_limit(limit):
    form = network(6, 7).relu_form
    whole = run(form, 4)
    assert whole.nodes > 50
    result = run(form, 4, node_limit=limit)
    assert (result.stopped, result.tree) == ("nodes", None)
    assert result.nodes <= limit + 1
    assert {w.tobytes() for w in result.words} <= {w.tobytes() for w in whole.words}
    assert run(form, 4, node_limit=whole.nodes).stopped is None


@pytest.mark.parametrize("which", ["cancel", "expired"])
def test_either_flag_ends_the_work(which):
    flag = new_flag()
    flag[0] = 1
    result = run(network(6, 7).relu_form, 4, **{which: flag})
    assert (result.stopped, result.tree) == ("flag", None)
    assert result.nodes <= 1


def test_what_is_too_large_is_refused():
    result = run(network(20, 8).relu_form, LARGEST // 20 + 1)
    assert (result.stopped, result.tree, result.nodes) == ("size", None, 0)
    assert result.words.shape == (0, LARGEST // 20 + 1, 20)


def test_without_a_reference_every_word_is_left_or_it_says_so():
    # z' = z + 1: the identity in every region.
    def shifting(M):
        return run(sw.PLRNN(np.ones(M), np.zeros((M, M)), np.ones(M)).relu_form, 1)

    few = shifting(2)
    assert few.stopped is None
    assert {word.tobytes() for word in few.words} == {
        bytes(bits) for bits in ([0, 0], [0, 1], [1, 0], [1, 1])
    }
    many = shifting(11)
    assert (many.stopped, many.tree) == ("singular", None)


def test_rows_that_prove_too_little_are_not_taken():
    form = network(3, 9).relu_form
    modest, greedy = run(form, 3), run(form, 3, radius_wanted=1e300)
    assert modest.radius < 1e300 or np.isinf(modest.radius)
    # Without rows whatever is not excluded becomes a word.
    assert len(greedy.words) >= len(modest.words)
    assert greedy.tree is None or greedy.radius >= 1e300


@pytest.mark.parametrize("factor", [1e-12, 1e-3, 1e6, 1e12])
def test_units_of_the_state_do_not_matter(factor):
    model = folding_network(3, 6)
    scaled = model.replace({"h": factor * model["h"]})
    one = run(model.relu_form, 4)
    other = run(scaled.relu_form, 4, radius_wanted=WANTED * factor)
    np.testing.assert_array_equal(one.words, other.words)
