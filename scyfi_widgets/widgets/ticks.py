"""Round numbers for the ticks of an axis."""

from __future__ import annotations

import math

import numpy as np


def round_ticks(low: float, high: float, most: int = 7) -> np.ndarray:
    """Return at most `most` multiples of 1, 2 or 5 times a power of ten within [low, high].

    bqplot's own choice is either uneven numbers or too many of them for a narrow figure.
    """
    size = high - low
    power = 10.0 ** math.floor(math.log10(size / most))
    for factor in (1.0, 2.0, 5.0, 10.0, 20.0):
        step = factor * power
        first, last = math.ceil(low / step), math.floor(high / step)
        if last - first < most:
            # Rounded to the step's digits: 3 * 0.1 is not the number that a label should show.
            digits = max(0, 1 - math.floor(math.log10(step)))
            return np.round(np.arange(first, last + 1) * step, digits) + 0.0
    raise AssertionError("a step of 20 times size / most leaves fewer than most ticks")
