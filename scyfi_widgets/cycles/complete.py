"""Complete enumeration: every cycle up to an order, with the proof that there is no other."""

from __future__ import annotations

import time
from collections.abc import Collection

import numpy as np

from ..models import Model
from ..models.relu_form import ReluForm
from .branching.branch import LARGEST, MEMORY, branch
from .collector import collector_at_rest
from .continuum import Continuum
from .cycle import Cycle
from .cycle_set import CycleSet, in_reading_order
from .limits import Limits, parts
from .polygons.search import PolygonSearch, search_polygons
from .proof.certificate import Certificate, CycleTree, PrefixTree, model_digest
from .proof.fields import unchecked
from .proof.tree_check import tree_radius
from .repetition import repeated_words
from .solving.solve import Undecided, solve_closed_regions

RADIUS_WANTED = 1e4  # that a row must prove at least, in units of the network's largest bias
LARGEST_RADIUS = 1e9  # that is claimed, in the same units
MARGIN = 16.0  # between what the rows reached and what is claimed
BEYOND_CYCLES = 2.0  # the radius as a multiple of the largest |z| of the cycles found
POLYGON_SIZE = 100.0  # numbers that are worked on at a node of the polygon search
LARGEST_NUMBER = 1e60  # of a network, and one over the smallest
REASONS = {
    "nodes": "the limit of the enumeration was reached",
    "memory": f"{MEMORY >> 20} MB of memory were not enough",
    "size": f"the enumeration takes no more than {LARGEST} pairs of time and unit",
    "singular": "no region can be the enumeration's reference: all their systems are singular",
    "doubt": "rounding left a word undecided",
    "radius": "rounding leaves the proof a radius that does not contain the cycles",
    "huge": f"the enumeration takes numbers between 1/{LARGEST_NUMBER:g} and {LARGEST_NUMBER:g}",
    "flag": "stopped",
}


def complete_cycles(
    model: Model,
    max_order: int,
    *,
    node_limit: int | None = None,
    effort: float | None = None,
    progress=None,
    cancel: np.ndarray,
    expired: np.ndarray,
    deadline: float = np.inf,
    known: CycleSet | None = None,
) -> CycleSet:
    """Enumerate the cycles of all orders up to `max_order` (see `find_cycles`).

    Parameters
    ----------
    effort : float, optional
        Limit of the work as the number of entries of all nodes' dictionaries, so that large and
        small networks have about the same time.
    deadline : float
        When the clock sets `expired`, by `time.monotonic`.
    known : CycleSet, optional
        Of the same model, proved to some order: the work goes on above it.
    """
    started = time.perf_counter()
    form = model.relu_form
    proof = _Proof(form, max_order, known)
    limits = Limits(cancel, expired, deadline, node_limit, effort)
    if proof.order < max_order:
        if not _is_moderate(form):
            proof.stopped = f"{REASONS['huge']} in order {proof.order + 1}"
        elif form.M <= 2:
            _by_polygons(proof, limits, progress)
        else:
            _by_branching(proof, limits, progress)
    found = proof.found.values()
    return CycleSet(
        cycles=in_reading_order(item for item in found if isinstance(item, Cycle)),
        continua=tuple(item for item in found if isinstance(item, Continuum)),
        max_order=max_order,
        complete_up_to=proof.order,
        searched_up_to=proof.order,
        method="complete",
        stopped=proof.stopped,
        seconds=time.perf_counter() - started,
        certificate=proof.certificate(),
    )


class _Proof:
    """What is found and proved so far."""

    def __init__(self, form: ReluForm, max_order: int, known: CycleSet | None):
        self.form = form
        self.max_order = max_order
        self.order = 0
        self.found: dict[tuple, Cycle | Continuum] = {}
        self.trees: list[CycleTree | PrefixTree] = []
        self.radius = np.inf
        self.bias = bias_size(form)
        self.largest: dict[int, float] = {}  # |z|, by the highest order among the cycles
        self.stopped: str | None = None
        if known is not None and known.certificate is not None:
            self.order = min(known.complete_up_to, max_order)
            self.found = {
                item.key: item for item in (*known, *known.continua) if item.order <= self.order
            }
            self._measure(self.found.values())
            self.trees = list(known.certificate.trees)
            self.radius = known.certificate.radius

    @collector_at_rest()
    def add(self, words: np.ndarray, limits: Limits) -> bool:
        """Solve words of one order; return whether each of them was decided."""
        decided = True
        for part in parts(words, self.form.M):
            if limits.closed:
                return False
            with limits.solving() as flag:
                items = solve_closed_regions(self.form, part, cancel=flag)
            decided &= self._take(items)
        return decided

    def _take(self, items: list[Cycle | Continuum | Undecided]) -> bool:
        """Keep what words of one order have; return whether each of them was decided."""
        found = [item for item in items if not isinstance(item, Undecided)]
        self.found.update((item.key, item) for item in found)
        self._measure(found)
        return len(found) == len(items) and all(
            item.decided for item in found if isinstance(item, Cycle)
        )

    def _measure(self, items: Collection[Cycle | Continuum]) -> None:
        """Note how far from zero cycles come."""
        if items:
            order = max(item.order for item in items)
            points = np.concatenate([item.points for item in items])
            size = max(points.max(), -points.min())
            self.largest[order] = max(self.largest.get(order, 0.0), size)

    def prove(
        self, order: int, tree: CycleTree | PrefixTree, radius: float, limits: Limits
    ) -> bool:
        """Take a tree in, if its radius leaves room around all cycles up to `order`."""
        sizes = (size for found, size in self.largest.items() if found <= order)
        needed = BEYOND_CYCLES * max(sizes, default=0.0)
        if radius / MARGIN < needed:
            # The enumeration's own bound is far below what the rows show.
            radius = tree_radius(self.form, tree, MARGIN * needed, lambda: limits.over)
        # Less than the rows reach: whoever checks them rounds in another way.
        claimed = min(radius / MARGIN, max(LARGEST_RADIUS * self.bias, needed))
        if claimed < needed:
            return False
        self.radius = min(self.radius, claimed)
        self.trees.append(tree)
        self.order = order
        return True

    def certificate(self) -> Certificate | None:
        """Return the proof of all orders up to `order`."""
        if self.order == 0:
            return None
        return Certificate(tuple(self.trees), model_digest(self.form), self.radius, self.order)


