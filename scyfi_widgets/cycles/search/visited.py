"""Memory of words: 64-bit keys, and a hash set of them with open addressing.

Two words share a key by accident with a chance of about 2^-64 times the number of pairs: a search
would then pass over one word.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...compiled import kernel, kernel_part

BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it has an inverse modulo 2^64
INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 2**64))


class WordSet(NamedTuple):
    """Keys by open addressing, 0 for a free place; `count` (1,) says how many."""

    table: np.ndarray
    count: np.ndarray


@kernel_part
def mix(x):
    """Return a bijective scramble of 64 bits (splitmix64's finalizer)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@kernel_part
def region_key(region):
    """Return the key of one region (H,)."""
    key, bits = np.uint64(1), np.uint64(0)
    for j in range(region.shape[0]):
        bits = (bits << np.uint64(1)) | np.uint64(region[j])
        if j % 32 == 31:
            key, bits = mix(key * BASE + bits), np.uint64(0)
    return mix(key * BASE + bits)


@kernel_part
def word_keys(word):
    """Return the key of `word` (k, H), the key that all its rotations share, and if it repeats.

    The key is the polynomial sum_t r_t BASE^t of the regions' keys; a rotation is one step of a
    rolling hash, and the least key of all rotations belongs to the cycle.
    """
    k = word.shape[0]
    key, top = np.uint64(0), np.uint64(1)
    for t in range(k - 1, -1, -1):
        key = key * BASE + region_key(word[t])
    for _ in range(k - 1):
        top *= BASE
    rotated, least, repeats = key, key, False
    for t in range(k - 1):
        first = region_key(word[t])
        rotated = (rotated - first) * INVERSE + first * top
        repeats = repeats or rotated == key
        least = min(least, rotated)
    return key, least, repeats


def new_word_set(capacity: int) -> WordSet:
    """Return an empty set for `capacity` keys, a power of two."""
    return WordSet(np.zeros(2 * capacity, np.uint64), np.zeros(1, np.int64))


@kernel_part
def remember(words, key):
    """Put `key` into the set, unless it is full; return whether it was there."""
    mask = np.uint64(words.table.shape[0] - 1)
    key = max(key, np.uint64(1))
    place = mix(key) & mask
    while words.table[place] != 0:
        if words.table[place] == key:
            return True
        place = (place + np.uint64(1)) & mask
    if not is_full(words):
        words.table[place] = key
        words.count[0] += 1
    return False


@kernel
def remember_cycles(words, found):
    """Put what the rotations of each word of `found` (n, k, H) share into the set."""
    for n in range(found.shape[0]):
        remember(words, word_keys(found[n])[1])


@kernel_part
def is_full(words):
    """Return whether the set holds as many keys as it has room for."""
    return 2 * words.count[0] >= words.table.shape[0]


@kernel_part
def forget(words):
    """Empty the set."""
    words.table[:] = 0
    words.count[0] = 0
