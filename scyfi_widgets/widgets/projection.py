"""A plane through the state space: two chosen units, or principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.relu_form import ReluForm

Limits = tuple[float, float]
FAR = 1e6  # coordinates beyond are not drawn


@dataclass(frozen=True)
class Projection:
    """The plane on which states are drawn: u = directions (z - origin).

    Attributes
    ----------
    directions : (2, M) array
    origin : (M,) array
    labels : pair of str
    """

    directions: np.ndarray
    origin: np.ndarray
    labels: tuple[str, str]

    @property
    def M(self) -> int:
        """Number of units of the states that can be drawn."""
        return self.directions.shape[1]

    def borders(self, form: ReluForm, x: Limits, y: Limits) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the borders between regions that are lines in this plane, within a window."""
        return switching_segments(form, self, x, y)

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return the plane's coordinates of states (..., M) as (..., 2)."""
        return (z - self.origin) @ self.directions.T

    def lift(self, u: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the state whose image is `u` and that differs from `z` only within the plane."""
        change = np.asarray(u) - self(z)
        return z + np.linalg.pinv(self.directions) @ change


def plane_of(axes: tuple[int | str, int | str], M: int, states: np.ndarray | None) -> Projection:
    """Return the plane of two axes, each a unit's index or ``"PC1"`` or ``"PC2"``.

    Parameters
    ----------
    axes : pair
    M : int
    states : (n, M) array or None
        What the principal components are taken of; without at least two states that are not far
        away they are the first units.
    """
    components = _components(states, M) if any(isinstance(axis, str) for axis in axes) else None
    directions = np.zeros((2, M))
    origin = np.zeros(M)
    labels = []
    for row, axis in enumerate(axes):
        if isinstance(axis, str):
            directions[row] = components[1][int(axis[-1]) - 1]
            origin = components[0]
            labels.append(f"principal component {axis[-1]}")
        else:
            directions[row, axis] = 1.0
            labels.append(f"z[{axis}]")
    if any(isinstance(axis, int) for axis in axes):
        # A unit's own value stays readable on its axis.
        origin = np.where(directions[[isinstance(a, int) for a in axes]].any(axis=0), 0.0, origin)
    return Projection(directions, origin, (labels[0], labels[1]))


def _components(states: np.ndarray | None, M: int) -> tuple[np.ndarray, np.ndarray]:
    # Of an orbit that diverges, the part that is still near says more, and does not overflow.
    finite = np.empty((0, M)) if states is None else states[(np.abs(states) < FAR).all(axis=1)]
    if len(finite) < 2 or M < 2:
        return np.zeros(M), np.eye(max(M, 2))[:2, :M]
    mean = finite.mean(axis=0)
    _, _, rows = np.linalg.svd(finite - mean, full_matrices=False)
    rows = np.vstack([rows, np.eye(M)])[:2]
    # The sign of a component is free: the largest entry is made positive, so that it never flips.
    largest = np.take_along_axis(rows, np.abs(rows).argmax(axis=1)[:, None], axis=1)
    return mean, rows * np.sign(np.where(largest == 0.0, 1.0, largest))


def switching_segments(
    form: ReluForm, plane: Projection, x: Limits, y: Limits
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the pieces of the borders W2 z + h2 = 0 inside a window of the plane.

    A border is a hyperplane; it is a line in the picture only when its normal lies within the
    plane, otherwise it has no place there and is left out. So is the border of a unit that acts on
    nothing: the map is the same on both of its sides.

    Returns
    -------
    list of (xs, ys), two points each
    """
    segments = []
    seen = set()
    basis = plane.directions
    coordinates = form.W2 @ np.linalg.pinv(basis)
    outside = np.abs(form.W2 - coordinates @ basis).max(axis=1)
    offsets = form.W2 @ plane.origin + form.h2
    acts = form.W1.any(axis=0)
    for normal, beyond, weights, offset in zip(
        coordinates[acts], outside[acts], form.W2[acts], offsets[acts], strict=True
    ):
        size = np.linalg.norm(normal)
        if size == 0.0 or beyond > 1e-9 * np.abs(weights).max():
            continue
        a, b, c = (*normal, offset) / size
        key = tuple(np.round((a, b, c) if (a, b) > (0, 0) else (-a, -b, -c), 12) + 0.0)
        clipped = _clip(a, b, c, x, y)
        if key not in seen and clipped is not None:
            segments.append(clipped)
        seen.add(key)
    return segments


def _clip(a: float, b: float, c: float, x: Limits, y: Limits):
    """Return the ends of a u + b v + c = 0 inside the window, or None if it is not met."""
    foot = np.array([-a * c, -b * c])
    along = np.array([-b, a])
    low, high = -np.inf, np.inf
    for position, direction, (lower, upper) in zip(foot, along, (x, y), strict=True):
        if abs(direction) < 1e-300:
            if not lower <= position <= upper:
                return None
            continue
        ends = sorted(((lower - position) / direction, (upper - position) / direction))
        low, high = max(low, ends[0]), min(high, ends[1])
    if not low < high:
        return None
    points = foot + np.array([[low], [high]]) * along
    return points[:, 0], points[:, 1]


def clipped_segment(ends: np.ndarray, x: Limits, y: Limits) -> np.ndarray | None:
    """Return the part (2, 2) of a segment, given by its two ends, in the window, or None."""
    first, last = ends
    low, high = 0.0, 1.0
    for start, step, (lower, upper) in zip(first, last - first, (x, y), strict=True):
        if step == 0.0:
            if not lower <= start <= upper:
                return None
            continue
        enters, leaves = sorted(((lower - start) / step, (upper - start) / step))
        low, high = max(low, enters), min(high, leaves)
    if not low < high:
        return None
    return first + np.array([[low], [high]]) * (last - first)
