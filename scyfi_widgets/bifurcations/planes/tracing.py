"""Tracing one curve f(u, v) = 0 in the unit square, by predictor and corrector.

f is the exact condition of an event of one word (`word_gradients`). A step goes along the tangent,
and Newton's method in the normal direction goes back to the curve. All that must keep its sign on
the way, so that the event stays what it is, are the monitors: the curve ends where one changes.
"""

from __future__ import annotations

import math

import numpy as np

from ...compiled import kernel
from .word_gradients import (
    CENTRE,
    SMALLEST,
    TRANSCRITICAL,
    differentiate_word,
    gradient_memory,
    write_plane_form,
)

BORDER, INFINITY, DOUBLING, MODULUS = 0, 1, 2, 3  # kinds of curve
SPECTRAL, EDGES = 6, 4  # monitors after those of the borders
CHANGE, CLOSED, LOST, FULL, CANCELLED = 0, 1, 2, 3, 4  # how a trace ends
LONGEST, SHORTEST = 0.02, 1e-10  # steps, of the unit square
WIDEST, NARROW = 0.1, 0.04  # turns of the tangent in a step, in radians
OFFSET = 1e-6  # to both sides of a curve on which cycles are infinite
TOLERANCE = 1e-13  # outside the unit square that still counts as inside
BRACKET = 1e-13  # around an end
CONVERGED = 1e-12
SECANT, JUST_BEFORE, JUST_AFTER, BISECTION, AFTER, BEFORE = 0, 1, 2, 3, 4, 5
DIRECTIONS = 32  # in which curves through a point are looked for


@kernel
def tracing_memory(M, H, k):
    """Return the working memory of `measure` and all that call it.

    Besides that of `differentiate_word`, for up to three words or places: spectra (3, 3, 3), traces
    (3, 2), numerators (3, k, H), borders (3, 3, k, H); then f with its gradient (3,), the monitors
    (k H + 10,), their gradients and whether these are known.
    """
    count = k * H + SPECTRAL + EDGES
    return (
        gradient_memory(M, H, k),
        np.zeros((3, 3, 3)),
        np.zeros((3, 2)),
        np.zeros((3, k, H)),
        np.zeros((3, 3, k, H)),
        np.zeros(3),
        np.ones(count),
        np.zeros((count, 2)),
        np.zeros(count, np.bool_),
    )


@kernel
def _take(problem, memory, u, v, word, slot, with_spectrum):
    coefficients, lo, span = problem[:3]
    gradients, spectra, traces, numerators, borders = memory[:5]
    write_plane_form(coefficients, lo, span, u, v, gradients[0])
    differentiate_word(
        word, gradients, with_spectrum,
        spectra[slot], traces[slot], numerators[slot], borders[slot],
    )  # fmt: skip


