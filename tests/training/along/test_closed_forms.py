"""Events along paths of the published toy system, whose curves of order 1 are known."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.training.along import StepCache, bifurcations_along

W01, W10 = -0.64375, 0.52505
H = (0.37298, -0.97931)
COLLISION = 1.0 + H[0] * W10 / H[1]  # the published 0.80003
PUBLISHED = Path(__file__).parents[2] / "data" / "published_training_paths.csv"


def toy(a1: float, a2: float) -> sw.PLRNN:
    """The system of the paper's Figure 3."""
    return sw.PLRNN(A=[a1, a2], W=[[0.0, W01], [W10, 0.0]], h=H)


def crossings(start, end) -> list[tuple[str, float]]:
    """Return (kind, s) of all five curves that a straight line crosses, real or not."""
    (a, b), (da, db) = start, np.subtract(end, start)
    curves = {
        "BCB": [a - COLLISION, da, 0.0],
        "DTB a1": [a - 1.0, da, 0.0],
        "DTB a2": [b - 1.0, db, 0.0],
        "centre": [a * b - (1.0 + W01 * W10), a * db + b * da, da * db],
        "DTB": [
            (1.0 - a) * (1.0 - b) - W01 * W10,
            -da * (1.0 - b) - db * (1.0 - a),
            da * db,
        ],
    }
    found = []
    for kind, coefficients in curves.items():
        roots = np.roots(np.trim_zeros(coefficients[::-1], "f"))
        real = roots[np.abs(roots.imag) < 1e-9].real
        found += [(kind.split()[0], float(s)) for s in real if 0.0 < s < 1.0]
    return found


def expected(points) -> list[tuple[str, float]]:
    """Return (kind, epoch) of what happens to fixed points on a polygon, by rising epoch.

    A crossing counts where complete searches on both sides of it find other fixed points.
    """
    found = []
    for epoch, (start, end) in enumerate(pairwise(points)):
        for kind, s in crossings(start, end):
            sides = []
            for beside in (s - 1e-6, s + 1e-6):
                a1, a2 = np.add(start, beside * np.subtract(end, start))
                cycles = sw.find_cycles(toy(a1, a2), 1, method="complete")
                sides.append(sorted((cycle.key, cycle.stability) for cycle in cycles))
            if sides[0] != sides[1]:
                found.append((kind, epoch + s))
    return sorted(found, key=lambda item: item[1])


def told(events) -> list[tuple[str, float]]:
    """Return (kind, epoch) of events, two that coincide at infinity taken for one."""
    found: list[tuple[str, float]] = []
    for event in events:
        kind = "BCB" if event.event.is_border_collision else event.type
        if found and found[-1][0] == kind and abs(found[-1][1] - event.epoch) < 1e-9:
            continue
        found.append((kind, event.epoch))
    return found


PATHS = [
    [(0.9, 0.95), (0.75, 0.7), (0.62, 1.3), (1.2, 1.4), (1.3, 0.2)],
    [(0.85, 0.7), (0.85, 0.85), (0.7, 0.97), (0.7, 1.2), (1.05, 1.6), (0.4, 0.4)],
    [(1.5, 0.5), (0.5, 1.45), (0.95, 1.7), (0.61, 0.99)],
]


@pytest.mark.parametrize("points", PATHS)
def test_the_curves_of_order_one_are_crossed_where_they_should(points):
    run = bifurcations_along([toy(*point) for point in points], 1, cache=StepCache(0))
    wanted = expected(points)
    assert len(wanted) >= 2
    assert [kind for kind, _ in told(run.events)] == [kind for kind, _ in wanted]
    np.testing.assert_allclose(
        [epoch for _, epoch in told(run.events)],
        [epoch for _, epoch in wanted],
        rtol=0.0,
        atol=1e-10,
    )
    assert run.proved.all()
    assert not run.unresolved
    assert run.statement.startswith("complete to order 1 along the whole path, proved")


