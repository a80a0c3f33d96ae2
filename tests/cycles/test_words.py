"""Words against brute force over rotations and repetitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scyfi_widgets.cycles.search.scyfi import is_known, is_repetition, is_rotation, same_word
from scyfi_widgets.cycles.words import least_rotation, period, word_key, word_text


@st.composite
def words(draw) -> np.ndarray:
    """A word of up to four repetitions of up to six regions of up to nine bits."""
    H = draw(st.integers(1, 9))
    region = st.lists(st.booleans(), min_size=H, max_size=H)
    letters = draw(st.lists(region, min_size=1, max_size=3))
    base = draw(st.lists(st.sampled_from(letters), min_size=1, max_size=6))
    return np.array(base * draw(st.integers(1, 4)))


def rotations(word: np.ndarray) -> list[np.ndarray]:
    return [np.roll(word, -shift, axis=0) for shift in range(len(word))]


@given(words())
def test_least_rotation_is_the_least_of_all(word):
    least = np.roll(word, -least_rotation(word), axis=0)
    assert least.ravel().tolist() == min(other.ravel().tolist() for other in rotations(word))


@given(words(), st.integers(0, 100))
def test_least_rotation_is_the_same_for_every_rotation(word, shift):
    rotated = np.roll(word, shift, axis=0)
    np.testing.assert_array_equal(
        np.roll(word, -least_rotation(word), axis=0),
        np.roll(rotated, -least_rotation(rotated), axis=0),
    )


@settings(deadline=None)  # the first call loads the kernels
@given(words())
def test_kernels_agree_with_the_readable_words(word):
    bits = word.astype(np.uint8)
    assert is_repetition(bits) == any(np.array_equal(r, bits) for r in rotations(bits)[1:])
    for shift, rotated in enumerate(rotations(bits)):
        assert is_rotation(rotated, bits, shift)
        assert is_known(rotated, bits[None], 1)
        assert same_word(rotated, bits) == np.array_equal(rotated, bits)
    changed = bits.copy()
    changed[0, 0] ^= 1
    assert not is_known(changed, bits[None], 1)
    assert not is_known(bits, bits[None], 0)


def test_periods():
    assert [period(list(word)) for word in ("a", "ab", "aa", "abab", "aba")] == [1, 2, 1, 2, 3]


@given(words())
def test_the_period_is_the_first_rotation_that_changes_nothing(word):
    same = [p for p in range(1, len(word)) if np.array_equal(np.roll(word, p, axis=0), word)]
    assert period(word.tolist()) == min(same, default=len(word))


def test_keys_tell_words_of_all_orders_apart():
    bits = [np.array(list(np.binary_repr(n, k)), int) for k in range(1, 9) for n in range(2**k)]
    keys = {word_key(word.reshape(-1, 1)) for word in bits}
    assert len(keys) == len(bits)


def test_word_text():
    assert word_text(np.array([[False, True], [True, True]])) == "01 11"


@pytest.mark.parametrize("kind", [np.bool_, np.uint8, np.int64])
def test_least_rotation_takes_any_kind_of_bits(kind):
    assert least_rotation(np.array([[1, 1], [0, 1], [1, 0]], kind)) == 1
