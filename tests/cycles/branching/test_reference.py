"""The complementarity problem of one order against the network's own steps."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cycles.branching.reference import program
from scyfi_widgets.models.relu_form import frozen_form


def network(seed: int, M: int, H: int):
    rng = np.random.default_rng(seed)
    return frozen_form(
        np.diag(rng.uniform(-0.9, 0.9, M)) + 0.1 * rng.normal(size=(M, M)),
        rng.normal(size=(M, H)),
        rng.normal(size=(H, M)),
        rng.normal(size=M),
        rng.normal(size=H),
    )


def driven(form, region, v):
    """Return the points (k, M) of the reference word's linear system, driven by v (k, H)."""
    k, M = len(v), form.M
    J = form.A + (form.W1 * region) @ form.W2
    system = np.zeros((k, M, k, M))
    right = np.zeros((k, M))
    for t in range(k):
        after = (t + 1) % k
        system[after, :, after] += np.eye(M)
        system[after, :, t] -= J
        right[after] = form.h1 + form.W1 @ (region * form.h2) + form.W1 @ v[t]
    return np.linalg.solve(system.reshape(k * M, k * M), right.ravel()).reshape(k, M)


@pytest.mark.parametrize(("M", "H", "k"), [(1, 1, 1), (2, 3, 2), (3, 3, 7), (4, 2, 12), (2, 9, 4)])
def test_the_program_is_the_networks_linear_system(M, H, k):
    form = network(M + H + k, M, H)
    problem = program(form, k)
    v = np.random.default_rng(k).random((k, H))
    z = driven(form, problem.region, v)
    y = z @ form.W2.T + form.h2
    b = v + np.where(problem.region, y, -y)
    cuts = (z[0] - z[1:]) @ problem.functional + problem.slack[1:]
    computed = problem.rows @ v.ravel() + problem.constants
    np.testing.assert_allclose(computed, [*b.ravel(), *cuts], atol=1e-9 * np.abs(b).max())


@pytest.mark.parametrize(("M", "H", "k"), [(2, 2, 3), (5, 5, 6), (3, 8, 4), (20, 20, 1)])
def test_the_error_bounds_hold_against_extended_precision(M, H, k):
    form = network(7 * M + k, M, H)
    problem = program(form, k)
    wide = [np.asarray(array, np.longdouble) for array in form]
    A, W1, W2, h1, h2 = wide
    J = A + (W1 * problem.region) @ W2
    n = k * H
    # Neumann refinement of the driven system in extended precision, one column at a time.
    columns = np.concatenate([np.eye(n), np.zeros((1, n))])
    answers = []
    for v in columns.reshape(-1, k, H):
        z = np.asarray(driven(form, problem.region, v), np.longdouble)
        drive = h1 + W1 @ (problem.region * h2) + v @ W1.T
        for _ in range(4):
            residual = np.roll(z @ J.T + drive, 1, axis=0) - z
            z = z + driven_correction(form, problem.region, residual)
        y = z @ W2.T + h2
        b = v + np.where(problem.region, y, -y)
        answers.append([*b.ravel(), *((z[0] - z[1:]) @ problem.functional + problem.slack[1:])])
    answers = np.array(answers)
    entries = (answers[:-1] - answers[-1]).T
    assert np.abs(problem.constants - answers[-1]).max() <= problem.bounds[1]
    assert np.abs(problem.rows - entries).max() <= problem.bounds[0]
    assert problem.bounds[0] < 1e-10 * np.abs(problem.rows).max()


def driven_correction(form, region, residual):
    k, M = residual.shape
    J = form.A + (form.W1 * region) @ form.W2
    system = np.eye(k * M).reshape(k, M, k, M)
    for t in range(k):
        system[(t + 1) % k, :, t] -= J
    right = np.asarray(residual, np.float64).ravel()
    return np.linalg.solve(system.reshape(k * M, k * M), right).reshape(k, M)


def test_a_real_cycle_is_a_solution_and_one_rotation_satisfies_every_cut():
    model = sw.systems.sixteen_cycle()
    form = model.relu_form
    problem = program(form, 16)
    cycle = sw.find_cycles(model, 16, method="complete").of_order(16)[0]
    kept = 0
    for shift in range(16):
        z = np.roll(cycle.points, -shift, axis=0)
        y = z @ form.W2.T + form.h2
        v = np.where(problem.region, np.maximum(-y, 0), np.maximum(y, 0))
        b = np.where(problem.region, np.maximum(y, 0), np.maximum(-y, 0))
        computed = problem.rows @ v.ravel() + problem.constants
        np.testing.assert_allclose(computed[:32], b.ravel(), atol=1e-12)
        kept += np.all(computed[32:] >= 0)
    assert kept == 1


def test_the_reference_region_is_not_a_singular_one():
    model = sw.PLRNN(A=[1.0, 0.5], W=[[-1.5, 0.0], [0.5, -0.2]], h=[0.3, 0.2])
    problem = program(model.relu_form, 2)
    assert problem.region[0]
    assert np.isfinite(problem.rows).all()


def test_no_program_where_every_region_is_singular():
    identity = sw.AlmostLinearRNN(A=[1.0, 0.5], W=[[0.0, 0.0], [0.0, 1.0]], h=[0.0, 1.0], n_relu=1)
    assert program(identity.relu_form, 1) is None


def test_no_program_where_every_region_is_singular_to_rounding():
    nearly = sw.AlmostLinearRNN(
        A=[1.0 - 2.0**-52, 0.5], W=[[0.0, 0.0], [0.0, 1.0]], h=[0.0, 1.0], n_relu=1
    )
    assert program(nearly.relu_form, 1) is None


@pytest.mark.parametrize("order", [1, 2, 5])
def test_a_region_with_a_small_response_is_taken_at_once(order):
    contracting = sw.PLRNN(A=[0.5, 0.3], W=[[-0.5, 0.1], [0.4, -0.2]], h=[0.3, 0.2])
    assert not program(contracting.relu_form, order).region.any()
    # An eigenvalue near 1, a root of unity of every order.
    slow = contracting.replace({"A": np.array([1.0 - 1e-6, 0.3])})
    assert program(slow.relu_form, order).region.any()


@pytest.mark.parametrize("order", [2, 4, 6])
def test_an_eigenvalue_of_minus_one_is_seen(order):
    flipping = sw.PLRNN(A=[-1.0, 0.5], W=[[0.5, 0.0], [0.0, 0.0]], h=[-1.0, 0.1])
    problem = program(flipping.relu_form, order)
    assert problem.region[0]
    assert problem.bounds[0] < 1e-12
