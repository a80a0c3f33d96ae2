"""The words of a whole interval: none is missing at any value, and tiny branches are found."""

import threading
import time

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.intervals import candidates, intervals, windows, word_table
from scyfi_widgets.bifurcations.intervals import kernels as search
from scyfi_widgets.bifurcations.intervals.expansions import (
    plus,
    polynomial,
    positive_extent,
    rounding_of,
    times,
)
from scyfi_widgets.bifurcations.intervals.intervals import compile_intervals, words_on_interval
from scyfi_widgets.bifurcations.line import Line
from scyfi_widgets.bifurcations.pieces.pieces import word_pieces
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.words import least_rotation

VALUES = 50


def plrnn(rng, M=2):
    return sw.PLRNN(
        rng.uniform(-1, 1, M), 1.5 * rng.standard_normal((M, M)), rng.standard_normal(M)
    )


def shallow(rng, H=4, clipped=False):
    kind = sw.ClippedShallowPLRNN if clipped else sw.ShallowPLRNN
    return kind(
        rng.uniform(-1, 1, 2),
        1.5 * rng.standard_normal((2, H)) / np.sqrt(H),
        rng.standard_normal((H, 2)),
        rng.standard_normal(2),
        rng.standard_normal(H),
    )


def dendritic(rng):
    return sw.DendriticPLRNN(
        rng.uniform(-1, 1, 2),
        rng.standard_normal((2, 2)),
        rng.standard_normal(2),
        rng.standard_normal(2),
        rng.standard_normal((2, 2)),
    )


def weight_line(model, name, reach=1.0):
    return Line.through(model, name, (model[name] - reach, model[name] + reach))


def case(number):
    """Return a line and an order, 66 in all."""
    rng = np.random.default_rng(number)
    kind = number % 11
    if kind < 4:
        name = ("W[0,1]", "A[0]", "h[1]", "W[1,1]")[kind]
        return weight_line(plrnn(rng), name), 6
    if kind == 4:
        return Line.through(plrnn(rng), plrnn(rng)), 6
    if kind == 5:
        return weight_line(plrnn(rng, M=1), "W[0,0]", 3.0), 8
    if kind == 6:
        return weight_line(shallow(rng), "W1[0,1]"), 4
    if kind == 7:
        return weight_line(shallow(rng), "W2[1,0]"), 4
    if kind == 8:
        return Line.through(shallow(rng, H=3), shallow(rng, H=3)), 4
    if kind == 9:
        return Line.through(dendritic(rng), dendritic(rng)), 4
    return weight_line(shallow(rng, H=2, clipped=True), "h2[0]"), 4


def keys(found):
    return [{word.tobytes() for word in words} for words in found.words]


def key(cycle):
    word = np.asarray(cycle.word, dtype=np.uint8)
    return np.roll(word, -least_rotation(word), axis=0).tobytes()


@pytest.mark.parametrize("number", range(66))
def test_every_cycle_at_every_value_has_its_word(number):
    line, highest = case(number)
    found = words_on_interval(line.forms, line.lo, line.hi, highest)
    assert found.proved
    known = keys(found)
    spans = [
        {word.tobytes(): span for word, span in zip(words, spans, strict=True)}
        for words, spans in zip(found.words, found.spans, strict=True)
    ]
    values = np.random.default_rng(1000 + number).uniform(line.lo, line.hi, VALUES)
    for value in values:
        cycles = sw.find_cycles(line.at(value), highest, method="complete")
        assert cycles.complete_up_to == highest
        for cycle in cycles:
            if cycle.margin > found.margin.max() and np.abs(cycle.points).max() < found.radius:
                assert key(cycle) in known[cycle.order - 1], (value, cycle)
                lo, hi = spans[cycle.order - 1][key(cycle)]
                assert lo <= value <= hi


@pytest.mark.parametrize("number", range(66))
def test_words_without_narrow_spans_are_all_there(number):
    line, highest = case(number)
    found = words_on_interval(line.forms, line.lo, line.hi, highest, narrow=False)
    assert found.proved
    values = np.random.default_rng(2000 + number).uniform(line.lo, line.hi, 20)
    for value in values:
        for cycle in sw.find_cycles(line.at(value), highest, method="complete"):
            if cycle.margin > found.margin.max() and np.abs(cycle.points).max() < found.radius:
                words, spans = found.words[cycle.order - 1], found.spans[cycle.order - 1]
                place = [word.tobytes() for word in words].index(key(cycle))
                assert spans[place, 0] <= value <= spans[place, 1]


