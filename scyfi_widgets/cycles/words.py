"""Words: k regions of H bits each, what their rotations have in common, and their period."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def least_rotation(word: np.ndarray) -> int:
    """Return the shift whose rotation of `word` (k, H) is least in lexicographic order.

    ``np.roll(word, -shift, axis=0)`` is the canonical word of its cycle.
    """
    letters = [row.tobytes() for row in np.ascontiguousarray(word, dtype=np.bool_)]
    twice = letters + letters
    k = len(letters)
    return min(range(k), key=lambda shift: twice[shift : shift + k])


def period(word: Sequence) -> int:
    """Return the least p such that `word` is its first p entries over and over."""
    k = len(word)
    return next(p for p in range(1, k + 1) if k % p == 0 and word[p:] == word[:-p])


def word_key(word: np.ndarray) -> tuple[int, bytes]:
    """Return what identifies the cycle of a canonical word (k, H): its order and its bits."""
    return len(word), np.packbits(word).tobytes()


def word_text(word: np.ndarray) -> str:
    """Return a word as text, one group of bits a region: ``"01 11"``."""
    return " ".join("".join("1" if bit else "0" for bit in region) for region in word)
