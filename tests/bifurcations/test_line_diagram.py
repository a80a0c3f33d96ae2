"""Diagrams against closed forms, and against complete enumerations at many values."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.events import TYPES
from scyfi_widgets.bifurcations.line import Line
from scyfi_widgets.bifurcations.line_diagram import refined_diagrams
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.systems import skew_tent_map as tent
from scyfi_widgets.systems import two_cycle

W01, W10 = -0.64375, 0.52505
H = (0.37298, -0.97931)
COLLISION = 1.0 + H[0] * W10 / H[1]  # the published 0.80003


def toy(a1: float, a2: float) -> sw.PLRNN:
    """The system of the paper's Figure 3."""
    return sw.PLRNN(A=[a1, a2], W=[[0.0, W01], [W10, 0.0]], h=H)


def found(diagram, type: str, order: int) -> list[float]:
    return [event.value for event in diagram.events if (event.type, event.order) == (type, order)]


# Closed forms -------------------------------------------------------------------------------------


def test_the_skew_tent_map_has_its_four_curves():
    along = sw.bifurcation_diagram(tent(0.5, 0.0), tent(0.5, -1.0), (-1.5, 3.5), max_order=2)
    # s = -a_r: the fixed point leaves at a_r = 1 and flips at a_r = -1, where the two-cycle is
    # born; that one flips at a_l a_r = -1.
    np.testing.assert_allclose(found(along, "DTB", 1), [-1.0], atol=1e-12)
    np.testing.assert_allclose(found(along, "DFB", 1), [1.0], atol=1e-12)
    np.testing.assert_allclose(found(along, "DFB", 2), [2.0], atol=1e-12)
    assert len(along.events) == 3
    assert {len(event.after) for event in along.of_type("DFB") if event.order == 1} == {2}

    across = sw.bifurcation_diagram(tent(0.0, -1.25), tent(1.0, -1.25), (-2.0, 0.5), max_order=2)
    np.testing.assert_allclose(found(across, "DTB", 2), [-0.8], atol=1e-12)  # a_l a_r = 1
    assert [event.order for event in across.events] == [2]


def test_the_points_of_the_tent_map_are_the_formulas():
    a_l = 0.5
    diagram = sw.bifurcation_diagram(tent(a_l, 0.0), tent(a_l, -1.0), (1.1, 1.9), max_order=2)
    fixed, cycle = diagram.branches
    a_r = -fixed.values
    np.testing.assert_allclose(fixed.points[:, 0, 0], 1.0 / (1.0 - a_r), rtol=1e-13)
    a_r = -cycle.values
    right = (1.0 + a_l) / (1.0 - a_l * a_r)
    left = (1.0 + a_r) / (1.0 - a_l * a_r)
    np.testing.assert_allclose(
        np.sort(cycle.points[:, :, 0], axis=1), np.stack([left, right], 1), rtol=1e-12, atol=1e-13
    )
    np.testing.assert_allclose(cycle.eigenvalues[:, 0], a_l * a_r, rtol=1e-12)


def test_the_exact_two_cycle_lives_and_is_stable_where_it_should():
    line = sw.bifurcation_diagram(two_cycle(0.0), two_cycle(1.0), (-1.0, 1.0), max_order=2)
    cycle = next(branch for branch in line.branches if branch.order == 2)
    born = next(event for event in line.of_type("DTB") if cycle.number in event.after)
    assert born.value == pytest.approx(-0.482353, abs=1e-6)
    flip = next(event for event in line.of_type("DFB") if cycle.number in event.after)
    assert flip.value == pytest.approx(0.546341, abs=1e-6)
    assert flip.unstable_change == 1
    inside = (cycle.values > born.value + 1e-6) & (cycle.values < flip.value - 1e-6)
    assert cycle.stable[inside].all()
    assert not cycle.stable[cycle.values > flip.value + 1e-6].any()


