"""Words: k regions of H bits each, and what two rotations of a word have in common."""

from __future__ import annotations

import numpy as np


def least_rotation(word: np.ndarray) -> int:
    """Return the shift whose rotation of `word` (k, H) is least in lexicographic order.

    ``np.roll(word, -shift, axis=0)`` is the canonical word of its cycle.
    """
    letters = [row.tobytes() for row in np.ascontiguousarray(word, dtype=np.bool_)]
    twice = letters + letters
    k = len(letters)
    return min(range(k), key=lambda shift: twice[shift : shift + k])


def word_text(word: np.ndarray) -> str:
    """Return a word as text, one group of bits a region: ``"01 11"``."""
    return " ".join("".join("1" if bit else "0" for bit in region) for region in word)
