"""The periodic Schur form of a product J_{k-1} ... J_0, which is never formed.

Unitary Q_t with Q_{t+1}^H J_t Q_t upper triangular for all t (Bojanczyk, Golub, Van Dooren, SPIE
1770, 1992): each factor is only perturbed by rounding of its own size, and an eigenvalue is the
product of k diagonal entries, kept as a mantissa and an exponent. Single complex shifts serve real
and complex pairs alike. It was preferred to repeated QR sweeps, which stall where moduli are close
or equal (every complex pair), and to groups of scaled products, which must guess the groups.
"""

from __future__ import annotations

import math

import numpy as np

from ...compiled import kernel_part

STRICT_ROUNDS = 30  # of one eigenvalue, before a subdiagonal may be dropped by its size alone
MOST_ROUNDS = 60
SMALL = 2.0**-52
EXCEPTIONAL = 0.9 + 0.43j  # a shift of no meaning, which ends a standstill
WIDE = 2.0**40  # ratio of shift to diagonal from which unshifted rounds converge at once


@kernel_part
def binary_exponent(x):
    """Return e with 2^(e-1) <= |x| < 2^e; 0 for zero, NaN and infinity."""
    if not 0.0 < abs(x) < np.inf:
        return 0
    return math.frexp(x)[1]


@kernel_part
def _rotation(x, y):
    """Return c (real), s with [c s; -conj(s) c] [x; y] = [r; 0]."""
    size_x, size_y = abs(x), abs(y)
    if size_y == 0.0:
        return 1.0, 0.0j
    if size_x == 0.0:
        return 0.0, complex(y.real / size_y, -y.imag / size_y)
    norm = math.hypot(size_x, size_y)
    turned = complex(x.real / size_x, x.imag / size_x)
    return size_x / norm, turned * complex(y.real / norm, -y.imag / norm)


@kernel_part
def _rotate_rows(factor, p, c, s, first, last):
    """Rotate rows p and p + 1 in the columns first..last."""
    for m in range(first, last + 1):
        x, y = factor[p, m], factor[p + 1, m]
        factor[p, m] = c * x + s * y
        factor[p + 1, m] = c * y - s.conjugate() * x


@kernel_part
def _rotate_columns(factor, p, c, s, first, last):
    """Rotate columns p and p + 1, by the inverse rotation, in the rows first..last."""
    for i in range(first, last + 1):
        x, y = factor[i, p], factor[i, p + 1]
        factor[i, p] = c * x + s.conjugate() * y
        factor[i, p + 1] = c * y - s * x


@kernel_part
def _pass_around(factors, p, c, s, low, high):
    """Carry a rotation of Q_0 through all triangles to the columns of the Hessenberg factor."""
    k = factors.shape[0]
    for t in range(k - 1):
        factor = factors[t]
        _rotate_columns(factor, p, c, s, low, min(p + 1, high))
        c, s = _rotation(factor[p, p], factor[p + 1, p])
        _rotate_rows(factor, p, c, s, p, high)
        factor[p + 1, p] = 0.0
    _rotate_columns(factors[k - 1], p, c, s, low, min(p + 2, high))


@kernel_part
def _make_hessenberg(factors, cancel):
    """Make factors 0..k-2 upper triangular, the last one upper Hessenberg; False if cancelled."""
    k, M, _ = factors.shape
    for t in range(k - 1):
        if cancel[0] != 0:
            return False
        factor = factors[t]
        for j in range(M - 1):
            for i in range(M - 2, j - 1, -1):
                c, s = _rotation(factor[i, j], factor[i + 1, j])
                _rotate_rows(factor, i, c, s, j, M - 1)
                factor[i + 1, j] = 0.0
                _rotate_columns(factors[t + 1], i, c, s, 0, M - 1)
    last = factors[k - 1]
    for j in range(M - 2):
        for i in range(M - 2, j, -1):
            if cancel[0] != 0:
                return False
            c, s = _rotation(last[i, j], last[i + 1, j])
            _rotate_rows(last, i, c, s, j, M - 1)
            last[i + 1, j] = 0.0
            for t in range(k - 1):
                factor = factors[t]
                _rotate_columns(factor, i, c, s, 0, i + 1)
                c, s = _rotation(factor[i, i], factor[i + 1, i])
                _rotate_rows(factor, i, c, s, i, M - 1)
                factor[i + 1, i] = 0.0
            _rotate_columns(last, i, c, s, 0, M - 1)
    return True


@kernel_part
def _scaled(x, exponent):
    """Return x 2^exponent with the exponent moved out of x."""
    e = binary_exponent(max(abs(x.real), abs(x.imag)))
    return complex(math.ldexp(x.real, -e), math.ldexp(x.imag, -e)), exponent + e


