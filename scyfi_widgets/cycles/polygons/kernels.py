"""The polygon search, compiled: all prefixes of words, depth first, one bit at a time.

Depth i has decided the first i bits. Every node goes through phases: the step that its last bit
completes and the cut against rotations (CUT), the choice of the first child (SPLIT), the first
child (FIRST), the second (SECOND). All of it lives in arrays, so that the search can come back for
more room, stop, or ask for an exact answer, and then go on where it was.

The functions take arrays, not tuples of them: to pass a tuple costs more than these functions do.
"""

from __future__ import annotations

import numpy as np

from ...compiled import kernel
from .cells import (
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
from .rows import (
    C0,
    C0_TERMS,
    H2,
    J0_TERMS,
    NONE,
    PHI_0,
    PHI_0_TERMS,
    PHI_TERMS,
    PHI_X,
    PHI_Y,
    ROUNDOFF,
    SLACK,
    W1X,
    W2X,
    W2Y,
    D,
    certify_virtual,
    combine,
    radius_of,
)
from .state import (
    ALIVE,
    CLOSED,
    CUT,
    DEPTH,
    DOUBT,
    EMPTY,
    FINISHED,
    FIRST,
    FLAT,
    FULL,
    LETTERS,
    LIMIT,
    NEAR,
    NODES,
    RADIUS,
    ROWS,
    SECOND,
    SIZE,
    SPLIT,
    SPLITS,
    STOPPED,
    THIN,
    UNDECIDED,
    VERDICT,
    WANTED,
    WORD,
    WORDS,
    ZERO,
)


@kernel
def same_region(bits, H, s, t):
    """Return whether the regions at two times agree."""
    for j in range(H):  # noqa: SIM110 (Numba has no all() over a generator)
        if bits[s * H + j] != bits[t * H + j]:
            return False
    return True


@kernel
def is_repetition(bits, border, H, order):
    """Extend the borders by the last region, and say whether the word repeats a shorter one."""
    last = order - 1
    if last == 0:
        border[0] = 0
        return False
    length = border[last - 1]
    while length > 0 and not same_region(bits, H, length, last):
        length = border[length - 1]
    if same_region(bits, H, length, last):
        length += 1
    border[last] = length
    return length > 0 and order % (order - length) == 0


@kernel
def complete_step(base, units, functional, bits, steps, orbit, t):
    """Fill in step t, whose region has just been completed, and the orbit up to there."""
    H = units.shape[0]
    for i in range(2):
        a, b, c = base[i, 0], base[i, 1], base[i, 2]
        gradient_terms, shift_terms = abs(a) + abs(b), abs(c)
        for j in range(H):
            if bits[t * H + j]:
                weight = units[j, W1X + i]
                u, v, w = weight * units[j, W2X], weight * units[j, W2Y], weight * units[j, H2]
                a += u
                b += v
                c += w
                gradient_terms += abs(u) + abs(v)
                shift_terms += abs(w)
        steps[t, 2 * i], steps[t, 2 * i + 1], steps[t, C0 + i] = a, b, c
        steps[t, J0_TERMS + i], steps[t, C0_TERMS + i] = gradient_terms, shift_terms
        orbit[t + 1, 2 * i] = a * orbit[t, 0] + b * orbit[t, 2]
        orbit[t + 1, 2 * i + 1] = a * orbit[t, 1] + b * orbit[t, 3]
        orbit[t + 1, 4 + i] = a * orbit[t, 4] + b * orbit[t, 5] + c
    a, b, c = functional[0], functional[1], 0.0
    gradient_terms, shift_terms = abs(a) + abs(b), 0.0
    for j in range(H):
        if bits[t * H + j]:
            weight = units[j, D]
            u, v, w = weight * units[j, W2X], weight * units[j, W2Y], weight * units[j, H2]
            a += u
            b += v
            c += w
            gradient_terms += abs(u) + abs(v)
            shift_terms += abs(w)
    steps[t, PHI_X], steps[t, PHI_Y], steps[t, PHI_0] = a, b, c
    steps[t, PHI_TERMS], steps[t, PHI_0_TERMS] = gradient_terms, shift_terms


@kernel
def write_gradient(gradient, orbit, number, t, gx, gy, constant):
    """Write g . z_t + constant as a function of z_0."""
    gradient[number, 0] = gx * orbit[t, 0] + gy * orbit[t, 2]
    gradient[number, 1] = gx * orbit[t, 1] + gy * orbit[t, 3]
    gradient[number, 2] = gx * orbit[t, 4] + gy * orbit[t, 5] + constant


@kernel
def virtual_radius(units, steps, bits, orbit, gradient, edge, start, size, order, n_max):
    """Return the radius up to which the word of the first `order` regions is virtual, or 0.

    Its candidate is the solution of z_0 = P z_0 + p, outside of the present cell.
    """
    a, b = 1.0 - orbit[order, 0], -orbit[order, 1]
    c, d = -orbit[order, 2], 1.0 - orbit[order, 3]
    p, q = orbit[order, 4], orbit[order, 5]
    determinant = a * d - b * c
    if not abs(determinant) > 16.0 * ROUNDOFF * (abs(a * d) + abs(b * c)):
        return 0.0
    x, y = (d * p - b * q) / determinant, (a * q - c * p) / determinant
    worst, worst_number, worst_sign = 0.0, NONE, 1.0
    for k in range(start, start + size):
        number = edge[k]
        if number == NONE:
            continue
        sign = 1.0 if number >= n_max or bits[number] else -1.0
        gx, gy = gradient[number, 0], gradient[number, 1]
        violation = sign * (gx * x + gy * y + gradient[number, 2]) / (abs(gx) + abs(gy))
        if violation < worst:
            worst, worst_number, worst_sign = violation, number, sign
    if worst_number == NONE:
        return 0.0
    gx, gy = worst_sign * gradient[worst_number, 0], worst_sign * gradient[worst_number, 1]
    lx, ly = (d * gx - c * gy) / determinant, (a * gy - b * gx) / determinant
    return certify_virtual(units, steps, bits, worst_number, lx, ly, order, n_max)


@kernel
def is_slanted(gradient, orbit, pair, t, units):
    """Return whether a pair's y is clearly no constant of z_0: y = 0 would imply nothing."""
    unit = pair - t * units.shape[0]
    terms = abs(units[unit, W2X]) * (abs(orbit[t, 0]) + abs(orbit[t, 1]))
    terms += abs(units[unit, W2Y]) * (abs(orbit[t, 2]) + abs(orbit[t, 3]))
    return abs(gradient[pair, 0]) + abs(gradient[pair, 1]) > FLAT * terms


@kernel
def evaluate_plane(orbit, gradient, number, t, gx, gy, constant):
    """Do as `evaluate` for the whole plane."""
    terms = abs(gx) * (abs(orbit[t, 0]) + abs(orbit[t, 1]))
    terms += abs(gy) * (abs(orbit[t, 2]) + abs(orbit[t, 3]))
    if abs(gradient[number, 0]) + abs(gradient[number, 1]) > FLAT * terms:
        return CLEAR, CLEAR
    terms = abs(gx * orbit[t, 4]) + abs(gy * orbit[t, 5]) + abs(constant)
    positive = CLEAR if gradient[number, 2] > FLAT * terms else NOWHERE
    negative = CLEAR if gradient[number, 2] < -FLAT * terms else NOWHERE
    return positive, negative


@kernel
def close_cell(
    units, steps, bits, place, edge, start, size, sign, value, number, n_max, radius, doubt, weights
):
    """Try to close a cell on which a condition is hardly ever positive, if at all.

    Writes the three conditions to `doubt` (3,) and their weights to `weights` (3,).

    Returns
    -------
    int
        EMPTY: closed, by a row that holds far enough; ALIVE: certainly not empty; UNDECIDED.
    """
    first = second = NONE
    if size > 0:
        best = highest_corner(place, start, size, sign, value)
        if best >= 0:
            first = edge[start + (best - 1 if best > 0 else size - 1)]
            second = edge[start + best]
            if first == second:
                second = NONE
    doubt[0], doubt[1], doubt[2] = first, second, number
    constant, constant_error, error, terms, weights[0], weights[1], weights[2] = combine(
        units, steps, bits, first, second, number, n_max
    )
    if constant < 0.0:
        reached = radius_of(constant, constant_error, error, terms)
        if reached >= radius[WANTED]:
            radius[RADIUS] = min(radius[RADIUS], reached)
            return EMPTY
    elif constant > constant_error + error * radius[NEAR] and weights[2] > 0.0:
        return ALIVE
    return UNDECIDED


@kernel
def write_row(splits, constraints, weights, count, conditions, row_weights, kind):
    """Record a closed node and its row."""
    splits[count[SPLITS]] = kind
    count[SPLITS] += 1
    for n in range(3):
        constraints[count[ROWS], n] = conditions[n]
        weights[count[ROWS], n] = row_weights[n]
    count[ROWS] += 1


@kernel
def search_prefixes(net, path, found, count, radius, record, node_limit, cancel, expired):
    """Go on with the search from where `path` and `count` say that it is.

    Returns
    -------
    int
        FINISHED; FULL: an array of `found` needs more room; STOPPED: the caller's flag `cancel` or
        the clock's `expired` is set; LIMIT: so many nodes have been visited; DOUBT: a cell of which
        it is not sure whether it is empty, `path.doubt` says by what conditions.
    """
    base, units, functional, source, lag, implied = net
    bits, phases, firsts, starts, sizes, tops, steps, orbit, gradient, border, height, doubt = path
    orders, letters, splits, constraints, weights, place, edge, value, side = found
    exact_weights, row_weights = np.zeros(3), np.zeros(3)
    H = units.shape[0]
    n_max = bits.shape[0]
    highest = n_max // H
    evaluated = -1
    positive = negative = NOWHERE
    while count[DEPTH] >= 0:
        i = count[DEPTH]
        phase = phases[i]
        if phase > SECOND:
            count[DEPTH] = i - 1
            evaluated = -1
            continue
        if cancel[0] != 0 or expired[0] != 0:
            return STOPPED
        if count[NODES] >= node_limit:
            return LIMIT
        size = sizes[i]
        if tops[i] + 3 * size + 16 > edge.shape[0] or size + 8 > value.shape[0]:
            return FULL
        if count[WORDS] == orders.shape[0] or count[LETTERS] + n_max > letters.shape[0]:
            return FULL
        if record and (
            count[SPLITS] + 4 > splits.shape[0] or count[ROWS] + 4 > constraints.shape[0]
        ):
            return FULL
        verdict = count[VERDICT]
        count[VERDICT] = UNDECIDED
        t = i // H
        if phase == CUT:
            # The region at time t - 1 is complete: phi is affine there.
            complete_step(base, units, functional, bits, steps, orbit, t - 1)
            if starts[i] < tops[i - 1]:  # the cell is the parent's: make a copy
                for k in range(size):
                    copy_corner(place, edge, starts[i] + k, tops[i] + k)
                starts[i] = tops[i]
                tops[i] += size
            number = n_max + t - 1
            px, py, p0 = steps[t - 1, PHI_X], steps[t - 1, PHI_Y], steps[t - 1, PHI_0]
            if t == 1:
                height[0], height[1], height[2] = px, py, p0
                mark_heights(place, starts[i], size, px, py, p0)
            elif verdict == ALIVE:
                starts[i] = tops[i]
                sizes[i] = count[SIZE]
                tops[i] += count[SIZE]
            elif size > 0 or verdict == EMPTY:
                constant = steps[t - 1, SLACK] - p0
                write_gradient(gradient, orbit, number, t - 1, -px, -py, constant)
                for m in range(3):
                    gradient[number, m] += height[m]
                positive, negative = evaluate(
                    place, starts[i], size, -px, -py, 1.0, constant, value, side
                )
                if positive != CLEAR or verdict == EMPTY:
                    if verdict == EMPTY:
                        answer = EMPTY
                    else:
                        answer = close_cell(
                            units, steps, bits, place, edge, starts[i], size, 1.0, value, number,
                            n_max, radius, doubt, row_weights,
                        )  # fmt: skip
                    if answer == EMPTY:
                        count[NODES] += 1
                        if record:
                            used = exact_weights if verdict == EMPTY else row_weights
                            kind = THIN if verdict == EMPTY else CLOSED
                            write_row(splits, constraints, weights, count, doubt, used, kind)
                        count[DEPTH] -= 1
                        continue
                    if answer == UNDECIDED or positive == NOWHERE:
                        return DOUBT
                if negative != NOWHERE:
                    to = tops[i]
                    size = clip(
                        place, edge, starts[i], size, 1, value, side, gradient, number, orbit,
                        t - 1, height, to,
                    )  # fmt: skip
                    starts[i], sizes[i], tops[i] = to, size, to + size
            size = sizes[i]
            advance(place, edge, starts[i], size, steps, t - 1, starts[i])
            if not is_repetition(bits, border, H, t):
                reached = virtual_radius(
                    units, steps, bits, orbit, gradient, edge, starts[i], size, t, n_max
                )
                if reached >= radius[WANTED]:
                    radius[RADIUS] = min(radius[RADIUS], reached)
                else:
                    orders[count[WORDS]] = t
                    count[WORDS] += 1
                    for n in range(t * H):
                        letters[count[LETTERS] + n] = bits[n]
                    count[LETTERS] += t * H
            if t == highest:
                if record:
                    splits[count[SPLITS]] = WORD
                    count[SPLITS] += 1
                count[NODES] += 1
                count[DEPTH] -= 1
                continue
            phases[i] = phase = SPLIT
            verdict = UNDECIDED  # it was about the cut, not about the next bit
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
            if record:
                splits[count[SPLITS]] = 2 * i + firsts[i]
                count[SPLITS] += 1
            count[NODES] += 1
            phase = FIRST
        while phase <= SECOND:
            bit = firsts[i] if phase == FIRST else 1 - firsts[i]
            phases[i] = phase
            bits[i] = bit
            sign = 1 if bit else -1
            own, other = (positive, negative) if bit else (negative, positive)
            answer = verdict
            exact = verdict == EMPTY
            if verdict == UNDECIDED:
                if source[j] != NONE and t >= lag[j]:
                    before = NONE if source[j] == ZERO else i - j + source[j] - H * lag[j]
                    if before == NONE or is_slanted(gradient, orbit, before, t - lag[j], units):
                        own, other = CLEAR, NOWHERE
                        if bit != (0 if before == NONE else implied[j, bits[before]]):
                            doubt[0], doubt[1], doubt[2] = NONE, before, i
                            answer, exact = EMPTY, True
                if own != CLEAR and answer != EMPTY:
                    answer = close_cell(
                        units, steps, bits, place, edge, start, size, float(sign), value, i, n_max,
                        radius, doubt, row_weights,
                    )  # fmt: skip
                    if answer == UNDECIDED or (answer == ALIVE and own == NOWHERE):
                        return DOUBT
            if answer == EMPTY:
                verdict = UNDECIDED
                count[NODES] += 1
                if record:
                    used, kind = (exact_weights, THIN) if exact else (row_weights, CLOSED)
                    write_row(splits, constraints, weights, count, doubt, used, kind)
                phase += 1
                continue
            to = tops[i]
            if verdict == ALIVE:
                starts[i + 1], made = to, count[SIZE]
            elif other == NOWHERE:
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
            phases[i] = phase + 1
            phases[i + 1] = CUT if (i + 1) % H == 0 else SPLIT
            count[DEPTH] = i + 1
            evaluated = -1
            break
        else:
            count[DEPTH] = i - 1
            evaluated = -1
    return FINISHED
