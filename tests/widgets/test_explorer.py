"""The explorer: everything can be read and set from Python, and nothing breaks it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import traitlets as tr
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.widgets import growth as growth_module
from scyfi_widgets.widgets import live as live_module
from scyfi_widgets.widgets import loop as loop_module
from scyfi_widgets.widgets import scene as scene_module
from scyfi_widgets.widgets.badge import badge_text
from scyfi_widgets.widgets.explorer import MOST_ORDER, Explorer, default_max_order
from scyfi_widgets.widgets.live import Live

SIXTEEN = sw.systems.sixteen_cycle()
TWO = sw.systems.two_cycle()
WRONG = (TypeError, ValueError, tr.TraitError)

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


def architectures() -> list:
    eye, zero = np.eye(2), np.zeros(2)
    wide = {"A": [0.5, 0.4], "W1": 0.3 * np.ones((2, 3)), "W2": -np.ones((3, 2))}
    bias = {"h1": [0.1, 0.2], "h2": [0.3, 0.0, -0.3]}
    return [
        SIXTEEN,
        sw.ShallowPLRNN(**wide, **bias),
        sw.ClippedShallowPLRNN(**wide, **bias),
        sw.DendriticPLRNN([0.5, 0.4], 0.3 * eye, zero + 0.1, [1.0, -0.5], 0.2 * np.ones((2, 2))),
        sw.AlmostLinearRNN([0.5, 0.4], 0.3 * eye, [0.1, -0.2], 1),
    ]


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Every assignment and callback waits for its picture, however busy the machine is."""
    monkeypatch.setattr(live_module, "SCRIPT_PATIENCE", 20.0)
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 20.0)


def explore(model=SIXTEEN, **settings) -> Explorer:
    explorer = Explorer(model, **{"time_limit": None, **settings})
    assert explorer.wait(60)
    return explorer


def assert_shows(explorer: Explorer, model, max_order: int) -> None:
    """What is shown in the end is what `find_cycles` says, in every pane."""
    assert explorer.wait(30, finest=True)
    expected = sw.find_cycles(model, max_order, seed=0)
    assert explorer.model == model
    assert explorer.cycles.cycles == expected.cycles
    for mine, other in zip(explorer.cycles, expected, strict=True):
        assert np.array_equal(mine.points, other.points)
    assert explorer.cycles.max_order == max_order
    assert explorer.table.cycles is explorer.state_space.cycles
    assert explorer.state_space.picture.scene.model == model
    assert explorer.message == explorer.state_space.message == explorer.table.message == ""
    assert badge_text(explorer.cycles) in explorer._badge.value
    for name, slider in explorer.weights.sliders.items():
        assert slider.value == model[name]


# Scripting ----------------------------------------------------------------------------------------


def test_from_one_line():
    explorer = Explorer()
    assert explorer.wait(60)
    assert explorer.model == SIXTEEN
    assert explorer.max_order == 16


def test_what_is_assigned_is_shown():
    explorer = explore(max_order=4)
    assert_shows(explorer, SIXTEEN, 4)
    explorer.max_order = 16
    assert_shows(explorer, SIXTEEN, 16)
    assert explorer._order.value == 16
    other = SIXTEEN.replace({"W[0,1]": -0.6})
    explorer.model = other
    assert_shows(explorer, other, 16)
    explorer.start = [0.5, 0.25]
    assert explorer.start.tolist() == [0.5, 0.25]
    assert np.array_equal(explorer.live.shown.orbit, other.orbit([0.5, 0.25], 1000))
    explorer.model = TWO
    explorer.max_order = 3
    assert_shows(explorer, TWO, 3)


def test_a_slider_moves_everything():
    explorer = explore(max_order=4)
    explorer.weights.sliders["W[0,1]"].value = -0.3
    assert_shows(explorer, SIXTEEN.replace({"W[0,1]": -0.3}), 4)
    explorer._order.value = 6
    assert_shows(explorer, SIXTEEN.replace({"W[0,1]": -0.3}), 6)


