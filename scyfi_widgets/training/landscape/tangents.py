"""Losses over a plane of two weights with their derivatives, carried forwards along the orbit.

Two derivatives are fewer than a step has weights, so they go with the state: one pass, no memory of
the path, and every product has the value and both derivatives side by side. The networks are those
of the plane's own polynomial form, of which only the entries that are not zero are visited.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...bifurcations.planes.parameter_plane import ParameterPlane
from ...cancellation import Cancelled
from ...compiled import kernel
from ...dynamics.family import Rows
from ...models.relu_form import ReluForm
from ..loss import LossFunction

CONSTANT, BY_X, BY_Y = range(3)


class Block(NamedTuple):
    """Rows that lead from some numbers and the constant 1, which comes last, to others.

    Each weight is a polynomial c0 + c1 x + c2 y + c3 x y; only those that are not zero are stored.

    Attributes
    ----------
    pointers : (rows + 1,) int64 array
        The weights of row i are those from pointers[i] to pointers[i + 1].
    columns : (entries,) uint64 array
    coefficients : (4, entries) array
    moving : (moved,) int64 array
        The entries that are not the same in the whole plane.
    rows : (moved,) int64 array
        Their rows.
    """

    pointers: np.ndarray
    columns: np.ndarray
    coefficients: np.ndarray
    moving: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, matrices: np.ndarray) -> Block:
        """Return the block of four coefficient matrices (4, rows, columns)."""
        pattern = Rows.of(matrices)
        coefficients = np.ascontiguousarray(matrices[:, pattern.mask])
        moving = np.flatnonzero(coefficients[1:].any(axis=0))
        rows = np.nonzero(pattern.mask)[0][moving]
        return cls(pattern.pointers, pattern.columns, coefficients, moving, rows)


class PlaneTangents:
    """Loss and gradient norm by both weights of a plane.

    Parameters
    ----------
    plane : ParameterPlane
    function : LossFunction
        Of the plane's model: it gives data, forcing and observation.
    z0 : (M,) array or None
        The state at every sequence's start, if it is given.
    """

    def __init__(self, plane: ParameterPlane, function: LossFunction, z0: np.ndarray | None):
        self.inner, self.outer = blocks_of(plane)
        self.targets, self.estimates = function.targets, function.estimates
        M, observation = plane.model.M, function.observation
        self.starts = np.zeros((len(self.targets), M))
        if z0 is None:
            self.starts[:, : self.estimates.shape[2]] = self.estimates[:, 0]
        else:
            self.starts[:] = z0
        self.readout = np.zeros((0, 0)) if observation.B is None else observation.B.copy()
        self.strengths = function.strengths
        self.cancel = function.cancel

    def evaluate(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return losses and gradient norms (P,) where the weights are `x` and `y` (P,).

        They are not finite where an orbit overflows. It runs without the interpreter's lock, in any
        number of threads.

        Raises
        ------
        Cancelled
            If the flag was set.
        """
        losses, norms = np.empty((2, len(x)))
        if not fill_losses(
            self.inner,
            self.outer,
            x,
            y,
            self.readout,
            self.targets,
            self.estimates,
            self.starts,
            self.strengths,
            losses,
            norms,
            self.cancel,
        ):
            raise Cancelled("loss landscape")
        return losses, norms


def blocks_of(plane: ParameterPlane) -> tuple[Block, Block]:
    """Return the rows [W2 h2] and [A W1 h1] of the networks in a plane."""
    H, M = len(plane.units), plane.model.M
    shapes = ReluForm((M, M), (M, H), (H, M), (M,), (H,))
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    parts = np.split(plane.coefficients, ends[:-1], axis=1)
    form = ReluForm(*(part.reshape(4, *shape) for part, shape in zip(parts, shapes, strict=True)))
    inner = np.concatenate([form.W2, form.h2[:, :, None]], axis=2)
    outer = np.concatenate([form.A, form.W1, form.h1[:, :, None]], axis=2)
    return Block.of(inner), Block.of(outer)


