"""Checking a set of cycles and its proof against the network's equations, from the beginning.

This shares no code with the finders. What it relies on: that a tree is read rightly (`trees`,
`multipliers`), rigorous rounding bounds of rows (`row_check`, `tree_check`) and words
(`word_check`), and exact arithmetic where those leave a doubt (`row_check`, `prefix_check`,
`exact`).

Why the checks suffice. Take a cycle of order k, all components of its points within the radius. One
of its rotations satisfies all cuts s_t >= 0, and this one satisfies the sign conditions, with >= 0,
of at least one child of every node on its way down the tree of its order. It cannot end in a leaf
that a row closes. So it ends in a word of order k, as a solution of the word's linear system. If
that solution is unique it is compared with the list, else the word has to be a listed continuum.
A PrefixTree's leaf without interior is closed as well: of the cells around the first point, those
with interior cover its neighbourhood, so the way down can be chosen through them alone (among two
equal cells, through that of bit 0); the cuts do not cut the neighbourhood off since their slack is
positive.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ...models import Model
from ...models.relu_form import ReluForm
from ..cycle_set import CycleSet
from ..exact.verdict import BORDER, CONSISTENT, CYCLE
from ..exact.word import exact_word
from ..words import least_rotation, period, word_text
from .certificate import (
    UNDECIDED,
    Certificate,
    CycleTree,
    PrefixTree,
    model_digest,
)
from .prefix_check import Prefixes
from .row_check import TINY
from .tree_check import BATCH, closed_radii
from .word_check import distances, inside, is_unique, virtual_radii

POINTS_WITHIN = (
    1e-9  # of a cycle's largest component: how far its points may be from the exact ones
)
ROWS_SHOWN = 3  # failures in a tree after which the rest of its rows is not looked at
SEGMENT = 6  # steps that are multiplied out at first where words are solved
MOST_BORDERS = 10  # at one solution of a singular system, whose neighbours are all decided
Tree = CycleTree | PrefixTree
Key = tuple[int, bytes]  # an order and a canonical word


@dataclass(frozen=True)
class Verification:
    """What `verify` found.

    Attributes
    ----------
    ok : bool
        Whether everything that the set claims is true.
    complete_up_to : int
        The order up to which no cycle within the radius is missing from the set (0 unless ok).
    radius : float
        All components of all points up to here in modulus are meant.
    reasons : tuple of str
        Why it is not ok.
    rows, words : int
        The numbers of closed branches and of solved words that were checked.
    seconds : float
        Wall-clock time.
    """

    ok: bool
    complete_up_to: int
    radius: float
    reasons: tuple[str, ...]
    rows: int
    words: int
    seconds: float


def verify(model: Model, cycles: CycleSet) -> Verification:
    """Check a set of cycles and the proof that none is missing against the network's equations.

    The parameters of the network's shared form (`Model.relu_form`) are taken as exact numbers. All
    that is claimed is checked with rigorous rounding bounds, or exactly where these do not decide:

    - every listed cycle is one, of its order, with its canonical word, listed once, and its points
      are right to 1e-9 of the largest component;
    - the certificate belongs to this network; its trees are trees and together are about all orders
      up to `complete_up_to`; every closed branch holds no cycle within the certificate's radius;
    - every word that is left is virtual, or its cycle or continuum is listed.

    Parameters
    ----------
    model : Model
    cycles : CycleSet

    Returns
    -------
    Verification

    Raises
    ------
    TypeError
        If an argument is not a Model or a CycleSet.
    """
    if not isinstance(model, Model):
        raise TypeError(f"model must be a network such as PLRNN, got {type(model).__name__}")
    if not isinstance(cycles, CycleSet):
        raise TypeError(f"cycles must be a CycleSet, got {type(cycles).__name__}")
    started = time.perf_counter()
    check = _Check(model.relu_form, cycles)
    check.run()
    ok = not check.reasons
    return Verification(
        ok=ok,
        complete_up_to=cycles.complete_up_to if ok else 0,
        radius=check.radius if ok else 0.0,
        reasons=tuple(check.reasons),
        rows=check.rows,
        words=check.words,
        seconds=time.perf_counter() - started,
    )


class _Check:
    """One run of `verify`: what was found so far."""

    def __init__(self, form: ReluForm, cycles: CycleSet):
        self.form = form
        self.cycles = cycles
        self.reasons: list[str] = []
        self.rows = self.words = 0
        self.radius = 0.0
        self.listed: set[Key] = set()
        self.continua: set[Key] = set()
        self.settled: set[Key] = set()

    def run(self) -> None:
        self.check_listed()
        self.check_continua()
        claimed = self.cycles.complete_up_to
        if claimed == 0:
            return
        if claimed > self.cycles.max_order:
            self.fault(f"complete_up_to is {claimed}, beyond max_order {self.cycles.max_order}")
        certificate = self.cycles.certificate
        if not isinstance(certificate, Certificate):
            self.fault("there is no certificate")
        elif certificate.model_digest != model_digest(self.form):
            self.fault("the certificate is about another network")
        else:
            self.radius = certificate.radius
            self.check_radius(claimed)
            self.check_trees(certificate, claimed)

    def fault(self, reason: str) -> None:
        self.reasons.append(reason)

    # The list -------------------------------------------------------------------------------------

    def check_listed(self) -> None:
        for number, cycle in enumerate(self.cycles.cycles):
            word, points = np.asarray(cycle.word), np.asarray(cycle.points)
            problem = self.shape_problem(word, points)
            if problem is None:
                word = word.astype(np.bool_)
                key = _key(word)
                problem = "is listed twice" if key in self.listed else None
                problem = problem or self.cycle_problem(word, points)
                self.listed.add(key)
            if problem is not None:
                self.fault(f"cycle {number} {problem}")

    def shape_problem(self, word: np.ndarray, points: np.ndarray) -> str | None:
        k = len(points)
        if k == 0 or points.shape != (k, self.form.M) or word.shape != (k, self.form.H):
            return "has points or a word that do not fit the network"
        if not np.isfinite(points).all() or not np.isin(word, (0, 1)).all():
            return "has points that are not finite, or bits that are neither 0 nor 1"
        return None

    def cycle_problem(self, word: np.ndarray, points: np.ndarray) -> str | None:
        if period(word.tolist()) != len(word):
            return "has a word that repeats a shorter one"
        if least_rotation(word) != 0:
            return "does not have the least rotation of its word"
        scale = max(np.abs(points).max(), np.abs(self.form.h1).max())
        tolerance = POINTS_WITHIN * scale + TINY
        distance = distances(self.form, word[None], points[None])
        shown = inside(self.form, word[None], points[None], distance)
        if not (shown[0] and distance[0] <= tolerance):
            exact = exact_word(self.form, word)
            if exact.kind not in (CYCLE, BORDER) or not exact.real:
                return f"is not real: its word is {exact.kind}"
            # Rounded once or twice more than exact, far below what is tolerated.
            distance = np.abs(exact.points - points).max(keepdims=True).ravel()
        if not distance[0] <= tolerance:
            return f"has points that may be off by {distance[0]:.1e}"
        return None

    def check_continua(self) -> None:
        for number, continuum in enumerate(self.cycles.continua):
            word = np.asarray(continuum.word)
            if word.ndim != 2 or len(word) == 0 or word.shape[1] != self.form.H:
                self.fault(f"continuum {number} has a word that does not fit the network")
                continue
            exact = exact_word(self.form, word)
            if exact.kind != CONSISTENT or not exact.real:
                self.fault(f"continuum {number} is none: its word is {exact.kind}")
            self.continua.add(_key(word.astype(np.bool_)))

    def check_radius(self, claimed: int) -> None:
        proved = [c.points for c in self.cycles.cycles if len(c.points) <= claimed]
        largest = max((float(np.abs(points).max()) for points in proved), default=0.0)
        if not self.radius > largest:
            self.fault(f"a listed cycle reaches {largest:.3g}, beyond the radius {self.radius:.3g}")

    # The trees ------------------------------------------------------------------------------------

    def check_trees(self, certificate: Certificate, claimed: int) -> None:
        sound = [tree for tree in map(self.checked, certificate.trees) if tree is not None]
        needed: dict[int, list[int]] = {}
        for order in range(1, claimed + 1):
            for place, tree in enumerate(sound):
                if _is_about(tree, order):
                    needed.setdefault(place, []).append(order)
                    break
            else:
                self.fault(f"no tree of the certificate closes order {order}")
        for place, orders in needed.items():
            tree = sound[place]
            self.check_rows(tree, max(orders))
            self.check_thin(tree, max(orders))
            for order in orders:
                self.check_words(tree.leaves.words[order - 1])

    def checked(self, tree: Tree) -> Tree | None:
        """Return a tree made anew of its fields, so that nothing that it keeps is relied upon."""
        name = _name(tree)
        sizes = (
            {self.form.M}
            if isinstance(tree, CycleTree)
            else {self.form.M, self.form.M + self.form.H}
        )
        if tree.units != self.form.H or len(tree.functional) not in sizes:
            self.fault(f"{name} does not fit the network")
        elif isinstance(tree, PrefixTree) and self.form.M > 2:
            self.fault(f"{name} is for at most 2 latent units")
        else:
            try:
                made = replace(tree)
                return made if made.leaves is not None else None
            except (TypeError, ValueError) as error:
                self.fault(f"{name} is malformed: {error}")
        return None

    def check_rows(self, tree: Tree, highest: int) -> None:
        """Check every row that closes a branch with no more bits than a word of order `highest`."""
        failures = 0
        for rows, radii in closed_radii(self.form, tree, highest, self.radius):
            self.rows += len(rows)
            for row in rows[~(radii >= self.radius)]:
                self.fault(
                    f"{_name(tree)}: row {row} does not close its branch within "
                    f"the radius {self.radius:.3g}"
                )
                failures += 1
                if failures == ROWS_SHOWN:
                    return

    def check_thin(self, tree: Tree, highest: int) -> None:
        """Check every cell without interior with no more bits than a word of order `highest`."""
        leaves = tree.leaves
        thin = np.count_nonzero(leaves.thin != UNDECIDED, axis=1) <= highest * tree.units
        if not thin.any():
            return
        if not np.all(tree.slack[1:] > 0.0):
            self.fault(f"{_name(tree)} drops cells without interior, but has slack 0")
            return
        prefixes = Prefixes(self.form, tree.functional, tree.slack)
        for row, bits in zip(leaves.thin_row[thin], leaves.thin[thin], strict=True):
            self.rows += 1
            bits = bits.reshape(tree.highest, tree.units)
            if prefixes.verdict(bits, tree.constraints[row]) is None:
                self.fault(f"{_name(tree)}: the cell of row {row} may have an interior")
                return

    # The words ------------------------------------------------------------------------------------

    def check_words(self, words: np.ndarray) -> None:
        """Find out what solves the words (n, k, H) of one order, and whether it is listed."""
        k = words.shape[1]
        self.words += len(words)
        for segment in (SEGMENT, 1):
            step = max(1, BATCH // (-(-k // segment) * self.form.M) ** 2)
            parts = [words[start : start + step] for start in range(0, len(words), step)]
            doubtful = [~(virtual_radii(self.form, p, segment) >= self.radius) for p in parts]
            words = words[np.concatenate([*doubtful, np.zeros(0, bool)])]
        left, repeated = [], []
        for word in words:
            (left if period(word.tolist()) == k else repeated).append(word)
        for start in range(0, len(repeated), step):
            part = np.stack(repeated[start : start + step])
            # The only solution of a repetition is a cycle of a lower order.
            left += list(part[~is_unique(self.form, part)])
        for word in left:
            self.settle(word)

    def settle(self, word: np.ndarray) -> None:
        """Decide a word exactly, unless its cycle is listed: then that is its only solution."""
        key = _key(word)
        if key in self.listed or key in self.settled:
            return
        self.settled.add(key)
        exact = exact_word(self.form, word)
        if exact.kind in (CYCLE, BORDER):
            if not exact.real:
                self.settle(exact.signs > 0)  # the same points, by their canonical word
            elif exact.minimal:
                self.fault(f"a cycle of order {len(word)} is missing, with the word {_text(word)}")
        elif exact.kind == CONSISTENT and exact.real:
            if exact.minimal and key not in self.continua:
                self.fault(f"a continuum is missing, with the word {_text(word)}")
        elif exact.kind == CONSISTENT:
            self.settle_touching(word, exact.signs)

    def settle_touching(self, word: np.ndarray, signs: np.ndarray) -> None:
        """Settle the words around solutions that lie on borders of the word's regions at most."""
        if np.any(np.where(word, signs < 0, signs > 0)):
            return  # the exact search for a solution in the closed regions ended outside of them
        free = np.argwhere(signs == 0)
        if len(free) > MOST_BORDERS:
            self.fault(f"the word {_text(word)} lies on {len(free)} borders at once")
            return
        for bits in product((False, True), repeat=len(free)):
            neighbour = word.copy()
            neighbour[tuple(free.T)] = bits
            self.settle(neighbour)


def _is_about(tree: Tree, order: int) -> bool:
    """Return whether a tree leaves nothing open that could hold a cycle of this order."""
    if not tree.lowest <= order <= tree.highest:
        return False
    depth = tree.leaves.open_depth
    return depth is None or (isinstance(tree, PrefixTree) and depth >= order * tree.units)


def _name(tree: Tree) -> str:
    if isinstance(tree, CycleTree):
        return f"the tree of order {tree.order}"
    return f"the tree of orders 1 to {tree.highest}"


def _key(word: np.ndarray) -> Key:
    return len(word), np.roll(word, -least_rotation(word), axis=0).tobytes()


def _text(word: np.ndarray) -> str:
    return word_text(np.roll(word, -least_rotation(word), axis=0))
