"""The numbers that the notebook on the paper's figures states, found another way where possible.

Nothing is taken from the notebook. Curves of a plane are checked by diagrams along lines, gradients
by differences of a loss that is simulated here, cycles by linear equations and published tables.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets import systems

DATA = Path(__file__).parent / "data"
TOY = systems.sixteen_cycle()
W = TOY["W[0,1]"] * TOY["W[1,0]"]
AXES = ("A[0]", (-0.16, 1.84)), ("A[1]", (-0.03, 1.96))
ARTEFACT = TOY["A[0]"] + 0.155  # where the published figure has a line


# Figure 2 ---------------------------------------------------------------------------------------


def found_within(model: sw.PLRNN, order: int, words: int, searches: int) -> float:
    """Return the part of searches that meet a cycle of `order` without a restart.

    All searches side by side; `words` is how many each may solve.
    """
    rng = np.random.default_rng(1)
    M, W, h = model.M, model["W"], model["h"]
    word = rng.random((searches, order, M)) < 0.5
    found = np.zeros(searches, bool)
    for _ in range(words):
        P, c = np.tile(np.eye(M), (searches, 1, 1)), np.zeros((searches, M, 1))
        for t in range(order):
            J = np.diag(model["A"]) + W * word[:, t, None, :]
            P, c = J @ P, J @ c + h[:, None]
        z = np.linalg.solve(np.eye(M) - P, c)[..., 0]
        visited = np.empty_like(word)
        for t in range(order):
            visited[:, t] = z > 0.0
            z = model["A"] * z + np.maximum(z, 0.0) @ W.T + h
        real = (visited == word).all(axis=(1, 2))
        shorter = [d for d in range(1, order) if order % d == 0]
        repeated = [(visited == np.roll(visited, d, axis=1)).all(axis=(1, 2)) for d in shorter]
        found |= real & ~np.any(repeated, axis=0)
        word = visited
    return float(found.mean())


@pytest.mark.parametrize("order", [10, 16, 27, 31, 40])
def test_up_to_order_40_a_few_words_are_enough(order):
    model = systems.published_cycles()[order]
    assert found_within(model, order, words=15, searches=60) > 0.5


def test_at_order_80_most_searches_run_in_a_circle():
    model = systems.published_cycles()[80]
    at_first, later = (found_within(model, 80, words=words, searches=60) for words in (30, 120))
    assert 0.1 < at_first == later < 0.6


def test_the_cycles_of_order_80_are_two_and_no_more():
    found = sw.find_cycles(systems.published_cycles()[80], 80)
    assert found.complete_up_to == 80
    assert found.counts == {1: 1, 80: 2}


def test_how_many_words_it_takes_one_by_one():
    """(all + 1) / (right + 1) words without repetition, by trying it."""
    rng = np.random.default_rng(0)
    firsts = [1 + np.flatnonzero(rng.permutation(256) < 6)[0] for _ in range(4000)]
    assert np.mean(firsts) == pytest.approx(257 / 7, rel=0.05)


# Figure 3 ---------------------------------------------------------------------------------------


def test_the_plane_has_the_five_curves_and_nothing_else():
    plane = sw.bifurcation_plane(TOY, *AXES, max_order=1)
    met = set()
    for curve in plane.curves:
        a1, a2 = curve.vertices.T
        constants = {
            ("a1", "DTB"): a1 - 1.0,
            ("a2", "DTB"): a2 - 1.0,
            ("a1", "border"): a1 - 0.800028,
            ("a1 a2", "centre"): a1 * a2 - 1.0 - W,
            ("(1 - a1)(1 - a2)", "DTB"): (1.0 - a1) * (1.0 - a2) - W,
        }
        [name] = [name for name, value in constants.items() if np.abs(value).max() < 1e-6]
        border = curve.type in ("persistence", "fold")
        assert name[1] == ("border" if border else curve.type)
        met.add(name)
    assert len(met) == 5
    assert (round(1.0 + W, 4), round(W, 4)) == (0.6620, -0.3380)


@pytest.mark.parametrize("a2", [0.1, 0.4, 0.62, 0.8, 0.97, 1.1, 1.5, 1.9])
def test_the_published_sixth_line_is_no_bifurcation(a2):
    line = (ARTEFACT - 0.006, ARTEFACT + 0.006)
    diagram = sw.bifurcation_diagram(TOY.replace({"A[1]": a2}), "A[0]", line, max_order=1)
    assert diagram.events == ()
    assert "proved" in diagram.statement


def loss(A: np.ndarray, data: np.ndarray) -> float:
    z, total = data[0], 0.0
    for x in data[1:]:
        z = A * z + TOY["W"] @ np.maximum(z, 0.0) + TOY["h"]
        total += float(((z - x) ** 2).mean())
    return total / (len(data) - 1)


def descent(path: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return losses, the part of steps that lower it, and that go against differences of it."""
    data = systems.toy_series(500).values
    losses = np.array([loss(A, data) for A in path])
    against = []
    for A, step in zip(path[:-1], np.diff(path, axis=0), strict=True):
        apart = 1e-7 * np.eye(2)
        slope = [np.log(loss(A + d, data)) - np.log(loss(A - d, data)) for d in apart]
        against.append((np.sign(step) == -np.sign(slope)).all())
    return losses, float((np.diff(losses) < 0.0).mean()), float(np.mean(against))