@kernel
def fill_losses(
    inner,
    outer,
    x,
    y,
    readout,
    targets,
    estimates,
    starts,
    strengths,
    losses,
    norms,
    cancel,
):
    """Write the loss and its gradient's norm at each point (x, y); False if cancelled.

    Parameters
    ----------
    inner, outer : Block
        From (z, 1) to W2 z + h2; from (z, relu, 1) to the next state.
    x, y : (P,) arrays
    readout : (N, M) array, or (0, 0) for the first N units
    targets : (B, S + 1, N) array
    estimates : (B, S + 1, K) array
    starts : (B, M) array
    strengths : (S + 1,) array
        Strength of forcing before each step, from the second on.
    losses, norms : (P,) arrays, written
    cancel : (1,) int64 array
    """
    B, S, N = targets.shape[0], targets.shape[1] - 1, targets.shape[2]
    M, H = starts.shape[1], inner.pointers.shape[0] - 1
    # Columns: the value, its derivatives by x and y, and one that fills a vector register.
    before, hidden = np.zeros((M + 1, 4)), np.zeros((M + H + 1, 4))
    units, image = np.zeros((H, 4)), np.zeros((M, 4))
    inner_weights = np.empty((3, inner.columns.shape[0]))
    outer_weights = np.empty((3, outer.columns.shape[0]))
    before[M, 0] = hidden[M + H, 0] = 1.0
    # Taken out of their tuples here: in the loop, counting references would take most of the time.
    inner_rows, inner_columns = inner.pointers, inner.columns
    inner_moving, inner_moving_rows = inner.moving, inner.rows
    outer_rows, outer_columns = outer.pointers, outer.columns
    outer_moving, outer_moving_rows = outer.moving, outer.rows
    inner_values, outer_values = inner_weights[CONSTANT], outer_weights[CONSTANT]
    for p in range(x.shape[0]):
        write_weights(inner.coefficients, x[p], y[p], inner_weights)
        write_weights(outer.coefficients, x[p], y[p], outer_weights)
        total = by_x = by_y = 0.0
        for b in range(B):
            if cancel[0] != 0:
                return False
            before[:M] = 0.0
            for i in range(M):
                before[i, 0] = starts[b, i]
            for t in range(1, S + 1):
                multiply(inner_rows, inner_columns, inner_values, before, units)
                add_moving(
                    inner_moving, inner_moving_rows, inner_columns, inner_weights, before, units
                )
                for i in range(M):
                    for lane in range(4):
                        hidden[i, lane] = before[i, lane]
                for j in range(H):
                    # Where the unit is silent nothing passes, not even an infinite derivative.
                    active = units[j, 0] > 0.0
                    for lane in range(4):
                        hidden[M + j, lane] = units[j, lane] if active else 0.0
                multiply(outer_rows, outer_columns, outer_values, hidden, image)
                add_moving(
                    outer_moving, outer_moving_rows, outer_columns, outer_weights, hidden, image
                )
                for n in range(N):
                    seen, seen_x, seen_y = image[n, 0], image[n, 1], image[n, 2]
                    if readout.shape[0] > 0:
                        seen = seen_x = seen_y = 0.0
                        for i in range(M):
                            seen += readout[n, i] * image[i, 0]
                            seen_x += readout[n, i] * image[i, 1]
                            seen_y += readout[n, i] * image[i, 2]
                    error = seen - targets[b, t, n]
                    total += error * error
                    by_x += error * seen_x
                    by_y += error * seen_y
                if not total < np.inf:
                    break
                force(image, estimates, strengths[t], b, t)
                for i in range(M):
                    for lane in range(4):
                        before[i, lane] = image[i, lane]
        scale = 1.0 / (B * S * N)
        losses[p] = scale * total
        norms[p] = 2.0 * scale * np.hypot(by_x, by_y)
    return True


@kernel
def write_weights(coefficients, x, y, weights):
    """Write the weights and their derivatives by x and by y to `weights` (3, entries)."""
    for e in range(coefficients.shape[1]):
        slope_x = coefficients[1, e] + y * coefficients[3, e]
        weights[CONSTANT, e] = coefficients[0, e] + x * slope_x + y * coefficients[2, e]
        weights[BY_X, e] = slope_x
        weights[BY_Y, e] = coefficients[2, e] + x * coefficients[3, e]


@kernel
def multiply(pointers, columns, weights, numbers, out):
    """Write the products of a block's rows with `numbers` (columns, 4) to `out` (rows, 4)."""
    for i in range(out.shape[0]):
        a = b = c = d = 0.0
        for e in range(pointers[i], pointers[i + 1]):
            weight, j = weights[e], columns[e]
            a += weight * numbers[j, 0]
            b += weight * numbers[j, 1]
            c += weight * numbers[j, 2]
            d += weight * numbers[j, 3]
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = a, b, c, d


@kernel
def add_moving(moving, rows, columns, weights, numbers, out):
    """Add to the derivatives in `out` what comes from those of the weights."""
    for k in range(moving.shape[0]):
        e, i = moving[k], rows[k]
        number = numbers[columns[e], 0]
        out[i, 1] += weights[BY_X, e] * number
        out[i, 2] += weights[BY_Y, e] * number


@kernel
def force(state, estimates, strength, b, t):
    """Draw the first K units of `state` (M, 4) towards their estimates."""
    if strength == 0.0:
        return
    for k in range(estimates.shape[2]):
        if strength == 1.0:
            state[k] = 0.0
        for lane in range(4):
            state[k, lane] *= 1.0 - strength
        state[k, 0] += strength * estimates[b, t, k]
