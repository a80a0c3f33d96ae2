"""Rows that stay proofs while a parameter moves: over which part of an interval one row closes.

A *condition* is, as in the polygon search, an affine function g . z + g_0 of a point of the orbit
that is not negative on a node's cell: the sign condition of pair i = t H + j, numbered i, here
(2 bit_i - 1) (W2_j z_t + h2_j) - margin_j; or the cut against rotations
phi(z_0) - phi(z_t), numbered n_max + t, with phi(z) = - sum_j weight_j |W2_j z + h2_j|, of which
nothing but what is certainly negative is cut, so that no tie loses a cycle.
Its coefficients are expansions in the parameter (`expansions`), pulled back along the
orbit to the earliest time of the row.

Three conditions with the gradients a, b, c have the cofactors b x c, c x a, a x b as weights, which
make their sum a constant, the determinant, wherever z is. Where these keep their signs over an
interval, the cell is empty at all of its values. Two conditions are enough if their gradients are
opposite. Where these signs are in doubt, as they are for parallel borders and where one row takes
over from another, fixed weights give a proof for all |z| <= radius.
"""

from __future__ import annotations

from ...compiled import kernel
from ...cycles.polygons.rows import H2, NONE, W1X, W2X, W2Y, condition_time
from .expansions import (
    CAUTION,
    largest_modulus,
    minus,
    plus,
    positive_extent,
    rounding_of,
    scaled,
    times,
)

NOWHERE = -1.0, -1.0
CONSTANT_ONE = 1.0, 0.0, 0.0, 0.0, 1.0
ZERO = 0.0, 0.0, 0.0, 0.0, 0.0


@kernel
def load(array, i, j):
    """Return one expansion of an array (.., .., 5)."""
    return array[i, j, 0], array[i, j, 1], array[i, j, 2], array[i, j, 3], array[i, j, 4]


@kernel
def store(array, i, j, p):
    """Write one expansion."""
    array[i, j, 0], array[i, j, 1], array[i, j, 2], array[i, j, 3], array[i, j, 4] = p


@kernel
def prepare_step(base, units, weights, bits, jacobian, heights, ready, t, w):
    """Write J_t and c_t to `jacobian`, and the gradient and constant of phi(z_t) to `heights`."""
    H = units.shape[0]
    for i in range(2):
        a, b, c = load(base, i, 0), load(base, i, 1), load(base, i, 2)
        for j in range(H):
            if bits[t * H + j]:
                weight = load(units, j, W1X + i)
                if weight[4] != 0.0:
                    a = plus(a, times(weight, load(units, j, W2X), w))
                    b = plus(b, times(weight, load(units, j, W2Y), w))
                    c = plus(c, times(weight, load(units, j, H2), w))
        store(jacobian, t, 2 * i, a)
        store(jacobian, t, 2 * i + 1, b)
        store(jacobian, t, 4 + i, c)
    a, b, c = ZERO, ZERO, ZERO
    for j in range(H):
        factor = -weights[j] if bits[t * H + j] else weights[j]
        a = plus(a, scaled(load(units, j, W2X), factor))
        b = plus(b, scaled(load(units, j, W2Y), factor))
        c = plus(c, scaled(load(units, j, H2), factor))
    store(heights, t, 0, a)
    store(heights, t, 1, b)
    store(heights, t, 2, c)
    ready[t] = 1


