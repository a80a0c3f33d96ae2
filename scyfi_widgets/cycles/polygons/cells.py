"""Convex cells of first points in the plane, and how a condition clips them.

A cell is a list of corners, counter-clockwise in z_0, kept by where their orbits are *now*, z_t,
and by their start's phi(z_0). So no explicit product of Jacobians stands between a corner and the
condition that clips it, and what the dynamics expands is known to full precision. A corner of
weight 0 is a direction, a vertex at infinity, so that no bounding box is needed. An edge is always
shorter than a half turn as seen from the origin of homogeneous coordinates: half planes and strips
get a corner in the middle of their straight edges. No corner at all means the whole plane.

A store of corners is an array `place` (n, 5) with z_t (two numbers), the weight (0 or 1), phi(z_0)
and the size of the rounding errors, and an array `edge` (n,) with the condition of the edge that
leaves the corner, NONE at infinity. A cell is a slice of it.

Cells decide only where to look. What is thrown away is certified by rows, see `rows`.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel
from .rows import C0, C1, J00, J01, J10, J11, NONE, ROUNDOFF

CAUTION = 8.0  # estimated errors are multiplied by this before anything is concluded from a sign
FAR = 1e100  # directions longer than this are shortened
CLEARLY = 1e-4  # values smaller than this, relative to their terms, are looked at again
NOWHERE, MARGINAL, CLEAR = 0, 1, 2


@kernel
def evaluate(place, start, size, gx, gy, gu, constant, value, side):
    """Write g . z_t + gu c.z_0 + constant at each corner, and its side (-1, 0 or 1) of the line.

    Returns
    -------
    tuple of int
        How far the cell lies on the positive side, and on the negative one: NOWHERE, MARGINAL (so
        little that it may be a rounding error) or CLEAR.
    """
    positive = negative = NOWHERE
    slope = abs(gx) + abs(gy) + abs(gu)
    for k in range(size):
        x, y, w = place[start + k, 0], place[start + k, 1], place[start + k, 2]
        u = place[start + k, 3]
        f = gx * x + gy * y + gu * u + constant * w
        terms = abs(gx * x) + abs(gy * y) + abs(gu * u) + abs(constant * w)
        noise = CAUTION * slope * place[start + k, 4]
        tolerance = noise + CAUTION * ROUNDOFF * terms
        value[k] = f
        if f > tolerance:
            side[k] = 1
            clear = f > CLEARLY * terms and f > noise / CLEARLY
            positive = max(positive, CLEAR if clear else MARGINAL)
        elif f < -tolerance:
            side[k] = -1
            clear = -f > CLEARLY * terms and -f > noise / CLEARLY
            negative = max(negative, CLEAR if clear else MARGINAL)
        else:
            side[k] = 0
    return positive, negative


@kernel
def highest_corner(place, start, size, sign, value):
    """Return the finite corner at which `sign` times the value is largest, -1 if none is finite."""
    best, highest = -1, -np.inf
    for k in range(size):
        if place[start + k, 2] != 0.0 and sign * value[k] > highest:
            best, highest = k, sign * value[k]
    return best


@kernel
def cut_edge(place, a, b, fa, fb, to):
    """Write the point of the edge between corners a and b where the value vanishes to `to`."""
    if place[a, 2] == 0.0 or (place[b, 2] != 0.0 and abs(fb) < abs(fa)):
        a, b, fa, fb = b, a, fb, fa
    weight = 1.0
    if place[a, 2] != 0.0 and place[b, 2] != 0.0:
        share = fa / (fa - fb)
        keep = 1.0 - share
        for m in range(4):
            place[to, m] = place[a, m] + share * (place[b, m] - place[a, m])
    else:
        keep, share = 1.0, -fa / fb
        if place[a, 2] == 0.0:
            keep, share, weight = fb / (fb - fa), -fa / (fb - fa), 0.0
        for m in range(4):
            place[to, m] = keep * place[a, m] + share * place[b, m]
    place[to, 2] = weight
    noise = ROUNDOFF * (abs(place[to, 0]) + abs(place[to, 1]) + abs(place[to, 3]))
    place[to, 4] = max(keep * place[a, 4] + share * place[b, 4], noise)


@kernel
def copy_corner(place, edge, source, to):
    """Copy one corner with its edge."""
    for m in range(5):
        place[to, m] = place[source, m]
    edge[to] = edge[source]


@kernel
def write_corner(place, to, x, y, weight, orbit, t, height):
    """Write the corner whose first point is (x, y), or that direction if the weight is 0."""
    place[to, 0] = orbit[t, 0] * x + orbit[t, 1] * y + weight * orbit[t, 4]
    place[to, 1] = orbit[t, 2] * x + orbit[t, 3] * y + weight * orbit[t, 5]
    place[to, 2] = weight
    place[to, 3] = height[0] * x + height[1] * y + weight * height[2]
    size = abs(orbit[t, 0] * x) + abs(orbit[t, 1] * y) + abs(orbit[t, 2] * x)
    size += abs(orbit[t, 3] * y) + weight * (abs(orbit[t, 4]) + abs(orbit[t, 5]))
    place[to, 4] = 4.0 * ROUNDOFF * (size + abs(x) + abs(y))


@kernel
def write_foot(place, edge, to, gradient, number, orbit, t, height):
    """Write the point of a condition's line that is nearest to the origin of z_0."""
    gx, gy, g0 = gradient[number, 0], gradient[number, 1], gradient[number, 2]
    norm = gx * gx + gy * gy
    write_corner(place, to, -g0 * gx / norm, -g0 * gy / norm, 1.0, orbit, t, height)
    edge[to] = number


