"""Curves lie on their exact conditions, and are of the type that the complete sets show."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.planes.parameter_plane import ParameterPlane
from scyfi_widgets.bifurcations.planes.plane import bifurcation_plane
from scyfi_widgets.bifurcations.planes.tracing import measure, tracing_memory
from scyfi_widgets.cycles.words import least_rotation

AXES = ("A[0,0]", (-1.5, 1.5)), ("W[0,1]", (-3.0, 3.0))
BESIDE = 1e-6


def network(seed: int, M: int) -> sw.PLRNN:
    draw = np.random.default_rng(seed).normal
    return sw.PLRNN(draw(size=(M, M)), 1.5 * draw(size=(M, M)), draw(size=M))


def once_around(model, word):
    """Return P and c of a word's map z -> P z + c, by NumPy and nothing else."""
    A, W1, W2, h1, h2 = model.relu_form
    product, shift = np.eye(model.M), np.zeros(model.M)
    for region in word:
        jacobian = A + (W1 * region) @ W2
        product, shift = jacobian @ product, jacobian @ shift + h1 + W1 @ (region * h2)
    return product, shift


def borders_of(model, word):
    """Return W2 z + h2 at every point of a word's cycle."""
    A, W1, W2, h1, h2 = model.relu_form
    product, shift = once_around(model, word)
    z = np.linalg.solve(np.eye(model.M) - product, shift)
    borders = []
    for region in word:
        borders.append(W2 @ z + h2)
        z = A @ z + h1 + W1 @ (region * borders[-1])
    return np.array(borders)


def spectral_functions(model, word) -> tuple[float, float, float]:
    """Return det(I - P), det(I + P) and the product of all lam_i lam_j - 1."""
    product, _ = once_around(model, word)
    identity = np.eye(model.M)
    eigenvalues = np.linalg.eigvals(product)
    pairs = (np.outer(eigenvalues, eigenvalues) - 1.0)[np.triu_indices(model.M, 1)]
    return np.linalg.det(identity - product), np.linalg.det(identity + product), pairs.prod().real


def condition(curve, model) -> float:
    """Return the function that is zero on a curve."""
    if curve.is_border_collision:
        sides = curve.word, curve.partner
        best = max(sides, key=lambda word: abs(spectral_functions(model, word)[0]))
        return borders_of(model, best)[curve.touches[0]]
    return spectral_functions(model, curve.word)[("DTB", "DFB", "centre").index(curve.type)]


def canonical(word) -> tuple[int, bytes]:
    word = np.asarray(word, bool)
    return len(word), np.roll(word, -least_rotation(word), axis=0).tobytes()


def agrees(curve, below, above, max_order) -> bool:
    """Return whether the complete sets on both sides of a curve are those of its type."""
    word = canonical(curve.word)
    if curve.type == "DTB":
        return (word in below) != (word in above)
    if not curve.is_border_collision:
        if word not in below or word not in above:
            return False
        counts = [(np.abs(s[word].eigenvalues) > 1.0).sum() for s in (below, above)]
        return counts[0] != counts[1]
    partner = canonical(curve.partner)
    here = word in below, partner in below, word in above, partner in above
    if curve.type == "fold":
        return here in ((True, True, False, False), (False, False, True, True))
    doubled = canonical(np.vstack([curve.word, curve.partner]))
    born = (doubled in below) != (doubled in above)
    flip = curve.type == "flip" if 2 * curve.order <= max_order else born
    return born == flip and here in ((True, False, False, True), (False, True, True, False))


