"""How well a generated series reconstructs a true one: its geometry, and its rhythms."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..models.validation import interval, real_array, whole_number

KERNEL_REACH = 4.0  # standard deviations after which the smoothing kernel is cut off
STILL = 1e-12  # of a variable's size: what varies by less stands still
BLOCK = 1 << 21  # distances held at once


def state_space_divergence(
    true: ArrayLike,
    generated: ArrayLike,
    bins: int = 30,
    *,
    bounds: tuple[float, float] | None = None,
    smoothing: float = 1e-5,
) -> float:
    """Return D_stsp, how differently two series occupy the state space, in nats.

    The box that the true series spans is cut into bins^N cells; p and q are the parts of the true
    and the generated states in each, and D_stsp = sum of p log(p / q) over all cells (Kullback and
    Leibler). The convention is that of Hess et al.:

    - The box reaches from the true series' minimum to its maximum in every variable (or as
      `bounds` says), both included. Generated states outside it are left out, and q refers to the
      rest.
    - `smoothing` α is added to every cell's count (Laplace), so that q is nowhere 0:
      p = (count + α) / (states inside + α bins^N), and q likewise.

    0 means equal; a good reconstruction of a chaotic attractor is well below 1; without a cell in
    common it is some 10 to 20. The value grows with `bins` and falls with longer series: compare
    only values of equal settings. For more than about 5 variables the cells are too many to be
    filled: see `state_space_divergence_mixture`.

    Parameters
    ----------
    true, generated : (T, N) and (T', N) arrays, or TimeSeries
        In the same units; (T,) for one variable.
    bins : int
        Cells per variable, at least 2.
    bounds : (low, high), optional
        The box in every variable instead of the true series' range: (-2, 2) for standardised data
        is the convention of Brenner et al. True states outside are left out as well.
    smoothing : float
        α, positive.

    Returns
    -------
    float
        Infinity if no generated state lies within the box.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind, holds NaN or infinity (a series that diverged), the
        numbers of variables differ, a variable of the true series does not vary, no true state lies
        within `bounds`, or the cells are so many that the smoothing would outweigh the states.

    References
    ----------
    Koppe, Toutounji, Kirsch, Lis, Durstewitz, *Identifying nonlinear dynamical systems via
    generative recurrent neural networks with applications to fMRI*, PLoS Comput. Biol. 15 (2019);
    Brenner et al., *Tractable dendritic RNNs for reconstructing nonlinear dynamical systems*, ICML
    2022; Hess, Monfared, Brenner, Durstewitz, *Generalized teacher forcing for learning chaotic
    dynamics*, ICML 2023.
    """
    true, generated = _pair(true, generated)
    bins = whole_number("bins", bins, 2)
    smoothing = _positive("smoothing", smoothing)
    N = true.shape[1]
    if bounds is None:
        low, high = true.min(axis=0), true.max(axis=0)
        if not (low < high).all():
            constant = int(np.argmin(low < high))
            raise ValueError(f"true must vary in every variable, but column {constant} is constant")
    else:
        low, high = (np.full(N, end) for end in interval("bounds", bounds))
    cells_true = _cells(true, low, high, bins)
    cells_generated = _cells(generated, low, high, bins)
    if not len(cells_true):
        raise ValueError(f"bounds must hold states of the true series, got {bounds!r}")
    all_cells = float(bins) ** N
    if smoothing * all_cells > len(cells_true):
        raise ValueError(
            f"smoothing must not outweigh the states: {all_cells:.3g} cells of {smoothing:g} each "
            f"against {len(cells_true)} states of true; take fewer bins, a smaller smoothing, or "
            "state_space_divergence_mixture"
        )
    if not len(cells_generated):
        return np.inf
    occupied, index = np.unique(
        np.concatenate([cells_true, cells_generated]), axis=0, return_inverse=True
    )
    index = index.reshape(-1)
    counts = [
        np.bincount(part, minlength=len(occupied))
        for part in (index[: len(cells_true)], index[len(cells_true) :])
    ]
    totals = [count.sum() + smoothing * all_cells for count in counts]
    p, q = ((count + smoothing) / total for count, total in zip(counts, totals, strict=True))
    # The cells that neither series visits all have the same p and the same q.
    empty = (all_cells - len(occupied)) * smoothing / totals[0] * np.log(totals[1] / totals[0])
    return max(0.0, float(np.sum(p * np.log(p / q)) + empty))


def state_space_divergence_mixture(
    true: ArrayLike,
    generated: ArrayLike,
    *,
    width: float = 1.0,
    samples: int = 1_000,
    seed: int = 0,
) -> float:
    """Return D_stsp between mixtures of Gaussians, for series of many variables, in nats.

    Both densities are mixtures with one Gaussian of standard deviation `width` in every variable
    around each state; the Kullback-Leibler divergence is the mean of log(p_true / p_generated)
    over samples of p_true (Monte Carlo), as in Brenner et al. and Hess et al. With the same seed
    the same samples are drawn. The work is samples · (T + T') · N.

    Parameters
    ----------
    true, generated : (T, N) and (T', N) arrays, or TimeSeries
        Standardised, or `width` chosen to fit.
    width : float
        Positive, in the units of the series.
    samples : int
        At least 1; the error of the mean shrinks with the square root.
    seed : int

    Returns
    -------
    float
        May come out slightly negative where the densities are nearly equal.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind, holds NaN or infinity, or the numbers of variables
        differ.

    References
    ----------
    Hershey, Olsen, *Approximating the Kullback Leibler divergence between Gaussian mixture models*,
    ICASSP 2007; the rest as in `state_space_divergence`.
    """
    true, generated = _pair(true, generated)
    width = _positive("width", width)
    samples = whole_number("samples", samples, 1)
    rng = np.random.default_rng(whole_number("seed", seed, 0))
    centre = true.mean(axis=0)  # distances by the binomial formula lose digits far from 0
    true, generated = (true - centre) / width, (generated - centre) / width
    drawn = true[rng.integers(len(true), size=samples)]
    drawn = drawn + rng.standard_normal(drawn.shape)
    return float(np.mean(_log_density(drawn, true) - _log_density(drawn, generated)))


def power_spectrum_distance(
    true: ArrayLike, generated: ArrayLike, *, smoothing: float = 20.0
) -> float:
    """Return D_H, how differently two series spread their power over the frequencies, in [0, 1].

    Every variable of both series is standardised; its power spectrum, the squared moduli of the
    discrete Fourier transform at the frequencies 0 … 1/2, is smoothed by a Gaussian and divided by
    its sum; the Hellinger distance of two such spectra is H = sqrt(1 - sum of sqrt(p q)), and D_H
    is the mean of H over the variables. The convention is that of Hess et al.: the whole frequency
    range, one transform of the whole series without a window.

    Parameters
    ----------
    true, generated : (T, N) arrays, or TimeSeries
        Sampled with the same time step. Of the longer one the end is left out, since only series
        of equal length have the same frequencies.
    smoothing : float
        Standard deviation of the Gaussian, counted in frequencies, 1/T apart; reflected at both
        ends of the range and cut off at four standard deviations. 0 for none.

    Returns
    -------
    float
        0: equal spectra; 1: no frequency in common. A variable that stands still has no power: its
        distance to one that moves is 1, and to another that stands still 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of its kind, holds NaN or infinity (a series that diverged), the
        numbers of variables differ, or the series are too short for the smoothing: shorter than
        8 · `smoothing`, or than 4.

    References
    ----------
    Mikhaeil, Monfared, Durstewitz, *On the difficulty of learning chaotic dynamics with RNNs*,
    NeurIPS 2022; Hess, Monfared, Brenner, Durstewitz, *Generalized teacher forcing for learning
    chaotic dynamics*, ICML 2023.
    """
    true, generated = _pair(true, generated)
    smoothing = float(real_array("smoothing", smoothing, 0))
    if smoothing < 0.0:
        raise ValueError(f"smoothing must be at least 0, got {smoothing:g}")
    T = min(len(true), len(generated))
    needed = max(4, int(np.ceil(2.0 * KERNEL_REACH * smoothing)))
    if needed > T:
        raise ValueError(
            f"the shorter series must have at least {needed} states for a smoothing of "
            f"{smoothing:g}, got {T}: lower the smoothing, or generate more"
        )
    p, q = _spectra(true[:T], smoothing), _spectra(generated[:T], smoothing)
    squared = 0.5 * np.sum((np.sqrt(p) - np.sqrt(q)) ** 2, axis=0)
    squared[p.any(axis=0) != q.any(axis=0)] = 1.0
    return float(np.mean(np.sqrt(squared)))


def _pair(true: ArrayLike, generated: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return both series as (T, N) and (T', N) arrays."""
    true, generated = (
        array.reshape(len(array), -1)
        for array in (real_array("true", true, (1, 2)), real_array("generated", generated, (1, 2)))
    )
    if true.shape[1] != generated.shape[1]:
        raise ValueError(
            f"generated must have the {true.shape[1]} variables of true, got {generated.shape[1]}"
        )
    return true, generated


def _positive(name: str, value: float) -> float:
    value = float(real_array(name, value, 0))
    if value <= 0.0:
        raise ValueError(f"{name} must be positive, got {value:g}")
    return value


def _cells(states: np.ndarray, low: np.ndarray, high: np.ndarray, bins: int) -> np.ndarray:
    """Return the cell (N indices) of every state within the box."""
    inside = ((states >= low) & (states <= high)).all(axis=1)
    part = (states[inside] - low) / (high - low)
    return np.minimum((part * bins).astype(np.int64), bins - 1)


def _log_density(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return log of the mean of exp(-|point - centre|² / 2) over all centres, for every point."""
    squares = np.einsum("ij,ij->i", centres, centres)
    block = max(1, BLOCK // len(centres))
    logs = np.empty(len(points))
    for start in range(0, len(points), block):
        some = points[start : start + block]
        exponents = some @ centres.T - 0.5 * squares
        top = exponents.max(axis=1)
        sums = np.exp(exponents - top[:, None]).sum(axis=1)
        logs[start : start + block] = (
            top + np.log(sums) - 0.5 * np.einsum("ij,ij->i", some, some) - np.log(len(centres))
        )
    return logs


def _spectra(series: np.ndarray, smoothing: float) -> np.ndarray:
    """Return the smoothed spectra (frequencies, N), each of sum 1, or 0 where it stands still."""
    size = np.abs(series).max(axis=0)
    scaled = series / np.where(size > 0.0, size, 1.0)
    centred = scaled - scaled.mean(axis=0)
    power = np.abs(np.fft.rfft(centred, axis=0)) ** 2
    power[:, centred.std(axis=0) <= STILL] = 0.0
    if smoothing > 0.0:
        power = _smoothed(power, smoothing)
    total = power.sum(axis=0)
    return power / np.where(total > 0.0, total, 1.0)


def _smoothed(power: np.ndarray, width: float) -> np.ndarray:
    """Return each column convolved with a Gaussian, reflected at both ends."""
    reach = max(1, int(KERNEL_REACH * width + 0.5))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(power, ((reach, reach), (0, 0)), mode="symmetric")
    return np.stack(
        [np.convolve(column, kernel, mode="valid") for column in padded.T],
        axis=1,
    )
