"""The search for the words of an interval, compiled: trees of prefixes, depth first.

A *group* is a piece of the tree of all prefixes: some prefixes, each with the interval of the
parameter over which it is still open. In the middle of what these have in common the polygon search
runs as for a single value, once for all of them. What it closes there with a row is closed for the
part of the interval over which the row stays a proof; what is left on either side of the middle
makes two new groups. A condition that seems to empty a cell without a proof is left out: the cell
is then larger than it need be. All of it lives in arrays, so that the search can come back for more
room.
"""

from __future__ import annotations

from ...compiled import kernel
from ...cycles.polygons.cells import (
    CLEAR,
    NOWHERE,
    advance,
    clip,
    copy_corner,
    evaluate,
    highest_corner,
    mark_heights,
    write_half_plane,
)
from ...cycles.polygons.kernels import evaluate_plane, is_repetition, write_gradient
from ...cycles.polygons.rows import C0, H2, NONE, PHI_0, PHI_X, PHI_Y, W1X, W2X, W2Y
from .pending import add_prefix, add_tests, covered, enter_interval, leave_open, push_group
from .rows import row_extent
from .state import (
    CUT,
    DONE,
    FINISHED,
    FIRST,
    FULL,
    GROUPS,
    HALF,
    HI,
    LARGEST,
    LEAST,
    LEFT,
    LETTERS,
    LIMIT,
    LO,
    MIDDLE,
    NODES,
    OPEN,
    RIGHT,
    SECOND,
    SPLIT,
    STOPPED,
    SURE,
    TESTS,
    WIDE_HI,
    WIDE_LO,
    WINDOWS,
    WORDS,
)
from .word_table import is_settled, keep_word
from .words import virtual_extent


@kernel
def complete_step(base, units, weights, bits, steps, orbit, t):
    """Fill in step t in the middle, whose region has just been completed, and the orbit."""
    H = units.shape[0]
    for i in range(2):
        a, b, c = base[i, 0], base[i, 1], base[i, 2]
        for j in range(H):
            if bits[t * H + j]:
                weight = units[j, W1X + i]
                a += weight * units[j, W2X]
                b += weight * units[j, W2Y]
                c += weight * units[j, H2]
        steps[t, 2 * i], steps[t, 2 * i + 1], steps[t, C0 + i] = a, b, c
        orbit[t + 1, 2 * i] = a * orbit[t, 0] + b * orbit[t, 2]
        orbit[t + 1, 2 * i + 1] = a * orbit[t, 1] + b * orbit[t, 3]
        orbit[t + 1, 4 + i] = a * orbit[t, 4] + b * orbit[t, 5] + c
    a = b = c = 0.0
    for j in range(H):
        factor = -weights[j] if bits[t * H + j] else weights[j]
        a += factor * units[j, W2X]
        b += factor * units[j, W2Y]
        c += factor * units[j, H2]
    steps[t, PHI_X], steps[t, PHI_Y], steps[t, PHI_0] = a, b, c


@kernel
def best_edges(place, edge, start, size, sign, value):
    """Return the conditions of the edges that meet where `sign` times the value is largest."""
    if size > 0:
        best = highest_corner(place, start, size, sign, value)
        if best >= 0:
            return edge[start + (best - 1 if best > 0 else size - 1)], edge[start + best]
    return NONE, NONE


@kernel
def close_prefixes(
    open_span, open_depth, open_bits, left_span, left_depth, left_bits, right_span, right_depth,
    right_bits, count, now, tiny, extent, free, first, last, depth, bits,
):  # fmt: skip
    """Close the first `depth` bits as far as an extent goes; what is left stays open.

    That is about one open prefix, or where `free` is NONE about all from `first` to before `last`.

    Returns
    -------
    bool
        False if that is nothing, or the interval is too small to be divided.
    """
    if not min(extent) > 0.0:
        return False
    a, b = covered(now, extent)
    if not (a < now[MIDDLE] and b > now[MIDDLE]):
        return False
    if free != NONE:
        first, last = free, free + 1
    if tiny:
        for k in range(first, last):
            if open_span[k, 0] < a or open_span[k, 1] > b:
                return False
    if free != NONE:
        leave_open(
            left_span, left_depth, left_bits, right_span, right_depth, right_bits, count,
            open_span[free, 0], open_span[free, 1], a, b, depth, bits,
        )  # fmt: skip
        return True
    for k in range(first, last):
        leave_open(
            left_span, left_depth, left_bits, right_span, right_depth, right_bits, count,
            open_span[k, 0], open_span[k, 1], a, b, open_depth[k], open_bits[k],
        )  # fmt: skip
    return True


