"""Where a continuum of cycles lies: the ends of its lines within its regions."""

from __future__ import annotations

import numpy as np

from ..cycles import Continuum
from ..models.relu_form import ReluForm

ENDLESS = 1e5  # where a line without an end is cut, in units of the continuum's own size


def segments(form: ReluForm, continuum: Continuum) -> np.ndarray:
    """Return pieces of straight lines, (n, 2, M), on which the cycles of a continuum lie.

    There is one for every point of its cycle and every direction; a plane is drawn as a cross.
    """
    pieces = []
    for direction in continuum.directions.T:
        steps = _carried(form, continuum.word, direction)
        low, high = _extent(form, continuum, steps)
        if low < high:
            ends = np.array([low, high])
            pieces += [z + ends[:, None] * d for z, d in zip(continuum.points, steps, strict=True)]
    return np.array(pieces).reshape(-1, 2, form.M)


def on_continuum(states: np.ndarray, continuum: Continuum) -> bool:
    """Return whether an orbit's last states (n, M) run round one of the continuum's cycles."""
    k = continuum.order
    if len(states) <= k:
        return False
    close = 1e-6 * max(float(np.abs(states).max()), 1e-12)
    if np.abs(states[-1] - states[-1 - k]).max() > close:
        return False
    away = states[-k:] - continuum.points[0]
    along, *_ = np.linalg.lstsq(continuum.directions, away.T, rcond=None)
    return bool(np.abs(away - (continuum.directions @ along).T).max(axis=1).min() < close)


def _carried(form: ReluForm, word: np.ndarray, direction: np.ndarray) -> list[np.ndarray]:
    """Return what a step along a direction from the first point is at every point."""
    steps = [direction]
    for bits in word[:-1]:
        steps.append(form.A @ steps[-1] + form.W1 @ (bits * (form.W2 @ steps[-1])))
    return steps


def _extent(form: ReluForm, continuum: Continuum, steps: list[np.ndarray]) -> tuple[float, float]:
    """Return how far one may go along a direction before a point leaves its region."""
    size = ENDLESS * max(float(np.abs(continuum.points).max()), float(np.abs(form.h1).max()), 1.0)
    low, high = -size, size
    for z, bits, step in zip(continuum.points, continuum.word, steps, strict=True):
        sign = np.where(bits, 1.0, -1.0)
        distance = np.maximum(sign * (form.W2 @ z + form.h2), 0.0)
        rate = sign * (form.W2 @ step)
        turning = np.abs(rate) > 1e-12 * np.abs(form.W2).sum(axis=1) * np.abs(step).max()
        limits = -distance[turning] / rate[turning]
        low = max(low, limits[rate[turning] > 0].max(initial=-np.inf))
        high = min(high, limits[rate[turning] < 0].min(initial=np.inf))
    return low, high
