"""The state space: what reaches the marks, the window, the axes, and the start."""

from __future__ import annotations

import bqplot
import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cycles.cycle import STABILITIES
from scyfi_widgets.widgets import picture as picture_module
from scyfi_widgets.widgets.live import Live
from scyfi_widgets.widgets.palette import colour_index, order_colour
from scyfi_widgets.widgets.picture import MOST_DOTS, MOST_MARKERS
from scyfi_widgets.widgets.state_space import StateSpace, axis_options, default_axes

LOZI = sw.systems.lozi_map()
SIXTEEN = sw.systems.sixteen_cycle()


def drawn(model, **settings) -> StateSpace:
    space = StateSpace(model, **{"max_order": 3, "time_limit": None, **settings})
    assert space.live.wait(60)
    assert space.message == ""
    return space


def network(M: int, seed: int = 0, size: float = 0.5) -> sw.PLRNN:
    rng = np.random.default_rng(seed)
    return sw.PLRNN(rng.uniform(-0.5, 0.5, M), size * rng.normal(size=(M, M)), rng.normal(size=M))


def marks_of(space: StateSpace):
    return [mark for mark in space.figure.marks if len(np.shape(mark.x)) and np.size(mark.x)]


def assert_sound(space: StateSpace) -> None:
    """No mark holds infinity or far points, or ends in NaN; x and y agree."""
    for mark in marks_of(space):
        x, y = np.asarray(mark.x), np.asarray(mark.y)
        assert x.shape == y.shape
        assert not np.isinf([x, y]).any()
        assert np.nanmax(np.abs([x, y])) < 1e7
        assert np.isfinite([x[..., 0], y[..., 0]]).all()
        assert np.isfinite([x[..., -1], y[..., -1]]).all()
        if isinstance(mark, bqplot.Scatter):
            assert np.isfinite([x, y]).all()
    for low, high in space.limits:
        assert np.isfinite([low, high]).all()
        assert low < high


def dots(mark) -> np.ndarray:
    points = np.stack([np.ravel(mark.x), np.ravel(mark.y)], axis=1)
    return points[np.isfinite(points).all(axis=1)]


def sort_points(points) -> np.ndarray:
    points = np.round(np.asarray(points, dtype=float).reshape(-1, 2), 9) + 0.0
    return points[np.lexsort(points.T)]


# What is drawn ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "order"), [(SIXTEEN, 16), (LOZI, 6), (sw.systems.two_cycle(), 4), (network(3), 3)]
)
def test_markers_are_the_points_of_the_cycles(model, order):
    space = drawn(model, max_order=order)
    cycles = space.cycles
    assert len(cycles) > 0
    plane = space.picture.plane
    for stability in STABILITIES:
        chosen = [cycle for cycle in cycles if cycle.stability == stability]
        mark = space._cycle_marks[stability]
        expected = [plane(point) for cycle in chosen for point in cycle.points]
        assert np.allclose(np.column_stack([mark.x, mark.y]), np.reshape(expected, (-1, 2)))
        orders = [cycle.order for cycle in chosen for _ in cycle.points]
        assert list(mark.color) == [colour_index(order) for order in orders]
        scale = mark.scales["color"]
        for index, order_ in zip(mark.color, orders, strict=True):
            assert scale.colors[scale.domain.index(int(index))] == order_colour(order_)
    assert_sound(space)


def test_units_are_their_own_coordinates():
    space = drawn(SIXTEEN, max_order=16)
    stable = space.cycles.stable[0]
    mark = space._cycle_marks["stable"]
    assert np.array_equal(np.column_stack([mark.x, mark.y]), stable.points)


def test_the_orbit_and_its_tail():
    space = drawn(LOZI, orbit_steps=400, start=[0.2, 0.3])
    path = LOZI.orbit([0.2, 0.3], 400)
    assert np.allclose(dots(space._tail), path[300:])
    assert np.allclose(dots(space._orbit), path[: len(dots(space._orbit))])
    assert len(dots(space._orbit)) + len(dots(space._tail)) >= 401
    assert (space._start.x[0], space._start.y[0]) == (0.2, 0.3)
    assert np.isnan(space._tail.x[1])


