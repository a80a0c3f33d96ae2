"""From words to their cycles: points, eigenvalues, residual, margin and its error.

A word is solved in doubled precision (`refine`). Where that leaves a doubt, since the system is
singular or nearly so, a point is on a border or numbers overflow, exact arithmetic decides
(`exact`): no real cycle is lost to rounding, no virtual one is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..cancellation import new_flag
from ..compiled import kernel
from ..models import PLRNN
from ..models.relu_form import ReluForm
from .continuum import Continuum
from .cycle import Cycle
from .exact import CONSISTENT, exact_word
from .refine import DOUBTFUL, REAL, VIRTUAL, refine_words, write_residuals, write_y
from .spectrum import spectra

LONGEST_EXACT = 2.0  # seconds that exact arithmetic may take for one word


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
    words = np.ascontiguousarray(words, dtype=np.bool_)
    flag = new_flag() if cancel is None else cancel
    n, k, _ = words.shape
    if n == 0:
        return []
    rotated, periods = np.empty(words.shape, np.uint8), np.zeros(n, np.int64)
    rotate_words(words.view(np.uint8), rotated, periods)
    verdicts, points = np.full(n, DOUBTFUL, np.uint8), np.zeros((n, k, form.M))
    residuals, margins, errors = np.zeros((3, n))
    done = refine_words(*form, rotated, verdicts, points, residuals, margins, errors, flag)
    rotated = rotated.view(np.bool_)
    found: list[Cycle | Continuum | Undecided | None] = [None] * n
    if not done:
        return [Undecided(word, "cancelled") for word in rotated]
    for number in np.flatnonzero((verdicts != REAL) & (verdicts != VIRTUAL)):
        word = rotated[number]
        if flag[0]:
            return [Undecided(word, "cancelled") for word in rotated]
        if exact_seconds(form, k) > LONGEST_EXACT:
            if verdicts[number] == DOUBTFUL:
                verdicts[number] = REAL
            else:
                found[number] = Undecided(word, "singular to rounding, too large to solve exactly")
            continue
        exact = exact_word(form, word)
        verdicts[number] = VIRTUAL
        if not (exact.real and exact.minimal):
            continue
        if exact.kind == CONSISTENT:
            found[number] = Continuum(exact.points, word.copy(), exact.directions)
            continue
        verdicts[number] = REAL
        points[number] = exact.points
        margins[number], errors[number] = exact.margin, 0.0
        residuals[number] = one_step_residual(form, word, exact.points)
    real = np.flatnonzero((verdicts == REAL) & (periods == k))
    if len(real):
        eigenvalues, logs = spectra(form, rotated[real], flag)
        if flag[0]:
            return [Undecided(word, "cancelled") for word in rotated]
        parts = zip(
            real.tolist(),
            points[real],
            rotated[real],
            eigenvalues,
            residuals[real].tolist(),
            margins[real].tolist(),
            errors[real].tolist(),
            logs,
            strict=True,
        )
        for number, *fields in parts:
            found[number] = Cycle(*fields)
    return found


def cycles_of_words(form: ReluForm, words: np.ndarray) -> list[Cycle]:
    """Return the cycles among what `solve_words` finds, in the order of their words."""
    if len(words) == 0:
        return []
    return [cycle for cycle in solve_words(form, words) if isinstance(cycle, Cycle)]


def one_step_residual(form: ReluForm, word: np.ndarray, points: np.ndarray) -> float:
    """Return max |J_t z_t + c_t - z_{t+1}| over the points (k, M) in the regions of a word."""
    k = len(word)
    y, y_low, right = np.empty((k, form.H)), np.empty((k, form.H)), np.empty(points.shape)
    low = np.zeros(points.shape)
    write_y(form.W2, form.h2, points, low, y, y_low)
    bits = np.asarray(word, np.uint8)
    write_residuals(form.A, form.W1, form.h1, bits, points, low, y, y_low, right)
    return float(np.abs(right).max())


def compile_solve() -> None:
    """Compile or load the kernels, so that no time limit counts this."""
    if not refine_words.signatures:
        form = PLRNN([2.0], [[-4.0]], [1.0]).relu_form
        (cycle,) = cycles_of_words(form, np.array([[[False], [True]]]))
        one_step_residual(form, cycle.word, cycle.points)


def exact_seconds(form: ReluForm, order: int) -> float:
    """Return about how long `exact_word` takes for a word of this order."""
    M = form.M
    digits = 2.0 * M * order  # of the integers in the elimination's middle
    return M**3 * (1e-7 + 2e-9 * digits**1.58) + 1e-6 * order * M**3 * (1 + 0.02 * order)


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
            u = t + best
            rotated[number, t] = word[u - k if u >= k else u]