@pytest.mark.parametrize("model", architectures(), ids=lambda model: type(model).__name__)
def test_every_architecture(model):
    explorer = explore(model, max_order=3)
    assert_shows(explorer, model, 3)
    name = model.parameter_names[0]
    explorer.weights.sliders[name].value = 0.3125
    assert_shows(explorer, model.replace({name: 0.3125}), 3)
    scope: dict = {}
    exec(explorer.code, scope)
    assert scope["model"] == explorer.model


def test_code_recreates_the_model():
    explorer = explore(max_order=1)
    explorer.weights.sliders["A[0]"].value = 0.1 + 0.2
    scope: dict = {}
    exec(explorer.code, scope)
    assert scope["model"] == explorer.model != SIXTEEN
    explorer._copy.click()
    assert explorer._text.layout.display is None
    assert explorer._text.value == explorer.code
    explorer.weights.sliders["A[0]"].value = 0.25
    assert explorer._text.value == explorer.code
    explorer._copy.click()
    assert explorer._text.layout.display == "none"


@pytest.mark.parametrize(
    ("M", "order"), [(1, 16), (2, 16), (3, 10), (4, 6), (6, 6), (7, 3), (20, 2), (21, 1)]
)
def test_default_max_order(M, order):
    model = sw.PLRNN([0.5] * M, np.zeros((M, M)), [0.1] * M)
    assert default_max_order(model) == order
    assert Explorer(model).max_order == order


def test_default_max_order_of_many_units_in_the_plane():
    for units, order in ((4, 16), (5, 8), (12, 8), (13, 2)):
        model = sw.ShallowPLRNN(
            [0.5, 0.5], np.zeros((2, units)), np.zeros((units, 2)), [0.1, 0.1], np.zeros(units)
        )
        assert default_max_order(model) == order


def test_settings():
    explorer = explore(max_order=5, seed=3, start=[0.5, 0.5], orbit_steps=20, axes=(1, 0))
    assert (explorer.max_order, explorer.live.seed) == (5, 3)
    assert explorer.cycles.seed == 3
    assert explorer.live.shown.orbit.shape == (21, 2)
    assert explorer.state_space.axes == (1, 0)


# Undo, redo, reset, presets -----------------------------------------------------------------------


def test_undo_and_redo():
    explorer = explore(max_order=2)
    assert explorer._undo.disabled
    assert explorer._redo.disabled
    slider = explorer.weights.sliders["W[0,1]"]
    for value in (-0.6, -0.5, -0.4):
        slider.value = value
    explorer.weights.sliders["h[0]"].value = 0.5
    dragged, last = SIXTEEN.replace({"W[0,1]": -0.4}), explorer.model
    assert not explorer._undo.disabled
    explorer._undo.click()
    assert_shows(explorer, dragged, 2)
    explorer.undo()
    assert_shows(explorer, SIXTEEN, 2)
    assert explorer._undo.disabled
    explorer.undo()
    assert_shows(explorer, SIXTEEN, 2)
    explorer.redo()
    explorer._redo.click()
    assert_shows(explorer, last, 2)
    assert explorer._redo.disabled
    explorer.undo()
    explorer.model = TWO
    assert explorer._redo.disabled
    explorer.undo()
    assert explorer.model == dragged


def test_reset_can_be_undone():
    explorer = explore(max_order=2)
    explorer.model = TWO
    explorer._reset.click()
    assert_shows(explorer, SIXTEEN, 2)
    explorer.undo()
    assert_shows(explorer, TWO, 2)
    explorer.reset()
    assert explorer.model == SIXTEEN


