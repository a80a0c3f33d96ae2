"""Planes through the state space, and where the borders cross them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import scyfi_widgets as sw
from scyfi_widgets.models.relu_form import ReluForm
from scyfi_widgets.widgets.projection import plane_of, switching_segments

many = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
eighths = st.integers(-16, 16).map(lambda n: n / 8)
X, Y = (-2.0, 1.5), (-1.0, 3.0)


def form_of(W2, h2) -> ReluForm:
    W2, h2 = np.asarray(W2, dtype=float), np.asarray(h2, dtype=float)
    H, M = W2.shape
    return ReluForm(np.eye(M), np.ones((M, H)), W2, np.zeros(M), h2)


@st.composite
def borders(draw):
    M, H = draw(st.integers(2, 4)), draw(st.integers(1, 5))
    W2 = draw(arrays(float, (H, M), elements=eighths))
    if draw(st.booleans()):
        W2[:, 2:] = 0.0
    return form_of(W2, draw(arrays(float, H, elements=eighths)))


def crossings(segments, u, v) -> int:
    """Count the segments that the way from u to v crosses."""

    def side(a, b, c):
        return np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    count = 0
    for xs, ys in segments:
        a, b = np.array([xs[0], ys[0]]), np.array([xs[1], ys[1]])
        a, b = a + 1e-9 * (a - b), b + 1e-9 * (b - a)
        count += side(a, b, u) != side(a, b, v) and side(u, v, a) != side(u, v, b)
    return count


def distinct(lines: np.ndarray) -> np.ndarray:
    kept: list[np.ndarray] = []
    for line in lines:
        if not any(np.linalg.matrix_rank(np.array([line, other])) == 1 for other in kept):
            kept.append(line)
    return np.array(kept).reshape(-1, 3)


@many
@given(form=borders(), seed=st.integers(0, 1000))
def test_borders_are_crossed_exactly_at_the_segments(form, seed):
    rng = np.random.default_rng(seed)
    M = form.W2.shape[1]
    axes = tuple(int(i) for i in rng.permutation(M)[:2])
    plane = plane_of(axes, M, None)
    segments = switching_segments(form, plane, X, Y)
    for xs, ys in segments:
        assert ((X[0] - 1e-9 <= xs) & (xs <= X[1] + 1e-9)).all()
        assert ((Y[0] - 1e-9 <= ys) & (ys <= Y[1] + 1e-9)).all()
    others = [i for i in range(M) if i not in axes]
    in_plane = ~form.W2[:, others].any(axis=1) & form.W2.any(axis=1)
    lines = distinct(np.column_stack([form.W2[:, axes], form.h2])[in_plane])
    for _ in range(10):
        # Values that no border in eighths meets, nor two borders at once on the way.
        u, v = rng.uniform((X[0], Y[0]), (X[1], Y[1]), (2, 2))
        changes = [
            np.sign(line[:2] @ u + line[2]) != np.sign(line[:2] @ v + line[2]) for line in lines
        ]
        assert crossings(segments, u, v) == sum(changes)
        if in_plane.any():
            z, w = plane.lift(u, rng.normal(size=M)), plane.lift(v, rng.normal(size=M))
            differ = (form.W2 @ z + form.h2 > 0) != (form.W2 @ w + form.h2 > 0)
            assert differ[in_plane].any() == (crossings(segments, u, v) > 0)


def test_borders_that_are_no_lines_are_left_out():
    plane = plane_of((0, 1), 3, None)
    form = form_of([[1.0, 0.0, 1e-3], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]], [0.1, 0.1, 0.1])
    assert switching_segments(form, plane, X, Y) == []


def test_the_same_border_is_drawn_once():
    form = form_of([[1, 2], [2, 4], [-0.5, -1], [1, 2]], [0.5, 1.0, -0.25, 0.75])
    segments = switching_segments(form, plane_of((0, 1), 2, None), X, Y)
    assert len(segments) == 2


@pytest.mark.parametrize(
    ("normal", "offset", "ends"),
    [
        ([2.0, 0.0], -1.0, [(0.5, -1.0), (0.5, 3.0)]),
        ([0.0, -4.0], 4.0, [(-2.0, 1.0), (1.5, 1.0)]),
        ([1.0, 1.0], 0.0, [(-2.0, 2.0), (1.0, -1.0)]),
        ([1.0, 0.0], -1.6, []),
        ([0.0, 1.0], 1.1, []),
        ([1.0, 1.0], -100.0, []),
    ],
)
def test_they_are_cut_at_the_window(normal, offset, ends):
    segments = switching_segments(form_of([normal], [offset]), plane_of((0, 1), 2, None), X, Y)
    found = sorted([x, y] for xs, ys in segments for x, y in zip(xs, ys, strict=True))
    assert np.array(found) == pytest.approx(np.array(sorted(ends)))


def test_a_border_in_the_plane_of_the_components():
    rng = np.random.default_rng(3)
    states = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 4)) + rng.normal(size=4)
    plane = plane_of(("PC1", "PC2"), 4, states)
    normal = np.array([0.7, -0.4]) @ plane.directions
    form = form_of([normal, rng.normal(size=4)], [0.2, 0.2])
    ((xs, ys),) = switching_segments(form, plane, (-5, 5), (-5, 5))
    for u in zip(xs, ys, strict=True):
        z = plane.lift(np.array(u), states.mean(axis=0))
        assert form.W2[0] @ z + form.h2[0] == pytest.approx(0.0, abs=1e-12)


# Planes -------------------------------------------------------------------------------------------


def test_units():
    plane = plane_of((2, 0), 3, None)
    assert plane.labels == ("z[2]", "z[0]")
    assert plane(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).tolist() == [[3, 1], [6, 4]]


def test_components_are_those_of_the_covariance():
    rng = np.random.default_rng(5)
    states = rng.normal(size=(500, 4)) * [0.3, 3.0, 1.0, 0.1] @ rng.normal(size=(4, 4)) + 7.0
    plane = plane_of(("PC1", "PC2"), 4, states)
    assert plane.directions @ plane.directions.T == pytest.approx(np.eye(2), abs=1e-12)
    values, vectors = np.linalg.eigh(np.cov(states.T))
    for row, vector in zip(plane.directions, vectors.T[::-1], strict=False):
        assert abs(row @ vector) == pytest.approx(1.0)
        assert row[np.abs(row).argmax()] > 0
    variances = plane(states).var(axis=0, ddof=1)
    assert variances == pytest.approx(values[::-1][:2])
    assert plane(states).mean(axis=0) == pytest.approx([0.0, 0.0], abs=1e-10)
    assert plane.labels == ("principal component 1", "principal component 2")
    again = plane_of(("PC1", "PC2"), 4, states[::-1])
    assert again.directions == pytest.approx(plane.directions)
    swapped = plane_of(("PC2", "PC1"), 4, states)
    assert swapped.directions == pytest.approx(plane.directions[::-1])


def test_a_unit_beside_a_component_keeps_its_own_value():
    rng = np.random.default_rng(6)
    states = rng.normal(size=(100, 3)) + 5.0
    plane = plane_of(("PC1", 2), 3, states)
    assert plane(states)[:, 1] == pytest.approx(states[:, 2])
    full = plane_of(("PC1", "PC2"), 3, states)
    shift = plane(states)[:, 0] - full(states)[:, 0]
    assert shift == pytest.approx(np.full(100, shift[0]))


@pytest.mark.parametrize(
    "states",
    [
        None,
        np.empty((0, 3)),
        np.full((1, 3), 2.0),
        np.full((50, 3), np.nan),
        np.full((50, 3), 2.0),
        10.0 ** np.arange(300.0)[:, None] * np.ones(3),
        np.vstack([np.eye(3), np.full((5, 3), 1e200)]),
    ],
    ids=["none", "empty", "one", "nan", "constant", "overflowing", "far"],
)
def test_components_of_little(states):
    with np.errstate(all="ignore"):
        plane = plane_of(("PC1", "PC2"), 3, states)
    assert plane.directions @ plane.directions.T == pytest.approx(np.eye(2), abs=1e-12)
    assert np.isfinite(plane.origin).all()


@many
@given(
    axes=st.sampled_from([(0, 1), (3, 1), ("PC1", "PC2"), ("PC2", 0), (2, "PC1")]),
    u=arrays(float, 2, elements=st.floats(-100, 100)),
    z=arrays(float, 4, elements=st.floats(-100, 100)),
)
def test_lift(axes, u, z):
    states = np.random.default_rng(7).normal(size=(60, 4)) * [2.0, 1.0, 0.5, 0.3]
    plane = plane_of(axes, 4, states)
    lifted = plane.lift(u, z)
    assert plane(lifted) == pytest.approx(u, abs=1e-9)
    change = lifted - z
    outside = change - np.linalg.pinv(plane.directions) @ (plane.directions @ change)
    assert np.abs(outside).max() < 1e-9
    if all(isinstance(axis, int) for axis in axes):
        kept = [i for i in range(4) if i not in axes]
        assert lifted[kept].tolist() == z[kept].tolist()
        assert lifted[list(axes)] == pytest.approx(u)


def test_a_unit_that_acts_on_nothing_has_no_border():
    form = sw.systems.lozi_map().relu_form
    plane = plane_of((0, 1), 2, None)
    segments = switching_segments(form, plane, (-2.0, 2.0), (-2.0, 2.0))
    assert len(segments) == 1
    np.testing.assert_array_equal(segments[0][0], [0.0, 0.0])
