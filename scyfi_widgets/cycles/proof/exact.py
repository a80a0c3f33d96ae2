"""One word decided in exact arithmetic: real, on a border, virtual, or a continuum.

Every double is an integer over a power of two, so the whole decision is made in Python's integers:
the affine map once around the word is multiplied out, the system (I - P) z = c is solved by
fraction-free elimination, and the signs of y = W2 z + h2 are read off. Nothing is rounded before
the points that are handed out. Slow (about a millisecond for a short word of a small network) and
simple: the fast solver asks it where rounding leaves a doubt, and the checker of certificates
trusts nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import compress
from math import inf, lcm
from operator import mul

import numpy as np

from ...cancellation import Cancelled
from ...models.relu_form import ReluForm

CYCLE, BORDER, VIRTUAL = "cycle", "border", "virtual"
CONSISTENT, INCONSISTENT = "singular consistent", "singular inconsistent"
LEAST = 5e-324  # the least positive double


@dataclass(frozen=True, eq=False)
class ExactWord:
    """What is exactly true of one word.

    Attributes
    ----------
    kind : str
        ``"cycle"``: one solution, strictly inside its regions. ``"border"``: one solution, no sign
        wrong, some y exactly 0. ``"virtual"``: one solution, some sign wrong. ``"singular
        consistent"``: a line, plane ... of solutions. ``"singular inconsistent"``: no solution.
    real : bool
        Whether the solution, or one of a continuum, has bit = (y > 0) everywhere: y = 0 belongs to
        bit 0. True for every ``"cycle"``, false for every ``"virtual"`` one.
    minimal : bool
        Whether the solution, or one of those of a continuum in the regions, repeats no shorter one.
    points : (k, M) array or None
        The solution, each number rounded once. Of a continuum: one inside the regions if there is
        one, of minimal period k if there is one. None without a solution.
    signs : (k, H) int8 array or None
        The signs of y at the exact points.
    margin : float
        The least |y| at them, rounded once.
    directions : (M, r) array
        Of a continuum: what may be added to the first point, each of largest entry 1.
    """

    kind: str
    real: bool
    minimal: bool
    points: np.ndarray | None
    signs: np.ndarray | None
    margin: float
    directions: np.ndarray


def exact_word(form: ReluForm, word: np.ndarray, cancel: np.ndarray | None = None) -> ExactWord:
    """Decide one word (k, H) of bits exactly.

    Parameters
    ----------
    form : ReluForm
    word : (k, H) array of bits
    cancel : (1,) int64 array, optional
        A flag that ends the work.

    Raises
    ------
    Cancelled
        If the flag is set.
    ValueError
        If a parameter is not finite, or the word does not fit the network.
    """
    bits = np.asarray(word, dtype=np.bool_)
    if bits.ndim != 2 or bits.shape[0] == 0 or bits.shape[1] != form.H:
        raise ValueError(f"word must have shape (k, {form.H}) with k >= 1, got {bits.shape}")
    check = _nothing if cancel is None else partial(_raise_if_set, cancel)
    system = _System(form, bits.tolist(), check)
    matrix, right = system.around(len(bits))
    solution, basis = _solve(matrix, right, check)
    if solution is None:
        return ExactWord(INCONSISTENT, False, False, None, None, inf, np.empty((form.M, 0)))
    if basis:
        return _continuum(system, solution, basis)
    return _described(system, solution, _is_minimal(system.bits))


def _nothing() -> None:
    pass


def _raise_if_set(cancel: np.ndarray) -> None:
    if cancel[0]:
        raise Cancelled


def period(word: Sequence) -> int:
    """Return the least p such that `word` is its first p entries over and over."""
    k = len(word)
    return next(p for p in range(1, k + 1) if k % p == 0 and word[p:] == word[:-p])


# The equations ------------------------------------------------------------------------------------


class _System:
    """z_{t+1} = J_t z_t + c_t and y_t = W2 z_t + h2 of one word, in integers over 2^scale.

    `check` is called between steps; it may raise.
    """

    def __init__(self, form: ReluForm, bits: list[list[bool]], check: Callable[[], None]):
        self.bits, self.check = bits, check
        # Multiplied by 2^own_scale and 2^y_scale; their products need both.
        (A, W1, h1), own_scale = _integers("A", form.A, "W1", form.W1, "h1", form.h1)
        (self.W2, self.h2), self.y_scale = _integers("W2", form.W2, "h2", form.h2)
        inputs = list(zip(*self.W2, strict=True))  # by latent unit
        jacobians, shifts = {}, {}
        for region in {tuple(region) for region in bits}:
            J = jacobians[region] = []
            weights = [list(compress(row, region)) for row in W1]
            seen = [list(compress(column, region)) for column in inputs]
            for row, active in zip(A, weights, strict=True):
                check()
                J.append(
                    [
                        (a << self.y_scale) + sum(map(mul, active, column))
                        for a, column in zip(row, seen, strict=True)
                    ]
                )
            biases = list(compress(self.h2, region))
            shifts[region] = [
                (h << self.y_scale) + sum(map(mul, active, biases))
                for h, active in zip(h1, weights, strict=True)
            ]
        everything = 0
        for row in [row for J in jacobians.values() for row in J] + list(shifts.values()):
            for x in row:
                everything |= x
        # The zeros at the end of all of them need not be carried along.
        scale = own_scale + self.y_scale
        zeros = min(scale, (everything & -everything).bit_length() - 1) if everything else scale
        self.scale = scale - zeros
        self.jacobians = [
            [[x >> zeros for x in row] for row in jacobians[tuple(region)]] for region in bits
        ]
        self.shifts = [[x >> zeros for x in shifts[tuple(region)]] for region in bits]

    def around(self, steps: int) -> tuple[list[list[int]], list[int]]:
        """Return integers N, b such that z_steps = z_0 if and only if N z_0 = b."""
        M = len(self.shifts[0])
        columns = [[int(i == m) for i in range(M)] for m in range(M)]
        shift = [0] * M
        for t in range(steps):
            J = self.jacobians[t]
            for m, column in enumerate(columns):
                self.check()
                columns[m] = _apply(J, column)
            shift = _plus(_apply(J, shift), self.shifts[t], 1 << (t * self.scale))
        one = 1 << (steps * self.scale)
        matrix = [[(one if i == m else 0) - columns[m][i] for m in range(M)] for i in range(M)]
        return matrix, shift

    def orbit(self, numerators: list[int], denominator: int, affine: bool = True):
        """Yield numerators and denominator of z_t, t = 0..k-1; a direction has no shifts."""
        for J, shift in zip(self.jacobians, self.shifts, strict=True):
            self.check()
            yield numerators, denominator
            numerators = _apply(J, numerators)
            if affine:
                numerators = _plus(numerators, shift, denominator)
            denominator <<= self.scale

    def y(self, numerators: list[int], denominator: int, affine: bool = True):
        """Yield the numerators (H,) and the denominator of W2 z_t (+ h2), t = 0..k-1."""
        for point, below in self.orbit(numerators, denominator, affine):
            values = _apply(self.W2, point)
            if affine:
                values = _plus(values, self.h2, below)
            yield values, below << self.y_scale


def _integers(*names_and_arrays) -> tuple[list, int]:
    """Return arrays times 2^scale as lists of integers, and the scale."""
    arrays, scale = [], 0
    for name, array in zip(names_and_arrays[::2], names_and_arrays[1::2], strict=True):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite to decide a word exactly")
        rows = [[x.as_integer_ratio() for x in row] for row in np.atleast_2d(array).tolist()]
        scale = max([scale, *(q.bit_length() - 1 for row in rows for _, q in row)])
        arrays.append((array.ndim, rows))
    whole = []
    for ndim, rows in arrays:
        rows = [[p << (scale + 1 - q.bit_length()) for p, q in row] for row in rows]
        whole.append(rows if ndim == 2 else rows[0])
    return whole, scale


def _apply(matrix: list[list[int]], vector: list[int]) -> list[int]:
    return [sum(map(mul, row, vector)) for row in matrix]


def _plus(vector: list[int], other: list[int], factor: int) -> list[int]:
    return [v + factor * x for v, x in zip(vector, other, strict=True)]


# Their solutions ----------------------------------------------------------------------------------


def _solve(matrix: list[list[int]], right: list[int], check: Callable[[], None]):
    """Solve N z = b by fraction-free elimination (Bareiss 1968).

    Returns
    -------
    (numerators, denominator) or None
        One solution; None if there is none.
    list of list of int
        A basis of the solutions of N v = 0.
    """
    M = len(right)
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    pivots, previous = [], 1
    for column in range(M):
        rank = len(pivots)
        best = next((i for i in range(rank, M) if rows[i][column]), None)
        if best is None:
            continue
        rows[rank], rows[best] = rows[best], rows[rank]
        top, pivot = rows[rank], rows[rank][column]
        for i in range(rank + 1, M):
            check()
            row = rows[i]
            factor = row[column]
            # Every entry is a minor of the matrix, hence the division leaves no remainder.
            for m in range(column + 1, M + 1):
                row[m] = (pivot * row[m] - factor * top[m]) // previous
            row[column] = 0
        previous = pivot
        pivots.append(column)
    rank = len(pivots)
    if any(row[M] for row in rows[rank:]):
        return None, []
    free = [column for column in range(M) if column not in pivots]

    def substituted(right_of_row, values: dict[int, int]) -> list[int]:
        """Return `previous` times the solution whose free entries are given."""
        solution = [previous * values.get(m, 0) for m in range(M)]
        for i in range(rank - 1, -1, -1):
            check()
            row, p = rows[i], pivots[i]
            total = previous * right_of_row(row)
            total -= sum(row[m] * solution[m] for m in range(p + 1, M) if solution[m])
            solution[p] = total // row[p]
        return solution

    solution = substituted(lambda row: row[M], {})
    return (solution, previous), [substituted(lambda row: 0, {m: 1}) for m in free]


def _described(system: _System, solution, minimal: bool) -> ExactWord:
    """Return the verdict on the only solution of a word."""
    signs, points, margin = _signs_and_points(system, solution)
    bits = np.array(system.bits)
    if np.any(np.where(bits, signs < 0, signs > 0)):
        kind = VIRTUAL
    else:
        kind = CYCLE if signs.all() else BORDER
    real = bool(np.array_equal(bits, signs > 0))
    return ExactWord(kind, real, minimal, points, signs, margin, np.empty((points.shape[1], 0)))


def _signs_and_points(system: _System, solution):
    points = [[_rounded(x, below) for x in above] for above, below in system.orbit(*solution)]
    y = list(system.y(*solution))
    signs = [[_sign(x) * _sign(below) for x in above] for above, below in y]
    moduli = [abs(_rounded(x, below)) for above, below in y for x in above if x]
    everywhere = all(x for above, _ in y for x in above)
    # Only an exact zero is reported as one.
    margin = max(min(moduli, default=inf), LEAST) if everywhere else 0.0
    return np.array(signs, np.int8), np.array(points), margin


def _rounded(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator  # Python divides integers with one rounding
    except OverflowError:
        return inf * _sign(numerator) * _sign(denominator)


def _sign(x) -> int:
    return (x > 0) - (x < 0)


def _is_minimal(bits: list[list[bool]]) -> bool:
    return period(bits) == len(bits)


# Continua -----------------------------------------------------------------------------------------


def _continuum(system: _System, solution, basis: list[list[int]]) -> ExactWord:
    """Return the verdict on a word whose solutions are z_0 + Σ α_i v_i for all α."""
    basis = [[Fraction(x, max(map(abs, v))) for x in v] for v in basis]
    start = [Fraction(x, solution[1]) for x in solution[0]]
    bits = [bit for region in system.bits for bit in region]
    constants = _y_values(system, start)
    slopes = [_y_values(system, v, affine=False) for v in basis]
    # A constraint of the regions: constant + slopes . α >= 0, of bit 1 even > 0.
    constraints = [
        [_signed(bit, x), *(_signed(bit, slope[n]) for slope in slopes)]
        for n, (bit, x) in enumerate(_checked(zip(bits, constants, strict=True), system.check))
    ]
    directions = np.array([[float(x) for x in v] for v in basis]).T
    alpha, real = _inside(constraints, bits, system.check)
    minimal = False
    if real:
        moved = _moved(constraints, alpha, system.check)
        if not moved and _is_minimal(system.bits):
            # The solutions only touch the regions: there is but one cycle, on a border.
            return _described(system, _common(_point(start, basis, alpha)), True)
        candidates = [alpha, *moved]
        candidates += [_mean(one, other) for one in moved for other in moved if one is not other]
        if moved:
            candidates.append([sum(column) / len(moved) for column in zip(*moved, strict=True)])
        for candidate in candidates:
            if _repeats_only_as_a_whole(system, _point(start, basis, candidate)):
                alpha, minimal = candidate, True
                break
    signs, points, margin = _signs_and_points(system, _common(_point(start, basis, alpha)))
    return ExactWord(CONSISTENT, real, minimal, points, signs, margin, directions)


def _y_values(system: _System, start: list[Fraction], affine: bool = True) -> list[Fraction]:
    return [
        Fraction(x, below)
        for above, below in system.y(*_common(start), affine=affine)
        for x in _checked(above, system.check)
    ]


def _signed(bit: bool, x: Fraction) -> Fraction:
    return x if bit else -x


def _point(start, basis, alpha) -> list[Fraction]:
    return [
        z + sum(a * v[m] for a, v in zip(alpha, basis, strict=True)) for m, z in enumerate(start)
    ]


def _common(values: list[Fraction]) -> tuple[list[int], int]:
    """Return numerators over one denominator."""
    denominator = lcm(*(x.denominator for x in values))
    return [x.numerator * (denominator // x.denominator) for x in values], denominator


def _mean(one, other):
    return [(a + b) / 2 for a, b in zip(one, other, strict=True)]


def _checked(items: Iterable, check: Callable[[], None]) -> Iterator:
    """Yield the items, and check before each."""
    for item in items:
        check()
        yield item


def _inside(constraints, bits, check) -> tuple[list[Fraction], bool]:
    """Return α of a point in the regions, as far from borders as can be, and whether it is one."""
    r = len(constraints[0]) - 1
    alpha = [Fraction(0)] * r
    for strict in ([True] * len(bits), bits):  # first away from all borders, then only from bit 1's
        here = [_value(row, alpha) for row in _checked(constraints, check)]
        least = min([Fraction(0), *(x for x, s in zip(here, strict, strict=True) if s)])
        # Variables: the change of α, and the distance s from the borders less what it is now.
        rows = [
            [x - least * s, *row[1:], Fraction(-int(s))]
            for x, row, s in _checked(zip(here, constraints, strict, strict=True), check)
        ]
        rows.append([1 - least, *[Fraction(0)] * r, Fraction(-1)])
        change, _ = _maximize(rows, [*[0] * r, 1], check)
        alpha = [a + d for a, d in zip(alpha, change[:r], strict=True)]
        distance = least + change[r]
        if distance > 0:
            return alpha, True
        if distance < 0:
            return alpha, False
    return alpha, False


def _moved(constraints, alpha, check) -> list[list[Fraction]]:
    """Return points of the regions' closed solution set, half-way to its ends from `alpha`."""
    rows = [[_value(row, alpha), *row[1:]] for row in _checked(constraints, check)]
    r = len(alpha)
    moved = []
    for i in range(r):
        for sign in (1, -1):
            change, ray = _maximize(rows, [sign * int(i == m) for m in range(r)], check)
            if ray is not None:
                change = [c + x for c, x in zip(change, ray, strict=True)]
            if any(change):
                moved.append([a + c / 2 for a, c in zip(alpha, change, strict=True)])
    return moved


