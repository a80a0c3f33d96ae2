"""Roots of families of functions: none lost, none invented, all digits right."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scyfi_widgets.bifurcations.pieces.bernstein import (
    certain_signs,
    most_roots,
    sampling_rule,
    to_bernstein,
)
from scyfi_widgets.bifurcations.pieces.roots import BEGIN, DOUBT, isolate, isolation_memory
from scyfi_widgets.bifurcations.pieces.word_functions import word_memory
from scyfi_widgets.cancellation import new_flag


def bounds_of_roots(function, exact, number=9):
    """Return the certain sign and the bound of roots of one function on [0, 1]."""
    rule = sampling_rule(number)
    values = function(rule[0])[:, None]
    exponents, noises = np.zeros((number, 2), np.int64), np.full((number, 2), 1e-14)
    bernstein, doubts = np.empty((number + 2, 1)), np.empty(1)
    certain = np.empty(1, np.int8)
    to_bernstein(values, exponents, noises, exact, rule, bernstein, doubts)
    certain_signs(bernstein, doubts, rule[2], certain)
    return certain[0], most_roots(bernstein, doubts[0], rule[2], 0)


def spectral_records(coefficients, lo, hi, *, exact):
    """Return the recorded roots of F = 1 + v and C of the fixed point of a linear 2 x 2 map.

    `coefficients` (3, 4) are those of the entries of A.
    """
    flat = np.zeros((3, 4 + 2 + 2 + 2 + 1))
    flat[:, :4] = coefficients
    problem = (np.empty(11), *word_memory(2, 1, 1))
    records = (np.empty(200), np.empty(200, np.int64), np.empty((200, 2), np.int8))
    rule = sampling_rule(9)
    total = isolate(
        True, flat, np.zeros((1, 1), np.uint8), problem, lo, hi, exact, rule,
        isolation_memory(2, 9), np.zeros(2, np.uint8), records, new_flag(), new_flag(),
    )  # fmt: skip
    assert total >= 0
    return records[0][:total], records[1][:total]


@pytest.mark.parametrize("number", [5, 9, 13, 17])
def test_bernstein_coefficients_are_exact(number):
    rng = np.random.default_rng(number)
    nodes, transform, gains = sampling_rule(number)[:3]
    degree = number - 1
    wanted = rng.normal(size=number)
    binomials = np.cumprod(np.r_[1.0, (degree - np.arange(degree)) / np.arange(1.0, number)])
    i = np.arange(number)
    basis = binomials * nodes[:, None] ** i * (1.0 - nodes[:, None]) ** (degree - i)
    found = transform[:number] @ (basis @ wanted)
    assert np.all(np.abs(found - wanted) <= 1e-15 * gains * np.abs(wanted).max())


@settings(deadline=None)  # the first call compiles
@given(roots=st.lists(st.floats(-1.0, 2.0), min_size=1, max_size=8))
def test_the_bound_of_roots_holds(roots):
    polynomial = np.polynomial.Polynomial.fromroots(roots)
    inside = sum(0.0 < root < 1.0 for root in roots)
    certain, most = bounds_of_roots(polynomial, True)
    assert most >= inside or min(abs(r - e) for r in roots for e in (0.0, 1.0)) < 1e-9
    if certain:
        assert inside == 0
        assert certain == np.sign(polynomial(0.5))


def test_single_roots_are_seen_as_such():
    assert bounds_of_roots(lambda x: x - 0.3, True) == (0, 1)
    assert bounds_of_roots(lambda x: x**8 + 1.0, True)[0] == 1
    assert bounds_of_roots(lambda x: -np.exp(x), False)[0] == -1
    assert bounds_of_roots(lambda x: np.exp(x) - 2.0, False) == (0, 1)


def test_a_function_that_nine_samples_do_not_show_is_not_trusted():
    nodes = sampling_rule(9)[0]
    hidden = np.polynomial.Polynomial.fromroots(nodes)

    def function(x):
        return 1.0 + 1e5 * hidden(x) * (x - 0.31) + np.cos(20.0 * x)

    certain, most = bounds_of_roots(function, False)
    assert certain == 0
    assert most > 1


@pytest.mark.parametrize("exact", [True, False])
def test_roots_of_known_functions(exact):
    """A = [[v, 0], [0, v - 1]]: F = (1 + v) v, C = v (v - 1) - 1."""
    coefficients = np.array([[0.0, 0, 0, -1], [1, 0, 0, 1], [0, 0, 0, 0]])
    values, kinds = spectral_records(coefficients, -2.0, 3.0, exact=exact)
    golden = (1.0 + np.sqrt(5.0)) / 2.0
    np.testing.assert_allclose(values[kinds == 0], [-1.0, 0.0], rtol=1e-15, atol=1e-15)
    np.testing.assert_allclose(values[kinds == 1], [1.0 - golden, golden], rtol=4e-15)
    assert not (kinds == DOUBT).any()


def test_close_roots_are_told_apart():
    """F = (1 + a)(1 + d) with roots close together: not one, not none."""
    for gap in (1e-3, 1e-5, 1e-6):
        coefficients = np.array([[-1.3, 0, 0, -1.3 - gap], [1, 0, 0, 1], [0, 0, 0, 0]])
        values, kinds = spectral_records(coefficients, -1.0, 1.0, exact=True)
        np.testing.assert_allclose(values[kinds == 0], [0.3, 0.3 + gap], atol=1e-15 / gap)


@pytest.mark.parametrize("exact", [True, False])
def test_a_double_root_is_a_doubt_or_two_roots(exact):
    coefficients = np.array([[-1.3, 0, 0, -1.3], [1, 0, 0, 1], [0, 0, 0, 0]])
    values, kinds = spectral_records(coefficients, -1.0, 1.0, exact=exact)
    found = values[(kinds == 0) | (kinds == DOUBT)]
    assert len(found) > 0
    assert np.abs(found - 0.3).max() < 1e-6
    assert (kinds == 0).sum() % 2 == 0


def test_records_ascend_and_say_where_parts_begin():
    coefficients = np.array([[0.0, 0, 0, -1], [1, 0, 0, 1], [0, 0, 0, 0]])
    values, kinds = spectral_records(coefficients, -2.0, 3.0, exact=True)
    assert (np.diff(values) >= 0.0).all()
    assert kinds[0] == BEGIN
    assert values[0] == -2.0


def test_roots_at_an_end_are_found_once_at_most():
    coefficients = np.array([[0.0, 0, 0, 5], [1, 0, 0, 0], [0, 0, 0, 0]])
    for lo, hi in ((-1.0, 1.0), (-2.0, -1.0)):
        values, kinds = spectral_records(coefficients, lo, hi, exact=True)
        found = values[kinds == 0]
        assert len(found) <= 1
        assert np.all(np.abs(found + 1.0) < 1e-14)


def test_refined_roots_are_the_nearest_doubles():
    """F = (1 + v)(1 + d): the root -1 + offset of a shifted entry, from exact rationals."""
    rng = np.random.default_rng(4)
    for _ in range(50):
        offset, slope = float(rng.uniform(-0.5, 0.5)), float(rng.uniform(0.5, 2.0))
        coefficients = np.array([[offset, 0, 0, 0.3], [slope, 0, 0, 0], [0, 0, 0, 0]])
        values, kinds = spectral_records(coefficients, -4.0, 4.0, exact=True)
        root = (-1 - Fraction(offset)) / Fraction(slope)
        (found,) = values[kinds == 0]
        assert abs(Fraction(found) - root) <= abs(root) * Fraction(2) ** -50
