"""Points, eigenvalues and quality of a word's cycle."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cycles.solve import _sorted_eigenvalues, block_cyclic_points, cycles_of_words


def exact_points(jacobians, shifts) -> np.ndarray:
    """Solve the cycle of two units in rational numbers, without any rounding."""
    jacobians = [[[Fraction(x) for x in row] for row in J] for J in jacobians.tolist()]
    shifts = [[Fraction(x) for x in c] for c in shifts.tolist()]

    def step(J, c, z):
        return [sum(J[i][m] * z[m] for m in range(2)) + c[i] for i in range(2)]

    def around(z):
        for J, c in zip(jacobians, shifts, strict=True):
            z = step(J, c, z)
        return z

    c = around([Fraction(0), Fraction(0)])
    columns = [around([Fraction(1), Fraction(0)]), around([Fraction(0), Fraction(1)])]
    (a, b), (d, e) = ([(i == j) - (columns[j][i] - c[i]) for j in range(2)] for i in range(2))
    determinant = a * e - b * d
    points = [[(c[0] * e - b * c[1]) / determinant, (a * c[1] - c[0] * d) / determinant]]
    for J, shift in zip(jacobians[:-1], shifts[:-1], strict=True):
        points.append(step(J, shift, points[-1]))
    return np.array([[float(x) for x in point] for point in points])


@pytest.mark.parametrize("order", [8, 20, 60])
def test_block_cyclic_points_keep_the_digits_that_the_product_loses(order):
    rng = np.random.default_rng(order)
    jacobians, shifts = 10 * rng.normal(size=(order, 2, 2)), rng.normal(size=(order, 2))
    P, c = np.eye(2), np.zeros(2)
    for J, shift in zip(jacobians, shifts, strict=True):
        P, c = J @ P, J @ c + shift
    assert np.abs(np.linalg.eigvals(P)).max() > 1e8
    exact = exact_points(jacobians, shifts)
    scale = np.abs(exact).max()
    points = block_cyclic_points(jacobians, shifts)
    np.testing.assert_allclose(points, exact, rtol=0, atol=1e-13 * scale)
    if order >= 20:
        assert np.abs(np.linalg.eigvals(P)).max() > 1e12
        z = np.linalg.solve(np.eye(2) - P, c)
        for J, shift in zip(jacobians[:-1], shifts[:-1], strict=True):
            z = J @ z + shift
        assert np.abs(z - exact[-1]).max() > 1e-3 * scale


def test_block_cyclic_points_are_nan_without_a_unique_solution():
    points = block_cyclic_points(np.array([[[2.0]], [[0.5]]]), np.array([[1.0], [1.0]]))
    assert np.isnan(points).all()


def test_virtual_words_are_left_out():
    model = sw.PLRNN([0.5, 0.5], [[0, -1], [1, 0]], [1.0, 1.0])
    words = np.array([[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]], bool)
    kept = cycles_of_words(model.relu_form, words)
    assert [cycle.word.tolist() for cycle in kept] == [[[False, True]]]
    np.testing.assert_allclose(kept[0].points, [[-2.0, 2.0]], rtol=1e-15)


def test_a_singular_word_is_left_out_and_spoils_no_other():
    # z' = z for z > 0 and z' = z/2 below: a continuum of fixed points above, and one at 0.
    model = sw.PLRNN([0.5], [[0.5]], [0.0])
    cycles = cycles_of_words(model.relu_form, np.array([[[1]], [[0]]], bool))
    assert [cycle.word.tolist() for cycle in cycles] == [[[False]]]


def test_no_words():
    form = sw.PLRNN([0.5], [[0.5]], [0.0]).relu_form
    assert cycles_of_words(form, np.empty((0, 3, 1), bool)) == []


def test_overflow_is_left_out_in_silence():
    form = sw.PLRNN([1e200], [[-2e200]], [1.0]).relu_form
    words = np.array([[[0], [0], [1]], [[0], [1], [1]]], bool)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cycles_of_words(form, words) == []


def test_word_and_points_are_in_canonical_rotation():
    model = sw.PLRNN([2.0], [[-4.0]], [1.0])
    for shift in range(3):
        word = np.roll([[False], [True], [True]], shift, axis=0)
        (cycle,) = cycles_of_words(model.relu_form, word[None])
        assert cycle.word.tolist() == [[False], [True], [True]]
        np.testing.assert_allclose(cycle.points, [[-3 / 7], [1 / 7], [5 / 7]], rtol=1e-14)


def test_eigenvalues_are_sorted_by_modulus_whatever_their_size():
    moduli = [1e200, 1e20, 2.0, 0.5, 0.3, 1e-30, 0.0]
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], len(moduli))
    products = np.stack([np.diag(rng.permutation(signs * moduli)) for _ in range(5)])
    for values in _sorted_eigenvalues(products):
        np.testing.assert_allclose(np.abs(values), moduli, rtol=1e-14)


def test_conjugate_pairs_have_the_positive_imaginary_part_first():
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    values = _sorted_eigenvalues(np.stack([rotation, rotation.T, 1e10 * rotation]))
    np.testing.assert_allclose(values[:2], [[0.6 + 0.8j, 0.6 - 0.8j]] * 2)
    np.testing.assert_allclose(values[2], [6e9 + 8e9j, 6e9 - 8e9j])