def test_a_path_over_the_collision_and_the_centre():
    points = [(0.9, 0.7), (0.86, 0.72), (0.84, 0.74), (0.82, 0.79), (0.81, 0.84), (0.77, 0.9)]
    run = bifurcations_along([toy(*point) for point in points], 2)
    collision = 4.0 + (0.81 - COLLISION) / 0.04
    (persistence,) = run.of_type("persistence")
    assert persistence.epoch == pytest.approx(collision, abs=1e-10)
    (centre,) = run.of_type("centre")
    a1, a2 = (np.interp(centre.epoch, np.arange(6), column) for column in np.transpose(points))
    assert a1 * a2 == pytest.approx(0.66200, abs=1e-5)
    assert a1 * a2 == pytest.approx(1.0 + W01 * W10, abs=1e-12)
    np.testing.assert_allclose(np.abs(centre.eigenvalues), 1.0, atol=1e-9)
    assert centre.changes_attractor
    # One fixed point all the way: it keeps its number through the border collision.
    fixed = {event.before for event in run.events if event.order == 1}
    assert len(fixed) == 1


@pytest.mark.parametrize("start", [0.0, 0.3, 0.7])
def test_where_a_path_is_divided_does_not_matter(start):
    """The same straight line in one step, and in many of different lengths."""
    first, last = np.array([0.95, 1.3]), np.array([0.55, 1.05])
    whole = bifurcations_along([toy(*first), toy(*last)], 4)
    parts = np.concatenate([[0.0], np.sort((start + 0.618 * np.arange(23)) % 1.0), [1.0]])
    run = bifurcations_along([toy(*(first + s * (last - first))) for s in np.unique(parts)], 4)
    assert len(run.events) == len(whole.events) > 0
    places = np.interp([e.epoch for e in run.events], np.arange(len(run.epochs)), np.unique(parts))
    np.testing.assert_allclose(places, [e.epoch for e in whole.events], atol=1e-11)
    assert [(e.type, e.order, e.effect) for e in run.events] == [
        (e.type, e.order, e.effect) for e in whole.events
    ]
    assert len(run.branches) == len(whole.branches)


def published(path: int) -> list[tuple[float, float]]:
    with PUBLISHED.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if int(row["path"]) == path]
    return [(0.83777 + float(row["x"]), 0.96461 + float(row["y"])) for row in rows]


@pytest.mark.parametrize("path", [1, 2])
def test_the_published_paths_cross_the_published_curves(path):
    points = published(path)
    run = bifurcations_along([toy(*point) for point in points], 1)
    wanted = expected(points)
    assert [kind for kind, _ in told(run.events)] == [kind for kind, _ in wanted]
    np.testing.assert_allclose(
        [epoch for _, epoch in told(run.events)], [epoch for _, epoch in wanted], atol=1e-8
    )
    assert run.proved.all()
    assert not run.unresolved


@pytest.mark.slow
def test_cycles_of_high_order_on_the_second_published_path():
    """It touches the regions of a 16-cycle and of a 15-cycle on its way, digitised as it is."""
    run = bifurcations_along([toy(*point) for point in published(2)], 16)
    assert run.complete_up_to.min() == 16
    for event in run.events:
        if event.order > 1:
            for beside, side in ((-1e-6, event.before), (1e-6, event.after)):
                epoch = event.epoch + beside
                step, s = int(epoch), epoch - int(epoch)
                first, last = published(2)[step : step + 2]
                model = toy(*np.add(first, s * np.subtract(last, first)))
                cycles = sw.find_cycles(model, 16, method="complete")
                assert len(cycles.of_order(event.order)) == len(side)
    assert [event.order for event in run.of_type("fold")] == [16, 16, 15, 15]


# At a saved network ---------------------------------------------------------------------------


