from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cycles.proof.certificate import (
    CLOSED,
    OPEN,
    THIN,
    UNDECIDED,
    WORD,
    Certificate,
    CycleTree,
    MalformedTree,
    PrefixTree,
    model_digest,
)
from scyfi_widgets.cycles.proof.multipliers import Family, combinations, kernels
from scyfi_widgets.cycles.proof.row_check import split_functional

MODEL = sw.PLRNN([0.5, -0.3], [[-1.2, 0.7], [0.4, -1.6]], [0.3, -0.2])
FORM = MODEL.relu_form


def small_cycle_tree(**changes) -> CycleTree:
    """Return a tree of order 1 with two units: pair 0 is split, one child is closed."""
    fields = {
        "order": 1,
        "units": 2,
        "splits": [0, CLOSED, 3, WORD, WORD],
        "nonbasic": np.packbits([[1, 1, 0, 0]], axis=1),
        "variable": [2],
        "functional": [1.0, 0.0],
        "slack": [0.0],
    }
    return CycleTree(**{**fields, **changes})


def small_prefix_tree(**changes) -> PrefixTree:
    """Return a tree of orders 1 and 2 with one unit."""
    fields = {
        "highest": 2,
        "units": 1,
        "splits": [0, CLOSED, 2, WORD, THIN],
        "constraints": [[0, -1, -1], [0, 1, 3]],
        "weights": [[1.0, 0.0, 0.0], [0.5, 0.5, 1.0]],
        "functional": [1.0],
        "slack": [0.0, 0.1],
    }
    return PrefixTree(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"order": 0}, ValueError, "order must be at least 1, got 0"),
        ({"order": 1.0}, TypeError, "order must be a whole number"),
        ({"units": 0}, ValueError, "units must be at least 1"),
        ({"splits": []}, ValueError, "splits must hold at least one node"),
        ({"splits": [[0]]}, ValueError, r"splits must have shape \(any\), got \(1, 1\)"),
        ({"splits": [0.5]}, TypeError, "splits must hold whole numbers, got float64"),
        ({"splits": [4]}, ValueError, "splits must be between -3 and 3, got 4"),
        ({"splits": [THIN]}, ValueError, "splits must be between -3 and 3, got -4"),
        ({"splits": [1 << 40]}, ValueError, "splits must be between"),
        ({"variable": [4]}, ValueError, "variable must be between 0 and 3, got 4"),
        ({"variable": [-1]}, ValueError, "variable must be between 0 and 3, got -1"),
        ({"variable": [0, 1]}, ValueError, r"nonbasic must have shape \(2, 1\), got \(1, 1\)"),
        ({"functional": [np.nan, 0]}, ValueError, "functional must be finite, got nan"),
        ({"functional": ["x", "y"]}, TypeError, "functional must hold real numbers"),
        ({"slack": [0.0, 1.0]}, ValueError, r"slack must have shape \(1\), got \(2\,\)"),
        ({"slack": [-1.0]}, ValueError, "slack must not be negative, got -1"),
        ({"slack": [np.inf]}, ValueError, "slack must be finite, got inf"),
    ],
)
def test_a_cycle_tree_says_what_is_wrong(changes, error, message):
    with pytest.raises(error, match=message):
        small_cycle_tree(**changes)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"highest": 0}, ValueError, "highest must be at least 1"),
        ({"splits": [-5]}, ValueError, "splits must be between -4 and 3, got -5"),
        ({"constraints": [[0, 1]]}, ValueError, r"constraints must have shape \(any, 3\)"),
        ({"constraints": [[0, 1, 4], [0, 0, 0]]}, ValueError, "between -1 and 3, got 4"),
        ({"constraints": [[0, 1, 2], [0, 0, 0]]}, ValueError, "must not hold 2: s_0 is"),
        ({"weights": [[1.0, 0.0, 0.0]]}, ValueError, r"weights must have shape \(2, 3\)"),
        ({"weights": np.full((2, 3), -1.0)}, ValueError, "weights must not be negative, got -1"),
        ({"weights": np.full((2, 3), np.nan)}, ValueError, "weights must be finite"),
        ({"slack": [0.0]}, ValueError, r"slack must have shape \(2\)"),
    ],
)
def test_a_prefix_tree_says_what_is_wrong(changes, error, message):
    with pytest.raises(error, match=message):
        small_prefix_tree(**changes)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"trees": (1,)}, TypeError, "trees must hold CycleTree and PrefixTree, got 1"),
        ({"model_digest": 3}, TypeError, "model_digest must be text"),
        ({"radius": "far"}, TypeError, "radius must be a number"),
        ({"radius": -1.0}, ValueError, "radius must not be negative"),
        ({"radius": np.nan}, ValueError, "radius must not be negative"),
        ({"max_order": 0}, ValueError, "max_order must be at least 1"),
    ],
)
def test_a_certificate_says_what_is_wrong(changes, error, message):
    fields = {"trees": (), "model_digest": "", "radius": 1.0, "max_order": 1}
    with pytest.raises(error, match=message):
        Certificate(**{**fields, **changes})


