"""The one form that all architectures share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class ReluForm(NamedTuple):
    """The map z' = A z + W1 relu(W2 z + h2) + h1, with M states and H rectified units.

    Attributes
    ----------
    A : (M, M) array
    W1 : (M, H) array
    W2 : (H, M) array
    h1 : (M,) array
    h2 : (H,) array
    """

    A: np.ndarray
    W1: np.ndarray
    W2: np.ndarray
    h1: np.ndarray
    h2: np.ndarray

    @property
    def M(self) -> int:
        """Number of states."""
        return self.W1.shape[0]

    @property
    def H(self) -> int:
        """Number of rectified units."""
        return self.W1.shape[1]


def frozen_form(A, W1, W2, h1, h2) -> ReluForm:
    """Return a ReluForm of read-only, C-contiguous ``float64`` arrays."""
    arrays = [np.ascontiguousarray(array, dtype=np.float64) for array in (A, W1, W2, h1, h2)]
    for array in arrays:
        array.setflags(write=False)
    return ReluForm(*arrays)


def full_matrix(A: np.ndarray) -> np.ndarray:
    """Return A as a matrix: a vector is the diagonal."""
    return np.diag(A) if A.ndim == 1 else A