@kernel
def measure(problem, memory, u, v, with_monitors):
    """Write f and its gradient at (u, v), and the monitors if they are wanted.

    Parameters
    ----------
    problem : tuple
        Coefficients (4, n), lo (2,) and span (2,) as for `write_plane_form`; the kind; the words
        (n, k, H) on both sides of a border collision, else one; which bits touch a border (k, H);
        which points' y stay finite where the cycle is infinite (k, H); point and unit (2,) whose y
        is f.
    """
    kind, words, touched, finite, place = problem[3:8]
    _, spectra, traces, numerators, borders, f, monitors, slopes, known = memory
    _, k, H = words.shape
    spectrum_wanted = with_monitors or kind >= DOUBLING
    sides = words.shape[0]
    count = sides
    if with_monitors and kind == INFINITY and finite.any():
        count = 3  # the cycle on both sides of the curve, where it is finite
    du, dv = 0.0, 0.0
    for slot in range(count):
        if slot == sides:
            size = max(math.hypot(spectra[0, 0, 1], spectra[0, 0, 2]), SMALLEST)
            du, dv = OFFSET * spectra[0, 0, 1] / size, OFFSET * spectra[0, 0, 2] / size
        word = words[min(slot, sides - 1)]
        _take(problem, memory, u + du, v + dv, word, slot, spectrum_wanted)
        if slot == 1 and sides == 1:
            du, dv = -du, -dv
    best = 0
    if kind == BORDER:
        if abs(spectra[1, TRANSCRITICAL, 0]) > abs(spectra[0, TRANSCRITICAL, 0]):
            best = 1
        for d in range(3):
            f[d] = borders[best, d, place[0], place[1]]
    else:
        f[:] = spectra[0, kind - INFINITY]
    if not with_monitors:
        return
    for t in range(k):
        for j in range(H):
            i = t * H + j
            known[i] = not touched[t, j] and kind != INFINITY
            if touched[t, j]:
                monitors[i] = 1.0
            elif kind != INFINITY:
                monitors[i] = borders[best, 0, t, j]
                slopes[i, 0], slopes[i, 1] = (
                    borders[best, 1, t, j],
                    borders[best, 2, t, j],
                )
            elif finite[t, j]:
                monitors[i] = 0.5 * (borders[1, 0, t, j] + borders[2, 0, t, j])
            else:
                monitors[i] = numerators[0, t, j]
    i = k * H
    for slot in range(words.shape[0]):
        for row in range(3):
            own = kind != BORDER and row == kind - INFINITY
            known[i] = not own
            monitors[i] = spectra[slot, row, 0]
            slopes[i, 0], slopes[i, 1] = spectra[slot, row, 1], spectra[slot, row, 2]
            if own:
                monitors[i] = traces[slot, row] if row != CENTRE else 1.0
            i += 1
    while i < k * H + SPECTRAL:
        monitors[i], known[i] = 1.0, False
        i += 1
    monitors[i], monitors[i + 1] = u + TOLERANCE, 1.0 + TOLERANCE - u
    monitors[i + 2], monitors[i + 3] = v + TOLERANCE, 1.0 + TOLERANCE - v
    known[i:] = False


@kernel
def correct(problem, memory, u, v, du, dv, start, limit):
    """Return whether f has a root at (u, v) + s (du, dv) near s = `start`, and s."""
    s, before = start, np.inf
    f = memory[5]
    for _ in range(12):
        measure(problem, memory, u + s * du, v + s * dv, False)
        slope = f[1] * du + f[2] * dv
        if not (abs(slope) > 0.0 and math.isfinite(slope)):
            return False, s
        change = -f[0] / slope
        s += change
        if not abs(s - start) <= limit:
            return False, s
        if abs(change) <= 1e-15 or (before <= CONVERGED and abs(change) >= 0.25 * before):
            return True, s
        before = abs(change)
    return before <= CONVERGED, s


@kernel
def _step(problem, memory, u, v, tu, tv, h):
    """Go along the tangent and back to the curve; return whether it worked, and the new point."""
    u, v = u + h * tu, v + h * tv
    worked, s = correct(problem, memory, u, v, -tv, tu, 0.0, 0.25 * h + 1e-14)
    if not worked:
        return False, u, v
    u, v = u - s * tv, v + s * tu
    measure(problem, memory, u, v, True)
    return math.isfinite(memory[5][1]) and math.isfinite(memory[5][2]), u, v


@kernel
def _changed(monitors, signs):
    for i in range(signs.shape[0]):  # noqa: SIM110, which Numba does not take
        if (monitors[i] > 0.0) != signs[i]:
            return True
    return False


@kernel
def _dips(before, after, slopes_before, slopes_after, known, h):
    """Return whether a monitor may change its sign twice in a step: its cubic says so."""
    for i in range(before.shape[0]):
        if not known[i]:
            continue
        a, b = before[i], after[i]
        da, db = h * slopes_before[i], h * slopes_after[i]
        if (a > 0.0) == (b > 0.0) and (da < 0.0) == (a > 0.0) and (db > 0.0) == (a > 0.0):
            for n in range(1, 8):
                s = n / 8.0
                value = a * (1.0 + 2.0 * s) * (1.0 - s) ** 2 + da * s * (1.0 - s) ** 2
                value += b * s * s * (3.0 - 2.0 * s) + db * s * s * (s - 1.0)
                if (value > 0.0) != (a > 0.0):
                    return True
    return False


