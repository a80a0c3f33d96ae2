"""The block-cyclic system z_{t+1} = J_t z_t + c_t, t = 0..k-1, z_k = z_0, by Householder steps.

The points z_1 .. z_{k-1} are eliminated one after the other: a relation U z_0 + V z_t = w, at
first the equation of step 0, is stacked on the equation -J_t z_t + z_{t+1} = c_t; reflections make
z_t disappear from the lower M rows, which are the relation between z_0 and z_{t+1}. Once around,
(U + V) z_0 = w is left (Wright, *Stable parallel algorithms for two-point boundary value problems*,
SIAM J. Sci. Stat. Comput. 13, 1992). Reflections keep every digit whatever the cycle's multipliers
are: what expands is solved backward in time, what contracts forward. O(k M^3).
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel_part

SMALLEST = 1e-290  # of a pivot column: one over it must be finite


@kernel_part
def reduce_panel(panel, rows, columns, inverses, weights, dots):
    """Make the first M columns of `panel` upper triangular by reflections I - f v v^T.

    v stays in its column's place; one over the diagonal goes to `inverses` (M,), f to `weights`
    (M,). `dots` (columns,) is working memory.

    Returns
    -------
    bool
        False if a column is zero, next to it, or not finite.
    """
    for j in range(inverses.shape[0]):
        largest = 0.0
        for i in range(j, rows):
            x = abs(panel[i, j])
            if not x <= largest:
                largest = x
        if not (largest > SMALLEST and largest < np.inf):
            return False
        scale, total = 1.0 / largest, 0.0
        for i in range(j, rows):
            panel[i, j] *= scale
            total += panel[i, j] * panel[i, j]
        norm = np.sqrt(total)
        if panel[j, j] > 0.0:
            norm = -norm
        inverses[j] = scale / norm
        panel[j, j] -= norm
        weight = 1.0 / abs(norm * panel[j, j])
        weights[j] = weight
        for m in range(j + 1, columns):
            dots[m] = 0.0
        for i in range(j, rows):
            v = panel[i, j]
            for m in range(j + 1, columns):
                dots[m] += v * panel[i, m]
        for m in range(j + 1, columns):
            dots[m] *= weight
        for i in range(j, rows):
            v = panel[i, j]
            for m in range(j + 1, columns):
                panel[i, m] -= v * dots[m]
    return True


@kernel_part
def factor_cycle(jacobians, panels, inverses, weights, dots, cancel):
    """Eliminate z_1 .. z_{k-1}, then factor the closing equation for z_0.

    Parameters
    ----------
    jacobians : (k, M, M)
    panels : (k, 2 M, 3 M)
        Written: the reflections and, above them, what multiplies [z_t | z_0 | z_{t+1}] in the
        equation that gives z_t. Panel 0 belongs to z_0.
    inverses, weights : (k, M)
        Written: one over the inverses of the triangles that multiply z_t, and the weights f.
    dots : (3 M,)
        Working memory.
    cancel : (1,) int64

    Returns
    -------
    bool
        False if the system is singular or not finite, or the flag is set.
    """
    k, M, _ = jacobians.shape
    relation, below = panels[0], 0  # its rows from `below` on: U z_0 + V z_t
    for i in range(M):
        for m in range(M):
            relation[i, M + m] = -jacobians[0, i, m]
            relation[i, 2 * M + m] = 1.0 if i == m else 0.0
    for t in range(1, k):
        if cancel[0] != 0:
            return False
        panel = panels[t]
        for i in range(M):
            for m in range(M):
                panel[i, m] = relation[below + i, 2 * M + m]
                panel[i, M + m] = relation[below + i, M + m]
                panel[i, 2 * M + m] = 0.0
                panel[M + i, m] = -jacobians[t, i, m]
                panel[M + i, M + m] = 0.0
                panel[M + i, 2 * M + m] = 1.0 if i == m else 0.0
        if not reduce_panel(panel, 2 * M, 3 * M, inverses[t], weights[t], dots):
            return False
        relation, below = panel, M
    closing = panels[0]
    for i in range(M):
        for m in range(M):
            closing[i, m] = relation[below + i, M + m] + relation[below + i, 2 * M + m]
    return reduce_panel(closing, M, M, inverses[0], weights[0], dots)


@kernel_part
def solve_cycle(panels, inverses, weights, right, points, spare):
    """Write the solution for the right-hand sides c_t (k, M) to `points` (k, M).

    `spare` (2 M,) is working memory.
    """
    k, M = right.shape
    for i in range(M):
        spare[M + i] = right[0, i]
    for t in range(1, k):
        for i in range(M):
            spare[i] = spare[M + i]
            spare[M + i] = right[t, i]
        _reflect(panels[t], weights[t], 2 * M, spare)
        for i in range(M):
            points[t, i] = spare[i]
    for i in range(M):
        spare[i] = spare[M + i]
    _reflect(panels[0], weights[0], M, spare)
    for i in range(M):
        points[0, i] = spare[i]
    _substitute(panels[0], inverses[0], points[0])
    for t in range(k - 1, 0, -1):
        after = points[t + 1] if t < k - 1 else points[0]
        panel = panels[t]
        for i in range(M):
            total = points[t, i]
            for m in range(M):
                total -= panel[i, M + m] * points[0, m] + panel[i, 2 * M + m] * after[m]
            points[t, i] = total
        _substitute(panel, inverses[t], points[t])


@kernel_part
def _reflect(panel, weights, rows, vector):
    for j in range(weights.shape[0]):
        total = 0.0
        for i in range(j, rows):
            total += panel[i, j] * vector[i]
        total *= weights[j]
        for i in range(j, rows):
            vector[i] -= total * panel[i, j]


@kernel_part
def _substitute(panel, inverse, z):
    """Solve R z = z in place; `panel` holds R above, `inverse` one over its diagonal."""
    M = z.shape[0]
    for i in range(M - 1, -1, -1):
        total = z[i]
        for m in range(i + 1, M):
            total -= panel[i, m] * z[m]
        z[i] = total * inverse[i]
