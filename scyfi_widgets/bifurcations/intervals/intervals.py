"""All words of cycles along a whole interval of a parameter, proved, for one or two states.

The exact polygon search (MATH.md, section 4) proves with rows of three conditions that no cycle
starts with a prefix. Along a line in parameter space the coefficients of the rows move, and a row
stays a proof as long as its weights and its constant keep their signs: one tree proves an interval,
and only what it leaves open is searched again. So no branch is lost between two values of a grid.

Everything that is thrown away is certified with expansions whose remainders and roundings are
bounded (`expansions`); whatever cannot be certified is kept as a candidate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...cancellation import new_flag
from ...cycles.polygons.rows import NONE
from ...models import PLRNN
from ...models.relu_form import ReluForm
from ..pieces.pieces import degree_bound
from .candidates import test_candidates
from .kernels import search_groups
from .state import (
    COUNTS,
    FINISHED,
    FULL,
    GROUPS,
    LARGEST,
    LEAST,
    LEFT,
    LETTERS,
    LIMIT,
    NODES,
    OPEN,
    RIGHT,
    TESTS,
    WIDE_HI,
    WIDE_LO,
    WINDOWS,
    WORDS,
    Found,
    Net,
    Path,
    Pending,
    Prefixes,
)
from .windows import MOST_BITS, Windows, joined_windows, window_words
from .word_polynomials import HALVINGS, bernstein_transforms, polynomial_memory
from .word_table import fill_slots

FAR = 1e6  # the radius, relative to that scale
MARGIN = 1e-11  # what a cycle keeps from the borders, relative to that scale
SMALLEST = 1e-15  # relative to the parameter: no smaller intervals are told apart
WINDOW = 4  # regions of a window, or half the highest order
MOST_CANDIDATES, MOST_VISITED = 4_000, 40_000  # words that fit together, and prefixes of them
MOST_DEGREE = 24  # of polynomials that are worth their time
NO_LIMIT = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class IntervalWords:
    """The words that can be real somewhere in an interval.

    Attributes
    ----------
    words : tuple of (n, k, H) uint8 arrays
        Of the orders k = 1, 2, ...: least rotations, primitive, each once.
    spans : tuple of (n, 2) arrays
        The smallest interval outside of which each word is certainly not real.
    proved : bool
        Whether each cycle up to that order, at any value of the interval, has its word among them,
        if all its points have |z|_inf <= radius and |W2_j z + h2_j| >= margin_j. False if the
        search was stopped.
    radius : float
    margin : (H,) array
    nodes : int
        Nodes that were visited.
    """

    words: tuple[np.ndarray, ...]
    spans: tuple[np.ndarray, ...]
    proved: bool
    radius: float
    margin: np.ndarray
    nodes: int


def words_on_interval(
    forms: ReluForm,
    lo: float,
    hi: float,
    max_order: int,
    *,
    radius: float | None = None,
    margin: float = MARGIN,
    narrow: bool = True,
    node_limit: int | None = None,
    cancel: np.ndarray | None = None,
    expired: np.ndarray | None = None,
) -> IntervalWords:
    """Find the words of all cycles of orders 1 to `max_order` at all values of [lo, hi].

    Parameters
    ----------
    forms : ReluForm
        The network as a polynomial in the value v: each array has a leading axis for the powers
        0, 1, 2 (`Line.forms`). With one or two states.
    lo, hi : float
    max_order : int
    radius : float, optional
        Cycles with points farther away may be missing; by default 1e6 times the network's scale.
    margin : float
        So near to a border, relative to the network's scale, cycles may be missing. At 0 all words
        that meet in a border collision are kept: their number doubles with each order.
    narrow : bool
        Whether the spans of all words are wanted. Without, a word that may be real somewhere is not
        looked at again, and its span is [lo, hi]; words that nothing shows to be real or virtual,
        as where two borders are met at once, have the part of it where that is so.
    node_limit : int, optional
        Nodes after which the search ends.
    cancel, expired : (1,) int64 arrays, optional
        Flags that end the search; after `cancel` no words are returned.

    Raises
    ------
    ValueError
        If the network has more than two states.
    """
    M = forms.W1.shape[1]
    if M > 2:
        raise ValueError(f"words on an interval need one or two states, got M = {M}")
    cancel = new_flag() if cancel is None else cancel
    expired = new_flag() if expired is None else expired
    search = _Search(forms, float(lo), float(hi), max_order, radius, margin, narrow)
    status = search.run(NO_LIMIT if node_limit is None else node_limit, cancel, expired)
    words, spans = search.words() if not cancel[0] else search.no_words()
    return IntervalWords(
        words,
        spans,
        status == FINISHED,
        float(search.now[LARGEST]),
        search.net.margins,
        int(search.count[NODES]),
    )


class _Search:
    def __init__(self, forms, lo, hi, highest, radius, margin, narrow):
        M, H = forms.W1.shape[1:]
        self.H, self.highest, self.span, self.narrow = H, highest, (lo, hi), narrow
        self.degree = _step_degree(forms)
        self.degrees = tuple(degree_bound(forms, k) for k in range(1, highest + 1))
        scale, steepness = _scale(forms, (lo, 0.5 * (lo + hi), hi))
        self.net = _net(
            forms if M == 2 else _in_two_dimensions(forms),
            weights=_reciprocal(steepness[1]),
            margins=margin * scale * steepness.max(axis=0),
        )
        self.path = _path(highest, H)
        n_max = highest * H
        room = 16 * n_max + 64
        self.pending = Pending(
            open=_prefixes(256, n_max),
            group=np.zeros(64, np.int64),
            left=_prefixes(256, n_max),
            right=_prefixes(256, n_max),
            tests=_prefixes(256, n_max),
        )
        self.found = Found(
            order=np.zeros(256, np.int64),
            begin=np.zeros(256, np.int64),
            span=np.zeros((256, 2)),
            letters=np.zeros(256 * n_max, np.uint8),
            slot=np.full(512, NONE),
            place=np.zeros((room, 5)),
            edge=np.zeros(room, np.int32),
            value=np.zeros(64),
            side=np.zeros(64, np.int64),
            windows=_prefixes(256, n_max),
        )
        self.count = np.zeros(COUNTS, np.int64)
        self.count[OPEN] = self.count[GROUPS] = 1
        self.pending.open.span[0] = lo, hi
        self.now = np.zeros(8)
        self.now[LEAST] = SMALLEST * max(hi - lo, abs(lo), abs(hi))
        self.now[LARGEST] = FAR * scale if radius is None else radius
        self.now[WIDE_LO], self.now[WIDE_HI] = (np.inf, -np.inf) if narrow else (lo, hi)

    def run(self, node_limit, cancel, expired) -> int:
        """Search to the end, or until something stops it: one of the states of `search_groups`."""
        window = self.window()
        while True:
            status = self._search(window, node_limit, cancel, expired)
            if window == 0 or status != FINISHED:
                return status
            windows = joined_windows(self.found.windows, self.count[WINDOWS], window, self.H)
            candidates = self._candidates(windows)
            if candidates is not None:
                return self._test(candidates, node_limit, cancel, expired)
            # Too many fit together: a tree of words, which knows all of their windows, is better.
            window = 0
            self.pending.open.span[0] = self.span
            self.pending.open.depth[0] = self.pending.group[0] = 0
            self.count[OPEN] = self.count[GROUPS] = 1

    def window(self) -> int:
        """Return the regions of a window, 0 where a tree of whole words is better."""
        length = max(WINDOW, self.highest // 2)
        return length if length < self.highest and length * self.H <= MOST_BITS else 0

    def _search(self, window, node_limit, cancel, expired) -> int:
        while True:
            status = search_groups(
                self.net, self.path, self.pending, self.found, self.count, self.now, window,
                node_limit, cancel, expired,
            )  # fmt: skip
            if status != FULL:
                return status
            self._enlarge()

    def _candidates(self, windows: Windows) -> Prefixes | None:
        """Return the words that consist of these windows, or None where they are too many."""
        room = MOST_CANDIDATES
        letters = np.empty((room, self.highest), np.int64)
        orders, spans = np.empty(room, np.int64), np.empty((room, 2))
        n = window_words(
            *windows, np.array(self.span), self.highest, letters, orders, spans, MOST_VISITED
        )
        if n < 0:
            return None
        bits = (letters[:n, :, None] >> np.arange(self.H - 1, -1, -1) & 1).astype(np.uint8)
        return Prefixes(spans[:n], orders[:n] * self.H, bits.reshape(n, -1))

    def _test(self, candidates: Prefixes, node_limit, cancel, expired) -> int:
        """Test words, each over its interval."""
        if self.count[NODES] + len(candidates.depth) > node_limit:
            return LIMIT
        if self.narrow or max(self.degrees) > MOST_DEGREE:
            n = self.count[TESTS] = len(candidates.depth)
            self._enlarge()
            for array, tests in zip(candidates, self.pending.tests, strict=True):
                tests[:n] = array
            return self._search(0, node_limit, cancel, expired)
        transforms = bernstein_transforms(self.degrees)
        memory = polynomial_memory(max(self.degrees), self.highest, self.H)
        while True:
            status = test_candidates(
                self.net, self.path, self.pending, self.found, self.count, self.now, candidates,
                self.degree, np.array(self.degrees), transforms, memory, cancel, expired,
            )  # fmt: skip
            if status != FULL:
                break
            self._enlarge(room=2 << HALVINGS)
        return status if status != FINISHED else self._search(0, node_limit, cancel, expired)

    def words(self) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
        """Return the words of each order, each once, and where they may be real."""
        n = self.count[WORDS]
        order, begin, span = self.found.order[:n], self.found.begin[:n], self.found.span[:n]
        words, spans = [], []
        for k in range(1, self.highest + 1):
            here = np.flatnonzero(order == k)
            letters = self.found.letters[begin[here][:, None] + np.arange(k * self.H)]
            words.append(letters.reshape(-1, k, self.H))
            spans.append(span[here])
        return tuple(words), tuple(spans)

    def no_words(self) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
        orders = range(1, self.highest + 1)
        words = tuple(np.zeros((0, k, self.H), np.uint8) for k in orders)
        return words, tuple(np.zeros((0, 2)) for _ in orders)

    def _enlarge(self, room: int = 8) -> None:
        """Make room for what a step of the search may add, so many tests among it."""
        count, path, pending, found = self.count, self.path, self.pending, self.found
        size = path.size.max()
        corners = path.top.max() + 3 * size + 16
        opened = count[OPEN] + count[LEFT] + count[RIGHT] + 8
        self.pending = Pending(
            open=_more_prefixes(pending.open, opened),
            group=_with_room(pending.group, count[GROUPS] + 4),
            left=_more_prefixes(pending.left, count[LEFT] + count[OPEN] + 8),
            right=_more_prefixes(pending.right, count[RIGHT] + count[OPEN] + 8),
            tests=_more_prefixes(pending.tests, count[TESTS] + room),
        )
        words = count[WORDS] + 1
        slot = found.slot
        if 2 * words >= len(slot):
            slot = np.full(4 * len(slot), NONE)
            fill_slots(found.order, found.begin, found.letters, count[WORDS], slot, self.H)
        self.found = Found(
            order=_with_room(found.order, words),
            begin=_with_room(found.begin, words),
            span=_with_room(found.span, words),
            letters=_with_room(found.letters, count[LETTERS] + len(path.bits)),
            slot=slot,
            place=_with_room(found.place, corners),
            edge=_with_room(found.edge, corners),
            value=_with_room(found.value, size + 8),
            side=_with_room(found.side, size + 8),
            windows=_more_prefixes(found.windows, count[WINDOWS] + 1),
        )


def _prefixes(room: int, n_max: int) -> Prefixes:
    return Prefixes(
        np.zeros((room, 2)), np.zeros(room, np.int64), np.zeros((room, n_max), np.uint8)
    )


def _more_prefixes(prefixes: Prefixes, needed: int) -> Prefixes:
    return Prefixes(*(_with_room(array, needed) for array in prefixes))


def _with_room(array: np.ndarray, needed: int) -> np.ndarray:
    if len(array) >= needed:
        return array
    larger = np.zeros((max(2 * len(array), int(needed)), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


def _step_degree(forms: ReluForm) -> int:
    """Return the degree of the entries of J = A + W1 D W2 and of h1 + W1 D h2."""
    A, W1, W2, h1, h2 = (
        max((power for power in range(3) if array[power].any()), default=0) for array in forms
    )
    return max(A, h1, W1 + W2, W1 + h2)


def _reciprocal(numbers: np.ndarray) -> np.ndarray:
    return np.where(numbers > 0, 1.0 / np.where(numbers > 0, numbers, 1.0), 0.0)


def _scale(forms: ReluForm, values) -> tuple[float, np.ndarray]:
    """Return a length that moves with the network, and the 1-norms of W2's rows at each value."""
    powers = np.vander(values, 3, increasing=True)
    h1, h2, W2 = (np.tensordot(powers, array, 1) for array in (forms.h1, forms.h2, forms.W2))
    steepness = np.abs(W2).sum(axis=2)
    borders = np.abs(h2) * _reciprocal(steepness)
    scale = max(np.abs(h1).max(initial=0.0), borders.max(initial=0.0)) or 1.0
    return scale, steepness


