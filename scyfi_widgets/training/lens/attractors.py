"""Which cycle an orbit settles on: simulated until its regions recur, then solved exactly."""

from __future__ import annotations

import numpy as np

from ...cancellation import Cancelled
from ...cycles import Cycle
from ...cycles.solving.solve import cycles_of_words
from ...models import Model
from ...models.kernels import fill_orbits
from ...models.relu_form import ReluForm

FIRST, LAST = 1 << 10, 1 << 16  # steps between two looks at the orbit, doubled each time
LONGEST_ORDER = 1024
LOOK_BACK = 4 * LONGEST_ORDER  # steps in which the regions must recur
FAR = 1e12  # in units of the network's scale: beyond, an orbit has diverged
CYCLE, DIVERGES, UNSETTLED = "cycle", "diverges", "unsettled"


def attracting_cycle(form: ReluForm, word: np.ndarray) -> Cycle | None:
    """Return the cycle of a word (k, H) if it is real and stable, else None."""
    cycles = cycles_of_words(form, word[None])
    return cycles[0] if cycles and cycles[0].stability == "stable" else None


def settled_cycle(
    model: Model, start: np.ndarray, scale: float, cancel: np.ndarray
) -> tuple[Cycle | None, str]:
    """Follow an orbit until it is on an attracting cycle; return the cycle and the orbit's fate.

    Parameters
    ----------
    model : Model
    start : (M,) array
    scale : float
        Of the states; an orbit that leaves a million million times that diverges.
    cancel : (1,) int64 array

    Returns
    -------
    cycle : Cycle or None
    fate : str
        ``"cycle"``, ``"diverges"``, or ``"unsettled"``: after 130,000 steps the regions do not
        recur with a period up to 1024, or the cycle that they name does not attract.

    Raises
    ------
    Cancelled
        If the flag was set.
    """
    z, steps, tried = start, FIRST, set()
    while steps <= LAST:
        orbit = np.empty((1, steps + 1, model.M))
        orbit[0, 0] = z
        if not fill_orbits(*model.relu_form, orbit, cancel):
            raise Cancelled("gradient lens")
        z = orbit[0, -1]
        if not np.abs(z).max() <= FAR * scale:
            return None, DIVERGES
        word = recurring_word(model.region(orbit[0, -min(LOOK_BACK, steps // 2) :]))
        if word is not None and word.tobytes() not in tried:
            tried.add(word.tobytes())
            cycle = attracting_cycle(model.relu_form, word)
            if cycle is not None:
                return cycle, CYCLE
        steps *= 2
    return None, UNSETTLED


def recurring_word(regions: np.ndarray) -> np.ndarray | None:
    """Return the last p of the regions (n, H), for the least p <= 1024 with which all recur.

    None where there is no such p up to a quarter of n.
    """
    names = np.unique(np.packbits(regions, axis=1), axis=0, return_inverse=True)[1].ravel()
    for period in range(1, min(LONGEST_ORDER, len(regions) // 4) + 1):
        if np.array_equal(names[period:], names[:-period]):
            return regions[-period:]
    return None
