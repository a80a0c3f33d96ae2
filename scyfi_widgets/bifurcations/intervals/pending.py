"""What the interval search still has to do: prefixes and words, each with an open interval."""

from __future__ import annotations

from ...compiled import kernel
from .expansions import polynomial
from .rows import store
from .state import GROUPS, HALF, HI, LEFT, LO, MIDDLE, OPEN, RIGHT, TESTS

OFF_CENTRE = 0.4937  # the middle of a range is where weights have special values
GUARD = 4e-16  # more than the rounding of a sum, relative to the larger term


@kernel
def enter_interval(
    powers_base, powers_units, moving, base, units, base_now, units_now, ready, now, lo, hi
):
    """Expand the network about the middle of [lo, hi]."""
    middle = lo + OFF_CENTRE * (hi - lo)
    w = max(hi - middle, middle - lo) * (1.0 + GUARD) + GUARD * abs(middle)
    now[LO], now[HI], now[MIDDLE], now[HALF] = lo, hi, middle, w
    for k in range(moving.shape[0]):
        j, n = moving[k, 0], moving[k, 1]
        if j < 0:
            i = j + 2
            p = polynomial(
                powers_base[i, n, 0], powers_base[i, n, 1], powers_base[i, n, 2], middle, w
            )
            store(base, i, n, p)
            base_now[i, n] = p[0]
        else:
            p = polynomial(
                powers_units[j, n, 0], powers_units[j, n, 1], powers_units[j, n, 2], middle, w
            )
            store(units, j, n, p)
            units_now[j, n] = p[0]
    for t in range(ready.shape[0]):
        ready[t] = 0


@kernel
def covered(now, extent):
    """Return the part of the present interval that an extent about its middle covers."""
    guard = GUARD * abs(now[MIDDLE])
    lo = now[LO] if extent[0] >= now[HALF] else now[MIDDLE] - extent[0] + guard
    hi = now[HI] if extent[1] >= now[HALF] else now[MIDDLE] + extent[1] - guard
    return max(lo, now[LO]), min(hi, now[HI])


@kernel
def add_prefix(span, depths, bits, n, lo, hi, depth, letters):
    """Write the first `depth` of the bits `letters`, open over [lo, hi], to place n."""
    span[n, 0], span[n, 1] = lo, hi
    depths[n] = depth
    for i in range(depth):
        bits[n, i] = letters[i]


@kernel
def leave_open(
    left_span, left_depth, left_bits, right_span, right_depth, right_bits, count, lo, hi, a, b,
    depth, letters,
):  # fmt: skip
    """Note what [a, b] leaves of [lo, hi], the interval over which a prefix is open."""
    if lo < a:
        n = count[LEFT]
        add_prefix(left_span, left_depth, left_bits, n, lo, min(hi, a), depth, letters)
        count[LEFT] = n + 1
    if hi > b:
        n = count[RIGHT]
        add_prefix(right_span, right_depth, right_bits, n, max(lo, b), hi, depth, letters)
        count[RIGHT] = n + 1


@kernel
def add_tests(span, depths, bits, count, lo, hi, a, b, depth, letters):
    """Put what [a, b] leaves of [lo, hi], over which a word is to be tested, on the stack."""
    if lo < a:
        add_prefix(span, depths, bits, count[TESTS], lo, min(hi, a), depth, letters)
        count[TESTS] += 1
    if hi > b:
        add_prefix(span, depths, bits, count[TESTS], max(lo, b), hi, depth, letters)
        count[TESTS] += 1


@kernel
def push_group(opened, group, side, size, count):
    """Put what was left open on one side on the stack of groups."""
    if size == 0:
        return
    span, depth, bits = opened
    side_span, side_depth, side_bits = side
    first = count[OPEN]
    for k in range(size):
        add_prefix(
            span, depth, bits, first + k, side_span[k, 0], side_span[k, 1], side_depth[k],
            side_bits[k],
        )  # fmt: skip
    group[count[GROUPS]] = first
    count[GROUPS] += 1
    count[OPEN] = first + size
