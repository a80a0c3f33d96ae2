"""Eigenvalues of long products J_{k-1} ... J_0, the small ones as well as the large ones.

The explicit product of a long cycle overflows, and long before that its small eigenvalues drown in
the rounding of the large ones. Two ways keep all of them:

- One or two states: trace and determinant. The determinant of a product is the product of the
  determinants, so the small eigenvalue is the determinant over the large one. Taken only where a
  bound of the trace's rounding allows it.
- Everything else: the periodic Schur form (Bojanczyk, Golub, Van Dooren, SPIE 1770, 1992). Unitary
  Q_t with Q_{t+1}^H J_t Q_t upper triangular for all t are found without ever forming the product,
  so that each factor is only perturbed by rounding of its own size; an eigenvalue is the product of
  k diagonal entries, kept as a mantissa and an exponent. Single complex shifts serve real and
  complex pairs alike. It was preferred to repeated QR sweeps, which stall where moduli are close
  or equal (every complex pair), and to groups of scaled products, which must guess the groups.

A single factor goes to LAPACK.
"""

from __future__ import annotations

import math

import numpy as np

from ...cancellation import new_flag
from ...compiled import kernel, kernel_part
from ...models.relu_form import ReluForm
from .refine import write_jacobian

STRICT_ROUNDS = 30  # of one eigenvalue, before a subdiagonal may be dropped by its size alone
MOST_ROUNDS = 60
SMALL = 2.0**-52
LOG_2 = math.log(2.0)
TRUSTED = 1e-11  # relative rounding of a trace up to which two states need no Schur form
EXCEPTIONAL = 0.9 + 0.43j  # a shift of no meaning, which ends a standstill
WIDE = 2.0**40  # ratio of shift to diagonal from which unshifted rounds converge at once


