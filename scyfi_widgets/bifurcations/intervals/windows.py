"""Words from windows: what an orbit may visit in a few steps, put together to cycles.

A *window* is a sequence of L regions that some orbit visits at some values of the parameter. All
windows of a few regions are far fewer than all words, and a tree of that depth proves over which
intervals each of them is open. The word of a cycle consists of open windows, all at the same value,
so the candidates are the closed walks on the graph in which a window is followed by those that
begin with its last L - 1 regions. Each is met once, as the least of its rotations: prenecklaces are
extended letter by letter.

F. Ruskey, C. Savage, T. M. Y. Wang, *Generating necklaces*, Journal of Algorithms 13, 1992.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...compiled import kernel
from .state import Prefixes

MOST_BITS = 62  # of a window, which is one integer


class Windows(NamedTuple):
    """Open windows, sorted.

    Attributes
    ----------
    letter : (n, L) int64 array
        The regions of each, as integers.
    after : (n, 2) int64 array
        The windows that follow on each: from the first number to before the second.
    begin : (n + 1,) int64 array
        The spans of window i are those from begin[i] to before begin[i + 1].
    span : (m, 2) array
        Where each is open: disjoint intervals, ascending.
    """

    letter: np.ndarray
    after: np.ndarray
    begin: np.ndarray
    span: np.ndarray


def joined_windows(found: Prefixes, n: int, L: int, H: int) -> Windows:
    """Sort the first n windows of L regions with H bits each, and join their intervals."""
    bits = found.bits[:n, : L * H].astype(np.int64)
    codes = bits @ (1 << np.arange(L * H - 1, -1, -1, dtype=np.int64))
    place = np.lexsort((found.span[:n, 0], codes))
    codes, span = codes[place], found.span[place]
    new = np.ones(n, bool)
    new[1:] = codes[1:] != codes[:-1]
    apart = new.copy()
    apart[1:] |= span[1:, 0] > span[:-1, 1]
    starts = np.flatnonzero(apart)
    ends = np.append(starts[1:], n) - 1
    joined = np.stack([span[starts, 0], span[ends, 1]], axis=1)
    begin = np.searchsorted(starts, np.append(np.flatnonzero(new), n))
    codes = codes[new]
    before, behind = codes >> H, codes & ((1 << H * (L - 1)) - 1)
    after = np.stack([np.searchsorted(before, behind, side) for side in ("left", "right")], axis=1)
    letters = codes[:, None] >> (H * np.arange(L - 1, -1, -1)) & ((1 << H) - 1)
    return Windows(np.ascontiguousarray(letters), after, begin, joined)


@kernel
def common_spans(spans, first, last, begin, end, span, to):
    """Write what two lists of intervals have in common to spans[to:]; return the end of it.

    The one list is spans[first:last], the other span[begin:end].
    """
    i, j = first, begin
    while i < last and j < end:
        lo, hi = max(spans[i, 0], span[j, 0]), min(spans[i, 1], span[j, 1])
        if lo < hi:
            spans[to, 0], spans[to, 1] = lo, hi
            to += 1
        if spans[i, 1] < span[j, 1]:
            i += 1
        else:
            j += 1
    return to


@kernel
def window_words(letter, after, begin, span, whole, highest, words, orders, word_spans, limit):
    """Write the words of all orders up to `highest` that consist of windows open at one value.

    Parameters
    ----------
    letter, after, begin, span
        See `Windows`.
    whole : (2,) array
        The whole interval.
    words : (n, highest) int64
        Written: least rotations, primitive.
    orders : (n,) int64
    word_spans : (n, 2)
        Written: where its windows are open together; a word stands there once for each interval.
    limit : int
        Prefixes after which the search ends.

    Returns
    -------
    int
        The number of words; -1 if there is no room for all, -2 if the limit was reached.
    """
    count, L = letter.shape
    word, period = np.zeros(highest + 1, np.int64), np.zeros(highest + 1, np.int64)
    # Of the prefix of each length: its windows (one, or those that begin so), and its intervals.
    first, last = np.zeros(highest + 1, np.int64), np.zeros(highest + 1, np.int64)
    place = np.zeros(highest + 1, np.int64)
    lists = np.zeros(highest + L + 2, np.int64)
    spans = np.empty(((highest + L + 2) * (span.shape[0] + 2), 2))
    spans[0, 0], spans[0, 1] = whole[0], whole[1]
    lists[1] = 1
    last[0] = count
    period[0] = 1
    found = visited = 0
    k = 0  # the length of the prefix
    place[0] = 0
    while k >= 0:
        if place[k] == last[k] or k == highest:
            k -= 1
            continue
        # The next letter, and the windows with it.
        at = place[k]
        column = min(k, L - 1)
        a = letter[at, column]
        end = at + 1
        while end < last[k] and letter[end, column] == a:
            end += 1
        place[k] = end
        least = word[k - period[k]] if k > 0 else 0
        if k > 0 and a < least:
            continue
        visited += 1
        if visited > limit:
            return -2
        word[k] = a
        p = period[k] if k > 0 and a == least else k + 1
        k += 1
        period[k] = p
        lists[k + 1] = lists[k]
        if k < L:
            first[k], last[k] = at, end
            for i in range(lists[k - 1], lists[k]):
                spans[lists[k + 1]] = spans[i]
                lists[k + 1] += 1
        else:
            first[k], last[k] = after[at, 0], after[at, 1]
            lists[k + 1] = common_spans(
                spans, lists[k - 1], lists[k], begin[at], begin[at + 1], span, lists[k]
            )
            if lists[k + 1] == lists[k]:
                k -= 1
                continue
        place[k] = first[k]
        if p != k:
            continue
        # A Lyndon word: go on around it until each of its windows was met.
        lo, hi, to = lists[k], lists[k + 1], lists[k + 1]
        left, right = first[k], last[k]
        closed = True
        for step in range(L - 1):
            t = k + step
            c = min(t, L - 1)
            a = word[t % k]
            while left < right and letter[left, c] < a:
                left += 1
            if left == right or letter[left, c] != a:
                closed = False
                break
            if c < L - 1:
                stop = left + 1
                while stop < right and letter[stop, c] == a:
                    stop += 1
                right = stop
                continue
            to = common_spans(spans, lo, hi, begin[left], begin[left + 1], span, hi)
            if to == hi:
                closed = False
                break
            lo, hi = hi, to
            left, right = after[left, 0], after[left, 1]
        if closed:
            for i in range(lo, hi):
                if found == orders.shape[0]:
                    return -1
                orders[found] = k
                word_spans[found, 0], word_spans[found, 1] = spans[i, 0], spans[i, 1]
                for t in range(k):
                    words[found, t] = word[t]
                found += 1
    return found