def _net(forms: ReluForm, weights, margins) -> Net:
    H = forms.W1.shape[2]
    powers_base = np.concatenate([forms.A, forms.h1[:, :, None]], axis=2).transpose(1, 2, 0)
    powers_units = np.zeros((H, 6, 3))
    powers_units[:, :2] = forms.W2.transpose(1, 2, 0)
    powers_units[:, 2] = forms.h2.T
    powers_units[:, 4:] = forms.W1.transpose(2, 1, 0)
    powers_base = np.ascontiguousarray(powers_base)
    moving = np.concatenate(
        [
            np.argwhere(powers_base[:, :, 1:].any(axis=2)) - (2, 0),
            np.argwhere(powers_units[:, :, 1:].any(axis=2)),
        ]
    )
    rows = forms.W2.transpose(1, 0, 2).reshape(H, 6)
    parallel = (rows[:, None] == rows).all(axis=2) | (rows[:, None] == -rows).all(axis=2)
    return Net(
        powers_base=powers_base,
        powers_units=powers_units,
        moving=np.ascontiguousarray(moving, np.int64),  # in columns it would be another type
        base=_constants(powers_base[..., 0]),
        units=_constants(powers_units[..., 0]),
        base_now=powers_base[..., 0].copy(),
        units_now=powers_units[..., 0].copy(),
        weights=weights,
        margins=margins,
        group=parallel.argmax(axis=1),
    )


