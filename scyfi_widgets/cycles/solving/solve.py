"""From words to their cycles: points, eigenvalues, residual, margin and its error.

A word is solved in doubled precision (`refine`). Where that leaves a doubt, since the system is
singular or nearly so, a point is on a border or numbers overflow, exact arithmetic decides
(`exact`): no real cycle is lost to rounding, no virtual one is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import islice, product

import numpy as np

from ...cancellation import Cancelled, new_flag
from ...compiled import kernel
from ...models import PLRNN
from ...models.relu_form import ReluForm
from ..continuum import Continuum
from ..cycle import Cycle, cycles_of_arrays
from ..exact.verdict import CONSISTENT, ExactWord
from ..exact.word import exact_word
from .refine import DOUBTFUL, REAL, SINGULAR, VIRTUAL, refine_words, residual_of_points
from .spectrum import spectra

LONGEST_EXACT = 2.0  # seconds that exact arithmetic may take for one word
MOST_NEIGHBOURS = 1 << 10  # words around one solution of a singular system
NOTHING = np.zeros(0, np.bool_)


@dataclass(frozen=True, eq=False)
class Undecided:
    """A word of which it is not known whether it has a cycle.

    Attributes
    ----------
    word : (k, H) bool array
        In canonical rotation.
    why : str
    """

    word: np.ndarray
    why: str


def solve_words(
    form: ReluForm, words: np.ndarray, *, cancel: np.ndarray | None = None
) -> list[Cycle | Continuum | Undecided | None]:
    """Solve for the cycles of words of one order.

    Parameters
    ----------
    form : ReluForm
    words : (n, k, H) array of bits
    cancel : (1,) int64 array, optional
        A flag that ends the work: the words that are left are `Undecided`.

    Returns
    -------
    list
        For each word: its `Cycle`, with word and points in canonical rotation; a `Continuum`, where
        infinitely many cycles of this order have the word; None, where no cycle of this minimal
        order has it (virtual words, words that repeat a shorter one, contradictory systems);
        `Undecided`, where the system is singular to rounding and too large for exact arithmetic.

        A cycle with a point exactly on a border belongs to the word with bit 0 there only. A
        `Cycle` whose word stays uncertain, for the same reason, says so (`Cycle.decided`).
    """
    flag = new_flag() if cancel is None else cancel
    return _solve_words(form, words, flag, [])


def solve_closed_regions(
    form: ReluForm, words: np.ndarray, *, cancel: np.ndarray | None = None
) -> list[Cycle | Continuum | Undecided]:
    """Solve for all cycles in the closed regions of words of one order, (n, k, H).

    Cycles with a point on a border, where the word has bit 1, are found as well, by their own word:
    a search that covers the state space with closed regions may have met no other.
    """
    flag = new_flag() if cancel is None else cancel
    found: list[Cycle | Continuum | Undecided] = []
    seen: set[bytes] = set()
    while len(words):
        touched: list[np.ndarray] = []
        solved = _solve_words(form, words, flag, touched)
        found += [item for item in solved if item is not None]
        new = {word.tobytes(): word for word in touched if word.tobytes() not in seen}
        seen |= new.keys()
        words = list(new.values())
    return found


def _solve_words(form: ReluForm, words, flag: np.ndarray, touched: list[np.ndarray]):
    """Do what `solve_words` does; words to which solutions on borders belong go to `touched`."""
    words = np.ascontiguousarray(words, dtype=np.bool_)
    if len(words) == 0:
        return []
    n, k, _ = words.shape
    rotated, verdicts = np.empty(words.shape, np.uint8), np.empty(n, np.uint8)
    counts = np.empty(2, np.int64)
    points, values = np.zeros((n, k, form.M)), np.zeros((3, n))
    residuals, margins, errors = values
    done = judge_words(
        *form, words.view(np.uint8), rotated, verdicts, points, residuals, margins, errors,
        counts, flag,
    )  # fmt: skip
    rotated = rotated.view(np.bool_)
    if not done:
        return _cancelled(rotated)
    found: list[Cycle | Continuum | Undecided | None] = [None] * n
    if not counts.any():
        return found
    doubtful = (verdicts == DOUBTFUL) | (verdicts == SINGULAR) if counts[1] else NOTHING
    for number in np.flatnonzero(doubtful):
        word, singular = rotated[number], bool(verdicts[number] == SINGULAR)
        if exact_seconds(form, k, singular) > LONGEST_EXACT:
            if singular:
                found[number] = Undecided(word, "singular to rounding, too large to solve exactly")
            else:
                verdicts[number] = REAL
            continue
        try:
            exact = exact_word(form, word, flag)
        except Cancelled:
            return _cancelled(rotated)
        verdicts[number] = VIRTUAL
        if not exact.real:
            neighbours = touched_words(word, exact)
            if len(neighbours) > MOST_NEIGHBOURS:
                found[number] = Undecided(word, "its solutions are on too many borders at once")
            else:
                touched += neighbours
        elif exact.minimal and exact.kind == CONSISTENT:
            found[number] = Continuum(exact.points, word.copy(), exact.directions)
        elif exact.minimal:
            verdicts[number] = REAL
            points[number] = exact.points
            margins[number], errors[number] = exact.margin, 0.0
            residuals[number] = one_step_residual(form, word, exact.points)
    real = np.flatnonzero(verdicts == REAL)
    if len(real):
        eigenvalues, logs = spectra(form, rotated[real], flag)
        if flag[0]:
            return _cancelled(rotated)
        cycles = cycles_of_arrays(
            points[real],
            rotated[real],
            eigenvalues,
            residuals[real],
            margins[real],
            errors[real],
            logs,
        )
        for number, cycle in zip(real.tolist(), cycles, strict=True):
            found[number] = cycle
    return found


def _cancelled(words: np.ndarray) -> list[Undecided]:
    return [Undecided(word, "cancelled") for word in words]


def touched_words(word: np.ndarray, exact: ExactWord) -> list[np.ndarray]:
    """Return the words that solutions on the borders of a word's regions may belong to.

    There are none unless solutions are in the closed regions. A single solution has y > 0 where the
    bit is 1. Of a continuum one solution is known: around it any bit may change where y is 0 there.
    """
    if exact.signs is None or np.any(np.where(word, exact.signs < 0, exact.signs > 0)):
        return []
    if exact.kind != CONSISTENT:
        return [exact.signs > 0]
    free = np.argwhere(exact.signs == 0)
    changed = islice(product((False, True), repeat=len(free)), MOST_NEIGHBOURS + 1)
    neighbours = []
    for bits in changed:
        neighbour = word.copy()
        neighbour[tuple(free.T)] = bits
        neighbours.append(neighbour)
    return neighbours


def cycles_of_words(
    form: ReluForm, words: np.ndarray, *, cancel: np.ndarray | None = None
) -> list[Cycle]:
    """Return the cycles among what `solve_words` finds, in the order of their words."""
    if len(words) == 0:
        return []
    return [item for item in solve_words(form, words, cancel=cancel) if isinstance(item, Cycle)]


def one_step_residual(form: ReluForm, word: np.ndarray, points: np.ndarray) -> float:
    """Return max |J_t z_t + c_t - z_{t+1}| over the points (k, M) in the regions of a word."""
    return residual_of_points(*form, np.asarray(word, np.uint8), points)


@cache
def compile_solve() -> None:
    """Compile or load the kernels, so that no time limit counts this."""
    form = PLRNN([2.0], [[-4.0]], [1.0]).relu_form
    cycles_of_words(form, np.ones((1, 1, 1), bool))
    word = np.array([[[False], [True]]])
    (cycle,) = cycles_of_words(form, word)
    rotate_words(word.view(np.uint8), np.empty((1, 2, 1), np.uint8), np.empty(1, np.int64))
    one_step_residual(form, cycle.word, cycle.points)


def exact_seconds(form: ReluForm, order: int, singular: bool = False) -> float:
    """Return about how long `exact_word` takes for a word of this order.

    `singular` says that it may have a continuum, whose place in its regions takes longest.
    """
    M, H, k = form.M, form.H, order
    digits = 4.0 * M * k  # of the integers in the end, of 30 bits
    regions = min(k, 2.0**H) * M**2 * (1e-6 + 1e-7 * H)
    around = k * M**3 * (1e-7 + 4e-9 * k)
    elimination = M**3 * (1e-7 + 4e-10 * digits**1.58)
    orbit = 2.0 * k * M * (M + H) * (2e-7 + 4e-9 * digits)
    seconds = 2e-4 + regions + around + elimination + orbit
    return seconds + (k * H * (2e-5 + 1.2e-8 * digits**2) if singular else 0.0)


@kernel
def judge_words(
    A, W1, W2, h1, h2, words, rotated, verdicts, points, residuals, margins, errors, counts, cancel
):
    """Rotate words and refine their candidates (see `refine_words`).

    The only solution of a repetition is a cycle of a lower order, so it is VIRTUAL; a singular one
    may have others. `counts` (2,) receives how many are REAL, and how many exact arithmetic has to
    decide.

    Returns
    -------
    bool
        False if the flag was set.
    """
    k = words.shape[1]
    periods = np.empty(words.shape[0], np.int64)
    rotate_words(words, rotated, periods)
    network = (A, W1, W2, h1, h2)
    if not refine_words(*network, rotated, verdicts, points, residuals, margins, errors, cancel):
        return False
    counts[0] = counts[1] = 0
    for number in range(words.shape[0]):
        if verdicts[number] != SINGULAR and periods[number] < k:
            verdicts[number] = VIRTUAL
        if verdicts[number] == REAL:
            counts[0] += 1
        elif verdicts[number] != VIRTUAL:
            counts[1] += 1
    return True


@kernel
def rotate_words(words, rotated, periods):
    """Write every word (n, k, H) rotated to its least rotation, and its least period."""
    n, k, H = words.shape
    for number in range(n):
        word = words[number]
        best, period = 0, k
        for shift in range(1, k):
            order = 0
            for t in range(k):
                u, v = t + best, t + shift
                u, v = u - k if u >= k else u, v - k if v >= k else v
                for j in range(H):
                    if word[u, j] != word[v, j]:
                        order = 1 if word[v, j] < word[u, j] else -1
                        break
                if order != 0:
                    break
            if order == 0:
                period = min(period, shift - best)
            elif order > 0:
                best = shift
        periods[number] = period
        for t in range(k):
            u = t + best if t + best < k else t + best - k
            for j in range(H):
                rotated[number, t, j] = word[u, j]
