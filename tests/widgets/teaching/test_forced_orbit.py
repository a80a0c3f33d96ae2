"""Teacher forcing by hand: the orbits are those of the training, and the growth is known."""

from __future__ import annotations

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.cancellation import Cancelled
from scyfi_widgets.export.reading import read_figure
from scyfi_widgets.widgets import live as live_module
from scyfi_widgets.widgets import loop as loop_module
from scyfi_widgets.widgets.teaching import forcing_orbits as orbits_module
from scyfi_widgets.widgets.teaching.forced_orbit import ForcedOrbit
from scyfi_widgets.widgets.teaching.forcing_orbits import forced_orbits, largest_stretch
from scyfi_widgets.widgets.teaching.forcing_picture import strengths_of

LOZI = sw.systems.lozi_map(1.6)
DATA = [np.array([0.1, 0.1])]  # of the Lozi map x' = 1 - 1.7 |x| + y, y' = x / 2
for _ in range(60):
    DATA.append(np.array([1.0 - 1.7 * abs(DATA[-1][0]) + DATA[-1][1], 0.5 * DATA[-1][0]]))
DATA = np.array(DATA)
TENT = sw.systems.skew_tent_map(1.5, -1.5)  # every Jacobian is 3/2 or -3/2

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Every assignment and callback waits for its picture, however busy the machine is."""
    monkeypatch.setattr(live_module, "SCRIPT_PATIENCE", 120.0)
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 120.0)
    monkeypatch.setattr(loop_module, "REST", 0.0)


def opened(model=LOZI, data=DATA, **settings) -> ForcedOrbit:
    pane = ForcedOrbit(model, data, **settings)
    assert pane.live.wait(120, finest=True)
    assert pane.message == ""
    return pane


def of_tent(**settings) -> ForcedOrbit:
    return opened(TENT, TENT.orbit([0.1], 40), **settings)


# The orbits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "forcing",
    [
        sw.GeneralizedTeacherForcing(0.3),
        sw.GeneralizedTeacherForcing(1.0),
        sw.SparseTeacherForcing(5),
        sw.FreeRunning(),
    ],
    ids=repr,
)
@pytest.mark.parametrize("variables", [1, 2])
def test_the_orbit_is_that_of_the_training(forcing, variables):
    data = DATA[:21, :variables]
    start = np.zeros(2)
    start[:variables] = data[0]
    strengths = forcing.strengths(20, forcing.alpha_at(0))
    orbit = forced_orbits(LOZI, data, strengths[None], start)
    errors = orbit.free[0, 1:, :variables] - data[1:]
    loss, _ = sw.loss_and_gradient(LOZI, data, forcing)
    np.testing.assert_allclose(np.mean(errors**2), loss, rtol=1e-9)


@pytest.mark.parametrize("variables", [1, 2])
def test_the_product_is_the_derivative_of_the_last_state(variables):
    data, strengths = DATA[:9, :variables], np.full((1, 9), 0.3)
    start = np.array([0.2, 0.3])
    found = forced_orbits(LOZI, data, strengths, start)
    # By differences: exact in a piecewise-linear map as long as no region changes.
    step = 1e-7
    columns = [
        (forced_orbits(LOZI, data, strengths, start + step * e).free[0, -1] - found.free[0, -1])
        / step
        for e in np.eye(2)
    ]
    norm = np.linalg.norm(np.stack(columns, axis=1), 2)
    np.testing.assert_allclose(np.exp(found.log_norms[0, -1]), norm, rtol=1e-6)


def test_rows_are_followed_in_parts_with_the_same_result(monkeypatch):
    strengths = np.tile(np.linspace(0.0, 1.0, 7)[:, None], (1, len(DATA)))
    whole = forced_orbits(LOZI, DATA, strengths, DATA[0])
    monkeypatch.setattr(orbits_module, "MOST_NUMBERS", 1)
    parts = forced_orbits(LOZI, DATA, strengths, DATA[0])
    # Chaos: the last digits, which depend on how rows are multiplied, grow.
    np.testing.assert_allclose(whole.free, parts.free, atol=1e-7)
    np.testing.assert_allclose(whole.log_norms, parts.log_norms, atol=1e-7)
    assert whole.rates[-1] == -np.inf


def test_a_flag_ends_the_work():
    with pytest.raises(Cancelled):
        forced_orbits(LOZI, DATA, np.zeros((1, len(DATA))), DATA[0], np.ones(1, np.int64))


def test_the_largest_stretch_is_attained_or_a_bound(monkeypatch):
    stretch, attained = largest_stretch(LOZI)
    # The squares of the singular values have the sum 3.81 and the product 0.25.
    np.testing.assert_allclose(stretch**2, (3.81 + np.sqrt(3.81**2 - 1.0)) / 2.0)
    assert attained
    monkeypatch.setattr(orbits_module, "MOST_REGIONS", 1)
    bound, attained = largest_stretch(LOZI)
    assert bound >= stretch
    assert not attained


# The pane -----------------------------------------------------------------------------------------


def test_growth_of_a_tent_map_by_hand():
    pane = of_tent(alpha=0.25)
    np.testing.assert_allclose(pane.safe_alpha, 1.0 / 3.0)
    growth = np.diff(pane.picture.forced.log_norms[0])
    np.testing.assert_allclose(growth[1:], np.log(0.75 * 1.5))
    np.testing.assert_allclose(pane.free_rate, np.log(1.5))
    curve = pane.picture.growth
    # Of 40 Jacobians all but the first are multiplied by 1 - alpha.
    inside = curve.values < 1.0
    expected = np.log(1.5) + 39 / 40 * np.log1p(-curve.values[inside])
    np.testing.assert_allclose(curve.growth[inside], expected)
    edge = 1.0 - 1.5 ** (-40 / 39)
    assert edge - 0.0011 <= pane.edge_alpha <= edge


def test_above_the_safe_strength_nothing_grows():
    pane = opened()
    pane.alpha = pane.safe_alpha
    assert pane.picture.largest <= np.log(largest_stretch(LOZI)[0]) + 1e-12
    assert pane.edge_alpha < pane.safe_alpha


def test_sparse_forcing_cuts_the_gradient():
    pane = of_tent(kind="sparse", interval=7)
    np.testing.assert_allclose(np.exp(pane.picture.largest), 1.5**7)
    assert pane.rate == -np.inf
    curve = pane.picture.growth
    np.testing.assert_allclose(curve.growth, curve.values * np.log(1.5))
    assert "7 steps" in pane._legend.value


def test_no_strength_is_sure_where_a_unit_is_not_seen():
    pane = opened(data=DATA[:, :1])
    assert np.isnan(pane.safe_alpha)
    assert "no α is sure" in pane._legend.value


def test_the_slider_the_attribute_and_a_click_are_one():
    pane = opened()
    pane._strength.value = 0.4
    assert pane.alpha == 0.4
    assert pane.picture.forcing.alpha == 0.4
    pane.alpha = 0.123  # between two steps of the slider, which the browser sends back rounded
    pane._strength.value = 0.12
    assert pane.alpha == 0.123
    pane._go(0.7)
    assert (pane.alpha, pane._strength.value) == (0.7, 0.7)
    pane._kinds.value = "sparse"
    assert pane.kind == "sparse"
    assert pane._strength.layout.display == "none"
    pane._steps.value = 3
    assert pane.interval == 3
    pane.live.wait(60, finest=True)
    pane._go(11.2)
    assert pane.interval == 11


def test_what_is_drawn_is_the_data_and_the_orbit():
    pane = opened(alpha=0.2)
    drawings = {name: read_figure(figure) for name, figure in pane.figures.items()}
    assert set(drawings) == {"state space", "time", "product", "growth"}
    time = pane._marks._time.mark("forced")
    np.testing.assert_array_equal(time.y, pane.picture.forced.free[0, :, 0])
    dots = pane._marks._states.mark("data")
    points = np.stack([dots.x, dots.y], axis=1)
    np.testing.assert_array_equal(points[np.isfinite(points).all(axis=1)], DATA)
    norm = pane._marks._norm.mark("forced")
    np.testing.assert_allclose(norm.y, pane.picture.forced.log_norms[0] / np.log(10.0))


def test_an_orbit_that_diverges_ends_in_the_picture():
    pane = opened(sw.systems.skew_tent_map(3.0, -3.0), np.full(2000, 0.25), steps=1999, alpha=0.0)
    for figure in pane.figures.values():
        for mark in figure.marks:
            values = np.asarray(mark.y, float)
            assert not np.isinf(values).any()
            if values.size:
                assert np.isfinite(values[[0, -1]]).all()


def test_another_model_redraws_and_one_too_small_is_said():
    pane = opened()
    pane.model = sw.systems.lozi_map(1.7)
    pane.live.wait(60, finest=True)
    np.testing.assert_allclose(pane.picture.free.free[0, :20], DATA[:20], atol=1e-10)
    pane.model = TENT
    assert "more than the network's 1 units" in pane.message
    pane.model = LOZI
    pane.live.wait(60, finest=True)
    assert pane.message == ""


def test_closing_closes_everything():
    before = set(_instances)
    pane = opened()
    pane.close()
    assert set(_instances) <= before


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"alpha": 1.5}, ValueError, "alpha must be from 0 to 1, got 1.5"),
        ({"alpha": "high"}, TypeError, "alpha must be a number"),
        ({"interval": 0}, ValueError, "interval must be at least 1"),
        ({"kind": "strong"}, ValueError, "kind must be one of"),
        ({"axes": (0, 2)}, ValueError, "axes must be two of the units 0 to 1"),
        ({"unit": 2}, ValueError, "unit must be between 0 and 1"),
        ({"data": np.zeros((9, 3))}, ValueError, "at most 2 variables"),
        ({"data": np.zeros((2, 2))}, ValueError, "at least 3 states"),
    ],
)
def test_what_is_wrong_is_said(arguments, error, words):
    with pytest.raises(error, match=words):
        ForcedOrbit(LOZI, **{"data": DATA, **arguments})


def test_strengths_are_those_of_the_training():
    for interval in (1, 4):
        expected = sw.SparseTeacherForcing(interval).strengths(10, 0.0)
        np.testing.assert_array_equal(strengths_of("sparse", interval, 10), expected)
    expected = sw.GeneralizedTeacherForcing(0.3).strengths(10, 0.3)
    np.testing.assert_array_equal(strengths_of("generalised", 0.3, 10), expected)
