"""Eigenvalues of long products against characteristic polynomials in exact integers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from scyfi_widgets.cycles.solving.spectrum import product_spectrum


def characteristic_polynomial(jacobians):
    """Return integers c and a scale s: the roots of Σ c_i x^(M-i) are the eigenvalues times 2^s."""
    k, M, _ = jacobians.shape
    exact = [[[Fraction(x) for x in row] for row in J] for J in jacobians.tolist()]
    places = max(x.denominator.bit_length() - 1 for J in exact for row in J for x in row)
    P = np.array([[int(i == m) for m in range(M)] for i in range(M)], dtype=object)
    identity = P
    for J in exact:
        P = np.array([[int(x * 2**places) for x in row] for row in J], dtype=object) @ P
    coefficients, adjugate = [1], 0 * identity  # Faddeev and LeVerrier
    for n in range(1, M + 1):
        adjugate = P @ adjugate + coefficients[-1] * identity
        coefficients.append(-sum(np.diag(P @ adjugate)) // n)
    return coefficients, k * places


def relative_distance(coefficients, scale, value):
    """Return a bound on the distance of a root from an eigenvalue, over the eigenvalue's modulus.

    A polynomial of degree M has a root within M |p / p'| of any point.
    """
    re, im = (Fraction(x) * Fraction(2) ** scale for x in (value.real, value.imag))
    p, q, dp, dq = (Fraction(0),) * 4
    for c in coefficients:
        dp, dq = dp * re - dq * im + p, dp * im + dq * re + q
        p, q = p * re - q * im + c, p * im + q * re
    squared = (p * p + q * q) / (dp * dp + dq * dq) / (re * re + im * im)
    return float(squared) ** 0.5 * (len(coefficients) - 1)


def assert_spectrum_is_right(jacobians, tolerance=1e-8):
    values, logs = product_spectrum(jacobians)
    coefficients, scale = characteristic_polynomial(jacobians)
    for value, log in zip(values, logs, strict=True):
        assert relative_distance(coefficients, scale, value) < tolerance
        assert np.log(abs(value)) == pytest.approx(log, abs=1e-12)
    # All of them, and none twice: their product is the determinant.
    determinant = abs(Fraction(coefficients[-1], 1)) / Fraction(2) ** (scale * len(values))
    shift = determinant.denominator.bit_length() - determinant.numerator.bit_length()
    log_determinant = np.log(float(determinant * Fraction(2) ** shift)) - shift * np.log(2.0)
    assert logs.sum() == pytest.approx(log_determinant, abs=1e-8)
    return values, logs


@pytest.mark.parametrize(
    ("M", "k", "gain"),
    [
        (1, 60, 2.0), (2, 2, 1.0), (2, 20, 2.0), (2, 80, 10.0), (2, 300, 0.3), (3, 2, 1.0),
        (3, 40, 2.0), (5, 20, 1.0), (4, 90, 20.0), (8, 3, 1.0), (10, 10, 3.0),
    ],
)  # fmt: skip
def test_random_products(M, k, gain):
    rng = np.random.default_rng([M, k])
    for _ in range(3):
        assert_spectrum_is_right(gain * rng.normal(size=(k, M, M)))


def test_far_beyond_the_range_of_a_double():
    jacobians = np.random.default_rng(5).normal(size=(200, 3, 3))
    _, logs = assert_spectrum_is_right(jacobians)
    for factor, value in ((1e6, np.inf), (1e-6, 0.0)):
        values, scaled = product_spectrum(factor * jacobians)
        assert (np.abs(values) == value).all()
        np.testing.assert_allclose(scaled, logs + 200 * np.log(factor), rtol=1e-12)
        assert abs(scaled[1]) / np.log(10) > 1000


def test_factors_of_very_different_size():
    rng = np.random.default_rng(3)
    jacobians = rng.normal(size=(30, 3, 3)) * 10.0 ** rng.integers(-40, 40, 30)[:, None, None]
    assert_spectrum_is_right(jacobians)


def similar(rng, blocks, k):
    """Return k factors whose product is similar to block-diagonal `blocks` to the power k."""
    M = sum(len(block) for block in blocks)
    core, at = np.zeros((M, M)), 0
    for block in blocks:
        core[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    bases = [np.linalg.qr(rng.normal(size=(M, M)))[0] for _ in range(k)]
    return np.array([bases[(t + 1) % k] @ core @ bases[t].T for t in range(k)])


@pytest.mark.parametrize("k", [1, 2, 7, 100])
def test_pairs_and_real_ones_of_widely_different_modulus(k):
    angle = 0.7 / k
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    radius = 1e-3 ** (1 / k)
    blocks = [[[1e4 ** (1 / k)]], radius * turn, [[1e-9 ** (1 / k)]]]
    values, logs = product_spectrum(similar(np.random.default_rng(k), blocks, k))
    pair = 1e-3 * np.exp(0.7j)
    np.testing.assert_allclose(values[:3], [1e4, pair, pair.conjugate()], rtol=1e-9)
    assert values[3].real == pytest.approx(1e-9, rel=1e-8 if k > 1 else 1e-3)
    assert values[1] == values[2].conjugate()
    assert logs[1] == logs[2]


@pytest.mark.parametrize("k", [2, 5, 40])
def test_opposite_and_equal_moduli(k):
    blocks = [[[1.0]], [[-1.0]], [[0.5]]]
    jacobians = similar(np.random.default_rng(k), blocks, k)
    jacobians[0] = similar(np.random.default_rng(k), blocks, 1)[0] if k == 1 else jacobians[0]
    values, _ = product_spectrum(jacobians)
    second = [1.0, 1.0] if k % 2 == 0 else [1.0, -1.0]
    np.testing.assert_allclose(values, [*second, 0.5**k], atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("M", [2, 3, 6])
def test_singular_factors_have_zero_eigenvalues(M):
    rng = np.random.default_rng(M)
    jacobians = rng.normal(size=(7, M, M))
    jacobians[3, :, 1] = 0.0
    values, logs = product_spectrum(jacobians)
    P = np.linalg.multi_dot(jacobians[::-1])
    np.testing.assert_allclose(
        np.sort(np.abs(values)), np.sort(np.abs(np.linalg.eigvals(P))), atol=1e-12
    )
    assert abs(values[-1]) < 1e-14 * abs(values[0])
    values, logs = product_spectrum(np.zeros((3, M, M)))
    assert (values == 0).all()
    assert (logs == -np.inf).all()


def test_nilpotent_and_permutation_products():
    step = np.diag([1.0, 1.0], k=1)
    values, _ = product_spectrum(np.array([step, np.eye(3), step]))
    np.testing.assert_allclose(values, 0, atol=1e-30)
    around = np.roll(np.eye(3), 1, axis=0)
    for k in (1, 4):
        values, _ = product_spectrum(np.array([around] + [np.eye(3)] * (k - 1)))
        roots = np.exp(2j * np.pi * np.arange(3) / 3)
        np.testing.assert_allclose(values, roots, atol=1e-12)


def test_what_is_not_finite_gives_nan():
    values, _ = product_spectrum(np.array([[[np.nan, 1.0], [0.0, 1.0]], np.eye(2)]))
    assert np.isnan(values).all()


def test_eigenvalues_are_sorted_by_modulus_whatever_their_size():
    moduli = [1e200, 1e20, 2.0, 0.5, 0.3, 1e-30, 0.0]
    rng = np.random.default_rng(0)
    for _ in range(5):
        diagonal = rng.permutation(rng.choice([-1.0, 1.0], len(moduli)) * moduli)
        for k in (1, 3):
            values, _ = product_spectrum(np.array([np.diag(diagonal)] + [np.eye(7)] * (k - 1)))
            np.testing.assert_allclose(np.abs(values), moduli, rtol=1e-14)


def test_conjugate_pairs_have_the_positive_imaginary_part_first():
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    for matrix, expected in [
        (rotation, 0.6 + 0.8j),
        (rotation.T, 0.6 + 0.8j),
        (1e10 * rotation, 6e9 + 8e9j),
    ]:
        values, _ = product_spectrum(matrix[None])
        np.testing.assert_allclose(values, [expected, np.conj(expected)])
