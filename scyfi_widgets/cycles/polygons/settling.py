"""What the polygon search does not decide in floating point, in exact integer arithmetic.

Every parameter is an integer over a power of two, so every condition is an integer affine function
of the first point, up to a positive factor that does not matter.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import gcd

import numpy as np

from ...models.relu_form import ReluForm
from ..exact.integers import rounded
from .rows import NONE
from .state import ZERO


class ExactNet:
    """The conditions of prefixes of words as exact functions of the first point.

    Parameters
    ----------
    form : ReluForm
        Of two states.
    phi : (2 + H,) array
        c and d of phi(z) = c . z + d . relu(W2 z + h2).
    slack : (K,) array
        Of the cuts, one for each time.
    """

    def __init__(self, form: ReluForm, phi: np.ndarray, slack: np.ndarray):
        self.H = form.H
        self.n_max = len(slack) * self.H
        self._form, self._phi, self._slack = form, phi, slack
        self._maps = {}
        self._regions, self._orbit = [], [((1, 0, 0), (0, 1, 0))]

    @cached_property
    def ready(self) -> bool:
        """Make the integers: nothing does so before it is needed."""
        form = self._form
        self.y_scale = _places(form.W2, form.h2)
        self.W2, self.h2 = _integers(form.W2, self.y_scale), _integers(form.h2, self.y_scale)
        w1_scale = _places(form.W1)
        self.W1 = _integers(form.W1, w1_scale)
        own_scale = _places(form.A, form.h1)
        self.scale = max(own_scale, w1_scale + self.y_scale)
        self.A, self.h1 = _integers(form.A, self.scale), _integers(form.h1, self.scale)
        self.lift = self.scale - w1_scale - self.y_scale
        self.cut_scale = _places(self._phi, self._slack)
        weights = _integers(self._phi, self.cut_scale)
        self.functional, self.rectified = weights[:2], weights[2:]
        self.slack = _integers(self._slack, self.cut_scale)
        return True

    def orbit(self, bits, t: int):
        """Return z_t as two rows (P | p) of integers over 2^(t scale), by the bits before t."""
        H = self.H
        regions = [tuple(bits[s * H : (s + 1) * H]) for s in range(t)]
        same = 0
        while same < min(t, len(self._regions)) and regions[same] == self._regions[same]:
            same += 1
        if same < t:
            del self._regions[same:], self._orbit[same + 1 :]
            for s in range(same, t):
                J = self._map(regions[s])
                x, y = self._orbit[s]
                one = 1 << (s * self.scale)
                self._orbit.append(
                    tuple(
                        (
                            row[0] * x[0] + row[1] * y[0],
                            row[0] * x[1] + row[1] * y[1],
                            row[0] * x[2] + row[1] * y[2] + row[2] * one,
                        )
                        for row in J
                    )
                )
                self._regions.append(regions[s])
        return self._orbit[t]

    def condition(self, bits, number: int) -> tuple[int, int, int]:
        """Return a positive multiple of one condition as g_x, g_y, constant."""
        if number < self.n_max:
            t, unit = divmod(number, self.H)
            sign = 1 if bits[number] else -1
            x, y = self.orbit(bits, t)
            a, b = self.W2[unit]
            one = 1 << (t * self.scale)
            f = [a * u + b * v for u, v in zip(x, y, strict=True)]
            return sign * f[0], sign * f[1], sign * (f[2] + self.h2[unit] * one)
        t = number - self.n_max
        x, y = self.orbit(bits, t)
        here, first = self.height(bits, t), self.height(bits, 0)
        one = 1 << (t * self.scale)
        f = [-here[0] * u - here[1] * v for u, v in zip(x, y, strict=True)]
        slack = self.slack[t] << self.y_scale
        return (
            f[0] + first[0] * one,
            f[1] + first[1] * one,
            f[2] + (first[2] - here[2] + slack) * one,
        )

    def height(self, bits, t: int) -> tuple[int, int, int]:
        """Return phi as a function of z_t, in integers over 2^(cut_scale + y_scale)."""
        active = [j for j in range(self.H) if bits[t * self.H + j]]
        return (
            *(
                (self.functional[m] << self.y_scale)
                + sum(self.rectified[j] * self.W2[j][m] for j in active)
                for m in range(2)
            ),
            sum(self.rectified[j] * self.h2[j] for j in active),
        )

    def _map(self, region):
        if region not in self._maps:
            active = [j for j in range(self.H) if region[j]]
            self._maps[region] = tuple(
                tuple(
                    own + (sum(self.W1[i][j] * right(j) for j in active) << self.lift)
                    for own, right in (
                        (self.A[i][0], lambda j: self.W2[j][0]),
                        (self.A[i][1], lambda j: self.W2[j][1]),
                        (self.h1[i], lambda j: self.h2[j]),
                    )
                )
                for i in range(2)
            )
        return self._maps[region]


def implied_bits(form: ReluForm) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which units have their sign from another one, now or a step ago.

    So do delays (y_{t+1,j} = b y_{t,i}, as in the Lozi map) and units that occur twice: without
    this, each step would end in cells without interior that rounding cannot tell.

    Returns
    -------
    source, lag, implied : (H,), (H,) int64 and (H, 2) uint8 arrays
        See `state.Net`.
    """
    H = form.H
    source, lag = np.full(H, NONE), np.zeros(H, np.int64)
    implied = np.zeros((H, 2), np.uint8)
    rows = [[Fraction(x) for x in (*form.W2[j].tolist(), float(form.h2[j]))] for j in range(H)]
    through = form.W2 @ form.W1
    size = np.abs(form.W2) @ np.abs(form.W1)
    alone = (np.abs(through) > 1e-9 * size).sum(axis=1) <= 1
    for j in range(H):
        if not any(rows[j]):
            source[j] = ZERO
            continue
        for i in range(j):
            factor = _proportion(rows[i], rows[j])
            if factor is not None:
                source[j], implied[j] = i, [factor < 0, factor > 0]
                break
        if source[j] != NONE or not alone[j]:
            continue
        gains = [_along(rows[j], form.W1[:, n]) for n in range(H)]
        after = [_along(rows[j], form.A[:, m]) for m in range(form.M)]
        after.append(_along(rows[j], form.h1) + rows[j][-1])
        for i in range(H):
            if any(gains[:i]) or any(gains[i + 1 :]):
                continue
            factor = _proportion(rows[i], after)
            if factor is None:
                continue
            if factor == gains[i] == 0:
                source[j], lag[j] = ZERO, 1
            elif factor != 0 and factor + gains[i] != 0:
                source[j], lag[j] = i, 1
                implied[j] = [factor < 0, factor + gains[i] > 0]
    return source, lag, implied


