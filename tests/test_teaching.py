"""The lecture keeps its promises: its time, one line a figure, and what its text claims."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.events import TYPES
from scyfi_widgets.palette import EVENT_MARKERS
from scyfi_widgets.widgets.teaching.forcing_orbits import forced_orbits
from scyfi_widgets.widgets.teaching.forcing_picture import growth_of
from scyfi_widgets.widgets.teaching.search import search_steps

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "05_teaching.ipynb"
CELLS = nbformat.read(NOTEBOOK, as_version=4).cells
TEXT = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
FIGURES = ("StateSpace", "SearchSteps", "Cobweb", "EigenvalueCircle", "Crossing")
FIGURES += ("GradientAtBifurcation", "ForcedOrbit")

tent = sw.systems.skew_tent_map
toy = sw.systems.sixteen_cycle()
lozi = sw.systems.lozi_map


def is_answer(cell) -> bool:
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


def figures(name: str) -> list[str]:
    """Return the cells that show a figure, which are not answers."""
    return [
        cell.source
        for cell in CELLS
        if cell.cell_type == "code" and not is_answer(cell) and f"sw.{name}(" in cell.source
    ]


def arguments_of(source: str) -> tuple[tuple, dict]:
    """Return what a cell gives to its figure, which is not opened."""
    stand_in = SimpleNamespace(
        **{name: lambda *args, **kwargs: (args, kwargs) for name in FIGURES}, systems=sw.systems
    )
    return eval(source, {"sw": stand_in, "tent": tent, "toy": toy, "lozi": lozi})


# Its form -----------------------------------------------------------------------------------------


def test_it_takes_45_minutes():
    headed = [int(m) for m in re.findall(r"^## .*\((\d+) minutes?\)$", TEXT, re.MULTILINE)]
    listed = [int(m) for m in re.findall(r"^\| \d \| .* \| (\d+) \|$", TEXT, re.MULTILINE)]
    assert headed == listed
    assert len(headed) == 9
    assert sum(headed) == 45


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_one_line(name):
    cells = figures(name)
    assert cells
    for source in cells:
        assert len(source.splitlines()) == 1
        [statement] = ast.parse(source).body
        assert isinstance(statement, ast.Expr)
        arguments_of(source)


def test_every_exercise_has_a_folded_answer_and_a_folded_check():
    number = 0
    for place, cell in enumerate(CELLS):
        asked = re.findall(r"\*\*Exercise (\d+)\.\*\*", cell.source)
        if cell.cell_type != "markdown" or not asked:
            continue
        number += 1
        assert asked == [str(number)]
        assert cell.source.count("<details><summary>Answer</summary>\n\n") == 1
        assert cell.source.rstrip().endswith("</details>")
        check = CELLS[place + 1]
        assert is_answer(check)
        assert "assert" in check.source
        assert f'print("exercise {number}: checked")' in check.source
    assert number == 8
    assert number == sum(is_answer(cell) for cell in CELLS)


def test_every_type_is_there_with_its_sign():
    names = {
        "persistence": "Persistence",
        "fold": "Non-smooth fold",
        "flip": "Flip at a border",
        "DTB": "degenerate transcritical (DTB)",
        "DFB": "degenerate flip (DFB)",
        "centre": "centre",
    }
    assert set(names) == set(TYPES) - {"border"}
    for type, name in names.items():
        assert re.search(re.escape(name) + r"\*\* " + EVENT_MARKERS[type][2], TEXT), type


# What it claims -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "type", "value"),
    [
        (0, "persistence", 0.0),
        (1, "fold", 0.0),
        (2, "flip", 0.0),
        (3, "DTB", 0.5),
        (4, "DFB", -1.5),
        (5, "centre", 1.1033),
    ],
)
def test_each_crossing_crosses_what_the_text_says(place, type, value):
    crossings = figures("Crossing")
    assert len(crossings) == 6
    (model, parameter, bounds), settings = arguments_of(crossings[place])
    order = settings.get("max_order", 2)
    diagram = sw.bifurcation_diagram(model, parameter, bounds, max_order=order)
    assert diagram.complete_up_to == order
    [event] = diagram.of_type(type)
    np.testing.assert_allclose(event.value, value, atol=5e-5)
    assert event.confirmed
    assert bounds[0] < model[parameter] < bounds[1]
    if type != "centre":
        assert len(diagram.events) == 1
    else:
        others = {each.type: each for each in diagram.events if each is not event}
        assert set(others) == {"persistence", "DTB"}
        np.testing.assert_allclose(others["persistence"].value, 0.80003, atol=5e-6)
        assert others["persistence"].touches == ((0, 1),)  # the border of the second unit
        assert 0 not in others["DTB"].unstable_before + others["DTB"].unstable_after


def test_the_border_collisions_by_hand():
    for mu in (-0.6, 0.6):
        [fixed] = sw.find_cycles(tent(0.5, -0.5, mu), 2)
        np.testing.assert_allclose(fixed.points, [[2.0 * mu if mu < 0.0 else mu * 2.0 / 3.0]])
        np.testing.assert_allclose(fixed.eigenvalues, [0.5 if mu < 0.0 else -0.5])
    points = [cycle.points[0, 0] for cycle in sw.find_cycles(tent(0.5, 1.5, -0.6), 2)]
    np.testing.assert_allclose(sorted(points), [-1.2, 1.2])
    beyond = tent(0.5, 1.5, 0.6)
    assert len(sw.find_cycles(beyond, 2)) == 0
    assert beyond.orbit([0.1], 100)[-1, 0] > 1e6
    [two] = sw.find_cycles(tent(0.5, -1.5, 0.6), 2).of_order(2)
    np.testing.assert_allclose(np.sort(two.points[:, 0]), [-0.6 * 2 / 7, 0.6 * 6 / 7])
    assert two.stability == "stable"


def test_the_eigenvalue_events_by_hand():
    for slope, point in ((0.5, 2.0), (0.9, 10.0), (0.99, 100.0)):
        [fixed] = sw.find_cycles(tent(0.5, slope), 1)
        np.testing.assert_allclose(fixed.points, [[point]])
    beyond = sw.find_cycles(tent(0.5, 1.2), 8)
    assert (len(beyond), beyond.complete_up_to) == (0, 8)
    at = tent(0.5, -1.0)
    points = np.linspace(0.05, 0.95, 7)[:, None]
    np.testing.assert_allclose(at.step(points), 1.0 - points)
    np.testing.assert_allclose(at.step(at.step(points)), points)
    [left] = sw.find_cycles(tent(0.5, -1.1), 2).stable
    assert left.order == 2


def test_the_searches_go_as_the_text_says():
    first, second = figures("SearchSteps")
    _, settings = arguments_of(first)
    assert settings == {"word": "00"}
    steps = search_steps(toy, 1, word="00", starts=1)
    words = ["".join(map(str, step.word.astype(int).ravel())) for step in steps]
    assert words == ["00", "10", "11"]
    assert [step.real for step in steps] == [False, False, True]
    np.testing.assert_allclose(steps[0].points, [[2.299, -27.67]], rtol=2e-4)
    np.testing.assert_allclose(steps[1].points, [[2.299, 6.438]], rtol=1e-4)
    np.testing.assert_allclose(steps[2].points, [[1.872, 0.1075]], rtol=3e-4)
    (model,), settings = arguments_of(second)
    steps = search_steps(model, settings["order"], seed=settings["seed"], starts=4)
    real = [step.word for step in steps if step.real]
    repeats = [bool((word == word[0]).all()) for word in real]
    assert repeats[:2] == [True, True]  # the fixed point again, before the 2-cycle
    assert False in repeats


def test_the_tent_map_of_the_cobweb_is_chaotic_where_it_should_be():
    [(model,)] = [arguments_of(source)[0] for source in figures("Cobweb")]
    assert model == tent(0.5, -1.5)
    chaotic = model.replace({"W[0,0]": -3.0})
    assert chaotic == tent(0.5, -2.5)
    assert len(sw.find_cycles(chaotic, 12).stable) == 0
    assert sw.lyapunov_spectrum(chaotic)[0] > 0.1
    assert np.abs(chaotic.orbit([0.1], 10_000)).max() < 2.0


def test_the_forced_orbit_goes_as_the_text_says():
    [((model, data), _)] = [arguments_of(source) for source in figures("ForcedOrbit")]
    free, forced = (
        forced_orbits(model, data, np.full((1, 201), alpha), data[0]) for alpha in (0.0, 1.0)
    )
    assert 26 <= free.log_norms[0, -1] / np.log(10.0) < 27
    assert np.mean((forced.free[0, 1:] - data[1:]) ** 2) < 0.01  # small, and the network is wrong
    growth = growth_of("generalised", model, data, data[0], np.zeros(1, np.int64))
    np.testing.assert_allclose(growth.safe, 0.483, atol=5e-4)
    assert 0.1 < growth.edge < growth.safe
    rule = 1.0 - np.exp(-sw.lyapunov_spectrum(model)[0])
    assert abs(growth.edge - rule) < 0.1