def expected_on_row(a2: float, lo: float, hi: float) -> list[tuple[str, float]]:
    """Return (kind, a1) of the five published curves of order 1 on a row, where they are real."""
    curves = [
        ("DTB", 1.0),
        ("BCB", COLLISION),
        ("centre", (1.0 + W01 * W10) / a2),
        ("DTB", 1.0 - W01 * W10 / (1.0 - a2)),
    ]
    real = []
    for kind, a1 in curves:
        step = 1e-6
        sides = [sw.find_cycles(toy(a1 + s, a2), 1, method="complete") for s in (-step, step)]
        kinds = [sorted((c.key, c.stability) for c in side) for side in sides]
        if lo < a1 < hi and kinds[0] != kinds[1]:
            real.append((kind, a1))
    return sorted(real, key=lambda item: item[1])


@pytest.mark.parametrize("a2", [0.35, 0.62, 0.9646, 1.2, 1.7])
def test_the_toy_system_has_the_published_curves_and_no_other(a2):
    lo, hi = -0.16223, 1.83777
    diagram = sw.bifurcation_diagram(toy(0.5, a2), "A[0]", (lo, hi), max_order=1)
    expected = expected_on_row(a2, lo, hi)
    assert len(expected) >= 2
    events = [
        ("BCB" if event.is_border_collision else event.type, event.value)
        for event in diagram.events
        # Above A[1] = 1 two fixed points go to infinity at A[0] = 1: one curve, two events.
        if not (event.coincident and event.word_text == "10")
    ]
    assert [kind for kind, _ in events] == [kind for kind, _ in expected]
    np.testing.assert_allclose(
        [value for _, value in events], [value for _, value in expected], rtol=0.0, atol=1e-11
    )
    collision = next(event for event in diagram.events if event.is_border_collision)
    assert collision.type == ("persistence" if a2 < 1.0 else "fold")
    assert collision.confirmed
    assert not any(abs(event.value - (0.83777 + 0.155)) < 1e-3 for event in diagram.events)


# Against enumerations -----------------------------------------------------------------------------


def random_line(seed: int) -> tuple[Line, int]:
    rng = np.random.default_rng(seed)
    kind = seed % 5
    normal = rng.normal
    if kind == 0:
        model = sw.PLRNN(normal(size=2), 1.5 * normal(size=(2, 2)), normal(size=2))
        return Line.through(model, "W[0,1]", (-2.0, 2.0)), 6
    if kind == 1:
        ends = [sw.PLRNN(normal(size=2), 1.5 * normal(size=(2, 2)), normal(size=2)) for _ in "01"]
        return Line.through(*ends), 5
    if kind == 2:
        shapes = (2, (2, 3), (3, 2), 2, 3)
        model = sw.ShallowPLRNN(*(normal(size=shape) for shape in shapes))
        return Line.through(model, "W2[1,0]", (-2.0, 2.0)), 4
    if kind == 3:
        ends = [
            sw.DendriticPLRNN(
                0.5 * normal(size=2),
                normal(size=(2, 2)),
                normal(size=2),
                normal(size=2),
                normal(size=(2, 2)),
            )
            for _ in "01"
        ]
        return Line.through(*ends), 3
    model = sw.PLRNN(0.5 * normal(size=3), normal(size=(3, 3)), normal(size=3))
    return Line.through(model, "A[1]", (-1.5, 1.5)), 3


def keys(words) -> list[tuple[int, bytes]]:
    return sorted((len(word), word.tobytes()) for word in words)


def check_against_enumeration(seed: int, values: int) -> None:
    line, max_order = random_line(seed)
    if line.parameter:
        diagram = sw.bifurcation_diagram(
            line.start, line.parameter, (line.lo, line.hi), max_order, values=11
        )
    else:
        diagram = sw.bifurcation_diagram(line.start, line.end, None, max_order, values=11)
    rng = np.random.default_rng(1000 + seed)
    events = np.array([event.value for event in diagram.events])
    beside = np.concatenate([events - 1e-7, events + 1e-7])
    compared = 0
    for value in (*rng.uniform(line.lo, line.hi, values), *beside):
        near = np.abs(events - value)
        if near.size and np.sort(near)[0] < 0.9e-7:
            continue  # between two events that are closer than the step
        cycles = sw.find_cycles(line.at(value), max_order, method="complete")
        ours, theirs = keys(diagram.words_at(value)), keys(cycle.word for cycle in cycles)
        if cycles.complete_up_to == max_order:
            assert ours == theirs
            compared += 1
        else:  # a cycle beyond the radius of the proof, beside a degenerate transcritical
            assert set(theirs) <= set(ours)
    assert compared >= 0.9 * values
    check_events(diagram)