def test_the_first_published_path_descends_only_with_its_axes_exchanged():
    path = systems.published_paths()[0][::2]
    printed, falls, against = descent(TOY["A"] + path)
    assert 20 * printed.argmin() == pytest.approx(640, abs=20)
    assert printed.min() == pytest.approx(0.073, abs=0.001)
    assert printed[-1] > 50.0
    assert falls < 0.5
    assert against < 0.4
    exchanged, falls, against = descent(TOY["A"] + path[:, ::-1])
    assert exchanged[-1] < 0.085
    assert falls > 0.9
    assert against > 0.75


def test_as_printed_it_crosses_a1_at_1_where_the_published_loss_jumps():
    x = systems.published_paths()[0][:, 0]
    crossing = np.interp(TOY["A[0]"] - 1.0, -x, 10.0 * np.arange(len(x)))
    assert crossing == pytest.approx(427, abs=2)


def test_from_the_first_start_the_loss_has_no_large_step():
    run = sw.train(
        TOY.replace({"A": TOY["A"] + np.array([0.569, -0.624])}),
        systems.toy_series(2_000),
        trainable="A",
        epochs=600,
        optimizer=sw.Adam(3e-3),
        clip=1.0,
        sequence_length=500,
        batch_size=1,
        seed=1,
        progress=False,
    )
    a1 = run.parameters["A"][:, 0]
    assert a1[0] > 1.0 > a1[-1]
    assert all(jump.factor > 0.9 for jump in sw.find_loss_jumps(run.loss))
    assert run.loss[-1] == pytest.approx(systems.toy_series(16).values.var(axis=0).mean(), rel=0.1)


# Figures S6 and S7 ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (0.5, [(-2.0, "DFB", 2), (-1.0, "DFB", 1), (1.0, "DTB", 1)]),
        (-0.5, [(-2.0, "DTB", 2), (-1.0, "DFB", 1), (1.0, "DTB", 1)]),
        (-2.0, [(-1.0, "DFB", 1), (-0.5, "DTB", 2), (1.0, "DTB", 1)]),
    ],
)
def test_the_skew_tent_map_along_upright_lines(left, expected):
    ends = systems.skew_tent_map(left, 0.0), systems.skew_tent_map(left, 1.0)
    diagram = sw.bifurcation_diagram(*ends, (-2.2, 2.2), max_order=2)
    found = sorted((round(event.value, 9), event.type, event.order) for event in diagram.events)
    assert found == expected


def test_the_fixed_point_of_the_left_side_comes_from_infinity_at_1():
    ends = systems.skew_tent_map(0.0, 0.4), systems.skew_tent_map(1.0, 0.4)
    [event] = sw.bifurcation_diagram(*ends, (-0.5, 2.2), max_order=2).events
    assert (event.type, event.order) == ("DTB", 1)
    assert event.value == pytest.approx(1.0, abs=1e-12)


