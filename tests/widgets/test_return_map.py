"""The picture of one unit against the map itself."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.widgets.return_map import ReturnMap

MODELS = {
    "tent": sw.systems.skew_tent_map(),
    "three pieces": sw.ShallowPLRNN([0.3], [[1.0, -2.0]], [[1.0], [1.5]], [0.1], [0.4, -0.6]),
}


@pytest.fixture(params=MODELS, ids=list(MODELS))
def model(request):
    return MODELS[request.param]


def test_states_lie_on_the_graph(model):
    states = np.linspace(-2.0, 2.0, 41)[:, None]
    drawn = ReturnMap(model)(states)
    np.testing.assert_allclose(drawn, np.hstack([states, model.step(states)]), atol=1e-14)
    np.testing.assert_allclose(ReturnMap(model)(states[3]), drawn[3])


def test_a_point_is_lifted_to_its_present_value(model):
    plane = ReturnMap(model)
    assert plane.lift(np.array([0.7, 5.0]), np.array([0.1])) == pytest.approx(0.7)


def test_the_graph_is_drawn_piece_by_piece(model):
    x, y = (-2.0, 2.0), (-3.0, 3.0)
    segments = ReturnMap(model).borders(model.relu_form, x, y)
    upright = sorted(xs[0] for xs, _ in segments if xs[0] == xs[1])
    form = model.relu_form
    np.testing.assert_allclose(upright, np.sort(-form.h2 / form.W2[:, 0]))
    diagonal = [1 for xs, ys in segments if np.array_equal(xs, ys)]
    assert diagonal == [1]
    pieces = [s for s in segments if s[0][0] != s[0][1] and not np.array_equal(*s)]
    assert len(pieces) == form.H + 1
    for xs, ys in pieces:
        between = np.linspace(xs[0], xs[1], 9)
        line = np.interp(between, xs, ys)
        np.testing.assert_allclose(model.step(between[:, None])[:, 0], line, atol=1e-12)


def test_a_fixed_point_is_where_the_graph_meets_the_diagonal():
    space = sw.StateSpace(sw.systems.skew_tent_map())
    points = space.picture.cycle_points["unstable"][0]
    np.testing.assert_allclose(points[:, 0], [0.4, 0.4], atol=1e-12)
    space.close()


def test_a_click_starts_the_orbit_at_its_present_value():
    space = sw.StateSpace(sw.systems.skew_tent_map())
    space._on_click({"x": -0.3, "y": 0.9})
    space.live.wait(5)
    assert space.live.start == pytest.approx(-0.3)
    np.testing.assert_allclose(space.picture.start, [-0.3, 0.76], atol=1e-12)
    space.close()