def test_an_orbit_in_small_steps_is_a_line():
    turn = 0.05
    spiral = sw.PLRNN(
        A=[[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]],
        W=np.zeros((2, 2)),
        h=[0.0, 0.0],
    )
    space = drawn(spiral, start=[1.0, 0.0])
    assert space.picture.connected
    assert np.isfinite(space._tail.x).all()
    assert_sound(space)


def test_borders_are_drawn():
    space = drawn(SIXTEEN)
    (left, right), (low, high) = space.limits
    assert np.isnan(space._borders.x[2])
    ends = [[0.0, low], [0.0, high], [left, 0.0], [right, 0.0]]
    assert np.allclose(sort_points(dots(space._borders)), sort_points(ends))


def test_the_legend_says_what_is_there(read_html):
    space = drawn(SIXTEEN, max_order=16)
    text = read_html(space._legend.value).text
    assert "2 16-cycles" in text
    assert "the orbit ends in the stable 16-cycle" in text


def test_a_crowd_becomes_dots_within_the_budget():
    space = drawn(LOZI, max_order=14)
    cycles = space.cycles
    points = sum(cycle.order for cycle in cycles)
    assert points > MOST_MARKERS
    markers = sum(len(mark.x) for mark in space._cycle_marks.values())
    crowd = space._crowd.x
    assert 0 < markers <= MOST_MARKERS
    assert markers + len(np.unique(dots(space._crowd), axis=0)) == min(points, MOST_DOTS)
    assert len(space._crowd.colors) == len(crowd)
    for row, colour in enumerate(space._crowd.colors):
        own = np.column_stack([crowd[row], space._crowd.y[row]])
        own = own[np.isfinite(own).all(axis=1)]
        some = {tuple(np.round(point, 9)) for point in own}
        assert {
            order_colour(cycle.order)
            for cycle in cycles
            for point in cycle.points
            if tuple(np.round(point, 9)) in some
        } >= {colour}
    assert_sound(space)


def test_no_more_dots_than_the_budget(monkeypatch):
    monkeypatch.setattr(picture_module, "MOST_MARKERS", 10)
    monkeypatch.setattr(picture_module, "MOST_DOTS", 60)
    space = drawn(LOZI, max_order=8)
    assert sum(len(mark.x) for mark in space._cycle_marks.values()) <= 10
    assert 0 < len(np.unique(dots(space._crowd), axis=0)) <= 60


def test_a_crowd_of_one_colour(monkeypatch, sent):
    monkeypatch.setattr(picture_module, "MOST_MARKERS", 1)
    space = drawn(sw.systems.two_cycle(), max_order=2)
    assert np.ndim(space._crowd.x) == 1
    assert len(dots(space._crowd)) >= 2
    sent.clear()
    space.live.refresh()
    assert space.live.wait(20)
    assert space._crowd not in [widget for widget, _ in sent]
    assert_sound(space)


def test_a_network_without_cycles():
    space = drawn(sw.PLRNN(A=[1.0, 1.0], W=np.zeros((2, 2)), h=[0.01, 0.0]), start=[0.0, 0.0])
    assert len(space.cycles) == 0
    assert all(len(mark.x) == 0 for mark in space._cycle_marks.values())
    assert_sound(space)


def test_a_continuum_of_fixed_points():
    space = drawn(sw.PLRNN(A=[1.0, 1.0], W=np.zeros((2, 2)), h=[0.0, 0.0]))
    assert_sound(space)


@pytest.mark.parametrize("M", [1, 2, 3, 20])
def test_a_diverging_orbit(M):
    space = drawn(sw.PLRNN(A=[2.0] * M, W=np.zeros((M, M)), h=[1.0] * M), max_order=1)
    assert "the orbit diverges" in space.picture.note
    assert "the orbit diverges" in space._legend.value
    assert len(dots(space._orbit)) > 2
    assert_sound(space)


def test_where_nothing_attracts_the_window_holds_the_cycles():
    model = sw.PLRNN(A=[2.0, 1.5], W=[[0, 0.1], [0, 0]], h=[-40.0, 30.0])
    space = drawn(model, max_order=1)
    assert "the orbit diverges" in space.picture.note
    assert "outside this window" not in space.picture.note
    before = space.limits
    space.fit_all()
    assert max(high - low for low, high in space.limits) < 10 * max(b - a for a, b in before)