@kernel
def _end(problem, memory, u, v, tu, tv, h, before, signs, changed):
    """Find where a monitor changes within a step; return the last point before, and how far."""
    monitors = memory[6]
    low, high = 0.0, h
    first, root = -1, h
    for i in range(signs.shape[0]):  # of several the one that seems to come first
        changed[i] = (monitors[i] > 0.0) != signs[i]
        if changed[i]:
            share = before[i] / (before[i] - monitors[i])
            if first < 0 or share * h < root:
                first, root = i, share * h
    a, b, value_a, value_b = 0.0, h, 0.0, 0.0
    if first >= 0:
        value_a, value_b = before[first], monitors[first]
    # Illinois on one monitor, then a look at both sides of its root, then bisection.
    state, turns = SECANT if first >= 0 else BISECTION, 0
    while True:
        turns += 1
        if state == SECANT:
            trial = b - value_b * (b - a) / (value_b - value_a)
            if turns > 20 or not math.isfinite(trial):
                state, trial = BISECTION, 0.5 * (low + high)
        elif state == JUST_BEFORE:
            trial = max(b - BRACKET, 0.0)
        elif state == JUST_AFTER:
            trial = min(b + BRACKET, h)
        else:
            trial = 0.5 * (low + high)
        if state == BISECTION and (high - low <= 2.5 * BRACKET or not low < trial < high):
            state, trial = AFTER, high
        elif state == BEFORE:
            trial = low
        worked, x, y = _step(problem, memory, u, v, tu, tv, trial)
        if state == AFTER:
            for i in range(signs.shape[0]):
                changed[i] = not worked or (monitors[i] > 0.0) != signs[i]
            state = BEFORE
            continue
        if state == BEFORE:
            return x, y
        inside = worked and not _changed(monitors, signs)
        if state == SECANT:
            value = monitors[first]
            if not worked:
                state = BISECTION
            elif abs(trial - b) < 1e-15 or value == 0.0:
                state = JUST_BEFORE
            if (value > 0.0) != (value_b > 0.0):
                a, value_a = b, value_b
            else:
                value_a *= 0.5
            b, value_b = trial, value
        elif state == JUST_BEFORE:
            low = trial if inside else low
            state = JUST_AFTER
        elif state == JUST_AFTER:
            high = high if inside else trial
            state = BISECTION
        elif inside:
            low = trial
        else:
            high = trial


@kernel
def trace(problem, memory, u, v, tu, tv, first_step, vertices, changed, cancel):
    """Trace a curve from a point on it in one direction to where a monitor changes its sign.

    Parameters
    ----------
    problem, memory : tuple
        See `measure` and `tracing_memory`.
    u, v, tu, tv : float
        A point on the curve, and roughly the direction in which to go.
    first_step : float
    vertices : (n, 2)
        Written, the start included.
    changed : (k H + 10,) bool
        Written: which monitors change at the end.
    cancel : (1,) int64

    Returns
    -------
    number : int
        Of vertices.
    how : int
        `CHANGE`, `CLOSED` (back at the start), `LOST` (no step is short enough), `FULL` or
        `CANCELLED`.
    """
    f, monitors, slopes, known = memory[5:]
    count = monitors.shape[0]
    signs, before = np.empty(count, np.bool_), np.empty(count)
    along, along_after = np.zeros(count), np.zeros(count)
    changed[:] = False
    measure(problem, memory, u, v, True)
    for i in range(count):
        signs[i] = monitors[i] > 0.0
    start_u, start_v = u, v
    vertices[0, 0], vertices[0, 1] = u, v
    number, h = 1, first_step
    size = math.hypot(f[1], f[2])
    if not (size > 0.0 and math.isfinite(size)):
        return number, LOST
    direction = 1.0 if -f[2] * tu + f[1] * tv > 0.0 else -1.0
    tu, tv = -f[2] / size * direction, f[1] / size * direction
    while number < vertices.shape[0]:
        if cancel[0]:
            return number, CANCELLED
        before[:] = monitors
        for i in range(count):
            along[i] = slopes[i, 0] * tu + slopes[i, 1] * tv
        if number > 3:
            ahead = (start_u - u) * tu + (start_v - v) * tv
            beside = abs((start_v - v) * tu - (start_u - u) * tv)
            if 0.0 < ahead <= 1.5 * h and beside <= 0.2 * ahead:
                worked, a, b = _step(problem, memory, u, v, tu, tv, ahead)
                if worked and math.hypot(a - start_u, b - start_v) < 1e-9:
                    vertices[number, 0], vertices[number, 1] = start_u, start_v
                    return number + 1, CLOSED
        while True:
            worked, a, b = _step(problem, memory, u, v, tu, tv, h)
            if worked:
                size = math.hypot(f[1], f[2])
                au, av = -f[2] / size, f[1] / size
                cosine = au * tu + av * tv
                if cosine < 0.0:
                    au, av, cosine = -au, -av, -cosine
                turn = abs(au * tv - av * tu)
                worked = cosine > 0.5 and turn <= WIDEST
            if worked and not _changed(monitors, signs):
                for i in range(count):
                    along_after[i] = slopes[i, 0] * au + slopes[i, 1] * av
                worked = not _dips(before, monitors, along, along_after, known, h)
            if worked:
                break
            h *= 0.5
            if h < SHORTEST:
                return number, LOST
        if _changed(monitors, signs):
            vertices[number] = _end(problem, memory, u, v, tu, tv, h, before, signs, changed)
            return number + 1, CHANGE
        u, v, tu, tv = a, b, au, av
        vertices[number, 0], vertices[number, 1] = u, v
        number += 1
        if turn < NARROW:
            h = min(2.0 * h, LONGEST)
    return number, FULL


