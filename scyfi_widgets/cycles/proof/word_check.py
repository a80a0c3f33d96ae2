"""What rigorous rounding bounds show about whole words, many at a time.

What is not shown here is decided exactly (`exact`): nothing is lost but time.
"""

from __future__ import annotations

import numpy as np

from ...models.relu_form import ReluForm
from .row_check import TINY, gamma, row_radii


def virtual_radii(form: ReluForm, words: np.ndarray, segment: int = 1) -> np.ndarray:
    """Return the R within which words (n, k, H) are shown to have no cycle; 0 where they may.

    The row that shows it has a coefficient on the most violated sign condition alone. With a
    `segment` of several steps it is found faster, and a little less accurately.
    """
    n, k, H = words.shape
    A, W1, W2, _, h2 = form
    jacobians, shifts = _affine_maps(form, words)
    with np.errstate(all="ignore"):
        points = _cyclic_solutions(jacobians, shifts, segment)
        y = points @ W2.T + h2
        violation = np.where(words, -y, y) / (np.abs(points) @ np.abs(W2).T + np.abs(h2) + TINY)
        pushed = np.zeros((n, k * H))
        pushed[np.arange(n), np.argmax(violation.reshape(n, -1), axis=1)] = 1.0
        pushed = pushed.reshape(n, k, H)
        right = np.where(words, pushed, -pushed) @ W2
        # lam_{t-1} = J_t^T lam_t + right_t: the same system, backwards in time.
        lam = _cyclic_solutions(jacobians[:, ::-1].swapaxes(2, 3), right[:, ::-1], segment)[:, ::-1]
        mu = np.where(words, lam @ W1 + pushed, -pushed)
        none, zero = np.zeros((n, k)), np.zeros(k)
        return row_radii(form, np.zeros(len(A)), zero, words, lam, mu, none)


def is_unique(form: ReluForm, words: np.ndarray) -> np.ndarray:
    """Return where the linear system of words (n, k, H) is shown to have one solution."""
    return _inverses_and_defects(form, words)[1] < 0.99


