"""From a word to its cycle: points, eigenvalues, residual and margin."""

from __future__ import annotations

import numpy as np

from ..models.relu_form import ReluForm
from .cycle import Cycle
from .words import least_rotation

TRUSTED_GROWTH = 1e5  # largest entry of the product up to which its solve keeps enough digits
LARGEST_GROWTH = 1e300  # of a product whose eigenvalues can still be computed
ROUNDING = 1e-9  # largest residual of a cycle, relative to the terms that a step adds up


def cycles_of_words(form: ReluForm, words: np.ndarray) -> list[Cycle]:
    """Solve for the cycles of words of one order, and keep those that are real.

    A search by the explicit product takes some virtual words of violent growth for real ones; the
    points that are solved for here show it: the network does not map them onto one another. Words
    without a unique solution, continua of cycles, are left out as well.

    Parameters
    ----------
    form : ReluForm
    words : (n, k, H) array of bits

    Returns
    -------
    list of Cycle
        Words in canonical rotation, points in the same rotation.
    """
    words = np.asarray(words, dtype=np.bool_)
    if len(words) == 0:
        return []
    words = np.stack([np.roll(word, -least_rotation(word), axis=0) for word in words])
    jacobians = form.A + (form.W1 * words[:, :, None, :]) @ form.W2
    shifts = form.h1 + (words * form.h2) @ form.W1.T
    with np.errstate(all="ignore"):  # what overflows is left out below
        product, shift, growth = _products(jacobians, shifts)
        points = _iterated_points(product, shift, jacobians, shifts)
        for n in np.flatnonzero(~(growth < TRUSTED_GROWTH)):
            points[n] = block_cyclic_points(jacobians[n], shifts[n])
        residuals, margins, scales = _quality(form, points)
        real = (growth < LARGEST_GROWTH) & (residuals <= ROUNDING * scales)
    return [
        Cycle(*parts, float(residual), float(margin))
        for *parts, residual, margin in zip(
            points[real],
            words[real],
            _sorted_eigenvalues(product[real]),
            residuals[real],
            margins[real],
            strict=True,
        )
    ]


def block_cyclic_points(jacobians: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Solve z_{i+1} = J_i z_i + c_i around the cycle for all points at once.

    Going once around by the explicit product loses as many digits as the cycle's multiplier has;
    the coupled system of all points loses none of them.

    Parameters
    ----------
    jacobians : (k, M, M)
    shifts : (k, M)

    Returns
    -------
    (k, M) array
        NaN where there is no unique solution.
    """
    k, M = shifts.shape
    system = np.zeros((k, M, k, M))
    here = np.arange(k)
    system[here, :, here, :] -= jacobians
    system[here, :, (here + 1) % k, :] += np.eye(M)
    return _solve(system.reshape(1, k * M, k * M), shifts.reshape(1, k * M)).reshape(k, M)


def _solve(systems: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the solutions (n, m) of n linear systems, NaN for those that are singular."""
    try:
        return np.linalg.solve(systems, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        if len(systems) == 1:
            return np.full_like(right, np.nan)
        return np.concatenate(
            [_solve(systems[n : n + 1], right[n : n + 1]) for n in range(len(systems))]
        )


def _products(jacobians, shifts):
    """Return P, c of z -> P z + c once around, and the largest entry met on the way, a word."""
    product, shift = jacobians[:, 0], shifts[:, 0]
    growth = np.abs(product).max(axis=(1, 2))
    for i in range(1, jacobians.shape[1]):
        shift = (jacobians[:, i] @ shift[..., None])[..., 0] + shifts[:, i]
        product = jacobians[:, i] @ product
        growth = np.maximum(growth, np.abs(product).max(axis=(1, 2)))
    return product, shift, growth


def _iterated_points(product, shift, jacobians, shifts):
    n, k, M = shifts.shape
    points = np.empty((n, k, M))
    points[:, 0] = _solve(np.eye(M) - product, shift)
    for i in range(k - 1):
        points[:, i + 1] = (jacobians[:, i] @ points[:, i, :, None])[..., 0] + shifts[:, i]
    return points


def _quality(form: ReluForm, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the residual, the margin, and the largest sum of terms' moduli in a step, a word."""
    A, W1, W2, h1, h2 = form
    y = points @ W2.T + h2
    rectified = np.maximum(y, 0.0)
    images = points @ A.T + rectified @ W1.T + h1
    residuals = np.abs(images - np.roll(points, -1, axis=1)).max(axis=(1, 2))
    # A unit counts with the terms of its own sum: they may cancel.
    fed = (y > 0.0) * (np.abs(points) @ np.abs(W2).T + np.abs(h2))
    terms = np.abs(points) @ np.abs(A).T + fed @ np.abs(W1).T + np.abs(h1)
    return residuals, np.abs(y).min(axis=(1, 2)), terms.max(axis=(1, 2))


def _sorted_eigenvalues(products: np.ndarray) -> np.ndarray:
    values = np.linalg.eigvals(products).astype(np.complex128)
    # Rounded keys keep the order the same on every machine: a conjugate pair ties in modulus.
    mantissas, exponents = np.frexp(np.abs(values))
    moduli = np.ldexp(mantissas.round(12), exponents)
    order = np.lexsort((-values.imag, -values.real, -moduli), axis=-1)
    return np.take_along_axis(values, order, axis=-1)
