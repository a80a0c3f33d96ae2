"""The radius of a whole tree against its rows one by one, and proofs that only it saves."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.branching.branch import branch
from scyfi_widgets.cycles.proof.row_check import exact_row_radius
from scyfi_widgets.cycles.proof.tree_check import tree_radius


def proved_tree(model: sw.Model, order: int):
    """Return the tree of one order."""
    result = branch(
        model.relu_form,
        order,
        radius_wanted=100.0,
        node_limit=10**6,
        cancel=new_flag(),
        expired=new_flag(),
    )
    return result.tree


def nearly_a_continuum(seed: int) -> sw.PLRNN:
    """Return a network with a slow unit, whose fixed points are about 1e8 away."""
    rng = np.random.default_rng(seed)
    A, W, h = rng.uniform(-1, 1, 4), rng.normal(size=(4, 4)), rng.normal(size=4)
    A[0], W[0] = 1.0 - 1e-8, 1e-3 * W[0]
    return sw.PLRNN(A, W, h)


@pytest.mark.parametrize("seed", range(5))
def test_the_least_of_all_rows(seed):
    rng = np.random.default_rng(seed)
    model = sw.PLRNN(rng.uniform(-1, 1, 3), 2 * rng.normal(size=(3, 3)), rng.normal(size=3))
    form, tree = model.relu_form, proved_tree(model, 3)
    rows = [tree.rows(form, n, n + 1) for n in range(len(tree.variable))]
    bits = tree.leaves.closed.reshape(-1, 3, 3)
    exact = [
        max(
            exact_row_radius(form, tree.functional, tree.slack, b, *(sign * x[0] for x in row))
            for sign in (1, -1)
        )
        for b, row in zip(bits, rows, strict=True)
    ]
    rounded, sharpened = tree_radius(form, tree), tree_radius(form, tree, inf)
    assert 0 < rounded <= sharpened
    assert sharpened >= (1 - 1e-12) * float(min(exact))


def test_a_row_of_another_network_does_not_exclude_its_cycle():
    here, there = (sw.PLRNN([0.5], [[0.0]], [h]) for h in (1.0, -1.0))
    tree = proved_tree(here, 1)  # its row excludes z < 0, where the other one has a fixed point
    assert tree_radius(here.relu_form, tree) > 1e3
    assert tree_radius(there.relu_form, tree) <= 2.0
    assert tree_radius(there.relu_form, tree, 1e3) <= 2.0


@pytest.mark.parametrize("seed", range(8))
def test_cycles_far_away_are_within_the_radius_that_is_claimed(seed):
    model = nearly_a_continuum(seed)
    cycles = sw.find_cycles(model, 2, method="complete")
    assert cycles.complete_up_to == 2
    verification = sw.verify(model, cycles)
    assert verification.ok, verification.reasons
    farthest = max((np.abs(cycle.points).max() for cycle in cycles), default=0.0)
    assert verification.radius >= 2 * farthest
