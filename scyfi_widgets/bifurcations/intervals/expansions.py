"""Functions of one parameter on an interval, as Taylor expansions with rigorous remainders.

An *expansion* about the middle m of an interval of half-width w is a tuple (c, s, b, r, size):

    |f(m + d) - c - s d - b d^2| <= r |d|^3 + rounding * size        for |d| <= w,

where `size` bounds |c| + w |s| + w^2 |b| + w^3 r and every intermediate sum of moduli, so that one
factor `rounding` (see `rounding_of`) covers all rounding errors of a sum of products. A function
that is exactly zero for every parameter, such as an entry of a diagonal matrix, has size 0: so
exact degeneracies stay exact.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel

ROUNDOFF = 2.0**-53
CAUTION = 1.0 + 1e-9  # covers the rounding of remainders and sizes themselves
TINY = 1e-200  # sizes between 0 and this may hide an underflow: nothing is concluded


@kernel
def rounding_of(steps, H):
    """Return the factor of `size` that bounds all roundings of a row that spans so many steps.

    In units of the roundoff an entry of a Jacobian costs at most H + 14, each step of a product
    five more, and a determinant multiplies three such products.
    """
    return 1.5 * (3.0 * (steps + 1) * (H + 20) + 30.0) * ROUNDOFF


@kernel
def plus(p, q):
    """Return the sum of two expansions."""
    return p[0] + q[0], p[1] + q[1], p[2] + q[2], p[3] + q[3], p[4] + q[4]


@kernel
def minus(p, q):
    """Return the difference of two expansions."""
    return p[0] - q[0], p[1] - q[1], p[2] - q[2], p[3] + q[3], p[4] + q[4]


@kernel
def scaled(p, factor):
    """Return an expansion times a number."""
    f = abs(factor)
    return factor * p[0], factor * p[1], factor * p[2], f * p[3], f * p[4]


@kernel
def times(p, q, w):
    """Return the product of two expansions."""
    c1, s1, b1, r1, size1 = p
    c2, s2, b2, r2, size2 = q
    norm = abs(c1) + w * (abs(s1) + w * abs(b1))
    r = abs(s1 * b2) + abs(b1 * s2) + w * abs(b1 * b2) + r1 * size2 + r2 * norm
    return c1 * c2, c1 * s2 + s1 * c2, c1 * b2 + s1 * s2 + b1 * c2, r, size1 * size2


@kernel
def polynomial(f0, f1, f2, m, w):
    """Return f0 + v f1 + v^2 f2 as an expansion about m."""
    a1, a2 = abs(f1), abs(f2)
    a = abs(m)
    size = abs(f0) + a * (a1 + a * a2) + w * (a1 + 2.0 * a * a2 + w * a2)
    return f0 + m * (f1 + m * f2), f1 + 2.0 * m * f2, f2, 0.0, size


@kernel
def reach(c, s, b, w):
    """Return how far up from 0, at most w, c + s d + b d^2 is certainly positive; c is."""
    c *= 1.0 - 1e-9
    discriminant = s * s - 4.0 * b * c
    if discriminant < 0.0:
        return w
    root = np.sqrt(discriminant)
    # The least positive root, without cancellation.
    if s < 0.0:
        end = 2.0 * c / (root - s)
    elif b < 0.0:
        end = (s + root) / (-2.0 * b)
    else:
        return w
    return min(w, (1.0 - 1e-7) * end)


@kernel
def positive_extent(p, w, rounding, extra):
    """Return how far below and above m the function is certainly larger than `extra`.

    Returns
    -------
    tuple of float
        Two distances, at most w; (-1, -1) where it is not certain at m itself.
    """
    c, s, b, r, size = p
    if not (size > TINY and size < 1.0 / TINY):
        return -1.0, -1.0
    c -= CAUTION * rounding * size + extra
    if not c > 0.0:
        return -1.0, -1.0
    r *= CAUTION
    if (1.0 - 1e-9) * c > w * (abs(s) + w * (abs(b) + w * r)):
        return w, w
    down, up = reach(c, -s, b - r * w, w), reach(c, s, b - r * w, w)
    part = w
    for _ in range(2):
        part *= 0.25
        if down < part:
            down = max(down, reach(c, -s, b - r * part, part))
        if up < part:
            up = max(up, reach(c, s, b - r * part, part))
    return down, up


@kernel
def largest_modulus(p, w, rounding):
    """Return a bound on the modulus of the function on the interval."""
    c, s, b, r, size = p
    return CAUTION * (abs(c) + w * (abs(s) + w * (abs(b) + w * r)) + rounding * size)
