"""Star words name border collisions, and their fillings are the words that meet in one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from scyfi_widgets.bifurcations.stars import STAR, fillings, star_word
from scyfi_widgets.cycles.words import least_rotation


def test_both_sides_of_a_border_have_one_star_word():
    word = np.array([[0, 1], [1, 1], [0, 0]])
    other = word.copy()
    other[1, 0] = 0
    letters, shift = star_word(word, [(1, 0)])
    assert letters == star_word(other, [(1, 0)])[0]
    assert letters == (b"\x00\x00", b"\x00\x01", bytes([STAR, 1]))
    np.testing.assert_array_equal(np.roll(word, -shift, axis=0), [[0, 0], [0, 1], [1, 1]])


def test_a_doubled_cycle_shares_the_star_word():
    fixed, _ = star_word(np.array([[1, 0]]), [(0, 0)])
    doubled, _ = star_word(np.array([[0, 0], [1, 0]]), [(0, 0), (1, 0)])
    assert fixed == doubled == (bytes([STAR, 0]),)


@pytest.mark.parametrize("turn", range(4))
def test_rotations_have_one_star_word(turn):
    word = np.array([[0, 1], [1, 1], [0, 0], [0, 0]])
    letters, shift = star_word(word, [(2, 1)])
    turned, other = star_word(np.roll(word, turn, axis=0), [((2 + turn) % 4, 1)])
    assert turned == letters
    assert (other - shift - turn) % 4 == 0


@pytest.mark.parametrize("base", [["*"], ["*", "1"], ["*", "*", "1"], ["0", "*", "1"]])
def test_fillings_are_all_words_with_the_star_word(base):
    highest = 6
    letters = tuple(bytes([STAR if letter == "*" else int(letter)]) for letter in base)
    expected = set()
    for repeats in range(1, highest // len(base) + 1):
        whole = letters * repeats
        stars = [place for place, letter in enumerate(whole) if letter[0] == STAR]
        for bits in product((0, 1), repeat=len(stars)):
            word = np.array([[letter[0]] for letter in whole])
            word[stars, 0] = bits
            k = len(word)
            if all(not np.array_equal(np.roll(word, p, axis=0), word) for p in range(1, k)):
                expected.add((k, np.roll(word, -least_rotation(word), axis=0).tobytes()))
    found = [
        (words.shape[1], word.astype(int).tobytes())
        for words in fillings(letters, highest)
        for word in words
    ]
    assert set(found) == expected
