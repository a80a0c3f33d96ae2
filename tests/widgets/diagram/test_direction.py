"""Diagrams along a direction in which all weights move at once."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.widgets.diagram.direction import Direction

START = sw.systems.sixteen_cycle()
END = START.replace({"A[0]": 0.95, "W[0,1]": -0.5})
TOWARDS = Direction("towards the end", START, END)


def between(s: float) -> sw.PLRNN:
    return START.replace({"A[0]": START["A[0]"] + s * (0.95 - START["A[0]"])}).replace(
        {"W[0,1]": START["W[0,1]"] + s * (-0.5 - START["W[0,1]"])}
    )


@pytest.mark.parametrize("s", [0.0, 0.25, 1.0, -0.5, 3.0])
def test_a_network_on_the_line_has_its_place_there(s):
    line, value = TOWARDS.place(between(s), (-1.0, 4.0))
    assert (line.start, line.end) == (START, END)
    assert value == pytest.approx(s, abs=1e-12)


def test_a_network_beside_the_line_is_on_a_parallel_one():
    beside = between(0.25).replace({"h[1]": -0.9})
    line, value = TOWARDS.place(beside, (0.0, 1.0))
    assert value == pytest.approx(0.25)
    there = line.at(value)
    for name, array in beside.parameters.items():
        np.testing.assert_allclose(there.parameters[name], array, atol=1e-14)
        step = line.end.parameters[name] - line.start.parameters[name]
        np.testing.assert_allclose(step, END.parameters[name] - START.parameters[name], atol=1e-14)


def test_the_line_stays_while_the_network_moves_along_it():
    line, value = TOWARDS.place(between(0.25).replace({"h[1]": -0.9}), (0.0, 1.0))
    moved = line.at(0.7)
    again, value = TOWARDS.place(moved, (0.0, 1.0), line)
    assert again is line
    assert value == pytest.approx(0.7)


def test_there_is_no_direction_between_equal_or_different_networks():
    with pytest.raises(ValueError, match="the same twice"):
        Direction("nowhere", START, START)
    with pytest.raises(ValueError, match="one architecture"):
        Direction("elsewhere", START, sw.systems.lorenz_network())


def test_the_pane_moves_all_weights():
    pane = sw.BifurcationDiagram(START, TOWARDS, max_order=2, orbits=True, time_limit=60)
    try:
        assert pane.parameter == "towards the end"
        assert pane._controls.weight.options == ("towards the end", *START.parameter_names)
        assert pane.diagram.line.end == END
        assert pane.orbit_diagram is not None
        assert pane.picture.value == 0.0
        pane._move(0.5)
        pane.live.wait(60)
        assert pane.model == pane.diagram.line.at(0.5)
        assert pane.picture.value == pytest.approx(0.5)
        assert pane.message == ""

        pane._controls.weight.value = "A[0]"  # as a person does
        pane.live.wait(60)
        assert pane.diagram.line.parameter == "A[0]"
        pane._controls.weight.value = "towards the end"
        pane.live.wait(60)
        assert pane.diagram.line.parameter is None
        assert pane.bounds == (0.0, 1.0)

        pane.model = sw.systems.lorenz_network()  # to which the direction does not lead
        pane.live.wait(60)
        assert pane.parameter in pane.model.parameter_names
        assert "towards the end" not in pane._controls.weight.options
        with pytest.raises(ValueError, match="other networks"):
            pane.parameter = TOWARDS
    finally:
        pane.close()


def test_an_explorer_takes_one_too():
    explorer = sw.Explorer(START, parameter=TOWARDS, max_order=2)
    try:
        explorer.wait(60)
        assert explorer.bifurcations.parameter == "towards the end"
        explorer.plane.opened = True
        assert set(explorer.plane.pane.parameters) <= set(START.parameter_names)
    finally:
        explorer.close()
