"""The polygon search against all words, and its rows in exact arithmetic."""

from __future__ import annotations

import json
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.exact.word import exact_word
from scyfi_widgets.cycles.polygons import search as polygons
from scyfi_widgets.cycles.polygons.search import model_scale, search_polygons
from scyfi_widgets.cycles.polygons.state import CLOSED, THIN, WORD
from scyfi_widgets.cycles.solving.solve import cycles_of_words

DATA = Path(__file__).parents[2] / "data"
CASES = json.loads((DATA / "cycle_cases.json").read_text())["cases"]
PAIRS = 11  # largest order times H of the brute force


def cycles_found(model: sw.Model, search) -> dict[int, set[bytes]]:
    """Return the canonical words of the cycles among the candidates, by order."""
    return {
        k: {cycle.word.tobytes() for cycle in cycles_of_words(model.relu_form, words)}
        for k, words in enumerate(search.words, start=1)
    }


@pytest.fixture(scope="module")
def ensemble(folding_network, cycles_by_brute_force):
    """Two hundred networks of five architectures, with their words up to some order."""
    rng = np.random.default_rng(7)
    models = [folding_network(kind, rng, 2) for kind in sw.models.ARCHITECTURES for _ in range(40)]
    orders = [range(1, min(PAIRS // model.H, 7) + 1) for model in models]
    return [
        (model, {k: set(cycles_by_brute_force(model, k)) for k in up_to})
        for model, up_to in zip(models, orders, strict=True)
    ]


def test_the_ensemble_has_cycles_of_many_orders(ensemble):
    orders = {(type(model), k) for model, words in ensemble for k, those in words.items() if those}
    assert {kind for kind, _ in orders} == set(sw.models.ARCHITECTURES)
    assert {k for _, k in orders} == set(range(1, 8))


@pytest.mark.parametrize("way", ["default", "linear cut", "random cut", "exact", "fast"])
def test_all_cycles_are_found(ensemble, way):
    rng = np.random.default_rng(1)
    settled = 0
    for model, words in ensemble:
        form = model.relu_form
        options = {
            "default": {},
            "linear cut": {"functional": rng.normal(size=form.M)},
            "random cut": {"functional": rng.normal(size=form.M + form.H)},
            "exact": {"radius_wanted": 1e100},
            "fast": {"record": False},
        }[way]
        search = search_polygons(form, max(words), **options)
        assert search.complete_up_to == max(words)
        assert cycles_found(model, search) == words
        assert search.radius >= options.get("radius_wanted", 1e6 * model_scale(form))
        settled += search.settled
    assert (settled > 1000) == (way == "exact")


def test_rounding_leaves_few_doubts_and_few_candidates(ensemble):
    searches = [search_polygons(model.relu_form, max(words)) for model, words in ensemble]
    there_are = sum(len(those) for _, words in ensemble for those in words.values())
    assert sum(search.settled for search in searches) <= 0.01 * sum(s.nodes for s in searches)
    assert sum(len(words) for search in searches for words in search.words) <= 1.2 * there_are


@pytest.mark.parametrize(
    "case", [c for c in CASES if "10d" not in c["name"]], ids=lambda c: c["name"]
)
def test_published_cycles_and_absences(case):
    kind = {kind.__name__: kind for kind in sw.models.ARCHITECTURES}[case["model"]]
    model = kind(**{name: np.array(value) for name, value in case["parameters"].items()})
    counts = {int(k): count for k, count in case["counts"].items()}
    search = search_polygons(model.relu_form, max(counts))
    found = cycles_found(model, search)
    assert search.complete_up_to == max(counts)
    assert {k: len(found[k]) for k in counts} == counts


def test_chaos_has_its_3052_cycles():
    model = sw.systems.lozi_map()
    search = search_polygons(model.relu_form, 20, record=False)
    assert search.complete_up_to == 20
    assert search.radius >= 1e6
    found = cycles_found(model, search)
    assert sum(map(len, found.values())) == 3052
    assert [len(found[k]) for k in range(1, 13)] == [2, 1, 0, 1, 0, 4, 4, 7, 10, 12, 18, 32]


# The recorded tree --------------------------------------------------------------------------------


class ExactTree:
    """A recorded tree, walked, with its conditions as exact functions of any z_s."""

    def __init__(self, model: sw.Model, search):
        form = model.relu_form
        self.form, self.search, self.H = form, search, form.H
        self.A, self.W1, self.W2 = (
            [[Fraction(x) for x in row] for row in part.tolist()]
            for part in (form.A, form.W1, form.W2)
        )
        self.h1 = [Fraction(x) for x in form.h1.tolist()]
        self.h2 = [Fraction(x) for x in form.h2.tolist()]
        phi = [Fraction(x) for x in search.functional.tolist()]
        self.c, self.d = phi[: form.M], phi[form.M :] or [Fraction(0)] * form.H
        self.slack = [Fraction(x) for x in search.slack.tolist()]

    def leaves(self):
        """Yield kind, bits and row of every leaf, and ("prefix", bits, None) of complete steps."""
        splits, row = iter(self.search.splits.tolist()), 0
        pending = [[]]
        while pending:
            bits = pending.pop()
            split = next(splits)
            if (split >= 0 or split == WORD) and bits and len(bits) % self.H == 0:
                yield "prefix", bits, None
            if split >= 0:
                assert split >> 1 == len(bits)
                first = split & 1
                pending += [[*bits, 1 - first], [*bits, first]]
            elif split == WORD:
                assert len(bits) == self.search.highest * self.H
            else:
                assert split in (CLOSED, THIN)
                yield split, bits, row
                row += 1
        assert next(splits, None) is None
        assert row == len(self.search.constraints) == len(self.search.weights)

    def affine(self, weights, rectified, bits, t):
        """Return weights . z_t + rectified . relu(y_t) as a gradient and a constant in z_t."""
        gradient, constant = list(weights), Fraction(0)
        for j, weight in enumerate(rectified):
            if weight and bits[t * self.H + j]:
                gradient = [g + weight * w for g, w in zip(gradient, self.W2[j], strict=True)]
                constant += weight * self.h2[j]
        return gradient, constant

    def condition(self, bits, number: int, at: int):
        """Return a condition as a gradient and a constant in z_at."""
        n_max = self.search.highest * self.H
        if number < n_max:
            t, j = divmod(number, self.H)
            sign = 1 if bits[number] else -1
            gradient, constant = [sign * w for w in self.W2[j]], sign * self.h2[j]
        else:
            t = number - n_max
            gradient, constant = self.affine(self.c, self.d, bits, t)
            gradient, constant = [-g for g in gradient], self.slack[t] - constant
        for s in range(t - 1, at - 1, -1):
            through = [sum(g * row[j] for g, row in zip(gradient, self.W1, strict=True))
                       for j in range(self.H)]  # fmt: skip
            constant += sum(g * h for g, h in zip(gradient, self.h1, strict=True))
            straight = [sum(g * row[m] for g, row in zip(gradient, self.A, strict=True))
                        for m in range(self.form.M)]  # fmt: skip
            gradient, more = self.affine(straight, through, bits, s)
            constant += more
        if number >= n_max:
            first, more = self.affine(self.c, self.d, bits, 0)
            gradient = [g + f for g, f in zip(gradient, first, strict=True)]
            constant += more
        return gradient, constant

    def time(self, number: int) -> int:
        return number // self.H if number < self.search.highest * self.H else 0


def has_no_interior(conditions) -> bool:
    """Return whether some combination with weights >= 0 is a constant that is not positive."""
    planar = [(*gradient, *[Fraction(0)] * (2 - len(gradient)), c) for gradient, c in conditions]
    for f in planar:
        if f[0] == f[1] == 0 and f[2] < 0:
            return True
    for f in planar:
        for g in planar:
            if f[0] * g[1] == f[1] * g[0] and f[0] * g[0] + f[1] * g[1] < 0:
                m = 0 if f[0] else 1
                if abs(g[m]) * f[2] + abs(f[m]) * g[2] <= 0:
                    return True
    if len(planar) < 3:
        return False
    f, g, h = planar
    weights = [a[0] * b[1] - a[1] * b[0] for a, b in ((g, h), (h, f), (f, g))]
    if min(weights) < 0:
        weights = [-w for w in weights]
    return min(weights) >= 0 < max(weights) and sum(
        w * a[2] for w, a in zip(weights, planar, strict=True)
    ) <= 0  # fmt: skip


def is_among(word: np.ndarray, exact, candidates: np.ndarray) -> bool:
    """Return whether a rotation of `word`, up to bits where y = 0, is a candidate."""
    decided = exact.signs != 0
    return any(
        np.array_equal(np.roll(candidate, shift, axis=0)[decided], word[decided])
        for candidate in candidates
        for shift in range(len(word))
    )


def check_tree(model: sw.Model, search) -> int:
    """Check every leaf and every word that is not a candidate exactly; return the rows checked."""
    tree = ExactTree(model, search)
    radius = Fraction(search.radius) if np.isfinite(search.radius) else Fraction(10) ** 300
    candidates = {word.tobytes() for words in search.words for word in words}
    covered = 0
    for kind, bits, row in tree.leaves():
        if kind == "prefix":
            word = np.array(bits, np.uint8).reshape(-1, model.H)
            k = len(word)
            if word.tobytes() in candidates:
                continue
            if any(k % p == 0 and (word == np.roll(word, p, axis=0)).all() for p in range(1, k)):
                continue
            exact = exact_word(model.relu_form, word)
            assert (
                exact.kind == "virtual"
                or is_among(word, exact, search.words[k - 1])
                or np.abs(exact.points).max() > search.radius
            )
            continue
        covered += 1
        numbers = [int(n) for n in search.constraints[row] if n >= 0]
        assert all(
            n < len(bits)
            if n < search.highest * model.H
            else (tree.time(n) + 1) * model.H <= len(bits)
            for n in numbers
        )
        at = 0 if kind == THIN else min(map(tree.time, numbers))
        conditions = [tree.condition(bits, n, at) for n in numbers]
        if kind == THIN:
            slanted = [(g, c) for g, c in conditions if any(g) or c]
            twin = conditions[-1] not in slanted and bits[-1] == 1 and numbers[-1] == len(bits) - 1
            assert twin or has_no_interior(slanted)
            continue
        weights = [Fraction(w) for w in search.weights[row].tolist()]
        weights = [w for n, w in zip(search.constraints[row], weights, strict=True) if n >= 0]
        assert min(weights) >= 0
        gradient = [
            sum(w * g[m] for w, (g, _) in zip(weights, conditions, strict=True))
            for m in range(model.M)
        ]
        constant = sum(w * c for w, (_, c) in zip(weights, conditions, strict=True))
        assert constant + sum(map(abs, gradient)) * radius < 0
    return covered


def test_every_row_holds_exactly_up_to_the_radius(ensemble):
    rows = sum(
        check_tree(model, search_polygons(model.relu_form, max(words), **options))
        for (model, words), options in zip(
            ensemble[::4],
            25 * [{}, {"radius_wanted": 1e100}],
            strict=True,
        )
    )
    assert rows > 3000


def test_the_tree_of_the_sixteen_cycle():
    model = sw.systems.sixteen_cycle()
    search = search_polygons(model.relu_form, 16)
    assert search.nodes == len(search.splits)
    assert search.settled == 0
    assert check_tree(model, search) > 500


# Degenerate networks ------------------------------------------------------------------------------

DEGENERATE = {
    "no offset": sw.PLRNN([0.5, 1.5], [[-2.0, 0.3], [0.7, -3.0]], [0.0, 0.0]),
    "half an offset": sw.PLRNN([0.5, 1.5], [[-2.0, 0.3], [0.7, -3.0]], [0.0, 1.0]),
    "fixed point on a border": sw.PLRNN([0.5, 0.25], [[1.0, 0.5], [0.75, -2.0]], [0.0, 1.0]),
    "dead unit": sw.ShallowPLRNN(
        [0.5, 0.9], [[0.3, 1.0, -2.0], [0.2, -1.0, 0.5]], [[1, 0], [0, 0], [0, 1]], [0.3, 0.1],
        [0.0, 0.0, -0.5],
    ),
    "dead units": sw.ShallowPLRNN(
        [0.5, 0.9], np.ones((2, 2)), np.zeros((2, 2)), [0.3, 0.1], [0, 1]
    ),
    "units twice": sw.ShallowPLRNN(
        [0.5, 0.9], [[-1.0, -1.0, 0.5, 0.2], [0.4, 0.3, -0.2, 0.1]],
        [[1, 0.25], [1, 0.25], [-1, -0.25], [2, 0.5]], [0.3, 0.1], [0.25, 0.25, -0.25, 0.5],
    ),
    "singular": sw.PLRNN([0.0, 0.9], [[0.0, 0.0], [0.5, -2.0]], [0.0, 0.3]),
    "singular by rounding": sw.PLRNN([0.1, 0.3], [[0.2, 0.1], [0.6, 0.3]], [0.3, -0.3]),
    "constant": sw.PLRNN([0.0, 0.0], [[0.0, 0.0], [0.0, 0.0]], [0.3, -0.2]),
    "a flip everywhere": sw.PLRNN([-1.0, -1.0], np.zeros((2, 2)), [0.1, 0.0]),
    "a quarter turn": sw.PLRNN([[0.0, -1.0], [1.0, 0.0]], np.zeros((2, 2)), [0.1, 0.0]),
    "full tent": sw.PLRNN([2.0], [[-4.0]], [1.0]),
    "tent of slope one": sw.PLRNN([1.0], [[-2.0]], [1.0]),
    "one unit, no offset": sw.PLRNN([0.5], [[-2.0]], [0.0]),
    "tiny": sw.PLRNN([0.9, 0.8], [[-2.0, 1.0], [1.0, -3.0]], [1e-200, 1e-201]),
}  # fmt: skip


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_networks_neither_explode_nor_lose_cycles(name):
    model = DEGENERATE[name]
    K = 8
    search = search_polygons(model.relu_form, K, node_limit=20_000)
    assert search.complete_up_to == K
    assert search.nodes < 6000
    check_tree(model, search_polygons(model.relu_form, 4))
    # Each cycle inside its regions is there; one on a border has one of the words that it may have.
    for k in range(1, 8 // model.H + 1):
        for number in range(2 ** (k * model.H)):
            word = (number >> np.arange(k * model.H) & 1).astype(np.uint8).reshape(k, model.H)
            exact = exact_word(model.relu_form, word)
            if exact.kind in ("cycle", "border") and len(np.unique(exact.points, axis=0)) == k:
                assert is_among(word, exact, search.words[k - 1])


# Stopping and going on ----------------------------------------------------------------------------


def test_a_set_flag_ends_the_search():
    flag = new_flag()
    flag[0] = 1
    for option in ("cancel", "expired"):
        search = search_polygons(sw.systems.lozi_map().relu_form, 30, **{option: flag})
        assert search.complete_up_to == 0
        assert search.nodes == 0
        assert search.splits is None


@pytest.mark.parametrize("name", ["Lozi", "all in exact arithmetic"])
def test_a_flag_that_is_set_meanwhile_ends_the_search_at_once(name):
    form = sw.systems.lozi_map().relu_form
    flag = new_flag()
    noticed = []

    def set_flag():
        noticed.append(time.perf_counter())
        flag[0] = 1

    timer = threading.Timer(0.5, set_flag)
    timer.start()
    radius = None if name == "Lozi" else 1e100
    search = search_polygons(form, 60, expired=flag, radius_wanted=radius)
    assert time.perf_counter() - noticed[0] < 0.1  # 10 ms, on a machine that does nothing else
    assert 0 < search.complete_up_to < 60


def test_a_limit_leaves_the_low_orders_complete():
    model = sw.systems.lozi_map()
    reached = []
    search = search_polygons(
        model.relu_form,
        60,
        node_limit=150_000,
        proved=lambda search: reached.append(search.complete_up_to),
        record=True,
    )
    assert 8 <= search.complete_up_to < 60
    assert reached == sorted(reached)
    assert reached[-1] == search.complete_up_to == search.highest == len(search.slack)
    whole = search_polygons(model.relu_form, search.complete_up_to)
    assert cycles_found(model, whole).items() <= cycles_found(model, search).items()
    np.testing.assert_array_equal(whole.splits, search.splits)


def test_what_secures_low_orders_changes_no_result(monkeypatch):
    model = sw.systems.sixteen_cycle()
    once = search_polygons(model.relu_form, 32)
    monkeypatch.setattr(polygons, "FIRST_NODES", 500)
    again = search_polygons(model.relu_form, 32)
    assert again.complete_up_to == 32
    np.testing.assert_array_equal(once.splits, again.splits)
    np.testing.assert_array_equal(once.constraints, again.constraints)
    np.testing.assert_array_equal(once.weights, again.weights)
    assert again.radius == once.radius
    assert again.nodes < 3 * once.nodes


def test_three_states_are_refused():
    model = sw.PLRNN([0.5] * 3, np.zeros((3, 3)), [0.0] * 3)
    with pytest.raises(ValueError, match="M = 3"):
        search_polygons(model.relu_form, 1)


def test_a_cut_that_is_settled_exactly_says_nothing_about_the_next_bit():
    # Here exact arithmetic finds that a cut leaves a cell; once, the next bit took that answer for
    # its own, and went on with corners that another branch had left behind.
    model = sw.ShallowPLRNN(
        A=[0.18905338179353307, -0.5227484414807474],
        W1=[
            [-0.41306354339189344, -2.4414673826398556, 1.799707382720902],
            [1.1441658720372287, -0.32542283686782436, 0.7738065867276614],
        ],
        W2=[
            [0.28121066979764925, -0.5538228364240524],
            [-0.8125, -0.31055654665915255],
            [-0.3288239040579627, -0.7921467553588982],
        ],
        h1=[0.45495807124085547, -0.09919805171738795],
        h2=[0.5452887139646817, -0.6071856998706371, 0.12682784711186987],
    )
    cycles = sw.find_cycles(model, 4, method="complete")
    assert sw.verify(model, cycles).complete_up_to == 4
    bits = (np.arange(2**12)[:, None] >> np.arange(12) & 1).astype(bool).reshape(-1, 4, 3)
    words = {1: bits[:, :1], 2: bits[:, :2], 3: bits[:, :3], 4: bits}
    every = {cycle.key for k in words for cycle in cycles_of_words(model.relu_form, words[k])}
    assert {cycle.key for cycle in cycles} == every