@pytest.mark.parametrize("far", [1e5, 1e7, 1e12, 1e200])
def test_far_cycles_are_not_sent(far):
    space = drawn(sw.PLRNN(A=[0.5, 0.5], W=np.zeros((2, 2)), h=[far, 1.0]))
    assert_sound(space)


@pytest.mark.parametrize("kind", ["tent", "stable"])
def test_one_unit_is_a_return_map(kind):
    model = sw.systems.skew_tent_map() if kind == "tent" else sw.PLRNN([0.5], [[-0.2]], [1.0])
    space = drawn(model, max_order=4)
    path = model.orbit(space.live.start, 1000)
    tail = dots(space._tail)
    assert np.allclose(tail, np.hstack([path, model.step(path)])[-len(tail) :])
    for stability, mark in space._cycle_marks.items():
        points = [c.points for c in space.cycles if c.stability == stability]
        now = np.concatenate(points) if points else np.zeros((0, 1))
        assert np.allclose(mark.x, now[:, 0])
        assert np.allclose(mark.y, [model.step(z)[0] for z in now])
    borders = dots(space._borders)
    assert np.allclose(borders[:2, 0], 0.0) or space.limits[0][0] > 0
    assert_sound(space)
    for change in (0.3, 0.7):
        space.model = model.replace({"A[0]": change})
        assert space.live.wait(20)
        assert space.message == ""
        assert_sound(space)


def test_twenty_units_show_components():
    model = sw.systems.lorenz_network()
    space = drawn(model, max_order=1)
    assert space.axes == ("PC1", "PC2")
    plane = space.picture.plane
    assert plane.directions @ plane.directions.T == pytest.approx(np.eye(2), abs=1e-9)
    assert np.allclose(
        dots(space._tail), plane(model.orbit(space.live.start, 1000))[-len(dots(space._tail)) :]
    )
    assert [axis.label for axis in space._figure_axes] == list(plane.labels)
    assert_sound(space)
    space.axes = ("PC2", 7)
    assert space.live.wait(20)
    assert space._figure_axes[1].label == "z[7]"
    assert np.allclose(dots(space._start), space.picture.plane(space.live.start))


# The window ---------------------------------------------------------------------------------------


def test_the_window_stays_while_weights_change():
    space = drawn(SIXTEEN)
    before, plane = space.limits, space.picture.plane
    for value in (-0.64, -0.63, -0.62):
        space.live.move({"W[0,1]": value})
    assert space.limits == before
    assert space.picture.plane is plane


def test_the_window_grows_with_what_attracts_and_fits_again():
    contracting = sw.PLRNN(A=[0.5, 0.5], W=np.zeros((2, 2)), h=[1.0, 1.0])
    space = drawn(contracting)
    (x0, x1), (y0, y1) = space.limits
    assert x0 < 2.0 < x1
    space.live.move({"h[0]": 20.0})
    (grown0, grown1), (_, top) = space.limits
    assert grown0 == x0
    assert grown1 > 40.0
    assert top == y1
    space.live.move({"h[0]": 1.0})
    assert space.limits[0] == (grown0, grown1)
    space.fit()
    assert space.limits == ((x0, x1), (y0, y1))
    assert (space._scales[0].min, space._scales[0].max) == (x0, x1)


def test_the_window_can_be_chosen():
    space = drawn(LOZI)
    space.limits = ((-2, 2), (-3.0, 3.0))
    assert space.limits == ((-2.0, 2.0), (-3.0, 3.0))
    assert [(scale.min, scale.max) for scale in space._scales] == [(-2.0, 2.0), (-3.0, 3.0)]
    for wrong in (((1, 1), (0, 1)), ((0, 1), (2, 1)), ((0, np.nan), (0, 1)), ((0, np.inf), (0, 1))):
        with pytest.raises(ValueError, match="low < high"):
            space.limits = wrong
    assert space.limits == ((-2.0, 2.0), (-3.0, 3.0))


