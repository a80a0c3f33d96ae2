"""What a word's cycle is at one parameter: points, det(I - P) and the conditions of its events.

The map of a word is z -> P z + c, P = J_{k-1} ... J_0 (MATH.md, section 5). All is kept free of
poles: instead of a point z_t its numerator n_t = D z_t is computed, D = det(I - P), and instead of
y_t = W2 z_t + h2 the numerator N_t = D y_t. Both are polynomials in whatever the network's weights
are polynomials in, and finite where the cycle goes to infinity.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...compiled import kernel, kernel_part
from .planar_words import MOST_STRETCH, ROUNDING, planar_product, solve_planar
from .word_solving import solve_word
from .word_spectra import spectral_functions


def flat_coefficients(forms: Sequence[np.ndarray]) -> tuple[np.ndarray, int, int]:
    """Return the coefficients (3, n) of all entries of the form (see `write_form`), and M and H."""
    _, M, H = np.shape(forms[1])
    flat = [np.reshape(array, (3, -1)) for array in forms]
    return np.concatenate(flat, axis=1, dtype=np.float64), M, H


@kernel
def write_form(coefficients, value, flat):
    """Write the arrays of the shared form, one after the other in `flat` (n,), at a parameter.

    `coefficients` (3, n) are those of 1, v and v^2.
    """
    for i in range(flat.shape[0]):
        linear = coefficients[1, i] + value * coefficients[2, i]
        flat[i] = coefficients[0, i] + value * linear


@kernel_part
def flat_form(flat, M, H):
    """Return views (A, W1, W2, h1, h2) of one array that holds them one after the other."""
    first, second, third = M * M, M * M + M * H, M * M + 2 * M * H
    return (
        flat[:first].reshape(M, M),
        flat[first:second].reshape(M, H),
        flat[second:third].reshape(H, M),
        flat[third : third + M],
        flat[third + M :],
    )


@kernel_part
def word_memory(M, H, k):
    """Return the working memory of `evaluate_form`: five arrays, for words of k regions.

    They are few, and are cut into parts only where needed, because counting the references to many
    arrays would take longer than all the arithmetic for two states.

    Returns
    -------
    maps : (k + 1, 6)
    numerators : (k, M)
    reals, complexes, integers : one-dimensional
    """
    return (
        np.empty((k + 1, 6)),
        np.empty((k, M)),
        np.empty(k * (M * M + M) + M * M + M + M * (M + 1) + 2 + k * (6 * M * M + 2 * M) + 3 * M),
        np.empty(k * M * M + M, np.complex128),
        np.zeros(2 * M + 1, np.int64),
    )


@kernel_part
def evaluate_form(
    spectral,
    word,
    flat,
    maps,
    numerators,
    reals,
    complexes,
    integers,
    values,
    exponents,
    noises,
    row,
):
    """Write one family of functions of a word for the network whose arrays are in `flat`.

    The family of existence (`spectral` False) is D and then every N_{t, j}, k H in number, with its
    sign changed where the bit is 0: the word's cycle is real where all have one sign. The spectral
    family is F and C (`spectral_functions`).

    Parameters
    ----------
    word : (k, H) uint8
    flat : (M M + 2 M H + M + H,)
        The arrays of the shared form, one after the other (`flat_form`).
    maps, numerators, reals, complexes, integers
        What `word_memory` returns; with the family of existence n_t = D z_t is left in
        `numerators`.
    values : (rows, F)
        values[row] is written: the functions without their factors 2^exponent.
    exponents, noises : (rows, 2)
        Written: of the first function, and of all others; noise is what rounding may have done.
    """
    k, H = word.shape
    exponents[row, 0] = exponents[row, 1] = 0
    if spectral:
        if numerators.shape[1] == 2:
            stretch, _, determinant = planar_product(flat, word, maps)
            if stretch <= MOST_STRETCH:
                a, d = maps[k, 0], maps[k, 3]
                values[row, 0], values[row, 1] = 1.0 + (a + d) + determinant, determinant - 1.0
                noises[row, 0] = ROUNDING * (1.0 + abs(a) + abs(d) + abs(determinant))
                noises[row, 1] = ROUNDING * k * (1.0 + abs(determinant))
                return
        A, W1, W2, h1, h2 = flat_form(flat, numerators.shape[1], H)
        spectral_functions(
            A, W1, W2, word, reals, complexes, integers, values[row], exponents[row], noises[row]
        )
        return
    trusted = False
    if numerators.shape[1] == 2:
        trusted, noises[row, 0], noises[row, 1] = solve_planar(
            flat, word, maps, numerators, values, row
        )
    if not trusted:
        A, W1, W2, h1, h2 = flat_form(flat, numerators.shape[1], H)
        borders = values[row, 1:].reshape(k, H)
        values[row, 0], exponent, noises[row, 0], noises[row, 1] = solve_word(
            A, W1, W2, h1, h2, word, reals, integers, numerators, borders
        )
        exponents[row, 0] = exponents[row, 1] = exponent
    for t in range(k):
        for j in range(H):
            values[row, 1 + t * H + j] *= 2.0 * word[t, j] - 1.0


@kernel_part
def evaluate(
    spectral,
    coefficients,
    parameters,
    word,
    flat,
    maps,
    numerators,
    reals,
    complexes,
    integers,
    values,
    exponents,
    noises,
):
    """Do what `evaluate_form` does at each of the parameters (n,), in n rows; see `write_form`."""
    for row in range(parameters.shape[0]):
        write_form(coefficients, parameters[row], flat)
        evaluate_form(
            spectral,
            word,
            flat,
            maps,
            numerators,
            reals,
            complexes,
            integers,
            values,
            exponents,
            noises,
            row,
        )
