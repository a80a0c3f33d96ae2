"""Cycles at given values inside pieces: points and eigenvalues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...compiled import kernel, kernel_part
from .pieces import POLE, Pieces
from .planar_words import planar_eigenvalues
from .word_functions import evaluate, flat_coefficients, flat_form, word_memory
from .word_spectra import write_spectrum

INSIDE = 1e-9  # of a piece's length, from its pole
SAME = 1e-11  # moduli this near to one another, relative to their size, are sorted by sign


@dataclass(frozen=True, eq=False)
class PieceSamples:
    """Cycles at values inside pieces: those of piece i are offsets[i] : offsets[i + 1].

    Attributes
    ----------
    offsets : (p + 1,) int array
    value : (n,) array
        Ascending in each piece, from its start to its stop (just inside at a pole).
    points : (n, k, M) array
    eigenvalues : (n, M) complex array
        By falling modulus; of a conjugate pair the positive imaginary part comes first.
    """

    offsets: np.ndarray
    value: np.ndarray
    points: np.ndarray
    eigenvalues: np.ndarray


def sample_pieces(
    forms: Sequence[np.ndarray], words: np.ndarray, pieces: Pieces, values: np.ndarray
) -> PieceSamples:
    """Compute the cycles of all pieces at their two ends and at given values between them.

    Parameters
    ----------
    forms, words
        As for `pieces.word_pieces`.
    pieces : Pieces
    values : (v,) array
        Ascending.
    """
    words = np.ascontiguousarray(words).astype(np.uint8)
    values = np.array(values, dtype=np.float64)
    first = np.searchsorted(values, pieces.start, side="right")
    last = np.maximum(np.searchsorted(values, pieces.stop, side="left"), first)
    ends = np.stack([pieces.start, pieces.stop])
    poles = np.stack([pieces.start_kind, pieces.stop_kind]) == POLE
    return _sampled(forms, words, pieces.word, ends, poles, values, np.stack([first, last]))


def spectra_around(
    forms: Sequence[np.ndarray], word: np.ndarray, value: float, step: float
) -> np.ndarray:
    """Return the eigenvalues of a word (k, H) at value - step, value and value + step: (3, M)."""
    words = np.ascontiguousarray(word).astype(np.uint8)[None]
    ends = np.array([[value - step], [value + step]])
    number, no_pole = np.zeros(1, np.int64), np.zeros((2, 1), np.bool_)
    between = np.array([[0], [1]])
    return _sampled(forms, words, number, ends, no_pole, np.array([value]), between).eigenvalues


def _sampled(forms, words, numbers, ends, poles, values, between) -> PieceSamples:
    coefficients, M, _ = flat_coefficients(forms)
    offsets = np.concatenate([[0], np.cumsum(between[1] - between[0] + 2)])
    n = offsets[-1]
    at = np.empty(n)
    points = np.empty((n, words.shape[1], M))
    eigenvalues = np.empty((n, M), np.complex128)
    _sample(
        coefficients, words, numbers, ends, poles, values, between, offsets, at, points, eigenvalues
    )
    return PieceSamples(offsets, at, points, eigenvalues)


@kernel
def _sample(
    coefficients, words, numbers, ends, poles, values, between, offsets, at, points, eigenvalues
):
    """Write values, points and eigenvalues of all pieces; see `sample_pieces`."""
    _, k, H = words.shape
    M = points.shape[2]
    flat = np.empty(coefficients.shape[1])
    maps, numerators, reals, complexes, integers = word_memory(M, H, k)
    A, W1, W2, _, _ = flat_form(flat, M, H)
    value, functions = np.empty(1), np.empty((1, 1 + k * H))
    exponents, noises = np.empty((1, 2), np.int64), np.empty((1, 2))
    for piece in range(numbers.shape[0]):
        word = words[numbers[piece]]
        start, stop = ends[0, piece], ends[1, piece]
        aside = INSIDE * (stop - start)
        first, last = offsets[piece], offsets[piece + 1] - 1
        at[first] = start + aside if poles[0, piece] else start
        at[last] = stop - aside if poles[1, piece] else stop
        for s in range(first + 1, last):
            at[s] = min(max(values[between[0, piece] + s - first - 1], at[first]), at[last])
        for s in range(first, last + 1):
            value[0] = at[s]
            for _ in range(2):
                evaluate(
                    False, coefficients, value, word, flat, maps, numerators, reals, complexes,
                    integers, functions, exponents, noises,
                )  # fmt: skip
                D = functions[0, 0]
                if abs(D) > noises[0, 0]:
                    break
                value[0] += aside if s < last else -aside  # beside the continuum
            for t in range(k):
                for i in range(M):
                    points[s, t, i] = numerators[t, i] / D if D != 0.0 else np.nan
            if M != 2 or not planar_eigenvalues(maps, eigenvalues, s):
                mantissas, powers = write_spectrum(A, W1, W2, word, reals, complexes, integers)
                _sort_eigenvalues(mantissas, powers, eigenvalues[s])


@kernel_part
def _sort_eigenvalues(mantissas, powers, eigenvalues):
    """Write eigenvalues by falling modulus, of a pair the positive imaginary part first."""
    for i in range(eigenvalues.shape[0]):
        value = mantissas[i] * 2.0 ** min(max(powers[i], -1000), 1000)
        place = i
        while place > 0:
            other = eigenvalues[place - 1]
            longer, shorter = abs(other), abs(value)
            if longer > shorter * (1.0 + SAME):
                break
            if longer * (1.0 + SAME) >= shorter and (other.real, other.imag) >= (
                value.real,
                value.imag,
            ):
                break
            eigenvalues[place] = other
            place -= 1
        eigenvalues[place] = value