def _by_branching(proof: _Proof, limits: Limits, progress) -> None:
    """Enumerate order by order."""
    form = proof.form
    for order in range(proof.order + 1, proof.max_order + 1):
        size = (order * form.H + 1.0) * (order * (form.H + 1.0))
        result = branch(
            form,
            order,
            radius_wanted=RADIUS_WANTED * proof.bias,
            node_limit=limits.nodes(size),
            cancel=limits.cancel,
            expired=limits.expired,
        )
        limits.spend(result.nodes, size)
        decided = proof.add(result.words, limits)
        reason = result.stopped or (None if decided else "flag" if limits.over else "doubt")
        if reason is None and not proof.prove(order, result.tree, result.radius, limits):
            reason = "flag" if limits.over else "radius"
        if reason is not None:
            proof.stopped = f"{REASONS[reason]} in order {order}"
            return
        if progress is not None:
            progress(order, proof.max_order)


def _by_polygons(proof: _Proof, limits: Limits, progress) -> None:
    """Enumerate all orders of a network with at most two states in one pass."""
    form, max_order = proof.form, proof.max_order
    reason = None

    @collector_at_rest()
    def take(result: PolygonSearch) -> None:
        """Solve and prove at once: a flag that is set later must not wait for it."""
        nonlocal reason
        if reason is not None:
            return
        order = decided = result.complete_up_to
        for words in result.words[proof.order : order]:
            if not proof.add(words, limits):
                decided = min(decided, words.shape[1] - 1)
        for words in repeated_words(form, proof.found.values(), decided):
            if words.shape[1] > proof.order and not proof.add(words, limits):
                decided = min(decided, words.shape[1] - 1)
        if decided < order:
            reason = "flag" if limits.over else "doubt"
        if decided > proof.order:
            trees, proof.trees = proof.trees, []  # one tree is about all orders
            if proof.prove(decided, _prefix_tree(form, result), result.radius, limits):
                if progress is not None:
                    progress(decided, max_order)
            else:
                proof.trees, reason = trees, "flag" if limits.over else "radius"

    result = search_polygons(
        form,
        max_order,
        node_limit=limits.nodes(POLYGON_SIZE),
        cancel=limits.cancel,
        expired=limits.expired,
        proved=take,
    )
    limits.spend(result.nodes, POLYGON_SIZE)
    with collector_at_rest():
        for words in result.words[result.complete_up_to :]:
            proof.add(words, limits)
    if reason is None and proof.order < max_order:
        reason = "flag" if limits.over else "nodes"
    if reason is not None:
        proof.stopped = f"{REASONS[reason]} in order {proof.order + 1}"


def _prefix_tree(form: ReluForm, result: PolygonSearch) -> PrefixTree:
    return unchecked(
        PrefixTree,
        highest=result.highest,
        units=form.H,
        splits=result.splits,
        constraints=result.constraints,
        weights=result.weights,
        functional=result.functional,
        slack=result.slack,
    )


def _is_moderate(form: ReluForm) -> bool:
    """Return whether products of a few of the network's numbers neither overflow nor vanish."""
    sizes = np.concatenate([np.abs(array).ravel() for array in form])
    return bool(
        np.all((sizes == 0.0) | ((sizes > 1.0 / LARGEST_NUMBER) & (sizes < LARGEST_NUMBER)))
    )


def bias_size(form: ReluForm) -> float:
    """Return the largest bias, a length that the network's states are compared with."""
    return max(np.abs(form.h1).max(), np.abs(form.h2).max()) or 1.0
