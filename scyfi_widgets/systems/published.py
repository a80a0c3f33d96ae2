"""Networks and curves of the paper on loss jumps, to compare with what is computed here.

Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*, NeurIPS
2023. Networks are those of the public test suite of SCYFI and of the paper's Figure S9; curves were
read off the published figures, so their last digits are those of a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from ..models import PLRNN
from .planar import eighty_cycle, sixteen_cycle


@dataclass(frozen=True, eq=False)
class PublishedFlip:
    """Figure S11: a fixed point of a network of five units, over the epochs of a training.

    Attributes
    ----------
    epochs : (51,) int64 array
        170 to 220.
    eigenvalues : (51, 5) array
        All real; the first one passes -1.
    z1 : (51,) array
        The fixed point's first coordinate.
    loss_epochs : (220,) int64 array
        1 to 220.
    loss : (220,) array
    """

    epochs: np.ndarray
    eigenvalues: np.ndarray
    z1: np.ndarray
    loss_epochs: np.ndarray
    loss: np.ndarray


def published_cycles() -> dict[int, PLRNN]:
    """Return the networks of SCYFI's public test suite that have cycles, by the cycles' order.

    Each has two cycles of that order: 10 in ten units, 16, 27, 31, 40 and 80 in two.
    """
    arrays = _arrays()
    W = [[0.0, -0.14375], [0.52505308, 0.0]]
    h = [0.37298253, -0.97931491]
    A = [0.9777689, 0.96461297]
    return {
        10: PLRNN(arrays["ten_A"], arrays["ten_W"], arrays["ten_h"]),
        16: sixteen_cycle(),
        27: PLRNN(A, W, h),
        31: PLRNN(A, [W[0], [1.1750530800000014, 0.0]], h),
        40: PLRNN(A, sixteen_cycle()["W"], sixteen_cycle()["h"]),
        80: eighty_cycle(),
    }


def published_random_networks() -> tuple[PLRNN, ...]:
    """Return the ten random networks of ten units of Figure S9."""
    arrays = _arrays()
    weights = (arrays["random_A"], arrays["random_W"], arrays["random_h"])
    return tuple(PLRNN(*network) for network in zip(*weights, strict=True))


def published_paths() -> tuple[np.ndarray, np.ndarray]:
    """Return the two training paths of Figure 3.

    Each is a (160, 2) array: the distances of a1 and a2 from those of `sixteen_cycle`, at every
    tenth epoch.
    """
    arrays = _arrays()
    return arrays["path_1"], arrays["path_2"]


def published_flip() -> PublishedFlip:
    """Return the eigenvalues and the loss of Figure S11, whose network was not published."""
    arrays = _arrays()
    return PublishedFlip(
        epochs=arrays["flip_epochs"],
        eigenvalues=arrays["flip_eigenvalues"],
        z1=arrays["flip_z1"],
        loss_epochs=arrays["loss_epochs"],
        loss=arrays["loss"],
    )


def _arrays() -> dict[str, np.ndarray]:
    with files(__package__).joinpath("published.npz").open("rb") as file:
        return dict(np.load(file, allow_pickle=False))
