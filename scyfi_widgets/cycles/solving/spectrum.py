"""Eigenvalues of long products J_{k-1} ... J_0, the small ones as well as the large ones.

The explicit product of a long cycle overflows, and long before that its small eigenvalues drown in
the rounding of the large ones. Two ways keep all of them:

- One or two states: trace and determinant. The determinant of a product is the product of the
  determinants, so the small eigenvalue is the determinant over the large one. Taken only where a
  bound of the trace's rounding allows it.
- Everything else: the periodic Schur form, whose diagonals have them as products of k entries.

A single factor goes to LAPACK.
"""

from __future__ import annotations

import math

import numpy as np

from ...cancellation import new_flag
from ...compiled import kernel, kernel_part
from ...models.relu_form import ReluForm
from .periodic_schur import SMALL, binary_exponent, diagonal_product, periodic_schur
from .refine import write_jacobian

LOG_2 = math.log(2.0)
TRUSTED = 1e-11  # relative rounding of a trace up to which two states need no Schur form


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
            mantissas[i], exponents[i] = diagonal_product(factors, k, i)
        _pair(mantissas, exponents)
    else:
        for i in range(M):
            mantissas[i], exponents[i] = np.nan, 0


# One and two states ------------------------------------------------------------------------------


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
            e = binary_exponent(max(grown_a, grown_b, grown_c, grown_d))
            if abs(e) > 100:
                scale = 2.0**-e
                a, b, c, d = a * scale, b * scale, c * scale, d * scale
                grown_a, grown_b = grown_a * scale, grown_b * scale
                grown_c, grown_d = grown_c * scale, grown_d * scale
                exponent += e
        e = binary_exponent(determinant)
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
