"""From a word to its cycle: points, eigenvalues, residual and margin."""

from __future__ import annotations

import numpy as np

from ..models.relu_form import ReluForm
from .cycle import Cycle
from .words import least_rotation

TRUSTED_GROWTH = 1e5  # largest entry of the product up to which its solve keeps enough digits


def cycles_of_words(form: ReluForm, words: np.ndarray) -> list[Cycle]:
    """Solve for the cycles of real words of one order.

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
    product, shift, growth = _products(jacobians, shifts)
    points = _iterated_points(product, shift, jacobians, shifts)
    for n in np.flatnonzero(~(growth < TRUSTED_GROWTH)):
        points[n] = block_cyclic_points(jacobians[n], shifts[n])
    residuals, margins = _quality(form, points)
    return [
        Cycle(*parts, float(residual), float(margin))
        for *parts, residual, margin in zip(
            points, words, _sorted_eigenvalues(product), residuals, margins, strict=True
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
    """
    k, M = shifts.shape
    system = np.zeros((k, M, k, M))
    here = np.arange(k)
    system[here, :, here, :] -= jacobians
    system[here, :, (here + 1) % k, :] += np.eye(M)
    return np.linalg.solve(system.reshape(k * M, k * M), shifts.ravel()).reshape(k, M)


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
    points[:, 0] = np.linalg.solve(np.eye(M) - product, shift[..., None])[..., 0]
    for i in range(k - 1):
        points[:, i + 1] = (jacobians[:, i] @ points[:, i, :, None])[..., 0] + shifts[:, i]
    return points


def _quality(form: ReluForm, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    A, W1, W2, h1, h2 = form
    y = points @ W2.T + h2
    images = points @ A.T + np.maximum(y, 0.0) @ W1.T + h1
    residuals = np.abs(images - np.roll(points, -1, axis=1)).max(axis=(1, 2))
    return residuals, np.abs(y).min(axis=(1, 2))


def _sorted_eigenvalues(products: np.ndarray) -> np.ndarray:
    values = np.linalg.eigvals(products).astype(np.complex128)
    # Rounded keys keep the order the same on every machine: a conjugate pair ties in modulus.
    order = np.lexsort((-values.imag, -values.real, -np.abs(values).round(12)), axis=-1)
    return np.take_along_axis(values, order, axis=-1)