def _repeats_only_as_a_whole(system: _System, start: list[Fraction]) -> bool:
    """Return whether the orbit of a solution closes for the first time after all k steps."""
    k = len(system.bits)
    above, below = _common(start)
    points = list(system.orbit(above, below))
    for steps in range(1, k):
        if k % steps == 0:
            there, scaled = points[steps]
            factor = scaled // below
            if all(x == factor * z for x, z in zip(there, above, strict=True)):
                return False
    return True


def _value(row, alpha) -> Fraction:
    return row[0] + sum(map(mul, row[1:], alpha))


def _maximize(rows, objective: list[int], check: Callable[[], None]):
    """Maximize objective . x over all x with row[0] + row[1:] . x >= 0; x = 0 must be allowed.

    The simplex method with Bland's rule, which ends, on a dictionary of integers over one positive
    denominator: all of them are minors of the rows (Edmonds 1967). The variables x are free: one
    that has become basic stays so.

    Returns
    -------
    x, ray
        The best x and None; or, without a bound, a point x and a ray along which it only grows.
    """
    r = len(objective)
    table = [_common(row)[0] for row in _checked(rows, check)]
    target, below = [0, *objective], 1
    column_of = list(range(r))  # 0..r-1: the free variables; r + i: the slack of row i
    row_of = [r + i for i in range(len(rows))]
    while True:
        entering = min(
            (c for c in range(r) if (target[c + 1] if column_of[c] < r else target[c + 1] > 0)),
            key=column_of.__getitem__,
            default=None,
        )
        values = {v: Fraction(table[i][0], below) for i, v in enumerate(row_of) if v < r}
        x = [values.get(m, Fraction(0)) for m in range(r)]
        if entering is None:
            return x, None
        sign = 1 if target[entering + 1] > 0 else -1
        leaving = None  # the slack that is the first to become zero
        for i, row in enumerate(table):
            check()
            slope = sign * row[entering + 1]
            if row_of[i] < r or slope >= 0:
                continue
            if leaving is not None:
                first = table[leaving]
                behind = row[0] * sign * first[entering + 1] - first[0] * slope
                if behind < 0 or (behind == 0 and row_of[i] > row_of[leaving]):
                    continue
            leaving = i
        if leaving is None:
            ray = {v: Fraction(sign * table[i][entering + 1], below) for i, v in enumerate(row_of)}
            ray[column_of[entering]] = Fraction(sign)
            return x, [ray.get(m, Fraction(0)) for m in range(r)]
        below = _pivot([*table, target], table[leaving], entering + 1, below, check)
        row_of[leaving], column_of[entering] = column_of[entering], row_of[leaving]


def _pivot(table, top, column: int, below: int, check: Callable[[], None]) -> int:
    """Exchange the variable of row `top` with that of `column`; return the new denominator."""
    pivot, sign = top[column], _sign(top[column])
    for row in table:
        if row is top:
            continue
        check()
        factor = row[column]
        for m, x in enumerate(row):
            if m != column:
                check()
                row[m] = sign * (pivot * x - factor * top[m]) // below
        row[column] = sign * factor
    top[:] = [-sign * x for x in top]
    top[column] = sign * below
    return abs(pivot)