def test_presets():
    explorer = explore(max_order=1, presets={"two": TWO, "lorenz": sw.systems.lorenz_network()})
    assert explorer._preset.layout.display is None
    assert list(explorer.presets) == list(explorer._preset.options) == ["as given", "two", "lorenz"]
    for name in ("two", "lorenz", "as given"):
        explorer._preset.value = name
        assert_shows(explorer, explorer.presets[name], explorer.max_order)
    explorer._preset.value = "two"
    explorer.model = SIXTEEN
    explorer.reset()
    assert explorer.model == TWO
    for _ in range(10):
        explorer.undo()
    assert_shows(explorer, SIXTEEN, 1)


def test_a_preset_that_is_given_as_the_network_is_not_listed_twice():
    explorer = explore(max_order=1, presets={"two": TWO, "mine": SIXTEEN})
    assert list(explorer.presets) == ["mine", "two"]
    assert explorer._preset.value == "mine"
    explorer.model = TWO
    explorer.reset()
    assert explorer.model == SIXTEEN


def test_a_network_of_another_size_gets_the_order_that_suits_it():
    explorer = explore(max_order=5, presets={"lorenz": sw.systems.lorenz_network()})
    explorer._preset.value = "lorenz"
    assert explorer.max_order == explorer._order.value == 6
    explorer.undo()
    assert explorer.max_order == explorer.cycles.max_order == 5
    explorer.redo()
    explorer.max_order = 2
    explorer._preset.value = "as given"
    explorer._preset.value = "lorenz"
    assert explorer.max_order == explorer.cycles.max_order == 2


def test_whole_numbers_of_numpy_are_orders():
    explorer = explore(max_order=1)
    explorer.max_order = np.int64(3)
    assert explorer.max_order == 3
    with pytest.raises(TypeError, match="max_order must be a whole number"):
        explorer.max_order = 2.5


def test_without_presets_there_is_nothing_to_choose():
    assert explore(max_order=1)._preset.layout.display == "none"


# Bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": 5}, "model must be a network such as PLRNN, got int"),
        (
            {"presets": {"bad": np.eye(2)}},
            "preset 'bad' must be a network such as PLRNN, got ndarr",
        ),
        ({"max_ordre": 3}, "no setting 'max_ordre'"),
        ({"max_order": 0}, "max_order"),
        ({"start": [1.0]}, r"start must have shape \(2,\)"),
        ({"limits": {"W": (1.0, -1.0)}}, "low < high"),
    ],
)
def test_bad_arguments(arguments, message, workers, until):
    with pytest.raises(WRONG, match=message):
        Explorer(**arguments)
    assert until(lambda: not workers())


def test_bad_assignments_change_nothing():
    explorer = explore(max_order=2)
    for name, value in (
        ("model", 5),
        ("model", None),
        ("max_order", 0),
        ("max_order", "many"),
        ("start", [np.nan, 0.0]),
        ("start", [0.0]),
    ):
        with pytest.raises(WRONG, match=name):
            setattr(explorer, name, value)
        assert_shows(explorer, SIXTEEN, 2)
    assert not explorer.history.can_undo


def test_the_order_field_keeps_within_its_ends():
    explorer = explore(max_order=2)
    explorer._order.value = -3
    assert explorer._order.value == explorer.max_order == 1
    explorer.live.time_limit = 0.05
    explorer._order.value = 10**6
    assert explorer._order.value == explorer.max_order == MOST_ORDER


def test_order_1000_says_where_it_stopped():
    explorer = Explorer(SIXTEEN, max_order=1000, time_limit=0.3, proof_limit=0)
    assert explorer.wait(30)
    cycles = explorer.cycles
    assert cycles.max_order == 1000
    assert 0 < cycles.searched_up_to < 1000
    assert f"time limit of 0.3 s was reached in order {cycles.searched_up_to + 1}" in (
        cycles.statement
    )
    assert explorer._badge.value
    explorer.max_order = 2
    assert_shows(explorer, SIXTEEN, 2)