@pytest.mark.parametrize(("seed", "M", "max_order"), [(3, 2, 4), (5, 2, 4), (7, 3, 3)])
def test_vertices_are_exact_and_types_are_those_of_complete_sets(seed, M, max_order):
    model = network(seed, M)
    plane = bifurcation_plane(model, *AXES, max_order, lines=15)
    assert plane.lost == 0
    assert plane.stopped is None
    span = np.array([hi - lo for lo, hi in plane.ranges])
    inner = [(c, v) for c in plane.curves for v in c.vertices[1:-1]]
    chosen = np.random.default_rng(0).choice(len(inner), min(80, len(inner)), replace=False)
    checked = Counter()
    for curve, vertex in (inner[i] for i in chosen):

        def at(shift, vertex=vertex):
            x, y = vertex + shift * span
            return model.replace({AXES[0][0]: x, AXES[1][0]: y})

        gradient = np.array(
            [
                condition(curve, at(1e-7 * axis)) - condition(curve, at(-1e-7 * axis))
                for axis in np.eye(2)
            ]
        )
        gradient /= 2e-7
        size = np.hypot(*gradient)
        assert abs(condition(curve, at(np.zeros(2)))) < 1e-10 * size
        ends = np.abs((curve.vertices[[0, -1]] - vertex) / span).max(axis=1)
        if ends.min() < 1e-3:
            continue
        below, above = (
            {
                canonical(cycle.word): cycle
                for cycle in sw.find_cycles(
                    at(side * BESIDE * gradient / size), max_order, method="complete"
                )
            }
            for side in (-1.0, 1.0)
        )
        assert agrees(curve, below, above, max_order), (curve, vertex)
        checked[curve.type] += 1
    assert sum(checked.values()) > 50
    assert len(checked) >= 4


def test_neighbouring_vertices_are_near_to_their_curve():
    plane = bifurcation_plane(network(3, 2), *AXES, 2, lines=5)
    span = np.array([hi - lo for lo, hi in plane.ranges])
    for curve in plane.curves:
        steps = np.diff(curve.vertices / span, axis=0)
        lengths = np.hypot(*steps.T)
        assert lengths.max() < 0.0201
        unit = steps / lengths[:, None]
        turns = np.abs(unit[1:, 0] * unit[:-1, 1] - unit[1:, 1] * unit[:-1, 0])
        assert turns[lengths[1:] > 1e-9].max(initial=0.0) < 0.11


@pytest.mark.parametrize("architecture", ["plrnn", "shallow", "dendritic"])
def test_gradients_are_those_of_differences(architecture):
    draw = np.random.default_rng(4).normal
    model, names = {
        "plrnn": (network(2, 3), ("A[0,0]", "W[1,2]")),
        "shallow": (
            sw.ShallowPLRNN(
                draw(size=3), draw(size=(3, 4)), draw(size=(4, 3)), draw(size=3), draw(size=4)
            ),
            ("W1[0,1]", "W2[1,0]"),
        ),
        "dendritic": (
            sw.DendriticPLRNN(
                draw(size=3), draw(size=(3, 3)), draw(size=3), draw(size=2), draw(size=(3, 2))
            ),
            ("W[0,0]", "alpha[1]"),
        ),
    }[architecture]
    plane = ParameterPlane.of(model, (names[0], (-1.0, 1.0)), (names[1], (-2.0, 1.0)))
    np.testing.assert_allclose(
        plane.coefficients.T @ [1.0, 0.3, -0.7, -0.21],
        np.concatenate([array.ravel() for array in plane.at(0.3, -0.7).relu_form]),
        atol=1e-14,
    )
    words = np.random.default_rng(1).integers(0, 2, (1, 3, model.H)).astype(np.uint8)
    nothing = np.zeros(words.shape[1:], bool)
    memory = tracing_memory(model.M, model.H, 3)

    def functions(u, v):
        problem = (
            plane.coefficients, np.array(plane.lo), np.array(plane.span), 3, words,
            nothing, nothing, np.array([0, 0]),
        )  # fmt: skip
        measure(problem, memory, u, v, True)
        return memory[1][0].copy(), memory[4][0].copy()

    spectrum, borders = functions(0.4, 0.3)
    x, y = plane.to_weights(np.array([0.4, 0.3]))
    there = plane.at(x, y)
    np.testing.assert_allclose(spectrum[:, 0], spectral_functions(there, words[0]), rtol=1e-9)
    np.testing.assert_allclose(borders[0], borders_of(there, words[0]), rtol=1e-9)
    for axis, (du, dv) in enumerate(((1e-6, 0.0), (0.0, 1e-6)), 1):
        after, before = functions(0.4 + du, 0.3 + dv), functions(0.4 - du, 0.3 - dv)
        for exact, one, other in (
            (spectrum[:, axis], after[0][:, 0], before[0][:, 0]),
            (borders[axis], after[1][0], before[1][0]),
        ):
            size = max(1.0, np.abs(exact).max())
            np.testing.assert_allclose(exact, (one - other) / 2e-6, atol=1e-7 * size)
