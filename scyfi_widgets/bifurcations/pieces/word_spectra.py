"""The spectrum of a word's cycle at one parameter, and the functions that vanish at its events."""

from __future__ import annotations

import math

from ...compiled import kernel_part
from ...cycles.solving.refine import write_jacobian
from ...cycles.solving.spectrum import one_spectrum

SPECTRUM_NOISE = 2e-11  # relative: what `one_spectrum` accepts for two states


@kernel_part
def write_spectrum(A, W1, W2, word, reals, complexes, integers):
    """Write the eigenvalues of P, mantissa 2^exponent, to the memory; return both (M,) arrays."""
    k, M = word.shape[0], A.shape[0]
    jacobians = reals[: k * M * M].reshape(k, M, M)
    for t in range(k):
        write_jacobian(A, W1, W2, word[t], jacobians[t])
    factors = complexes[M:].reshape(k, M, M)
    mantissas, exponents = complexes[:M], integers[M : 2 * M]
    one_spectrum(jacobians, factors, mantissas, exponents, integers[2 * M :])
    return mantissas, exponents


@kernel_part
def spectral_functions(A, W1, W2, word, reals, complexes, integers, values, exponents, noises):
    """Write F = det(I + P) and C = prod_{i<j} (lam_i lam_j - 1).

    A cycle flips where F = 0. A complex pair has modulus 1 where C = 0; C = 0 as well where two
    real eigenvalues are inverse to one another.

    Parameters
    ----------
    values, exponents, noises : (2,)
        Written: F and C without and with their factors 2^exponent, and what rounding may have done
        to the values. C is 1 where M = 1.
    """
    M = A.shape[0]
    exponents[:] = 0
    mantissas, powers = write_spectrum(A, W1, W2, word, reals, complexes, integers)
    flip, centre, scale_flip, scale_centre = 1.0 + 0.0j, 1.0 + 0.0j, 1.0, 1.0
    for i in range(M):
        flip, scale_flip, shift = _times(flip, scale_flip, 1.0, mantissas[i], powers[i])
        exponents[0] += shift
        for j in range(i):
            both = mantissas[i] * mantissas[j]
            power = powers[i] + powers[j]
            centre, scale_centre, shift = _times(centre, scale_centre, -1.0, both, power)
            exponents[1] += shift
    values[0], values[1] = flip.real, centre.real
    noises[0], noises[1] = SPECTRUM_NOISE * scale_flip, SPECTRUM_NOISE * scale_centre


@kernel_part
def _times(total, scale, one, mantissa, exponent):
    """Return total (one + mantissa 2^exponent), the same without cancellation, and an exponent."""
    if exponent > 60:
        total, scale = total * mantissa, scale * abs(mantissa)
    elif exponent < -60:
        total, exponent = total * one, 0
    else:
        factor = mantissa * 2.0**exponent
        total, scale, exponent = total * (one + factor), scale * (1.0 + abs(factor)), 0
    shift = math.frexp(scale)[1]
    total, scale = total * 2.0**-shift, scale * 2.0**-shift
    return total, scale, exponent + shift
