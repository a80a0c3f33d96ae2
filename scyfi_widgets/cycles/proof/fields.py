"""Fields of frozen data classes: checked, converted, compared."""

from __future__ import annotations

from dataclasses import fields

import numpy as np


class Value:
    """Data that are equal when all their fields are."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, field.name), getattr(other, field.name))
            if isinstance(getattr(self, field.name), np.ndarray)
            else getattr(self, field.name) == getattr(other, field.name)
            for field in fields(self)
        )

    def __hash__(self) -> int:
        values = (getattr(self, field.name) for field in fields(self))
        return hash((type(self), *(v.shape if isinstance(v, np.ndarray) else v for v in values)))


def set_fields(instance, **values) -> None:
    """Set fields of a frozen instance."""
    for name, value in values.items():
        object.__setattr__(instance, name, value)


def unchecked(cls: type, **values):
    """Return an instance of a frozen class whose fields are right by construction.

    For what a search has just made: nothing is converted, checked or copied; arrays become
    read-only. `verify` checks the fields of every tree, whoever made it.
    """
    instance = object.__new__(cls)
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
        object.__setattr__(instance, name, value)
    return instance


def set_integers(instance, name: str, dtype, shape: tuple[int | None, ...]) -> None:
    """Make a field a read-only array of whole numbers of this type and shape, or raise."""
    given = np.asarray(getattr(instance, name))
    if given.dtype.kind not in "iu" and given.size:
        raise TypeError(f"{name} must hold whole numbers, got {given.dtype} values")
    _check_shape(name, given, shape)
    limits = np.iinfo(dtype)
    check_range(name, given, limits.min, limits.max)
    set_fields(instance, **{name: _frozen(given, dtype)})


def set_floats(instance, name: str, shape: tuple[int | None, ...]) -> None:
    """Make a field a read-only array of finite numbers of this shape, or raise."""
    given = np.asarray(getattr(instance, name))
    if given.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, got {given.dtype} values")
    _check_shape(name, given, shape)
    if not np.isfinite(given).all():
        raise ValueError(f"{name} must be finite, got {given[~np.isfinite(given)][0]}")
    set_fields(instance, **{name: _frozen(given, np.float64)})


def set_functional(instance, k: int) -> None:
    """Check and set what the cuts of a tree of points 0..k-1 look at."""
    set_floats(instance, "functional", (None,))
    set_floats(instance, "slack", (k,))
    if np.any(instance.slack < 0.0):
        raise ValueError(f"slack must not be negative, got {instance.slack.min()}")


def _frozen(array: np.ndarray, dtype) -> np.ndarray:
    array = np.array(array, dtype=dtype, order="C")
    array.setflags(write=False)
    return array


def _check_shape(name: str, array: np.ndarray, shape: tuple[int | None, ...]) -> None:
    fits = array.ndim == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"{name} must have shape ({wanted}), got {array.shape}")


def check_range(name: str, array: np.ndarray, low: int, high: int) -> None:
    """Raise ValueError for an entry out of range."""
    outside = array[(array < low) | (array > high)] if array.size else array
    if outside.size:
        raise ValueError(f"{name} must be between {low} and {high}, got {outside.flat[0]}")


def check_splits(splits: np.ndarray, pairs: int, leaves: tuple[int, ...]) -> None:
    """Raise ValueError unless every node is a split on a pair or one of the kinds of leaf."""
    if splits.size == 0:
        raise ValueError("splits must hold at least one node, got none")
    check_range("splits", splits, min(leaves), 2 * pairs - 1)
    unknown = splits[(splits < 0) & ~np.isin(splits, leaves)]
    if unknown.size:
        raise ValueError(f"splits must be pairs or one of {leaves}, got {unknown[0]}")
