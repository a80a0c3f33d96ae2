"""One word in exact arithmetic: known answers, and a second way in fractions."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scyfi_widgets as sw
from scyfi_widgets.cancellation import Cancelled
from scyfi_widgets.cycles.exact.verdict import BORDER, CONSISTENT, CYCLE, INCONSISTENT, VIRTUAL
from scyfi_widgets.cycles.exact.word import exact_word


def verdict(model, *regions):
    """Return the exact verdict on a word of texts such as "01"."""
    return exact_word(model.relu_form, [[bit == "1" for bit in region] for region in regions])


# Known answers -----------------------------------------------------------------------------------


def test_the_three_cycles_of_a_tent_map():
    tent = sw.PLRNN([2.0], [[-4.0]], [1.0])
    cycle = verdict(tent, "0", "1", "1")
    assert (cycle.kind, cycle.real, cycle.minimal) == (CYCLE, True, True)
    assert cycle.points.tolist() == [[-3 / 7], [1 / 7], [5 / 7]]
    assert cycle.signs.tolist() == [[-1], [1], [1]]
    assert cycle.margin == 1 / 7
    repeated = verdict(tent, "1", "1")
    assert (repeated.kind, repeated.real, repeated.minimal) == (CYCLE, True, False)
    assert verdict(sw.PLRNN([0.5], [[0.0]], [1.0]), "0").kind == VIRTUAL


def test_a_point_on_a_border_belongs_to_bit_zero():
    model = sw.PLRNN([0.5, 0.5], [[0.0, 1.0], [0.0, 0.25]], [1.0, 0.0])
    on, other = verdict(model, "10"), verdict(model, "11")
    assert (on.kind, on.real, on.margin) == (BORDER, True, 0.0)
    assert (other.kind, other.real, other.margin) == (BORDER, False, 0.0)
    assert on.signs.tolist() == [[1, 0]]


def test_margins_that_no_double_holds_are_not_zero():
    model = sw.PLRNN([0.5, 0.5], [[0.0, 0.0], [0.0, 0.0]], [1.0, 5e-324])
    model = model.replace({"A[1]": -1e300})
    assert verdict(model, "11").margin == 5e-324


def test_a_line_of_fixed_points_and_a_contradiction():
    line = verdict(sw.PLRNN([0.5], [[0.5]], [0.0]), "1")
    assert (line.kind, line.real, line.minimal) == (CONSISTENT, True, True)
    assert line.points[0, 0] > 0
    assert line.directions.tolist() == [[1.0]]
    nothing = verdict(sw.PLRNN([0.5], [[0.5]], [1.0]), "1")
    assert (nothing.kind, nothing.real, nothing.points) == (INCONSISTENT, False, None)


def test_a_line_outside_its_region_is_not_real():
    model = sw.PLRNN([1.0, 0.5], [[0.0, 0.0], [0.0, 0.0]], [0.0, 1.0])
    outside = verdict(model, "00")  # z2 = 2 on the whole line
    assert (outside.kind, outside.real) == (CONSISTENT, False)
    inside = verdict(model, "11")
    assert inside.real
    assert inside.points[0, 0] > 0
    assert inside.points[0, 1] == 2.0


def test_two_cycles_around_a_fixed_point_with_eigenvalue_minus_one():
    model = sw.PLRNN([-2.0], [[1.0]], [1.0])  # z' = 1 - z where z > 0
    assert verdict(model, "1").kind == CYCLE
    family = verdict(model, "1", "1")
    assert (family.kind, family.real, family.minimal) == (CONSISTENT, True, True)
    assert family.points.sum() == 1.0
    assert family.points[0] != family.points[1]
    four = verdict(model, *"1111")
    assert (four.real, four.minimal) == (True, False)


def test_a_rotation_by_a_third_is_a_plane_of_three_cycles():
    model = sw.PLRNN([[0.0, -1.0], [1.0, -1.0]], np.zeros((2, 2)), [9.0, 9.0])
    assert verdict(model, "11").kind == CYCLE
    family = verdict(model, "11", "11", "11")
    assert (family.real, family.minimal, family.directions.shape) == (True, True, (2, 2))
    np.testing.assert_array_equal(model.step(family.points), np.roll(family.points, -1, axis=0))
    assert len(np.unique(family.points, axis=0)) == 3


def test_solutions_that_only_touch_the_regions_are_one_cycle_on_a_border():
    # The fixed points of z' = z, h2 = 0, with units that see z and -z: both bits 0 only at z = 0.
    model = sw.ShallowPLRNN([1.0], [[0.0, 0.0]], [[1.0], [-1.0]], [0.0], [0.0, 0.0])
    touching = verdict(model, "00")
    assert (touching.kind, touching.real, touching.margin) == (BORDER, True, 0.0)
    assert touching.points.tolist() == [[0.0]]
    assert verdict(model, "10").kind == CONSISTENT
    assert not verdict(model, "11").real


def test_everything_is_fixed():
    model = sw.PLRNN(np.ones(3), np.zeros((3, 3)), np.zeros(3))
    for word in ("000", "010", "111"):
        result = verdict(model, word)
        assert (result.real, result.directions.shape) == (True, (3, 3))
        np.testing.assert_array_equal(result.points[0] > 0, [bit == "1" for bit in word])


def test_numbers_of_any_size():
    tent = sw.PLRNN([1e200], [[-2e200]], [1.0])
    cycle = verdict(tent, "0", "0", "1")
    assert cycle.kind == CYCLE
    assert np.isfinite(cycle.points).all()


def test_what_does_not_fit_is_named():
    model = sw.PLRNN([0.5], [[0.5]], [0.0])
    with pytest.raises(ValueError, match=r"word must have shape \(k, 1\)"):
        exact_word(model.relu_form, [[0, 1]])
    form = model.relu_form._replace(h1=np.array([np.nan]))
    with pytest.raises(ValueError, match="h1 must be finite"):
        exact_word(form, [[0]])


@pytest.mark.parametrize(("M", "k"), [(3, 4), (30, 1), (4, 20)])
@pytest.mark.parametrize("copying", [False, True], ids=["one solution", "a continuum"])
def test_a_flag_is_looked_at_all_the_time(M, k, copying):
    rng = np.random.default_rng(0)
    A, W, h = rng.uniform(-1, 1, M), rng.normal(size=(M, M)), rng.normal(size=M)
    if copying:
        A[-1], W[-1], h[-1] = 1.0, 0.0, 0.0
    form, word = sw.PLRNN(A, W, h).relu_form, rng.integers(0, 2, (k, M))
    looks = Looks(None)
    exact_word(form, word, looks)
    assert looks.number > k * M
    for last in rng.integers(looks.number, size=10).tolist():
        with pytest.raises(Cancelled):
            exact_word(form, word, Looks(last))


class Looks:
    """A flag that counts how often it is looked at, and is set after some looks."""

    def __init__(self, last: int | None):
        self.number, self.last = 0, last

    def __getitem__(self, _) -> bool:
        self.number += 1
        return self.last is not None and self.number > self.last


# A second way ------------------------------------------------------------------------------------


def rational_orbit(form, bits):
    """Return the points by Cramer's rule on the dense system of all points, or None."""
    A, W1, W2, h1, h2 = (np.vectorize(Fraction, otypes=[object])(array) for array in form)
    k, M = len(bits), form.M
    rows = []
    for t, d in enumerate(np.asarray(bits)):
        J, c = A + (W1 * d) @ W2, h1 + W1 @ (d * h2)
        for i in range(M):
            row = [Fraction(0)] * (k * M + 1)
            row[((t + 1) % k) * M + i] += 1
            for m in range(M):
                row[t * M + m] -= J[i, m]
            row[-1] = c[i]
            rows.append(row)
    n = k * M
    for p in range(n):  # Gauss-Jordan in fractions
        pivot = next((i for i in range(p, n) if rows[i][p]), None)
        if pivot is None:
            return None
        rows[p], rows[pivot] = rows[pivot], rows[p]
        rows[p] = [x / rows[p][p] for x in rows[p]]
        for i in range(n):
            if i != p and rows[i][p]:
                factor = rows[i][p]
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[p], strict=True)]
    z = np.array([row[-1] for row in rows], dtype=object).reshape(k, M)
    return z, z @ W2.T + h2


