"""Matrices, vectors and words as HTML."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LARGEST = 3  # rows of a matrix whose entries are written
MOST_ENTRIES = 4  # of a vector that are written


def number_text(value: float) -> str:
    """Return a number with three digits and a proper minus."""
    return f"{value + 0.0:.3g}".replace("-", "−")


def vector_html(vector: np.ndarray) -> str:
    """Return a vector as a row in round brackets; a single number without."""
    shown = [number_text(value) for value in vector[:MOST_ENTRIES]]
    if len(vector) == 1:
        return shown[0]
    return f"({', '.join(shown)}{', …' if len(vector) > MOST_ENTRIES else ''})"


def matrix_html(matrix: np.ndarray, name: str) -> str:
    """Return a small matrix with its entries, a single number, or the `name` of a larger one."""
    rows, columns = matrix.shape
    if rows == columns == 1:
        return number_text(matrix[0, 0])
    if max(rows, columns) > LARGEST:
        return name
    cells = "".join(f"<span>{number_text(value)}</span>" for value in matrix.ravel())
    return (
        f'<span class="sw-matrix" style="grid-template-columns:repeat({columns},auto)">'
        f"{cells}</span>"
    )


def word_html(word: np.ndarray, lies: np.ndarray | None = None) -> str:
    """Return a word as text; the bits in which it differs from the regions `lies` are marked."""
    groups: list[str] = []
    for place, region in enumerate(word):
        bits: Sequence[str] = ["1" if bit else "0" for bit in region]
        if lies is not None:
            bits = [
                f"<b>{bit}</b>" if differs else bit
                for bit, differs in zip(bits, region != lies[place], strict=True)
            ]
        groups.append("".join(bits))
    return f'<code class="sw-word">{" ".join(groups)}</code>'
