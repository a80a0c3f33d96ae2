"""The series that the toy experiment of the paper is trained on."""

from __future__ import annotations

import numpy as np

from ..models.validation import whole_number
from ..training.series import TimeSeries
from .planar import sixteen_cycle

SETTLING = 1_600  # steps: 100 times around the cycle, whose largest multiplier is 0.519


def toy_series(length: int = 500, *, seed: int = 0, noise: float = 0.0) -> TimeSeries:
    """Return the orbit of `sixteen_cycle` on its stable 16-cycle.

    Parameters
    ----------
    length : int
        States, at least 1. The first is the point of the cycle with the largest ``z[0]``.
    seed : int
        Of the noise.
    noise : float
        Standard deviation of the observation noise, as a part of that of each variable.

    Returns
    -------
    TimeSeries
        ``z[0]``, ``z[1]``, not standardised: the network's own units.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind or out of range.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, NeurIPS 2023, Fig. 3.
    """
    length = whole_number("length", length, 1)
    cycle = sixteen_cycle().orbit([0.0, 0.0], SETTLING)[-16:]
    first = int(np.argmax(cycle[:, 0]))
    states = np.roll(cycle, -first, axis=0)[np.arange(length) % 16]
    names = ("z[0]", "z[1]")
    return TimeSeries.of(states, names=names, label="toy 16-cycle").noisy(noise, seed)