def test_a_chosen_window_may_be_smaller_than_what_attracts():
    space = drawn(LOZI)
    fitted = space.limits
    space.limits = ((0.0, 0.5), (-0.1, 0.1))
    space.live.move({"W[0,0]": -3.39})
    assert space.limits == ((0.0, 0.5), (-0.1, 0.1))
    space.live.move({"W[0,0]": LOZI["W[0,0]"]})
    space.fit()
    assert space.limits == fitted
    space.limits = ((0.0, 0.5), (-0.1, 0.1))
    space.model = network(3)
    space.model = LOZI
    assert space.limits == fitted
    space.live.start = [0.0, 9.0]
    assert space.limits[1][1] > 9.0


def test_an_older_picture_does_not_take_a_chosen_window_back():
    space = drawn(LOZI)
    (older,) = space.pictures(space.live.shown)
    space.limits = ((-5.0, 5.0), (-5.0, 5.0))
    space.draw(older)
    assert space.limits == ((-5.0, 5.0), (-5.0, 5.0))
    space.live.refresh()
    assert space._scales[0].min == -5.0
    (older,) = space.pictures(space.live.shown)
    space.fit()
    fitted = space.limits
    space.draw(older)
    assert space.limits == fitted != ((-5.0, 5.0), (-5.0, 5.0))


def test_zooming_by_hand():
    space = drawn(LOZI)
    x, y = space._scales
    before = space.limits
    space._panzoom.value = True
    assert isinstance(space.figure.interaction, bqplot.PanZoom)
    x.set_state({"min": -0.5, "max": 0.5})
    y.set_state({"min": -0.25, "max": 0.25})
    assert space.limits == ((-0.5, 0.5), (-0.25, 0.25))
    drawn_before = space.live.drawn
    space.limits = ((7.0, 9.0), (7.0, 9.0))
    assert space.live.drawn == drawn_before + 1
    assert space.message == ""
    space.fit()
    assert space.live.drawn == drawn_before + 2
    assert space.limits == before
    space._panzoom.value = False
    assert space.figure.interaction is None
    x.set_state({"min": -0.5})
    assert space.limits == before


# The axes -----------------------------------------------------------------------------------------


def test_axes():
    space = drawn(network(4), axes=(3, 1))
    assert space.axes == (3, 1)
    assert [axis.label for axis in space._figure_axes] == ["z[3]", "z[1]"]
    assert [choice.value for choice in space._axis_choices] == [3, 1]
    before = space.live.drawn
    space.axes = (1, "PC2")
    assert space.live.drawn == before + 1
    assert space.live.dropped == 0
    assert space.axes == (1, "PC2")
    assert [choice.value for choice in space._axis_choices] == [1, "PC2"]
    space._axis_choices[0].value = 2
    assert space.axes == (2, "PC2")
    assert space.live.drawn == before + 2
    assert space._figure_axes[0].label == "z[2]"


@pytest.mark.parametrize("wrong", [(0, 4), (0,), (0, 1, 2), ("PC3", 0), "PC1", 5, None, (0, [1])])
def test_axes_that_do_not_exist(wrong):
    space = drawn(network(4))
    with pytest.raises(ValueError, match="axes must be two of"):
        space.axes = wrong
    assert space.axes == ("PC1", "PC2")


def test_axes_as_numpy_numbers():
    space = drawn(network(4))
    space.axes = tuple(np.array([2, 0]))
    assert space.axes == (2, 0)
    assert space.picture.plane.labels == ("z[2]", "z[0]")


def test_default_axes():
    assert default_axes(1) == (0, 0)
    assert default_axes(2) == (0, 1)
    assert default_axes(3) == ("PC1", "PC2")
    assert [value for _, value in axis_options(2)] == [0, 1]
    assert [value for _, value in axis_options(3)] == ["PC1", "PC2", 0, 1, 2]


def test_another_size_and_back_keeps_the_choice():
    space = drawn(network(4), max_order=1)
    for model, axes in ((SIXTEEN, (0, 1)), (network(5), ("PC1", "PC2")), (SIXTEEN, (0, 1))):
        before = space.live.drawn
        space.model = model
        assert space.axes == axes
        assert [choice.value for choice in space._axis_choices] == list(axes)
        assert space.live.drawn + space.live.dropped == before + 1
        assert_sound(space)
    space.model = network(4)
    space.axes = (3, 2)
    space.model = SIXTEEN
    assert space.axes == (0, 1)
    space.model = network(4)
    assert space.axes == (3, 2)
    assert space.picture.plane.labels == ("z[3]", "z[2]")


