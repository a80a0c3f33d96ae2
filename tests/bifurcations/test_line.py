"""Lines in parameter space agree with the networks on them."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.line import Line


def networks(seed: int) -> list[sw.Model]:
    draw = np.random.default_rng(seed).normal
    return [
        sw.PLRNN(draw(size=2), draw(size=(2, 2)), draw(size=2)),
        sw.ShallowPLRNN(
            draw(size=2), draw(size=(2, 3)), draw(size=(3, 2)), draw(size=2), draw(size=3)
        ),
        sw.ClippedShallowPLRNN(
            draw(size=2), draw(size=(2, 3)), draw(size=(3, 2)), draw(size=2), draw(size=3)
        ),
        sw.DendriticPLRNN(
            draw(size=2), draw(size=(2, 2)), draw(size=2), draw(size=3), draw(size=(2, 3))
        ),
        sw.AlmostLinearRNN(draw(size=3), draw(size=(3, 3)), draw(size=3), 2),
    ]


def form_at(line: Line, s: float) -> list[np.ndarray]:
    return [array[0] + s * array[1] + s * s * array[2] for array in line.forms]


@pytest.mark.parametrize("number", range(5))
def test_forms_are_those_of_the_networks(number):
    start, end = networks(1)[number], networks(2)[number]
    line = Line.through(start, end, (-2.0, 3.0))
    for s in (-2.0, 0.0, 0.3, 1.0, 3.0):
        for ours, theirs in zip(form_at(line, s), line.at(s).relu_form, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=1e-14)
    assert line.at(0.0) == start
    assert line.at(1.0) == end
    assert (line.lo, line.hi, line.label) == (-2.0, 3.0, "s")


@pytest.mark.parametrize("number", range(5))
def test_one_weight_takes_its_value(number):
    model = networks(3)[number]
    for name in model.parameter_names:
        line = Line.through(model, name, (-1.0, 2.0))
        value = model[name]
        assert line.at(value) == model
        for ours, theirs in zip(form_at(line, value), model.relu_form, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=1e-15)
        assert line.label == name


def test_only_two_factors_that_move_give_a_square():
    for start, end in zip(networks(1), networks(2), strict=True):
        square = [np.abs(array[2]).max() for array in Line.through(start, end).forms]
        assert (max(square) > 0.0) == isinstance(start, sw.DendriticPLRNN)


def test_bad_lines_are_refused():
    model, shallow = networks(0)[:2]
    with pytest.raises(TypeError, match="model must be a network"):
        Line.through("model", "A[0]", (0, 1))
    with pytest.raises(TypeError, match="parameter must be the name"):
        Line.through(model, 3, (0, 1))
    with pytest.raises(KeyError, match="does not exist"):
        Line.through(model, "A[7]", (0, 1))
    with pytest.raises(ValueError, match=r"write it like W\[0,0\]"):
        Line.through(model, "W", (0, 1))
    with pytest.raises(TypeError, match="range of A"):
        Line.through(model, "A[0]")
    with pytest.raises(ValueError, match="lo < hi"):
        Line.through(model, "A[0]", (1, 1))
    with pytest.raises(ValueError, match="finite"):
        Line.through(model, "A[0]", (0, np.inf))
    with pytest.raises(ValueError, match="one architecture"):
        Line.through(model, shallow)
    with pytest.raises(ValueError, match="equal shapes"):
        Line.through(model, sw.PLRNN(np.ones(3), np.ones((3, 3)), np.ones(3)))
    with pytest.raises(ValueError, match="the same twice"):
        Line.through(model, model)
