"""The sliders of an exported page: which values they have, and where they begin."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from ..models import Model
from ..models.names import format_name, parse_name

MOST_FRAMES = 2601
SAME = 1e-9  # of the range: values that are closer are one

Ranges = Mapping[str, tuple[float, float, int] | ArrayLike]


@dataclass(frozen=True, eq=False)
class Slider:
    """One slider.

    Attributes
    ----------
    name : str
        A weight's, or ``"epoch"``.
    values : (n,) array
        Increasing.
    start : int
        The place of the value that is shown first.
    """

    name: str
    values: np.ndarray
    start: int


def weight_sliders(sliders: Ranges | None, model: Model) -> tuple[Slider, ...]:
    """Return sliders of weights; the present value of each is among its values.

    Parameters
    ----------
    sliders : dict of str to (low, high, number) or to an array of values
    model : Model

    Raises
    ------
    KeyError
        If there is no such weight.
    TypeError, ValueError
        If a range is none.
    """
    shapes = {name: array.shape for name, array in model.parameters.items()}
    made = []
    for given, values in checked(sliders).items():
        array, index = parse_name(given, shapes)
        if index is None:
            raise ValueError(
                f'sliders move single weights, such as "{array}[0]", got the array {given!r}'
            )
        name = format_name(array, index)
        steps = values_of(given, values)
        made.append(including(name, steps, model[name]))
    if len({slider.name for slider in made}) < len(made):
        raise ValueError(f"sliders must be of different weights, got {tuple(sliders)}")
    return tuple(made)


def checked(sliders: Ranges | None) -> dict:
    """Return the sliders as a dict.

    Raises
    ------
    TypeError
        If they are none.
    """
    if sliders is None:
        return {}
    if not isinstance(sliders, Mapping):
        raise TypeError(
            'sliders must be a dict such as {"W[0,1]": (-1, 1, 101)}, '
            f"got {type(sliders).__name__}"
        )
    return dict(sliders)


def values_of(name: str, values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the values of a slider, given as a tuple (low, high, number) or one by one.

    Raises
    ------
    TypeError, ValueError
        If they are none.
    """
    wanted = f"sliders[{name!r}] must be (low, high, number of values) or an array of values"
    if isinstance(values, tuple):
        if len(values) != 3 or isinstance(values[2], bool) or values[2] != int(values[2]):
            raise ValueError(f"{wanted}, got {values!r}")
        low, high, number = float(values[0]), float(values[1]), int(values[2])
        if not (math.isfinite(low) and math.isfinite(high) and low < high and number >= 2):
            raise ValueError(
                f"{wanted} with finite low < high and at least two values, got {values!r}"
            )
        return np.linspace(low, high, number)
    try:
        steps = np.unique(np.asarray(values, float))
    except (TypeError, ValueError):
        raise TypeError(f"{wanted}, got {values!r}") from None
    if steps.ndim != 1 or len(steps) < 2 or not np.isfinite(steps).all():
        raise ValueError(f"{wanted}, at least two finite ones, got {values!r}")
    return steps


def checked_number(sliders: Sequence[Slider], most: int) -> int:
    """Return how many frames there are.

    Raises
    ------
    ValueError
        If there are more than `most`.
    """
    sizes = [len(slider.values) for slider in sliders]
    number = math.prod(sizes)
    if number > most:
        text = " x ".join(map(str, sizes))
        raise ValueError(
            f"sliders make {text} = {number:,} frames, and most_frames is {most:,}: "
            "give fewer values, fewer sliders, or a larger most_frames"
        )
    return number


def frames(sliders: Sequence[Slider]) -> Iterator[dict[str, float]]:
    """Yield the values of every frame; those of the last slider run fastest."""
    names = [slider.name for slider in sliders]
    for values in product(*(slider.values for slider in sliders)):
        yield {name: float(value) for name, value in zip(names, values, strict=True)}


def coarse(slider: Slider, most: int) -> Slider:
    """Return a slider with at most so many of its values, both ends and the start among them."""
    number = len(slider.values)
    places = np.unique(np.round(np.linspace(0, number - 1, min(most, number))).astype(int))
    places = np.unique([*places, slider.start])
    return Slider(slider.name, slider.values[places], int(places.searchsorted(slider.start)))


def including(name: str, values: np.ndarray, present: float) -> Slider:
    """Return a slider that begins at the present value, or as near as its range allows."""
    nearest = int(np.abs(values - present).argmin())
    if abs(values[nearest] - present) <= SAME * np.ptp(values):
        values = values.copy()
        values[nearest] = present
    elif values[0] < present < values[-1]:
        nearest = int(values.searchsorted(present))
        values = np.insert(values, nearest, present)
    return Slider(name, values, nearest)