@kernel
def write_half_plane(place, edge, to, sign, gradient, number, orbit, t, height):
    """Write the half plane of one condition, return its number of corners."""
    gx, gy = sign * gradient[number, 0], sign * gradient[number, 1]
    norm = abs(gx) + abs(gy)
    dx, dy = gx / norm, gy / norm
    write_corner(place, to, -dy, dx, 0.0, orbit, t, height)
    write_foot(place, edge, to + 1, gradient, number, orbit, t, height)
    write_corner(place, to + 2, dy, -dx, 0.0, orbit, t, height)
    write_corner(place, to + 3, dx, dy, 0.0, orbit, t, height)
    edge[to] = number
    edge[to + 2] = edge[to + 3] = NONE
    return 4


@kernel
def clip(place, edge, start, size, sign, value, side, gradient, number, orbit, t, height, to):
    """Write the part of a cell where `sign` times the value is not negative to `to`.

    Returns
    -------
    int
        The number of its corners, at most `size` + 3.
    """
    end = to
    leaving = -1
    for k in range(size):
        a = start + k
        after = k + 1 if k + 1 < size else 0
        b = start + after
        here, there = sign * side[k], sign * side[after]
        if here >= 0:
            copy_corner(place, edge, a, end)
            end += 1
            if there < 0:
                if here > 0:
                    cut_edge(place, a, b, value[k], value[after], end)
                    end += 1
                leaving = end - 1
                edge[leaving] = number
        elif there > 0:
            cut_edge(place, a, b, value[k], value[after], end)
            edge[end] = edge[a]
            end += 1
    if leaving >= 0:
        after = leaving + 1 if leaving + 1 < end else to
        if place[leaving, 2] == 0.0 and place[after, 2] == 0.0:
            for k in range(end - 1, leaving, -1):
                copy_corner(place, edge, k, k + 1)
            write_foot(place, edge, leaving + 1, gradient, number, orbit, t, height)
            end += 1
    return end - to


@kernel
def advance(place, edge, start, size, steps, t, to):
    """Write the cell with every corner moved on by step t to `to` (which may be `start`)."""
    a, b, c, d = steps[t, J00], steps[t, J01], steps[t, J10], steps[t, J11]
    p, q = steps[t, C0], steps[t, C1]
    for k in range(size):
        x, y, w = place[start + k, 0], place[start + k, 1], place[start + k, 2]
        place[to + k, 0] = a * x + b * y + w * p
        place[to + k, 1] = c * x + d * y + w * q
        place[to + k, 2] = w
        place[to + k, 3] = place[start + k, 3]
        terms = abs(a * x) + abs(b * y) + abs(c * x) + abs(d * y) + w * (abs(p) + abs(q))
        place[to + k, 4] = max(place[start + k, 4], ROUNDOFF * terms)
        edge[to + k] = edge[start + k]
        if w == 0.0 and abs(place[to + k, 0]) + abs(place[to + k, 1]) > FAR:
            for m in range(5):
                place[to + k, m] /= FAR


@kernel
def mark_heights(place, start, size, gx, gy, constant):
    """Write phi at the corners, which are first points, to their fourth place."""
    for k in range(start, start + size):
        place[k, 3] = gx * place[k, 0] + gy * place[k, 1] + constant * place[k, 2]
        terms = abs(gx * place[k, 0]) + abs(gy * place[k, 1]) + abs(constant) * place[k, 2]
        place[k, 4] = max(place[k, 4], ROUNDOFF * terms)
