"""One word decided in exact arithmetic: real, on a border, virtual, or a continuum.

Every double is an integer over a power of two, so the whole decision is made in Python's integers:
the affine map once around the word is multiplied out, the system (I - P) z = c is solved by
fraction-free elimination, and the signs of y = W2 z + h2 are read off. Nothing is rounded before
the points that are handed out. Slow (about a millisecond for a short word of a small network) and
simple: the fast solver asks it where rounding leaves a doubt, and the checker of certificates
trusts nothing else.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ...cancellation import Cancelled
from ...models.relu_form import ReluForm
from ..words import period
from .continuum import continuum
from .integers import solve
from .system import System
from .verdict import ExactWord, no_solution, one_solution


def exact_word(form: ReluForm, word: np.ndarray, cancel: np.ndarray | None = None) -> ExactWord:
    """Decide one word (k, H) of bits exactly.

    Parameters
    ----------
    form : ReluForm
    word : (k, H) array of bits
    cancel : (1,) int64 array, optional
        A flag that ends the work.

    Raises
    ------
    Cancelled
        If the flag is set.
    ValueError
        If a parameter is not finite, or the word does not fit the network.
    """
    bits = np.asarray(word, dtype=np.bool_)
    if bits.ndim != 2 or bits.shape[0] == 0 or bits.shape[1] != form.H:
        raise ValueError(f"word must have shape (k, {form.H}) with k >= 1, got {bits.shape}")
    check = _nothing if cancel is None else partial(_raise_if_set, cancel)
    system = System(form, bits.tolist(), check)
    solution, basis = solve(*system.around(len(bits)), check)
    if solution is None:
        return no_solution(system)
    if basis:
        return continuum(system, solution, basis)
    return one_solution(system, solution, period(system.bits) == len(bits))


def _nothing() -> None:
    pass


def _raise_if_set(cancel: np.ndarray) -> None:
    if cancel[0]:
        raise Cancelled
