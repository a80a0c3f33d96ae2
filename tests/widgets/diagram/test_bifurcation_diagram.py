"""The pane of the bifurcation diagram: what is drawn is the diagram, and moving redraws it."""

from __future__ import annotations

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.events import TYPES
from scyfi_widgets.bifurcations.line_diagram import bifurcation_diagram
from scyfi_widgets.widgets import live as live_module
from scyfi_widgets.widgets import loop as loop_module
from scyfi_widgets.widgets.diagram import bifurcation_diagram as pane_module
from scyfi_widgets.widgets.diagram import growth as growth_module
from scyfi_widgets.widgets.diagram.bifurcation_diagram import BifurcationDiagram
from scyfi_widgets.widgets.diagram.event_text import events_html, legend_html, tooltip_html
from scyfi_widgets.widgets.diagram.picture import compose_picture, fitted_limits
from scyfi_widgets.widgets.palette import EVENT_MARKERS

SIXTEEN = sw.systems.sixteen_cycle()
TENT = sw.systems.skew_tent_map(0.5, -1.2)

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Every assignment and callback waits for its picture, however busy the machine is."""
    monkeypatch.setattr(live_module, "SCRIPT_PATIENCE", 120.0)
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 120.0)
    monkeypatch.setattr(pane_module, "AT_ONCE", 120.0)
    monkeypatch.setattr(loop_module, "REST", 0.0)


def over_h(**settings) -> BifurcationDiagram:
    """Return the tent map over its offset: a fixed point at 2 h below 0, a two-cycle above."""
    pane = BifurcationDiagram(TENT, "h[0]", (-1.0, 1.2), max_order=2, **settings)
    assert pane.live.wait(120, finest=True)
    assert pane.message == ""
    return pane


def drawn(lines: tuple[np.ndarray, list[str]]) -> np.ndarray:
    """Return the points (n, 2) of curves, without the gaps."""
    points = lines[0].reshape(2, -1).T
    return points[np.isfinite(points).all(axis=1)]


# What is drawn ------------------------------------------------------------------------------------


def test_the_tent_map_is_drawn_as_it_is():
    picture = over_h().picture
    h, z = drawn(picture.stable).T
    below = h <= 0.0
    np.testing.assert_allclose(z[below], 2.0 * h[below], atol=1e-9)
    right, left = 1.5 / 1.6, -0.2 / 1.6  # times h: the two-cycle of the slopes 0.5 and -1.2
    off = np.minimum(abs(z - right * h), abs(z - left * h))[~below]
    assert off.max() < 1e-9
    assert (abs(z - right * h) < 1e-9).any()
    assert (abs(z - left * h)[~below] < 1e-9).any()
    h, z = drawn(picture.unstable).T
    assert h.min() >= -1e-9
    np.testing.assert_allclose(z, h / 2.2, atol=1e-9)
    assert h.max() == pytest.approx(1.2)

    (points, owners) = picture.events["flip"]
    np.testing.assert_allclose(points[:, 0], [0.0, 0.0], atol=1e-9)
    assert owners == list(picture.diagram.events)
    assert all(not len(picture.events[name][1]) for name in TYPES if name != "flip")


def test_the_marks_have_what_the_picture_says():
    pane = over_h()
    marks, picture = pane._marks, pane.picture
    for mark, (lines, colours) in (
        (marks._stable, picture.stable),
        (marks._unstable, picture.unstable),
    ):
        assert np.array_equal(mark.x, lines[0], equal_nan=True)
        assert np.array_equal(mark.y, lines[1], equal_nan=True)
        assert mark.colors == colours
    assert (marks._stable.line_style, marks._unstable.line_style) == ("solid", "dashed")
    assert marks._now.x.tolist() == [1.0, 1.0]
    assert marks._handle.x.tolist() == [1.0]
    assert (marks._x.min, marks._x.max) == (-1.0, 1.2)
    assert marks._axes[0].label == "h[0]"
    assert marks._under.image.value == picture.png


def test_orders_have_the_colours_of_the_other_panes():
    from scyfi_widgets.widgets.palette import order_colour

    picture = over_h().picture
    assert set(picture.stable[1]) == {order_colour(1), order_colour(2)}
    assert picture.unstable[1] == [order_colour(1)]


def test_the_number_of_marks_does_not_grow():
    pane = BifurcationDiagram(sw.systems.lozi_map(), "A[0,0]", (1.0, 2.0), max_order=6)
    assert pane.live.wait(120)
    assert len(pane.diagram.branches) > 8
    assert len(pane.figure.marks) == len(over_h().figure.marks)
    points = pane.picture.unstable[0].size + pane.picture.stable[0].size
    assert points < 20_000


def test_points_at_infinity_leave_the_window_alone():
    # The fixed point 1 / (1 - a_r) is at infinity for a_r = 1, where W = 0.5.
    pane = BifurcationDiagram(TENT, "W[0,0]", (-1.4, 1.0), max_order=1, orbits=False)
    assert pane.live.wait(120)
    (event,) = pane.diagram.of_type("DTB")
    assert event.value == pytest.approx(0.5, abs=1e-12)
    low, high = pane.limits
    assert high - low < 60.0
    everything = np.concatenate([drawn(pane.picture.stable), drawn(pane.picture.unstable)])
    assert len(everything)
    beyond = 0.021 * (high - low)
    assert everything[:, 1].min() >= low - beyond
    assert everything[:, 1].max() <= high + beyond
    heights = pane.picture.events["DTB"][0][1]
    assert np.all((heights > low) & (heights < high))


def test_a_curve_is_drawn_to_a_fraction_of_a_pixel():
    diagram = bifurcation_diagram(TENT, "W[0,0]", (-1.4, 0.4), max_order=1)
    picture = compose_picture(diagram, None, 0, 0.0)
    branch = diagram.branches[0]
    assert len(picture.stable[0][0]) < len(branch.values) // 3
    pixel = (picture.limits[1] - picture.limits[0]) / 320
    x, y = drawn(picture.stable).T
    w = np.linspace(-1.4, 0.4, 1000)
    truth = 1.0 / (1.0 - 0.5 - w)
    inside = truth < picture.limits[1]
    assert inside.sum() > 900
    assert np.abs(np.interp(w, x, y) - truth)[inside].max() < 0.5 * pixel


# Texts --------------------------------------------------------------------------------------------


def test_tooltip_legend_and_table(read_html):
    diagram = over_h().diagram
    (event,) = diagram.events
    text = read_html(tooltip_html(event, "h[0]")).text
    assert event.name in text
    assert f"h[0] = {event.value:.12g}" in text
    assert "fixed point" in text
    assert "point 0 on the border of unit 0" in text
    assert "λ 0.5" in text
    assert "unstable directions 0 → 1, 0" in text
    legend = read_html(legend_html(diagram)).text
    assert "1 fixed point" in legend.replace("\N{NO-BREAK SPACE}", " ")
    assert EVENT_MARKERS["flip"][2] in legend
    table = read_html(events_html(diagram))
    assert table.tags.count("tr") == 2
    assert f"{event.value:.12g}" in table.text


def test_every_type_has_a_sign_of_its_own():
    assert tuple(EVENT_MARKERS) == TYPES
    looks = [(marker, filled) for marker, filled, _ in EVENT_MARKERS.values()]
    assert len(set(looks)) == len({sign for *_, sign in EVENT_MARKERS.values()}) == len(TYPES)


def test_the_statement_and_the_table_on_demand():
    pane = over_h()
    assert pane.diagram.statement in pane._controls.status.value
    assert "sw-proved" in pane._controls.status.value
    assert pane._table.value == ""
    pane._controls.events.value = True
    assert pane._table.layout.display is None
    assert pane._table.value == events_html(pane.diagram)
    pane.bounds = (-1.0, -0.5)
    assert pane._table.value == events_html(pane.diagram)
    pane._controls.events.value = False
    assert pane._table.layout.display == "none"


# What the person does -----------------------------------------------------------------------------


def test_its_own_weight_moves_and_nothing_is_computed(monkeypatch, sent):
    pane = over_h()
    diagram, orbits = pane.diagram, pane.orbit_diagram
    monkeypatch.setattr(growth_module, "refined_diagrams", None)
    monkeypatch.setattr(growth_module, "orbit_diagram", None)
    sent.clear()
    pane._marks._clicks.set_state({"x": [0.25], "y": [0.1]})
    assert pane.model["h[0]"] == 0.25
    assert pane.message == ""
    assert pane.diagram is diagram
    assert pane.orbit_diagram is orbits
    assert pane._marks._now.x.tolist() == [0.25, 0.25]
    moved = {widget for widget, _ in sent} - {pane._marks._clicks}
    assert moved == {pane._marks._now, pane._marks._handle}


def test_dragging_the_handle_moves_the_weight():
    pane = over_h()
    for value in (0.5, 0.75):
        pane._marks._handle.x = [value]
        assert pane.model["h[0]"] == value
    pane.live.update(model=pane.model.replace({"h[0]": -0.5}))
    assert pane._marks._handle.x.tolist() == [-0.5]
    pane.model = pane.model.replace({"h[0]": 7.0})
    assert len(pane._marks._handle.x) == len(pane._marks._now.x) == 0
    assert "h[0] = 7 is outside this range" in pane._legend.value


def test_another_weight_redraws_it():
    pane = over_h()
    model = TENT.replace({"A[0]": 0.25})
    pane.model = model
    expected = bifurcation_diagram(model, "h[0]", (-1.0, 1.2), max_order=2)
    assert pane.diagram.line == expected.line
    assert [event.value for event in pane.diagram.events] == [e.value for e in expected.events]
    h, z = drawn(pane.picture.stable).T
    np.testing.assert_allclose(z[h < 0], h[h < 0] / 0.75, atol=1e-9)


def test_zoom_recomputes_and_reset_goes_back():
    pane = over_h()
    first = pane.limits
    pane._zoom_into((0.5, 1.0), (0.0, 0.75))
    assert pane.bounds == (0.5, 1.0)
    assert (pane.diagram.line.lo, pane.diagram.line.hi) == (0.5, 1.0)
    assert pane.limits == (0.0, 0.75)
    assert len(pane.diagram.branches[0].values) > 300
    assert not pane.diagram.events
    pane._controls.reset.click()
    assert pane.bounds == (-1.0, 1.2)
    assert pane.limits == first


def test_a_brush_zooms_once_it_is_let_go():
    pane = over_h()
    pane._controls.zoom.value = True
    brush = pane.figure.interaction
    brush.brushing = True
    brush.selected_x, brush.selected_y = np.array([0.2, 0.6]), np.array([0.0, 0.5])
    assert pane.bounds == (-1.0, 1.2)
    brush.brushing = False
    assert pane.bounds == (0.2, 0.6)
    assert pane.picture.limits == (0.0, 0.5)
    assert pane.figure.interaction is None
    assert brush.comm is None


def test_choices_from_python_and_from_the_controls():
    pane = BifurcationDiagram(SIXTEEN, "A[0]", (0.5, 0.9), max_order=2)
    controls = pane._controls
    pane.coordinate = 1
    assert controls.upwards.value == 1
    assert pane._marks._axes[1].label == "z[1]"
    controls.upwards.value = "norm"
    assert pane.coordinate == "norm"
    low, high = pane.limits
    norms = np.linalg.norm(pane.diagram.branches[0].points, axis=2)
    assert low < np.median(norms) < high
    controls.weight.value = "h[1]"
    assert (pane.parameter, pane.bounds) == ("h[1]", (-2.0, 2.0))
    assert pane.diagram.line.parameter == "h[1]"
    controls.order.value = 3
    assert pane.diagram.max_order == 3
    controls.orbits.value = False
    assert pane.orbit_diagram is None
    pane.orbits = True
    assert pane.orbit_diagram.line == pane.diagram.line
    assert controls.orbits.value is True


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("W[5,5]",), KeyError),
        (("W",), ValueError),
        (("A[0]", (1.0, 1.0)), ValueError),
        (("A[0]", (0.0, 1.0), 1.5), TypeError),
    ],
)
def test_wrong_arguments(arguments, error):
    with pytest.raises(error):
        BifurcationDiagram(SIXTEEN, *arguments)


def test_a_coordinate_that_is_not_there():
    with pytest.raises(ValueError, match="coordinate must be one of"):
        over_h(coordinate=1)


def test_a_network_of_another_size():
    pane = over_h()
    pane.model = SIXTEEN
    assert pane.live.wait(120)
    assert pane.message == ""
    assert pane.parameter == "W[0,1]"
    assert pane.diagram.max_order == pane.max_order == 8
    assert pane._controls.weight.options == SIXTEEN.parameter_names


# States and failures ------------------------------------------------------------------------------


def test_a_failure_is_a_line_and_the_weights_live_on(monkeypatch):
    pane = over_h()
    with monkeypatch.context() as patch:

        def broken(*arguments, **settings):
            raise ArithmeticError("no <diagram> today")

        patch.setattr(growth_module, "refined_diagrams", broken)
        pane.model = TENT.replace({"A[0]": 0.25})
        assert pane.message == "ArithmeticError: no <diagram> today"
        assert "sw-failed" in pane._dom_classes
    pane.model = TENT.replace({"A[0]": 0.3})
    assert pane.message == ""
    assert "sw-failed" not in pane._dom_classes


def test_a_slow_diagram_lets_the_other_panes_go_first(monkeypatch, until):
    pane = over_h()
    monkeypatch.setattr(pane_module, "AT_ONCE", -1.0)
    monkeypatch.setattr(loop_module, "REST", 0.2)
    before = pane.diagram
    pane.model = TENT.replace({"A[0]": 0.25})
    assert pane.live.refining
    assert pane.picture.diagram is before
    assert "sw-stale" in pane._dom_classes
    assert "computing" in pane._controls.status.value
    assert pane.live.wait(60, finest=True)
    assert pane.picture.diagram is not before
    assert "sw-stale" not in pane._dom_classes
    assert "proved" in pane._controls.status.value


def test_coarse_then_fine(monkeypatch):
    five = sw.PLRNN([0.5, 0.4, 0.3], 0.4 * np.ones((3, 3)), [0.1, -0.2, 0.3])
    shown = []
    draw = BifurcationDiagram.draw

    def note(self, picture):
        shown.append(picture)
        draw(self, picture)

    monkeypatch.setattr(BifurcationDiagram, "draw", note)
    pane = BifurcationDiagram(five, "W[0,1]", (-1.0, 1.0), max_order=1, orbits=False)
    assert pane.live.wait(120, finest=True)
    assert shown.pop(0) == (None, "stale")  # with three states the other panes go first
    known = [len(picture.diagram.proved_at) for picture, _ in shown]
    assert known[0] < known[-1]
    assert known == sorted(known)
    assert (shown[0][1], shown[-1][1]) == ("refining", "fresh")


def test_colours_stay_while_a_weight_moves():
    pane = BifurcationDiagram(sw.systems.lozi_map(), "A[0,0]", (1.2, 2.0), max_order=5)
    assert pane.live.wait(120)
    before = dict(pane.picture.tones)
    pane.model = pane.model.replace({"A[1,0]": 0.49})
    after = pane.picture.tones
    same = before.keys() & after.keys()
    assert len(same) > 3
    assert all(before[word] == after[word] for word in same)


def test_one_message_per_mark_and_redraw(sent):
    pane = over_h()
    sent.clear()
    pane.model = TENT.replace({"A[0]": 0.25})
    marks = [widget for widget, _ in sent if widget in pane.figure.marks]
    assert marks
    assert len(marks) == len(set(marks))
    sent.clear()
    pane.live.refresh()
    assert sent == []


def test_it_closes_what_it_opened():
    before = set(_instances)
    pane = over_h()
    pane._controls.zoom.value = True
    pane.model = TENT.replace({"A[0]": 0.25})
    pane.close()
    assert set(_instances) == before


# In the explorer ----------------------------------------------------------------------------------


def test_the_explorer_follows_the_first_slider_and_no_other():
    explorer = sw.Explorer(SIXTEEN, max_order=2)
    pane = explorer.bifurcations
    assert pane.parameter == "W[0,1]"
    assert pane.max_order == 2
    explorer.weights.sliders["A[0]"].value = 0.5
    assert pane.parameter == "A[0]"
    diagram = pane.diagram
    explorer.weights.sliders["h[0]"].value = 0.5
    assert pane.parameter == "A[0]"
    assert pane.diagram is not diagram
    assert pane.diagram.line.at(0.5) == explorer.model


def test_a_click_moves_the_slider_of_the_explorer():
    explorer = sw.Explorer(SIXTEEN, max_order=2, parameter="A[0]")
    explorer.bifurcations._marks._clicks.set_state({"x": [0.25], "y": [0.0]})
    assert explorer.weights.sliders["A[0]"].value == 0.25
    assert explorer.state_space.picture.scene.model["A[0]"] == 0.25
    explorer.undo()
    assert explorer.model == SIXTEEN


def test_an_empty_picture_has_a_window():
    from scyfi_widgets.widgets.diagram.branch_curves import curves_of

    assert fitted_limits(curves_of((), 0, ()), None, 0)[0] < 0.0
