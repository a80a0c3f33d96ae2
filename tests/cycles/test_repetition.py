"""Degenerate networks: the continua and border cycles that exact arithmetic finds word by word."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cycles.exact.verdict import CONSISTENT
from scyfi_widgets.cycles.exact.word import exact_word
from scyfi_widgets.cycles.repetition import repeated_words
from scyfi_widgets.cycles.words import least_rotation

SINGULAR = "no region can be the enumeration's reference"


def integer_network(seed: list[int], M: int) -> sw.ShallowPLRNN:
    """Return a network of small whole and half numbers: singular systems and borders abound."""
    rng = np.random.default_rng(seed)
    H = int(rng.integers(1, 4 if M < 3 else 3))

    def numbers(*shape):
        return rng.integers(-2, 3, shape) * rng.choice([0.5, 1.0, 1.0])

    return sw.ShallowPLRNN(numbers(M), numbers(M, H), numbers(H, M), numbers(M), numbers(H))


def by_every_word(form, highest: int) -> dict:
    """Return kind and signs of all real words of minimal period, by order and canonical word."""
    found = {}
    for k in range(1, highest + 1):
        for bits in itertools.product([False, True], repeat=k * form.H):
            word = np.array(bits).reshape(k, form.H)
            if least_rotation(word) == 0:
                exact = exact_word(form, word)
                if exact.real and exact.minimal:
                    kind = "continuum" if exact.kind == CONSISTENT else exact.kind
                    found[k, word.tobytes(), kind] = exact.signs
    return found


def by_enumeration(cycles: sw.CycleSet) -> set:
    """Return the same keys of what is listed."""
    listed = {(c.order, c.word.tobytes(), "border" if c.on_border else "cycle") for c in cycles}
    return listed | {(c.order, c.word.tobytes(), "continuum") for c in cycles.continua}


def ends_a_continuum(signs: np.ndarray, continua) -> bool:
    """Return whether points with these signs are in the closed regions of a listed continuum."""
    return any(
        not np.any(np.where(np.roll(family.word, shift, axis=0), signs < 0, signs > 0))
        for family in continua
        if family.order == len(signs)
        for shift in range(len(signs))
    )


@pytest.mark.parametrize("M", [1, 2, 3])
def test_all_continua_and_border_cycles_are_named(M):
    kinds = {"cycle": 0, "border": 0, "continuum": 0}
    for seed in range(60 if M < 3 else 120):
        model = integer_network([seed, M], M)
        highest = min(4, 9 // model.H if M < 3 else 6 // model.H)
        cycles = sw.find_cycles(model, highest, method="complete")
        proved = cycles.complete_up_to
        assert proved == highest or SINGULAR in cycles.stopped
        expected = by_every_word(model.relu_form, proved)
        listed = {key for key in by_enumeration(cycles) if key[0] <= proved}
        assert listed <= expected.keys(), model
        for key in expected.keys() - listed:
            # The end of a continuum, which lies on a border, belongs to its closure.
            assert key[2] == "border", (model, key)
            assert ends_a_continuum(expected[key], cycles.continua), (model, key)
        for *_, kind in listed:
            kinds[kind] += 1
    assert min(kinds.values()) > 2, kinds


def test_a_rotation_by_a_third_is_repeated_three_times_only():
    model = sw.PLRNN([[0.0, -1.0], [1.0, -1.0]], np.zeros((2, 2)), [9.0, 9.0])
    fixed = sw.find_cycles(model, 1, method="complete")
    words = repeated_words(model.relu_form, fixed, 7)
    assert [word.shape for word in words] == [(1, 3, 2), (1, 6, 2)]
    cycles = sw.find_cycles(model, 7, method="complete")
    around = (
        "a plane of 3-cycles around a fixed point (an eigenvalue is a root of unity of order 3)"
    )
    assert [c.description for c in cycles.continua].count(around) == 1
    assert sw.verify(model, cycles).ok


def test_a_line_of_fixed_points_with_two_cycles_around_each():
    model = sw.PLRNN([1.0, -1.0], np.zeros((2, 2)), [0.0, 2.0])
    cycles = sw.find_cycles(model, 4, method="complete")
    assert {(c.order, c.dimension) for c in cycles.continua} == {(1, 1), (2, 2)}
    assert sw.verify(model, cycles).ok


def test_other_cycles_are_not_repeated():
    tent = sw.PLRNN([1.5], [[-3.0]], [1.0])
    assert repeated_words(tent.relu_form, sw.find_cycles(tent, 5, method="complete"), 10) == []
