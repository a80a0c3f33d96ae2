"""Checks of single numbers."""

from __future__ import annotations

from numbers import Real

import numpy as np


def in_range(
    name: str, value: float, low: float, high: float = np.inf, *, above: bool = False
) -> float:
    """Return `value` as a finite float in [low, high], or in (low, high] if `above`.

    Raises
    ------
    TypeError
        If it is not a number.
    ValueError
        If it is out of range, or not finite.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    number = float(value)
    inside = low < number <= high if above else low <= number <= high
    if not (inside and np.isfinite(number)):
        limits = f"above {low:g}" if above else f"at least {low:g}"
        limits += f" and at most {high:g}" if np.isfinite(high) else ""
        raise ValueError(f"{name} must be {limits}, got {value}")
    return number