def _constants(values: np.ndarray) -> np.ndarray:
    """Return the expansions of functions that do not move."""
    expansions = np.zeros((*values.shape, 5))
    expansions[..., 0], expansions[..., 4] = values, np.abs(values)
    return expansions


def _path(highest: int, H: int) -> Path:
    n_max = highest * H
    orbit = np.zeros((highest + 1, 6))
    orbit[0, [0, 3]] = 1.0
    return Path(
        bits=np.zeros(n_max, np.uint8),
        phase=np.zeros(n_max + 1, np.int8),
        first=np.zeros(n_max + 1, np.int8),
        start=np.zeros(n_max + 1, np.int64),
        size=np.zeros(n_max + 1, np.int64),
        top=np.zeros(n_max + 1, np.int64),
        free=np.zeros(n_max + 1, np.int64),
        upto=np.zeros(n_max + 1, np.int64),
        steps=np.zeros((highest, 16)),
        orbit=orbit,
        gradient=np.zeros((n_max + highest, 3)),
        border=np.zeros(highest, np.int64),
        height=np.zeros(3),
        jacobian=np.zeros((highest, 6, 5)),
        heights=np.zeros((highest, 3, 5)),
        ready=np.zeros(highest, np.uint8),
    )


def _in_two_dimensions(forms: ReluForm) -> ReluForm:
    """Return the forms with a second state that stays 0 where there is only one."""
    H = forms.W1.shape[2]
    A, h1 = np.zeros((3, 2, 2)), np.zeros((3, 2))
    W1, W2 = np.zeros((3, 2, H)), np.zeros((3, H, 2))
    A[:, :1, :1], W1[:, :1], W2[:, :, :1], h1[:, :1] = forms.A, forms.W1, forms.W2, forms.h1
    return ReluForm(A, W1, W2, h1, forms.h2)


def compile_intervals() -> None:
    """Compile or load the kernels, so that no time limit counts this."""
    if not test_candidates.signatures:
        form = PLRNN([0.5], [[-2.0]], [0.1]).relu_form
        forms = ReluForm(*(np.stack([array, 0.0 * array, 0.0 * array]) for array in form))
        words_on_interval(forms, 0.0, 1.0, WINDOW + 1, narrow=False)
        n = np.zeros(0, np.int64)
        fill_slots(n, n, np.zeros(0, np.uint8), np.int64(0), np.full(8, NONE), 1)
