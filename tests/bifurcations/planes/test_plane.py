"""Planes: known curves, points of codimension two, regions, refinement and cancellation."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.planes.plane import bifurcation_plane, refined_planes
from scyfi_widgets.cancellation import new_flag

TOY = sw.systems.sixteen_cycle().replace(
    {"W[0,1]": -0.64375, "W[1,0]": 0.52505, "h": [0.37298, -0.97931]}
)
TOY_AXES = ("A[0]", (0.83777 - 1, 0.83777 + 1)), ("A[1]", (0.96461 - 1, 0.96461 + 1))
BORDER = 1.0 - 0.37298 * 0.52505 / 0.97931  # of a1, where the fixed point (1, 0) meets z2 = 0
DETERMINANT = 0.64375 * 0.52505


@pytest.fixture(scope="module")
def toy():
    return bifurcation_plane(TOY, *TOY_AXES, 1)


def loci(curve) -> set[str]:
    """Return which of the known curves hold all vertices, to 1e-10."""
    a, b = curve.vertices.T
    known = {
        "a1 = 1": a - 1.0,
        "a2 = 1": b - 1.0,
        "a1 = 0.80003": a - BORDER,
        "a1 a2 = 0.662": a * b + DETERMINANT - 1.0,
        "(1 - a1) (1 - a2) = -0.338": (1.0 - a) * (1.0 - b) + DETERMINANT,
    }
    return {name for name, values in known.items() if np.abs(values).max() < 1e-10}


def test_toy_system_has_five_curves_of_order_one(toy):
    types = {
        "a1 = 1": {"DTB"},
        "a2 = 1": {"DTB"},
        "a1 = 0.80003": {"persistence", "fold"},
        "a1 a2 = 0.662": {"centre"},
        "(1 - a1) (1 - a2) = -0.338": {"DTB"},
    }
    found: dict[str, set[str]] = {}
    for curve in toy.curves:
        (locus,) = loci(curve)
        found.setdefault(locus, set()).add(curve.type)
    assert found == types
    assert len({curve.identity for curve in toy.curves}) == 5
    for curve in toy.curves:
        if curve.type == "fold":
            assert curve.vertices[:, 1].min() > 1.0 - 1e-10
        elif curve.type == "persistence":
            assert curve.vertices[:, 1].max() < 1.0 + 1e-10
    assert pytest.approx(0.80003, abs=5e-6) == BORDER
    assert pytest.approx(0.338, abs=5e-6) == DETERMINANT


def test_toy_system_has_known_points(toy):
    named = {point.name: point.position for point in toy.points}
    assert sorted(point.name for point in toy.points) == [
        "2 curves of DTB", "DTB, centre", "border collision, DTB", "border collision, centre",
        "crossing",
    ]  # fmt: skip
    np.testing.assert_allclose(named["2 curves of DTB"], [1.0, 1.0], atol=1e-10)
    np.testing.assert_allclose(named["border collision, DTB"], [BORDER, 1.0], atol=1e-10)
    a2 = (1.0 - DETERMINANT) / BORDER
    np.testing.assert_allclose(named["border collision, centre"], [BORDER, a2], atol=1e-10)
    a1, a2 = named["DTB, centre"]
    assert a1 * a2 == pytest.approx(1.0 - DETERMINANT, abs=1e-10)
    assert a1 + a2 == pytest.approx(2.0, abs=1e-10)  # a double eigenvalue 1


def test_skew_tent_map_has_its_four_curves():
    model = sw.systems.skew_tent_map()
    plane = bifurcation_plane(model, ("A[0]", (-3.0, 3.0)), ("W[0,0]", (-5.0, 5.0)), 2)
    on = {}
    for curve in plane.curves:
        left, right = curve.vertices[:, 0], curve.vertices.sum(axis=1)
        zero = {
            ("DTB", 1, "1"): right - 1.0,
            ("DTB", 1, "0"): left - 1.0,
            ("DFB", 1, "1"): right + 1.0,
            ("DTB", 2, "0 1"): left * right - 1.0,
            ("DFB", 2, "0 1"): left * right + 1.0,
        }
        key = curve.type, curve.order, curve.word_text
        on[key] = np.abs(zero[key]).max()
    assert len(on) == len(plane.curves) == 5  # a_l = 1 is that of the other fixed point
    assert max(on.values()) < 1e-10
    flips = [curve for curve in plane.of_type("DFB") if curve.order == 2]
    assert flips[0].vertices.sum(axis=1).max() == pytest.approx(-1.0, abs=1e-10)


def test_regions_hold_the_complete_sets(toy):
    labels = {region.label for region in toy.regions}
    assert "a stable fixed point" in labels
    assert sum(region.area for region in toy.regions) == pytest.approx(1.0)
    draw = np.random.default_rng(0)
    for row, column in draw.integers(0, toy.raster.shape, (40, 2)):
        x, y = toy.raster_x[column], toy.raster_y[row]
        region = toy.regions[toy.raster[row, column]]
        cycles = sw.find_cycles(TOY.replace({"A[0]": x, "A[1]": y}), 1, method="complete")
        expected = sorted((cycle.key, cycle.stability == "stable") for cycle in cycles)
        assert list(region.cycles) == expected
        assert toy.region_at(x, y) is region


def test_no_curve_is_missed_by_other_rows():
    draw = np.random.default_rng(3).normal
    model = sw.PLRNN(draw(size=(2, 2)), 1.5 * draw(size=(2, 2)), draw(size=2))
    axes = ("A[0,0]", (-1.5, 1.5)), ("W[0,1]", (-3.0, 3.0))
    few, many = (bifurcation_plane(model, *axes, 3, lines=lines) for lines in (15, 45))
    lengths = [
        sum(np.hypot(*np.diff(curve.vertices, axis=0).T).sum() for curve in plane.curves)
        for plane in (few, many)
    ]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-3)


def test_refinement_grows_and_reports():
    steps = []
    planes = list(
        refined_planes(TOY, *TOY_AXES, 2, lines=15, progress=lambda *step: steps.append(step))
    )
    assert [plane.proved_lines for plane in planes] == [10, 30]
    assert len(planes[0].curves) <= len(planes[1].curves)
    assert steps[-1] == (30, 30)
    assert steps == sorted(steps)
    table = planes[-1].to_dataframe()
    assert list(table.columns[-2:]) == ["A[0]", "A[1]"]
    assert table["curve"].nunique() == len(planes[-1].curves)


def test_a_flag_ends_the_work_at_once():
    draw = np.random.default_rng(3).normal
    model = sw.PLRNN(draw(size=(2, 2)), 1.5 * draw(size=(2, 2)), draw(size=2))
    axes = ("A[0,0]", (-1.5, 1.5)), ("W[0,1]", (-3.0, 3.0))
    bifurcation_plane(model, *axes, 4, lines=5)
    cancel = new_flag()
    ended: list[float] = []
    waits = []
    for wait in (0.02, 0.1, 0.2, 0.4, 0.6):
        cancel[0] = 0

        def set_flag():
            ended.append(time.perf_counter())
            cancel[0] = 1

        timer = threading.Timer(wait, set_flag)
        timer.start()
        *_, plane = refined_planes(model, *axes, 6, cancel=cancel)
        waits.append(time.perf_counter() - ended[-1])
        assert plane.stopped == "cancelled"
    assert np.median(waits) < 0.05


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="two different weights"):
        bifurcation_plane(TOY, ("A[0]", (0, 1)), ("A[0]", (0, 2)))
    with pytest.raises(KeyError, match="does not exist"):
        bifurcation_plane(TOY, ("A[0]", (0, 1)), ("A[7]", (0, 2)))
    with pytest.raises(TypeError, match="an axis must be"):
        bifurcation_plane(TOY, "A[0]", ("A[1]", (0, 2)))
    with pytest.raises(ValueError, match="lo < hi"):
        bifurcation_plane(TOY, ("A[0]", (1, 1)), ("A[1]", (0, 2)))
    with pytest.raises(ValueError, match="time_limit"):
        bifurcation_plane(TOY, *TOY_AXES, time_limit=-1)
