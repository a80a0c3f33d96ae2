"""Words with stars: what all cycles that meet in one border collision have in common.

At the event some points are on a border. A star in place of their bits leaves what both sides
share; a cycle of m times the order, whose points go m times around the same orbit there, shares it
m times over. So the star word without repetitions and rotations names the event.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from ..cycles.solving.solve import rotate_words

STAR = 2
MOST_FILLINGS = 1 << 12


def star_word(
    word: np.ndarray, touches: Iterable[tuple[int, int]]
) -> tuple[tuple[bytes, ...], int]:
    """Return the star word of a cycle, canonical, and where it begins in the word.

    Parameters
    ----------
    word : (k, H) array of bits
    touches : pairs (point, unit)
        The bits to replace.

    Returns
    -------
    letters : tuple of bytes
        One of H bytes a point, each 0, 1 or `STAR`; the shortest period, least rotation.
    shift : int
        ``word[shift:]`` begins with these letters.
    """
    marked = np.array(word, dtype=np.uint8)
    for point, unit in touches:
        marked[point, unit] = STAR
    letters = tuple(row.tobytes() for row in marked)
    k = len(letters)
    period = next(p for p in range(1, k + 1) if k % p == 0 and letters == letters[p:] + letters[:p])
    twice = letters[:period] * 2
    shift = min(range(period), key=lambda s: twice[s : s + period])
    return twice[shift : shift + period], shift


def fillings(letters: tuple[bytes, ...], max_order: int) -> list[np.ndarray]:
    """Return every primitive word of order up to `max_order` that has this star word.

    Returns
    -------
    list of (n, m k, H) bool arrays
        One for each multiple m k of the star word's length, in canonical rotation. More than
        `MOST_FILLINGS` words of one order are not listed: so many points on borders at once are far
        from generic.
    """
    base = np.array([list(letter) for letter in letters], np.uint8)
    points, units = np.nonzero(base == STAR)
    stars, k = len(points), len(base)
    found = []
    for repeats in range(1, max_order // k + 1):
        if 2 ** (stars * repeats) > MOST_FILLINGS:
            break
        choices = np.array(_necklaces(2**stars, repeats))  # (n, repeats)
        words = np.tile(base, (len(choices), repeats, 1, 1))  # (n, repeats, k, H)
        bits = choices[..., None] >> np.arange(stars) & 1
        words[:, :, points, units] = bits
        words = words.reshape(len(choices), repeats * k, -1)
        rotated, periods = np.empty_like(words), np.zeros(len(words), np.int64)
        rotate_words(words, rotated, periods)
        found.append(rotated[periods == repeats * k].astype(bool))
    return found


@lru_cache(maxsize=256)
def _necklaces(letters: int, length: int) -> tuple[tuple[int, ...], ...]:
    """Return the aperiodic necklaces (Lyndon words) of a length over 0 ... letters - 1.

    J. P. Duval, *Génération d'une section des classes de conjugaison et arbre des mots de Lyndon de
    longueur bornée*, Theoretical Computer Science 60, 1988.
    """
    found = []
    word = [-1]
    while word:
        word[-1] += 1
        if len(word) == length:
            found.append(tuple(word))
        size = len(word)
        word = [word[i % size] for i in range(length)]
        while word and word[-1] == letters - 1:
            word.pop()
    return tuple(found)