@kernel
def pole_free(problem, memory, u, v):
    """Return a function that vanishes on the curve and is finite everywhere."""
    kind, words, place = problem[3], problem[4], problem[7]
    _take(problem, memory, u, v, words[0], 0, kind >= DOUBLING)
    if kind == BORDER:
        return memory[3][0, place[0], place[1]]
    return memory[1][0, kind - INFINITY, 0]


@kernel
def curves_around(problem, memory, u, v, radius, found):
    """Write where the curve crosses a small circle around a point to `found` (n, 2); return n."""
    number = 0
    step = 2.0 * math.pi / DIRECTIONS
    last = 0.0
    for n in range(DIRECTIONS + 1):
        angle = n * step
        value = pole_free(
            problem, memory, u + radius * math.cos(angle), v + radius * math.sin(angle)
        )
        if n > 0 and (value > 0.0) != (last > 0.0) and number < found.shape[0]:
            # A chord is near enough to the circle for Newton's method to start from.
            angle -= step * value / (value - last)
            c, s = math.cos(angle), math.sin(angle)
            a, b = u + radius * c, v + radius * s
            worked, shift = correct(problem, memory, a, b, -s, c, 0.0, 0.3 * radius)
            if worked:
                found[number, 0], found[number, 1] = a - shift * s, b + shift * c
                number += 1
        last = value
    return number


@kernel
def lies_on(problem, memory, u, v, vertices):
    """Return whether a point of the curve lies on the sheet with these vertices (n, 2).

    From the point a corrected step goes to the nearest vertices: it must end in one of them.
    """
    f = memory[5]
    measure(problem, memory, u, v, False)
    size = math.hypot(f[1], f[2])
    if not (size > 0.0 and math.isfinite(size)):
        return False
    tu, tv = -f[2] / size, f[1] / size
    for n in range(vertices.shape[0] - 1):
        du, dv = (
            vertices[n + 1, 0] - vertices[n, 0],
            vertices[n + 1, 1] - vertices[n, 1],
        )
        length = math.hypot(du, dv)
        if length == 0.0:
            continue
        du, dv = du / length, dv / length
        ahead = (u - vertices[n, 0]) * du + (v - vertices[n, 1]) * dv
        beside = (v - vertices[n, 1]) * du - (u - vertices[n, 0]) * dv
        if ahead < -1e-9 or ahead > length + 1e-9 or abs(beside) > 0.05 * length + 1e-9:
            continue
        for end in range(2):
            a, b = vertices[n + end, 0], vertices[n + end, 1]
            if math.hypot(u - a, v - b) < 1e-9:
                return True
            along = tu * du + tv * dv
            if abs(along) < 0.5:
                continue
            way = ((a - u) * du + (b - v) * dv) / along
            guess = (v + way * tv - b) * du - (u + way * tu - a) * dv
            worked, s = correct(problem, memory, a, b, -dv, du, guess, 0.1 * length)
            if worked and abs(s) < 1e-9:
                return True
    return False
