"""The polynomials of a word against its linear system, solved at single values."""

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.intervals import intervals
from scyfi_widgets.bifurcations.intervals.word_polynomials import (
    HALVINGS,
    OPEN,
    REAL,
    VIRTUAL,
    bernstein_transforms,
    classify,
    halve,
    polynomial_memory,
    write_polynomials,
)
from scyfi_widgets.bifurcations.line import Line

ORDER = 5


def line_of(seed):
    """Lines on which one weight, a bias, a row of W2, or everything moves."""
    rng = np.random.default_rng(seed)
    normal = rng.normal
    ends = [sw.PLRNN(normal(size=2), normal(size=(2, 2)), normal(size=2)) for _ in "01"]
    shallow = [
        sw.ShallowPLRNN(
            normal(size=2), normal(size=(2, 3)), normal(size=(3, 2)), normal(size=2), normal(size=3)
        )
        for _ in "01"
    ]
    return (
        Line.through(ends[0], "W[0,1]", (-2.0, 2.0)),
        Line.through(ends[0], "h[1]", (0.5, 1.0)),
        Line.through(shallow[0], "W2[1,0]", (-1.0, 3.0)),
        Line.through(shallow[0], "h2[2]", (-1.0, 1.0)),
        Line.through(*ends),
        Line.through(*shallow),
    )[seed % 6]


def functions(model, word, margins):
    """Return D and all N of a word, from the definition."""
    form = model.relu_form
    P, c = np.eye(2), np.zeros(2)
    steps = []
    for region in word:
        J = form.A + (form.W1 * region) @ form.W2
        shift = form.h1 + form.W1 @ (region * form.h2)
        steps.append((J, shift))
        P, c = J @ P, J @ c + shift
    D = np.linalg.det(np.eye(2) - P)
    point = np.linalg.solve(np.eye(2) - P, c)
    found = [D]
    for (J, shift), region in zip(steps, word, strict=True):
        y = form.W2 @ point + form.h2
        found.extend(D * ((2.0 * region - 1.0) * y - margins))
        point = J @ point + shift
    return np.array(found)


def prepared(seed):
    line = line_of(seed)
    H = line.start.H
    word = np.random.default_rng(100 + seed).integers(0, 2, (ORDER, H))
    search = intervals._Search(line.forms, line.lo, line.hi, ORDER, None, 1e-3, False)
    n = search.degrees[-1]
    memory = polynomial_memory(max(search.degrees), ORDER, H)
    transform = bernstein_transforms(search.degrees)[-1]
    net, bits = search.net, word.astype(np.uint8).ravel()
    write_polynomials(
        net.powers_base, net.powers_units, net.margins, bits, ORDER, line.lo, line.hi,
        search.degree, n, transform, *memory,
    )  # fmt: skip
    return line, word, net.margins, n, memory[4], memory[5]


def from_bernstein(coefficients, u):
    """Return the value of a polynomial from its Bernstein coefficients (F, n + 1)."""
    values = coefficients.copy()
    while values.shape[1] > 1:
        values = (1.0 - u) * values[:, :-1] + u * values[:, 1:]
    return values[:, 0]


@pytest.mark.parametrize("seed", range(24))
def test_they_have_the_values_of_the_linear_system(seed):
    line, word, margins, n, bernstein, error = prepared(seed)
    assert (error > 0.0).all()
    for u in np.linspace(0.0, 1.0, 13):
        truth = functions(line.at(line.lo + u * (line.hi - line.lo)), word, margins)
        ours = from_bernstein(bernstein[0, :, : n + 1], u)
        scale = np.maximum(np.abs(truth), 1e4 * error)
        np.testing.assert_allclose(ours / scale, truth / scale, atol=1e-7)


@pytest.mark.parametrize("seed", range(12))
def test_halves_are_the_same_functions(seed):
    _, word, _, n, bernstein, error = prepared(seed)
    F = 1 + word.size
    whole = bernstein[0, :, : n + 1].copy()
    halve(bernstein, F, n, 0)
    for u in np.linspace(0.0, 1.0, 7):
        for level, place in ((1, 0.5 * u), (0, 0.5 + 0.5 * u)):
            ours = from_bernstein(bernstein[level, :, : n + 1], u)
            assert (np.abs(ours - from_bernstein(whole, place)) <= error).all()


@pytest.mark.parametrize("seed", range(48))
def test_what_is_said_of_an_interval_is_true_in_it(seed):
    line, word, margins, n, bernstein, error = prepared(seed)
    state = classify(bernstein, error, 1 + word.size, n, 0)
    signs = [
        np.sign(functions(line.at(value), word, margins))
        for value in np.linspace(line.lo, line.hi, 101)
    ]
    real = [abs(each.sum()) == len(each) for each in signs]
    assert state in (VIRTUAL, REAL, OPEN)
    if state == VIRTUAL:
        assert not any(real)
    if state == REAL:
        assert real[0] or real[-1]
    assert HALVINGS > 0
