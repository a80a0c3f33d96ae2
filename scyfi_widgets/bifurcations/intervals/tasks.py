"""Tasks of the interval search: prefixes with the interval over which they are still open."""

from __future__ import annotations

from ...compiled import kernel
from .expansions import polynomial
from .rows import store
from .state import CLOSED, HALF, HI, LO, MIDDLE, TASKS

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
def add_task(span, kinds, given, count, lo, hi, depth, kind, bits):
    """Put the first `depth` bits over [lo, hi] on the stack."""
    n = count[TASKS]
    span[n, 0], span[n, 1] = lo, hi
    kinds[n, 0], kinds[n, 1] = depth, kind
    for i in range(depth):
        given[n, i] = bits[i]
    count[TASKS] = n + 1


@kernel
def add_rest(span, kinds, given, count, now, lo, hi, depth, kind, bits):
    """Put what [lo, hi] leaves of the present interval on the stack."""
    if lo > now[LO]:
        add_task(span, kinds, given, count, now[LO], min(lo, now[HI]), depth, kind, bits)
    if hi < now[HI]:
        add_task(span, kinds, given, count, max(hi, now[LO]), now[HI], depth, kind, bits)


@kernel
def note_closed(closed_span, closed_depth, closed_bits, count, lo, hi, depth, bits):
    """Remember that the first `depth` bits have just been closed over [lo, hi]."""
    n = count[CLOSED] % closed_depth.shape[0]
    count[CLOSED] += 1
    closed_span[n, 0], closed_span[n, 1] = lo, hi
    closed_depth[n] = depth
    for i in range(depth):
        closed_bits[n, i] = bits[i]


@kernel
def trim(closed_span, closed_depth, closed_bits, count, lo, hi, depth, bits):
    """Return what the prefixes that were closed lately leave of [lo, hi], (1, 0) if nothing."""
    places = closed_depth.shape[0]
    for back in range(1, min(count[CLOSED], places) + 1):
        n = (count[CLOSED] - back) % places
        a, b = closed_span[n, 0], closed_span[n, 1]
        if b <= lo or a >= hi or (a > lo and b < hi) or closed_depth[n] > depth:
            continue
        same = True
        for i in range(closed_depth[n]):
            if bits[i] != closed_bits[n, i]:
                same = False
                break
        if same:
            if a <= lo and b >= hi:
                return 1.0, 0.0
            if a <= lo:
                lo = b
            else:
                hi = a
    return lo, hi
