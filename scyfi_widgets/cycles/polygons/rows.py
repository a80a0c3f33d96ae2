"""Farkas rows of the polygon search, with rigorous rounding bounds.

A *condition* is an affine function of the first point z_0 that is not negative on a node's cell:
the sign condition of pair i = t H + j, (2 bit_i - 1) (W2_j z_t + h2_j), numbered i; or the cut
against rotations phi(z_0) - phi(z_t) + slack_t, numbered n_max + t, where phi(z) =
c . z + d . relu(W2 z + h2) is affine once the region of z is known. A *row* is a combination of at
most three of them with weights >= 0 that is a negative constant: the cell is then empty.

A row is checked at the earliest time of its conditions, by pulling each of them back to there:
g_t = J_t^T g_{t+1}, constant += g_{t+1} . c_t. Every rounding error of a pull is a small vector
that multiplies a point z_t of the orbit; with |z_t|_inf <= R its share is at most R times its
1-norm. So each row holds up to some radius R, `radius_of` (0: not shown). The same goes for words
whose candidate lies outside of the cell, `certify_virtual`.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel

ROUNDOFF = 2.0**-53
SAFETY = 0.999  # covers the rounding of the bounds themselves
LARGEST = 1e120  # of anything in a row: overflow and underflow are out of question below it
SMALLEST = 1e-120  # of the constant of a row whose largest weight is one
NONE = -1  # no condition: the line at infinity, or an unused place of a row

# Columns of `units` (H, 6): rows of W2, h2, d, and from W1X on the columns of W1.
W2X, W2Y, H2, D, W1X = range(5)
# Columns of `steps` (K, 16), what is known of each time along a word: z_{t+1} = J_t z_t + c_t, with
# J_t row by row; the sums of the moduli of all terms in the rows of J_t and in c_t; phi(z_t) as a
# gradient and a constant, with the same sums of both; and slack_t.
J00, J01, J10, J11, C0, C1, J0_TERMS, J1_TERMS, C0_TERMS, C1_TERMS = range(10)
PHI_X, PHI_Y, PHI_0, PHI_TERMS, PHI_0_TERMS, SLACK = range(10, 16)


@kernel
def condition_time(number, H, n_max):
    """Return the earliest time at which a condition is a function of the orbit."""
    return number // H if number < n_max else 0


@kernel
def pull_back(units, steps, bits, number, earliest, n_max):
    """Return a condition as g . z_s + constant at time s = `earliest`, with its error bounds.

    Returns
    -------
    tuple of float
        g (two numbers), the constant, the error per unit of max |z_t|, and the constant's error.
    """
    H = units.shape[0]
    rounding = (H + 8) * ROUNDOFF
    error, constant_error = 0.0, 0.0
    if number < n_max:
        time = number // H
        unit = number - time * H
        sign = 1.0 if bits[number] else -1.0
        gx, gy = sign * units[unit, W2X], sign * units[unit, W2Y]
        constant = sign * units[unit, H2]
    else:
        time = number - n_max
        gx, gy = -steps[time, PHI_X], -steps[time, PHI_Y]
        constant = steps[time, SLACK] - steps[time, PHI_0]
        error = rounding * steps[time, PHI_TERMS]
        constant_error = rounding * steps[time, PHI_0_TERMS] + ROUNDOFF * abs(constant)
    for t in range(time - 1, earliest - 1, -1):
        size_x, size_y = abs(gx), abs(gy)
        constant += gx * steps[t, C0] + gy * steps[t, C1]
        constant_error += ROUNDOFF * abs(constant)
        constant_error += rounding * (size_x * steps[t, C0_TERMS] + size_y * steps[t, C1_TERMS])
        error += rounding * (size_x * steps[t, J0_TERMS] + size_y * steps[t, J1_TERMS])
        gx, gy = (
            gx * steps[t, J00] + gy * steps[t, J10],
            gx * steps[t, J01] + gy * steps[t, J11],
        )
    if number >= n_max:
        gx += steps[0, PHI_X]
        gy += steps[0, PHI_Y]
        constant += steps[0, PHI_0]
        error += rounding * steps[0, PHI_TERMS] + ROUNDOFF * (abs(gx) + abs(gy))
        constant_error += rounding * steps[0, PHI_0_TERMS] + ROUNDOFF * abs(constant)
    return gx, gy, constant, error, constant_error


@kernel
def combine(units, steps, bits, first, second, third, n_max):
    """Combine three conditions to what should be a constant.

    `first` or `second` may be NONE, or the same: then two conditions or one are meant.

    Returns
    -------
    tuple of float
        The constant, its error, the error per unit of max |z_t|, the size of the terms, and the
        three weights >= 0, the largest of them one. All zero if there is no such combination.
    """
    H = units.shape[0]
    if second == first:
        second = NONE
    if first == NONE:
        first, second = second, NONE
    earliest = condition_time(third, H, n_max)
    if first != NONE:
        earliest = min(earliest, condition_time(first, H, n_max))
    if second != NONE:
        earliest = min(earliest, condition_time(second, H, n_max))
    cx, cy, c0, c_error, c_shift = pull_back(units, steps, bits, third, earliest, n_max)
    ax = ay = a0 = a_error = a_shift = 0.0
    bx = by = b0 = b_error = b_shift = 0.0
    if first != NONE:
        ax, ay, a0, a_error, a_shift = pull_back(units, steps, bits, first, earliest, n_max)
    if second != NONE:
        bx, by, b0, b_error, b_shift = pull_back(units, steps, bits, second, earliest, n_max)
        wa = bx * cy - by * cx
        wb = cx * ay - cy * ax
        wc = ax * by - ay * bx
        if wc < 0.0:
            wa, wb, wc = -wa, -wb, -wc
    elif first != NONE:
        if abs(ax) >= abs(ay):
            wa, wb, wc = abs(cx), 0.0, abs(ax)
        else:
            wa, wb, wc = abs(cy), 0.0, abs(ay)
    else:
        wa, wb, wc = 0.0, 0.0, 1.0
    wa, wb = max(wa, 0.0), max(wb, 0.0)
    largest = max(wa, wb, wc)
    if not (largest > 0.0 and largest < np.inf):
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    wa, wb, wc = wa / largest, wb / largest, wc / largest
    constant = wa * a0 + wb * b0 + wc * c0
    constant_size = wa * abs(a0) + wb * abs(b0) + wc * abs(c0)
    constant_error = wa * a_shift + wb * b_shift + wc * c_shift + 4 * ROUNDOFF * constant_size
    size = wa * (abs(ax) + abs(ay)) + wb * (abs(bx) + abs(by)) + wc * (abs(cx) + abs(cy))
    error = wa * a_error + wb * b_error + wc * c_error + 4 * ROUNDOFF * size
    error += abs(wa * ax + wb * bx + wc * cx) + abs(wa * ay + wb * by + wc * cy)
    return constant, constant_error, error, size + constant_size, wa, wb, wc


@kernel
def radius_of(constant, constant_error, error, size):
    """Return the largest R with constant + constant_error + R error < 0 for certain, or 0."""
    room = -SAFETY * constant - constant_error
    if not (room > SMALLEST and size < LARGEST and error < LARGEST):
        return 0.0
    return LARGEST if error * LARGEST <= room else SAFETY * room / error


@kernel
def certify_virtual(units, steps, bits, number, lx, ly, order, n_max):
    """Return the radius up to which one condition excludes the candidate of the word, or 0.

    The condition plus l . (z_k - z_0), k = `order`, is a negative constant if (I - P)^T l is the
    condition's gradient.
    """
    H = units.shape[0]
    rounding = (H + 9) * ROUNDOFF
    is_pair = number < n_max
    time = number // H if is_pair else number - n_max
    gx, gy = lx, ly
    constant, error, constant_error = 0.0, 0.0, 0.0
    size = abs(lx) + abs(ly)
    for t in range(order - 1, -1, -1):
        size_x, size_y = abs(gx), abs(gy)
        size = max(size, size_x + size_y)
        constant += gx * steps[t, C0] + gy * steps[t, C1]
        constant_error += ROUNDOFF * abs(constant)
        constant_error += rounding * (size_x * steps[t, C0_TERMS] + size_y * steps[t, C1_TERMS])
        error += rounding * (size_x * steps[t, J0_TERMS] + size_y * steps[t, J1_TERMS])
        gx, gy = (
            gx * steps[t, J00] + gy * steps[t, J10],
            gx * steps[t, J01] + gy * steps[t, J11],
        )
        if t == time:
            if is_pair:
                unit = number - time * H
                sign = 1.0 if bits[number] else -1.0
                gx += sign * units[unit, W2X]
                gy += sign * units[unit, W2Y]
                constant += sign * units[unit, H2]
            else:
                gx -= steps[t, PHI_X]
                gy -= steps[t, PHI_Y]
                error += rounding * steps[t, PHI_TERMS]
                constant += steps[t, SLACK]
                constant_error += ROUNDOFF * abs(constant) + rounding * steps[t, PHI_0_TERMS]
                constant -= steps[t, PHI_0]
            constant_error += ROUNDOFF * abs(constant)
            error += ROUNDOFF * (abs(gx) + abs(gy))
    if not is_pair:
        gx += steps[0, PHI_X]
        gy += steps[0, PHI_Y]
        constant += steps[0, PHI_0]
        error += rounding * steps[0, PHI_TERMS] + ROUNDOFF * (abs(gx) + abs(gy))
        constant_error += rounding * steps[0, PHI_0_TERMS] + ROUNDOFF * abs(constant)
    gx -= lx
    gy -= ly
    error += (1.0 + 2.0 * ROUNDOFF) * (abs(gx) + abs(gy))
    return radius_of(constant, constant_error, error, size + abs(constant))