@kernel
def pull_back(base, units, weights, margins, bits, jacobian, heights, ready, number, earliest, w):
    """Return a condition as three expansions: g (two) and the constant, at time `earliest`."""
    H, n_max = units.shape[0], bits.shape[0]
    is_pair = number < n_max
    if is_pair:
        time = number // H
        unit = number - time * H
        gx, gy, g0 = load(units, unit, W2X), load(units, unit, W2Y), load(units, unit, H2)
        if not bits[number]:
            gx, gy, g0 = scaled(gx, -1.0), scaled(gy, -1.0), scaled(g0, -1.0)
        g0 = minus(g0, (margins[unit], 0.0, 0.0, 0.0, margins[unit]))
    else:
        time = number - n_max
        if not ready[time]:
            prepare_step(base, units, weights, bits, jacobian, heights, ready, time, w)
        gx, gy, g0 = load(heights, time, 0), load(heights, time, 1), load(heights, time, 2)
        gx, gy, g0 = scaled(gx, -1.0), scaled(gy, -1.0), scaled(g0, -1.0)
    for t in range(time - 1, earliest - 1, -1):
        if not ready[t]:
            prepare_step(base, units, weights, bits, jacobian, heights, ready, t, w)
        g0 = plus(g0, times(gx, load(jacobian, t, 4), w))
        g0 = plus(g0, times(gy, load(jacobian, t, 5), w))
        gx, gy = (
            plus(times(gx, load(jacobian, t, 0), w), times(gy, load(jacobian, t, 2), w)),
            plus(times(gx, load(jacobian, t, 1), w), times(gy, load(jacobian, t, 3), w)),
        )
    if not is_pair:
        gx, gy = plus(gx, load(heights, 0, 0)), plus(gy, load(heights, 0, 1))
        g0 = plus(g0, load(heights, 0, 2))
    return gx, gy, g0


@kernel
def cross(ax, ay, bx, by, w):
    """Return a x b."""
    return minus(times(ax, by, w), times(ay, bx, w))


@kernel
def weight_extent(p, w, rounding):
    """Return how far a weight is certainly not negative."""
    if p[4] == 0.0:
        return w, w
    return positive_extent(p, w, rounding, 0.0)


@kernel
def common(first, second):
    """Return what two extents have in common."""
    return min(first[0], second[0]), min(first[1], second[1])


@kernel
def pair_extent(ax, ay, a0, cx, cy, c0, w, rounding, radius):
    """Return the extent over which two conditions with opposite gradients exclude each other.

    What is not exactly opposite counts with the radius.
    """
    along_x = abs(cx[0]) + abs(ax[0]) >= abs(cy[0]) + abs(ay[0])
    wa, wc = (cx, ax) if along_x else (cy, ay)
    sign = 1.0 if wa[0] > 0.0 else -1.0
    wa, wc = scaled(wa, sign), scaled(wc, -sign)
    extent = common(positive_extent(wa, w, rounding, 0.0), positive_extent(wc, w, rounding, 0.0))
    rest = cross(ax, ay, cx, cy, w)
    constant = scaled(plus(times(wa, a0, w), times(wc, c0, w)), -1.0)
    if rest[4] == 0.0:
        return common(extent, positive_extent(constant, w, rounding, 0.0))
    extra = CAUTION * radius * largest_modulus(rest, w, rounding)
    extent = common(extent, positive_extent(constant, w, rounding, extra))
    if min(extent) >= w:
        return extent
    ua, uc = abs(wa[0]), abs(wc[0])
    gx, gy = plus(scaled(ax, ua), scaled(cx, uc)), plus(scaled(ay, ua), scaled(cy, uc))
    constant = plus(scaled(a0, ua), scaled(c0, uc))
    bounded = bounded_extent(gx, gy, constant, w, rounding, radius)
    return bounded if min(bounded) > 0.0 else extent


@kernel
def bounded_extent(gx, gy, constant, w, rounding, radius):
    """Return the whole interval if g . z + constant < 0 for all |z| <= radius; else nothing."""
    extra = CAUTION * radius * (largest_modulus(gx, w, rounding) + largest_modulus(gy, w, rounding))
    return positive_extent(scaled(constant, -1.0), w, rounding, extra)


