"""What proves that a set of cycles is complete, as plain data (`verify` checks it).

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

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property
from numbers import Real

import numpy as np

from ..models.relu_form import ReluForm
from ..models.validation import whole_number
from .row_check import split_functional
from .word_check import solutions

CLOSED = -1  # a row shows that the node holds no cycle
WORD = -2  # every bit is decided
OPEN = -3  # the work stopped here: nothing is proved about the node
THIN = -4  # a PrefixTree's node whose cell has no interior
UNDECIDED = 2  # in a node's bits
UNUSED = -1  # among the constraints of a PrefixTree's row
DEPENDENT = 1e-6  # singular values, as a part of the largest, of equations that may be dependent
BATCH = 1 << 21  # numbers in one batch of linear systems


class MalformedTree(ValueError):
    """The nodes of a tree do not form one."""


class _Value:
    """Data that are equal when all their fields are."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, field.name), getattr(other, field.name))
            if isinstance(getattr(self, field.name), np.ndarray)
            else getattr(self, field.name) == getattr(other, field.name)
            for field in fields(self)
        )

    def __hash__(self) -> int:
        values = (getattr(self, field.name) for field in fields(self))
        return hash((type(self), *(v.shape if isinstance(v, np.ndarray) else v for v in values)))


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
class CycleTree(_Value):
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
        _set(self, order=k, units=H)
        _set_integers(self, "splits", np.int32, (None,))
        _check_splits(self.splits, k * H, (CLOSED, WORD, OPEN))
        _set_integers(self, "variable", np.int32, (None,))
        _check_range("variable", self.variable, 0, n_variables - 1)
        rows = len(self.variable)
        _set_integers(self, "nonbasic", np.uint8, (rows, -(-n_variables // 8)))
        _set_functional(self, k)

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
            _set(self, _last=(form, Family(form, self.order, self.functional)))
        return self._last[1]


@dataclass(frozen=True, eq=False)
class PrefixTree(_Value):
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
        _set(self, highest=k, units=H)
        _set_integers(self, "splits", np.int32, (None,))
        _check_splits(self.splits, k * H, (CLOSED, WORD, OPEN, THIN))
        _set_integers(self, "constraints", np.int32, (None, 3))
        _check_range("constraints", self.constraints, UNUSED, k * H + k - 1)
        if np.any(self.constraints == k * H):
            raise ValueError(f"constraints must not hold {k * H}: s_0 is no condition")
        _set_floats(self, "weights", (len(self.constraints), 3))
        if np.any(self.weights < 0.0):
            raise ValueError(f"weights must not be negative, got {self.weights.min()}")
        _set_functional(self, k)

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
        A, W1, W2, _, _ = form
        H, highest = self.units, self.highest
        rows = self.leaves.closed_row[start:stop]
        count = len(rows)
        c, d = split_functional(form, self.functional)
        bits = self.leaves.closed[start:stop].reshape(count, highest, H)
        pushed = np.zeros((count, highest, H))  # the coefficients that the used conditions get
        nu = np.zeros((count, highest))
        here = np.arange(count)
        length, first = 1, np.full(count, highest)
        for constraint, weight in zip(self.constraints[rows].T, self.weights[rows].T, strict=True):
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


@dataclass(frozen=True, eq=False)
class Certificate(_Value):
    """A proof that a set of cycles is complete.

    Attributes
    ----------
    trees : tuple of CycleTree and PrefixTree
        Together about all orders that the set is complete up to.
    model_digest : str
        `model_digest` of the network that it is about.
    radius : float
        Nothing is proved about cycles with a component of a point beyond it in modulus.
    max_order : int
        The highest order that was asked for.

    Raises
    ------
    TypeError, ValueError
        If a field is not what is described above.
    """

    trees: tuple[CycleTree | PrefixTree, ...]
    model_digest: str
    radius: float
    max_order: int

    def __post_init__(self):
        trees = tuple(self.trees)
        for tree in trees:
            if not isinstance(tree, (CycleTree, PrefixTree)):
                raise TypeError(f"trees must hold CycleTree and PrefixTree, got {tree!r:.80}")
        if not isinstance(self.model_digest, str):
            raise TypeError(f"model_digest must be text, got {self.model_digest!r:.80}")
        if isinstance(self.radius, bool) or not isinstance(self.radius, Real):
            raise TypeError(f"radius must be a number, got {self.radius!r:.80}")
        if not self.radius >= 0.0:
            raise ValueError(f"radius must not be negative, got {self.radius}")
        max_order = whole_number("max_order", self.max_order, 1)
        _set(self, trees=trees, radius=float(self.radius), max_order=max_order)


def model_digest(form: ReluForm) -> str:
    """Return the SHA-256 of a network's shared form, the same for 0.0 and -0.0."""
    digest = hashlib.sha256()
    for array in form:
        digest.update(f"{array.shape}".encode())
        digest.update((array + 0.0).astype("<f8").tobytes())
    return digest.hexdigest()


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


def _set(instance, **values) -> None:
    for name, value in values.items():
        object.__setattr__(instance, name, value)


def _set_integers(instance, name: str, dtype, shape: tuple[int | None, ...]) -> None:
    given = np.asarray(getattr(instance, name))
    if given.dtype.kind not in "iu" and given.size:
        raise TypeError(f"{name} must hold whole numbers, got {given.dtype} values")
    _check_shape(name, given, shape)
    limits = np.iinfo(dtype)
    _check_range(name, given, limits.min, limits.max)
    _set(instance, **{name: _frozen(given, dtype)})


def _set_floats(instance, name: str, shape: tuple[int | None, ...]) -> None:
    given = np.asarray(getattr(instance, name))
    if given.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, got {given.dtype} values")
    _check_shape(name, given, shape)
    if not np.isfinite(given).all():
        raise ValueError(f"{name} must be finite, got {given[~np.isfinite(given)][0]}")
    _set(instance, **{name: _frozen(given, np.float64)})


def _set_functional(instance, k: int) -> None:
    _set_floats(instance, "functional", (None,))
    _set_floats(instance, "slack", (k,))
    if np.any(instance.slack < 0.0):
        raise ValueError(f"slack must not be negative, got {instance.slack.min()}")


def _frozen(array: np.ndarray, dtype) -> np.ndarray:
    array = np.array(array, dtype=dtype, order="C")
    array.setflags(write=False)
    return array


def _check_shape(name: str, array: np.ndarray, shape: tuple[int | None, ...]) -> None:
    fits = array.ndim == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"{name} must have shape ({wanted}), got {array.shape}")


def _check_range(name: str, array: np.ndarray, low: int, high: int) -> None:
    outside = array[(array < low) | (array > high)] if array.size else array
    if outside.size:
        raise ValueError(f"{name} must be between {low} and {high}, got {outside.flat[0]}")


def _check_splits(splits: np.ndarray, pairs: int, leaves: tuple[int, ...]) -> None:
    if splits.size == 0:
        raise ValueError("splits must hold at least one node, got none")
    _check_range("splits", splits, min(leaves), 2 * pairs - 1)
    unknown = splits[(splits < 0) & ~np.isin(splits, leaves)]
    if unknown.size:
        raise ValueError(f"splits must be pairs or one of {leaves}, got {unknown[0]}")
