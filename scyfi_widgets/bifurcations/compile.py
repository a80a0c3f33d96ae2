"""Compile what diagrams need, so that no slider and no time limit waits for it."""

from __future__ import annotations

import numpy as np

from ..models import PLRNN
from .intervals import words_on_interval
from .line import Line
from .pieces import sample_pieces, word_pieces

_done = False


def compile_bifurcations() -> None:
    """Compile or load every kernel of this package, once a process."""
    global _done
    if _done:
        return
    line = Line.through(PLRNN([0.5], [[-2.0]], [0.1]), "A[0]", (0.2, 0.7))
    words_on_interval(line.forms, line.lo, line.hi, 1)
    words = np.ones((1, 1, 1), np.uint8)
    pieces = word_pieces(line.forms, words, line.lo, line.hi)
    sample_pieces(line.forms, words, pieces, np.linspace(line.lo, line.hi, 3))
    _done = True