@pytest.mark.parametrize("number", range(0, 66, 5))
def test_windows_and_whole_words_prove_the_same(number, monkeypatch):
    line, highest = case(number)
    whole = line.lo, line.hi
    with_windows = words_on_interval(line.forms, line.lo, line.hi, highest, narrow=False)
    monkeypatch.setattr(intervals, "WINDOW", highest)  # none: the tree of whole words
    without = words_on_interval(line.forms, line.lo, line.hi, highest, narrow=False)
    assert with_windows.proved
    assert without.proved
    for one, other in zip(with_windows.words, without.words, strict=True):
        kept = [
            {word.tobytes() for word in words if len(word_pieces(line.forms, word[None], *whole))}
            for words in (one, other)
        ]
        assert kept[0] == kept[1]


def test_a_search_that_comes_back_for_room_finds_the_same(monkeypatch):
    make = intervals._prefixes
    for number in (0, 5, 6):
        line, highest = case(number)
        with monkeypatch.context() as patch:
            plenty = words_on_interval(line.forms, line.lo, line.hi, highest)
            patch.setattr(intervals, "_prefixes", lambda room, n_max: make(8, n_max))
            scarce = words_on_interval(line.forms, line.lo, line.hi, highest)
        assert keys(plenty) == keys(scarce)
        assert scarce.proved


def test_too_many_candidates_are_left_to_a_tree_of_words(monkeypatch):
    line, highest = case(0)
    expected = words_on_interval(line.forms, line.lo, line.hi, highest)
    monkeypatch.setattr(intervals, "MOST_CANDIDATES", 3)
    found = words_on_interval(line.forms, line.lo, line.hi, highest)
    assert found.proved
    for value in np.linspace(line.lo, line.hi, 20):
        for cycle in sw.find_cycles(line.at(value), highest, method="complete"):
            assert key(cycle) in keys(found)[cycle.order - 1]
            assert key(cycle) in keys(expected)[cycle.order - 1]


def test_the_cases_have_cycles_of_many_orders():
    orders = set()
    for number in range(66):
        line, highest = case(number)
        for words in words_on_interval(line.forms, line.lo, line.hi, highest).words:
            if len(words):
                orders.add(words.shape[1])
    assert {1, 2, 3, 4, 5, 6} <= orders


@pytest.mark.parametrize("number", range(0, 66, 7))
def test_words_are_primitive_least_rotations_each_once(number):
    line, highest = case(number)
    found = words_on_interval(line.forms, line.lo, line.hi, highest)
    assert len(found.words) == highest
    for order, words in enumerate(found.words, start=1):
        assert words.shape[1:] == (order, line.start.H)
        assert words.dtype == np.uint8
        assert len({word.tobytes() for word in words}) == len(words)
        for word in words:
            rotations = {np.roll(word, shift, axis=0).tobytes() for shift in range(order)}
            assert len(rotations) == order
            assert least_rotation(word) == 0


def bubble(half_width, centre):
    """Return the forms of x' = 0.5 x + 2 relu(x) + mu, mu = (v - centre)^2 - half_width^2.

    Where mu < 0 there is a fixed point on either side of 0, where mu > 0 there is none.
    """
    line = Line.through(sw.PLRNN([0.5], [[2.0]], [0.0]), "h[0]", (0.0, 1.0))
    forms = line.forms
    h1 = np.array([[centre**2 - half_width**2], [-2.0 * centre], [1.0]])
    return forms._replace(h1=h1)


@pytest.mark.parametrize("half_width", [1e-2, 1e-4, 1e-5])
@pytest.mark.parametrize("centre", [0.3141592653589793, 0.77777])
def test_a_bubble_of_cycles_that_touches_no_other_branch_is_found(half_width, centre):
    found = words_on_interval(bubble(half_width, centre), 0.0, 1.0, 3)
    assert found.proved
    assert sorted(word.ravel().tolist() for word in found.words[0]) == [[0], [1]]
    for lo, hi in found.spans[0]:
        assert lo <= centre - 0.9 * half_width
        assert hi >= centre + 0.9 * half_width
        assert hi - lo < 4.0 * half_width
    assert [len(words) for words in found.words[1:]] == [0, 0]


def test_where_the_bubble_has_vanished_nothing_is_claimed():
    found = words_on_interval(bubble(1e-3, 0.4), 0.5, 1.0, 3)
    assert found.proved
    assert [len(words) for words in found.words] == [0, 0, 0]


@pytest.mark.parametrize("width", [1e-4, 1e-6])
@pytest.mark.parametrize("seed", [9, 12, 19, 35, 36, 37])  # with cycles of several orders
def test_a_branch_in_a_window_far_narrower_than_any_grid_is_found(width, seed):
    """A whole diagram is squeezed into a window of a long interval by a steep parameter."""
    rng = np.random.default_rng(seed)
    line = weight_line(plrnn(rng), "W[0,1]", 0.5)
    centre = rng.uniform(0.2, 0.8)
    slope = (line.hi - line.lo) / width
    offset = line.lo - slope * (centre - width / 2)
    forms = line.forms
    steep = type(forms)(*(np.stack([f[0] + offset * f[1], slope * f[1], 0 * f[2]]) for f in forms))
    found = words_on_interval(steep, 0.0, 1.0, 5)
    assert found.proved
    known = keys(found)
    cycles = [
        cycle
        for value in np.linspace(line.lo, line.hi, 12)
        for cycle in sw.find_cycles(line.at(value), 5, method="complete")
    ]
    assert max(cycle.order for cycle in cycles) > 1
    assert all(key(cycle) in known[cycle.order - 1] for cycle in cycles)