def spectra(
    form: ReluForm, words: np.ndarray, cancel: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the eigenvalues and the logarithms of their moduli for words of one order.

    Parameters
    ----------
    form : ReluForm
    words : (n, k, H) array of bits
    cancel : (1,) int64 array, optional
        A flag that ends the work: what is left is NaN.

    Returns
    -------
    eigenvalues : (n, M) complex array
        By falling modulus; infinite beyond 1e308. Of a conjugate pair the positive imaginary part
        comes first.
    log_moduli : (n, M) array
        log |λ|, finite whatever the size; -inf for λ = 0.
    """
    A, W1, W2 = form.A, form.W1, form.W2
    words = np.ascontiguousarray(words, dtype=np.uint8)
    n, k, _ = words.shape
    if k == 1:
        values = np.linalg.eigvals(A + (W1 * words[:, 0, None, :]) @ W2).astype(np.complex128)
        return _sorted(values, np.zeros(values.shape, np.int64))
    mantissas = np.empty((n, form.M), np.complex128)
    exponents = np.empty((n, form.M), np.int64)
    flag = new_flag() if cancel is None else cancel
    write_spectra(A, W1, W2, words, mantissas, exponents, flag)
    return _sorted(mantissas, exponents)


def product_spectrum(jacobians: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the same for the product jacobians[k-1] ... jacobians[0] of a (k, M, M) array."""
    jacobians = np.ascontiguousarray(jacobians, dtype=np.float64)
    k, M, _ = jacobians.shape
    mantissas, exponents = np.empty((1, M), np.complex128), np.empty((1, M), np.int64)
    factors = np.empty((k, M, M), np.complex128)
    one_spectrum(jacobians, factors, mantissas[0], exponents[0], new_flag())
    values, logs = _sorted(mantissas, exponents)
    return values[0], logs[0]


def _sorted(mantissas: np.ndarray, exponents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, logs = np.empty(mantissas.shape, np.complex128), np.empty(mantissas.shape)
    sort_spectra(mantissas, exponents, values, logs)
    return values, logs


@kernel
def sort_spectra(mantissas, exponents, values, logs):
    """Write eigenvalues mantissa 2^exponent (n, M) by falling modulus, and log |λ|.

    Rounded moduli keep the order the same on every machine: a conjugate pair ties.
    """
    M = values.shape[1]
    keys, order = np.empty(M), np.empty(M, np.int64)
    for n in range(values.shape[0]):
        for i in range(M):
            value = mantissas[n, i]
            size = math.hypot(value.real, value.imag)
            log = math.log(size) + exponents[n, i] * LOG_2 if size > 0.0 else -np.inf
            if size != size:
                log = np.nan
            keys[i] = np.rint(log * 1e11) * 1e-11 if abs(log) < 1e4 else log
            place = i
            while place > 0:
                other = order[place - 1]
                if not _comes_first(keys[i], value, keys[other], mantissas[n, other]):
                    break
                order[place] = other
                place -= 1
            order[place] = i
        for place in range(M):
            i = order[place]
            value, exponent = mantissas[n, i], exponents[n, i]
            size = math.hypot(value.real, value.imag)
            logs[n, place] = math.log(size) + exponent * LOG_2 if size > 0.0 else -np.inf
            if size != size:
                logs[n, place] = np.nan
            values[n, place] = complex(
                math.ldexp(value.real, exponent), math.ldexp(value.imag, exponent)
            )


@kernel_part
def _comes_first(key, value, other_key, other):
    """Return whether an eigenvalue comes before another; NaN comes last."""
    if key != other_key:
        return key > other_key or (other_key != other_key and key == key)
    if value.real != other.real:
        return value.real > other.real
    return value.imag > other.imag


@kernel
def write_spectra(A, W1, W2, words, mantissas, exponents, cancel):
    """Write the eigenvalues mantissa 2^exponent (n, M) of words (n, k, H), in no order."""
    n, k, _ = words.shape
    M = A.shape[0]
    jacobians = np.empty((k, M, M))
    factors = np.empty((k, M, M), np.complex128)
    for number in range(n):
        for t in range(k):
            write_jacobian(A, W1, W2, words[number, t], jacobians[t])
        one_spectrum(jacobians, factors, mantissas[number], exponents[number], cancel)


@kernel
def one_spectrum(jacobians, factors, mantissas, exponents, cancel):
    """Write the eigenvalues of one product; `factors` (k, M, M) complex is working memory."""
    k, M, _ = jacobians.shape
    if M <= 2 and _by_trace(jacobians, mantissas, exponents):
        return
    for t in range(k):
        for i in range(M):
            for m in range(M):
                factors[t, i, m] = jacobians[t, i, m]
    if periodic_schur(factors, cancel):
        for i in range(M):
            mantissas[i], exponents[i] = _diagonal(factors, k, i)
        _pair(mantissas, exponents)
    else:
        for i in range(M):
            mantissas[i], exponents[i] = np.nan, 0


# One and two states ------------------------------------------------------------------------------


@kernel_part
def _exponent(x):
    """Return e with 2^(e-1) <= |x| < 2^e; 0 for zero, NaN and infinity."""
    if not 0.0 < abs(x) < np.inf:
        return 0
    return math.frexp(x)[1]


@kernel_part
def _by_trace(jacobians, mantissas, exponents):
    """Write the eigenvalues for M <= 2; False where the trace has lost too many digits."""
    k, M, _ = jacobians.shape
    determinant, determinant_exponent = 1.0, 0
    a, b, c, d = 1.0, 0.0, 0.0, 1.0
    grown_a, grown_b, grown_c, grown_d = 1.0, 0.0, 0.0, 1.0  # the product of the moduli
    exponent = 0
    for t in range(k):
        J = jacobians[t]
        if M == 1:
            determinant *= J[0, 0]
        else:
            product, other = J[0, 0] * J[1, 1], J[0, 1] * J[1, 0]
            here = product - other
            if abs(here) < 1e-4 * abs(product):
                return False
            determinant *= here
            a, c = J[0, 0] * a + J[0, 1] * c, J[1, 0] * a + J[1, 1] * c
            b, d = J[0, 0] * b + J[0, 1] * d, J[1, 0] * b + J[1, 1] * d
            p, q, r, s = abs(J[0, 0]), abs(J[0, 1]), abs(J[1, 0]), abs(J[1, 1])
            grown_a, grown_c = p * grown_a + q * grown_c, r * grown_a + s * grown_c
            grown_b, grown_d = p * grown_b + q * grown_d, r * grown_b + s * grown_d
            e = _exponent(max(grown_a, grown_b, grown_c, grown_d))
            if abs(e) > 100:
                scale = 2.0**-e
                a, b, c, d = a * scale, b * scale, c * scale, d * scale
                grown_a, grown_b = grown_a * scale, grown_b * scale
                grown_c, grown_d = grown_c * scale, grown_d * scale
                exponent += e
        e = _exponent(determinant)
        if abs(e) > 100:
            determinant *= 2.0**-e
            determinant_exponent += e
    if M == 1:
        mantissas[0], exponents[0] = determinant, determinant_exponent
        return np.isfinite(determinant)
    half = 0.5 * (a + d)
    error = 4.0 * (k + 1) * SMALL * (grown_a + grown_d)
    # The determinant in the scale of the squared trace.
    shift = determinant_exponent - 2 * exponent
    if abs(shift) > 900:
        return False
    inner = determinant * 2.0**shift
    discriminant = half * half - inner
    # Both the trace and the distance of the two eigenvalues must be known well.
    doubt = abs(half) * error + SMALL * (half * half + 4.0 * k * abs(inner))
    if not (error <= TRUSTED * np.sqrt(max(abs(half * half), abs(inner)))):
        return False
    if not (doubt < TRUSTED * abs(discriminant)):
        return False
    exponents[0] = exponents[1] = exponent
    if discriminant < 0.0:
        mantissas[0] = complex(half, np.sqrt(-discriminant))
        mantissas[1] = complex(half, -np.sqrt(-discriminant))
        return True
    large = half + np.sqrt(discriminant) if half > 0.0 else half - np.sqrt(discriminant)
    mantissas[0] = large
    mantissas[1] = determinant / large
    exponents[1] = determinant_exponent - exponent
    return True


# The periodic Schur form -------------------------------------------------------------------------


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
    e = max(_exponent(x.real), _exponent(x.imag)) if x.real != 0.0 and x.imag != 0.0 else (
        _exponent(x.real) if x.real != 0.0 else _exponent(x.imag)
    )  # fmt: skip
    return complex(math.ldexp(x.real, -e), math.ldexp(x.imag, -e)), exponent + e


@kernel_part
def _diagonal(factors, count, i):
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
        e = _exponent(largest)
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
            top, top_exponent = _diagonal(factors, factors.shape[0] - 1, low)
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


@kernel_part
def _pair(mantissas, exponents):
    """Make the eigenvalues of a real product real, or conjugate in pairs; it moves them."""
    M, i = mantissas.shape[0], 0
    while i < M:
        value, exponent, best = mantissas[i], exponents[i], i
        distance = abs(value.imag)
        for j in range(i + 1, M):
            e = exponents[j] - exponent
            if distance > 0.0 and abs(e) <= 2:
                apart = abs(mantissas[j].conjugate() * 2.0**e - value)
                if apart < distance:
                    best, distance = j, apart
        if best == i:
            mantissas[i] = complex(value.real, 0.0)
            i += 1
            continue
        scale = 2.0 ** (exponents[best] - exponent)
        mean = 0.5 * (value + mantissas[best].conjugate() * scale)
        mantissas[best], exponents[best] = mantissas[i + 1], exponents[i + 1]
        mantissas[i], mantissas[i + 1] = mean, mean.conjugate()
        exponents[i + 1] = exponent
        i += 2
