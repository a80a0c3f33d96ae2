"""What events say about stability is what orbits do on both sides of them."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw

BESIDE = 1e-3  # of the range, on either side of an event
PUSH = 1e-8  # from a point of the cycle


def diagrams():
    rng = np.random.default_rng(11)
    for _ in range(24):
        A, W = rng.uniform(-0.9, 0.9, 2), 1.2 * rng.normal(size=(2, 2))
        model = sw.PLRNN(A, W, rng.normal(size=2))
        yield sw.bifurcation_diagram(model, "W[0,1]", (-2.0, 2.0), max_order=4, values=31)
    yield sw.bifurcation_diagram(
        sw.systems.two_cycle(0.0), sw.systems.two_cycle(1.0), (-0.8, 0.8), max_order=4
    )


@pytest.fixture(scope="module")
def sides():
    """Pairs (type, order, (unstable directions or None, network, points) on both sides)."""
    found = []
    for diagram in diagrams():
        line = diagram.line
        step = BESIDE * (line.hi - line.lo)
        values = np.array([line.lo, *(event.value for event in diagram.events), line.hi])
        for event in diagram.events:
            near = np.sort(np.abs(values - event.value))
            if near[near > 0.0][0] < 4 * step:
                continue  # another event is too close to look beside this one
            both = []
            for value, branches, unstable in (
                (event.value - step, event.before, event.unstable_before),
                (event.value + step, event.after, event.unstable_after),
            ):
                model = line.at(value)
                cycles = {cycle.key: cycle for cycle in diagram.cycles_at(value)}
                for number, directions in zip(branches, unstable, strict=True):
                    word = diagram.branches[number].piece_at(value).word
                    cycle = next(
                        cycle
                        for cycle in cycles.values()
                        if cycle.order == len(word)
                        and any(
                            np.array_equal(np.roll(word, -turn, axis=0), cycle.word)
                            for turn in range(cycle.order)
                        )
                    )
                    both.append((directions, model, cycle))
            found.append((event.type, both))
    return found


def returns(model, cycle) -> bool:
    """Whether an orbit that was pushed off the cycle comes back to it, and does not leave it."""
    push = PUSH * np.abs(cycle.points).max() * np.array([0.6, 0.8])
    rounds = 4000
    orbit = model.orbit(cycle.points[0] + push, rounds * cycle.order)[:: cycle.order]
    if not np.all(np.isfinite(orbit)):
        return False
    return bool(np.abs(orbit - cycle.points[0]).max(axis=1)[-1] < 0.1 * np.abs(push).max())


def test_the_sample_has_events_of_many_types(sides):
    types = [type for type, _ in sides]
    assert {"persistence", "fold", "DTB", "DFB"} <= set(types)
    assert len(types) >= 40


def test_orbits_leave_unstable_cycles_and_return_to_stable_ones(sides):
    for type, both in sides:
        for directions, model, cycle in both:
            assert returns(model, cycle) == (directions == 0), (type, directions, cycle)