@kernel
def take_word(
    order, begin, word_span, letters, slot, test_span, test_depth, test_bits, count, now, lo, hi,
    extent, unclear, k, H, bits,
):  # fmt: skip
    """Keep the word of the first k regions but where it is virtual; what is left is a new test.

    `unclear` says that the word seems virtual in the middle, whatever `extent` could prove.
    """
    tiny = hi - lo <= now[LEAST]
    if min(extent) > 0.0:
        a, b = covered(now, extent)
        if (a <= lo and b >= hi) or not tiny:
            add_tests(test_span, test_depth, test_bits, count, lo, hi, a, b, k * H, bits)
            return
    if not tiny and not unclear:
        lo, hi = min(lo, now[WIDE_LO]), max(hi, now[WIDE_HI])
    keep_word(order, begin, word_span, letters, slot, count, lo, hi, bits, k, H)


@kernel
def search_group(
    net, path, pending, found, count, now, window, first, last, node_limit, cancel, expired
):
    """Search below the open prefixes from `first` to before `last`, in the middle of the interval.

    With `window` > 0 for all orbits of so many regions, which need not close; otherwise for cycles,
    each but for its rotations.

    Returns
    -------
    int
        As `search_groups`; only if it is FINISHED what was left open is complete.
    """
    _, _, _, base, expansions, base_now, units, weights, margins, group = net
    (
        bits, phases, firsts, starts, sizes, tops, frees, uptos, steps, orbit, gradient, border,
        height, jacobian, heights, ready,
    ) = path  # fmt: skip
    opened, _, left, right, tests = pending
    open_span, open_depth, open_bits = opened
    left_span, left_depth, left_bits = left
    right_span, right_depth, right_bits = right
    test_span, test_depth, test_bits = tests
    order, begin, word_span, letters, slot, place, edge, value, side, windows = found
    window_span, window_depth, window_bits = windows
    H = units.shape[0]
    n_max = bits.shape[0]
    highest = window if window > 0 else n_max // H
    middle, half, radius = now[MIDDLE], now[HALF], now[LARGEST]
    tiny = now[HI] - now[LO] <= now[LEAST]
    most_left = left_depth.shape[0] - (last - first) - 4
    most_right = right_depth.shape[0] - (last - first) - 4
    evaluated = -1
    positive = negative = NOWHERE
    phases[0] = SPLIT
    starts[0] = sizes[0] = tops[0] = 0
    frees[0] = first if open_depth[first] == 0 else NONE
    uptos[0] = last
    at = first  # the open prefix that comes next
    i = 0
    while i >= 0:
        if cancel[0] != 0 or expired[0] != 0:
            return STOPPED
        if count[NODES] >= node_limit:
            return LIMIT
        if count[LEFT] >= most_left or count[RIGHT] >= most_right:
            return FULL
        if count[TESTS] + 4 > test_depth.shape[0] or count[WINDOWS] == window_depth.shape[0]:
            return FULL
        if 2 * count[WORDS] >= slot.shape[0] or count[WORDS] == order.shape[0]:
            return FULL
        if count[LETTERS] + n_max > letters.shape[0]:
            return FULL
        size = sizes[i]
        if tops[i] + 3 * size + 16 > edge.shape[0] or size + 8 > value.shape[0]:
            return FULL
        phase = phases[i]
        if phase == DONE:
            i -= 1
            evaluated = -1
            continue
        t = i // H
        free = frees[i]
        if phase == CUT:
            # The region at time t - 1 is complete: phi is affine there.
            complete_step(base_now, units, weights, bits, steps, orbit, t - 1)
            ready[t - 1] = 0
            if starts[i] < tops[i - 1]:  # the cell is the parent's: make a copy
                for k in range(size):
                    copy_corner(place, edge, starts[i] + k, tops[i] + k)
                starts[i] = tops[i]
                tops[i] += size
            px, py, p0 = steps[t - 1, PHI_X], steps[t - 1, PHI_Y], steps[t - 1, PHI_0]
            if window > 0:
                pass
            elif t == 1:
                height[0], height[1], height[2] = px, py, p0
                mark_heights(place, starts[i], size, px, py, p0)
            elif size > 0:
                number = n_max + t - 1
                write_gradient(gradient, orbit, number, t - 1, -px, -py, -p0)
                for m in range(3):
                    gradient[number, m] += height[m]
                positive, negative = evaluate(
                    place, starts[i], size, -px, -py, 1.0, -p0, value, side
                )
                if positive != CLEAR:
                    one, two = best_edges(place, edge, starts[i], size, 1.0, value)
                    extent = row_extent(
                        base, expansions, weights, margins, group, bits, jacobian, heights,
                        ready, one, two, number, half, radius,
                    )  # fmt: skip
                    if close_prefixes(
                        open_span, open_depth, open_bits, left_span, left_depth, left_bits,
                        right_span, right_depth, right_bits, count, now, tiny, extent, free, at,
                        uptos[i], i, bits,
                    ):  # fmt: skip
                        count[NODES] += 1
                        at = uptos[i]
                        i -= 1
                        evaluated = -1
                        continue
                if negative != NOWHERE and positive != NOWHERE:
                    to = tops[i]
                    size = clip(
                        place, edge, starts[i], size, 1, value, side, gradient, number, orbit,
                        t - 1, height, to,
                    )  # fmt: skip
                    starts[i], sizes[i], tops[i] = to, size, to + size
            advance(place, edge, starts[i], size, steps, t - 1, starts[i])
            repeats = window > 0 or is_repetition(bits, border, H, t)
            if free != NONE and not repeats:
                lo, hi = open_span[free, 0], open_span[free, 1]
                if not is_settled(order, begin, word_span, letters, slot, lo, hi, bits, t, H):
                    extent, unclear = virtual_extent(
                        units, base, expansions, weights, margins, bits, steps, orbit, jacobian,
                        heights, ready, t, half, radius,
                    )  # fmt: skip
                    take_word(
                        order, begin, word_span, letters, slot, test_span, test_depth, test_bits,
                        count, now, lo, hi, extent, unclear, t, H, bits,
                    )  # fmt: skip
            if t == highest:
                if window > 0:
                    add_prefix(
                        window_span, window_depth, window_bits, count[WINDOWS],
                        open_span[free, 0], open_span[free, 1], i, bits,
                    )  # fmt: skip
                    count[WINDOWS] += 1
                count[NODES] += 1
                at = uptos[i]
                i -= 1
                evaluated = -1
                continue
            phases[i] = phase = SPLIT
        end = uptos[i]
        if free == NONE:
            # The next prefixes that go on with the same bit, those with the shortest one alone.
            if at == end:
                i -= 1
                evaluated = -1
                continue
            bit = open_bits[at, i]
            end, stabbed = at, False
            while end < uptos[i] and open_bits[end, i] == bit:
                if open_depth[end] == i + 1 and end > at:
                    break
                within = open_span[end, 0] <= middle and middle < open_span[end, 1]
                stabbed = stabbed or within or tiny
                end += 1
                if open_depth[end - 1] == i + 1:
                    break
            if not stabbed:
                for k in range(at, end):
                    leave_open(
                        left_span, left_depth, left_bits, right_span, right_depth, right_bits,
                        count, open_span[k, 0], open_span[k, 1], middle, middle, open_depth[k],
                        open_bits[k],
                    )  # fmt: skip
                at = end
                continue
        j = i - t * H
        gx, gy, constant = units[j, W2X], units[j, W2Y], units[j, H2]
        start = starts[i]
        if evaluated != i:
            write_gradient(gradient, orbit, i, t, gx, gy, constant)
            if size > 0:
                positive, negative = evaluate(
                    place, start, size, gx, gy, 0.0, constant, value, side
                )
            else:
                positive, negative = evaluate_plane(orbit, gradient, i, t, gx, gy, constant)
            evaluated = i
        if free == NONE:
            bits[i] = bit
        else:
            if phase == SPLIT:
                firsts[i] = 0 if negative == NOWHERE else 1
                count[NODES] += 1
                phase = FIRST
            bits[i] = firsts[i] if phase == FIRST else 1 - firsts[i]
            phases[i] = SECOND if phase == FIRST else DONE
        child = free
        if free == NONE and open_depth[at] == i + 1:
            child = at
        sign = 1 if bits[i] else -1
        own, other = (positive, negative) if bits[i] else (negative, positive)
        if own != CLEAR:
            one, two = best_edges(place, edge, start, size, sign, value)
            extent = row_extent(
                base, expansions, weights, margins, group, bits, jacobian, heights, ready,
                one, two, i, half, radius,
            )  # fmt: skip
            if close_prefixes(
                open_span, open_depth, open_bits, left_span, left_depth, left_bits, right_span,
                right_depth, right_bits, count, now, tiny, extent, child, at, end, i + 1, bits,
            ):  # fmt: skip
                count[NODES] += 1
                if free == NONE:
                    at = end
                continue
        to = tops[i]
        if other == NOWHERE or own == NOWHERE:
            starts[i + 1], made = start, size
        elif size > 0:
            starts[i + 1] = to
            made = clip(
                place, edge, start, size, sign, value, side, gradient, i, orbit, t, height, to
            )
        else:
            starts[i + 1] = to
            made = write_half_plane(place, edge, to, sign, gradient, i, orbit, t, height)
        i += 1
        sizes[i] = made
        tops[i] = to + made if starts[i] == to else to
        phases[i] = CUT if i % H == 0 else SPLIT
        frees[i], uptos[i] = child, end
        if child != NONE and free == NONE:
            at = end  # all below is about this prefix alone
        evaluated = -1
    return FINISHED


