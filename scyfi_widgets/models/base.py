"""What every network has: named parameters, a step, orbits, regions and Jacobians."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ..cancellation import Cancelled, new_flag
from . import kernels
from .names import entry_names, parse_name
from .relu_form import ReluForm, frozen_form
from .validation import real_array, require_shape, states, whole_number


class Model(ABC):
    """A piecewise-linear recurrent network, immutable, with its parameters by name.

    A subclass checks its arguments and hands them to `_set_parameters`; everything else follows
    from `_build_relu_form`. Two models are equal when their architecture and all parameters are.
    """

    equation: ClassVar[str]
    """The map in the architecture's own parameters, as text."""

    _arrays: dict[str, np.ndarray]
    _options: dict[str, int]

    @abstractmethod
    def _build_relu_form(self) -> ReluForm:
        """Return the model as z' = A z + W1 relu(W2 z + h2) + h1."""

    def _set_parameters(self, arrays: dict[str, np.ndarray], options: dict[str, int] | None = None):
        for array in arrays.values():
            array.setflags(write=False)
        self.__dict__["_arrays"] = arrays
        self.__dict__["_options"] = options or {}

    # Parameters ---------------------------------------------------------------------------------

    @property
    def parameters(self) -> Mapping[str, np.ndarray]:
        """The architecture's own parameter arrays by name, read-only."""
        return MappingProxyType(self._arrays)

    @property
    def options(self) -> Mapping[str, int]:
        """Settings of the architecture that are not weights (``n_relu``)."""
        return MappingProxyType(self._options)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The name of every single weight, such as ``"W[0,1]"``, array by array, row by row."""
        return tuple(entry_names(self._arrays))

    def __getitem__(self, name: str) -> float | np.ndarray:
        """Return one weight (``model["W[0,1]"]``) or a whole array (``model["W"]``)."""
        array_name, index = self._parse(name)
        array = self._arrays[array_name]
        return array if index is None else float(array[index])

    def replace(self, values: Mapping[str, ArrayLike]) -> Model:
        """Return a copy with some parameters changed.

        Parameters
        ----------
        values : mapping of names to values
            Single weights (``{"W[0,1]": -0.6}``) or whole arrays (``{"h": [0, 1]}``).

        Raises
        ------
        KeyError
            If a name does not exist.
        TypeError, ValueError
            If a value is not a finite real number, or an array of another shape.
        """
        arrays = dict(self._arrays)
        for name, value in values.items():
            array_name, index = self._parse(name)
            if index is None:
                before = self._arrays[array_name]
                arrays[array_name] = real_array(array_name, value, before.ndim)
                require_shape(array_name, arrays[array_name], before.shape, "the model")
            else:
                changed = np.array(arrays[array_name], dtype=np.float64)
                changed[index] = real_array(name, value, 0)
                arrays[array_name] = changed
        return type(self)(**arrays, **self._options)

    def _parse(self, name: str) -> tuple[str, tuple[int, ...] | None]:
        return parse_name(name, {key: array.shape for key, array in self._arrays.items()})

    # The map ------------------------------------------------------------------------------------

    @cached_property
    def relu_form(self) -> ReluForm:
        """The arrays (A, W1, W2, h1, h2) of z' = A z + W1 relu(W2 z + h2) + h1, read-only."""
        return self._build_relu_form()

    def relu_forms_towards(self, end: Model) -> tuple[ReluForm, ReluForm, ReluForm]:
        """Return the coefficients of 1, s, s^2 in the shared form of self + s (end - self).

        Parameters
        ----------
        end : Model
            Of the same architecture and shapes.
        """
        here, there = self.relu_form, end.relu_form
        change = frozen_form(*(b - a for a, b in zip(here, there, strict=True)))
        return here, change, frozen_form(*map(np.zeros_like, here))

    @property
    def M(self) -> int:
        """Number of latent units."""
        return self.relu_form.M

    @property
    def H(self) -> int:
        """Number of rectified units of the shared form: there are up to 2^H regions."""
        return self.relu_form.H

    def step(self, z: ArrayLike) -> np.ndarray:
        """Return the next state of z (M,), or of each row of z (n, M)."""
        z = states("z", z, self.M)
        A, W1, W2, h1, h2 = self.relu_form
        return z @ A.T + np.maximum(z @ W2.T + h2, 0.0) @ W1.T + h1

    def orbit(self, z0: ArrayLike, steps: int, *, cancel: np.ndarray | None = None) -> np.ndarray:
        """Follow one start or several, the start included.

        Parameters
        ----------
        z0 : (M,) or (n, M)
            The start, or one start a row.
        steps : int
            Number of steps, at least 0.
        cancel : (1,) int64 array, optional
            A flag (`scyfi_widgets.cancellation.new_flag`) that ends the work when it is set.

        Returns
        -------
        (steps + 1, M) or (n, steps + 1, M) array
            An orbit that diverges goes on through infinity to NaN.

        Raises
        ------
        Cancelled
            If the flag was set.
        """
        z0 = states("z0", z0, self.M)
        steps = whole_number("steps", steps, 0)
        starts = np.atleast_2d(z0)
        orbits = np.empty((len(starts), steps + 1, self.M))
        orbits[:, 0] = starts
        if not kernels.fill_orbits(
            *self.relu_form, orbits, new_flag() if cancel is None else cancel
        ):
            raise Cancelled("orbit")
        return orbits[0] if z0.ndim == 1 else orbits

    def region(self, z: ArrayLike) -> np.ndarray:
        """Return the bits (W2 z + h2 > 0) of z (M,) as (H,), or of each row (n, M) as (n, H)."""
        z = states("z", z, self.M)
        _, _, W2, _, h2 = self.relu_form
        return z @ W2.T + h2 > 0.0

    def jacobian(self, z: ArrayLike) -> np.ndarray:
        """Return J = A + W1 diag(region(z)) W2 at z: (M, M), or (n, M, M) for rows (n, M)."""
        A, W1, W2, _, _ = self.relu_form
        bits = self.region(z)
        return A + (W1 * bits[..., None, :]) @ W2

    # Being a value ------------------------------------------------------------------------------

    def to_code(self, module: str = "sw") -> str:
        """Return Python text that recreates this model exactly (``import scyfi_widgets as sw``)."""
        arguments = [f"{name}={array.tolist()!r}" for name, array in self._arrays.items()]
        arguments += [f"{name}={value!r}" for name, value in self._options.items()]
        inside = "".join(f"    {argument},\n" for argument in arguments)
        return f"{module}.{type(self).__name__}(\n{inside})"

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("models are immutable: model.replace({...}) returns a changed copy")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("models are immutable")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._options == other._options and all(
            np.array_equal(array, other._arrays[name]) for name, array in self._arrays.items()
        )

    def __hash__(self) -> int:
        # Adding 0.0 turns -0.0 into 0.0: the two are equal, so they must hash alike.
        contents = ((array + 0.0).tobytes() for array in self._arrays.values())
        return hash((type(self), tuple(self._options.items()), *contents))

    def __reduce__(self):
        return (_rebuild, (type(self), dict(self._arrays), dict(self._options)))

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in self._arrays.items())
        options = "".join(f", {name}={value}" for name, value in self._options.items())
        return f"<{type(self).__name__} M={self.M}, H={self.H}: {shapes}{options}>"


def _rebuild(cls: type[Model], arrays: dict[str, np.ndarray], options: dict[str, int]) -> Model:
    return cls(**arrays, **options)
