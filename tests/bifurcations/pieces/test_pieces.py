"""Where words have real cycles along a line: known answers, exact roots and brute force."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.line import Line
from scyfi_widgets.bifurcations.pieces.pieces import (
    BORDER,
    CENTRE,
    FLIP,
    POLE,
    RANGE,
    TRANSCRITICAL,
    word_pieces,
)
from scyfi_widgets.bifurcations.pieces.samples import sample_pieces
from scyfi_widgets.cancellation import Cancelled, new_flag
from scyfi_widgets.cycles.cycle import Cycle
from scyfi_widgets.cycles.solving.solve import solve_words
from scyfi_widgets.systems.planar import sixteen_cycle, skew_tent_map, two_cycle

FIXED = np.array([[[a, b]] for a in (0, 1) for b in (0, 1)], bool)
A1 = 0.8377689000000008
ROTATION = 0.6437499999999996 * 0.52505308  # -w12 w21 of the toy system


def pieces_of(model, parameter, bounds, words):
    line = Line.through(model, parameter, bounds)
    return word_pieces(line.forms, np.asarray(words, bool), line.lo, line.hi)


def as_rows(pieces):
    """Return (word, start, stop, start kind, stop kind) of every piece."""
    return [
        (int(pieces.word[i]), pieces.start[i], pieces.stop[i], int(pieces.start_kind[i]),
         int(pieces.stop_kind[i]))
        for i in range(len(pieces))
    ]  # fmt: skip


def assert_rows(pieces, wanted):
    rows = as_rows(pieces)
    assert [(r[0], *r[3:]) for r in rows] == [(r[0], *r[3:]) for r in wanted]
    np.testing.assert_allclose(
        [r[1:3] for r in rows], [r[1:3] for r in wanted], rtol=1e-13, atol=1e-13
    )


# Known answers -----------------------------------------------------------------------------------


def test_toy_system_along_a1():
    """The order-1 curves of the paper's Fig. 3 at a2 = 0.96461, and no other."""
    w21, h1, h2 = 0.52505308, 0.37298253000000087, -0.97931491
    border = 1.0 + h1 * w21 / h2  # where z2 = 0: a1 = 0.80003
    assert border == pytest.approx(0.80003, abs=1e-5)
    pieces = pieces_of(sixteen_cycle(), "A[0]", (-1.0, 3.0), FIXED)
    assert_rows(
        pieces,
        [
            (0, 1.0, 3.0, POLE, RANGE),
            (2, -1.0, border, RANGE, BORDER),
            (3, border, 3.0, BORDER, RANGE),
        ],
    )
    assert pieces.stop_touch[1].tolist() == [[False, True]]
    assert pieces.start_touch[2].tolist() == [[False, True]]
    assert len(pieces.doubt_word) == 0
    assert len(pieces.event_piece) == 0  # in particular nothing at x = a1 - 0.83777 = 0.155


def test_toy_system_centre_along_a1():
    """a1 a2 = 0.66200 of the (1, 1) focus, which is real for a1 above 0.80003 where a2 = 0.75."""
    model = sixteen_cycle().replace({"A[1]": 0.75})
    pieces = pieces_of(model, "A[0]", (-1.0, 3.0), FIXED)
    (centre,) = pieces.event_value[pieces.event_kind == CENTRE]
    assert centre == pytest.approx((1.0 - ROTATION) / 0.75, rel=1e-14)
    assert 0.75 * centre == pytest.approx(0.66200, abs=1e-5)


def test_toy_system_along_a2():
    """A pole at a2 = 1, a non-smooth fold, and the centre at a1 a2 = 0.662."""
    pieces = pieces_of(sixteen_cycle(), "A[1]", (-1.0, 4.0), FIXED)
    rows = {(r[0], r[3], r[4]): r for r in as_rows(pieces)}
    assert rows[(3, RANGE, BORDER)][2] == pytest.approx(
        rows[(1, POLE, BORDER)][2], rel=1e-14
    )  # a non-smooth fold
    assert rows[(1, POLE, BORDER)][1] == pytest.approx(1.0, rel=1e-14)
    assert rows[(2, POLE, RANGE)][1] == pytest.approx(1.0, rel=1e-14)
    (centre,) = pieces.event_value[pieces.event_kind == CENTRE]
    assert centre == pytest.approx((1.0 - ROTATION) / A1, rel=1e-13)
    assert A1 * centre == pytest.approx(0.66200, abs=1e-5)


