"""The weights as sliders and maps, and how they follow what others do."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import scyfi_widgets as sw
from scyfi_widgets.widgets.live import Live
from scyfi_widgets.widgets.weights import MOST_SLIDERS, WeightPanel, default_limits


def network(M: int, seed: int = 0) -> sw.PLRNN:
    rng = np.random.default_rng(seed)
    return sw.PLRNN(rng.uniform(-1, 1, M), rng.normal(size=(M, M)), rng.normal(size=M))


def click(panel: WeightPanel, array: str, row: int, column: int) -> None:
    panel._maps[array]._handle_custom_msgs(
        None, {"event": "element_click", "data": {"row": row, "column": column}}
    )


def test_small_networks_have_a_slider_for_every_weight():
    M = 4
    assert 2 * M + M * M == MOST_SLIDERS
    panel = WeightPanel(network(M))
    assert panel.opened == panel.model.parameter_names
    assert panel._maps == {}
    assert {name: slider.value for name, slider in panel.sliders.items()} == {
        name: panel.model[name] for name in panel.model.parameter_names
    }


def test_larger_networks_have_maps():
    panel = WeightPanel(network(5))
    assert set(panel._maps) == {"A", "W", "h"}
    assert np.array_equal(panel._maps["W"].color, panel.model["W"])
    assert np.array_equal(panel._maps["h"].color, panel.model["h"][:, None])
    largest = np.unravel_index(np.abs(panel.model["W"]).argmax(), (5, 5))
    assert panel.opened == (f"W[{largest[0]},{largest[1]}]",)


@pytest.mark.parametrize("M", [1, 3, 4])
def test_matrices_are_laid_out_row_by_row(M):
    panel = WeightPanel(network(M))
    grids = {block.children[1] for block in panel._body.children}
    columns = {
        tuple(cell.name for cell in grid.children): grid.layout.grid_template_columns
        for grid in grids
    }
    assert columns == {
        tuple(f"A[{i}]" for i in range(M)): "repeat(1, auto)",
        tuple(f"h[{i}]" for i in range(M)): "repeat(1, auto)",
        tuple(f"W[{i},{j}]" for i in range(M) for j in range(M)): f"repeat({M}, auto)",
    }


def test_a_click_on_a_map_opens_a_slider():
    panel = WeightPanel(network(5))
    first = panel.opened
    click(panel, "W", 1, 3)
    click(panel, "W", 1, 3)
    click(panel, "h", 4, 0)
    assert panel.opened == (*first, "W[1,3]", "h[4]")
    assert len(panel._opened.children) == 3
    panel.sliders["h[4]"].value = 0.25
    assert panel.model["h[4]"] == 0.25
    assert panel._maps["h"].color[4, 0] == 0.25


def test_open_and_close_a_slider():
    panel = WeightPanel(network(5))
    (first,) = panel.opened
    panel.open_slider("W[0,1]")
    panel.open_slider("W[0, 1]")
    assert panel.opened == (first, "W[0,1]")
    before = panel.model
    slider = panel.sliders["W[0,1]"]
    panel.close_slider("W[0,1]")
    assert panel.opened == (first,)
    assert len(panel._opened.children) == 1
    assert panel.model == before
    assert slider.comm is None
    slider.value = 9.0
    assert panel.model == before
    panel.close_slider("W[0,1]")
    panel.close_slider("nonsense")
    panel._opened.children[0].children[1].click()
    assert panel.opened == ()


def test_a_slider_that_belongs_to_the_layout_stays():
    panel = WeightPanel(network(2))
    panel.close_slider("W[0,1]")
    panel.open_slider("W[0,1]")
    assert panel.opened == panel.model.parameter_names
    assert panel._opened.children == ()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("X[0]", "there is no parameter 'X'"),
        ("W[9,9]", "does not exist"),
        ("W", "whole array"),
        ("W[0]", "does not exist"),
        ("", "is not a parameter name"),
        (3, "is not a parameter name"),
    ],
)
def test_names_that_do_not_exist(name, message):
    panel = WeightPanel(network(5))
    before = panel.opened
    with pytest.raises(KeyError, match=message):
        panel.open_slider(name)
    assert panel.opened == before


def test_a_slider_moves_the_model():
    panel = WeightPanel(network(2))
    before = panel.model
    panel.sliders["W[0,1]"].value = -0.6
    assert panel.model == before.replace({"W[0,1]": -0.6})


def test_drawing_sliders_does_not_round_the_model():
    model = network(4)
    changes = []
    live = Live(model)
    live.observe(changes.append, "model")
    WeightPanel(live)
    WeightPanel(live)
    assert changes == []
    assert live.model is model


def test_it_follows_others():
    live = Live(network(2))
    panel, other = WeightPanel(live), WeightPanel(live)
    other.sliders["h[1]"].value = 0.123456789012
    assert panel.sliders["h[1]"].value == 0.123456789012
    live.model = network(2, seed=1)
    for shown in (panel, other):
        assert {n: s.value for n, s in shown.sliders.items()} == {
            n: live.model[n] for n in live.model.parameter_names
        }
    sliders = dict(panel.sliders)
    live.move({"A[0]": 3.5})
    assert panel.sliders == sliders
    assert panel.sliders["A[0]"].value == 3.5
    assert panel.sliders["A[0]"].limits[1] >= 3.5


def test_it_is_built_anew_for_another_architecture():
    live = Live(network(2))
    panel = WeightPanel(live)
    old = panel.sliders["A[0]"]
    assert panel._equation.value == sw.PLRNN.equation
    live.model = sw.AlmostLinearRNN([0.5, 0.5], np.eye(2), [0.0, 0.0], 1)
    assert panel._equation.value == sw.AlmostLinearRNN.equation
    assert panel.opened == live.model.parameter_names
    assert panel.sliders["A[0]"] is not old
    assert old.comm is None
    live.model = network(6)
    assert len(panel.opened) == 1
    assert set(panel._maps) == {"A", "W", "h"}
    live.model = network(2)
    assert panel._maps == {}
    assert panel._opened.children == ()
    panel.sliders["A[0]"].value = 0.25
    assert live.model["A[0]"] == 0.25


def test_a_late_notice_of_an_older_model_does_not_bring_it_back():
    """Another thread sets a model while the notice of the one before is still on its way."""
    live = Live(network(2))
    newest = network(2, seed=2)

    def interrupt(change):
        if live.model != newest:
            thread = threading.Thread(target=lambda: setattr(live, "model", newest))
            thread.start()
            thread.join(10)

    live.observe(interrupt, "model")
    panel = WeightPanel(live)
    live.model = network(2, seed=1)
    assert live.model == newest
    assert panel.sliders["W[0,1]"].value == newest["W[0,1]"]


def test_given_limits():
    panel = WeightPanel(network(2), limits={"W": (-30.0, 50.0)})
    assert panel.sliders["W[0,0]"].limits == (-30.0, 50.0)
    assert panel.sliders["A[0]"].limits != (-30.0, 50.0)
    with pytest.raises(ValueError, match="must be finite with low < high"):
        WeightPanel(network(2), limits={"W": (1.0, -1.0)})


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(0.0)
@example(1.7e308)
@example(5e-324)
@example(0.5)
@example(1e23)
def testdefault_limits(value):
    low, high = default_limits(np.array([value, 0.0]))
    assert low == -high
    assert math.isfinite(high)
    assert high >= 1.0
    if abs(value) < 1e300:
        assert high >= 2.0 * abs(value)
    if 0.5 <= abs(value) < 1e300:
        assert high <= 5.1 * abs(value)


def test_extreme_weights_can_be_shown():
    panel = WeightPanel(sw.PLRNN(A=[1.7e308], W=[[-5e-324]], h=[0.0]))
    assert [slider.value for slider in panel.sliders.values()] == [1.7e308, -5e-324, 0.0]


def test_a_refused_value_is_a_message_and_the_slider_lives(monkeypatch):
    panel = WeightPanel(network(2))
    before = panel.model

    def refuse(self, values):
        raise ValueError("no such <weight>")

    with monkeypatch.context() as patch:
        patch.setattr(sw.PLRNN, "replace", refuse)
        panel.sliders["A[0]"].value = 0.25
    assert panel.message == "no such <weight>"
    assert "no such &lt;weight&gt;" in panel._message.value
    assert panel.model is before
    panel.sliders["A[0]"].value = 0.5
    assert panel.message == ""
    assert panel.model["A[0]"] == 0.5
    panel.sliders["A[0]"]._number.set_state({"value": math.nan})
    assert panel.model["A[0]"] == 0.5
    assert panel.sliders["A[0]"]._number.value == 0.5


@pytest.mark.parametrize("kind", sw.models.ARCHITECTURES)
def test_every_architecture(kind):
    M, H = 2, 3
    arguments = {
        "A": np.full(M, 0.5),
        "W": np.full((M, M), 0.1),
        "h": np.zeros(M),
        "W1": np.full((M, H), 0.2),
        "W2": np.full((H, M), 0.3),
        "h1": np.zeros(M),
        "h2": np.zeros(H),
        "alpha": np.ones(H),
        "theta": np.zeros((M, H)),
        "n_relu": 1,
    }
    names = kind.__init__.__code__.co_varnames[1 : kind.__init__.__code__.co_argcount]
    panel = WeightPanel(kind(**{name: arguments[name] for name in names}))
    assert panel.opened == panel.model.parameter_names
    for name in panel.opened:
        panel.sliders[name].value = 0.75
    assert all(panel.model[name] == 0.75 for name in panel.opened)


def test_typed_numbers_are_steps_of_their_own():
    explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=1)
    slider = explorer.weights.sliders["W[0,1]"]
    slider._number.value = -0.5
    slider._number.value = -0.4
    explorer.undo()
    assert explorer.model["W[0,1]"] == -0.5
    explorer.close()