@pytest.mark.parametrize("turn", [0.0, 0.01, -0.01])
def test_an_event_exactly_at_a_saved_network_is_found_once(turn):
    persistence = bifurcations_along([toy(0.82, 0.9), toy(COLLISION, 0.9), toy(0.78, 0.9 + turn)])
    assert [(e.type, e.epoch, e.saved) for e in persistence.events if e.order == 1] == [
        ("persistence", 1.0, (1, 1))
    ]
    assert [branch.start for branch in persistence.branches if branch.order == 1] == [0.0]
    fold = bifurcations_along([toy(0.82, 1.2), toy(COLLISION, 1.2), toy(0.78, 1.2 + turn)], 1)
    assert [(e.type, e.epoch) for e in fold.events] == [("fold", 1.0)]
    assert [len(fold.words_at(epoch)) for epoch in (0, 1, 2)] == [3, 1, 1]
    product = 1.0 + W01 * W10
    centre = bifurcations_along(
        [toy(0.82, 0.79), toy(0.82, product / 0.82), toy(0.82 + turn, 0.84)]
    )
    assert [(e.type, e.epoch) for e in centre.events if e.order == 1] == [("centre", 1.0)]
    assert not persistence.unresolved + fold.unresolved + centre.unresolved


def test_a_cycle_may_be_at_infinity_at_a_saved_network():
    run = bifurcations_along([toy(0.95, 0.9), toy(1.0, 0.9), toy(1.05, 0.9)], 1)
    assert [(e.type, e.epoch, e.before, e.after) for e in run.events] == [("DTB", 1.0, (), (1,))]
    assert [len(run.words_at(epoch)) for epoch in (0, 1, 2)] == [1, 2, 2]


def test_a_path_that_touches_a_curve_and_turns_back_crosses_nothing():
    for last in (1.2, 1.21):
        run = bifurcations_along([toy(0.82, 1.2), toy(COLLISION, 1.2), toy(0.82, last)], 1)
        assert not run.events
        assert [len(run.words_at(epoch)) for epoch in (0, 1, 2)] == [3, 3, 3]
        assert len(run.branches) == 3


def test_at_the_ends_of_a_path_nothing_happens():
    run = bifurcations_along([toy(COLLISION, 1.2), toy(0.78, 1.2), toy(COLLISION, 1.2)], 1)
    assert not run.events
    assert len(run.branches) == 1


# Short steps ------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1e-3, 1e-5, 1e-7, 3e-9])
def test_an_event_in_a_very_short_step(step):
    models = [toy(COLLISION + 2.0 * step, 1.2), toy(COLLISION - step, 1.2)]
    run = bifurcations_along([*models, toy(COLLISION - 3.0 * step, 1.2)], 1)
    (fold,) = run.events
    assert fold.type == "fold"
    assert fold.epoch == pytest.approx(2.0 / 3.0, abs=1e-9 + 1e-15 / step)
    assert fold.event.confirmed


def test_steps_on_which_no_weight_moves_cost_nothing_and_happen_in_time():
    models = [toy(0.82, 1.2)] * 4 + [toy(0.78, 1.2)] * 3
    run = bifurcations_along(models, 2)
    (fold,) = [event for event in run.events if event.type == "fold"]
    assert fold.epoch == pytest.approx(3.0 + (0.82 - COLLISION) / 0.04, abs=1e-10)
    assert fold.saved == (3, 4)
    assert [len(run.words_at(epoch)) for epoch in run.epochs] == [3, 3, 3, 3, 1, 1, 1]
    assert run.proved.all()
    still = bifurcations_along([toy(0.82, 1.2)] * 4, 2)
    assert [len(still.words_at(epoch)) for epoch in still.epochs] == [3, 3, 3, 3]
    assert not still.events
    assert np.isinf(still.distance_in_epochs).all()
    assert "proved" in still.statement


def test_a_slow_drift_is_not_lost_among_steps_that_are_too_short_to_see():
    step = 0.25e-9
    models = [toy(COLLISION + step * (40 - 2 * n), 1.2) for n in range(41)]
    run = bifurcations_along(models, 1)
    (fold,) = run.events
    assert fold.type == "fold"
    assert fold.epoch == pytest.approx(20.0, abs=4.0)  # steps are joined to 1e-9 of the weights
