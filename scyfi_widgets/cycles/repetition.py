"""Words that repeat a shorter one, where they may have cycles of their own.

All cycles with the word w^m, w a word of order j, have the same linear system. A cycle of order j
solves it; others do only where the product of the Jacobians has an m-th root of unity other than 1
among its eigenvalues, such as -1. They surround the cycle with the word w: the mean of the points
z_0, z_j, z_2j ... lies in the same regions, which are convex. So whoever knows all cycles and
continua of order j knows which repetitions to solve.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..models.relu_form import ReluForm
from .continuum import Continuum
from .cycle import Cycle
from .solving.spectrum import spectra

NEAR = 1e-3  # of a root of unity, where rounding is smaller; too many words only cost time
ROUNDOFF = 2.0**-50


def repeated_words(
    form: ReluForm, items: Iterable[Cycle | Continuum], max_order: int
) -> list[np.ndarray]:
    """Return the repetitions that have to be solved, to `max_order`.

    Parameters
    ----------
    form : ReluForm
    items : iterable of Cycle and Continuum
        All that the network has, up to half of `max_order` at least.
    max_order : int

    Returns
    -------
    list of (n, k, H) bool arrays
        One for every order k that has any.
    """
    words: dict[int, list[np.ndarray]] = {}
    for item in items:
        most = max_order // item.order
        if most < 2:
            continue
        near = NEAR + _rounding(form, item.word)
        values = _eigenvalues(form, item)
        values = values[~(np.abs(np.abs(values) - 1.0) > near)]
        if not len(values):
            continue
        for times in range(2, most + 1):
            roots = np.exp(2j * np.pi * np.arange(1, times) / times)
            if not np.all(np.abs(values[:, None] - roots) > near):
                repeated = np.tile(item.word, (times, 1))
                words.setdefault(len(repeated), []).append(repeated)
    return [np.stack(words[order]) for order in sorted(words)]


def _eigenvalues(form: ReluForm, item: Cycle | Continuum) -> np.ndarray:
    if isinstance(item, Cycle):
        return item.eigenvalues
    return spectra(form, item.word[None])[0][0]


def _rounding(form: ReluForm, word: np.ndarray) -> float:
    """Return how far rounding may move an eigenvalue of the product along a word (k, H).

    A change E of a matrix P moves them by |E|^(1/M) (2 |P| + |E|)^(1 - 1/M) at most (Elsner, *An
    optimal bound for the spectral variation of two matrices*, Linear Algebra Appl. 71, 1985).
    """
    jacobians = form.A + (form.W1 * word[:, None, :]) @ form.W2
    with np.errstate(over="ignore"):
        norm = np.abs(jacobians).sum(axis=2).max(axis=1).prod()
        return 3.0 * norm * (len(word) * form.M * ROUNDOFF) ** (1.0 / form.M)
