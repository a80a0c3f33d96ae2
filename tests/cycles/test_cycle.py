"""One cycle: identity, stability, names."""

from __future__ import annotations

import numpy as np
import pytest

from scyfi_widgets.cycles import Cycle
from scyfi_widgets.cycles.cycle import NEUTRAL_WITHIN, STABILITIES


def cycle(eigenvalues, word=((0, 1),), points=None, residual=0.0, margin=0.5) -> Cycle:
    word = np.array(word, bool)
    points = np.zeros((len(word), 2)) if points is None else np.array(points)
    return Cycle(points, word, np.array(eigenvalues, complex), residual, margin)


@pytest.mark.parametrize(
    ("eigenvalues", "stability"),
    [
        ([0.9, -0.2], "stable"),
        ([0.3 + 0.4j, 0.3 - 0.4j], "stable"),
        ([0.0, 0.0], "stable"),
        ([-1.5, 1.2], "unstable"),
        ([1.5, 0.5], "saddle"),
        ([1.0, 0.5], "neutral"),
        ([-1.0, 0.5], "neutral"),
        ([0.6 + 0.8j, 0.6 - 0.8j], "neutral"),
        ([2.0, 1.0], "neutral"),
        ([1.0 - 0.5 * NEUTRAL_WITHIN, 0.0], "neutral"),
        ([1.0 - 2.0 * NEUTRAL_WITHIN, 0.0], "stable"),
        ([1.0 + 2.0 * NEUTRAL_WITHIN, 0.0], "saddle"),
    ],
)
def test_stability(eigenvalues, stability):
    assert cycle(eigenvalues).stability == stability
    assert stability in STABILITIES


def test_identity_is_the_word():
    one = cycle([0.5, 0.1], points=[[1.0, 2.0]])
    assert one == cycle([0.9, 0.2], points=[[1.0, 2.0 + 1e-9]])
    assert hash(one) == hash(cycle([0.9, 0.2]))
    assert one != cycle([0.5, 0.1], word=((1, 1),))
    assert one != "a cycle"


def test_words_of_other_shapes_are_others():
    # The same bits in another arrangement: one point with four bits, two points with two.
    assert cycle([0.5], word=[(0, 1, 1, 0)]) != cycle([0.5], word=[(0, 1), (1, 0)])


def test_names_and_texts():
    point = cycle([0.5, -0.25])
    assert (point.order, point.name, point.word_text) == (1, "fixed point", "01")
    assert point.spectral_radius == 0.5
    assert repr(point) == "<stable fixed point, largest |λ| 0.5>"
    longer = cycle([3.0, 0.5], word=[(0, 1), (1, 1), (1, 1)])
    assert (longer.order, longer.name, longer.word_text) == (3, "3-cycle", "01 11 11")
    assert repr(longer) == "<saddle 3-cycle, largest |λ| 3>"


def test_cycles_cannot_be_changed():
    with pytest.raises(AttributeError):
        cycle([0.5]).residual = 1.0