@kernel
def search_groups(net, path, pending, found, count, now, window, node_limit, cancel, expired):
    """Go on with the search where `pending` and `count` say that it is.

    Returns
    -------
    int
        FINISHED; FULL: an array needs more room; STOPPED: the caller's flag `cancel` or the clock's
        `expired` is set; LIMIT: so many nodes have been visited.
    """
    powers_base, powers_units, moving, base, expansions, base_now, units, weights, margins, _ = net
    bits, _, _, _, _, _, _, _, steps, orbit, _, _, _, jacobian, heights, ready = path
    opened, group, left, right, tests = pending
    open_span, open_depth, _ = opened
    test_span, test_depth, test_bits = tests
    order, begin, word_span, letters, slot = found[:5]
    H = units.shape[0]
    n_max = bits.shape[0]
    while True:
        if cancel[0] != 0 or expired[0] != 0:
            return STOPPED
        if count[NODES] >= node_limit:
            return LIMIT
        if 2 * count[WORDS] >= slot.shape[0] or count[WORDS] == order.shape[0]:
            return FULL
        if count[LETTERS] + n_max > letters.shape[0] or count[TESTS] + 4 > test_depth.shape[0]:
            return FULL
        if count[TESTS] > 0:
            n = count[TESTS] - 1
            count[TESTS] = n
            k = test_depth[n] // H
            lo, hi = test_span[n, 0], test_span[n, 1]
            for i in range(k * H):
                bits[i] = test_bits[n, i]
            if is_settled(order, begin, word_span, letters, slot, lo, hi, bits, k, H):
                continue
            enter_interval(
                powers_base, powers_units, moving, base, expansions, base_now, units, ready, now,
                lo, hi,
            )  # fmt: skip
            for t in range(k):
                complete_step(base_now, units, weights, bits, steps, orbit, t)
            extent, unclear = virtual_extent(
                units, base, expansions, weights, margins, bits, steps, orbit, jacobian, heights,
                ready, k, now[HALF], now[LARGEST],
            )  # fmt: skip
            take_word(
                order, begin, word_span, letters, slot, test_span, test_depth, test_bits, count,
                now, lo, hi, extent, unclear, k, H, bits,
            )  # fmt: skip
            count[NODES] += 1
            continue
        if count[GROUPS] == 0:
            return FINISHED
        if count[GROUPS] + 2 >= group.shape[0]:
            return FULL
        first, last = group[count[GROUPS] - 1], count[OPEN]
        lo, hi = open_span[first, 0], open_span[first, 1]
        for k in range(first + 1, last):
            lo, hi = min(lo, open_span[k, 0]), max(hi, open_span[k, 1])
        if hi - lo <= now[LEAST]:  # too small to be divided: one prefix after the other
            first = last - 1
            lo, hi = open_span[first, 0], open_span[first, 1]
        count[LEFT] = count[RIGHT] = 0
        count[WINDOWS] = count[SURE]  # a group that was interrupted comes again
        enter_interval(
            powers_base, powers_units, moving, base, expansions, base_now, units, ready, now,
            lo, hi,
        )  # fmt: skip
        status = search_group(
            net, path, pending, found, count, now, window, first, last, node_limit, cancel,
            expired,
        )  # fmt: skip
        if status != FINISHED:
            return status
        if last - 1 + count[LEFT] + count[RIGHT] >= open_depth.shape[0]:
            return FULL
        count[SURE] = count[WINDOWS]
        count[OPEN] = first
        if first == group[count[GROUPS] - 1]:
            count[GROUPS] -= 1
        push_group(opened, group, right, count[RIGHT], count)
        push_group(opened, group, left, count[LEFT], count)