def check_events(diagram) -> None:
    """What every event says about its sides is true there, and every branch end is an event."""
    assert list(diagram.events) == sorted(diagram.events, key=lambda event: event.value)
    for event in diagram.events:
        assert event.type in TYPES
        for number in event.before:
            branch = diagram.branches[number]
            assert branch.start < event.value <= branch.stop
        for number in event.after:
            branch = diagram.branches[number]
            assert branch.start <= event.value < branch.stop
    lo, hi = diagram.line.lo, diagram.line.hi
    ends = sorted(
        end for branch in diagram.branches for end in (branch.start, branch.stop) if lo < end < hi
    )
    values = np.array([event.value for event in diagram.events])
    for end in ends:
        assert np.abs(values - end).min() <= 1e-9 * (hi - lo)
    for branch in diagram.branches:
        for one, other in pairwise(branch.pieces):
            assert one.stop == pytest.approx(other.start, abs=1e-9 * (hi - lo))
            assert (one.word != other.word).any()


@pytest.mark.parametrize("seed", range(20))
def test_random_diagrams_agree_with_enumerations(seed):
    check_against_enumeration(seed, values=20)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 320))
def test_three_hundred_random_diagrams_agree_with_enumerations(seed):
    check_against_enumeration(seed, values=50)


# Limits and bad input -----------------------------------------------------------------------------


def test_a_cancelled_diagram_says_so():
    flag = new_flag()
    flag[0] = 1
    diagram = sw.bifurcation_diagram(toy(0.5, 0.5), "A[0]", (0.0, 1.0), 4, cancel=flag)
    assert diagram.stopped == "cancelled"
    assert diagram.complete_up_to == 0
    assert "cancelled" in diagram.statement


def test_bad_arguments_are_named():
    model = toy(0.5, 0.5)
    with pytest.raises(ValueError, match="max_order"):
        sw.bifurcation_diagram(model, "A[0]", (0.0, 1.0), 0)
    with pytest.raises(ValueError, match="values"):
        sw.bifurcation_diagram(model, "A[0]", (0.0, 1.0), 1, values=1)
    with pytest.raises(ValueError, match="time_limit"):
        sw.bifurcation_diagram(model, "A[0]", (0.0, 1.0), 1, time_limit=0.0)
    with pytest.raises(ValueError, match="type must be one of"):
        sw.bifurcation_diagram(model, "A[0]", (0.0, 1.0), 1).of_type("Hopf")


def test_tables_have_a_row_each():
    diagram = sw.bifurcation_diagram(toy(0.5, 0.9), "A[0]", (0.0, 1.5), 2, values=31)
    events = diagram.to_dataframe()
    assert list(events["value"]) == [event.value for event in diagram.events]
    samples = diagram.branches_to_dataframe()
    assert len(samples) == sum(len(branch.values) for branch in diagram.branches)


def test_words_of_another_network_are_tried_where_they_can_be():
    line = Line.through(toy(0.5, 0.9), "A[0]", (0.0, 1.5))
    near = sw.bifurcation_diagram(toy(0.5, 0.91), "A[0]", (0.0, 1.5), 4)
    other = sw.bifurcation_diagram(tent(0.5, -1.5), "A[0]", (0.0, 1.0), 4)
    large = Line.through(sw.PLRNN(np.full(3, 0.5), np.ones((3, 3)), np.ones(3)), "A[0]", (0, 1))
    for asked in (line, large):
        for known in (near, other):
            *_, diagram = refined_diagrams(asked, 4, known=known, cancel=new_flag())
            alone = sw.bifurcation_diagram(asked.start, "A[0]", (asked.lo, asked.hi), 4)
            assert [e.value for e in diagram.events] == [e.value for e in alone.events]
