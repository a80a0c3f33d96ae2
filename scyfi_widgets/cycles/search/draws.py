"""Random bits, numbers and words inside kernels: seeded, and the same on every machine."""

from __future__ import annotations

import numpy as np

from ...compiled import kernel_part


@kernel_part
def next_random(state):
    """Advance `state` (1,) uint64 and return 64 random bits (splitmix64, Steele et al. 2014)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    x = state[0]
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@kernel_part
def draw_uniform(state):
    """Return a random number in [0, 1)."""
    return (next_random(state) >> np.uint64(11)) * 2.0**-53


@kernel_part
def draw_below(state, limit):
    """Return a random whole number in [0, limit)."""
    return int(draw_uniform(state) * limit)


@kernel_part
def draw_bit(state):
    """Return True or False."""
    return draw_uniform(state) < 0.5


@kernel_part
def draw_word(state, word):
    """Fill `word` (k, H) with random bits."""
    bits, left = np.uint64(0), 0
    for t in range(word.shape[0]):
        for j in range(word.shape[1]):
            if left == 0:
                bits, left = next_random(state), 64
            word[t, j] = np.uint8(bits & np.uint64(1))
            bits >>= np.uint64(1)
            left -= 1
