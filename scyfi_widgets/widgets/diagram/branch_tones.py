"""Which tone of its order's hue a branch has: the same one from one diagram to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ...bifurcations.branches import Branch
from ...cycles.words import least_rotation
from ..palette import ORDER_TONES, colour_index

Tones = Mapping[bytes, int]
TONES = len(ORDER_TONES[0])


def assigned_tones(branches: Sequence[Branch], before: Tones) -> tuple[list[int], Tones]:
    """Return the tone of every branch, and what to hand in as `before` for the next diagram.

    A branch is recognised by its words, any of them: when other weights move, a persistence may
    enter or leave the range, and only some of a branch's words stay. A new one takes the tone that
    is least used among those of its order.

    Parameters
    ----------
    branches : sequence of Branch
    before : mapping of words to tones
        Empty at first.
    """
    words = [_words(branch) for branch in branches]
    known = [next((before[word] for word in each if word in before), None) for each in words]
    used: dict[int, Counter] = {}
    for branch, tone in zip(branches, known, strict=True):
        count = used.setdefault(branch.order, Counter(dict.fromkeys(range(TONES), 0)))
        if tone is not None:
            count[tone] += 1
    tones = []
    for branch, tone in zip(branches, known, strict=True):
        if tone is None:
            tone = min(range(TONES), key=lambda t, count=used[branch.order]: (count[t], t))
            used[branch.order][tone] += 1
        tones.append(tone)
    after = {word: tone for each, tone in zip(words, tones, strict=True) for word in each}
    return tones, after


def branch_colour(order: int, tone: int) -> str:
    """Return the colour of a branch."""
    return ORDER_TONES[colour_index(order)][tone]


def _words(branch: Branch) -> list[bytes]:
    """Return the canonical words of a branch, each with its order in front."""
    texts = []
    for piece in branch.pieces:
        word = piece.word
        turn = least_rotation(word)
        rows = word.tobytes()
        cut = turn * word.shape[1]
        texts.append(len(word).to_bytes(4, "big") + rows[cut:] + rows[:cut])
    return texts