def test_an_exception_is_shown_and_the_sliders_live_on(monkeypatch):
    explorer = explore(max_order=2)

    def broken(*arguments, **settings):
        raise ArithmeticError("no <cycles> today")

    with monkeypatch.context() as patch:
        patch.setattr(scene_module, "find_cycles", broken)
        explorer.weights.sliders["A[0]"].value = 0.5
        assert explorer.wait(20)
        for pane in (explorer.state_space, explorer.table):
            assert pane.message == "ArithmeticError: no <cycles> today"
            assert "no &lt;cycles&gt; today" in pane._message.value
            assert pane._message.layout.display is None
            assert "sw-failed" in pane._dom_classes
        assert "no cycles" in explorer._badge.value
    explorer.weights.sliders["A[0]"].value = 0.25
    assert_shows(explorer, SIXTEEN.replace({"A[0]": 0.25}), 2)
    assert "sw-failed" not in explorer.state_space._dom_classes


def test_one_failure_of_one_pane(monkeypatch):
    explorer = explore(max_order=2)
    fails = [True]
    find_cycles = scene_module.find_cycles

    def fail_once(*arguments, **settings):
        if fails.pop() if fails else False:
            raise MemoryError("once")
        return find_cycles(*arguments, **settings)

    monkeypatch.setattr(scene_module, "find_cycles", fail_once)
    explorer.model = TWO
    assert explorer.state_space.message == "MemoryError: once"
    assert explorer.table.message == ""
    explorer.model = SIXTEEN
    assert_shows(explorer, SIXTEEN, 2)


def test_a_button_whose_action_fails_says_so():
    explorer = explore(max_order=1)
    explorer.presets["as given"] = 5
    explorer._reset.click()
    assert "Error" in explorer.message
    explorer._undo.click()
    assert explorer.message == ""


def test_a_slow_computation_shows_that_it_works(monkeypatch, until):
    explorer = explore(max_order=2)
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 0.02)
    go_on = threading.Event()
    find_cycles = scene_module.find_cycles

    def slow(*arguments, cancel, **settings):
        while not (go_on.is_set() or cancel[0]):
            go_on.wait(0.002)
        return find_cycles(*arguments, cancel=cancel, **settings)

    monkeypatch.setattr(scene_module, "find_cycles", slow)
    for value in (0.3, 0.4, 0.5):
        explorer.weights.sliders["A[0]"].value = value
        assert "computing" in explorer._badge.value
        assert "sw-stale" in explorer.table._dom_classes
    go_on.set()
    assert_shows(explorer, SIXTEEN.replace({"A[0]": 0.5}), 2)
    assert until(lambda: "computing" not in explorer._badge.value)
    assert "sw-stale" not in explorer.table._dom_classes


# The proof grows ----------------------------------------------------------------------------------


THREE = sw.PLRNN(
    A=[0.5, -0.4, 0.3],
    W=[[0.0, -1.2, 0.7], [0.9, 0.0, -0.8], [-0.6, 1.1, 0.0]],
    h=[0.4, -0.3, 0.2],
)


@pytest.fixture
def step_by_step(monkeypatch):
    """The first picture is hardly proved, and each further order waits to be let go."""
    go_on = threading.Semaphore(0)
    deepened = growth_module.deepened

    def gated(model, cycles, *, cancel, **settings):
        while not go_on.acquire(timeout=0.002):
            if cancel[0]:
                return iter(())
        return deepened(model, cycles, cancel=cancel, **settings)

    monkeypatch.setattr(scene_module, "first_nodes", lambda model, max_order: 1)
    monkeypatch.setattr(growth_module, "deepened", gated)
    monkeypatch.setattr(loop_module, "REST", 0.0)
    return go_on


def test_the_badge_follows_the_proof(step_by_step, until):
    explorer = explore(THREE, max_order=4)
    first = explorer.cycles.complete_up_to
    assert first < 4
    for order in range(first, 4):
        begun = f"proved to order {order}" if order else "not proved yet"
        assert f">{begun}, searching to 4<" in explorer._badge.value
        assert explorer.live.refining
        assert not explorer.live.working
        step_by_step.release()
        assert until(lambda order=order: explorer.cycles.complete_up_to == order + 1)
        assert until(lambda before=begun: before not in explorer._badge.value)
    assert explorer.wait(20, finest=True)
    assert ">complete to order 4, proved<" in explorer._badge.value
    assert "sw-proved" in explorer._badge.value


