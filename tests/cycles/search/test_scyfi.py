"""The published iteration's kernels, each against its readable NumPy twin."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.search.draws import draw_below, draw_uniform, draw_word, next_random
from scyfi_widgets.cycles.search.scyfi import compose_word, solve_fixed_point, visit_regions
from scyfi_widgets.cycles.search.search import loop_limits, published_search

FIG_S9 = Path(__file__).parents[2] / "data/ten_random_plrnns.json"
# Sizes (M, H, k); the last are for the fast path of W2 = I.
SIZES = [(1, 1, 1), (2, 3, 4), (5, 2, 7), (3, 8, 2), (1, 1, 3), (4, 4, 6)]


def random_network(M: int, H: int, rng: np.random.Generator) -> sw.Model:
    if M == H:
        return sw.PLRNN(rng.normal(size=(M, M)), rng.normal(size=(M, M)), rng.normal(size=M))
    return sw.ShallowPLRNN(
        rng.normal(size=M),
        rng.normal(size=(M, H)),
        rng.normal(size=(H, M)),
        rng.normal(size=M),
        rng.normal(size=H),
    )


def composed(form, word, identity) -> np.ndarray:
    """The affine map of a word."""
    M, H = form.W1.shape
    products, Y = np.empty((len(word) + 1, M, M + 1)), np.empty((H, M + 1))
    assert compose_word(*form, identity, word, products, Y, new_flag(), new_flag())
    return products[-1]


def solved(X) -> np.ndarray | None:
    z = np.empty(len(X))
    return z if solve_fixed_point(X, np.empty_like(X), z) else None


def visited(form, z, k) -> tuple[bool, np.ndarray]:
    M, H = form.W1.shape
    words = np.full((k, H), 7, np.uint8)
    bounded = visit_regions(*form, z.copy(), np.empty(H), np.empty(M), words)
    return bounded, words


@pytest.mark.parametrize("size", SIZES)
def test_compose_word_is_the_product_of_affine_maps(size):
    M, H, k = size
    rng = np.random.default_rng(1)
    form = random_network(M, H, rng).relu_form
    word = rng.integers(0, 2, (k, H)).astype(np.uint8)
    P, c = np.eye(M), np.zeros(M)
    for bits in word:
        J = form.A + form.W1 @ np.diag(bits) @ form.W2
        P, c = J @ P, J @ c + form.h1 + form.W1 @ (bits * form.h2)
    for identity in {False, M == H}:
        X = composed(form, word, identity)
        np.testing.assert_allclose(X, np.column_stack([P, c]), rtol=1e-10, atol=1e-10)


def test_compose_word_stops_at_either_flag():
    form = sw.PLRNN([0.5], [[-2.0]], [0.1]).relu_form
    for stopped in range(2):
        flags = [new_flag(), new_flag()]
        flags[stopped][0] = 1
        word, products = np.zeros((3, 1), np.uint8), np.empty((4, 1, 2))
        assert not compose_word(*form, True, word, products, np.empty((1, 2)), *flags)


@pytest.mark.parametrize("M", [1, 2, 3, 10, 30])
def test_solve_fixed_point_is_a_linear_solve(M):
    rng = np.random.default_rng(M)
    for _ in range(20):
        P, c = rng.normal(size=(M, M)), rng.normal(size=M)
        exact = np.linalg.solve(np.eye(M) - P, c)
        scale = np.abs(exact).max()
        np.testing.assert_allclose(
            solved(np.column_stack([P, c])), exact, rtol=0, atol=1e-9 * scale
        )


def test_solve_fixed_point_exchanges_rows():
    P = np.array([[1.0, -1.0], [-2.0, 1.0]])  # I - P has zeros on its diagonal
    np.testing.assert_allclose(solved(np.column_stack([P, [3.0, 4.0]])), [2.0, 3.0], rtol=1e-15)


@pytest.mark.parametrize(
    "P",
    [np.eye(2), [[1, 0], [0, 0.5]], [[2, 1], [1, 2]], [[np.inf, 0], [0, 1]], [[np.nan, 0], [0, 1]]],
)
def test_solve_fixed_point_refuses_what_has_no_unique_solution(P):
    assert solved(np.column_stack([P, [1.0, 2.0]])) is None


@pytest.mark.parametrize("size", SIZES)
def test_visit_regions_are_the_regions_of_the_orbit(size):
    M, H, k = size
    rng = np.random.default_rng(2)
    model = random_network(M, H, rng)
    z = rng.normal(size=M)
    bounded, words = visited(model.relu_form, z, k)
    assert bounded
    np.testing.assert_array_equal(words, model.region(model.orbit(z, k - 1)))


def test_a_point_on_a_border_belongs_to_the_region_below():
    model = sw.PLRNN([0.5, 0.5], [[0, 0], [0, 0]], [0.0, 1.0])
    _, words = visited(model.relu_form, np.array([0.0, 1.0]), 3)
    assert words.tolist() == [[0, 1]] * 3
    assert model.region([0.0, 1.0]).tolist() == [False, True]


def test_visit_regions_gives_up_at_infinity():
    model = sw.PLRNN([1e100], [[0.0]], [1.0])
    bounded, _ = visited(model.relu_form, np.array([1.0]), 4)
    assert not bounded


def test_next_random_is_splitmix64():
    state = np.array([1234567], np.uint64)
    assert [int(next_random(state)) for _ in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_draw_word_is_reproducible_and_goes_on():
    state, again = np.array([[5], [5]], np.uint64)
    words = np.empty((2, 2, 7, 13), np.uint8)
    for n in range(2):
        draw_word(state, words[0, n])
        draw_word(again, words[1, n])
    np.testing.assert_array_equal(words[0], words[1])
    assert (words[0, 0] != words[0, 1]).any()


def test_draw_word_is_unbiased():
    state = np.array([0], np.uint64)
    k, H, n = 7, 13, 4000  # 91 bits a word: more than one draw of 64
    words = np.empty((n, k, H), np.uint8)
    for word in words:
        draw_word(state, word)
    assert set(np.unique(words)) == {0, 1}
    signs = 2.0 * words.reshape(n, -1) - 1.0
    assert np.abs(signs.mean(axis=0)).max() < 5 / np.sqrt(n)
    correlations = signs.T @ signs / n - np.eye(k * H)
    assert np.abs(correlations).max() < 6 / np.sqrt(n)


def test_random_numbers_fill_their_ranges():
    state = np.array([0], np.uint64)
    uniform = np.array([draw_uniform(state) for _ in range(4000)])
    assert 0.0 <= uniform.min() < 0.01
    assert 0.99 < uniform.max() < 1.0
    assert {draw_below(state, 3) for _ in range(100)} == {0, 1, 2}


def test_the_published_search_skips_what_it_found_in_a_lower_order():
    # z' = 1 - 2 |z|: two fixed points, a 2-cycle, two 3-cycles.
    words = published_search(sw.PLRNN([2.0], [[-4.0]], [1.0]), 3)
    assert {order: len(found) for order, found in words.items()} == {1: 2, 2: 1, 3: 2}


def test_the_published_loop_limits():
    assert [loop_limits(order) for order in (1, 2, 3, 6, 7, 8, 20, 29, 30)] == [
        (10, 20),
        (10, 20),
        (10, 60),
        (10, 300),
        (10, 300),
        (40, 1080),
        (40, 1115),
        (40, 1115),
        (100, 1115),
    ]


def test_the_iteration_contracts_the_regions_as_published():
    """Eisenmann et al. 2023, Fig. S9: all 1,024 regions of ten 10-unit networks, order 1."""
    published = [1024, 163.5, 78.4, 51.2, 37.0, 28.7, 23.2, 19.5, 17.2, 15.4, 13.8]
    published += [12.8, 12.3, 11.9, 11.6, 11.3, 11.1, 10.9, 10.8, 10.7, 10.6]
    counts, fixed_points = [], []
    place_values = 2 ** np.arange(10)
    for network in json.loads(FIG_S9.read_text()):
        model = sw.PLRNN(network["A"], network["W"], network["h"])
        successor = np.empty(1024, np.int64)
        for bits in product([0, 1], repeat=10):
            region = np.array(bits[::-1], np.uint8)
            z = solved(composed(model.relu_form, region[None], True))
            _, words = visited(model.relu_form, z, 1)
            successor[region @ place_values] = words[0] @ place_values
        regions = np.arange(1024)
        counts.append([1024])
        for _ in published[1:]:
            regions = np.unique(successor[regions])
            counts[-1].append(len(regions))
        fixed_points.append(int(np.sum(successor == np.arange(1024))))
    assert np.mean(counts, axis=0).round(1).tolist() == published
    assert fixed_points == [0, 0, 0, 0, 0, 0, 2, 6, 2, 2]
