"""From a network and a parameter to its orbit diagram."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from ..bifurcations.line import Line
from ..cancellation import Cancelled, new_flag
from ..models import Model
from ..models.validation import whole_number
from .abreast import fill_attractors
from .diagram import OrbitDiagram
from .family import Family
from .starts import given_starts, natural_scales

COARSE = 8  # every eighth value comes first
CHUNK = 32  # values between two reports of progress
FAR = 1e6  # in units of the network's scale
RECURRENCE = 1e-9  # of the network's scale


def orbit_diagram(
    model: Model,
    parameter: str | Model,
    bounds: tuple[float, float] | None = None,
    *,
    values: int = 301,
    transient: int = 1000,
    kept: int = 100,
    starts: int | ArrayLike = 4,
    coordinate: int | None = None,
    seed: int = 0,
    cancel: np.ndarray | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> OrbitDiagram:
    """Follow orbits for every value of a parameter and keep where they end up.

    What is seen at a value depends on that network alone, and not on the other values: there is no
    continuation from neighbour to neighbour, and a finer grid or another range changes nothing. To
    follow one attractor into a region where the starts lose it, give its point as a start.

    Parameters
    ----------
    model : Model
    parameter : str or Model
        A weight's name such as ``"W[0,1]"``, or another network of the same architecture and
        shapes: the value goes from 0 at `model` to 1 at that one.
    bounds : (lo, hi)
        The range of the weight; between two networks it may be left out and is (0, 1) then.
    values : int
        How many, at least 2, evenly spaced, both ends included.
    transient : int
        Steps before the first point that is kept.
    kept : int
        Points that are kept of every orbit, at least 1.
    starts : int or (S, M) array
        How many starts, drawn with `seed` around the origin at the scale of the network's biases
        (`scyfi_widgets.dynamics.starts.unit_starts`); or the starts themselves.
    coordinate : int, optional
        Keep only this component of the states; it saves memory where there are many.
    seed : int
    cancel : (1,) int64 array, optional
        A flag (`scyfi_widgets.cancellation.new_flag`) that ends the work when it is set.
    progress : callable, optional
        Called as ``progress(done, values)``.

    Returns
    -------
    OrbitDiagram

    Raises
    ------
    Cancelled
        If the flag was set.
    KeyError
        If the weight does not exist.
    TypeError, ValueError
        If an argument is not of its kind or out of range.
    """
    sweep = _Sweep(model, parameter, bounds, values, transient, kept, starts, coordinate, seed)
    sweep.fill(np.arange(values), cancel, progress)
    return sweep.diagram()


def orbit_diagrams(
    model: Model,
    parameter: str | Model,
    bounds: tuple[float, float] | None = None,
    *,
    values: int = 301,
    transient: int = 1000,
    kept: int = 100,
    starts: int | ArrayLike = 4,
    coordinate: int | None = None,
    seed: int = 0,
    cancel: np.ndarray | None = None,
) -> Iterator[OrbitDiagram]:
    """Yield the diagram for every eighth value first, and then for all of them.

    The arguments are those of `orbit_diagram`; the last diagram equals its result.

    Raises
    ------
    Cancelled, KeyError, TypeError, ValueError
        As `orbit_diagram` does, when the first diagram is asked for.
    """
    sweep = _Sweep(model, parameter, bounds, values, transient, kept, starts, coordinate, seed)
    coarse = np.arange(values) % COARSE == 0
    sweep.fill(np.flatnonzero(coarse), cancel)
    yield sweep.diagram(coarse)
    sweep.fill(np.flatnonzero(~coarse), cancel)
    yield sweep.diagram()


class _Sweep:
    """A diagram while it is computed, value by value in any order."""

    def __init__(self, model, parameter, bounds, values, transient, kept, starts, coordinate, seed):
        self.line = Line.through(model, parameter, bounds)
        n = whole_number("values", values, 2)
        kept = whole_number("kept", kept, 1)
        self.transient = whole_number("transient", transient, 0)
        seed = whole_number("seed", seed, 0)
        self.starts, self.scaled = given_starts(starts, model.M, seed)
        self.seed = seed if self.scaled else None
        self.coordinates = (
            tuple(range(model.M))
            if coordinate is None
            else (whole_number("coordinate", coordinate, 0, model.M - 1),)
        )
        self.family = Family(self.line.forms)
        self.values = np.linspace(self.line.lo, self.line.hi, n)
        S = len(self.starts)
        self.points = np.empty((n, S, kept, len(self.coordinates)))
        self.diverged = np.empty((n, S), np.bool_)
        self.periods = np.empty((n, S), np.int64)

    def fill(
        self,
        which: np.ndarray,
        cancel: np.ndarray | None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Compute the values with the numbers `which`."""
        flag = new_flag() if cancel is None else cancel
        for first in range(0, len(which), CHUNK):
            self._fill_chunk(which[first : first + CHUNK], flag)
            if progress is not None:
                progress(min(first + CHUNK, len(which)), len(which))

    def _fill_chunk(self, which: np.ndarray, flag: np.ndarray) -> None:
        networks = self.family.at(self.values[which])
        scales = natural_scales(networks.h1, networks.h2, networks.inner_weights)
        factors = scales if self.scaled else np.ones(len(which))
        starts = self.starts * factors[:, None, None]
        points = np.empty((len(which), *self.points.shape[1:]))
        diverged = np.empty((len(which), len(self.starts)), np.bool_)
        periods = np.empty((len(which), len(self.starts)), np.int64)
        if not fill_attractors(
            *networks,
            starts,
            FAR * np.maximum(scales, np.abs(starts).max(axis=(1, 2))),
            RECURRENCE * scales,
            self.transient,
            np.array(self.coordinates, np.int64),
            points,
            diverged,
            periods,
            flag,
        ):
            raise Cancelled("orbit diagram")
        self.points[which], self.diverged[which] = points, diverged
        self.periods[which] = periods

    def diagram(self, which: np.ndarray | slice = slice(None)) -> OrbitDiagram:
        """Return the diagram of all values or of those in a mask (n,)."""
        arrays = [array[which] for array in (self.values, self.points, self.diverged, self.periods)]
        for array in arrays:
            array.setflags(write=False)
        return OrbitDiagram(self.line, *arrays, self.coordinates, self.transient, self.seed)
