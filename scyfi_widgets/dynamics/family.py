"""The networks along a line as arrays that the kernels take: only weights that are not zero."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..models.relu_form import ReluForm


class Rows(NamedTuple):
    """Where a sparse matrix has entries, row by row.

    Attributes
    ----------
    pointers : (rows + 1,) int64 array
        The entries of row i are those from pointers[i] to pointers[i + 1].
    columns : (entries,) uint64 array
    mask : (rows, columns) bool array
    """

    pointers: np.ndarray
    columns: np.ndarray
    mask: np.ndarray

    @classmethod
    def of(cls, matrices: np.ndarray) -> Rows:
        """Return the places where one of the `matrices` (n, rows, columns) is not zero."""
        mask = matrices.any(axis=0)
        pointers = np.concatenate([[0], np.cumsum(mask.sum(axis=1))])
        return cls(pointers, np.nonzero(mask)[1].astype(np.uint64), mask)


class Networks(NamedTuple):
    """The first eight arguments of `scyfi_widgets.dynamics.abreast.fill_attractors`."""

    inner_pointers: np.ndarray
    inner_columns: np.ndarray
    inner_weights: np.ndarray
    h2: np.ndarray
    outer_pointers: np.ndarray
    outer_columns: np.ndarray
    outer_weights: np.ndarray
    h1: np.ndarray


class Family:
    """The networks on a line, in the form z' = [A W1] (z, relu(W2 z + h2)) + h1.

    Parameters
    ----------
    forms : ReluForm
        The arrays as polynomials in the value: a leading axis for the powers 0, 1, 2.
    """

    def __init__(self, forms: ReluForm):
        outer = np.concatenate([forms.A, forms.W1], axis=2)
        self._inner_rows, self._outer_rows = Rows.of(forms.W2), Rows.of(outer)
        self._inner_weights = forms.W2[:, self._inner_rows.mask]
        self._outer_weights = outer[:, self._outer_rows.mask]
        self._h1, self._h2 = forms.h1, forms.h2

    def at(self, values: np.ndarray) -> Networks:
        """Return the networks at the `values` (n,)."""
        inner, outer = self._inner_rows, self._outer_rows
        return Networks(
            inner.pointers,
            inner.columns,
            polynomial(self._inner_weights, values),
            polynomial(self._h2, values),
            outer.pointers,
            outer.columns,
            polynomial(self._outer_weights, values),
            polynomial(self._h1, values),
        )


def polynomial(coefficients: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return c0 + v c1 + v^2 c2, (n, ·), for coefficients (3, ·) at the `values` (n,)."""
    constant, linear, square = coefficients
    v = values[:, None]
    return constant + v * linear + v * v * square
