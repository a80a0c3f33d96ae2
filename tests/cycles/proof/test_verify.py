"""Claims that are true are accepted, with any sound proof; claims that are not, with none."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import scyfi_widgets as sw
from scyfi_widgets.cycles.continuum import Continuum
from scyfi_widgets.cycles.exact.verdict import CONSISTENT
from scyfi_widgets.cycles.exact.word import exact_word
from scyfi_widgets.cycles.proof.certificate import (
    CLOSED,
    OPEN,
    THIN,
    WORD,
    Certificate,
    CycleTree,
    MalformedTree,
    PrefixTree,
    model_digest,
)
from scyfi_widgets.cycles.proof.prefix_check import EMPTY, Prefixes
from scyfi_widgets.cycles.proof.prefix_check import THIN as NO_INTERIOR
from scyfi_widgets.cycles.proof.row_check import exact_row_radius, row_radii, split_functional
from scyfi_widgets.cycles.proof.verify import verify
from scyfi_widgets.cycles.proof.word_check import distances, inside, is_unique, virtual_radii
from scyfi_widgets.cycles.solving.solve import solve_words

RADIUS = 1e3
MODELS = {
    "PLRNN": sw.PLRNN([1.3, 1.2], [[-2.8, -0.2], [1.0, -3.2]], [0.7, 1.3]),
    "ShallowPLRNN": sw.ShallowPLRNN(
        [1.3, 1.1, 1.7],
        [[-0.4, -1.5], [-1.0, -2.1], [-3.8, 2.0]],
        [[0.1, 0.7, 1.7], [0.7, 0.9, -1.0]],
        [0.9, 0.1, 0.2],
        [-1.9, -0.5],
    ),
    "ClippedShallowPLRNN": sw.ClippedShallowPLRNN([1.6], [[-3.2]], [[1.5]], [1.3], [0.7]),
    "DendriticPLRNN": sw.DendriticPLRNN([1.1], [[-2.0]], [0.3], [1.0, 1.5], [[0.4, 0.6]]),
    "AlmostLinearRNN": sw.AlmostLinearRNN(
        [0.3, 0.3, 0.7],
        [[0.9, -0.5, -0.2], [0.3, 0.2, 0.4], [-0.4, -0.6, -3.2]],
        [1.5, -0.1, 0.2],
        n_relu=1,
    ),
}
ORDERS = {1: 5, 2: 3}  # by the number of rectified units: at most 64 words of the highest order


def everything(form, max_order: int) -> tuple[tuple[sw.Cycle, ...], tuple[Continuum, ...]]:
    """Return all cycles and continua up to an order, by trying all words."""
    found = {}
    for k in range(1, max_order + 1):
        words = np.array(list(product((0, 1), repeat=k * form.H)), bool).reshape(-1, k, form.H)
        for item in solve_words(form, words):
            if item is not None:
                found[type(item), item.key] = item
    return (
        tuple(item for item in found.values() if isinstance(item, sw.Cycle)),
        tuple(item for item in found.values() if isinstance(item, Continuum)),
    )


def claim(model, trees, max_order: int, radius: float = RADIUS, **changes) -> sw.CycleSet:
    cycles, continua = everything(model.relu_form, max_order)
    fields = {
        "cycles": cycles,
        "max_order": max_order,
        "complete_up_to": max_order,
        "searched_up_to": max_order,
        "method": "test",
        "continua": continua,
        "certificate": Certificate(trees, model_digest(model.relu_form), radius, max_order),
    }
    return sw.CycleSet(**{**fields, **changes})


def with_trees(cycles: sw.CycleSet, *trees, **changes) -> sw.CycleSet:
    return replace(cycles, certificate=replace(cycles.certificate, trees=trees, **changes))


def without(cycles: sw.CycleSet, number: int) -> sw.CycleSet:
    return replace(cycles, cycles=cycles.cycles[:number] + cycles.cycles[number + 1 :])


@pytest.fixture(scope="module")
def proofs(cycle_tree, prefix_tree) -> dict[tuple[str, str], tuple[sw.Model, sw.CycleSet]]:
    """True claims by architecture and kind of tree."""
    proved = {}
    for name, model in MODELS.items():
        form = model.relu_form
        highest = ORDERS[form.H]
        trees = tuple(cycle_tree(form, k) for k in range(1, highest + 1))
        proved[name, "cycle"] = model, claim(model, trees, highest)
        if form.M <= 2:
            trees = (prefix_tree(form, highest),)
            proved[name, "prefix"] = model, claim(model, trees, highest)
            trees = (prefix_tree(form, highest, folds=-np.arange(1.0, form.H + 1)),)
            proved[name, "folded prefix"] = model, claim(model, trees, highest)
        found = sw.find_cycles(model, highest, method="complete")
        assert set(found) == set(everything(form, highest)[0])
        modest = replace(found.certificate, radius=RADIUS)
        proved[name, "enumeration"] = model, replace(found, certificate=modest)
    return proved


def rejected(model, cycles, reason: str = "") -> bool:
    verification = verify(model, cycles)
    assert verification.complete_up_to == (0 if verification.reasons else cycles.complete_up_to)
    return not verification.ok and any(reason in text for text in verification.reasons)


# What is true -------------------------------------------------------------------------------------


def test_true_claims_are_accepted(proofs):
    assert sum(len(cycles) for _, cycles in proofs.values()) > 25
    for (name, kind), (model, cycles) in proofs.items():
        verification = verify(model, cycles)
        assert verification.ok, (name, kind, verification.reasons)
        assert verification.reasons == ()
        assert verification.complete_up_to == cycles.max_order
        assert verification.radius == RADIUS
        assert verification.rows > 2
        assert verification.words >= len(cycles)
        assert verification.seconds > 0


def random_model(architecture, rng) -> sw.Model:
    M, H = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    A, h = rng.uniform(0.3, 1.5, M), rng.normal(size=M)
    if architecture in (sw.ShallowPLRNN, sw.ClippedShallowPLRNN):
        W2 = rng.normal(size=(H, M))
        W1 = 0.3 * rng.normal(size=(M, H)) - W2.T
        return architecture(A, W1, W2, h, rng.normal(size=H))
    W = 0.5 * rng.normal(size=(M, M)) - 1.5 * np.eye(M)
    if architecture is sw.DendriticPLRNN:
        return architecture(A, W / H, h, rng.normal(size=H), rng.normal(size=(M, H)))
    if architecture is sw.AlmostLinearRNN:
        return architecture(A, 0.5 * W, h, int(rng.integers(1, M + 1)))
    return architecture(A, W, h)


@pytest.mark.parametrize("architecture", sw.models.ARCHITECTURES)
def test_what_the_enumeration_claims_is_true(architecture):
    rng = np.random.default_rng(11)
    for _ in range(12):
        model = random_model(architecture, rng)
        cycles = sw.find_cycles(model, int(rng.integers(1, 9 - min(model.H, 6))), method="complete")
        assert cycles.complete_up_to == cycles.max_order
        verification = verify(model, cycles)
        assert verification.ok, (model.to_code(), verification.reasons)
        assert verification.radius == cycles.certificate.radius
        if len(cycles):
            assert rejected(model, without(cycles, int(rng.integers(len(cycles)))), "is missing")


def test_a_part_of_a_proof_proves_the_lower_orders(proofs):
    for model, cycles in proofs.values():
        lower = tuple(cycle for cycle in cycles if cycle.order <= 2)
        assert verify(model, replace(cycles, cycles=lower, complete_up_to=2)).ok
        # More cycles than those of the proved orders may be listed.
        assert verify(model, replace(cycles, complete_up_to=2)).ok


def test_a_set_without_a_claim_needs_no_proof(proofs):
    for model, cycles in proofs.values():
        some = replace(cycles, cycles=cycles.cycles[1:], complete_up_to=0, certificate=None)
        assert verify(model, some).ok


def test_trees_of_several_kinds_together(proofs):
    model, cycles = proofs["PLRNN", "cycle"]
    prefix = proofs["PLRNN", "prefix"][1].certificate.trees[0]
    trees = cycles.certificate.trees
    assert verify(model, with_trees(cycles, trees[2], trees[0], trees[1])).ok
    assert verify(model, with_trees(cycles, trees[2], prefix)).ok
    assert rejected(
        model, with_trees(cycles, *trees[:2]), "no tree of the certificate closes order 3"
    )


def test_wrong_types_are_refused(proofs):
    model, cycles = proofs["PLRNN", "cycle"]
    with pytest.raises(TypeError, match="model must be a network such as PLRNN, got int"):
        verify(3, cycles)
    with pytest.raises(TypeError, match="cycles must be a CycleSet, got list"):
        verify(model, [])


# False claims about the list ----------------------------------------------------------------------


def test_a_removed_cycle_is_missed(proofs):
    for model, cycles in proofs.values():
        for number in range(len(cycles)):
            assert rejected(model, without(cycles, number), "is missing, with the word")


def test_a_cycle_listed_twice(proofs):
    model, cycles = proofs["PLRNN", "cycle"]
    twice = replace(cycles, cycles=(*cycles.cycles, cycles[0]))
    assert rejected(model, twice, f"cycle {len(cycles)} is listed twice")


def test_an_added_false_cycle(proofs):
    for model, cycles in proofs.values():
        form = model.relu_form
        known = {cycle.word.tobytes() for cycle in cycles if cycle.order == 2}
        for bits in product((0, 1), repeat=2 * form.H):
            word = np.array(bits, bool).reshape(2, form.H)
            if word.tobytes() in known:
                continue
            points = exact_word(form, word).points
            points = np.zeros((2, form.M)) if points is None else points
            false = replace(cycles[0], word=word, points=points)
            assert rejected(model, replace(cycles, cycles=(*cycles.cycles, false)), "cycle ")


def test_a_cycle_in_another_rotation(proofs):
    model, cycles = proofs["PLRNN", "cycle"]
    number = next(n for n, cycle in enumerate(cycles) if cycle.order == 3)
    turned = replace(
        cycles[number],
        word=np.roll(cycles[number].word, 1, axis=0),
        points=np.roll(cycles[number].points, 1, axis=0),
    )
    false = replace(without(cycles, number), cycles=(*without(cycles, number).cycles, turned))
    assert rejected(model, false, "does not have the least rotation")


def test_points_must_be_right(proofs):
    for model, cycles in proofs.values():
        for number, cycle in list(enumerate(cycles))[::5]:
            scale = np.abs(cycle.points).max()
            for place in np.ndindex(cycle.points.shape):
                for shift, right in ((1e-13 * scale, True), (1e-7 * scale, False)):
                    points = cycle.points.copy()
                    points[place] += shift
                    others = without(cycles, number)
                    moved = replace(others, cycles=(*others.cycles, replace(cycle, points=points)))
                    assert verify(model, moved).ok == right


@pytest.mark.parametrize("spoilt", [np.nan, np.inf])
def test_points_must_be_finite(proofs, spoilt):
    model, cycles = proofs["PLRNN", "cycle"]
    cycle = replace(cycles[0], points=np.full_like(cycles[0].points, spoilt))
    others = replace(cycles, cycles=(cycle, *cycles.cycles[1:]))
    assert rejected(model, others, "cycle 0 has points that are not finite")


def test_points_and_words_must_fit_the_network(proofs):
    model, cycles = proofs["PLRNN", "cycle"]
    for fields in ({"word": np.ones((1, 3), bool)}, {"points": np.ones((1, 3))}):
        others = replace(cycles, cycles=(replace(cycles[0], **fields), *cycles.cycles[1:]))
        assert rejected(model, others, "cycle 0 has points or a word that do not fit")


# False claims about the proof ---------------------------------------------------------------------


def test_another_network_is_noticed_whichever_weight_changed(proofs):
    for model, cycles in proofs.values():
        for name in model.parameter_names:
            changed = model.replace({name: np.nextafter(model[name], np.inf)})
            if model_digest(changed.relu_form) == model_digest(model.relu_form):
                continue  # an entry of A that a sum with W swallows: the map is the same
            assert rejected(changed, cycles, "is about another network")


def test_a_forged_digest_does_not_help(proofs):
    for model, cycles in proofs.values():
        for name in model.parameter_names:
            changed = model.replace({name: model[name] + 0.3})
            true, continua = everything(changed.relu_form, cycles.max_order)
            certificate = replace(cycles.certificate, model_digest=model_digest(changed.relu_form))
            forged = replace(cycles, certificate=certificate)
            same = {c.key for c in true} == {c.key for c in cycles} and all(
                np.allclose(dict(zip(true, true, strict=True))[c].points, c.points) for c in cycles
            )
            assert same or rejected(changed, forged)
            # Even the true list of the changed network is only accepted where the rows prove it.
            if verify(changed, replace(forged, cycles=true[1:], continua=continua)).ok:
                assert not true


def test_raised_claims(proofs):
    for model, cycles in proofs.values():
        higher = cycles.max_order + 1
        assert rejected(model, replace(cycles, complete_up_to=higher), "beyond max_order")
        raised = replace(cycles, complete_up_to=higher, max_order=higher)
        assert rejected(model, raised, f"no tree of the certificate closes order {higher}")
        for radius in (1e300, np.inf):
            far = replace(cycles, certificate=replace(cycles.certificate, radius=radius))
            if isinstance(cycles.certificate.trees[0], CycleTree):
                assert rejected(model, far, "does not close its branch within the radius")
        largest = max(np.abs(cycle.points).max() for cycle in cycles)
        for radius in (0.0, largest):
            near = replace(cycles, certificate=replace(cycles.certificate, radius=radius))
            assert rejected(model, near, "beyond the radius")


def test_a_claim_without_a_proof(proofs):
    model, cycles = proofs["PLRNN", "cycle"]
    assert rejected(model, replace(cycles, certificate=None), "there is no certificate")
    assert rejected(model, with_trees(cycles), "no tree of the certificate closes order 1")


def test_trees_must_fit_the_network(proofs):
    model, cycles = proofs["PLRNN", "cycle"]
    other = proofs["AlmostLinearRNN", "cycle"][1].certificate.trees
    assert rejected(model, with_trees(cycles, *other), "does not fit the network")
    longer = replace(cycles.certificate.trees[0], functional=[1.0, 0.0, 0.0])
    assert rejected(model, with_trees(cycles, longer), "does not fit the network")
    form = MODELS["ShallowPLRNN"].relu_form
    tree = PrefixTree(1, 2, [OPEN], np.empty((0, 3), int), np.empty((0, 3)), np.ones(3), [0.0])
    three = claim(MODELS["ShallowPLRNN"], (tree,), 1)
    assert form.M == 3
    assert rejected(MODELS["ShallowPLRNN"], three, "is for at most 2 latent units")


def mutations(tree):
    """Yield trees in which a leaf with a cycle, or a node above it, is closed by some row."""
    hints = ("nonbasic", "variable") if isinstance(tree, CycleTree) else ("constraints", "weights")
    row = 0
    for node, split in enumerate(tree.splits.tolist()):
        if split == WORD:
            splits = tree.splits.copy()
            splits[node] = CLOSED
            for other in range(len(getattr(tree, hints[0]))):
                grown = {
                    name: np.insert(getattr(tree, name), row, getattr(tree, name)[other], axis=0)
                    for name in hints
                }
                yield replace(tree, splits=splits, **grown)
        row += split in (CLOSED, THIN)
    for name in hints:
        held = getattr(tree, name)
        yield replace(tree, splits=[CLOSED], **{h: getattr(tree, h)[:1] for h in hints})
        yield replace(tree, **{name: held[::-1]})
    for node, split in enumerate(tree.splits.tolist()):
        others = {CLOSED, WORD, OPEN} | ({split ^ 1, split ^ 2} if split >= 0 else set())
        for other in others - {split}:
            if other < 2 * tree.highest * tree.units:
                splits = tree.splits.copy()
                splits[node] = other
                yield replace(tree, splits=splits)


def test_no_mutated_proof_hides_a_cycle(proofs):
    """A missing cycle is never overlooked, whatever was done to the tree of its order."""
    for model, cycles in proofs.values():
        number = len(cycles) - 1
        false = without(cycles, number)
        order = cycles[number].order
        trees = cycles.certificate.trees
        for place, tree in enumerate(trees):
            if tree.lowest <= order <= tree.highest:
                mutated_trees = list(mutations(tree))
                for mutated in mutated_trees[:: 1 + len(mutated_trees) // 60]:
                    others = [*trees[:place], mutated, *trees[place + 1 :]]
                    assert rejected(model, with_trees(false, *others))


def test_a_closed_word_is_noticed_even_with_a_complete_list(proofs):
    for model, cycles in proofs.values():
        tree = cycles.certificate.trees[-1]
        rest = cycles.certificate.trees[:-1]
        real = {cycle.word.tobytes() for cycle in cycles}
        noticed = 0
        mutated_trees = list(mutations(tree))
        for mutated in mutated_trees[:: 1 + len(mutated_trees) // 200]:
            if len(mutated.splits) != len(tree.splits):
                continue
            try:
                before, after = tree.leaves.words[-1], mutated.leaves.words[-1]
            except MalformedTree:
                continue
            kept = {word.tobytes() for word in after}
            if any(word.tobytes() in real - kept for word in before):
                assert rejected(model, with_trees(cycles, *rest, mutated))
                noticed += 1
        assert noticed or not any(word.tobytes() in real for word in tree.leaves.words[-1])


def test_a_spoilt_row_is_noticed(proofs):
    """Each row in turn gets the hints of another one; some of them happen to fit."""
    for model, cycles in proofs.values():
        form = model.relu_form
        *rest, tree = cycles.certificate.trees
        hints = ("nonbasic", "variable") if isinstance(tree, CycleTree) else ("constraints",)
        noticed = 0
        rows = list(zip(tree.leaves.closed_row, tree.leaves.closed, strict=True))
        for row, bits in rows[:: 1 + len(rows) // 10]:
            bits = bits.reshape(tree.highest, tree.units)
            for other in range(0, len(getattr(tree, hints[0])), 1 + len(rows) // 10):
                changed = {name: getattr(tree, name).copy() for name in hints}
                for array in changed.values():
                    array[row] = array[other]
                spoilt = replace(tree, **changed)
                if isinstance(tree, PrefixTree):
                    prefixes = Prefixes(form, tree.functional, tree.slack)
                    fits = prefixes.verdict(bits, spoilt.constraints[row]) == EMPTY
                else:
                    fits = any(
                        exact_row_radius(
                            form, tree.functional, tree.slack, bits, s * lam, s * mu, s * nu
                        )
                        >= RADIUS
                        for reading in (spoilt.rows(form, row, row + 1), spoilt.kernels(form, row))
                        for lam, mu, nu in zip(*reading, strict=True)
                        for s in (1, -1)
                    )
                name = f"row {row} does not close its branch"
                assert rejected(model, with_trees(cycles, *rest, spoilt), name) != fits
                noticed += not fits
        assert noticed > 2


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_no_random_proof_hides_a_cycle(proofs, data):
    """Any bytes may be written into the proof: what is not true is not accepted."""
    name = data.draw(st.sampled_from(sorted(proofs)))
    model, cycles = proofs[name]
    number = data.draw(st.integers(0, len(cycles) - 1))
    trees = list(cycles.certificate.trees)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(trees) - 1))
        tree = trees[place]
        fields = ["splits", "functional", "slack"]
        cycle_fields, prefix_fields = ["nonbasic", "variable"], ["constraints", "weights"]
        fields += cycle_fields if isinstance(tree, CycleTree) else prefix_fields
        field = data.draw(st.sampled_from(fields))
        array = np.array(getattr(tree, field))
        assume(array.size)
        at = data.draw(st.integers(0, array.size - 1))
        if array.dtype.kind == "f":
            value = data.draw(st.floats(0, 1e12))
        elif array.dtype == np.uint8:
            value = data.draw(st.integers(0, 255))
        else:
            value = data.draw(st.integers(-4, 2 * tree.highest * tree.units))
        array.ravel()[at] = value
        try:
            trees[place] = replace(tree, **{field: array})
        except ValueError:
            assume(False)
    assert rejected(model, with_trees(without(cycles, number), *trees))


# Degenerate networks ------------------------------------------------------------------------------


def all_words(form, k: int) -> CycleTree:
    """Return a tree of one order that closes nothing."""
    n = k * form.H
    splits = []

    def visit(depth):
        splits.append(WORD if depth == n else 2 * depth)
        if depth < n:
            visit(depth + 1)
            visit(depth + 1)

    visit(0)
    width = -(-(2 * n + k - 1) // 8)
    return CycleTree(k, form.H, splits, np.empty((0, width), np.uint8), [], form.W2[0], np.zeros(k))


def prefix_words(form, k: int) -> PrefixTree:
    """Return a tree of all orders up to one that closes nothing."""
    tree = all_words(form, k)
    none = np.empty((0, 3))
    return PrefixTree(
        k, form.H, tree.splits, none.astype(int), none, tree.functional, 0.1 * (np.arange(k) > 0)
    )


@pytest.mark.parametrize(
    ("model", "number"),
    [
        (sw.PLRNN([1.0], [[0.0]], [0.0]), 2),  # z' = z: every point is fixed
        (sw.PLRNN([-1.0], [[0.0]], [1.0]), 3),  # z' = 1 - z: a fixed point in 2-cycles
        (sw.PLRNN([0.5], [[0.5]], [0.0]), 1),  # z' = z for z > 0, and 0 is on the border
        (sw.PLRNN([0.0, 0.0], [[0.0, -1.0], [1.0, 0.0]], [1.0, 1.0]), None),
    ],
)
def test_continua_must_be_listed(model, number):
    for trees in (
        [all_words(model.relu_form, k) for k in (1, 2)],
        [prefix_words(model.relu_form, 2)],
    ):
        cycles = claim(model, tuple(trees), 2)
        assert verify(model, cycles).ok
        if number is not None:
            assert len(cycles.continua) + len(cycles) >= number
        for missing in range(len(cycles.continua)):
            left = cycles.continua[:missing] + cycles.continua[missing + 1 :]
            assert rejected(model, replace(cycles, continua=left), "a continuum is missing")
        for missing in range(len(cycles)):
            assert rejected(model, without(cycles, missing), "is missing")


def test_a_false_continuum():
    model = MODELS["PLRNN"]
    cycles = claim(model, (all_words(model.relu_form, 1),), 1)
    for word in ([[1, 0]], [[1, 1], [0, 1]]):
        word = np.array(word, bool)
        false = Continuum(np.zeros((len(word), 2)), word, np.ones((2, 1)))
        assert rejected(model, replace(cycles, continua=(false,)), "continuum 0 is none")
    false = Continuum(np.zeros((1, 2)), np.ones((1, 3), bool), np.ones((2, 1)))
    assert rejected(model, replace(cycles, continua=(false,)), "does not fit the network")


def test_cycles_on_a_border():
    model = sw.PLRNN([0.5, 0.4], [[-1.0, 0.0], [0.3, -2.0]], [0.0, 0.0])
    cycles = claim(model, (all_words(model.relu_form, 1), all_words(model.relu_form, 2)), 2)
    assert not cycles[0].word.any()
    assert cycles[0].margin == 0
    assert verify(model, cycles).ok
    assert rejected(model, without(cycles, 0), "is missing")
    flipped = replace(cycles[0], word=np.array([[True, False]]))
    assert rejected(model, replace(cycles, cycles=(flipped, *cycles.cycles[1:])), "is not real")


OPPOSITE = sw.ShallowPLRNN([0.5], [[-1.5, 0.8]], [[1.0], [-1.0]], [0.4], [0.0, 0.0])


def test_cells_without_interior(prefix_tree):
    """Two units with opposite signs: both bits are 1, or 0, on a single point only."""
    form = OPPOSITE.relu_form
    tree = prefix_tree(form, 3)
    assert np.count_nonzero(tree.splits == THIN) > 1
    cycles = claim(OPPOSITE, (tree,), 3)
    assert verify(OPPOSITE, cycles).ok
    for number in range(len(cycles)):
        assert rejected(OPPOSITE, without(cycles, number), "is missing")
    assert rejected(
        OPPOSITE, with_trees(cycles, replace(tree, slack=np.zeros(3))), "but has slack 0"
    )
    words = np.flatnonzero(tree.splits == WORD)
    for node in words:
        splits = tree.splits.copy()
        splits[node] = THIN
        row = np.count_nonzero(np.isin(tree.splits[:node], (CLOSED, THIN)))
        for conditions in ([0, 1, 2], [1, 2, 3], [0, -1, -1], [-1, -1, -1], [1, 3, 5], [0, 7, 8]):
            hints = {
                "constraints": np.insert(tree.constraints, row, conditions, axis=0),
                "weights": np.insert(tree.weights, row, 1.0, axis=0),
            }
            mutated = replace(tree, splits=splits, **hints)
            assert rejected(OPPOSITE, with_trees(cycles, mutated), "may have an interior")


@pytest.mark.parametrize(("bit", "accepted"), [(1, True), (0, False)])
def test_a_unit_that_is_always_zero_belongs_to_bit_0(bit, accepted):
    model = sw.ShallowPLRNN([0.5], [[-1.5, 0.8]], [[1.0], [0.0]], [0.4], [0.1, 0.0])
    splits = []
    for first in (0, 1):
        splits += [0] if first == 0 else []
        splits += [2 + bit, THIN, WORD]
    tree = PrefixTree(1, 2, splits, [[1, -1, -1]] * 2, np.zeros((2, 3)), [1.0], [0.0])
    assert verify(model, claim(model, (tree,), 1)).ok == accepted


# The parts ----------------------------------------------------------------------------------------


def random_rows(rng, form, k: int, count: int):
    lam, mu = rng.normal(size=(count, k, form.M)), rng.normal(size=(count, k, form.H))
    nu = rng.normal(size=(count, k)) * (np.arange(k) > 0)
    functional = rng.normal(size=form.M + rng.integers(0, 2) * form.H)
    slack = np.abs(rng.normal(size=k)) * (np.arange(k) > 0)
    bits = rng.integers(0, 3, (count, k, form.H))
    return functional, slack, bits, lam, mu, nu


def test_rounded_radii_are_below_the_exact_ones():
    rng = np.random.default_rng(5)
    for model in MODELS.values():
        form = model.relu_form
        functional, slack, bits, lam, mu, nu = random_rows(rng, form, 3, 200)
        lam *= 10.0 ** rng.integers(-8, 8, (200, 1, 1))
        radii = row_radii(form, functional, slack, bits, lam, mu, nu)
        exact = [
            exact_row_radius(form, functional, slack, *row)
            for row in zip(bits, lam, mu, nu, strict=True)
        ]
        assert sum(radius > 0 for radius in exact) > 5
        for rounded, radius in zip(radii, exact, strict=True):
            assert Fraction(rounded) <= radius
            assert rounded >= 0.999 * radius - 1e-9 or radius < 1e-6


def test_the_exact_radius_is_that_of_the_formula():
    rng = np.random.default_rng(6)
    form = MODELS["ShallowPLRNN"].relu_form
    functional, slack, bits, lam, mu, nu = random_rows(rng, form, 4, 100)
    for d, l, m, v in zip(bits, lam, mu, nu, strict=True):
        radius = exact_row_radius(form, functional, slack, d, l, m, v)
        c, folds = split_functional(form, functional)
        fold_reach, fold_offset = (
            np.abs(folds) @ np.abs(form.W2).sum(axis=1),
            np.abs(folds) @ np.abs(form.h2),
        )
        slope, room = 0.0, 0.0
        for t in range(4):
            r = l[t - 1] - form.A.T @ l[t] - form.W2.T @ m[t] + v[t] * c
            r -= (t == 0) * v.sum() * c
            slope += np.abs(r).sum() + max(0, -v[t]) * (2 * np.abs(c).sum() + fold_reach)
            room -= l[t] @ form.h1 + m[t] @ form.h2 + v[t] * slack[t]
            room -= max(0, -v[t]) * (slack[t] + fold_offset)
            plus, minus = m[t] - form.W1.T @ l[t] + v[t] * folds, -m[t]
            plus -= (t == 0) * v.sum() * folds
            wrong = np.where(d[t] != 0, np.maximum(0, -plus), 0.0)
            wrong += np.where(d[t] != 1, np.maximum(0, -minus), 0.0)
            slope += wrong @ np.abs(form.W2).sum(axis=1)
            room -= wrong @ np.abs(form.h2)
        assert float(radius) == pytest.approx(max(0.0, room / slope), rel=1e-9)


def test_rows_that_are_not_finite_show_nothing():
    form = MODELS["PLRNN"].relu_form
    functional, slack, bits, lam, mu, nu = random_rows(np.random.default_rng(0), form, 2, 4)
    for spoilt in (np.nan, np.inf, 1e308):
        lam[:] = spoilt
        radii = row_radii(form, functional, slack, bits, lam, mu, nu)
        assert not np.any(radii > 0)
        if not np.isfinite(spoilt):
            assert exact_row_radius(form, functional, slack, bits[0], lam[0], mu[0], nu[0]) == 0


def test_no_row_excludes_a_cycle_that_exists(proofs):
    rng = np.random.default_rng(7)
    for model, cycles in proofs.values():
        form = model.relu_form
        for cycle in cycles:
            k = cycle.order
            functional, slack, _, lam, mu, nu = random_rows(rng, form, k, 300)
            c, folds = split_functional(form, functional)
            y = cycle.points @ form.W2.T + form.h2
            start = np.argmax(cycle.points @ c + np.maximum(y, 0) @ folds)
            word = np.roll(cycle.word, -start, axis=0)
            bits = np.where(rng.random((300, k, form.H)) < 0.7, word, 2)
            radii = row_radii(form, functional, slack, bits, lam, mu, nu)
            assert radii.max() <= np.abs(cycle.points).max()


def test_words_that_are_shown_to_be_virtual_are():
    shown = asked = 0
    for model in MODELS.values():
        form = model.relu_form
        for k in (1, 2, 3):
            words = np.array(list(product((0, 1), repeat=k * form.H)), bool).reshape(-1, k, form.H)
            radii = virtual_radii(form, words, segment=k)
            unique = is_unique(form, words)
            for word, radius, alone in zip(words, radii, unique, strict=True):
                exact = exact_word(form, word)
                assert not exact.real or radius <= np.abs(exact.points).max()
                assert not (alone and exact.kind == CONSISTENT)
                asked += not exact.real
                shown += radius > RADIUS
    assert shown > 0.95 * asked


def test_distances_hold():
    rng = np.random.default_rng(8)
    for model in MODELS.values():
        form = model.relu_form
        words = rng.random((50, 3, form.H)) < 0.5
        exact = [exact_word(form, word) for word in words]
        shifts = 10.0 ** rng.integers(-17, 0, 50)
        points = np.stack([e.points for e in exact])
        moved = points + shifts[:, None, None] * rng.uniform(-1, 1, points.shape)
        bounds = distances(form, words, moved)
        true = np.abs(moved - points).max(axis=(1, 2))
        assert np.all(bounds >= true * (1 - 1e-9))
        assert np.median(bounds / np.maximum(true, 1e-14)) < 100
        real = inside(form, words, moved, bounds)
        for e, is_inside in zip(exact, real, strict=True):
            assert not is_inside or e.kind == "cycle"
        assert any(real) or not any(e.kind == "cycle" for e in exact)


def test_long_violent_cycles_are_settled_without_exact_arithmetic():
    model = sw.systems.sixteen_cycle()
    form = model.relu_form
    rng = np.random.default_rng(9)
    words = rng.random((5, 120, form.H)) < 0.5
    for segment in (1, 6, 7):
        assert np.all(virtual_radii(form, words, segment) > RADIUS)


def test_conditions_that_exclude_one_another():
    # z' = -2 z + 1 for z > 0 and z/2 + 1 otherwise; y_0 = z_0.
    form = sw.PLRNN([0.5], [[-2.5]], [1.0]).relu_form
    prefixes = Prefixes(form, np.array([1.0]), np.array([0.0, 0.25, 0.25]))

    def verdict(bits, *constraints):
        held = np.array([*constraints, -1, -1, -1][:3])
        return prefixes.verdict(np.array(bits, np.uint8).reshape(3, 1), held)

    assert verdict([0, 0, 2], 0, 1) is None  # z_0 <= 0 and z_1 = z_0 / 2 + 1 <= 0
    assert verdict([0, 0, 2], 0) is None
    assert verdict([1, 0, 2], 0, 1) is None
    assert verdict([0, 1, 2], 0, 1) is None
    assert verdict([0, 1, 2], 0, 4) == EMPTY  # the cut: z_0 - z_1 + 1/4 = z_0 / 2 - 3/4 >= 0
    assert verdict([0, 1, 2], 0, 1, 4) == EMPTY
    assert verdict([2, 1, 2], 0, 4) is None  # it needs a bit that is not decided
    opposite = Prefixes(OPPOSITE.relu_form, np.array([1.0]), np.array([0.0, 0.1]))
    bits = np.array([[1, 1], [2, 2]], np.uint8)
    assert opposite.verdict(bits, np.array([0, 1, -1])) == NO_INTERIOR
