"""SCYFI step by step, to be read and looked at: plain NumPy, every step kept.

The search that the product runs is compiled and finds more (`scyfi_widgets.cycles.search`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...cycles.words import least_rotation, period, word_key, word_text
from ...models import Model
from ...models.validation import whole_number

MOST_IN_START = 60  # steps after which a search starts anew
MOST_STARTS = 500
SINGULAR = 1e13  # condition of the candidate's equations beyond which they have no one solution

REAL, RETURNS, LIMIT, UNSOLVED = "real", "returns", "limit", "unsolved"


@dataclass(frozen=True, eq=False)
class SearchStep:
    """One step: a word, the candidate that it has, and where that lies.

    Attributes
    ----------
    number : int
        Of the step, counted from 1.
    start : int
        Number of the start that it belongs to, counted from 1.
    word : (k, H) bool array
        The regions that were guessed.
    points : (k, M) array or None
        The candidate: the cycle that the maps of these regions have, followed in turn wherever
        their regions end. None where they have none, or infinitely many.
    regions : (k, H) bool array or None
        The regions in which its points lie.
    end : {"real", "returns", "limit", "unsolved"} or None
        Why the next step starts anew: a cycle was found; the next word was tried before in this
        start; there were `MOST_IN_START` steps; there is no candidate. None where the next word is
        `regions`.
    returns_to : int or None
        The step that tried the next word before.
    """

    number: int
    start: int
    word: np.ndarray
    points: np.ndarray | None
    regions: np.ndarray | None
    end: str | None
    returns_to: int | None = None

    @property
    def real(self) -> bool:
        """Whether every point lies in the region that the word names, so that it is a cycle."""
        return self.end == REAL

    @property
    def order(self) -> int:
        """The minimal period of the word; smaller than k when it repeats a shorter one."""
        return period([region.tobytes() for region in self.word])

    @property
    def key(self) -> tuple[int, bytes]:
        """What identifies a real candidate, as `Cycle.key` does."""
        word = self.word[: self.order]
        return word_key(np.roll(word, -least_rotation(word), axis=0))

    def __repr__(self) -> str:
        kind = "unsolved" if self.points is None else "real" if self.real else "virtual"
        lies = "" if self.regions is None else f" lies in {word_text(self.regions)}"
        return f"<step {self.number}, start {self.start}: {word_text(self.word)}{lies}, {kind}>"


def search_steps(
    model: Model,
    order: int = 1,
    *,
    seed: int = 0,
    word: ArrayLike | str | None = None,
    starts: int = 1,
) -> tuple[SearchStep, ...]:
    """Search cycles of one order as SCYFI does, and return every step.

    Guess a word; solve for its candidate; where that is virtual, the regions in which its points
    lie are the next word. Start anew from a random word when a cycle is found or when it goes in
    circles.

    Parameters
    ----------
    model : Model
    order : int
        Number of regions in a word.
    seed : int
        Of the random words. The same seed gives the same steps.
    word : (k, H) array or str, optional
        The first word, such as ``"01 11"``; by default it is random as well.
    starts : int
        How often a word is guessed, at most 500.

    Returns
    -------
    tuple of SearchStep

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind or out of range.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*,
    NeurIPS 2023, Algorithm 1. Published is the search that reads the next word off the network's
    own orbit from the candidate's first point; for order 1 that is the same.
    """
    order = whole_number("order", order, 1)
    starts = whole_number("starts", starts, 1)
    if starts > MOST_STARTS:
        raise ValueError(f"starts must be at most {MOST_STARTS}, got {starts}")
    random = np.random.default_rng([whole_number("seed", seed, 0), order])
    steps: list[SearchStep] = []
    for start in range(1, starts + 1):
        if start == 1 and word is not None:
            first = read_word(word, order, model.H)
        else:
            first = random.integers(0, 2, (order, model.H)).astype(bool)
        steps += _steps_from(model, first, start, len(steps) + 1)
    return tuple(steps)


def _steps_from(model: Model, word: np.ndarray, start: int, number: int) -> list[SearchStep]:
    """Return the steps of one start; the first of them has a `number`."""
    steps: list[SearchStep] = []
    tried = {}
    end = None
    while end is None:
        tried[word.tobytes()] = number
        points = candidate(model, word)
        regions = None if points is None else model.region(points)
        returns_to = None if regions is None else tried.get(regions.tobytes())
        if regions is None:
            end = UNSOLVED
        elif np.array_equal(regions, word):
            end, returns_to = REAL, None
        elif returns_to is not None:
            end = RETURNS
        elif len(tried) == MOST_IN_START:
            end = LIMIT
        steps.append(SearchStep(number, start, word, points, regions, end, returns_to))
        word, number = regions, number + 1
    return steps


def region_map(model: Model, region: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return J (M, M) and c (M,) of the map z' = J z + c in a region (H,).

    J = A + W1 D W2 and c = h1 + W1 D h2 with D = diag(region).
    """
    A, W1, W2, h1, h2 = model.relu_form
    return A + (W1 * region) @ W2, h1 + W1 @ (region * h2)


def word_map(model: Model, word: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return P (M, M) and c (M,) of the map z' = P z + c that follows a word (k, H)."""
    P, c = np.eye(model.M), np.zeros(model.M)
    for region in word:
        J, shift = region_map(model, region)
        P, c = J @ P, J @ c + shift
    return P, c


def candidate(model: Model, word: np.ndarray) -> np.ndarray | None:
    """Return the points (k, M) of a word's cycle z_1 = (I - P)^-1 c, or None without exactly one.

    The points are solved for at once, z_{t+1} - J_t z_t = c_t: the same equation, but with long
    products of the J_t it would lose digits.
    """
    k, M = len(word), model.M
    left, right = np.zeros((k, M, k, M)), np.zeros((k, M))
    for t, region in enumerate(word):
        J, c = region_map(model, region)
        then = (t + 1) % k
        left[then, :, then] += np.eye(M)
        left[then, :, t] -= J
        right[then] = c
    system = left.reshape(k * M, k * M)
    if not np.linalg.cond(system) < SINGULAR:
        return None
    return np.linalg.solve(system, right.ravel()).reshape(k, M)


def read_word(word: ArrayLike | str, order: int, H: int) -> np.ndarray:
    """Return a word (order, H) of bools from an array or a text such as ``"01 11"``.

    Raises
    ------
    ValueError
        If it has another shape, or other entries than 0 and 1.
    """
    entries = [list(group) for group in word.split()] if isinstance(word, str) else word
    wanted = f"word must be {order} region{'s' if order > 1 else ''} of {H} bits each"
    if isinstance(entries, Sequence) and len({len(np.atleast_1d(row)) for row in entries}) > 1:
        raise ValueError(f"{wanted}, got {word!r}")
    bits = np.atleast_2d(np.array(entries))
    if bits.shape != (order, H):
        raise ValueError(f"{wanted}, got {word!r}")
    if not np.isin(bits, ["0", "1"] if bits.dtype.kind == "U" else [0, 1]).all():
        raise ValueError(f"{wanted}, each 0 or 1, got {word!r}")
    return bits.astype(int).astype(bool)
