"""The search for the words of an interval, compiled: depth first over prefixes, task by task.

A *task* is a prefix of a word and an interval of the parameter. In the middle of that interval the
polygon search runs as for a single value, below the prefix. What it closes there with a row is
closed for the part of the interval over which the row stays a proof; the rest is a new task. A
condition that seems to empty a cell without a proof is left out: the cell is then larger than it
need be. All of it lives in arrays, so that the search can come back for more room.
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
from .rows import row_extent
from .state import (
    CUT,
    DEPTH,
    DONE,
    FINISHED,
    FIRST,
    FORCED,
    FULL,
    HALF,
    HI,
    LARGEST,
    LEAST,
    LETTERS,
    LIMIT,
    LO,
    NODES,
    ONLY,
    SECOND,
    SPLIT,
    STOPPED,
    TASKS,
    TREE,
    WORD,
    WORDS,
)
from .tasks import add_rest, covered, enter_interval, note_closed, trim
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
def close_part(
    span, kinds, given, closed_span, closed_depth, closed_bits, count, now, extent, depth, bits
):
    """Close the first `depth` bits as far as an extent goes; what is left becomes tasks.

    Returns
    -------
    bool
        False if that is nothing, or the interval is too small to be divided.
    """
    if not min(extent) > 0.0:
        return False
    lo, hi = covered(now, extent)
    if (lo > now[LO] or hi < now[HI]) and now[HI] - now[LO] <= now[LEAST]:
        return False
    forced = count[FORCED]
    add_rest(span, kinds, given, count, now, lo, hi, max(depth, forced), TREE, bits)
    if depth < forced:
        note_closed(closed_span, closed_depth, closed_bits, count, lo, hi, depth, bits)
    return True


@kernel
def take_word(order, word_span, letters, span, kinds, given, count, now, extent, k, H, bits):
    """Keep the word of the first k regions but where it is virtual; what is left is a task."""
    if min(extent) > 0.0:
        lo, hi = covered(now, extent)
        if (lo <= now[LO] and hi >= now[HI]) or now[HI] - now[LO] > now[LEAST]:
            add_rest(span, kinds, given, count, now, lo, hi, k * H, WORD, bits)
            return
    n, at = count[WORDS], count[LETTERS]
    order[n] = k
    word_span[n, 0], word_span[n, 1] = now[LO], now[HI]
    for i in range(k * H):
        letters[at + i] = bits[i]
    count[WORDS] = n + 1
    count[LETTERS] = at + k * H


@kernel
def search_tasks(net, path, tasks, found, count, now, node_limit, cancel, expired):
    """Go on with the search from where `path`, `tasks` and `count` say that it is.

    Returns
    -------
    int
        FINISHED; FULL: an array of `found` or `tasks` needs more room; STOPPED: the caller's flag
        `cancel` or the clock's `expired` is set; LIMIT: so many nodes have been visited.
    """
    (
        powers_base, powers_units, moving, base, expansions, base_now, units, weights, margins,
        group,
    ) = net  # fmt: skip
    (
        bits, phases, firsts, starts, sizes, tops, steps, orbit, gradient, border, height, jacobian,
        heights, ready,
    ) = path  # fmt: skip
    span, kinds, given, closed_span, closed_depth, closed_bits = tasks
    words, word_span, letters, place, edge, value, side = found
    H = units.shape[0]
    n_max = bits.shape[0]
    highest = n_max // H
    evaluated = -1
    positive = negative = NOWHERE
    while True:
        if cancel[0] != 0 or expired[0] != 0:
            return STOPPED
        if count[NODES] >= node_limit:
            return LIMIT
        if count[TASKS] + 8 > kinds.shape[0]:
            return FULL
        if count[WORDS] == words.shape[0] or count[LETTERS] + n_max > letters.shape[0]:
            return FULL
        if count[DEPTH] < 0:
            if count[TASKS] == 0:
                return FINISHED
            n = count[TASKS] - 1
            count[TASKS] = n
            forced = kinds[n, 0]
            for i in range(forced):
                bits[i] = given[n, i]
            lo, hi = trim(
                closed_span, closed_depth, closed_bits, count, span[n, 0], span[n, 1], forced, bits
            )
            if lo > hi:
                continue
            enter_interval(
                powers_base, powers_units, moving, base, expansions, base_now, units, ready, now,
                lo, hi,
            )  # fmt: skip
            evaluated = -1
            if kinds[n, 1] == TREE:
                count[FORCED] = forced
                count[DEPTH] = 0
                phases[0] = ONLY if forced > 0 else SPLIT
                starts[0] = sizes[0] = tops[0] = 0
                continue
            order = forced // H
            for t in range(order):
                complete_step(base_now, units, weights, bits, steps, orbit, t)
            extent = virtual_extent(
                units, base, expansions, weights, margins, bits, steps, orbit, jacobian, heights,
                ready, order, now[HALF], now[LARGEST],
            )  # fmt: skip
            take_word(
                words, word_span, letters, span, kinds, given, count, now, extent, order, H, bits
            )
            count[NODES] += 1
            continue
        i = count[DEPTH]
        forced = count[FORCED]
        phase = phases[i]
        if phase == DONE:
            count[DEPTH] = i - 1
            evaluated = -1
            continue
        size = sizes[i]
        if tops[i] + 3 * size + 16 > edge.shape[0] or size + 8 > value.shape[0]:
            return FULL
        t = i // H
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
            if t == 1:
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
                    first, second = best_edges(place, edge, starts[i], size, 1.0, value)
                    extent = row_extent(
                        base, expansions, weights, margins, group, bits, jacobian, heights,
                        ready, first, second, number, now[HALF], now[LARGEST],
                    )  # fmt: skip
                    if close_part(
                        span, kinds, given, closed_span, closed_depth, closed_bits, count, now,
                        extent, i, bits,
                    ):  # fmt: skip
                        count[NODES] += 1
                        count[DEPTH] = i - 1
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
            if not is_repetition(bits, border, H, t) and i >= forced:
                extent = virtual_extent(
                    units, base, expansions, weights, margins, bits, steps, orbit, jacobian,
                    heights, ready, t, now[HALF], now[LARGEST],
                )  # fmt: skip
                take_word(
                    words, word_span, letters, span, kinds, given, count, now, extent, t, H, bits
                )
            if t == highest:
                count[NODES] += 1
                count[DEPTH] = i - 1
                evaluated = -1
                continue
            phases[i] = phase = ONLY if i < forced else SPLIT
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
        if phase == SPLIT:
            firsts[i] = 0 if negative == NOWHERE else 1
            count[NODES] += 1
            phase = FIRST
        if phase != ONLY:
            bits[i] = firsts[i] if phase == FIRST else 1 - firsts[i]
        phases[i] = SECOND if phase == FIRST else DONE
        sign = 1 if bits[i] else -1
        own, other = (positive, negative) if bits[i] else (negative, positive)
        if own != CLEAR:
            first, second = best_edges(place, edge, start, size, sign, value)
            extent = row_extent(
                base, expansions, weights, margins, group, bits, jacobian, heights, ready,
                first, second, i, now[HALF], now[LARGEST],
            )  # fmt: skip
            if close_part(
                span, kinds, given, closed_span, closed_depth, closed_bits, count, now, extent,
                i + 1, bits,
            ):  # fmt: skip
                count[NODES] += 1
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
        sizes[i + 1] = made
        tops[i + 1] = to + made if starts[i + 1] == to else to
        phases[i + 1] = CUT if (i + 1) % H == 0 else (ONLY if i + 1 < forced else SPLIT)
        count[DEPTH] = i + 1
        evaluated = -1


@kernel
def least_rotations(order, letters, H):
    """Rotate each word, in place, to the rotation that is least in lexicographic order."""
    copy = letters.copy()
    at = 0
    for n in range(order.shape[0]):
        length = order[n] * H
        best = 0
        for shift in range(H, length, H):
            for i in range(length):
                a, b = shift + i, best + i
                a = copy[at + (a - length if a >= length else a)]
                b = copy[at + (b - length if b >= length else b)]
                if a != b:
                    if a < b:
                        best = shift
                    break
        for i in range(length):
            b = best + i
            letters[at + i] = copy[at + (b - length if b >= length else b)]
        at += length
