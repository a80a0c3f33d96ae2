"""All cycles, and proofs, of small networks by NumPy and SciPy: slow, and unlike the finders."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import null_space, qr
from scipy.optimize import linprog

import scyfi_widgets as sw
from scyfi_widgets.cycles.proof.certificate import CLOSED, THIN, WORD, CycleTree, PrefixTree

BOX = 1e3  # where the cells of a PrefixTree are looked at


@pytest.fixture(scope="session")
def folding_network():
    """A function (architecture, rng, largest M) that draws a network with many cycles."""
    return _folding_network


@pytest.fixture(scope="session")
def cycles_by_brute_force():
    """A function (model, order) that tries all words: points (k, M) of cycles by canonical word."""
    return _cycles_by_brute_force


@pytest.fixture(scope="session")
def cycle_tree():
    """A function (form, k) that proves one order."""
    return _cycle_tree


@pytest.fixture(scope="session")
def prefix_tree():
    """A function (form, highest) that proves all orders of a network with at most two states.

    With `folds` d (H,) the cuts look at functional . z + d . relu(W2 z + h2).
    """
    return _prefix_tree


def _folding_network(
    architecture: type[sw.Model], rng: np.random.Generator, largest: int
) -> sw.Model:
    """Return a network whose units fold their own state back: such networks have many cycles."""

    def normal(*shape):
        return rng.normal(size=shape)

    M = int(rng.integers(1, largest + 1))
    if architecture is sw.DendriticPLRNN:
        M = min(M, 2)
    A, h = rng.uniform(0.3, 2, M), np.abs(normal(M))
    if architecture in (sw.ShallowPLRNN, sw.ClippedShallowPLRNN):
        hidden = int(rng.integers(1, 6 if architecture is sw.ShallowPLRNN else 3))
        W2 = normal(hidden, M)
        return architecture(A, 0.3 * normal(M, hidden) - 2 * W2.T, W2, h, normal(hidden))
    W = 0.5 * normal(M, M) - 2.5 * np.eye(M)
    if architecture is sw.AlmostLinearRNN:
        n_relu = int(rng.integers(1, M + 1))
        W[:, : M - n_relu] *= 0.3
        return sw.AlmostLinearRNN(A, W, h, n_relu)
    if architecture is sw.DendriticPLRNN:
        B = int(rng.integers(1, 5 // M + 1))
        return sw.DendriticPLRNN(A, W, h, np.abs(normal(B)), normal(M, B))
    return sw.PLRNN(A, W, h)


def _cycles_by_brute_force(model: sw.Model, order: int) -> dict[bytes, np.ndarray]:
    """Return points (k, M) by canonical word of every cycle of one minimal period."""
    A, W1, W2, h1, h2 = model.relu_form
    k, M, H = order, model.M, model.H
    numbers = np.arange(2 ** (k * H))
    words = ((numbers[:, None] >> np.arange(k * H)) & 1).astype(bool).reshape(-1, k, H)
    jacobians = A + (W1 * words[:, :, None, :]) @ W2
    shifts = h1 + (words * h2) @ W1.T
    P, c = np.broadcast_to(np.eye(M), (len(words), M, M)), np.zeros((len(words), M))
    for t in range(k):
        P = jacobians[:, t] @ P
        c = (jacobians[:, t] @ c[..., None])[..., 0] + shifts[:, t]
    z = np.linalg.solve(np.eye(M) - P, c[..., None])[..., 0]
    points = [z]
    for _ in range(k - 1):
        points.append(points[-1] @ A.T + np.maximum(points[-1] @ W2.T + h2, 0) @ W1.T + h1)
    points = np.stack(points, axis=1)
    real = (points @ W2.T + h2 > 0) == words
    found = {}
    for n in np.flatnonzero(real.all(axis=(1, 2))):
        rotations = [np.roll(words[n], -shift, axis=0).tobytes() for shift in range(k)]
        if len(set(rotations)) == k:
            shift = rotations.index(min(rotations))
            found[rotations[shift]] = np.roll(points[n], -shift, axis=0)
    return found


def _coefficient_matrix(form, k, functional):
    """Return r (k M), then the coefficients of x+, x-, s, from (lam, mu, nu_1..nu_{k-1})."""
    A, W1, W2, _, _ = form
    M, H = form.M, form.H
    n = k * H
    columns = k * M + n + k - 1
    lam, mu = np.zeros((k, M, columns)), np.zeros((k, H, columns))
    lam.reshape(k * M, columns)[:, : k * M] = np.eye(k * M)
    mu.reshape(n, columns)[:, k * M : k * M + n] = np.eye(n)
    nu = np.zeros((k, columns))
    nu[1:, k * M + n :] = np.eye(k - 1)
    r = np.stack([lam[t - 1] - A.T @ lam[t] - W2.T @ mu[t] for t in range(k)])
    for t in range(1, k):
        r[t] += np.outer(functional, nu[t])
        r[0] -= np.outer(functional, nu[t])
    plus = np.stack([mu[t] - W1.T @ lam[t] for t in range(k)])
    return np.concatenate(
        [r.reshape(k * M, -1), plus.reshape(n, -1), -mu.reshape(n, -1), nu[1:]], axis=0
    )


def _cycle_tree(form, k, slack=0.01):
    """Return the tree of one order: pairs in their order, a row wherever the program finds one."""
    M, H = form.M, form.H
    n = k * H
    functional = form.W2[0].copy()
    slacks = np.array([0.0, *(slack * (1 + np.arange(1, k) / k))])
    matrix = _coefficient_matrix(form, k, functional)
    space = null_space(matrix[: k * M])
    coefficients = matrix[k * M :] @ space
    rho = np.concatenate([np.tile(form.h1, k), np.tile(form.h2, k), slacks[1:]]) @ space
    splits, nonbasic, variable = [], [], []

    def row(bits):
        fixed = np.zeros(2 * n + k - 1, bool)
        for i, bit in enumerate(bits):
            fixed[i + n * bit] = True
        free = coefficients[~fixed]
        answer = linprog(
            free.sum(axis=0), -free, np.zeros(len(free)), rho[None], [-1.0], bounds=(None, None)
        )
        if answer.status != 0:
            return None
        values = coefficients @ answer.x
        candidates = np.flatnonzero(~fixed & (np.abs(values) < 1e-9 * np.abs(values).max()))
        order = qr(coefficients[candidates].T, mode="r", pivoting=True)[1]
        tight = candidates[order[: n + k - 2]]
        basic = np.zeros(2 * n + k - 1, bool)
        basic[tight] = True
        own = int(np.argmax(np.where(basic | fixed, -np.inf, values)))
        if len(tight) < n + k - 2 or values[own] <= 0:
            return None
        basic[own] = True
        return basic, own

    def visit(bits):
        found = row(bits)
        if found is not None:
            splits.append(CLOSED)
            nonbasic.append(np.packbits(~found[0]))
            variable.append(found[1])
        elif len(bits) == n:
            splits.append(WORD)
        else:
            splits.append(2 * len(bits))
            visit([*bits, 0])
            visit([*bits, 1])

    visit([])
    width = -(-(2 * n + k - 1) // 8)
    hints = np.array(nonbasic, np.uint8).reshape(-1, width)
    return CycleTree(
        k, H, np.array(splits), hints, np.array(variable, np.int64), functional, slacks
    )


def _prefix_tree(form, highest, slack=0.01, folds=None):
    """Return the tree of all orders up to `highest` of a network with at most two states."""
    M, H = form.M, form.H
    n = highest * H
    functional = form.W2[0].copy()
    d_cut = np.zeros(H) if folds is None else np.asarray(folds)
    slacks = np.array([0.0, *(slack * (1 + np.arange(1, highest) / highest))])
    splits, constraints, weights = [], [], []

    def conditions(bits):
        """Return the conditions of a prefix as (number, slope, constant)."""
        P, c = np.eye(M), np.zeros(M)
        found = []

        def phi(t):
            active = d_cut * bits[t * H : (t + 1) * H] if d_cut.any() else d_cut
            slope = functional @ P + active @ form.W2 @ P
            return slope, functional @ c + active @ (form.W2 @ c + form.h2)

        start = None
        for t in range(highest):
            if len(bits) >= (t + d_cut.any()) * H:
                here = phi(t)
                start = here if t == 0 else start
                if t:
                    found.append((n + t, start[0] - here[0], start[1] - here[1] + slacks[t]))
            if len(bits) <= t * H:
                break
            d = np.zeros(H)
            for j, bit in enumerate(bits[t * H : (t + 1) * H]):
                sign = 1 if bit else -1
                number = t * H + j
                found.append((number, sign * form.W2[j] @ P, sign * (form.W2[j] @ c + form.h2[j])))
                d[j] = bit
            P, c = (
                form.A @ P + form.W1 @ (d[:, None] * (form.W2 @ P)),
                form.A @ c + form.W1 @ (d * (form.W2 @ c + form.h2)) + form.h1,
            )
        return found

    def excluded(bits):
        """Return up to three conditions, their weights and whether they leave no point at all."""
        known = conditions(bits)
        if not known:
            return None
        slopes = np.array([slope for _, slope, _ in known])
        constants = np.array([constant for _, _, constant in known])
        # The largest e with slope . z + constant >= e, and the weights that show it.
        answer = linprog(
            [*np.zeros(M), -1.0],
            np.column_stack([-slopes, np.ones(len(known))]),
            constants,
            bounds=[(-BOX, BOX)] * M + [(None, 1.0)],
        )
        if answer.x[-1] > 1e-12 or np.any(np.abs(answer.x[:M]) > BOX / 2):
            return None
        used = np.flatnonzero(-answer.ineqlin.marginals > 1e-12)
        if len(used) > 3:
            return None
        numbers = [known[i][0] for i in used] + [-1] * (3 - len(used))
        shares = [*(-answer.ineqlin.marginals[used]), 0.0, 0.0, 0.0][:3]
        return numbers, shares, answer.x[-1] < -1e-12

    def visit(bits):
        found = excluded(bits)
        if found is not None:
            splits.append(CLOSED if found[2] else THIN)
            constraints.append(found[0])
            weights.append(found[1])
        elif len(bits) == n:
            splits.append(WORD)
        else:
            splits.append(2 * len(bits))
            visit([*bits, 0])
            visit([*bits, 1])

    visit([])
    rows = len(constraints)
    return PrefixTree(
        highest,
        H,
        np.array(splits),
        np.array(constraints, np.int64).reshape(rows, 3),
        np.array(weights, float).reshape(rows, 3),
        functional if folds is None else np.concatenate([functional, d_cut]),
        slacks,
    )