small = st.sampled_from([-2.0, -1.0, -0.75, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5])


@st.composite
def shallow_networks(draw):
    """Small numbers of few binary places: singular systems and borders are common."""
    M, H = draw(st.integers(1, 2)), draw(st.integers(1, 3))

    def array(*shape):
        size = int(np.prod(shape))
        return np.reshape(draw(st.lists(small, min_size=size, max_size=size)), shape)

    return sw.ShallowPLRNN(array(M), array(M, H), array(H, M), array(M), array(H))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(shallow_networks(), st.data())
def test_fractions_agree(model, data):
    k = data.draw(st.integers(1, 3))
    bits = np.array(
        data.draw(st.lists(st.booleans(), min_size=k * model.H, max_size=k * model.H))
    ).reshape(k, model.H)
    result = exact_word(model.relu_form, bits)
    dense = rational_orbit(model.relu_form, bits)
    if dense is None:
        assert result.kind in (CONSISTENT, INCONSISTENT, BORDER)
        return
    points, y = dense
    assert result.points.tolist() == [[float(x) for x in row] for row in points]
    assert result.signs.tolist() == [[(x > 0) - (x < 0) for x in row] for row in y]
    assert result.margin == float(abs(y).min())
    assert result.real == np.array_equal(y > 0, bits)
    weakly = all(x >= 0 if bit else x <= 0 for x, bit in zip(y.flat, bits.flat, strict=True))
    expected = VIRTUAL if not weakly else CYCLE if (y != 0).all() else BORDER
    assert result.kind == expected


@settings(deadline=None, max_examples=80, derandomize=True)
@given(shallow_networks())
def test_what_is_called_real_is_visited_and_nothing_else(model):
    """Every fixed point on a grid lies in a word that is called real, and real ones are fixed."""
    words = [np.array([bits], bool) for bits in itertools.product([0, 1], repeat=model.H)]
    results = [exact_word(model.relu_form, word) for word in words]
    for word, result in zip(words, results, strict=True):
        if result.real:
            np.testing.assert_allclose(model.step(result.points), result.points, atol=1e-12)
            if (result.points == np.round(result.points * 64) / 64).all():
                np.testing.assert_array_equal(model.region(result.points), word)
    axis = np.arange(-4, 4.25, 0.25)
    grid = np.array(list(itertools.product(axis, repeat=model.M)))
    for z in grid[(model.step(grid) == grid).all(axis=1)]:
        number = next(n for n, word in enumerate(words) if (word[0] == model.region(z)).all())
        assert results[number].real