def test_toy_system_pole_of_the_focus():
    """(1 - a1)(1 - a2) = -0.33800 along a1 at a2 = 0.5, where the (1, 1) point is real."""
    model = sixteen_cycle().replace({"A[1]": 0.5})
    pieces = pieces_of(model, "A[0]", (-3.0, 6.0), FIXED[3:])
    border = 1.0 + 0.37298253000000087 * 0.52505308 / -0.97931491
    assert_rows(pieces, [(0, border, 1.0 + ROTATION / 0.5, BORDER, POLE)])


def test_skew_tent_map_fixed_points():
    """a_r = 1 is a pole and a_r = -1 a flip of the right fixed point 1 / (1 - a_r)."""
    line = Line.through(skew_tent_map(0.8, 0.0), skew_tent_map(0.8, 1.0), (-3.0, 3.0))
    words = np.array([[[0]], [[1]]], bool)
    pieces = word_pieces(line.forms, words, -3.0, 3.0)
    assert_rows(pieces, [(1, -3.0, 1.0, RANGE, POLE)])
    assert pieces.event_kind.tolist() == [FLIP]
    assert pieces.event_value[0] == pytest.approx(-1.0, rel=1e-15)
    samples = sample_pieces(line.forms, words, pieces, np.linspace(-3.0, 3.0, 13))
    np.testing.assert_allclose(samples.points[:, 0, 0], 1.0 / (1.0 - samples.value), rtol=1e-12)
    np.testing.assert_allclose(samples.eigenvalues[:, 0], samples.value, rtol=1e-14)
    assert samples.value[-1] < 1.0


def test_skew_tent_map_two_cycle():
    """Real for a_r < -1 while a_l a_r < 1; flips at a_l a_r = -1."""
    word = np.array([[[0], [1]]], bool)
    left = 0.8
    line = Line.through(skew_tent_map(left, 0.0), skew_tent_map(left, 1.0), (-3.0, 3.0))
    pieces = word_pieces(line.forms, word, -3.0, 3.0)
    assert_rows(pieces, [(0, -3.0, -1.0, RANGE, BORDER)])
    assert pieces.stop_touch[0].ravel().tolist() == [True, False]
    assert pieces.event_kind.tolist() == [FLIP]
    assert pieces.event_value[0] == pytest.approx(-1.0 / left, rel=1e-15)
    samples = sample_pieces(line.forms, word, pieces, np.linspace(-3.0, 3.0, 50))
    right = samples.value
    wanted = (
        np.stack([1.0 + right, np.full_like(right, 1.0 + left)], 1) / (1.0 - left * right)[:, None]
    )
    np.testing.assert_allclose(samples.points[:, :, 0], wanted, atol=1e-14)
    # And a_l a_r = 1, the pole, along a_l at a_r = -0.5 ... -2.
    line = Line.through(skew_tent_map(0.0, -1.5), skew_tent_map(1.0, -1.5), (-2.0, 2.0))
    pieces = word_pieces(line.forms, word, -2.0, 2.0)
    assert_rows(pieces, [(0, 1.0 / -1.5, 2.0, POLE, RANGE)])


def test_exact_two_cycle():
    """Exists for a_l > -0.482353, where it comes from infinity, and flips at 0.546341."""
    line = Line.through(two_cycle(0.0), two_cycle(1.0), (-2.0, 2.0))
    words = np.array([[[0, 0], [1, 0]], [[0, 0], [1, 1]], [[0, 1], [1, 1]], [[0, 1], [1, 0]]], bool)
    pieces = word_pieces(line.forms, words, -2.0, 2.0)
    pole = float(Fraction(-82, 170))
    assert_rows(pieces, [(2, pole, 2.0, POLE, RANGE)])
    assert pole == pytest.approx(-0.482353, abs=1e-6)
    assert pieces.event_kind.tolist() == [FLIP]
    assert pieces.event_value[0] == pytest.approx(0.546341, abs=1e-6)
    assert pieces.event_value[0] == pytest.approx(float(Fraction(112, 205)), rel=1e-15)


# Degenerate lines --------------------------------------------------------------------------------