def test_a_slider_begins_the_proof_anew(step_by_step, until):
    explorer = explore(THREE, max_order=4)
    first = explorer._badge.value
    step_by_step.release()
    assert until(lambda: explorer._badge.value != first)
    scene = explorer.live.shown
    explorer.weights.sliders["A[0]"].value = 0.45
    assert scene.cancelled
    assert explorer._badge.value == first
    for _ in range(4):
        step_by_step.release()
    assert_shows(explorer, THREE.replace({"A[0]": 0.45}), 4)


def test_another_start_keeps_the_proof(step_by_step, until):
    explorer = explore(THREE, max_order=4)
    first = explorer._badge.value
    step_by_step.release()
    assert until(lambda: explorer._badge.value != first)
    known = explorer.cycles
    explorer.start = [0.3, 0.2, 0.1]
    explorer.state_space.axes = (0, 1)
    assert explorer.cycles is known
    for _ in range(4):
        step_by_step.release()
    assert_shows(explorer, THREE, 4)
    explorer.state_space.fit()
    assert explorer.wait(20)
    assert ">complete to order 4, proved<" in explorer._badge.value


def test_only_what_changes_is_sent_while_the_proof_grows(step_by_step, sent):
    explorer = explore(THREE, max_order=4)
    explorer.bifurcations.close()
    before = explorer.cycles
    sent.clear()
    for _ in range(4):
        step_by_step.release()
    assert explorer.wait(20, finest=True)
    assert explorer.cycles.cycles == before.cycles
    assert {widget for widget, _ in sent} == {explorer._badge}
    assert len(sent) <= 4


def test_cycles_that_the_search_missed_come_in(step_by_step):
    whole = sw.find_cycles(SIXTEEN, 16)
    find_cycles = scene_module.find_cycles

    def blind(*arguments, **settings):
        found = find_cycles(*arguments, **settings)
        return replace(found, cycles=found.cycles[:1], complete_up_to=0, certificate=None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene_module, "find_cycles", blind)
        patch.setattr(growth_module, "deepened", lambda *a, **rest: iter([whole]))
        patch.setattr(loop_module, "REST", 0.3)
        explorer = explore(SIXTEEN, max_order=16)
        assert len(explorer.state_space.picture.cycles) == 1
        assert explorer.wait(20, finest=True)
    assert explorer.cycles is whole
    assert explorer.state_space.picture.cycles is whole
    assert "16-cycle" in explorer.table._table.value
    assert "ends in the stable 16-cycle" in explorer.state_space._legend.value


def test_no_background_work_when_it_is_not_wanted(step_by_step):
    explorer = explore(THREE, max_order=4, proof_limit=0)
    assert explorer.wait(20, finest=True)
    assert "sw-searched" in explorer._badge.value
    assert explorer.cycles.complete_up_to < 4


def test_closing_while_the_proof_grows(step_by_step, workers, until):
    explorer = explore(THREE, max_order=4)
    assert until(lambda: explorer.live.refining)
    started = time.monotonic()
    explorer.close()
    assert time.monotonic() - started < 0.9
    assert not workers()


