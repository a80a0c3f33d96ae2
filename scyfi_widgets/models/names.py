"""Parameters by name: ``"W[0,1]"`` is an entry, ``"W"`` the whole array."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

_ENTRY = re.compile(r"\s*(\w+)\s*(?:\[\s*([\d\s,]+?)\s*\])?\s*")


def format_name(array_name: str, index: tuple[int, ...]) -> str:
    """Return the name of one entry: ``format_name("W", (0, 1)) == "W[0,1]"``."""
    return f"{array_name}[{','.join(map(str, index))}]"


def parse_name(name: str, shapes: dict[str, tuple[int, ...]]) -> tuple[str, tuple[int, ...] | None]:
    """Split a name into the array's name and the entry's index (None for the whole array).

    Raises
    ------
    KeyError
        If no such parameter exists among `shapes`.
    """
    match = _ENTRY.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise KeyError(f"{name!r} is not a parameter name; write it like {_example(shapes)!r}")
    array_name, inside = match.groups()
    if array_name not in shapes:
        raise KeyError(f"there is no parameter {array_name!r}; there are {', '.join(shapes)}")
    if inside is None:
        return array_name, None
    shape = shapes[array_name]
    numbers = [part.strip() for part in inside.split(",")]
    index = tuple(int(part) for part in numbers) if all(n.isdigit() for n in numbers) else ()
    inside_shape = len(index) == len(shape) and all(
        i < n for i, n in zip(index, shape, strict=True)
    )
    if not inside_shape:
        raise KeyError(f"{name!r} does not exist: {array_name} has shape {shape}")
    return array_name, index


def entry_names(arrays: dict[str, np.ndarray]) -> Iterator[str]:
    """Yield the name of every entry of every array, in row-major order."""
    for array_name, array in arrays.items():
        for index in np.ndindex(array.shape):
            yield format_name(array_name, index)


def _example(shapes: dict[str, tuple[int, ...]]) -> str:
    array_name, shape = next(iter(shapes.items()))
    return format_name(array_name, (0,) * len(shape))