def distances(form: ReluForm, words: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return how far points (n, k, M) are at most from the only solution of words (n, k, H).

    With an approximate inverse X of the block-cyclic system S of all points, alpha =
    |I - X S| < 1 in the row-sum norm shows that there is one solution, and the distance is at most
    |X r| / (1 - alpha) in the maximum norm for the residual r (Rump, *Verification methods*, Acta
    Numerica 2010, section 10).

    Returns
    -------
    (n,) array
        Infinity where one solution is not shown.
    """
    n, k, M = points.shape
    A, W1, W2, h1, h2 = form
    inverse, alpha = _inverses_and_defects(form, words)
    with np.errstate(all="ignore"):
        fed = words * (points @ W2.T + h2)
        following = np.roll(points, -1, axis=1)
        residual = np.abs(following - (points @ A.T + fed @ W1.T + h1))
        terms = np.abs(points) @ np.abs(A).T + np.abs(h1) + np.abs(following) + TINY
        terms += (words * (np.abs(points) @ np.abs(W2).T + np.abs(h2))) @ np.abs(W1).T
        residual += gamma(2 * M + form.H + 20) * terms
        moved = (np.abs(inverse) @ residual.reshape(n, -1, 1)).max(axis=(1, 2))
        bound = (1.0 + gamma(k * M + 20)) * moved / (1.0 - alpha) * (1.0 + 1e-12)
        return np.where(alpha < 0.99, np.nan_to_num(bound, nan=np.inf), np.inf)


def _inverses_and_defects(form: ReluForm, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return X (n, k M, k M) and an upper bound (n,) of |I - X S| in the row-sum norm."""
    A, W1, W2, _, _ = form
    size = words.shape[1] * form.M
    jacobians, _ = _affine_maps(form, words)
    systems = _block_cyclic(jacobians)
    terms = np.abs(A) + (np.abs(W1) * words[:, :, None, :]) @ np.abs(W2) + np.eye(form.M)
    with np.errstate(all="ignore"):
        inverse = inverses(systems)
        gap = np.abs(np.eye(size) - inverse @ systems)
        unsure = gamma(size + 20) * np.abs(systems)  # of the product, then of the system itself
        unsure += gamma(form.H + 20) * _block_diagonal(terms)
        gap += np.abs(inverse) @ (unsure + TINY)
        return inverse, (1.0 + 2.0 * gamma(size + 20)) * gap.sum(axis=2).max(axis=1)


def inside(form: ReluForm, words: np.ndarray, points: np.ndarray, distance: np.ndarray):
    """Return where whatever is at most `distance` from the points has exactly the word's signs."""
    _, _, W2, _, h2 = form
    with np.errstate(all="ignore"):
        y = points @ W2.T + h2
        size = np.abs(points) @ np.abs(W2).T + np.abs(h2) + TINY
        unsure = gamma(form.M + 20) * size
        unsure = unsure + 1.000001 * distance[:, None, None] * np.abs(W2).sum(axis=1)
        return np.where(words, y > unsure, y < -unsure).all(axis=(1, 2))


def _cyclic_solutions(maps: np.ndarray, shifts: np.ndarray, segment: int) -> np.ndarray:
    """Return x (n, k, M) with x_{t+1} = maps_t x_t + shifts_t around the cycle.

    Each `segment` of steps is multiplied out, as long as the last one may be shorter.
    """
    n, k, M = shifts.shape
    starts = np.arange(0, k, segment)
    product = np.broadcast_to(np.eye(M), (n, len(starts), M, M))
    shift = np.zeros((n, len(starts), M))
    for step in range(segment):
        here = np.flatnonzero(starts + step < k)
        at = starts[here] + step
        shift[:, here] = (maps[:, at] @ shift[:, here, :, None])[..., 0] + shifts[:, at]
        product = np.concatenate([maps[:, at] @ product[:, here], product[:, len(here) :]], axis=1)
    x = np.empty((n, k, M))
    x[:, starts] = solutions(_block_cyclic(product), shift.reshape(n, -1, 1)).reshape(n, -1, M)
    for t in range(k - 1):
        if (t + 1) % segment:
            x[:, t + 1] = (maps[:, t] @ x[:, t, :, None])[..., 0] + shifts[:, t]
    return x


def solutions(systems: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the solutions (n, m, c) of n linear systems, NaN for those that are singular."""
    return _each(np.linalg.solve, systems, right)


def inverses(systems: np.ndarray) -> np.ndarray:
    """Return the inverses (n, m, m) of n matrices, NaN for those that are singular."""
    return _each(lambda S, _: np.linalg.inv(S), systems, systems)


def _each(function, systems, right):
    if not np.isfinite(systems).all():
        finite = np.isfinite(systems).all(axis=(1, 2))
        result = np.full_like(right, np.nan)
        if finite.any():
            result[finite] = _each(function, systems[finite], right[finite])
        return result
    try:
        return function(systems, right)
    except np.linalg.LinAlgError:
        if len(systems) == 1:
            return np.full_like(right, np.nan)
        half = len(systems) // 2
        parts = slice(None, half), slice(half, None)
        return np.concatenate([_each(function, systems[part], right[part]) for part in parts])


def _affine_maps(form: ReluForm, words: np.ndarray):
    A, W1, W2, h1, h2 = form
    return A + (W1 * words[:, :, None, :]) @ W2, h1 + (words * h2) @ W1.T


def _block_cyclic(jacobians: np.ndarray) -> np.ndarray:
    """Return the matrices (n, k M, k M) of z_{t+1} - J_t z_t around the cycle."""
    n, k, M, _ = jacobians.shape
    systems = -_block_diagonal(jacobians).reshape(n, k, M, k, M)
    here = np.arange(k)
    systems[:, here, :, (here + 1) % k, :] += np.eye(M)
    return systems.reshape(n, k * M, k * M)


def _block_diagonal(blocks: np.ndarray) -> np.ndarray:
    n, k, M, _ = blocks.shape
    systems = np.zeros((n, k, M, k, M))
    here = np.arange(k)
    systems[:, here, :, here, :] = blocks.transpose(1, 0, 2, 3)
    return systems.reshape(n, k * M, k * M)