# Closing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model", [SIXTEEN, sw.systems.lorenz_network(), sw.systems.skew_tent_map()]
)
def test_a_closed_explorer_leaves_nothing_behind(model, workers):
    before = set(_instances)
    explorer = explore(model, max_order=1, presets={"two": TWO})
    explorer._preset.value = "two"
    explorer.state_space._panzoom.value = True
    explorer.state_space._panzoom.value = False
    explorer.state_space._panzoom.value = True
    sliders = dict(explorer.weights.sliders)
    explorer.close()
    assert set(_instances) == before
    assert not workers()
    assert explorer.live.closed
    shown = explorer.live.shown
    for slider in sliders.values():
        slider.value += 0.125
    explorer.undo()
    explorer.reset()
    explorer.state_space._on_click({"x": 0.5, "y": 0.5})
    explorer.state_space.fit()
    explorer.max_order = 3
    explorer.close()
    assert explorer.live.shown is shown
    assert set(_instances) == before
    assert not workers()


def test_closing_during_a_computation(monkeypatch, workers):
    explorer = explore(max_order=2)
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 0.0)
    begun = threading.Event()

    def endless(*arguments, cancel, **settings):
        begun.set()
        while not cancel[0]:
            threading.Event().wait(0.001)

    monkeypatch.setattr(scene_module, "find_cycles", endless)
    explorer.weights.sliders["A[0]"].value = 0.5
    assert begun.wait(10)
    started = time.monotonic()
    explorer.close()
    assert time.monotonic() - started < 0.9
    assert not workers()


def test_two_explorers():
    first, second = explore(max_order=2), explore(TWO, max_order=3)
    first.weights.sliders["A[0]"].value = 0.5
    second.max_order = 2
    assert_shows(first, SIXTEEN.replace({"A[0]": 0.5}), 2)
    assert_shows(second, TWO, 2)
    first.close()
    second.model = SIXTEEN
    assert_shows(second, SIXTEEN, 2)


# Panes alone and together -------------------------------------------------------------------------


@pytest.mark.parametrize("pane", [sw.StateSpace, sw.CycleTable, sw.WeightPanel, Explorer])
def test_a_pane_alone(pane, workers):
    before = set(_instances)
    alone = pane(TWO, max_order=2)
    assert alone.live.wait(30)
    alone.model = SIXTEEN
    assert alone.live.wait(30)
    assert alone.live.model == alone.model == SIXTEEN
    assert isinstance(alone.live, Live)
    assert alone.live.max_order == 2
    alone.close()
    assert set(_instances) == before
    assert not workers()


def test_panes_of_one_live_are_linked():
    live = Live(TWO, max_order=2, time_limit=None)
    weights, space, table = sw.WeightPanel(live), sw.StateSpace(live), sw.CycleTable(live)
    explorer = Explorer(live)
    assert explorer.max_order == 2
    weights.sliders["h[0]"].value = 0.125
    moved = TWO.replace({"h[0]": 0.125})
    assert_shows(explorer, moved, 2)
    assert space.cycles is table.cycles is explorer.cycles
    space._on_click({"x": 0.5, "y": 0.25})
    assert explorer.start.tolist() == [0.5, 0.25]
    explorer.close()
    assert not live.closed
    live.model = TWO
    assert live.wait(20)
    assert table.cycles.cycles == sw.find_cycles(TWO, 2).cycles
    assert weights.sliders["h[0]"].value == TWO["h[0]"]
    space.close()
    assert not live.closed
    table.close()
    assert live.closed


def test_sliders_and_cells_at_once(until):
    """A cell assigns models while another thread drags: all panes agree in the end."""
    explorer = explore(max_order=1)
    live_module.CALLBACK_PATIENCE = live_module.SCRIPT_PATIENCE = 0.001
    sliders = explorer.weights.sliders

    def drag() -> None:
        for number in range(100):
            sliders["W[0,1]"].value = -0.6 + number / 1000

    def assign() -> None:
        for number in range(100):
            explorer.model = SIXTEEN.replace({"h[0]": 0.3 + number / 1000})

    threads = [threading.Thread(target=task) for task in (drag, assign)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert explorer.wait(30)
    assert explorer.live.shown.model == explorer.model == explorer.history.present
    assert explorer.state_space.picture.scene.model == explorer.model
    assert {n: s.value for n, s in sliders.items()} == {n: explorer.model[n] for n in sliders}
