"""The words that the interval search has found: a hash table of least rotations."""

from __future__ import annotations

from ...compiled import kernel
from ...cycles.polygons.rows import NONE
from .state import LETTERS, WORDS


@kernel
def least_rotation(bits, k, H):
    """Return the region with which the least rotation of the first k regions begins."""
    length = k * H
    best = 0
    for shift in range(H, length, H):
        for i in range(length):
            a, b = shift + i, best + i
            a = bits[a - length if a >= length else a]
            b = bits[b - length if b >= length else b]
            if a != b:
                if a < b:
                    best = shift
                break
    return best


@kernel
def find_slot(order, begin, letters, slot, bits, k, H, first):
    """Return the slot of the word that begins at bit `first`, or the empty one where it belongs."""
    length = k * H
    code = length
    for i in range(length):
        at = first + i
        code = (code * 31 + bits[at - length if at >= length else at] + 1) & 0x3FFFFFFF
    code = (code ^ (code >> 15)) * 0x2C1B3C6D
    place = (code ^ (code >> 12)) & (slot.shape[0] - 1)
    while slot[place] != NONE:
        n = slot[place]
        if order[n] == k:
            same = True
            for i in range(length):
                at = first + i
                if letters[begin[n] + i] != bits[at - length if at >= length else at]:
                    same = False
                    break
            if same:
                return place
        place = (place + 1) & (slot.shape[0] - 1)
    return place


@kernel
def keep_word(order, begin, span, letters, slot, count, lo, hi, bits, k, H):
    """Keep the word of the first k regions, which may be real in [lo, hi]."""
    first = least_rotation(bits, k, H)
    place = find_slot(order, begin, letters, slot, bits, k, H, first)
    n = slot[place]
    if n != NONE:
        span[n, 0], span[n, 1] = min(span[n, 0], lo), max(span[n, 1], hi)
        return
    n, at, length = count[WORDS], count[LETTERS], k * H
    slot[place] = n
    order[n], begin[n] = k, at
    span[n, 0], span[n, 1] = lo, hi
    for i in range(length):
        b = first + i
        letters[at + i] = bits[b - length if b >= length else b]
    count[WORDS] = n + 1
    count[LETTERS] = at + length


@kernel
def is_settled(order, begin, span, letters, slot, lo, hi, bits, k, H):
    """Return whether the word of the first k regions was already kept over all of [lo, hi]."""
    first = least_rotation(bits, k, H)
    n = slot[find_slot(order, begin, letters, slot, bits, k, H, first)]
    return n != NONE and span[n, 0] <= lo and span[n, 1] >= hi


@kernel
def fill_slots(order, begin, letters, words, slot, H):
    """Write all words to an empty table."""
    for n in range(words):
        bits = letters[begin[n] : begin[n] + order[n] * H]
        slot[find_slot(order, begin, letters, slot, bits, order[n], H, 0)] = n