def test_the_two_cycle_is_that_of_the_published_table():
    with (DATA / "two_cycle_exact.csv").open() as file:
        rows = [{name: float(x) for name, x in row.items()} for row in csv.DictReader(file)]
    assert len(rows) == 25
    for row in rows:
        [cycle] = sw.find_cycles(systems.two_cycle(row["a_l"]), 2).of_order(2)
        points = cycle.points[np.argsort(-cycle.points[:, 0])]
        table = [[row["zR_1"], row["zR_2"]], [row["zL_1"], row["zL_2"]]]
        np.testing.assert_allclose(points, table, rtol=1e-9)
        eigenvalues = np.sort(cycle.eigenvalues.real)
        np.testing.assert_allclose(eigenvalues, [row["lambda_1"], row["lambda_2"]], atol=1e-9)


def test_the_two_cycle_is_born_and_flips_at_the_roots_of_its_trace_and_determinant():
    """Trace 0.12 - 1.5 a_l, determinant -0.224 - 0.14 a_l of the product once around."""
    two = systems.two_cycle
    diagram = sw.bifurcation_diagram(two(0.0), two(1.0), (-0.6, 0.65), max_order=2)
    found = [(event.type, event.value) for event in diagram.events]
    assert [type for type, _ in found] == ["DTB", "DFB"]
    expected = [-0.656 / 1.36, 0.896 / 1.64]
    np.testing.assert_allclose([value for _, value in found], expected, atol=1e-12)
    np.testing.assert_allclose(expected, [-0.482353, 0.546341], atol=1e-6)


# Figures S9 and S11 -----------------------------------------------------------------------------


def test_the_regions_contract_as_published():
    published = (
        "1024 163.5 78.4 51.2 37 28.7 23.2 19.5 17.2 15.4 13.8 12.8 12.3 11.9 11.6 11.3 11.1"
    )
    published += " 10.9 10.8 10.7 10.6"
    counts, fixed, proved = [], [], []
    for model in systems.published_random_networks():
        following = {}
        for number in range(1024):
            region = np.array([number >> bit & 1 for bit in range(10)])
            J = np.diag(model["A"]) + model["W"] * region
            z = np.linalg.solve(np.eye(10) - J, model["h"])
            following[number] = sum(1 << bit for bit in range(10) if z[bit] > 0.0)
        regions = set(following)
        counts.append([len(regions)])
        for _ in range(20):
            regions = {following[number] for number in regions}
            counts[-1].append(len(regions))
        fixed.append(sum(number == after for number, after in following.items()))
        cycles = sw.find_cycles(model, 1)
        assert cycles.complete_up_to == 1
        proved.append(len(cycles))
    means = np.mean(counts, axis=0).round(1)
    assert [f"{mean:g}" for mean in means] == published.split()
    assert fixed == proved == [0, 0, 0, 0, 0, 0, 2, 6, 2, 2]


def test_the_published_eigenvalue_flips_where_the_published_loss_jumps():
    flip = systems.published_flip()
    crossing = np.interp(1.0, -flip.eigenvalues[:, 0], flip.epochs)
    assert crossing == pytest.approx(206.32, abs=0.01)
    [jump] = sw.find_loss_jumps(flip.loss)
    assert jump.direction == "down"
    assert flip.loss_epochs[jump.start] <= crossing <= flip.loss_epochs[jump.stop]
    assert jump.factor == pytest.approx(0.77, abs=0.01)


def test_a_stand_in_with_these_eigenvalues_flips_there():
    flip = systems.published_flip()
    number = len(flip.epochs)
    unknown = np.full(number - 1, np.nan)
    fixed_points = np.column_stack([flip.z1, np.ones((number, 4))])
    biases = (1.0 - flip.eigenvalues) * fixed_points
    run = sw.TrainingRun(
        start=sw.PLRNN(flip.eigenvalues[0], np.zeros((5, 5)), biases[0]),
        parameters={"A": flip.eigenvalues, "W": np.zeros((number, 5, 5)), "h": biases},
        saved_epochs=np.arange(number),
        loss=unknown,
        gradient_norm=unknown,
        step_length=unknown,
        alpha=unknown,
        learning_rate=unknown,
        data=None,
        observation=sw.Observation(M=5, N=1),
    )
    [event] = sw.bifurcations_along(run, 1, lyapunov_steps=0, progress=False).events
    assert event.type == "DFB"
    crossing = np.interp(1.0, -flip.eigenvalues[:, 0], np.arange(number))
    assert event.epoch == pytest.approx(crossing, abs=1e-9)
    [cycle] = sw.find_cycles(run.model(36), 1)
    assert cycle.points[0, 0] == pytest.approx(flip.z1[36])
