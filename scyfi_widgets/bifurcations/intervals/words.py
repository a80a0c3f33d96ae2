"""Words that are virtual while a parameter moves: over which part of an interval.

With P and p of a word's k steps, D = det(I - P), and N the value of D y for a condition y of one
of its points, each cycle with this word has y D = N, whether D vanishes or not. So it is virtual
wherever two of the functions D and N, all taken with the signs of the word's bits and less the
margins, have opposite signs.
"""

from __future__ import annotations

from ...compiled import kernel
from ...cycles.polygons.rows import C0, C1, H2, J00, J01, J10, J11, NONE, W2X, W2Y
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
from .rows import CONSTANT_ONE, NOWHERE, common, load, prepare_step

DETERMINANT = -2  # stands for D among the conditions
UNCLEAR = 1e-13  # relative violations below it are not worth an attempt
POOR = 0.01  # D is no good partner where another condition is so much larger


@kernel
def opposite_conditions(units, margins, steps, bits, orbit, order):
    """Return a negative and a positive one of all N and D in the middle; NONE if there is none."""
    H = units.shape[0]
    a, b = 1.0 - orbit[order, 0], -orbit[order, 1]
    c, d = -orbit[order, 2], 1.0 - orbit[order, 3]
    p, q = orbit[order, 4], orbit[order, 5]
    x, y, u = d * p - b * q, a * q - c * p, a * d - b * c
    share = u / (abs(a * d) + abs(b * c) + 1e-300)
    lowest, highest = -UNCLEAR, UNCLEAR
    low = high = NONE
    for t in range(order):
        for j in range(H):
            i = t * H + j
            f, g, h = units[j, W2X] * x, units[j, W2Y] * y, units[j, H2] * u
            value = f + g + h if bits[i] else -(f + g + h)
            value = (value - margins[j] * u) / (abs(f) + abs(g) + abs(h) + 1e-300)
            if value < lowest:
                lowest, low = value, i
            if value > highest:
                highest, high = value, i
        x, y = (
            steps[t, J00] * x + steps[t, J01] * y + steps[t, C0] * u,
            steps[t, J10] * x + steps[t, J11] * y + steps[t, C1] * u,
        )
    if low != NONE and share > POOR * highest and share > UNCLEAR:
        high = DETERMINANT
    elif high != NONE and share < POOR * lowest and share < -UNCLEAR:
        low = DETERMINANT
    return low, high


@kernel
def condition_times_determinant(units, margins, jacobian, bits, order, number, sign, w):
    """Return `sign` times N of a pair, or D, as an expansion."""
    H = units.shape[0]
    time = 0 if number == DETERMINANT else number // H
    p00, p01 = load(jacobian, time, 0), load(jacobian, time, 1)
    p10, p11 = load(jacobian, time, 2), load(jacobian, time, 3)
    p, q = load(jacobian, time, 4), load(jacobian, time, 5)
    for n in range(1, order):
        t = time + n if time + n < order else time + n - order
        a, b = load(jacobian, t, 0), load(jacobian, t, 1)
        c, d = load(jacobian, t, 2), load(jacobian, t, 3)
        p00, p10 = (
            plus(times(a, p00, w), times(b, p10, w)),
            plus(times(c, p00, w), times(d, p10, w)),
        )
        p01, p11 = (
            plus(times(a, p01, w), times(b, p11, w)),
            plus(times(c, p01, w), times(d, p11, w)),
        )
        p, q = (
            plus(plus(times(a, p, w), times(b, q, w)), load(jacobian, t, 4)),
            plus(plus(times(c, p, w), times(d, q, w)), load(jacobian, t, 5)),
        )
    a, d = minus(CONSTANT_ONE, p00), minus(CONSTANT_ONE, p11)
    determinant = minus(times(a, d, w), times(p01, p10, w))
    if number == DETERMINANT:
        return scaled(determinant, sign)
    x = plus(times(d, p, w), times(p01, q, w))
    y = plus(times(a, q, w), times(p10, p, w))
    unit = number - time * H
    value = plus(times(load(units, unit, W2X), x, w), times(load(units, unit, W2Y), y, w))
    value = plus(value, times(load(units, unit, H2), determinant, w))
    value = scaled(value, 1.0 if bits[number] else -1.0)
    value = minus(value, scaled(determinant, margins[unit]))
    return scaled(value, sign)


@kernel
def virtual_extent(
    units_now, base, units, weights, margins, bits, steps, orbit, jacobian, heights, ready, order,
    w, radius,
):  # fmt: skip
    """Return how far below and above the middle the word is virtual; (-1, -1) if not even there.

    Also whether it seems virtual there.
    """
    low, high = opposite_conditions(units_now, margins, steps, bits, orbit, order)
    if low == NONE and high == NONE:
        return NOWHERE, False
    for t in range(order):
        if not ready[t]:
            prepare_step(base, units, weights, bits, jacobian, heights, ready, t, w)
    H = units.shape[0]
    rounding = rounding_of(order, H)
    extent = NOWHERE
    if low != NONE and high != NONE:
        negative = condition_times_determinant(units, margins, jacobian, bits, order, low, -1.0, w)
        extent = positive_extent(negative, w, rounding, 0.0)
        if min(extent) > 0.0:
            positive = condition_times_determinant(
                units, margins, jacobian, bits, order, high, 1.0, w
            )
            extent = common(extent, positive_extent(positive, w, rounding, 0.0))
            if min(extent) > 0.0:
                return extent, True
    # Where D hardly differs from 0, y = N / D is farther away than anything within the radius.
    determinant = condition_times_determinant(
        units, margins, jacobian, bits, order, DETERMINANT, 1.0, w
    )
    small = largest_modulus(determinant, w, rounding)
    for number in (low, high):
        if number >= 0:
            unit = number % H
            far = radius * (load(units, unit, W2X)[4] + load(units, unit, W2Y)[4])
            far += load(units, unit, H2)[4] + margins[unit]
            sign = -1.0 if number == low else 1.0
            value = condition_times_determinant(
                units, margins, jacobian, bits, order, number, sign, w
            )
            away = positive_extent(value, w, rounding, CAUTION * small * far)
            if min(away) > 0.0:
                return away, True
    return extent, True