def _along(row, column: np.ndarray) -> Fraction:
    """Return a row of W2, without the h2 behind it, times a column."""
    return sum(
        (a * Fraction(b) for a, b in zip(row[:-1], column.tolist(), strict=True) if a), Fraction(0)
    )


def _proportion(row, other) -> Fraction | None:
    """Return q with other = q row, None if there is none; the row must have a gradient."""
    at = next((n for n, x in enumerate(row[:-1]) if x), None)
    if at is None:
        return None
    factor = other[at] / row[at]
    same = all(b == factor * a for a, b in zip(row, other, strict=True))
    return factor if same else None


def excludes(conditions: list[tuple[int, int, int]]) -> bool:
    """Return whether at most three exact conditions have no common interior point.

    They have none if a combination with weights >= 0, not all zero, is a constant that is negative
    or zero; a condition that is identically zero is no part of it.
    """
    conditions = [f for f in conditions if any(f)]
    for f in conditions:
        if f[0] == f[1] == 0 and f[2] < 0:
            return True
    for f, g in combinations(conditions, 2):
        if _cross(f, g) == 0 and f[0] * g[0] + f[1] * g[1] < 0:
            m = 0 if f[0] else 1
            if abs(g[m]) * f[2] + abs(f[m]) * g[2] <= 0:
                return True
    if len(conditions) == 3:
        f, g, h = conditions
        weights = _cross(g, h), _cross(h, f), _cross(f, g)
        if min(weights) < 0:
            weights = [-w for w in weights]
        if min(weights) >= 0 and max(weights) > 0:
            return sum(w * f[2] for w, f in zip(weights, conditions, strict=True)) <= 0
    return False


