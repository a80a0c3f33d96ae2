"""Binary trees over bits that prove that an order has no other cycles, as plain data.

Notation of the shared form: z_{t+1} = A z_t + W1 x+_t + h1, x+_t - x-_t = W2 z_t + h2 and
x+_t, x-_t >= 0, one of them zero in every pair (t, j), t = 0..k-1 and unit j = 0..H-1. A pair has
the number i = t H + j and the bit (x+ > 0). For any function phi, one of the k rotations of a
cycle has its largest phi(z_t) first, so s_t = phi(z_0) - phi(z_t) + slack_t >= 0 may be added for
all t >= 1 with any slack >= 0. A functional (M,) stands for phi(z) = functional . z, a functional
(M + H,) = [c, d] for phi(z) = c . z + d . relu(W2 z + h2).

A proof is a binary tree over bits, its nodes in preorder: each node decides some bits, and a leaf
is closed by a *row*, a combination of these equations which shows that the node holds no cycle, or
it is a whole word, whose linear system decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...models.relu_form import ReluForm
from ...models.validation import whole_number
from .fields import (
    Value,
    check_range,
    check_splits,
    set_fields,
    set_floats,
    set_functional,
    set_integers,
)
from .multipliers import Family, combinations, kernels, prefix_combinations

CLOSED = -1  # a row shows that the node holds no cycle
WORD = -2  # every bit is decided
OPEN = -3  # the work stopped here: nothing is proved about the node
THIN = -4  # a PrefixTree's node whose cell has no interior
UNDECIDED = 2  # in a node's bits
UNUSED = -1  # among the constraints of a PrefixTree's row


class MalformedTree(ValueError):
    """The nodes of a tree do not form one."""


@dataclass(frozen=True, eq=False)
class Leaves:
    """The nodes of a tree that have to be checked, by kind, in preorder.

    Attributes
    ----------
    closed : (n, pairs) uint8 array
        The bits of every leaf that is closed by a row: 0, 1 or UNDECIDED.
    closed_row, thin_row : (n,) int arrays
        Which of the tree's rows of hints belongs to each leaf.
    thin : (n, pairs) uint8 array
        The bits of every leaf without interior.
    words : tuple of (n, t, H) bool arrays
        The words of order t = 1, 2, ... that have to be solved.
    open_depth : int or None
        How many bits the shallowest node has decided that the proof left open; None without one.
    """

    closed: np.ndarray
    closed_row: np.ndarray
    thin: np.ndarray
    thin_row: np.ndarray
    words: tuple[np.ndarray, ...]
    open_depth: int | None


@dataclass(frozen=True, eq=False)
class CycleTree(Value):
    """The proof for one order by branch and bound.

    The variables are numbered x+ (n), x- (n), s_1..s_{k-1}, n = k H pairs. A row is a combination
    of the equations in which no z_t is left; it has k - 1 + n degrees of freedom, so it is known
    from the variables whose coefficients are given: one of them 1, the others 0 ("basic"). Where
    these are dependent, the row is the combination in which all of them have the coefficient 0.
    Either the row or its opposite is a contradiction.

    Attributes
    ----------
    order : int
        k.
    splits : (nodes,) int32 array
        In preorder: 2 i + b splits on pair i, and the first child has the bit b; otherwise
        CLOSED, WORD or OPEN.
    nonbasic : (rows, ceil((2 n + k - 1) / 8)) uint8 array
        For every CLOSED leaf, in preorder, the n variables that may have any coefficient, as
        packed bits.
    variable : (rows,) int32 array
        The basic variable that has the coefficient 1.
    functional : (M,) array
    slack : (k,) array
        Its first entry is not used.

    Raises
    ------
    TypeError, ValueError
        If an array does not have the type, shape or range above.
    """

    order: int
    units: int
    splits: np.ndarray
    nonbasic: np.ndarray
    variable: np.ndarray
    functional: np.ndarray
    slack: np.ndarray

    def __post_init__(self):
        k = whole_number("order", self.order, 1)
        H = whole_number("units", self.units, 1)
        n_variables = 2 * k * H + k - 1
        set_fields(self, order=k, units=H)
        set_integers(self, "splits", np.int32, (None,))
        check_splits(self.splits, k * H, (CLOSED, WORD, OPEN))
        set_integers(self, "variable", np.int32, (None,))
        check_range("variable", self.variable, 0, n_variables - 1)
        rows = len(self.variable)
        set_integers(self, "nonbasic", np.uint8, (rows, -(-n_variables // 8)))
        set_functional(self, k)

    @property
    def lowest(self) -> int:
        """The lowest order of cycle that the tree is about."""
        return self.order

    @property
    def highest(self) -> int:
        """The highest order of cycle that the tree is about."""
        return self.order

    @cached_property
    def leaves(self) -> Leaves:
        """The leaves by kind; raises MalformedTree."""
        return _leaves(self, in_order=False, n_rows=len(self.variable))

    def rows(self, form: ReluForm, start: int, stop: int):
        """Return the multipliers of some rows, in floating point.

        They are a proposal: whoever relies on them checks what the row says.

        Parameters
        ----------
        form : ReluForm
            Of the model that the tree is about.
        start, stop : int
            Which rows.

        Returns
        -------
        lam : (stop - start, k, M) array
            Of z_{t+1} - A z_t - W1 x+_t - h1 = 0.
        mu : (stop - start, k, H) array
            Of x+_t - x-_t - W2 z_t - h2 = 0.
        nu : (stop - start, k) array
            Of s_t - phi(z_0) + phi(z_t) - slack_t = 0, the first column zero.
            NaN where the given coefficients do not determine the row.
        """
        return combinations(
            form, self._family(form), self._basic(start, stop), self.variable[start:stop]
        )

    def kernels(self, form: ReluForm, row: int):
        """Return what row `row` may mean as well, where its basic variables are dependent.

        Returns
        -------
        lam, mu, nu
            As from `rows`: combinations in which all basic variables have the coefficient 0, or
            nearly so.
        """
        return kernels(form, self._family(form), self._basic(row, row + 1)[0])

    def _basic(self, start: int, stop: int) -> np.ndarray:
        n_variables = 2 * self.order * self.units + self.order - 1
        return np.unpackbits(self.nonbasic[start:stop], axis=1, count=n_variables) == 0

    def _family(self, form: ReluForm) -> Family:
        if self.__dict__.get("_last", (None,))[0] is not form:
            set_fields(self, _last=(form, Family(form, self.order, self.functional)))
        return self._last[1]


@dataclass(frozen=True, eq=False)
class PrefixTree(Value):
    """The proof for all orders up to `highest` in one pass, by the words' prefixes.

    Pairs are split in their order, and z_k = z_0 is not used: the bits decided so far make every
    z_t an affine function of z_0. A node with t H bits, 1 <= t <= highest, that is not closed
    stands also for the word of order t made of them.

    Attributes
    ----------
    highest : int
        The highest order.
    splits : (nodes,) int32 array
        As in `CycleTree`, and THIN.
    constraints : (rows, 3) int32 array
        For every CLOSED and every THIN leaf, in preorder, up to three conditions that exclude one
        another: i is that y_i has the sign of its bit or is zero, n + t (with n = highest H)
        is s_t >= 0, UNUSED is none.
    weights : (rows, 3) array
        Non-negative; the weighted sum of the conditions' left sides (y_i or -y_i, s_t), which are
        functions of z_0, is a negative constant. A THIN leaf does not need them: its conditions
        have exactly no common interior.
    functional : (M,) or (M + H,) array
    slack : (highest,) array
        Its first entry is not used.

    Raises
    ------
    TypeError, ValueError
        If an array does not have the type, shape or range above.
    """

    highest: int
    units: int
    splits: np.ndarray
    constraints: np.ndarray
    weights: np.ndarray
    functional: np.ndarray
    slack: np.ndarray

    def __post_init__(self):
        k = whole_number("highest", self.highest, 1)
        H = whole_number("units", self.units, 1)
        set_fields(self, highest=k, units=H)
        set_integers(self, "splits", np.int32, (None,))
        check_splits(self.splits, k * H, (CLOSED, WORD, OPEN, THIN))
        set_integers(self, "constraints", np.int32, (None, 3))
        check_range("constraints", self.constraints, UNUSED, k * H + k - 1)
        if np.any(self.constraints == k * H):
            raise ValueError(f"constraints must not hold {k * H}: s_0 is no condition")
        set_floats(self, "weights", (len(self.constraints), 3))
        if np.any(self.weights < 0.0):
            raise ValueError(f"weights must not be negative, got {self.weights.min()}")
        set_functional(self, k)

    @property
    def lowest(self) -> int:
        """The lowest order of cycle that the tree is about."""
        return 1

    @cached_property
    def leaves(self) -> Leaves:
        """The leaves by kind; raises MalformedTree."""
        return _leaves(self, in_order=True, n_rows=len(self.constraints))

    def rows(self, form: ReluForm, start: int, stop: int):
        """Return the multipliers of the rows of some CLOSED leaves, in floating point.

        Parameters
        ----------
        form : ReluForm
            Of the model that the tree is about.
        start, stop : int
            Which of the rows of `leaves.closed`.

        Returns
        -------
        lam : (stop - start, T, M) array
            As in `CycleTree.rows`, for the first T points that any of these rows is about; the
            last entry, which belongs to the equation that closes the cycle, is zero.
        mu : (stop - start, T, H) array
        nu : (stop - start, T) array
        """
        return prefix_combinations(self, form, start, stop)


def _leaves(tree: CycleTree | PrefixTree, in_order: bool, n_rows: int) -> Leaves:
    """Walk a tree; `in_order` says that the pairs are split in their order (a PrefixTree)."""
    H, highest = tree.units, tree.highest
    pairs = highest * H
    bits = bytearray([UNDECIDED]) * pairs
    trail, returned = [], []  # the pairs decided on the way here, and which have their second bit
    closed, thin, words = bytearray(), bytearray(), [bytearray() for _ in range(highest)]
    closed_row, thin_row = [], []
    open_depth = None
    row = 0
    for node, split in enumerate(tree.splits.tolist()):
        depth = len(trail)
        if in_order and depth and depth % H == 0 and split not in (CLOSED, THIN):
            words[depth // H - 1] += bits[:depth]
        if split >= 0:
            pair = split >> 1
            if bits[pair] != UNDECIDED:
                raise MalformedTree(f"node {node} splits on pair {pair}, which is decided")
            if in_order and pair != depth:
                raise MalformedTree(f"node {node} splits on pair {pair} before pair {depth}")
            bits[pair] = split & 1
            trail.append(pair)
            returned.append(False)
            continue
        if split == CLOSED:
            closed += bits
            closed_row.append(row)
            row += 1
        elif split == THIN:
            thin += bits
            thin_row.append(row)
            row += 1
        elif split == WORD:
            if depth != pairs:
                raise MalformedTree(f"node {node} is a word with {depth} of {pairs} bits")
            if not in_order:
                words[-1] += bits
        elif open_depth is None or depth < open_depth:
            open_depth = depth
        while trail and returned[-1]:
            bits[trail.pop()] = UNDECIDED
            returned.pop()
        if trail:
            bits[trail[-1]] ^= 1
            returned[-1] = True
        elif node + 1 < len(tree.splits):
            raise MalformedTree(f"node {node + 1} comes after the last leaf")
    if trail:
        raise MalformedTree(f"the tree ends after node {len(tree.splits) - 1}, inside a branch")
    if row != n_rows:
        raise MalformedTree(f"the tree has {row} leaves with a row, and {n_rows} rows")
    return Leaves(
        np.frombuffer(bytes(closed), np.uint8).reshape(-1, pairs),
        np.array(closed_row, np.int64),
        np.frombuffer(bytes(thin), np.uint8).reshape(-1, pairs),
        np.array(thin_row, np.int64),
        tuple(
            np.frombuffer(bytes(held), np.bool_).reshape(-1, t + 1, H)
            for t, held in enumerate(words)
        ),
        open_depth,
    )
