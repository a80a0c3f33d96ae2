"""Networks that learned a system from data."""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from ..models import AlmostLinearRNN


def lorenz_network() -> AlmostLinearRNN:
    """Return an almost-linear network that was trained on the Lorenz-63 system.

    Its first three units are the standardised Lorenz coordinates. How it was trained and how good
    it is stands in ``docs/lorenz_network.md``.
    """
    with files(__package__).joinpath("lorenz_almost_linear.npz").open("rb") as file:
        arrays = np.load(file, allow_pickle=False)
        return AlmostLinearRNN(arrays["A"], arrays["W"], arrays["h"], int(arrays["n_relu"]))
