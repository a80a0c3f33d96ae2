"""The functions of words against exact rational arithmetic, tame and violent, poles included."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from scyfi_widgets.bifurcations.pieces.word_functions import (
    evaluate_form,
    flat_form,
    word_memory,
    write_form,
)
from scyfi_widgets.bifurcations.pieces.word_solving import solve_word

exact = np.vectorize(Fraction, otypes=[object])
SHAPES = [(1, 1, 1), (1, 2, 3), (2, 2, 1), (2, 2, 8), (2, 4, 5), (2, 2, 30), (3, 4, 5), (4, 3, 1)]


def random_form(rng, M, H, gain):
    shapes = [(M, M), (M, H), (H, M), (M,), (H,)]
    return [gain * rng.normal(size=shape) for shape in shapes]


def determinant(matrix):
    """Return the determinant of a matrix of fractions."""
    rows, total = [list(row) for row in matrix], Fraction(1)
    for i in range(len(rows)):
        pivot = next((r for r in range(i, len(rows)) if rows[r][i] != 0), None)
        if pivot is None:
            return Fraction(0)
        if pivot != i:
            rows[i], rows[pivot], total = rows[pivot], rows[i], -total
        total *= rows[i][i]
        for r in range(i + 1, len(rows)):
            factor = rows[r][i] / rows[i][i]
            rows[r] = [x - factor * y for x, y in zip(rows[r], rows[i], strict=True)]
    return total


def exact_functions(form, word):
    """Return P, D and the numerators n (k, M) and N (k, H), by Cramer's rule in fractions."""
    A, W1, W2, h1, h2 = map(exact, form)
    M = len(h1)
    identity = exact(np.eye(M))
    maps = [(A + (W1 * bits) @ W2, h1 + W1 @ (bits * h2)) for bits in exact(word.astype(float))]
    P, c = identity, exact(np.zeros(M))
    for J, b in maps:
        P, c = J @ P, J @ c + b
    system = identity - P
    D = determinant(system)
    point = []
    for i in range(M):
        replaced = system.copy()
        replaced[:, i] = c
        point.append(determinant(replaced))
    points = [np.array(point, dtype=object)]
    for J, b in maps[:-1]:
        points.append(J @ points[-1] + b * D)
    points = np.array(points)
    return P, D, points, points @ W2.T + h2 * D


def condition(form, word):
    """Return the condition of the block-cyclic system z_{t+1} - J_t z_t = c_t."""
    A, W1, W2, _, _ = form
    M, k = len(A), len(word)
    system = np.eye(k * M)
    for t, bits in enumerate(word):
        u = (t + 1) % k
        system[u * M : (u + 1) * M, t * M : (t + 1) * M] -= A + (W1 * bits) @ W2
    return np.linalg.cond(system, np.inf)


def functions(form, word, spectral=False):
    """Return values, exponents, noises and the numerators of a family of functions."""
    (M, H), k = form[1].shape, len(word)
    memory = word_memory(M, H, k)
    count = 2 if spectral else 1 + k * H
    values, exponents, noises = np.empty((1, count)), np.empty((1, 2), np.int64), np.empty((1, 2))
    flat = np.concatenate([array.ravel() for array in form])
    evaluate_form(spectral, word, flat, *memory, values, exponents, noises, 0)
    return values[0], exponents[0], noises[0], memory[1]


@pytest.mark.parametrize("gain", [0.5, 1.0, 3.0])
@pytest.mark.parametrize(("M", "H", "k"), SHAPES)
def test_existence_functions_are_those_of_exact_arithmetic(M, H, k, gain):
    rng = np.random.default_rng(100 * M + 10 * H + k)
    for _ in range(5):
        form = random_form(rng, M, H, gain)
        word = rng.integers(0, 2, (k, H)).astype(np.uint8)
        values, exponents, noises, numerators = functions(form, word)
        _, D, n, N = exact_functions(form, word)
        unit = Fraction(2) ** int(exponents[0])
        assert abs(Fraction(values[0]) * unit - D) <= Fraction(noises[0]) * unit
        ours = exact(values[1:].reshape(k, H)) * unit
        theirs = np.where(word, N, -N)
        common = abs(Fraction(noises[0]) / Fraction(values[0])) * max(abs(N.ravel()))
        assert max(abs(ours - theirs).ravel()) <= Fraction(noises[1]) * unit + common
        z = exact(numerators / values[0])
        largest = max(abs((n / D).ravel()))
        error = float(max(abs(z - n / D).ravel()) / largest)
        assert error < 2e-13 + 1e-15 * condition(form, word)