def test_both_points_of_a_doubled_cycle_touch_where_it_is_born():
    """At a_r = -1 the flip is degenerate; at the border collision mu = 0 all points collide."""
    model = skew_tent_map(0.5, -1.5)
    pieces = pieces_of(model, "h[0]", (-1.0, 2.0), [[[0], [1]]])
    assert_rows(pieces, [(0, 0.0, 2.0, BORDER, RANGE)])
    assert pieces.start_touch[0].all()


def test_a_cycle_passes_through_a_continuum():
    """A factor of its own crosses 1 where the state's source vanishes: all N and D vanish."""
    forms = [np.zeros((3, *shape)) for shape in ((2, 2), (2, 2), (2, 2), (2,), (2,))]
    A, _, W2, h1, h2 = forms
    A[0], A[1] = np.diag([0.5, 0.0]), np.diag([0.0, 1.0])  # diag(1/2, v)
    W2[0] = np.eye(2)
    h1[0], h1[1] = [1.0, 1.0], [0.0, -1.0]  # z2 = (1 - v) / (1 - v) = 1
    h2[0] = [0.0, 0.0]
    word = np.array([[[1, 1]]], bool)
    pieces = word_pieces(forms, word, -0.9, 3.0)
    assert_rows(pieces, [(0, -0.9, 3.0, RANGE, RANGE)])
    assert (TRANSCRITICAL, 1.0) in [
        (int(kind), pytest.approx(value, rel=1e-14))
        for kind, value in zip(pieces.event_kind, pieces.event_value, strict=True)
    ]
    samples = sample_pieces(forms, word, pieces, np.array([0.0, 1.0, 2.0]))
    np.testing.assert_allclose(samples.points[:, 0], [[2.0, 1.0]] * 5, rtol=1e-6)


def test_singular_words_are_named():
    model = sw.PLRNN([1.0, 0.5], [[0.0, 0.0], [0.0, 0.0]], [0.0, 1.0])
    pieces = pieces_of(model, "W[0,1]", (-1.0, 1.0), FIXED)
    assert pieces.singular.tolist() == [0, 1, 2, 3]
    assert len(pieces) == 0


def test_a_cycle_on_a_border_has_bit_zero():
    model = sw.PLRNN([0.5, 0.3], [[0.1, 0.0], [0.0, 0.2]], [0.0, 1.0])
    pieces = pieces_of(model, "h[1]", (-1.0, 1.0), FIXED)
    assert pieces.on_border.tolist() == [0, 1]
    assert_rows(pieces, [(0, -1.0, 0.0, RANGE, BORDER), (1, 0.0, 1.0, BORDER, RANGE)])
    assert pieces.stop_touch[0].tolist() == [[False, True]]


def test_touching_a_border_and_returning_ends_no_piece():
    """y = v^2 touches 0."""
    forms = [np.zeros((3, 1, 1)), np.zeros((3, 1, 1)), np.ones((3, 1, 1)), np.zeros((3, 1)),
             np.zeros((3, 1))]  # fmt: skip
    forms[2][1:] = 0.0
    forms[4][:, 0] = [0.09, -0.6, 1.0]  # (v - 0.3)^2
    pieces = word_pieces(forms, np.array([[[1]]], bool), -1.0, 1.0)
    assert_rows(pieces, [(0, -1.0, 1.0, RANGE, RANGE)])
    assert pieces.doubt_value == pytest.approx([0.3], abs=1e-6)


def test_real_pairs_that_are_inverse_are_no_centres():
    """diag(v, 1/2): the product of the eigenvalues is 1 at v = 2, where both are real."""
    forms = [np.zeros((3, *shape)) for shape in ((2, 2), (2, 1), (1, 2), (2,), (1,))]
    forms[0][0], forms[0][1] = np.diag([0.0, 0.5]), np.diag([1.0, 0.0])
    forms[3][0], forms[4][0] = 1.0, -1e6
    pieces = word_pieces(forms, np.zeros((1, 1, 1), bool), -3.0, 3.0)
    assert pieces.event_kind.tolist() == [FLIP]
    # No unit sees the state that diverges at v = 1, and yet that is a pole.
    assert_rows(pieces, [(0, -3.0, 1.0, RANGE, POLE), (0, 1.0, 3.0, POLE, RANGE)])


