"""The pane of the parameter plane: what is drawn is the plane, and moving redraws it."""

from __future__ import annotations

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.events import TYPES
from scyfi_widgets.bifurcations.planes.curves import CROSSING
from scyfi_widgets.bifurcations.planes.plane import bifurcation_plane
from scyfi_widgets.bifurcations.planes.region_pixels import region_pixels
from scyfi_widgets.widgets import live as live_module
from scyfi_widgets.widgets import loop as loop_module
from scyfi_widgets.widgets.palette import EVENT_LINES, order_colour
from scyfi_widgets.widgets.plane import bifurcation_plane as pane_module
from scyfi_widgets.widgets.plane import growth as growth_module
from scyfi_widgets.widgets.plane.bifurcation_plane import BifurcationPlane
from scyfi_widgets.widgets.plane.picture import compose_picture, lines_of
from scyfi_widgets.widgets.plane.text import (
    curve_html,
    legend_html,
    point_html,
    progress_html,
    status_html,
)
from scyfi_widgets.widgets.plane.tint import labels_of, short_label

# The skew tent map: its slopes are A[0] on the left and A[0] + W[0,0] on the right.
TENT = sw.systems.skew_tent_map(0.5, -1.2)
AXES = ("A[0]", (-1.5, 1.5)), ("W[0,0]", (-3.0, 1.0))
SIXTEEN = sw.systems.sixteen_cycle()

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Every assignment and callback waits for its picture, however busy the machine is."""
    monkeypatch.setattr(live_module, "SCRIPT_PATIENCE", 120.0)
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 120.0)
    monkeypatch.setattr(pane_module, "AT_ONCE", np.inf)
    monkeypatch.setattr(loop_module, "REST", 0.0)


@pytest.fixture(scope="module")
def tent_plane():
    return bifurcation_plane(TENT, *AXES, 2)


def of_slopes(**settings) -> BifurcationPlane:
    """Return the tent map over both slopes."""
    pane = BifurcationPlane(TENT, *AXES, max_order=2, proof_limit=None, **settings)
    assert pane.live.wait(120, finest=True)
    assert pane.message == ""
    return pane


def drawn(lines: np.ndarray) -> np.ndarray:
    """Return the points (n, 2) of curves, without the gaps."""
    points = lines.reshape(2, -1).T
    return points[np.isfinite(points).all(axis=1)]


# What is drawn ------------------------------------------------------------------------------------


def test_the_curves_of_the_tent_map_are_drawn_as_they_are():
    picture = of_slopes().picture
    x, w = drawn(picture.lines["DTB"][0]).T
    left, right = x, x + w
    known = np.stack([left - 1.0, right - 1.0, left * right - 1.0])
    assert np.abs(known).min(axis=0).max() < 1e-9
    assert (np.abs(known) < 1e-9).any(axis=1).all()
    x, w = drawn(picture.lines["DFB"][0]).T
    left, right = x, x + w
    known = np.stack([left + 1.0, right + 1.0, left * right + 1.0])
    assert np.abs(known).min(axis=0).max() < 1e-9
    assert not picture.lines["centre"][1]


def test_every_curve_is_drawn_once_in_the_colour_of_its_order(tent_plane):
    picture = compose_picture(tent_plane, (0.5, -1.7))
    assert tuple(picture.lines) == TYPES
    for name, (lines, colours, opacities) in picture.lines.items():
        curves = [curve for curve in tent_plane.curves if curve.type == name]
        assert len(drawn(lines)) == sum(len(curve.vertices) for curve in curves)
        kinds = dict.fromkeys((curve.order, curve.stable) for curve in curves)
        assert colours == [order_colour(order) for order, _ in kinds]
        assert [opacity == 1.0 for opacity in opacities] == [stable for _, stable in kinds]
    # Between two curves of one row there is a gap, and a row ends with a point.
    rows, colours, _ = lines_of(tent_plane.curves)
    kinds = dict.fromkeys((curve.order, curve.stable) for curve in tent_plane.curves)
    assert len(colours) == len(kinds)
    for number, kind in enumerate(kinds):
        members = [c for c in tent_plane.curves if (c.order, c.stable) == kind]
        known = np.flatnonzero(np.isfinite(rows[0, number]))
        assert known[-1] == rows.shape[2] - 1
        assert (np.diff(known) == 2).sum() == len(members) - 1


def test_signs_lie_on_their_curves(tent_plane):
    picture = compose_picture(tent_plane, (0.5, -1.7))
    count = 0
    for name, (places, curves) in picture.signs.items():
        assert places.shape == (2, len(curves))
        for place, curve in zip(places.T, curves, strict=True):
            assert curve.type == name
            a, b = curve.vertices[:-1], curve.vertices[1:]
            t = np.sum((place - a) * (b - a), axis=1) / np.sum((b - a) ** 2, axis=1)
            nearest = a + np.clip(t, 0.0, 1.0)[:, None] * (b - a)
            assert np.hypot(*(nearest - place).T).min() < 1e-9
            count += 1
    assert count >= len({curve.identity for curve in tent_plane.curves})


def test_the_marks_have_what_the_picture_says():
    pane = of_slopes()
    marks, picture = pane._marks, pane.picture
    for name, mark in marks._curves.items():
        lines, colours, opacities = picture.lines[name]
        assert np.array_equal(mark.x, lines[0], equal_nan=True)
        assert np.array_equal(mark.y, lines[1], equal_nan=True)
        if colours:
            assert (mark.colors, mark.opacities) == (colours, opacities)
        assert (mark.line_style, mark.stroke_width) == EVENT_LINES[name]
    assert len(set(EVENT_LINES.values())) == len(EVENT_LINES) == len(TYPES)
    assert (marks._handle.x.tolist(), marks._handle.y.tolist()) == ([0.5], [-1.7])
    np.testing.assert_array_equal(marks._now.x, [-1.5, 1.5, np.nan, 0.5, 0.5])
    np.testing.assert_array_equal(marks._now.y, [-1.7, -1.7, np.nan, -3.0, 1.0])
    assert [(scale.min, scale.max) for scale in marks._scales.values()] == [
        (-1.5, 1.5),
        (-3.0, 1.0),
    ]
    assert [axis.label for axis in marks._axes] == ["A[0]", "W[0,0]"]
    assert marks._under.image.value == picture.png
    assert list(marks._labels.text) == list(picture.labels.texts)
    shown = [point for point in picture.plane.points if point.name != CROSSING]
    np.testing.assert_array_equal(marks._points.x, [point.position[0] for point in shown])


def test_the_number_of_marks_does_not_grow():
    pane = BifurcationPlane(
        sw.systems.lozi_map(), ("A[0,0]", (1.0, 2.0)), ("A[1,0]", (-1.0, 1.0)), max_order=4
    )
    assert pane.live.wait(120)
    assert len(pane.picture.plane.curves) > 8
    assert len(pane.figure.marks) == len(of_slopes().figure.marks)


# Regions ------------------------------------------------------------------------------------------


def test_every_pixel_between_the_curves_has_the_true_region(tent_plane):
    width, height = 240, 160
    pixels = region_pixels(tent_plane, width, height)
    rng = np.random.default_rng(5)
    checked = 0
    for _ in range(60):
        row, column = rng.integers(1, height - 1), rng.integers(1, width - 1)
        around = pixels[row - 1 : row + 2, column - 1 : column + 2]
        if around.min() < 0 or around.min() != around.max():
            continue  # a curve may go through this pixel
        x = -1.5 + 3.0 * (column + 0.5) / width
        w = 1.0 - 4.0 * (row + 0.5) / height
        model = TENT.replace({"A[0]": x, "W[0,0]": w})
        cycles = sw.find_cycles(model, 2, method="complete")
        found = sorted((cycle.key, cycle.stability == "stable") for cycle in cycles)
        assert sorted(tent_plane.regions[pixels[row, column]].cycles) == found
        checked += 1
    assert checked > 40


def test_the_region_of_the_present_values_is_said():
    pane = of_slopes()
    assert pane.picture.region.label == "an unstable fixed point, a stable 2-cycle"
    assert "an unstable fixed point, a stable 2-cycle" in pane._here.value
    pane.model = TENT.replace({"W[0,0]": -0.7})
    assert "<b>a stable fixed point</b>" in pane._here.value
    pane.model = TENT.replace({"W[0,0]": 7.0})
    assert "outside this range" in pane._here.value
    assert len(pane._marks._handle.x) == len(pane._marks._now.x) == 0


def test_labels_stand_inside_their_regions(tent_plane):
    pixels = region_pixels(tent_plane, 480, 320)
    labels = labels_of(pixels, tent_plane.regions)
    assert len(labels.texts) >= 4
    for text, (across, up) in zip(labels.texts, labels.places, strict=True):
        row, column = int((1.0 - up) * 320), int(across * 480)
        region = tent_plane.regions[pixels[row, column]]
        assert text in (region.label, short_label(region))
        half = int(0.5 * 4.2 * len(text))
        strip = pixels[row - 6 : row + 7, column - half : column + half]
        assert {tent_plane.regions[number].label for number in np.unique(strip)} == {region.label}


def test_no_label_where_there_is_no_room(tent_plane):
    stripes = np.zeros((40, 400), np.int64) + (np.arange(40) // 10 % 2)[:, None]
    assert labels_of(stripes, tent_plane.regions).texts == ()
    assert labels_of(np.full((40, 400), -1), tent_plane.regions).texts == ()


def test_regions_can_be_left_out():
    pane = of_slopes(regions=False)
    assert list(pane._marks._labels.text) == []
    assert pane._marks._under.image.value != pane.picture.png
    pane._controls.regions.value = True
    assert pane._marks._under.image.value == pane.picture.png
    assert list(pane._marks._labels.text) == list(pane.picture.labels.texts)


# Texts --------------------------------------------------------------------------------------------


def test_tooltips_legend_and_statement(tent_plane, read_html):
    curve = next(curve for curve in tent_plane.curves if curve.type == "DFB")
    text = read_html(curve_html(curve, tent_plane.parameters, (0.25, -1.25))).text
    assert "degenerate flip" in text
    assert "A[0] = 0.25, W[0,0] = -1.25" in text
    point = next(point for point in tent_plane.points if point.name != CROSSING)
    text = read_html(point_html(point, tent_plane)).text
    assert point.name in text
    assert f"A[0] = {point.position[0]:.12g}" in text
    legend = read_html(legend_html(compose_picture(tent_plane, (0.0, 0.0)))).text
    assert "fixed points" in legend.replace("\N{NO-BREAK SPACE}", " ")
    assert "2-cycles" in legend
    assert "DFB" in legend
    assert "centre" not in legend
    assert tent_plane.statement in read_html(status_html(tent_plane)).text
    assert "sw-proved" in status_html(tent_plane)
    assert "30 of 90" in read_html(progress_html(30, 90)).text


# What the person does -----------------------------------------------------------------------------


def test_its_own_weights_move_and_nothing_is_computed(monkeypatch, sent):
    pane = of_slopes()
    plane = pane.picture.plane
    monkeypatch.setattr(growth_module, "refined_planes", None)
    sent.clear()
    pane._marks._clicks.set_state({"x": [0.25], "y": [0.125]})
    assert (pane.model["A[0]"], pane.model["W[0,0]"]) == (0.25, 0.125)
    assert pane.message == ""
    assert pane.picture.plane is plane
    moved = {widget for widget, _ in sent} - {pane._marks._clicks}
    assert moved == {pane._marks._now, pane._marks._handle, pane._here}


def test_dragging_the_handle_moves_both_weights_in_one_step():
    pane = of_slopes()
    models = []
    pane.live.observe(lambda change: models.append(change.new), "model")
    for x, y in ((0.5, 0.25), (0.75, 0.25), (0.875, -0.5)):
        pane._marks._handle.set_state({"x": [x], "y": [y]})
        assert (pane.model["A[0]"], pane.model["W[0,0]"]) == (x, y)
    assert len(models) == 3
    pane.live.update(model=pane.model.replace({"A[0]": -0.5}))
    assert (pane._marks._handle.x.tolist(), pane._marks._handle.y.tolist()) == ([-0.5], [-0.5])


def test_a_click_on_a_special_point_moves_exactly_there():
    pane = of_slopes()
    x, y = (float(values[0]) for values in pane.picture.points)
    points = pane._marks._points
    data = {"index": 0, "x": x, "y": y}
    points._handle_custom_msgs(points, {"event": "element_click", "data": data})
    assert (pane.model["A[0]"], pane.model["W[0,0]"]) == (x, y)


def test_another_weight_redraws_it():
    pane = BifurcationPlane(SIXTEEN, ("A[0]", (0.0, 1.0)), ("A[1]", (0.0, 1.0)), max_order=1)
    assert pane.live.wait(120, finest=True)
    before = pane.picture.plane
    pane.model = SIXTEEN.replace({"W[0,1]": -0.5})
    assert pane.live.wait(120, finest=True)
    after = pane.picture.plane
    assert after is not before
    x, y = drawn(pane.picture.lines["centre"][0]).T
    np.testing.assert_allclose(x * y + 0.5 * SIXTEEN["W[1,0]"], 1.0, atol=1e-9)


def test_zoom_recomputes_and_reset_goes_back():
    pane = of_slopes()
    pane._zoom_into((0.0, 1.25), (-0.5, 0.5))
    assert pane.bounds == ((0.0, 1.25), (-0.5, 0.5))
    assert pane.live.wait(120, finest=True)
    assert pane.picture.plane.ranges == pane.bounds
    points = np.concatenate([drawn(lines) for lines, *_ in pane.picture.lines.values()])
    assert points[:, 0].min() >= -1e-9
    assert points[:, 1].max() <= 0.5 + 1e-9
    assert pane._marks._under.x.tolist() == [0.0, 1.25]
    pane._controls.reset.click()
    assert pane.bounds == ((-1.5, 1.5), (-3.0, 1.0))


def test_a_brush_zooms_once_it_is_let_go():
    pane = of_slopes()
    pane._controls.zoom.value = True
    brush = pane.figure.interaction
    brush.brushing = True
    brush.selected_x, brush.selected_y = np.array([0.25, 0.75]), np.array([0.0, 0.5])
    assert pane.bounds == ((-1.5, 1.5), (-3.0, 1.0))
    brush.brushing = False
    assert pane.bounds == ((0.25, 0.75), (0.0, 0.5))
    assert pane.figure.interaction is None
    assert brush.comm is None


def test_choices_from_python_and_from_the_controls():
    pane = BifurcationPlane(SIXTEEN, "A[0]", max_order=1)
    assert pane.parameters == ("A[0]", "A[1]")  # the other one of its array
    assert pane.bounds == ((-2.0, 2.0), (-2.0, 2.0))
    x, y = pane._controls.weights
    y.value = "W[0,1]"
    assert pane.parameters == ("A[0]", "W[0,1]")
    x.value = "W[0,1]"  # that of the other axis: both change places
    assert pane.parameters == ("W[0,1]", "A[0]")
    assert (x.value, y.value) == pane.parameters
    pane._controls.order.value = 2
    assert pane.max_order == 2
    pane.parameters = ("h[0]", "h[1]")
    assert (x.value, y.value) == ("h[0]", "h[1]")
    assert pane.live.wait(120)
    assert pane.picture.plane.parameters == ("h[0]", "h[1]")
    assert pane.message == ""


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("A[5]", "A[0]"), KeyError),
        (("A[0]", "A[0]"), ValueError),
        ((("A[0]", (1.0, 1.0)), "A[1]"), ValueError),
        (("W", "A[0]"), ValueError),
        (("A[0]", "A[1]", 1.5), TypeError),
    ],
)
def test_wrong_arguments(arguments, error):
    with pytest.raises(error):
        BifurcationPlane(SIXTEEN, *arguments)


def test_a_network_of_another_size():
    pane = of_slopes()
    pane.model = SIXTEEN
    assert pane.live.wait(120)
    assert pane.message == ""
    assert pane.parameters == ("W[0,1]", "W[1,0]")
    assert pane._controls.weights[0].options == SIXTEEN.parameter_names


# States and failures ------------------------------------------------------------------------------


def test_coarse_then_fine(monkeypatch):
    shown = []
    draw = BifurcationPlane.draw

    def note(self, picture):
        shown.append(picture)
        draw(self, picture)

    monkeypatch.setattr(BifurcationPlane, "draw", note)
    of_slopes()
    lines = [picture.plane.proved_lines for picture, _ in shown]
    assert lines == sorted(lines)
    assert lines[0] < lines[-1]
    assert (shown[0][1], shown[-1][1]) == ("refining", "fresh")


def test_a_slow_plane_lets_the_other_panes_go_first(monkeypatch):
    pane = of_slopes()
    monkeypatch.setattr(pane_module, "AT_ONCE", -1.0)
    monkeypatch.setattr(loop_module, "REST", 0.3)
    before = pane.picture.plane
    pane.model = TENT.replace({"h[0]": 2.0})
    assert pane.live.refining
    assert pane.picture.plane is before
    assert "sw-stale" in pane._dom_classes
    assert "computing" in pane._controls.status.value
    assert "fixed point" not in pane._here.value  # nothing is said of the new network yet
    assert pane.live.wait(60, finest=True)
    assert pane.picture.plane is not before
    assert "sw-stale" not in pane._dom_classes
    assert "proved" in pane._controls.status.value


def test_a_newer_network_ends_the_work_for_an_older_one(monkeypatch):
    pane = of_slopes()
    monkeypatch.setattr(pane_module, "AT_ONCE", -1.0)
    monkeypatch.setattr(loop_module, "REST", 0.05)
    asked = []
    refined = growth_module.refined_planes

    def note(model, *arguments, **settings):
        asked.append(model["h[0]"])
        return refined(model, *arguments, **settings)

    monkeypatch.setattr(growth_module, "refined_planes", note)
    for h in np.linspace(1.1, 2.0, 10):
        pane.model = TENT.replace({"h[0]": h})
    assert pane.live.wait(60, finest=True)
    assert asked[-1] == 2.0
    assert len(asked) < 10
    assert "sw-stale" not in pane._dom_classes


def test_a_failure_is_a_line_and_the_weights_live_on(monkeypatch):
    pane = of_slopes()
    with monkeypatch.context() as patch:

        def broken(*arguments, **settings):
            raise ArithmeticError("no <plane> today")

        patch.setattr(growth_module, "refined_planes", broken)
        pane.model = TENT.replace({"h[0]": 2.0})
        assert pane.message == "ArithmeticError: no <plane> today"
        assert "sw-failed" in pane._dom_classes
    pane.model = TENT.replace({"h[0]": 3.0})
    assert pane.message == ""
    assert "sw-failed" not in pane._dom_classes


def test_one_message_per_mark_and_redraw(sent):
    pane = of_slopes()
    pane.live.proof_limit = 0.0
    assert pane.live.wait(120, finest=True)
    sent.clear()
    pane._zoom_into((0.0, 1.25), (-0.5, 0.5))
    marks = [widget for widget, _ in sent if widget in pane.figure.marks]
    assert marks
    assert len(marks) == len(set(marks))
    assert pane.live.wait(120, finest=True)
    sent.clear()
    pane.live.refresh()
    assert pane.live.wait(120, finest=True)
    assert sent == []


def test_it_closes_what_it_opened():
    before = set(_instances)
    pane = of_slopes()
    pane._controls.zoom.value = True
    pane.model = TENT.replace({"h[0]": 2.0})
    pane.close()
    assert set(_instances) == before


# In the explorer ----------------------------------------------------------------------------------


def test_in_the_explorer_it_costs_nothing_until_it_is_opened(monkeypatch):
    monkeypatch.setattr(growth_module, "refined_planes", None)
    explorer = sw.Explorer(SIXTEEN, max_order=2, parameter="A[0]")
    assert explorer.plane.pane is None
    monkeypatch.undo()
    explorer.plane.opened = True
    pane = explorer.plane.pane
    assert pane.live is explorer.live
    assert explorer.live.wait(120, finest=True)
    assert pane.parameters == ("A[0]", "A[1]")
    assert pane.picture.plane.curves
    explorer.plane.opened = False
    assert pane.layout.display == "none"
    monkeypatch.setattr(growth_module, "refined_planes", None)
    explorer.model = SIXTEEN.replace({"h[0]": 0.5})
    assert explorer.wait(120, finest=True)
    assert pane.message == ""
    monkeypatch.undo()
    explorer.plane.opened = True
    assert explorer.live.wait(120, finest=True)
    assert explorer.plane.pane is pane
    assert pane.picture.plane.curves
    assert pane.layout.display is None


def test_a_click_moves_both_sliders_of_the_explorer_and_is_undone():
    explorer = sw.Explorer(SIXTEEN, max_order=2)
    explorer.plane.opened = True
    pane = explorer.plane.pane
    assert explorer.live.wait(120, finest=True)
    pane._marks._clicks.set_state({"x": [-0.25], "y": [0.125]})
    assert explorer.weights.sliders["W[0,1]"].value == -0.25
    assert explorer.weights.sliders["W[1,0]"].value == 0.125
    assert explorer.bifurcations.parameter == "W[0,1]"
    explorer.undo()
    assert explorer.model == SIXTEEN
    explorer.close()
