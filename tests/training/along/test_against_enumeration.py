"""Cycles along random paths against complete enumerations at many places of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.line import Line
from scyfi_widgets.training.along import RunBifurcations, StepCache, bifurcations_along

BETWEEN = (0.21, 0.5, 0.83)


def random_path(seed: int, kind: str, M: int, steps: int, size: float) -> list[sw.Model]:
    """A random walk with a drift through the weights of a random network."""
    rng = np.random.default_rng(seed)
    normal = rng.normal
    if kind == "plrnn":
        make = sw.PLRNN
        arrays = [0.8 * normal(size=M), normal(size=(M, M)), normal(size=M)]
    elif kind == "shallow":
        make = sw.ShallowPLRNN
        shapes = (M, (M, 3), (3, M), M, 3)
        arrays = [0.7 * normal(size=shape) for shape in shapes]
    else:
        make = sw.DendriticPLRNN
        shapes = (M, (M, M), M, 2, (M, 2))
        arrays = [0.8 * normal(size=shape) for shape in shapes]
    drift = [normal(size=array.shape) for array in arrays]
    models = [make(*arrays)]
    for _ in range(steps):
        arrays = [
            array + size * (0.6 * along + normal(size=array.shape))
            for array, along in zip(arrays, drift, strict=True)
        ]
        models.append(make(*arrays))
    return models


def words_between(run: RunBifurcations, epoch: float) -> set[tuple[int, bytes]]:
    """The words of all branches that are alive at an epoch at which nothing happens."""
    record, found = run.cycles, set()
    for branch in run.branches:
        rows = record.rows_of(branch.number)
        place = np.searchsorted(record.epoch[rows], epoch)
        if 0 < place < len(rows):
            word = record.words[record.word[rows[place - 1]]]
            found.add((len(word), np.packbits(word).tobytes()))
    return found


def network(models: list[sw.Model], epoch: float) -> sw.Model:
    step = min(int(epoch), len(models) - 2)
    return Line.through(models[step], models[step + 1]).at(epoch - step)


PATHS = [  # seeds with events
    ("plrnn", 2, 6, 10, 0.03, (4, 5, 8)),
    ("shallow", 2, 4, 8, 0.06, (3, 5, 12)),
    ("dendritic", 2, 3, 8, 0.05, (5, 8, 11)),
    ("plrnn", 1, 4, 8, 0.06, (1, 3, 5)),
    ("plrnn", 3, 4, 8, 0.03, (1, 7, 10)),
    ("plrnn", 4, 3, 8, 0.03, (4, 7, 10)),
    ("plrnn", 5, 3, 6, 0.03, (5, 9, 11)),
    ("shallow", 3, 3, 6, 0.05, (4, 7, 8)),
]
CASES = [(*path[:-1], seed) for path in PATHS for seed in path[-1]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}-{case[-1]}")
def test_the_cycles_are_those_of_complete_enumerations(case):
    kind, M, max_order, steps, size, seed = case
    models = random_path(seed, kind, M, steps, size)
    run = bifurcations_along(models, max_order, cache=StepCache(0), lyapunov_steps=0)
    assert run.events
    assert not run.unresolved
    assert run.proved.all() == (M <= 2)
    for epoch, model in enumerate(models):
        cycles = sw.find_cycles(model, max_order, method="complete")
        rows = run.cycles.rows_at(epoch)
        by_word = {run.cycles.words[run.cycles.word[row]].tobytes(): row for row in rows}
        assert {cycle.word.tobytes() for cycle in cycles} == set(by_word)
        for cycle in cycles:
            row = by_word[cycle.word.tobytes()]
            points = run.cycles.points_of(row)
            turned = [np.roll(cycle.points, turn, axis=0) for turn in range(cycle.order)]
            scale = 1.0 + np.abs(points).max()
            assert min(np.abs(points - turn).max() for turn in turned) < 1e-9 * scale
            np.testing.assert_allclose(
                np.sort(np.abs(run.cycles.eigenvalues[row])),
                np.sort(np.abs(cycle.eigenvalues)),
                rtol=1e-8,
                atol=1e-9,
            )
            assert run.cycles.stable[row] == (cycle.stability == "stable")
    places = np.array([event.epoch for event in run.events])
    for epoch in (step + s for step in range(steps) for s in BETWEEN):
        if len(places) == 0 or np.abs(places - epoch).min() > 1e-6:
            cycles = sw.find_cycles(network(models, epoch), max_order, method="complete")
            assert {cycle.key for cycle in cycles} == words_between(run, epoch)


@pytest.mark.parametrize("seed", [2, 5])
def test_counts_and_stability_change_only_at_events(seed):
    models = random_path(seed, "shallow", 2, 6, 0.08)
    run = bifurcations_along(models, 4)
    assert len(run.qualitative) >= 1
    places = np.unique([0.0, *(event.epoch for event in run.events), 6.0])
    known = None
    for left, right in pairwise(places):
        if right - left < 1e-6:
            known = None
            continue
        seen = [
            sorted((c.key, c.stability) for c in sw.find_cycles(network(models, epoch), 4))
            for epoch in left + (right - left) * np.array([0.01, 0.4, 0.99])
        ]
        assert seen[0] == seen[1] == seen[2]
        here = [event for event in run.events if event.epoch == left]
        if known is not None and len(here) == 1 and here[0].type != "DTB":
            stabilities = [
                sorted((key[0], stability) for key, stability in s) for s in (known, seen[0])
            ]
            if here[0].type != "border":
                assert (stabilities[0] != stabilities[1]) == here[0].qualitative
        known = seen[0]


@pytest.mark.parametrize(("kind", "M", "max_order"), [("plrnn", 2, 6), ("plrnn", 4, 3)])
def test_a_branch_moves_without_jumps(kind, M, max_order):
    models = random_path(3, kind, M, 40, 0.002)
    run = bifurcations_along(models, max_order)
    assert run.branches
    for branch in run.branches:
        assert branch.points.shape == (len(branch.epochs), branch.order, M)
        assert (np.diff(branch.epochs) >= 0.0).all()
        steps = np.abs(np.diff(branch.points, axis=0)).max(axis=(1, 2), initial=0.0)
        size = np.abs(branch.points).max(axis=(1, 2))
        near = np.maximum(size[1:], size[:-1]) < 20.0
        assert (steps[near] < 0.5).all()


@pytest.mark.parametrize("seed", [7, 10])
def test_fewer_complete_sets_find_the_same_where_nothing_hides(seed):
    models = random_path(seed, "plrnn", 4, 40, 0.008)
    every = bifurcations_along(models, 3, cache=StepCache(0))
    some = bifurcations_along(models, 3, enumerate_every=8, cache=StepCache(0))
    assert len(every.events) >= 7
    assert [event.epoch for event in some.events] == [event.epoch for event in every.events]
    assert (every.complete_up_to == 3).all()
    assert (some.complete_up_to == 3).sum() == 6
    assert "at 6 of 41 networks" in some.statement