def settle(exact: ExactNet, bits, last: int, suspects: tuple[int, ...], stopped):
    """Decide whether the cell of a prefix has an interior once its last condition has clipped it.

    Parameters
    ----------
    exact : ExactNet
    bits : sequence of bool
        All bits that are decided.
    last : int
        The last condition: the pair of the last bit, or the cut after a completed step.
    suspects : tuple of int
        Conditions that probably exclude one another.
    stopped : callable
        Says whether to give up.

    Returns
    -------
    None, tuple of int or list of ((x, y, w), edge)
        None: given up.
        Three conditions (or NONE) that exclude one another; else the corners of the cell as integer
        homogeneous coordinates of z_0, and the conditions of their edges; none: the whole plane.
    """
    assert exact.ready
    H, n_max = exact.H, exact.n_max
    f = exact.condition(bits, last)
    if not any(f):
        # Both bits have the same cell and the same maps there: y = 0 counts as bit 0.
        if last < n_max and bits[last]:
            return (NONE, NONE, last)
    elif excludes([exact.condition(bits, n) for n in set(suspects) - {NONE}]):
        return (*sorted(suspects, key=lambda n: n == last),)
    cell = []
    pairs = last + 1 if last < n_max else (last - n_max + 1) * H
    numbers = []
    for i in range(pairs):
        numbers.append(i)
        if i > H and (i + 1) % H == 0:
            numbers.append(n_max + i // H)
    for number in numbers:
        if stopped():
            return None
        cell = _clip(exact, bits, cell, number)
        if isinstance(cell, tuple) or number == last:
            break
    return cell


def rounded_cell(exact: ExactNet, bits, cell, t: int) -> tuple[np.ndarray, np.ndarray]:
    """Return an exact cell as the `place` (n, 5) and `edge` (n,) of Corners at time t."""
    x_row, y_row = exact.orbit(bits, t)
    one = 1 << (t * exact.scale)
    place = np.zeros((len(cell), 5))
    for n, ((x, y, w), _) in enumerate(cell):
        below = w or max(abs(x), abs(y))
        place[n, 0] = rounded(x_row[0] * x + x_row[1] * y + x_row[2] * w, one * below)
        place[n, 1] = rounded(y_row[0] * x + y_row[1] * y + y_row[2] * w, one * below)
        place[n, 2] = 1.0 if w else 0.0
        if t > 0:
            a, b, c = exact.height(bits, 0)
            place[n, 3] = rounded(a * x + b * y + c * w, below << (exact.cut_scale + exact.y_scale))
    place[:, 4] = 2.0**-52 * np.abs(place[:, [0, 1, 3]]).sum(axis=1)
    return place, np.array([edge for _, edge in cell], np.int32)


def _clip(exact: ExactNet, bits, cell, number: int):
    """Return the cell clipped by one condition, or three conditions that leave it no interior."""
    f = exact.condition(bits, number)
    if not any(f):
        return cell
    if not cell:
        gx, gy, g0 = f
        if gx == gy == 0:
            return cell if g0 > 0 else (NONE, NONE, number)
        foot = _foot(f)
        return [
            ((-gy, gx, 0), number), (foot, number), ((gy, -gx, 0), NONE), ((gx, gy, 0), NONE)
        ]  # fmt: skip
    values = [f[0] * x + f[1] * y + f[2] * w for (x, y, w), _ in cell]
    if max(values) <= 0:
        return _row(exact, bits, cell, values, number)
    if min(values) >= 0:
        return cell
    clipped, leaving = [], None
    for k, ((corner, edge), here) in enumerate(zip(cell, values, strict=True)):
        after = (k + 1) % len(cell)
        there = values[after]
        if here >= 0:
            clipped.append((corner, edge if there >= 0 else number))
            if there < 0:
                if here > 0:
                    clipped[-1] = (corner, edge)
                    clipped.append((_between(corner, cell[after][0], here, there), number))
                leaving = len(clipped) - 1
        elif there > 0:
            clipped.append((_between(corner, cell[after][0], here, there), edge))
    after = (leaving + 1) % len(clipped)
    if clipped[leaving][0][2] == clipped[after][0][2] == 0:
        clipped.insert(leaving + 1, (_foot(f), number))
    return clipped


def _row(exact: ExactNet, bits, cell, values, number: int) -> tuple[int, int, int]:
    """Return three conditions that exclude one another, of a cell on which the last one is <= 0."""
    best = None
    for k, ((_, _, w), _) in enumerate(cell):
        if w and (best is None or values[k] * cell[best][0][2] > values[best] * w):
            best = k
    edges = [edge for _, edge in cell if edge != NONE]
    likely = [] if best is None else [(cell[best - 1][1], cell[best][1])]
    for first, second in [*likely, *combinations(edges, 2)]:
        row = (first, NONE if second == first else second, number)
        if excludes([exact.condition(bits, n) for n in row if n != NONE]):
            return row
    raise AssertionError("a cell without interior must have a row that shows it")


def _between(a, b, fa: int, fb: int) -> tuple[int, int, int]:
    wa, wb = abs(fb), abs(fa)
    return _primitive(*(wa * p + wb * q for p, q in zip(a, b, strict=True)))


def _foot(f) -> tuple[int, int, int]:
    gx, gy, g0 = f
    return _primitive(-g0 * gx, -g0 * gy, gx * gx + gy * gy)


def _primitive(x: int, y: int, w: int) -> tuple[int, int, int]:
    common = gcd(x, y, w) or 1
    return x // common, y // common, w // common


def _cross(f, g) -> int:
    return f[0] * g[1] - f[1] * g[0]


def _places(*arrays: np.ndarray) -> int:
    """Return the number of binary places that all entries need together."""
    numbers = (x for array in arrays for x in np.ravel(array).tolist())
    return max(Fraction(x).denominator.bit_length() - 1 for x in numbers)


def _integers(array: np.ndarray, scale: int):
    if np.ndim(array) > 1:
        return [_integers(row, scale) for row in array]
    return [int(Fraction(x) * (1 << scale)) for x in np.asarray(array).tolist()]
