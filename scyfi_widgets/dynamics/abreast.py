"""Compiled orbits, four side by side, and what is left of each after its transient.

One step of a small network is a short chain of sums of which each waits for the one before. Four
orbits that take their steps together fill those waits and one vector register, so that they cost
about as much as one. Their states lie side by side in arrays (·, 4), and only the weights that are
not zero are visited: most architectures have a diagonal A and few entries in W2.
"""

from __future__ import annotations

import numpy as np

from ..compiled import kernel

LANES = 4
LOOK_EVERY = 32  # steps between two looks at the cancellation flag and at the orbits' sizes
LONGEST_PERIOD = 64
VANISHED = 1e-290  # below come the subnormal numbers, a hundred times slower


@kernel
def rows_abreast(pointers, columns, weights, biases, floor, x, out):
    """Write max(biases + weights x, floor) to `out` (rows, 4), for a sparse matrix by rows.

    The sums run in the order of `scyfi_widgets.models.kernels.step_into`, for equal rounding.
    """
    for i in range(biases.shape[0]):
        a = b = c = d = biases[i]
        for entry in range(pointers[i], pointers[i + 1]):
            weight = weights[entry]
            j = columns[entry]
            a += weight * x[j, 0]
            b += weight * x[j, 1]
            c += weight * x[j, 2]
            d += weight * x[j, 3]
        out[i, 0] = a if a > floor else floor
        out[i, 1] = b if b > floor else floor
        out[i, 2] = c if c > floor else floor
        out[i, 3] = d if d > floor else floor


@kernel
def look(z, limit, lost):
    """Mark in `lost` (4,) the orbits beyond `limit`; return whether all four are lost.

    What has vanished is set to zero.
    """
    for i in range(z.shape[0]):
        for lane in range(LANES):
            size = abs(z[i, lane])
            if not size <= limit:
                lost[lane] = True
            if size < VANISHED:
                z[i, lane] = 0.0
    return lost[0] and lost[1] and lost[2] and lost[3]


@kernel
def period_of(tail, lane, tolerance):
    """Return the least p <= 64 with |z[t+p] - z[t]| <= `tolerance` for all t, or 0.

    `tail` is (kept, M, 4).
    """
    kept, M, _ = tail.shape
    for period in range(1, min(LONGEST_PERIOD, kept - 1) + 1):
        recurs = True
        for t in range(kept - period):
            for i in range(M):
                if not abs(tail[t + period, i, lane] - tail[t, i, lane]) <= tolerance:
                    recurs = False
            if not recurs:
                break
        if recurs:
            return period
    return 0


@kernel
def fill_attractors(
    inner_pointers,
    inner_columns,
    inner_weights,
    h2,
    outer_pointers,
    outer_columns,
    outer_weights,
    h1,
    starts,
    limits,
    tolerances,
    transient,
    coordinates,
    points,
    diverged,
    periods,
    cancel,
):
    """Follow every start of n networks and keep the end of its orbit; False if cancelled.

    Parameters
    ----------
    inner_pointers, inner_columns, inner_weights : (H + 1,), (nnz,), (n, nnz) arrays
        W2 of every network, by rows.
    outer_pointers, outer_columns, outer_weights : (M + 1,), (nnz,), (n, nnz) arrays
        The matrix [A W1] of every network, by rows.
    h2, h1 : (n, H), (n, M) arrays
    starts : (n, S, M) array
    limits : (n,) array
        An orbit with a larger component has diverged.
    tolerances : (n,) array
        Of the recurrence that counts as a period.
    transient : int
    coordinates : (C,) int64 array
        The components of the states to keep.
    points : (n, S, kept, C) array, written
        NaN where an orbit diverged.
    diverged, periods : (n, S) bool and int64 arrays, written
    cancel : (1,) int64 array
    """
    S, M = starts.shape[1:]
    H = h2.shape[1]
    kept = points.shape[2]
    x = np.empty((M + H, LANES))  # the states, then the rectified units
    z, rectified = x[:M], x[M:]
    image = np.empty((M, LANES))
    tail = np.empty((kept, M, LANES))
    lost = np.empty(LANES, np.bool_)
    for n in range(starts.shape[0]):
        # Views are made here: in the loop, counting references would take most of the time.
        W2, outer, inner_bias, outer_bias = inner_weights[n], outer_weights[n], h2[n], h1[n]
        for first in range(0, S, LANES):
            for lane in range(LANES):
                # Lanes without an orbit of their own repeat the last one.
                lost[lane] = False
                for i in range(M):
                    z[i, lane] = starts[n, min(first + lane, S - 1), i]
            for t in range(transient + kept):
                if t % LOOK_EVERY == 0:
                    if cancel[0] != 0:
                        return False
                    if look(z, limits[n], lost):
                        break
                if t >= transient:
                    tail[t - transient] = z
                rows_abreast(inner_pointers, inner_columns, W2, inner_bias, 0.0, z, rectified)
                rows_abreast(outer_pointers, outer_columns, outer, outer_bias, -np.inf, x, image)
                for i in range(M):
                    for lane in range(LANES):
                        z[i, lane] = image[i, lane]
            look(z, limits[n], lost)
            for lane in range(min(LANES, S - first)):
                diverged[n, first + lane] = lost[lane]
                if lost[lane]:
                    periods[n, first + lane] = 0
                    points[n, first + lane] = np.nan
                    continue
                periods[n, first + lane] = period_of(tail, lane, tolerances[n])
                for t in range(kept):
                    for c in range(coordinates.shape[0]):
                        points[n, first + lane, t, c] = tail[t, coordinates[c], lane]
    return True
