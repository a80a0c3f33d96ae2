"""bqplot's figures as plain data."""

from __future__ import annotations

import bqplot
import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.export.drawing import Curves, Raster, Signs
from scyfi_widgets.export.reading import plain_numbers, read_figure, read_mark


def test_a_state_space_is_read_with_its_cycles():
    space = sw.StateSpace(sw.systems.sixteen_cycle(), max_order=16)
    assert space.live.wait(30, finest=True)
    drawing = read_figure(space.figure)
    assert (drawing.x.label, drawing.y.label) == ("z[0]", "z[1]")
    assert (drawing.x.limits, drawing.y.limits) == space.limits
    signs = [mark for mark in drawing.marks if isinstance(mark, Signs)]
    assert len(signs) == len(space.figure.marks) - 6 - 1  # all but lines and what collects clicks
    stable = next(mark for mark in signs if mark.marker == "circle" and mark.filled)
    (cycle,) = space.cycles.stable
    np.testing.assert_array_equal(np.sort(stable.points, 0), np.sort(cycle.points, 0))
    assert len(set(stable.colours)) == 1
    assert len(stable.words) == cycle.order
    for place, words in zip(stable.points, stable.words, strict=True):
        assert words.startswith("<b>stable 16-cycle</b>")
        assert f"z ({place[0]:.4g}, {place[1]:.4g})" in words
    (start,) = (mark for mark in signs if not mark.words and len(mark.points))
    np.testing.assert_array_equal(start.points, [space.live.start])


def test_a_diagram_is_read_with_its_orbits_below():
    diagram = sw.BifurcationDiagram(sw.systems.sixteen_cycle(), "A[0]", (0.5, 1.2), max_order=2)
    assert diagram.live.wait(60, finest=True)
    drawing = read_figure(diagram.figure)
    raster = drawing.marks[0]
    assert isinstance(raster, Raster)
    assert raster.png.startswith(b"\x89PNG")
    assert (raster.x, raster.y) == (drawing.x.limits, drawing.y.limits)
    curves = [mark for mark in drawing.marks if isinstance(mark, Curves)]
    assert {mark.style for mark in curves} == {"solid", "dashed"}
    assert all(len(mark.colours) == len(mark.points) for mark in curves)


def test_an_axis_on_the_right_is_read(run):
    pane = sw.LossPane(run)
    assert pane.live.wait(30)
    drawing = read_figure(pane.figure)
    assert drawing.beside.label == "gradient norm"
    assert any(isinstance(mark, Curves) and mark.beside for mark in drawing.marks)
    assert any("10" in text for text in drawing.beside.texts)


@pytest.mark.parametrize(
    ("ticks", "texts"),
    [
        ([-2, -1, 0, 1], ["−2", "−1", "0", "1"]),
        ([0.5, 1.0, 1.5], ["0.5", "1.0", "1.5"]),
        ([-0.0, 0.02], ["0.00", "0.02"]),
        ([1e6, 2e6], ["1e+06", "2e+06"]),
        ([1e-5, 2e-5], ["1e−05", "2e−05"]),
        ([0.84205, 0.8421], ["0.84205", "0.84210"]),
        ([], []),
    ],
)
def test_numbers_have_as_many_digits_as_tell_them_apart(ticks, texts):
    assert plain_numbers(np.array(ticks, float)) == texts


def test_an_unknown_mark_is_refused():
    scale = bqplot.LinearScale()
    bars = bqplot.Bars(x=[1], y=[1], scales={"x": scale, "y": scale})
    with pytest.raises(TypeError, match="a Bars cannot be exported"):
        read_mark(bars)