@kernel_part
def diagonal_product(factors, count, i):
    """Return mantissa and exponent of the product of the entries [i, i] of the first factors."""
    value, exponent = _scaled(factors[0, i, i], 0)
    for t in range(1, count):
        value, exponent = _scaled(value * factors[t, i, i], exponent)
    return value, exponent


@kernel_part
def _shift(factors, low, high, block, spare):
    """Return the eigenvalue of the trailing 2x2 block that is nearest to its last entry, scaled."""
    k = factors.shape[0]
    first = max(high - 2, low)
    n = high - first + 1
    for i in range(n):
        for m in range(n):
            block[i, m] = 1.0 if i == m else 0.0
    exponent = 0
    for t in range(k):
        largest = 0.0
        for i in range(n):
            for m in range(n):
                total = 0.0j
                for q in range(n):
                    total += factors[t, first + i, first + q] * block[q, m]
                spare[i, m] = total
                largest = max(largest, abs(total.real), abs(total.imag))
        e = binary_exponent(largest)
        scale = math.ldexp(1.0, -e)
        exponent += e
        for i in range(n):
            for m in range(n):
                block[i, m] = spare[i, m] * scale
    a, b = block[n - 2, n - 2], block[n - 2, n - 1]
    c, d = block[n - 1, n - 2], block[n - 1, n - 1]
    half = 0.5 * (a - d)
    root = np.sqrt(half * half + b * c)
    if half.real * root.real + half.imag * root.imag < 0.0:
        root = -root
    divisor = half + root
    if divisor == 0.0:
        return d, exponent
    return d - b * c / divisor, exponent


@kernel_part
def _is_negligible(last, i, strict):
    """Return whether the subdiagonal entry [i, i - 1] of the Hessenberg factor may be dropped."""
    size, above, below = abs(last[i, i - 1]), abs(last[i - 1, i - 1]), abs(last[i, i])
    if size == 0.0:
        return True
    if size > SMALL * (above + below):
        return False
    return not strict or size * abs(last[i - 1, i]) <= SMALL * above * below


@kernel_part
def periodic_schur(factors, cancel):
    """Make the diagonal blocks of all factors (k, M, M) upper triangular; False if that fails.

    It fails for numbers that are not finite, and when the flag `cancel` is set.

    Only the diagonals are right in the end: what no eigenvalue depends on is not carried along.
    """
    k, M, _ = factors.shape
    for t in range(k):
        for i in range(M):
            for m in range(M):
                if not abs(factors[t, i, m]) < np.inf:
                    return False
    if not _make_hessenberg(factors, cancel):
        return False
    last = factors[k - 1]
    block, spare = np.empty((3, 3), np.complex128), np.empty((3, 3), np.complex128)
    high, rounds = M - 1, 0
    while high > 0:
        low = high
        while low > 0 and not _is_negligible(last, low, rounds < STRICT_ROUNDS):
            low -= 1
        if low > 0:
            last[low, low - 1] = 0.0
        if low == high:
            high, rounds = high - 1, 0
            continue
        if rounds == MOST_ROUNDS or cancel[0] != 0:
            return False
        _sweep(factors, low, high, rounds, block, spare)
        rounds += 1
    return True


@kernel_part
def _sweep(factors, low, high, rounds, block, spare):
    """Do one implicit QR step on the window low..high."""
    last = factors[factors.shape[0] - 1]
    x, y = last[low, low], last[low + 1, low]
    zero = False
    for t in range(factors.shape[0] - 1):
        for i in range(low, high + 1):
            zero = zero or factors[t, i, i] == 0.0
    # Rounds without a shift sort the diagonal, and move zero eigenvalues to its end.
    if rounds % 8 == 7:
        x -= (abs(x) + abs(y)) * EXCEPTIONAL
    elif not zero and rounds >= 2:
        shift, exponent = _shift(factors, low, high, block, spare)
        if factors.shape[0] > 1:
            top, top_exponent = diagonal_product(factors, factors.shape[0] - 1, low)
            shift, exponent = shift / top, exponent - top_exponent
        if abs(exponent) < 900:
            shift *= 2.0**exponent
            if abs(x) + abs(y) < abs(shift) * WIDE < (abs(x) + abs(y)) * WIDE * WIDE:
                x -= shift
    for p in range(low, high):
        if p > low:
            x, y = last[p, p - 1], last[p + 1, p - 1]
        c, s = _rotation(x, y)
        _rotate_rows(last, p, c, s, max(p - 1, low), high)
        if p > low:
            last[p + 1, p - 1] = 0.0
        _pass_around(factors, p, c, s, low, high)
