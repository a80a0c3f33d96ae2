"""Continua: their lines end where their regions end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cycles.continuum import Continuum
from scyfi_widgets.widgets import scene as scene_module
from scyfi_widgets.widgets.continua import on_continuum, segments
from scyfi_widgets.widgets.explain import destination
from scyfi_widgets.widgets.palette import order_colour
from scyfi_widgets.widgets.state_space import StateSpace

# z[0] keeps its value above zero and is halved below; z[1] goes to 0.4.
HALF_LINE = sw.PLRNN(A=[0.5, 0.5], W=[[0.5, 0.0], [0.0, 0.0]], h=[0.0, 0.2])
# x' = 1 - x where x > 0: two-cycles around 1/2 that end at the border.
FLIP = sw.PLRNN(A=[0.5], W=[[-1.5]], h=[1.0])


def half_line() -> Continuum:
    return Continuum(np.array([[1.0, 0.4]]), np.array([[True, True]]), np.array([[1.0], [0.0]]))


def flips() -> Continuum:
    return Continuum(np.array([[0.25], [0.75]]), np.ones((2, 1), bool), np.array([[1.0]]))


def test_a_line_ends_at_the_border():
    (piece,) = segments(HALF_LINE.relu_form, half_line())
    low, high = sorted(piece[:, 0])
    assert low == 0.0
    assert high > 1e4
    assert np.array_equal(piece[:, 1], [0.4, 0.4])


def test_a_line_around_a_flip_ends_on_both_sides():
    first, second = segments(FLIP.relu_form, flips())
    assert sorted(first[:, 0]) == pytest.approx([0.0, 1.0])
    assert sorted(second[:, 0]) == pytest.approx([0.0, 1.0])
    assert np.allclose(first + second, 1.0)  # the ends of the one go to those of the other


def test_every_point_of_a_piece_is_a_cycle():
    for model, continuum in ((HALF_LINE, half_line()), (FLIP, flips())):
        for piece in segments(model.relu_form, continuum):
            for share in (0.1, 0.5, 0.9):
                z = (1 - share) * piece[0] + share * piece[1]
                assert np.allclose(model.orbit(z, continuum.order)[-1], z)


def test_the_orbit_says_that_it_ends_there():
    assert on_continuum(HALF_LINE.orbit([2.0, 0.1], 200), half_line())
    assert not on_continuum(np.array([[2.0, 0.5], [2.0, 0.5]]), half_line())
    assert on_continuum(FLIP.orbit([0.1], 50), flips())
    assert not on_continuum(FLIP.orbit([0.1], 1), flips())
    cycles = replace(sw.find_cycles(FLIP, 2), continua=(flips(),))
    assert "on a line of 2-cycles" in destination(FLIP.orbit([0.1], 50), cycles)


@pytest.mark.parametrize(("model", "known"), [(HALF_LINE, half_line()), (FLIP, flips())])
def test_it_is_drawn_and_named(model, known, monkeypatch):
    found = replace(sw.find_cycles(model, 2), continua=(known,))
    with monkeypatch.context() as patch:
        patch.setattr(scene_module, "find_cycles", lambda *args, **rest: found)
        space = StateSpace(model, max_order=2, start=np.full(model.M, 0.3))
        assert space.live.wait(60, finest=True)
    assert space.message == ""
    lines, colours = space.picture.continua
    assert colours == [order_colour(known.order)] * known.order
    (x0, x1), (y0, y1) = space.limits
    assert ((lines[0] >= x0) & (lines[0] <= x1)).all()
    assert ((lines[1] >= y0) & (lines[1] <= y1)).all()
    assert np.array_equal(space._continua.x, lines[0])
    assert space._continua.colors == colours
    assert known.description in space._legend.value
    space.model = model.replace({"A[0]": 0.3})
    assert space.live.wait(60)
    assert space._continua.x.size == 0


def test_a_line_of_fixed_points_is_found():
    (found,) = sw.find_cycles(HALF_LINE, 1).continua
    (piece,) = segments(HALF_LINE.relu_form, found)
    assert min(piece[:, 0]) == pytest.approx(0.0, abs=1e-9)
