"""The radius within which the rows of a whole tree exclude every cycle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf

import numpy as np

from ...models.relu_form import ReluForm
from .prefix_check import EMPTY, Prefixes
from .row_check import exact_row_radius, row_radii
from .trees import UNDECIDED, CycleTree, PrefixTree

BATCH = 1 << 21  # numbers that are worked on at a time, with the system of each row,
WORK = 1 << 27  # and multiplications for solving these systems: a few hundredths of a second
LARGEST = np.finfo(np.float64).max


def tree_radius(
    form: ReluForm,
    tree: CycleTree | PrefixTree,
    wanted: float = 0.0,
    stopped: Callable[[], bool] = lambda: False,
) -> float:
    """Return the radius of the rows that close a tree's leaves, the least of all.

    Parameters
    ----------
    form : ReluForm
    tree : CycleTree or PrefixTree
    wanted : float
        Rows that fall short of it in floating point are looked at in exact arithmetic.
    stopped : callable
        Asked after every few rows; where it says so, the answer is 0.

    Returns
    -------
    float
        0 if some row shows nothing; infinity without rows.
    """
    radius = inf
    for _, radii in closed_radii(form, tree, tree.highest, wanted, stopped):
        radius = min(radius, float(radii.min(initial=inf)))
        if stopped():
            return 0.0
    return radius


def closed_radii(
    form: ReluForm,
    tree: CycleTree | PrefixTree,
    highest: int,
    wanted: float,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield which leaves closed by a row matter to the orders up to `highest`, and their radii.

    Yields
    ------
    rows : (n,) int array
        Numbers of some of the tree's rows.
    radii : (n,) array
        Lower bounds, whatever the rounding; those below `wanted` are as good as exact arithmetic
        makes them, unless `stopped` says that nobody waits for that.
    """
    leaves = tree.leaves
    size = tree.highest * (form.M + form.H)
    step = max(1, min(BATCH // size**2, WORK // size**3))
    prefixes = None
    for start in range(0, len(leaves.closed), step):
        closed = leaves.closed[start : start + step]
        bits = closed.reshape(-1, tree.highest, tree.units)
        needed = np.count_nonzero(closed != UNDECIDED, axis=1) <= highest * tree.units
        lam, mu, nu = _contradicting(form, tree, tree.rows(form, start, start + len(bits)))
        T = lam.shape[1]
        radii = row_radii(form, tree.functional, tree.slack[:T], bits[:, :T], lam, mu, nu)
        if isinstance(tree, PrefixTree):
            radii[lam[:, -1].any(axis=1)] = 0.0  # it does not know of z_k = z_0
        for n in np.flatnonzero(needed & ~(radii >= wanted)):
            if stopped():
                break
            row = leaves.closed_row[start + n]
            if isinstance(tree, CycleTree):
                radii[n] = max(_sharpened(form, tree, row, bits[n], wanted), radii[n])  # not NaN
            else:
                prefixes = prefixes or Prefixes(form, tree.functional, tree.slack)
                if prefixes.verdict(bits[n], tree.constraints[row]) == EMPTY:
                    radii[n] = inf
        yield leaves.closed_row[start : start + len(bits)][needed], radii[needed]


def _sharpened(form: ReluForm, tree: CycleTree, row: int, bits: np.ndarray, wanted: float) -> float:
    """Return the radius of a row by exact arithmetic, or by another reading of its hints."""
    of_tree = form, tree.functional, tree.slack
    readings = (tree.kernels(form, row), tree.rows(form, row, row + 1))
    readings = [_contradicting(form, tree, reading) for reading in readings]
    best = 0.0
    for lam, mu, nu in readings:
        radii = row_radii(*of_tree, np.broadcast_to(bits, mu.shape), lam, mu, nu)
        best = max(best, float(radii.max(initial=0.0)))
    for reading in readings:
        for multipliers in zip(*reading, strict=True):
            if best >= wanted:
                return best
            exact = exact_row_radius(*of_tree, bits, *multipliers)
            # Rounded to the nearest, and a step down: a lower bound.
            best = max(best, float(np.nextafter(float(min(exact, LARGEST)), 0.0)))
    return best


def _contradicting(form: ReluForm, tree: CycleTree | PrefixTree, multipliers):
    """Return multipliers of some rows, all reversed where only that can contradict."""
    lam, mu, nu = multipliers
    with np.errstate(all="ignore"):
        rho = (lam @ form.h1).sum(axis=1) + (mu @ form.h2).sum(axis=1)
        rho += nu @ tree.slack[: nu.shape[1]]
    sign = np.where(rho > 0.0, -1.0, 1.0)
    return sign[:, None, None] * lam, sign[:, None, None] * mu, sign[:, None] * nu
