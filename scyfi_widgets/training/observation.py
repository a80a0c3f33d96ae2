"""How the observed variables are read from a network's state, and states estimated from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ..models.validation import real_array, whole_number


@dataclass(frozen=True, eq=False, repr=False)
class Observation:
    """x = g(z): the first N units themselves, or a linear readout x = B z.

    Attributes
    ----------
    M : int
        Units of the network.
    N : int
        Observed variables.
    B : (N, M) array or None
        The readout, read-only; None for the first N units.
    learned : bool
        Whether training changes B.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind, B has another shape, or N > M without a readout.
    """

    M: int
    N: int
    B: np.ndarray | None = None
    learned: bool = False

    def __post_init__(self):
        M, N = whole_number("M", self.M, 1), whole_number("N", self.N, 1)
        if self.B is None:
            if N > M:
                raise ValueError(
                    f"a network of {M} units cannot show {N} variables one by one: it needs at "
                    "least as many units, or a linear readout"
                )
            if self.learned:
                raise ValueError("learned=True needs a readout B: nothing else can be learned")
            return
        B = real_array("B", self.B, 2)
        if B.shape != (N, M):
            raise ValueError(
                f"B must have shape ({N}, {M}) for {N} variables and {M} units, got {B.shape}"
            )
        B.setflags(write=False)
        object.__setattr__(self, "B", B)

    @classmethod
    def linear(cls, B: ArrayLike, learned: bool = True) -> Observation:
        """Return the linear readout x = B z, B (N, M)."""
        B = real_array("B", B, 2)
        return cls(B.shape[1], B.shape[0], B, learned)

    @property
    def forced_units(self) -> int:
        """The number of units, from the first, whose states can be estimated from a variable.

        All of them with a readout, by its pseudo-inverse; else the first N: of the others the
        variables say nothing, so they are never forced.
        """
        return self.N if self.B is None else self.M

    @cached_property
    def inverse(self) -> np.ndarray:
        """The matrix (M, N) of `infer`: B's pseudo-inverse, or the first N columns of I."""
        return np.eye(self.M, self.N) if self.B is None else np.linalg.pinv(self.B)

    def read(self, z: ArrayLike) -> np.ndarray:
        """Return the variables (..., N) at states (..., M)."""
        z = np.asarray(z, dtype=np.float64)
        if z.shape[-1:] != (self.M,):
            raise ValueError(f"z must have shape (..., {self.M}), got {z.shape}")
        return z[..., : self.N] if self.B is None else z @ self.B.T

    def infer(self, x: ArrayLike) -> np.ndarray:
        """Return the estimated states (..., M) of variables (..., N).

        With a readout that is pinv(B) x, the shortest z that is read as x as nearly as can be; else
        x itself, and 0 for the units that are not observed.
        """
        x = np.asarray(x, dtype=np.float64)
        if x.shape[-1:] != (self.N,):
            raise ValueError(f"x must have shape (..., {self.N}), got {x.shape}")
        return x @ self.inverse.T

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Observation):
            return NotImplemented
        same = (self.M, self.N, self.learned) == (other.M, other.N, other.learned)
        if self.B is None or other.B is None:
            return same and self.B is other.B
        return same and np.array_equal(self.B, other.B)

    def __hash__(self) -> int:
        return hash((self.M, self.N, self.learned))

    def __repr__(self) -> str:
        if self.B is None:
            units = "unit" if self.N == 1 else f"{self.N} units"
            return f"<Observation: the first {units} of {self.M}>"
        return f"<Observation: x = B z, B ({self.N}, {self.M}){', learned' * self.learned}>"