def test_the_words_of_the_sixteen_cycle_system_are_tight():
    line = Line.through(sw.systems.sixteen_cycle(), "W[1,0]", (-1.0, 1.0))
    found = words_on_interval(line.forms, -1.0, 1.0, 8)
    assert found.proved
    assert [len(words) for words in found.words] == [2, 0, 0, 0, 0, 0, 0, 0]


def test_the_sixteen_cycles_are_found_along_a_weight():
    model = sw.systems.sixteen_cycle()
    line = weight_line(model, "W[0,1]", 0.01)
    found = words_on_interval(line.forms, line.lo, line.hi, 16)
    assert found.proved
    cycles = sw.find_cycles(model, 16, method="complete")
    assert {cycle.order for cycle in cycles} == {1, 16}
    for cycle in cycles:
        assert key(cycle) in keys(found)[cycle.order - 1]


def test_a_limit_is_no_proof():
    line, highest = case(0)
    assert not words_on_interval(line.forms, line.lo, line.hi, highest, node_limit=20).proved


def test_a_flag_that_is_set_ends_it_at_once():
    line, highest = case(0)
    for name in ("cancel", "expired"):
        flag = new_flag()
        flag[0] = 1
        found = words_on_interval(line.forms, line.lo, line.hi, highest, **{name: flag})
        assert not found.proved
        assert found.nodes == 0


def test_it_is_cancelled_within_milliseconds():
    compile_intervals()
    rng = np.random.default_rng(5)
    line = Line.through(shallow(rng, H=6), shallow(rng, H=6))
    delays = []
    for _ in range(5):
        cancel = new_flag()
        set_at = []

        def stop(cancel=cancel, set_at=set_at):
            set_at.append(time.perf_counter())
            cancel[0] = 1

        timer = threading.Timer(0.1, stop)
        timer.start()
        found = words_on_interval(line.forms, 0.0, 1.0, 40, cancel=cancel)
        delays.append(time.perf_counter() - set_at[0])
        timer.join()
        assert not found.proved
    assert min(delays) < 0.005


@pytest.mark.parametrize("number", [0, 4])  # one weight moves, and all do
def test_nothing_is_compiled_when_a_diagram_is_wanted(number):
    compile_intervals()
    kernels = (
        word_table.fill_slots, candidates.test_candidates, search.search_groups,
        windows.window_words,
    )  # fmt: skip
    before = [len(kernel.signatures) for kernel in kernels]
    line, highest = case(number)
    words_on_interval(line.forms, line.lo, line.hi, highest)
    found = words_on_interval(line.forms, line.lo, line.hi, 16, narrow=False)
    assert found.proved
    assert all(before)
    assert [len(kernel.signatures) for kernel in kernels] == before


def test_more_than_two_states_are_refused():
    rng = np.random.default_rng(0)
    line = weight_line(plrnn(rng, M=3), "W[0,1]")
    with pytest.raises(ValueError, match="one or two states, got M = 3"):
        words_on_interval(line.forms, line.lo, line.hi, 2)


@pytest.mark.parametrize("seed", range(20))
def test_expansions_enclose_and_extents_are_certain(seed):
    rng = np.random.default_rng(seed)
    middle, w = rng.normal(), 10.0 ** rng.uniform(-3, 0)
    coefficients = rng.standard_normal((6, 3))
    factors = [polynomial(*each, middle, w) for each in coefficients]
    product, total = factors[0], factors[0]
    for factor in factors[1:]:
        product = times(product, factor, w)
        total = plus(total, factor)
    values = middle + w * np.linspace(-1, 1, 2001)
    exact = [np.polyval(each[::-1], values) for each in coefficients]
    d = values - middle
    for p, truth in ((product, np.prod(exact, axis=0)), (total, np.sum(exact, axis=0))):
        c, s, b, r, size = p
        bound = r * np.abs(d) ** 3 + rounding_of(6, 1) * size
        assert (np.abs(truth - c - s * d - b * d**2) <= bound).all()
        assert np.abs(truth).max() <= size
        sign = 1.0 if c > 0 else -1.0
        signed = (sign * c, sign * s, sign * b, r, size)
        below, above = positive_extent(signed, w, rounding_of(6, 1), 0.0)
        inside = (d >= -below) & (d <= above)
        assert (sign * truth[inside] > 0).all()
        assert below > 0
        assert above > 0
