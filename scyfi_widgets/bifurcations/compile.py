"""Compile what diagrams need, so that no slider and no time limit waits for it."""

from __future__ import annotations

import numpy as np

from ..cycles.find import compile_all
from ..models import PLRNN
from .intervals.intervals import compile_intervals
from .line import Line
from .pieces.pieces import word_pieces
from .pieces.samples import sample_pieces

_done = False
_planes_done = False


def compile_bifurcations() -> None:
    """Compile or load every kernel of this package, once a process."""
    global _done
    if _done:
        return
    line = Line.through(PLRNN([0.5], [[-2.0]], [0.1]), "A[0]", (0.2, 0.7))
    compile_intervals()
    words = np.ones((1, 1, 1), np.uint8)
    pieces = word_pieces(line.forms, words, line.lo, line.hi)
    sample_pieces(line.forms, words, pieces, np.linspace(line.lo, line.hi, 3))
    _done = True


def compile_planes() -> None:
    """Compile or load what planes need besides, once a process."""
    global _planes_done
    if _planes_done:
        return
    from .planes.plane import refined_planes  # planes need lines, which need this module
    from .planes.region_pixels import region_pixels

    compile_bifurcations()
    compile_all()
    tent = PLRNN([0.8], [[-2.3]], [1.0])
    *_, plane = refined_planes(tent, ("A[0]", (-2.0, 2.0)), ("W[0,0]", (-4.0, 3.0)), 2, lines=5)
    region_pixels(plane, 8, 8)
    _planes_done = True
