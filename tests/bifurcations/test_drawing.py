"""Diagrams on paper: what is drawn is what the diagram says."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.drawing import MARKERS
from scyfi_widgets.bifurcations.events import NAMES
from scyfi_widgets.bifurcations.window import fitted_window
from scyfi_widgets.palette import EVENT_MARKERS, ORDER_TONES


@pytest.fixture(scope="module")
def tent():
    """Its fixed point comes from infinity at -1 and flips at 1; the two-cycle flips at 2."""
    ends = sw.systems.skew_tent_map(0.5, 0.0), sw.systems.skew_tent_map(0.5, -1.0)
    return sw.bifurcation_diagram(*ends, (-1.5, 3.5), max_order=2)


@pytest.fixture
def ax():
    return Figure().add_subplot()


def curves(ax):
    return [line for line in ax.lines if line.get_marker() == "None"]


def markers(ax):
    return [line for line in ax.lines if line.get_linestyle() == "None"]


def test_lines_are_solid_exactly_where_cycles_attract(ax, tent):
    assert tent.plot(ax) is ax
    spans = {}
    for line in curves(ax):
        x = line.get_xdata()
        spans[line.get_color(), line.get_linestyle()] = (np.nanmin(x), np.nanmax(x))
    fixed, cycle = ORDER_TONES[0][0], ORDER_TONES[1][0]
    assert set(spans) == {(colour, style) for colour in (fixed, cycle) for style in ("-", "--")}
    np.testing.assert_allclose(spans[fixed, "-"], (-1.0, 1.0), atol=1e-6)
    np.testing.assert_allclose(spans[fixed, "--"], (1.0, 3.5), atol=1e-6)
    np.testing.assert_allclose(spans[cycle, "-"], (1.0, 2.0), atol=1e-6)
    np.testing.assert_allclose(spans[cycle, "--"], (2.0, 3.5), atol=1e-6)


def test_every_point_of_a_cycle_is_a_curve_of_its_own(ax, tent):
    tent.plot(ax)
    line = next(line for line in curves(ax) if line.get_color() == ORDER_TONES[1][0])
    x, y = line.get_xdata(), line.get_ydata()
    assert np.isnan(y).sum() == 1
    a_r = -x
    left, right = (1.0 + a_r) / (1.0 - 0.5 * a_r), 1.5 / (1.0 - 0.5 * a_r)
    off = np.minimum(np.abs(y - left), np.abs(y - right))
    assert np.nanmax(off) < 1e-4  # the point where stability changes is interpolated


def test_markers_are_those_of_the_panes(ax, tent):
    tent.plot(ax)
    drawn = {line.get_marker(): line for line in markers(ax)}
    for type in {event.type for event in tent.events}:
        name, filled, _ = EVENT_MARKERS[type]
        line = drawn.pop(MARKERS[name])
        assert set(line.get_xdata()) == {event.value for event in tent.of_type(type)}
        assert (to_hex(line.get_markerfacecolor()) == "#ffffff") is not filled
    assert not drawn


def test_every_type_of_event_has_a_marker_of_its_own():
    looks = {(MARKERS[name], filled) for name, filled, _ in EVENT_MARKERS.values()}
    assert set(EVENT_MARKERS) == set(NAMES)
    assert len(looks) == len(EVENT_MARKERS)


def test_a_pole_does_not_stretch_the_window(ax, tent):
    tent.plot(ax)
    low, high = ax.get_ylim()
    assert np.abs(tent.branches[0].points).max() > 1e6
    assert -10.0 < low < 0.0 < 2.0 < high < 200.0
    for line in ax.lines:
        assert np.nanmax(np.abs(line.get_ydata())) < 100.0 * (high - low)
    assert ax.get_xlim() == (-1.5, 3.5)


def test_the_window_is_for_what_attracts():
    steady = np.linspace(0.0, 1.0, 300)
    low, high = fitted_window(np.append(steady, [1e9, np.inf]), np.array([1.4, 5.0, np.nan]))
    assert -0.2 < low < 0.0
    assert 1.4 < high < 1.6
    assert fitted_window(np.empty(0), np.empty(0)) == pytest.approx((-1.16, 1.16))


def test_the_legend_names_what_is_drawn_and_nothing_else(ax, tent):
    tent.plot(ax)
    texts = [text.get_text().replace("\n", " ") for text in ax.get_legend().get_texts()]
    types = [NAMES[type] for type in EVENT_MARKERS if tent.of_type(type)]
    assert texts == ["fixed point", "2-cycle", "stable", "unstable", *types]


def test_it_may_be_drawn_plainly_and_in_another_style(ax, tent):
    tent.plot(ax, events=False, legend=False, color="red", linewidth=0.5)
    assert not markers(ax)
    assert ax.get_legend() is None
    assert {(line.get_color(), line.get_linewidth()) for line in curves(ax)} == {("red", 0.5)}


def test_any_coordinate_and_the_length_may_be_drawn(ax):
    diagram = sw.bifurcation_diagram(sw.systems.two_cycle(0.3), "h[0]", (0.1, 0.3), max_order=2)
    diagram.plot(ax, "norm", events=False)
    assert ax.get_ylabel() == "|z|"
    other = Figure().add_subplot()
    diagram.plot(other, 1, events=False)
    assert (other.get_xlabel(), other.get_ylabel()) == ("h[0]", "z[1]")
    heights = np.concatenate([line.get_ydata() for line in curves(other)])
    for branch in diagram.branches:
        assert np.isin(branch.points[..., 1], heights).all()
    for wrong in (2, -1, "x", True):
        with pytest.raises(ValueError, match="coordinate must be"):
            diagram.plot(ax, wrong)


def test_an_orbit_diagram_lies_under_it(ax):
    model = sw.systems.lozi_map()
    sw.orbit_diagram(model, "A[0,0]", (1.0, 1.2), values=21).plot(ax)
    sw.bifurcation_diagram(model, "A[0,0]", (1.0, 1.2), max_order=2).plot(ax)
    dots, *lines = ax.lines
    assert all(dots.get_zorder() < line.get_zorder() for line in lines)
    low, high = ax.get_ylim()
    seen = dots.get_ydata()[np.isfinite(dots.get_ydata())]
    assert np.mean((seen > low) & (seen < high)) > 0.97


def test_without_axes_the_current_ones_are_taken_and_matplotlib_comes_late(tmp_path):
    code = (
        "import sys, scyfi_widgets as sw; d = sw.bifurcation_diagram("
        "sw.PLRNN([0.5], [[0.0]], [1.0]), 'h[0]', (0.5, 1.0), 1);"
        "assert 'matplotlib' not in sys.modules;"
        "import matplotlib; matplotlib.use('Agg'); import matplotlib.pyplot as plt;"
        "ax = plt.figure().add_subplot(); assert d.plot() is ax"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=240)