def test_many_pieces_and_no_words():
    forms = Line.through(sixteen_cycle(), "A[0]", (-1.0, 3.0)).forms
    many = word_pieces(forms, np.repeat(FIXED, 50, axis=0), -1.0, 3.0)
    assert len(many) == 150
    none = word_pieces(forms, np.zeros((0, 3, 2), bool), -1.0, 3.0)
    assert len(none) == 0
    assert sample_pieces(forms, np.zeros((0, 3, 2), bool), none, np.zeros(0)).points.shape == (
        0,
        3,
        2,
    )


def test_cancelled():
    flag = new_flag()
    flag[0] = 1
    forms = Line.through(sixteen_cycle(), "A[0]", (-1.0, 3.0)).forms
    with pytest.raises(Cancelled):
        word_pieces(forms, FIXED, -1.0, 3.0, cancel=flag)


# Exact roots -------------------------------------------------------------------------------------


def rational_signs(arrays, word, value):
    """Return the signs of all functions of a word at a rational value, in fractions (M = 2)."""
    A, W1, W2, h1, h2 = (a[0] + value * a[1] + value * value * a[2] for a in arrays)
    a, b, c, d = Fraction(1), Fraction(0), Fraction(0), Fraction(1)
    p = q = Fraction(0)
    maps = []
    for bits in word:
        J = A + (W1 * bits) @ W2
        r, s = h1 + W1 @ (bits * h2)
        (e, f), (g, h) = J
        a, b, c, d = e * a + f * c, e * b + f * d, g * a + h * c, g * b + h * d
        p, q = e * p + f * q + r, g * p + h * q + s
        maps.append((J, np.array([r, s], dtype=object)))
    D = (1 - a) * (1 - d) - b * c
    n = np.array([(1 - d) * p + b * q, c * p + (1 - a) * q], dtype=object)
    signs = [D]
    for (J, shift), bits in zip(maps, word, strict=True):
        N = W2 @ n + h2 * D
        signs += [y if bit else -y for y, bit in zip(N, bits, strict=True)]
        n = J @ n + shift * D
    return [0 if s == 0 else (1 if s > 0 else -1) for s in signs]


@pytest.mark.parametrize("seed", range(12))
def test_ends_are_right_to_the_twelfth_digit(seed):
    """In exact arithmetic a word is real just inside its pieces and virtual just outside."""
    rng = np.random.default_rng(seed)
    model = sw.PLRNN(
        rng.uniform(0.3, 1.5, 2), rng.normal(size=(2, 2)) - 2 * np.eye(2), rng.normal(size=2)
    )
    parameter = ("W[0,1]", "A[0]", "h[1]", "W[1,1]")[seed % 4]
    line = Line.through(model, parameter, (-2.0, 2.0))
    exact = [np.vectorize(Fraction, otypes=[object])(array) for array in line.forms]
    checked = 0
    for k in (1, 2, 3):
        words = np.array(list(product((False, True), repeat=2 * k))).reshape(-1, k, 2)
        words = np.array([w for w in words if is_primitive(w)])
        pieces = word_pieces(line.forms, words, -2.0, 2.0)
        for i in range(len(pieces)):
            word = words[pieces.word[i]].astype(int)
            for end, sign, kind in (
                (pieces.start[i], 1, pieces.start_kind[i]),
                (pieces.stop[i], -1, pieces.stop_kind[i]),
            ):
                if kind == RANGE:
                    continue
                off = Fraction(max(1.0, abs(end))) / 10**12
                inside = rational_signs(exact, word, Fraction(end) + sign * off)
                outside = rational_signs(exact, word, Fraction(end) - sign * off)
                assert len(set(inside)) == 1
                assert len(set(outside)) > 1
                checked += 1
    assert checked > 0 or seed > 0


def is_primitive(word):
    return not any(
        np.array_equal(word, np.roll(word, shift, axis=0)) for shift in range(1, len(word))
    )


# Brute force -------------------------------------------------------------------------------------


def random_network(kind, rng, M):
    def normal(*shape):
        return rng.normal(size=shape)

    A, W = rng.uniform(0.3, 1.5, M), 0.5 * normal(M, M) - 1.8 * np.eye(M)
    if kind == "plrnn":
        return sw.PLRNN(A, W, normal(M))
    if kind == "shallow":
        W2 = normal(3, M)
        return sw.ShallowPLRNN(A, 0.3 * normal(M, 3) - 1.2 * W2.T, W2, normal(M), normal(3))
    return sw.DendriticPLRNN(A, W, normal(M), normal(2), normal(M, 2))


