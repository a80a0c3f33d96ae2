"""All words of one order that can be cycles, by branch and bound, with the tree that proves it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ...cancellation import new_flag
from ...models import PLRNN
from ...models.relu_form import ReluForm
from ..proof.certificate import CycleTree
from ..proof.fields import unchecked
from .complementarity import (
    COUNTERS,
    DEEP,
    DONE,
    FULL,
    LIMIT,
    NODES,
    ROWS,
    SPLITS,
    WORD,
    WORDS,
    split_words,
)
from .reference import program

LARGEST = 1500  # pairs: one dictionary of so many takes 18 MB and a pivot 2 ms
MEMORY = 1 << 29  # bytes of all dictionaries on the way down
FEW_PAIRS = 10  # up to here every word is tried where nothing better is left
ROOM = 2048  # closed branches that there is room for at first
LATER_COUNTS = 0.85  # how much less a violated pair one time step later counts


@dataclass(frozen=True)
class Branching:
    """What the branch and bound of one order found.

    Attributes
    ----------
    words : (n, k, H) uint8 array
        Every word that was not excluded, repetitions of shorter ones among them.
    tree : CycleTree or None
        The proof that there are no others; None if the work stopped.
    radius : float
        For which max |z| the proof holds.
    nodes : int
    stopped : str or None
        Why the work ended early: ``"nodes"``, ``"memory"``, ``"size"``, ``"singular"`` (no
        reference region can be solved) or ``"flag"``.
    """

    words: np.ndarray
    tree: CycleTree | None
    radius: float
    nodes: int
    stopped: str | None


def branch(
    form: ReluForm,
    order: int,
    *,
    radius_wanted: float,
    node_limit: int,
    cancel: np.ndarray,
    expired: np.ndarray,
) -> Branching:
    """Enumerate the words of one order.

    Parameters
    ----------
    form : ReluForm
    order : int
    radius_wanted : float
        No row is accepted that proves less.
    node_limit : int
    cancel, expired : (1,) int64 arrays
        Either ends the work when it is set.
    """
    k, H = order, form.H
    n = k * H
    none = np.empty((0, k, H), np.uint8)
    if n > LARGEST:
        return Branching(none, None, 0.0, 0, "size")
    problem = program(form, k)
    if problem is None:
        if n > FEW_PAIRS:
            return Branching(none, None, 0.0, 0, "singular")
        return _every_word(form, order)
    m = n + k - 1
    variables = n + m
    memory = 8 * (m + 1) * (n + 1)
    levels = min(n + 2, max(8, (1 << 22) // memory))
    nodes = [
        np.empty((levels, m + 1, n + 1)),
        np.zeros((levels, m + 1), np.int32),
        np.zeros((levels, n + 1), np.int32),
        np.zeros((levels, 3), np.int32),
        np.zeros((levels, variables), np.int32),
        np.zeros((levels, variables), np.uint8),
        np.zeros((levels, n), np.int8),
        np.zeros(levels, np.int64),
    ]
    counters = np.zeros(COUNTERS, np.int64)
    radius = np.array([np.inf])
    room = max(ROOM, 3 * n)
    records = [
        np.empty(2 * room, np.int32),
        np.empty((room, -(-variables // 8)), np.uint8),
        np.empty(room, np.int32),
        np.empty((max(64, n), n), np.uint8),
    ]
    reference = np.concatenate([problem.region.view(np.uint8)] * k)
    costs = _costs(n)
    while True:
        status = split_words(
            problem.rows,
            problem.constants,
            problem.bounds,
            problem.reach,
            problem.offset,
            reference,
            H,
            LATER_COUNTS,
            costs,
            radius_wanted,
            node_limit,
            *nodes,
            counters,
            radius,
            *records,
            cancel,
            expired,
        )
        if status == FULL:
            records = [_with_room(array, 2 * len(array)) for array in records]
        elif status == DEEP and 2 * len(nodes[0]) * memory <= MEMORY:
            nodes = [_with_room(array, min(2 * len(array), n + 2)) for array in nodes]
        else:
            break
    splits, nonbasic, variable, words = records
    tree = None
    if status == DONE:
        tree = unchecked(
            CycleTree,
            order=k,
            units=H,
            splits=splits[: counters[SPLITS]].copy(),
            nonbasic=nonbasic[: counters[ROWS]].copy(),
            variable=variable[: counters[ROWS]].copy(),
            functional=problem.functional,
            slack=problem.slack,
        )
    return Branching(
        words=words[: counters[WORDS]].reshape(-1, k, H).copy(),
        tree=tree,
        radius=float(radius[0]),
        nodes=int(counters[NODES]),
        stopped={DONE: None, DEEP: "memory", LIMIT: "nodes"}.get(status, "flag"),
    )


def _every_word(form: ReluForm, order: int) -> Branching:
    """Return all words, and the tree that excludes none of them."""
    n = order * form.H
    splits = np.array([WORD], np.int32)
    for pair in range(n - 1, -1, -1):
        splits = np.concatenate([np.array([2 * pair], np.int32), splits, splits])
    bits = np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1) & 1
    tree = CycleTree(
        order=order,
        units=form.H,
        splits=splits,
        nonbasic=np.empty((0, -(-(2 * n + order - 1) // 8)), np.uint8),
        variable=np.empty(0, np.int32),
        functional=form.W2[0],
        slack=np.zeros(order),
    )
    words = bits.astype(np.uint8).reshape(-1, order, form.H)
    return Branching(words, tree, np.inf, len(splits), None)


@cache
def compile_branching() -> None:
    """Compile or load the kernels, so that no time limit counts this."""
    form = PLRNN([0.5], [[-2.0]], [0.1]).relu_form
    flag = new_flag()
    branch(form, 2, radius_wanted=1.0, node_limit=100, cancel=flag, expired=flag)


@cache
def _costs(n: int) -> np.ndarray:
    """Return the costs of n variables: any positive ones will do, random ones never tie."""
    return np.random.default_rng(0).uniform(0.5, 1.5, n)


def _with_room(array: np.ndarray, length: int) -> np.ndarray:
    larger = np.empty((length, *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger
