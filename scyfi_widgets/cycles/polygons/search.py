"""All cycles of networks with one or two states, all orders in one pass: the exact polygon search.

Depth-first over words, one bit at a time. A node is the set of first points z_0 whose orbit starts
with the prefix, a convex polygon; the sign condition of the next bit is affine there and clips it.
Of the rotations of a cycle one has the largest phi(z_0), which cuts away most of the others; the
slack of the cuts is positive, so that no tie loses a cycle. Each node with t complete regions is
tested as a word of order t as well (MATH.md, section 4).

Whatever is thrown away is certified: an empty cell by a row of three conditions (`rows`),
or in exact arithmetic where rounding leaves a doubt (`settling`); a virtual word by a row
together with z_t = z_0. Every other word is a candidate, for the caller to solve. Cells without
interior are dropped: a cycle lies strictly inside its cuts, a neighbourhood of it is covered by
closed cells with interior, so it lies in one of these, whose maps agree with its own there. It is
then found by the word of that cell, which may have bit 1 where y = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from ...cancellation import new_flag
from ...models import PLRNN
from ...models.relu_form import ReluForm
from .kernels import search_prefixes
from .rows import SLACK
from .settling import ExactNet, implied_bits, rounded_cell, settle
from .state import (
    ALIVE,
    COUNTS,
    DEPTH,
    DOUBT,
    EMPTY,
    FINISHED,
    FULL,
    LETTERS,
    LIMIT,
    NODES,
    RADIUS,
    ROWS,
    SETTLED,
    SIZE,
    SPLITS,
    VERDICT,
    WORDS,
    Found,
    Net,
    Path,
)

RELAXED = 1e-6  # slack of the cuts, relative to the scale of the model
FIRST_NODES = 200_000  # nodes after which an unfinished search secures the low orders first
FIRST_SETTLED = 4  # exact decisions, after which it does so as well: deep down they are slow
UNPROVED = 4096  # words that a search hands out beyond what it proved, once a flag is set
NO_LIMIT = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class PolygonSearch:
    """What the polygon search returns.

    Attributes
    ----------
    words : tuple of (n, k, H) uint8 arrays
        The candidate words of the orders k = 1, 2, ...: all words of cycles are among them up to
        order `complete_up_to`, each at least in one rotation.
    complete_up_to : int
    radius : float
        No other cycle up to that order has all its points within |z|_inf <= radius.
    nodes : int
        Nodes that were visited, in all passes.
    settled : int
        Prunes that were decided in exact arithmetic.
    highest : int
        The highest order of the tree that follows: `complete_up_to`.
    splits, constraints, weights : arrays or None
        The tree as in `certificate.PrefixTree`; rows of exact prunes have weights 0 and are THIN.
    functional : (M,) or (M + H,) array
        c, or c and d, of the cuts phi(z_0) - phi(z_t) + slack_t >= 0, t = 1 ... highest - 1, with
        phi(z) = c . z + d . relu(W2 z + h2).
    slack : (highest,) array
    """

    words: tuple[np.ndarray, ...]
    complete_up_to: int
    radius: float
    nodes: int
    settled: int
    highest: int
    splits: np.ndarray | None
    constraints: np.ndarray | None
    weights: np.ndarray | None
    functional: np.ndarray
    slack: np.ndarray


def model_scale(form: ReluForm) -> float:
    """Return a length that moves with the network when its state is rescaled; one without any."""
    steepness = np.abs(form.W2).sum(axis=1)
    borders = np.abs(form.h2[steepness > 0]) / steepness[steepness > 0]
    return max(np.abs(form.h1).max(initial=0.0), borders.max(initial=0.0)) or 1.0


def unit_scale(form: ReluForm) -> tuple[ReluForm, float]:
    """Return the network with its state divided by a power of two near its scale, and that power.

    Nothing is rounded: where something would be, the network stays as it is.
    """
    unit = 2.0 ** np.round(np.log2(model_scale(form)))
    h1, h2 = form.h1 / unit, form.h2 / unit
    if np.array_equal(h1 * unit, form.h1) and np.array_equal(h2 * unit, form.h2):
        return form._replace(h1=h1, h2=h2), unit
    return form, 1.0


def border_distance(form: ReluForm) -> np.ndarray:
    """Return minus the sum of the distances to all borders, as weights of z and of relu(W2 z + h2).

    The rotation that comes nearest to the borders starts the cycle: transients from far away, of
    which no linear functional is rid, are cut away by this one.
    """
    steepness = np.abs(form.W2).sum(axis=1)
    weights = np.where(steepness > 0, 1.0 / np.where(steepness > 0, steepness, 1.0), 0.0)
    return np.concatenate([weights @ form.W2, -2.0 * weights])


def search_polygons(
    form: ReluForm,
    highest: int,
    *,
    radius_wanted: float | None = None,
    record: bool = True,
    node_limit: int | None = None,
    functional: np.ndarray | None = None,
    cancel: np.ndarray | None = None,
    expired: np.ndarray | None = None,
    proved: Callable[[PolygonSearch], None] | None = None,
) -> PolygonSearch:
    """Find the words of all cycles of orders 1 to `highest` of a network with M <= 2.

    Parameters
    ----------
    form : ReluForm
        With one or two states.
    highest : int
        The highest order.
    radius_wanted : float, optional
        Rows that hold up to a smaller radius are replaced by exact arithmetic; 1e6 times the
        `model_scale` by default.
    record : bool
        Whether to return the tree.
    node_limit : int, optional
        Nodes after which the search ends, in all passes together.
    functional : (M,) or (M + H,) array, optional
        c, or c and d, of phi; `border_distance` by default.
    cancel, expired : (1,) int64 arrays, optional
        Flags that end the search.
    proved : callable, optional
        Called with what is known each time that the proof has reached a higher order.

    Returns
    -------
    PolygonSearch
    """
    if form.M > 2:
        raise ValueError(f"the polygon search needs one or two states, got M = {form.M}")
    radius_wanted = 1e6 * model_scale(form) if radius_wanted is None else radius_wanted
    cancel = new_flag() if cancel is None else cancel
    expired = new_flag() if expired is None else expired
    left = NO_LIMIT if node_limit is None else node_limit

    def new_pass(order):
        return _Pass(form, order, radius_wanted, record, functional, cancel, expired)

    main = new_pass(highest)
    done, nodes, settled = None, 0, 0
    status = main.run(min(left, FIRST_NODES), FIRST_SETTLED)
    if status == LIMIT and main.nodes < left:
        # Depth first says nothing about any order before its end: secure the low ones first.
        for order in _deepening(highest):
            lower = new_pass(order)
            status = lower.run(left - main.nodes - nodes)
            nodes += lower.nodes
            settled += lower.settled
            if status != FINISHED:
                break
            done = lower
            if proved is not None:
                proved(_result(form, done, main, nodes))
            if main.nodes + 1000 * main.settled < nodes + 1000 * settled:
                status = main.run(min(left - nodes, 2 * nodes), 2 * settled + FIRST_SETTLED)
                if status != LIMIT or main.nodes + nodes >= left:
                    break
        else:
            status = main.run(left - nodes)
    if main.finished:
        done = main
        if proved is not None:
            proved(_result(form, done, main, nodes))
    return _result(form, done, main, nodes)


def _deepening(highest: int):
    order = 1
    while order < highest:
        yield order
        order += max(1, order // 4)


def _result(form, done, main, nodes) -> PolygonSearch:
    complete = 0 if done is None else done.highest
    words = [] if done is None else done.words
    if done is not main:
        # Of these, a person who set a flag wants a few at once rather than all of them.
        stopped = any(flag[0] for flag in main.flags)
        most = UNPROVED if stopped else main.count[WORDS]
        words = [*words, *main.first_words(complete, most)]
    source = main if done is None else done
    tree = source.tree if done is not None and done.record else (None, None, None)
    return PolygonSearch(
        tuple(words),
        complete,
        source.radius,
        main.nodes + nodes,
        source.settled,
        complete,
        *tree,
        source.functional,
        source.slack * source.unit,
    )


class _Pass:
    """One depth-first search up to one order, which can be continued."""

    def __init__(self, form, highest, radius_wanted, record, functional, cancel, expired):
        M, H = form.M, form.H
        self.form, self.highest, self.record = form, highest, record
        self.flags = cancel, expired
        form, self.unit = unit_scale(form)
        scale = model_scale(form)
        if functional is None:
            functional = border_distance(form)
        self.functional = functional
        phi = np.zeros(2 + H)
        phi[:M] = functional[:M]
        phi[2 : 2 + len(functional) - M] = functional[M:]
        times = np.arange(highest)
        self.slack = RELAXED * scale * (1.0 + times / highest)
        form2 = _in_two_dimensions(form)
        self.net = Net(
            np.column_stack([form2.A, form2.h1]),
            np.column_stack([form2.W2, form2.h2, phi[2:], form2.W1.T]),
            phi[:2].copy(),
            *implied_bits(form),
        )
        self.exact = ExactNet(form2, phi, self.slack)
        n_max = highest * H
        self.path = Path(
            bits=np.zeros(n_max, np.uint8),
            phase=np.zeros(n_max + 1, np.int8),
            first=np.zeros(n_max + 1, np.int8),
            start=np.zeros(n_max + 1, np.int64),
            size=np.zeros(n_max + 1, np.int64),
            top=np.zeros(n_max + 1, np.int64),
            steps=np.zeros((highest, 16)),
            orbit=np.zeros((highest + 1, 6)),
            gradient=np.zeros((n_max + highest, 3)),
            border=np.zeros(highest, np.int64),
            height=np.zeros(3),
            doubt=np.zeros(3, np.int64),
        )
        self.path.orbit[0, [0, 3]] = 1.0
        self.path.steps[:, SLACK] = self.slack
        room = 16 * n_max + 64
        rows = 256 if record else 1
        self.found = Found(
            order=np.zeros(64, np.int64),
            letters=np.zeros(16 * n_max, np.uint8),
            splits=np.zeros(2 * rows, np.int32),
            constraints=np.zeros((rows, 3), np.int32),
            weights=np.zeros((rows, 3)),
            place=np.zeros((room, 5)),
            edge=np.zeros(room, np.int32),
            value=np.zeros(64),
            side=np.zeros(64, np.int64),
        )
        self.count = np.zeros(COUNTS, np.int64)
        self.bounds = np.array([np.inf, radius_wanted / self.unit, 100.0 * scale])
        self.finished = False
        self.words, self.tree = [], (None, None, None)

    @property
    def nodes(self) -> int:
        return int(self.count[NODES])

    @property
    def settled(self) -> int:
        return int(self.count[SETTLED])

    @property
    def radius(self) -> float:
        return float(self.bounds[RADIUS]) * self.unit

    def run(self, node_limit: int, settled_limit: int = NO_LIMIT) -> int:
        """Go on until the search is finished or stopped, or one of the totals is reached."""
        while True:
            if self.settled >= settled_limit:
                return LIMIT
            status = search_prefixes(
                self.net, self.path, self.found, self.count, self.bounds, self.record, node_limit,
                *self.flags,
            )  # fmt: skip
            if status == FULL:
                self._enlarge()
            elif status == DOUBT:
                self._settle()
            else:
                self.finished = status == FINISHED
                if self.finished:
                    # Here, since a flag that ends the work later on must not wait for it.
                    self.words = self.first_words(0, self.count[WORDS])
                    self.tree = self._tree()
                return status

    def first_words(self, above: int, most: int) -> list[np.ndarray]:
        """Return candidate words of each order above one, of the `most` that were found first."""
        orders = self.found.order[: min(most, self.count[WORDS])]
        lengths = orders * self.form.H
        starts = np.cumsum(lengths) - lengths
        words = []
        for k in range(above + 1, self.highest + 1):
            places = starts[orders == k][:, None] + np.arange(k * self.form.H)
            words.append(self.found.letters[places].reshape(-1, k, self.form.H))
        return words

    def _tree(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return splits, constraints and weights."""
        rows = self.count[ROWS]
        return (
            self.found.splits[: self.count[SPLITS]].copy(),
            self.found.constraints[:rows].copy(),
            self.found.weights[:rows].copy(),
        )

    def _enlarge(self) -> None:
        count, path = self.count, self.path
        size = path.size[count[DEPTH]]
        corners = path.top[count[DEPTH]] + 3 * size + 16
        needed = {
            "order": count[WORDS] + 1,
            "letters": count[LETTERS] + len(path.bits),
            "place": corners,
            "edge": corners,
            "value": size + 8,
            "side": size + 8,
        }
        if self.record:
            rows = count[ROWS] + 4
            needed |= {"splits": count[SPLITS] + 4, "constraints": rows, "weights": rows}
        self._make_room(needed)

    def _make_room(self, needed: dict[str, int]) -> None:
        self.found = self.found._replace(
            **{
                name: _with_room(getattr(self.found, name), number)
                for name, number in needed.items()
            }
        )

    def _settle(self) -> None:
        """Decide the doubtful prune exactly, and tell the kernel."""
        path, count = self.path, self.count
        depth = int(count[DEPTH])
        suspects = tuple(int(n) for n in path.doubt)
        last = suspects[2]
        is_pair = last < len(path.bits)
        decided = depth + 1 if is_pair else depth
        bits = path.bits[:decided].tolist()
        answer = settle(
            self.exact, bits, last, suspects, lambda: any(flag[0] for flag in self.flags)
        )
        if answer is None:
            return
        count[SETTLED] += 1
        if isinstance(answer, tuple):
            path.doubt[:] = answer
            count[VERDICT] = EMPTY
            return
        time = last // self.form.H if is_pair else last - len(path.bits)
        place, edge = rounded_cell(self.exact, bits, answer, time)
        to, end = path.top[depth], path.top[depth] + len(edge)
        self._make_room({"place": end + 2 * len(edge) + 16, "edge": end + 2 * len(edge) + 16})
        self.found.place[to:end] = place
        self.found.edge[to:end] = edge
        count[SIZE], count[VERDICT] = len(edge), ALIVE


def _with_room(array: np.ndarray, needed: int) -> np.ndarray:
    if len(array) >= needed:
        return array
    larger = np.zeros((max(2 * len(array), int(needed)), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


def _in_two_dimensions(form: ReluForm):
    """Return the parameters with a second state that stays 0 where there is only one."""
    if form.M == 2:
        return form
    A, W1, W2 = np.zeros((2, 2)), np.zeros((2, form.H)), np.zeros((form.H, 2))
    A[:1, :1], W1[:1], W2[:, :1] = form.A, form.W1, form.W2
    return ReluForm(A, W1, W2, np.array([form.h1[0], 0.0]), form.h2)


@cache
def compile_polygons() -> None:
    """Compile or load the kernels, so that no time limit counts this."""
    for record in (True, False):
        search_polygons(PLRNN([0.5], [[-2.0]], [0.1]).relu_form, 1, record=record)
