"""Checks of what a user passes, with errors that say what would be right."""

from __future__ import annotations

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike


def real_array(name: str, value: ArrayLike, ndim: int | tuple[int, ...]) -> np.ndarray:
    """Return a fresh, finite ``float64`` copy of `value` with `ndim` dimensions.

    Raises
    ------
    TypeError
        If `value` is not numeric, or complex.
    ValueError
        If it is empty, ragged, has other dimensions than asked, or holds NaN or infinity.
    """
    try:
        given = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array, got rows of different lengths") from error
    except RuntimeError as error:  # a PyTorch tensor that records gradients
        raise TypeError(f"{name} cannot be read as an array: {error}") from error
    if given.dtype.kind == "c":
        raise TypeError(f"{name} must be real, got {given.dtype} values")
    if given.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold numbers, got {_described(value, given)}")
    dimensions = (ndim,) if isinstance(ndim, int) else ndim
    if given.ndim not in dimensions:
        allowed = " or ".join(f"{n}-dimensional" for n in dimensions)
        raise ValueError(f"{name} must be {allowed}, got shape {given.shape}")
    if given.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {given.shape}")
    array = np.array(given, dtype=np.float64, order="C")
    finite = np.isfinite(array)
    if not finite.all():
        place = tuple(np.argwhere(~finite)[0])
        where = f" at {name}[{','.join(map(str, place))}]" if place else ""
        raise ValueError(f"{name} must be finite, got {array[place]}{where}")
    return array


def require_shape(name: str, array: np.ndarray, shape: tuple[int, ...], match: str) -> None:
    """Raise ValueError unless `array` has `shape`; `match` says what the shape follows from."""
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape} to match {match}, got {array.shape}")


def require_decay(A: np.ndarray, M: int, match: str) -> None:
    """Raise ValueError unless A is (M,), the diagonal, or the full (M, M)."""
    if A.shape not in ((M,), (M, M)):
        raise ValueError(f"A must have shape ({M},) or ({M}, {M}) to match {match}, got {A.shape}")


def states(name: str, value: ArrayLike, M: int) -> np.ndarray:
    """Return `value` as ``float64`` states of shape (M,) or (n, M)."""
    array = real_array(name, value, (1, 2))
    if array.shape[-1] != M:
        raise ValueError(
            f"{name} must have shape ({M},), or (n, {M}) for several states, got {array.shape}"
        )
    return array


def whole_number(name: str, value: int, low: int, high: int | None = None) -> int:
    """Return `value` as an int of at least `low` (and at most `high`).

    Raises
    ------
    TypeError
        If it is not an integer.
    ValueError
        If it is out of range.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < low or (high is not None and value > high):
        limits = f"at least {low}" if high is None else f"between {low} and {high}"
        raise ValueError(f"{name} must be {limits}, got {value}")
    return int(value)


def require_seconds(name: str, value: float | None) -> None:
    """Raise an error unless `value` is a positive number of seconds, or None for no limit.

    Raises
    ------
    TypeError
        If it is not a number.
    ValueError
        If it is not positive.
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number of seconds, got {value!r}")
    if not value > 0:
        raise ValueError(f"{name} must be a positive number of seconds, got {value!r}")


def interval(name: str, value: tuple[float, float]) -> tuple[float, float]:
    """Return `value` as two finite floats, the lower one first.

    Raises
    ------
    TypeError, ValueError
        If it is not a pair of finite numbers, or the first is not below the second.
    """
    array = real_array(name, value, 1)
    if array.shape != (2,) or not array[0] < array[1]:
        raise ValueError(f"{name} must be (lo, hi) with lo < hi, got {value!r}")
    return float(array[0]), float(array[1])


def _described(value: object, array: np.ndarray) -> str:
    return "None" if value is None else f"{array.dtype} values"