@kernel
def two_extent(
    base, units, weights, margins, group, bits, jacobian, heights, ready, first, third, w,
    radius,
):  # fmt: skip
    """Do as `row_extent` for one condition (`first` is NONE) or two, from their own times on."""
    H, n_max = units.shape[0], bits.shape[0]
    earliest = condition_time(third, H, n_max)
    if first != NONE:
        earliest = min(earliest, condition_time(first, H, n_max))
    latest = third // H if third < n_max else third - n_max
    rounding = rounding_of(latest - earliest, H)
    cx, cy, c0 = pull_back(
        base, units, weights, margins, bits, jacobian, heights, ready, third, earliest, w
    )
    if first == NONE:
        return bounded_extent(cx, cy, c0, w, rounding, radius)
    ax, ay, a0 = pull_back(
        base, units, weights, margins, bits, jacobian, heights, ready, first, earliest, w
    )
    if first < n_max and third < n_max and first // H == third // H:
        same = group[first % H] == group[third % H]
        if same and (ax[0] * cx[0] < 0.0 or ay[0] * cy[0] < 0.0):
            return positive_extent(scaled(plus(a0, c0), -1.0), w, rounding, 0.0)
    return pair_extent(ax, ay, a0, cx, cy, c0, w, rounding, radius)


@kernel
def row_extent(
    base, units, weights, margins, group, bits, jacobian, heights, ready, first, second,
    third, w, radius,
):  # fmt: skip
    """Return how far below and above the middle up to three conditions exclude each other.

    `first` or `second` may be NONE, or the same: then two conditions or one are meant.

    Returns
    -------
    tuple of float
        Two distances, at most w; (-1, -1) where they do not do so for certain even in the middle.
    """
    H, n_max = units.shape[0], bits.shape[0]
    if second == first:
        second = NONE
    if first == NONE:
        first, second = second, NONE
    if second == NONE:
        return two_extent(
            base, units, weights, margins, group, bits, jacobian, heights, ready, first,
            third, w, radius,
        )  # fmt: skip
    earliest = condition_time(third, H, n_max)
    earliest = min(earliest, condition_time(first, H, n_max))
    earliest = min(earliest, condition_time(second, H, n_max))
    latest = third // H if third < n_max else third - n_max
    rounding = rounding_of(latest - earliest, H)
    cx, cy, c0 = pull_back(
        base, units, weights, margins, bits, jacobian, heights, ready, third, earliest, w
    )
    ax, ay, a0 = pull_back(
        base, units, weights, margins, bits, jacobian, heights, ready, first, earliest, w
    )
    bx, by, b0 = pull_back(
        base, units, weights, margins, bits, jacobian, heights, ready, second, earliest, w
    )
    wa, wb, wc = cross(bx, by, cx, cy, w), cross(cx, cy, ax, ay, w), cross(ax, ay, bx, by, w)
    if wc[0] < 0.0:
        wa, wb, wc = scaled(wa, -1.0), scaled(wb, -1.0), scaled(wc, -1.0)
    constant = plus(plus(times(wa, a0, w), times(wb, b0, w)), times(wc, c0, w))
    extent_a, extent_b = weight_extent(wa, w, rounding), weight_extent(wb, w, rounding)
    extent_c = weight_extent(wc, w, rounding)
    extent = NOWHERE
    if min(extent_a) > 0.0 and min(extent_b) > 0.0 and min(extent_c) > 0.0:
        extent = common(common(extent_a, extent_b), extent_c)
        constant = scaled(constant, -1.0)
        extent = common(extent, positive_extent(constant, w, rounding, 0.0))
        if min(extent) >= w:
            return extent
    elif min(extent_a) <= 0.0 or min(extent_b) <= 0.0:
        # Borders that are parallel for all values are so exactly only at their own times.
        other = second if min(extent_a) <= 0.0 else first
        pair = two_extent(
            base, units, weights, margins, group, bits, jacobian, heights, ready, other,
            third, w, radius,
        )  # fmt: skip
        if min(pair) > 0.0:
            return pair
    ua, ub, uc = max(wa[0], 0.0), max(wb[0], 0.0), max(wc[0], 0.0)
    gx = plus(plus(scaled(ax, ua), scaled(bx, ub)), scaled(cx, uc))
    gy = plus(plus(scaled(ay, ua), scaled(by, ub)), scaled(cy, uc))
    constant = plus(plus(scaled(a0, ua), scaled(b0, ub)), scaled(c0, uc))
    bounded = bounded_extent(gx, gy, constant, w, rounding, radius)
    return bounded if min(bounded) > 0.0 else extent