def test_values_are_frozen_and_equal_by_content():
    tree = small_cycle_tree()
    for array in (tree.splits, tree.nonbasic, tree.variable, tree.functional, tree.slack):
        assert not array.flags.writeable
    assert tree == small_cycle_tree()
    assert hash(tree) == hash(small_cycle_tree())
    assert tree != small_cycle_tree(variable=[3])
    assert tree != small_prefix_tree()
    assert small_prefix_tree() == small_prefix_tree()
    held = Certificate((tree,), "a", 1.0, 1)
    assert held == Certificate((small_cycle_tree(),), "a", 1.0, 1)
    assert hash(held) == hash(Certificate((small_cycle_tree(),), "a", 1.0, 1))
    assert held != replace(held, radius=2.0)


def test_leaves_of_a_cycle_tree():
    leaves = small_cycle_tree().leaves
    np.testing.assert_array_equal(leaves.closed, [[0, UNDECIDED]])
    np.testing.assert_array_equal(leaves.closed_row, [0])
    assert leaves.thin.shape == (0, 2)
    assert leaves.open_depth is None
    # The second node splits on pair 1, and its first child has the bit 1.
    np.testing.assert_array_equal(leaves.words[0], [[[1, 1]], [[1, 0]]])


def test_leaves_of_a_prefix_tree_hold_the_words_of_all_orders():
    leaves = small_prefix_tree().leaves
    np.testing.assert_array_equal(leaves.closed, [[0, UNDECIDED]])
    np.testing.assert_array_equal(leaves.thin, [[1, 1]])
    np.testing.assert_array_equal(leaves.thin_row, [1])
    np.testing.assert_array_equal(leaves.words[0], [[[1]]])
    np.testing.assert_array_equal(leaves.words[1], [[[1], [0]]])


def test_an_open_node_is_a_prefix_too():
    tree = small_prefix_tree(splits=[0, CLOSED, OPEN], constraints=[[0] * 3], weights=[[1.0] * 3])
    assert tree.leaves.open_depth == 1
    np.testing.assert_array_equal(tree.leaves.words[0], [[[1]]])
    assert tree.leaves.words[1].shape == (0, 2, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"splits": [0, CLOSED]}, "ends after node 1, inside a branch"),
        ({"splits": [0]}, "ends after node 0"),
        ({"splits": [CLOSED, CLOSED]}, "node 1 comes after the last leaf"),
        ({"splits": [0, CLOSED, 3, WORD, WORD, OPEN]}, "node 5 comes after the last leaf"),
        ({"splits": [0, 1, OPEN, OPEN, CLOSED]}, "node 1 splits on pair 0, which is decided"),
        ({"splits": [0, CLOSED, WORD]}, "node 2 is a word with 1 of 2 bits"),
        ({"splits": [0, CLOSED, CLOSED]}, "has 2 leaves with a row, and 1 rows"),
        ({"splits": [0, OPEN, OPEN]}, "has 0 leaves with a row, and 1 rows"),
    ],
)
def test_a_malformed_tree_is_noticed(changes, message):
    with pytest.raises(MalformedTree, match=message):
        assert small_cycle_tree(**changes).leaves


def test_a_prefix_tree_splits_in_order():
    with pytest.raises(MalformedTree, match="node 0 splits on pair 1 before pair 0"):
        assert small_prefix_tree(splits=[2, CLOSED, 0, WORD, THIN]).leaves


def coefficients(form, functional, lam, mu, nu):
    """Return the coefficients of z, and of x+, x-, s, of one row, term by term."""
    k = len(lam)
    c, d = split_functional(form, functional)
    z, plus = np.zeros((k, form.M)), mu - lam @ form.W1
    for t in range(k):
        z[(t + 1) % k] += lam[t]
        z[t] -= lam[t] @ form.A + mu[t] @ form.W2
        z[0] -= nu[t] * c
        z[t] += nu[t] * c
        plus[0] -= nu[t] * d
        plus[t] += nu[t] * d
    return z, np.concatenate([plus.ravel(), -mu.ravel(), nu[1:]])