CASES = [
    ("plrnn", 2, 1, False), ("plrnn", 2, 2, True), ("plrnn", 3, 3, False), ("shallow", 2, 4, False),
    ("shallow", 3, 5, True), ("shallow", 3, 6, False), ("dendritic", 2, 7, True),
    ("dendritic", 2, 8, True), ("plrnn", 1, 11, True), ("plrnn", 4, 10, True),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "M", "seed", "two_models"), CASES)
def test_pieces_against_a_dense_grid(kind, M, seed, two_models):
    """The real words at 40 values are those inside their pieces; samples are cycles."""
    rng = np.random.default_rng(seed)
    model = random_network(kind, rng, M)
    if two_models:
        line = Line.through(model, random_network(kind, rng, M), (0.0, 1.0))
    else:
        names = model.parameter_names
        line = Line.through(model, names[rng.integers(len(names))], (-2.0, 2.0))
    values = np.sort(rng.uniform(line.lo, line.hi, 40))
    models = [line.at(value) for value in values]
    found = {c.key: c.word for m in models for c in sw.find_cycles(m, 4, method="search")}
    assert found
    for k in {key[0] for key in found}:
        words = [word for key, word in found.items() if key[0] == k]
        others = rng.integers(0, 2, (20, k, model.H)).astype(bool)
        words = np.array(words + [word for word in others if is_primitive(word)])
        pieces = word_pieces(line.forms, words, line.lo, line.hi)
        real = np.array(
            [[isinstance(c, Cycle) for c in solve_words(m.relu_form, words)] for m in models]
        ).T
        inside = np.zeros_like(real)
        for i in range(len(pieces)):
            inside[pieces.word[i]] |= (values > pieces.start[i]) & (values < pieces.stop[i])
        np.testing.assert_array_equal(inside, real)
        assert_samples(line, words, pieces)


def assert_samples(line, words, pieces):
    samples = sample_pieces(line.forms, words, pieces, np.linspace(line.lo, line.hi, 40))
    for i in range(len(pieces)):
        here = slice(samples.offsets[i], samples.offsets[i + 1])
        value, points, eigenvalues = (
            samples.value[here], samples.points[here], samples.eigenvalues[here],
        )  # fmt: skip
        assert (np.diff(value) >= 0.0).all()
        assert pieces.start[i] <= value[0]
        assert value[-1] <= pieces.stop[i]
        for x, z, spectrum in zip(value, points, eigenvalues, strict=True):
            model = line.at(x)
            error = np.abs(model.step(z) - np.roll(z, -1, axis=0)).max()
            assert error < 1e-12 * max(1.0, np.abs(z).max())
            product = np.eye(model.M)
            A, W1, W2, _, _ = model.relu_form
            for bits in words[pieces.word[i]]:
                product = (A + (W1 * bits) @ W2) @ product
            size = np.abs(product).max() + 1.0
            np.testing.assert_allclose(
                np.poly(spectrum), np.poly(product), rtol=1e-9, atol=1e-9 * size
            )
        flips = pieces.event_value[(pieces.event_piece == i) & (pieces.event_kind == FLIP)]
        signs = np.prod(1.0 + eigenvalues, axis=1).real > 0.0
        crossed = [((a < flips) & (flips <= b)).sum() % 2 for a, b in pairwise(value)]
        np.testing.assert_array_equal(signs[1:] != signs[:-1], np.array(crossed, bool))


def test_violent_words_of_long_cycles():
    """A 40-cycle's pieces along a weight: the ends are right though multipliers are huge."""
    model = skew_tent_map(1.9, -1.9, 1.0)
    orbit = model.orbit([0.1], 400)[50:, 0]
    word = np.array([orbit[:40] > 0.0]).reshape(1, 40, 1)
    line = Line.through(skew_tent_map(1.9, 0.0), skew_tent_map(1.9, 1.0), (-2.1, -1.5))
    pieces = word_pieces(line.forms, word, -2.1, -1.5)
    values = np.linspace(-2.1, -1.5, 103)[1:-1]
    real = [isinstance(solve_words(line.at(v).relu_form, word)[0], Cycle) for v in values]
    inside = np.zeros(101, bool)
    for a, b in zip(pieces.start, pieces.stop, strict=True):
        inside |= (values > a) & (values < b)
    np.testing.assert_array_equal(inside, real)
    assert len(pieces) > 0
