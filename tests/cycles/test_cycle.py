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


def test_moduli_beyond_a_double():
    logs = np.array([345.5, -400.0]) * np.log(10.0)
    violent = Cycle(
        np.zeros((3, 2)), np.eye(3, 2, dtype=bool), np.array([np.inf, 0j]), 0.0, 0.5, 0.0, logs
    )
    assert violent.stability == "saddle"
    assert violent.spectral_radius_text == "3.16228e+345"
    np.testing.assert_allclose(violent.lyapunov_exponents, logs / 3)
    assert repr(violent) == "<saddle 3-cycle, largest |λ| 3.16228e+345>"
    # Not a number: neither can be said.
    assert cycle([np.nan, np.nan]).stability == "neutral"


def test_log_moduli_follow_from_the_eigenvalues():
    np.testing.assert_array_equal(cycle([-2.0, 0.0]).log_moduli, [np.log(2.0), -np.inf])


@pytest.mark.parametrize(
    ("margin", "error", "decided", "on_border"),
    [(0.5, 1e-20, True, False), (1e-21, 1e-20, False, False), (0.0, 0.0, True, True)],
)
def test_what_is_said_of_the_border(margin, error, decided, on_border):
    one = Cycle(np.zeros((1, 2)), np.zeros((1, 2), bool), np.array([0.5, 0.1j]), 0.0, margin, error)
    assert (one.decided, one.on_border) == (decided, on_border)


def test_cycles_cannot_be_changed():
    with pytest.raises(AttributeError):
        cycle([0.5]).residual = 1.0