@pytest.mark.parametrize(("M", "H", "k"), SHAPES)
def test_spectral_functions_are_those_of_exact_arithmetic(M, H, k):
    rng = np.random.default_rng(7 + 100 * M + 10 * H + k)
    for gain in (0.5, 1.0, 3.0):
        form = random_form(rng, M, H, gain)
        word = rng.integers(0, 2, (k, H)).astype(np.uint8)
        values, exponents, noises, _ = functions(form, word, spectral=True)
        P = exact_functions(form, word)[0]
        flip = determinant(exact(np.eye(M)) + P)
        centre = Fraction(1)
        if M == 2:
            centre = determinant(P) - 1
        elif M == 3:  # prod (d / lam - 1) = -det(P - d) / d over all lam, d = det P
            d = determinant(P)
            centre = determinant(d * exact(np.eye(M)) - P) / d
        elif M > 3:
            continue
        for ours, theirs, exponent, noise in zip(
            values, (flip, centre), exponents, noises, strict=True
        ):
            unit = Fraction(2) ** int(exponent)
            assert abs(Fraction(ours) * unit - theirs) <= Fraction(noise) * unit


@pytest.mark.parametrize(("M", "k"), [(1, 2), (2, 1), (2, 6), (3, 4)])
def test_a_pole_is_no_pole_of_the_numerators(M, k):
    """At det(I - P) = 0 the numerators stay finite and are the limit."""
    rng = np.random.default_rng(M + k)
    form = [np.zeros((M, M)), np.zeros((M, 1)), np.zeros((1, M)), rng.normal(size=M), np.ones(1)]
    form[0][:] = np.diag(np.r_[1.0, np.full(M - 1, 0.5)])  # an eigenvalue 1
    word = np.zeros((k, 1), np.uint8)
    values, _, noises, numerators = functions(form, word)
    _, D, n, _ = exact_functions(form, word)
    assert D == 0
    assert abs(values[0]) <= noises[0]
    np.testing.assert_allclose(numerators, n.astype(float), rtol=1e-13, atol=1e-14)


def test_violent_words_neither_overflow_nor_lose_digits():
    rng = np.random.default_rng(0)
    form = random_form(rng, 2, 2, 40.0)
    word = rng.integers(0, 2, (300, 2)).astype(np.uint8)
    values, exponents, _, numerators = functions(form, word)
    assert exponents[0] > 1024  # D is no double
    assert np.isfinite(values).all()
    z = numerators / values[0]
    A, W1, W2, h1, h2 = form
    y = z @ W2.T + h2
    images = z @ A.T + (word * y) @ W1.T + h1
    size = np.abs(z).max() * np.abs(form[0]).max()
    assert np.abs(images - np.roll(z, -1, axis=0)).max() < 1e-13 * size


def test_a_singular_violent_word_keeps_its_numerators():
    """The block-cyclic system is singular to the last digit: P = diag(1, 2^40)."""
    form = [np.diag([1.0, 2.0**20]), np.zeros((2, 1)), np.zeros((1, 2)), np.ones(2), np.ones(1)]
    word = np.zeros((2, 1), np.uint8)
    values, exponents, _, numerators = functions(form, word)
    unit = 2.0 ** float(exponents[0])
    _, D, n, _ = exact_functions(form, word)
    assert D == 0
    np.testing.assert_allclose(numerators[:, 0] * unit, n[:, 0].astype(float), rtol=1e-12)
    assert abs(values[0]) * unit < 1e-13 * float(abs(n).max())


def test_solve_word_takes_plain_arrays():
    rng = np.random.default_rng(5)
    form = random_form(rng, 3, 2, 0.8)
    word = np.array([[0, 1], [1, 1]], np.uint8)
    _, numerators, reals, _, integers = word_memory(3, 2, 2)
    borders = np.empty((2, 2))
    D, exponent, _, _ = solve_word(*form, word, reals, integers, numerators, borders)
    _, exact_D, n, N = exact_functions(form, word)
    assert D * 2.0**exponent == pytest.approx(float(exact_D), rel=1e-12)
    np.testing.assert_allclose(numerators * 2.0**exponent, n.astype(float), rtol=1e-11)
    np.testing.assert_allclose(borders * 2.0**exponent, N.astype(float), rtol=1e-11)


def test_forms_are_written_where_their_views_look():
    rng = np.random.default_rng(2)
    M, H = 3, 2
    arrays = [rng.normal(size=(3, *shape)) for shape in ((M, M), (M, H), (H, M), (M,), (H,))]
    flat = np.empty(M * M + 2 * M * H + M + H)
    write_form(np.concatenate([a.reshape(3, -1) for a in arrays], axis=1), 0.7, flat)
    for view, array in zip(flat_form(flat, M, H), arrays, strict=True):
        np.testing.assert_allclose(view, array[0] + 0.7 * array[1] + 0.49 * array[2], rtol=1e-14)