@pytest.mark.parametrize(("M", "H", "k"), [(2, 2, 1), (2, 3, 3), (5, 3, 4), (30, 2, 5), (1, 1, 9)])
def test_combinations_have_the_coefficients_that_were_asked_for(M, H, k):
    rng = np.random.default_rng(M + H + k)
    model = sw.ShallowPLRNN(
        rng.uniform(-0.9, 0.9, M),
        rng.normal(size=(M, H)),
        rng.normal(size=(H, M)),
        rng.normal(size=M),
        rng.normal(size=H),
    )
    functional = rng.normal(size=M)
    n = k * H
    basic = np.ones((20, 2 * n + k - 1), bool)
    variable = np.empty(20, int)
    for row in range(20):
        basic[row, np.arange(n) + n * (rng.random(n) < 0.5)] = False
        variable[row] = rng.choice(np.flatnonzero(basic[row]))
    lam, mu, nu = combinations(
        model.relu_form, Family(model.relu_form, k, functional), basic, variable
    )
    assert lam.shape == (20, k, M)
    assert mu.shape == (20, k, H)
    assert not nu[:, 0].any()
    for row in range(20):
        z, rest = coefficients(model.relu_form, functional, lam[row], mu[row], nu[row])
        scale = max(1.0, np.abs(rest).max())
        np.testing.assert_allclose(z, 0.0, atol=1e-12 * scale)
        wanted = np.arange(len(rest)) == variable[row]
        np.testing.assert_allclose(rest[basic[row]], wanted[basic[row]], atol=1e-12 * scale)


def test_rows_that_are_not_determined_are_nan():
    basic = np.ones((2, 4), bool)
    basic[1, :2] = False
    lam, _, _ = combinations(FORM, Family(FORM, 1, FORM.W2[0]), basic, np.array([2, 2]))
    assert np.isnan(lam[0]).all()
    assert np.isfinite(lam[1]).all()
    # With z' = z every word's system is singular, and there is no such combination.
    still = sw.PLRNN([1.0], [[0.0]], [0.5]).relu_form
    lam, _, _ = combinations(
        still, Family(still, 1, still.W2[0]), np.array([[False, True]]), np.array([1])
    )
    assert np.isnan(lam).all()


@pytest.mark.parametrize("rounding", [0.0, 1e-16])
def test_dependent_coefficients_are_all_zero(rounding):
    """Without W1, x+ and x- of the first unit both have the coefficient mu, but for the sign."""
    form = sw.ShallowPLRNN(
        [0.5], [[rounding, 0.3, 0.7]], [[1.0], [1.0], [-0.4]], [0.3], [0.1, 0.2, 0.5]
    ).relu_form
    basic = np.array([[True, False, False, True, False, True]])
    lam, mu, nu = kernels(form, Family(form, 1, form.W2[0]), basic[0])
    assert len(lam) == 1
    z, rest = coefficients(form, form.W2[0], lam[0], mu[0], nu[0])
    assert np.abs(rest).max() > 0.1
    np.testing.assert_allclose(z, 0.0, atol=1e-12)
    np.testing.assert_allclose(rest[basic[0]], 0.0, atol=1e-12)


@pytest.mark.parametrize("folds", [None, [0.5, -1.5]])
def test_rows_of_a_prefix_tree_combine_its_conditions(prefix_tree, folds):
    tree = prefix_tree(FORM, 4, folds=folds)
    lam, mu, nu = tree.rows(FORM, 0, len(tree.leaves.closed))
    n = 4 * FORM.H
    for row in range(len(lam)):
        z, rest = coefficients(FORM, tree.functional, lam[row], mu[row], nu[row])
        np.testing.assert_allclose(z, 0.0, atol=1e-9)
        T = lam.shape[1]
        plus, minus, cut = np.split(rest, [T * FORM.H, 2 * T * FORM.H])
        bits = tree.leaves.closed[row, : T * FORM.H]
        shares = np.zeros(n + 4)
        number = tree.leaves.closed_row[row]
        used = tree.constraints[number] >= 0
        shares[tree.constraints[number][used]] = tree.weights[number][used]
        free = np.where(bits == 1, plus, minus)
        np.testing.assert_allclose(free, shares[: T * FORM.H], atol=1e-12)
        np.testing.assert_allclose(cut, shares[n + 1 : n + T], atol=1e-12)


def test_digest_belongs_to_the_map():
    digest = model_digest(FORM)
    assert len(digest) == 64
    assert model_digest(MODEL.replace({"W[0,1]": 0.7}).relu_form) == digest
    assert model_digest(MODEL.replace({"W[0,1]": np.nextafter(0.7, 1)}).relu_form) != digest
    signed = sw.PLRNN([0.5, -0.3], [[-1.2, 0.0], [0.4, -1.6]], [0.3, -0.2])
    assert model_digest(signed.relu_form) == model_digest(
        signed.replace({"W[0,1]": -0.0}).relu_form
    )
    wide = sw.ShallowPLRNN([0.5], [[1.0, 2.0]], [[3.0], [4.0]], [0.5], [6.0, 7.0])
    assert model_digest(wide.relu_form) != digest