# The start ----------------------------------------------------------------------------------------


def test_a_click_sets_the_start():
    space = drawn(network(3), axes=(2, 0), start=[0.1, 0.2, 0.3])
    space._clicks.x = [0.75]
    space._clicks.y = [-0.5]
    assert space.live.start.tolist() == pytest.approx([-0.5, 0.2, 0.75])
    assert len(space._clicks.x) == len(space._clicks.y) == 0
    assert space.live.wait(20)
    assert (space._start.x[0], space._start.y[0]) == pytest.approx((0.75, -0.5))
    assert np.array_equal(space.live.shown.orbit[0], space.live.start)


def test_a_drag_or_a_click_on_a_marker_sets_the_start():
    space = drawn(SIXTEEN)
    for mark, event, key in (
        (space._start, "drag_end", "point"),
        (space._cycle_marks["stable"], "element_click", "data"),
    ):
        mark._handle_custom_msgs(None, {"event": event, key: {"x": 0.5, "y": 0.25}})
        assert space.live.start.tolist() == [0.5, 0.25]
        space.live.start = [0.0, 0.0]


def test_clicks_that_say_nothing():
    space = drawn(SIXTEEN)
    before = space.live.start
    space._on_click({"x": np.nan, "y": 1.0})
    space._clicks.x = [0.5, 0.6]
    space._clicks.y = [0.5]
    assert space.live.start is before


def test_a_click_in_the_picture_of_a_network_of_another_size():
    space = drawn(SIXTEEN)
    space.live.leave(space)
    space.live.model = network(3)
    before = space.live.start
    space._on_click({"x": 0.5, "y": 0.5})
    assert space.live.start is before


def test_the_tooltip_describes_the_point_under_the_mouse():
    space = drawn(SIXTEEN, max_order=16)
    mark = space._cycle_marks["stable"]
    for index in (0, 15):
        mark._handle_custom_msgs(None, {"event": "hover", "data": {"index": index}})
        assert "stable 16-cycle" in mark.tooltip.value
        assert f"{space.cycles.stable[0].points[index][0]:.4g}" in mark.tooltip.value
    before = mark.tooltip.value
    for data in ({"index": 99}, {}, {"index": -1}):
        mark._handle_custom_msgs(None, {"event": "hover", "data": data})
    assert mark.tooltip.value == before


# Messages to the browser --------------------------------------------------------------------------


def test_marks_are_sent_only_when_they_change(sent):
    space = drawn(LOZI, max_order=6)
    sent.clear()
    space.live.refresh()
    assert space.live.wait(20)
    assert sent == []
    space.live.start = [0.3, 0.2]
    assert space.live.wait(20)
    assert {widget for widget, _ in sent} <= {
        space._orbit,
        space._tail,
        space._start,
        space._legend,
    }
    assert len(sent) == len({widget for widget, _ in sent})


def test_one_message_per_mark_and_update(sent):
    space = drawn(LOZI, max_order=6)
    sent.clear()
    space.live.move({"W[0,0]": -3.3})
    assert space.live.wait(20)
    marks = [widget for widget, _ in sent if isinstance(widget, bqplot.Mark)]
    assert space._tail in marks
    assert len(marks) == len(set(marks))


def test_panes_of_one_live_show_the_same():
    live = Live(LOZI, max_order=4, time_limit=None)
    first, second = StateSpace(live), StateSpace(live, axes=(1, 0))
    live.move({"W[0,0]": -3.3})
    assert live.wait(20)
    assert first.cycles is second.cycles
    assert np.array_equal(sort_points(dots(first._tail)), sort_points(dots(second._tail)[:, ::-1]))


def test_far_cycles_are_counted_and_can_be_fitted():
    space = drawn(sw.systems.lorenz_network(), max_order=1, axes=(0, 2))
    (_, _), (_, high) = space.limits
    assert high < 5.0
    assert "1 cycle lies outside this window" in space._legend.value
    space.fit_all()
    space.live.wait(5)
    assert "outside" not in space._legend.value
    for cycle in space.cycles:
        for value, (low, high) in zip(cycle.points[0][[0, 2]], space.limits, strict=True):
            assert low < value < high
    space.fit()
    space.live.wait(5)
    assert "1 cycle lies outside this window" in space._legend.value
