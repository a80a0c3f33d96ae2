"""Networks to begin a training with: the random weights that their authors begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..models import (
    ARCHITECTURES,
    PLRNN,
    AlmostLinearRNN,
    ClippedShallowPLRNN,
    DendriticPLRNN,
    Model,
    ShallowPLRNN,
)
from ..models.validation import whole_number
from .series import TimeSeries

if TYPE_CHECKING:
    import pandas as pd

WEAK = 0.01  # standard deviation of an almost-linear network's W
SIZES = {  # what an architecture's size is called, beside M
    PLRNN: None,
    ShallowPLRNN: "hidden",
    ClippedShallowPLRNN: "hidden",
    DendriticPLRNN: "bases",
    AlmostLinearRNN: "n_relu",
}


def random_model(
    architecture: type[Model],
    M: int,
    *,
    hidden: int | None = None,
    bases: int | None = None,
    n_relu: int | None = None,
    data: TimeSeries | ArrayLike | pd.DataFrame | None = None,
    seed: int = 0,
) -> Model:
    """Return a network with random weights to begin a training with.

    With K = (R^T R / M + I) / (its largest eigenvalue), R (M, M) of standard normal numbers
    (Talathi and Vartak), and U(r) evenly distributed in [-r, r]:

    - all: A is K's diagonal, between 0 and 1; h and h1 are 0;
    - `PLRNN` and `DendriticPLRNN`: W is the rest of K; alpha ~ U(1 / sqrt(B)), and theta evenly
      between the smallest and the largest value of `data`, or standard normal without data;
    - `ShallowPLRNN` and `ClippedShallowPLRNN`: W1 ~ U(1 / sqrt(H)), W2 ~ U(1 / sqrt(M)); h2 is 0,
      or ~ U(1 / sqrt(H)) if clipped, where h2 = 0 would leave the units without effect;
    - `AlmostLinearRNN`: W normal with standard deviation 0.01.

    They suit standardised data.

    Parameters
    ----------
    architecture : type
        `PLRNN`, `ShallowPLRNN`, `ClippedShallowPLRNN`, `DendriticPLRNN` or `AlmostLinearRNN`.
    M : int
        Latent units.
    hidden : int
        Hidden units H of a shallow network, clipped or not.
    bases : int
        Bases B of a dendritic network.
    n_relu : int
        Rectified units P of an almost-linear network.
    data : TimeSeries, array or DataFrame, optional
        What a dendritic network will be trained on.
    seed : int

    Returns
    -------
    Model
        Of the architecture asked for.

    Raises
    ------
    TypeError
        If an argument is not of its kind, or is not one of this architecture's, or its size is
        missing.
    ValueError
        If a number is out of range.

    References
    ----------
    Talathi, Vartak, *Improving performance of recurrent neural network with relu nonlinearity*,
    arXiv:1511.03771, 2016; used for these networks by Brenner et al., *Tractable dendritic RNNs for
    reconstructing nonlinear dynamical systems*, ICML 2022, Hess et al., *Generalized teacher
    forcing for learning chaotic dynamics*, ICML 2023, and Brenner et al., *Almost-linear RNNs yield
    highly interpretable symbolic codes in dynamical systems reconstruction*, NeurIPS 2024, and in
    the code that belongs to these papers.
    """
    if architecture not in ARCHITECTURES:
        known = ", ".join(kind.__name__ for kind in ARCHITECTURES)
        raise TypeError(f"architecture must be one of the classes {known}, got {architecture!r}")
    M = whole_number("M", M, 1)
    size = _size(architecture, M, {"hidden": hidden, "bases": bases, "n_relu": n_relu})
    if data is not None and architecture is not DendriticPLRNN:
        raise TypeError(f"data are for a DendriticPLRNN only, not for {architecture.__name__}")
    rng = np.random.default_rng(whole_number("seed", seed, 0))
    K = positive_matrix(M, rng)
    A, W, h = np.diag(K).copy(), K - np.diag(np.diag(K)), np.zeros(M)
    if architecture is PLRNN:
        return PLRNN(A, W, h)
    if architecture is AlmostLinearRNN:
        return AlmostLinearRNN(A, WEAK * rng.standard_normal((M, M)), h, size)
    if architecture is DendriticPLRNN:
        return DendriticPLRNN(A, W, h, _even(rng, size), _thresholds(rng, (M, size), data))
    W1, W2 = _even(rng, M, size), _even(rng, size, M)
    h2 = _even(rng, size) if architecture is ClippedShallowPLRNN else np.zeros(size)
    return architecture(A, W1, W2, h, h2)


def positive_matrix(M: int, rng: np.random.Generator) -> np.ndarray:
    """Return a random symmetric matrix (M, M) with eigenvalues in (0, 1], the largest 1."""
    R = rng.standard_normal((M, M))
    K = R.T @ R / M + np.eye(M)
    return K / np.linalg.eigvalsh(K)[-1]


def _size(architecture: type[Model], M: int, given: dict[str, int | None]) -> int:
    """Return the one size beside M that the architecture has; 0 if it has none."""
    own = SIZES[architecture]
    for name, value in given.items():
        if value is not None and name != own:
            wanted = f"takes {own}" if own else "has no size but M"
            raise TypeError(f"{architecture.__name__} {wanted}, got {name}={value!r}")
    if own is None:
        return 0
    if given[own] is None:
        raise TypeError(f"{architecture.__name__} needs {own}, a whole number")
    return whole_number(own, given[own], 1, M if own == "n_relu" else None)


def _even(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return evenly distributed weights, at most 1 / sqrt(the number of their inputs) in size."""
    limit = 1.0 / np.sqrt(shape[-1])
    return rng.uniform(-limit, limit, shape)


def _thresholds(
    rng: np.random.Generator, shape: tuple[int, int], data: TimeSeries | ArrayLike | None
) -> np.ndarray:
    if data is None:
        return rng.standard_normal(shape)
    values = TimeSeries.of(data).values
    return rng.uniform(values.min(), values.max(), shape)
