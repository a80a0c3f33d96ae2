"""The multipliers of a tree's rows, from the hints that it keeps of them.

In floating point: a proposal, which `row_check` judges. The notation is that of `trees`.
"""

from __future__ import annotations

import numpy as np

from ...models.relu_form import ReluForm
from .row_check import split_functional
from .word_check import solutions

DEPENDENT = 1e-6  # singular values, as a part of the largest, of equations that may be dependent
BATCH = 1 << 21  # numbers in one batch of linear systems


def combinations(form: ReluForm, family: Family, basic: np.ndarray, variable: np.ndarray):
    """Return the combinations of the equations of one order that have given coefficients.

    Parameters
    ----------
    form : ReluForm
    family : Family
        All combinations for this network, order and functional.
    basic : (rows, 2 n + k - 1) bool array
        n + k - 1 variables a row whose coefficients are given.
    variable : (rows,) array
        The one with coefficient 1; the others have 0.

    Returns
    -------
    lam (rows, k, M), mu (rows, k, H), nu (rows, k)
        See `CycleTree.rows`.
    """
    size = family.lam.shape[1]
    freedom = np.full((len(basic), size), np.nan)
    own = np.zeros(basic.shape)
    own[np.arange(len(basic)), variable] = 1.0
    given = np.flatnonzero(np.count_nonzero(basic, axis=1) == size)
    step = max(1, BATCH // size**2)
    for start in range(0, len(given), step):
        chosen = given[start : start + step]
        places = np.nonzero(basic[chosen])[1].reshape(len(chosen), size)
        target = np.take_along_axis(own[chosen], places, axis=1)
        freedom[chosen] = solutions(family.coefficients[places], target[..., None])[..., 0]
    return _multipliers(form, family, freedom, basic, own)


def kernels(form: ReluForm, family: Family, basic: np.ndarray):
    """Return the combinations whose coefficients on `basic` (2 n + k - 1,) are all 0, or nearly.

    Returns
    -------
    lam (count, k, M), mu (count, k, H), nu (count, k)
        Nearest to zero first.
    """
    system = family.coefficients[basic]
    freedom = np.empty((0, system.shape[1]))
    if len(system) == system.shape[1] and np.isfinite(system).all():
        _, values, directions = np.linalg.svd(system)
        freedom = directions[values < DEPENDENT * values[0]][::-1]
    basic = np.broadcast_to(basic, (len(freedom), len(basic)))
    return _multipliers(form, family, freedom, basic, np.zeros(basic.shape))


def _multipliers(form: ReluForm, family: Family, freedom, basic, own):
    """Return lam, mu, nu of members of the family, given coefficients `own` met to the last bit."""
    count, M, H = len(freedom), form.M, form.H
    n = family.mu.shape[0]
    k = n // H
    lam = (freedom @ family.lam.T).reshape(count, k, M)
    mu = freedom @ family.mu.T
    plus, minus, cut = np.split(own, [n, 2 * n], axis=1)
    plus_basic, minus_basic, cut_basic = np.split(basic, [n, 2 * n], axis=1)
    followed = (lam.reshape(-1, M) @ form.W1).reshape(count, n)
    mu = np.where(plus_basic, followed + plus, mu)
    mu = np.where(minus_basic, -minus, mu).reshape(count, k, H)
    nu = np.zeros((count, k))
    nu[:, 1:] = np.where(cut_basic, cut, freedom[:, n:])
    return lam, mu, nu


class Family:
    """All combinations of the equations of one order without z, by n + k - 1 free numbers.

    With a reference word d and mu_t = d_t W1^T lam_t + q_t, no z_t is left when
    lam_{t-1} = J_t^T lam_t + W2^T q_t -+ nu_t functional, which fixes lam for any q and nu, the
    free numbers. `lam`, `mu` and `coefficients` (of x+, x-, s) are linear in them.
    """

    def __init__(self, form: ReluForm, k: int, functional: np.ndarray):
        M, H, W1, W2 = form.M, form.H, form.W1, form.W2
        n = k * H
        word, inverse = _reference(form, k)
        pushes = np.zeros((k, M, n + k - 1))  # of the free numbers on the equation of each z_t
        for t in range(k):
            pushes[t, :, t * H : (t + 1) * H] = W2.T
        for t in range(1, k):
            pushes[0, :, n + t - 1] += functional
            pushes[t, :, n + t - 1] -= functional
        self.lam = inverse @ pushes.reshape(k * M, -1)
        followed = (W1.T @ self.lam.reshape(k, M, -1)).reshape(n, -1)
        own = np.eye(n, n + k - 1)
        self.mu = word.reshape(n, 1) * followed + own
        cuts = np.eye(n + k - 1)[n:]
        self.coefficients = np.concatenate([self.mu - followed, -self.mu, cuts])


def _reference(form: ReluForm, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a word (k, H) and the inverse (k M, k M) of lam -> lam_{t-1} - J_t^T lam_t."""
    M, H = form.M, form.H
    rng = np.random.default_rng(0)
    best, least = None, np.inf
    words = [np.zeros((k, H)), np.ones((k, H)), *(rng.random((6, k, H)) < 0.5).astype(np.float64)]
    here = np.arange(k)
    for word in words:
        jacobians = form.A + (form.W1 * word[:, None, :]) @ form.W2
        system = np.zeros((k, M, k, M))
        system[here, :, here, :] -= jacobians.transpose(0, 2, 1)
        system[here, :, here - 1, :] += np.eye(M)
        try:
            inverse = np.linalg.inv(system.reshape(k * M, k * M))
        except np.linalg.LinAlgError:
            continue
        size = np.abs(inverse).max()
        if size < least:
            best, least = (word, inverse), size
        if least < 100.0:
            break
    if best is None:
        return np.zeros((k, H)), np.full((k * M, k * M), np.nan)
    return best


def prefix_combinations(tree, form: ReluForm, start: int, stop: int):
    """Return what `PrefixTree.rows` describes, for the rows of some CLOSED leaves."""
    A, W1, W2, _, _ = form
    H, highest = tree.units, tree.highest
    rows = tree.leaves.closed_row[start:stop]
    count = len(rows)
    c, d = split_functional(form, tree.functional)
    bits = tree.leaves.closed[start:stop].reshape(count, highest, H)
    pushed = np.zeros((count, highest, H))  # the coefficients that the used conditions get
    nu = np.zeros((count, highest))
    here = np.arange(count)
    length, first = 1, np.full(count, highest)
    for constraint, weight in zip(tree.constraints[rows].T, tree.weights[rows].T, strict=True):
        pair = (constraint >= 0) & (constraint < highest * H)
        np.add.at(pushed, (here[pair], *divmod(constraint[pair], H)), weight[pair])
        cut = constraint >= highest * H
        np.add.at(nu, (here[cut], constraint[cut] - highest * H), weight[cut])
        times = np.where(pair, constraint // H, constraint - highest * H)
        length = max(length, 1 + int(times.max(initial=0)))
        first = np.minimum(first, np.where(cut, 0, np.where(pair, times, highest)))
    lam, mu = np.zeros((count, length, form.M)), np.zeros((count, length, H))
    for t in range(length - 1, -1, -1):
        ahead = nu[:, t] if t else -nu[:, 1:].sum(axis=1)
        free = lam[:, t] @ W1 - ahead[:, None] * d + pushed[:, t]
        mu[:, t] = np.where(bits[:, t] == 1, free, -pushed[:, t])
        if t:
            pulled = lam[:, t] @ A + mu[:, t] @ W2 - nu[:, t, None] * c
            # Where the first condition is, nothing but rounding is left to pull further back.
            lam[:, t - 1] = np.where((t > first)[:, None], pulled, 0.0)
    return lam, mu, nu[:, :length]
