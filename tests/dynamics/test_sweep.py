"""What an orbit diagram holds: the ends of orbits, each as the network itself would give it."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.bifurcations.line import Line
from scyfi_widgets.cancellation import Cancelled, new_flag
from scyfi_widgets.dynamics import OrbitDiagram, orbit_diagrams
from scyfi_widgets.dynamics.starts import FARTHEST, NEAREST, unit_starts


def step_model() -> sw.ShallowPLRNN:
    """z' = clip(2 z, -1, 1) + h1 + 1: for h1 = -1 it has the stable fixed points -1 and 1."""
    return sw.ShallowPLRNN([0.0], [[1.0, -1.0]], [[2.0], [2.0]], [-1.0], [1.0, -1.0])


def random_pair(kind: type[sw.Model], seed: int = 3) -> tuple[sw.Model, sw.Model]:
    """Two contracting networks of one architecture, with three units."""
    rng = np.random.default_rng(seed)
    shapes = {
        sw.PLRNN: {"A": (3,), "W": (3, 3), "h": (3,)},
        sw.AlmostLinearRNN: {"A": (3,), "W": (3, 3), "h": (3,)},
        sw.DendriticPLRNN: {"A": (3,), "W": (3, 3), "h": (3,), "alpha": (2,), "theta": (3, 2)},
    }
    hidden = {"A": (3,), "W1": (3, 4), "W2": (4, 3), "h1": (3,), "h2": (4,)}
    options = {"n_relu": 2} if kind is sw.AlmostLinearRNN else {}

    def one():
        arrays = {k: 0.4 * rng.normal(size=s) for k, s in shapes.get(kind, hidden).items()}
        return kind(**arrays, **options)

    return one(), one()


# The points -----------------------------------------------------------------------------------


def test_the_points_are_those_of_the_networks_own_orbits():
    model, starts = systems.lozi_map(), np.array([[0.1, 0.0], [-0.3, 0.2], [0.0, 0.1]])
    diagram = sw.orbit_diagram(
        model, "h[0]", (0.5, 1.0), values=5, transient=37, kept=60, starts=starts
    )
    assert diagram.points.shape == (5, 3, 60, 2)
    np.testing.assert_array_equal(diagram.values, [0.5, 0.625, 0.75, 0.875, 1.0])
    for value, points in zip(diagram.values, diagram.points, strict=True):
        orbits = model.replace({"h[0]": value}).orbit(starts, 96)
        np.testing.assert_array_equal(points, orbits[:, 37:97])


@pytest.mark.parametrize("kind", sw.models.ARCHITECTURES)
def test_every_architecture_and_lines_between_two_networks(kind):
    model, other = random_pair(kind)
    starts = np.random.default_rng(0).normal(size=(5, 3))
    diagram = sw.orbit_diagram(model, other, values=7, transient=3, kept=8, starts=starts)
    assert (diagram.label, diagram.values[0], diagram.values[-1]) == ("s", 0.0, 1.0)
    line = Line.through(model, other)
    for value, points in zip(diagram.values, diagram.points, strict=True):
        orbits = line.at(value).orbit(starts, 10)[:, 3:]
        np.testing.assert_allclose(points, orbits, rtol=1e-12, atol=1e-13)


def test_named_weights_may_be_written_with_spaces():
    diagram = sw.orbit_diagram(systems.lozi_map(), "W[0, 0]", (-3.5, -3.3), values=2, kept=2)
    assert diagram.label == "W[0,0]"


def test_one_coordinate_alone():
    model, line = systems.lozi_map(), ("W[0,0]", (-3.4, -2.0))
    both = sw.orbit_diagram(model, *line, values=9)
    one = sw.orbit_diagram(model, *line, values=9, coordinate=1)
    assert one.coordinates == (1,)
    np.testing.assert_array_equal(one.points[..., 0], both.points[..., 1])
    np.testing.assert_array_equal(one.periods, both.periods)
    np.testing.assert_array_equal(one.limits(), both.limits(1))
    with pytest.raises(ValueError, match=r"coordinate must be one of those kept \(1\), got 0"):
        one.of_coordinate(0)


# Starts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3, 4, 5, 9])
def test_a_start_does_not_depend_on_its_neighbours(count):
    model, line = systems.lozi_map(), ("W[0,0]", (-3.4, -2.0))
    most = sw.orbit_diagram(model, *line, values=6, starts=9)
    fewer = sw.orbit_diagram(model, *line, values=6, starts=count)
    np.testing.assert_array_equal(fewer.points, most.points[:, :count])
    np.testing.assert_array_equal(fewer.diverged, most.diverged[:, :count])
    np.testing.assert_array_equal(fewer.periods, most.periods[:, :count])


def test_a_value_does_not_depend_on_the_others():
    model = systems.lozi_map()
    wide = sw.orbit_diagram(model, "W[0,0]", (-4.0, -2.0), values=9)
    narrow = sw.orbit_diagram(model, "W[0,0]", (-3.5, -2.5), values=5)
    np.testing.assert_array_equal(narrow.points, wide.points[2:7])


def test_starts_follow_the_seed():
    model, line = systems.lozi_map(), ("W[0,0]", (-3.4, -3.0))
    first, same, other = (sw.orbit_diagram(model, *line, values=3, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.points, same.points)
    assert not np.array_equal(first.points, other.points, equal_nan=True)
    assert (first.seed, other.seed) == (1, 2)
    given = sw.orbit_diagram(model, *line, values=3, starts=[0.1, 0.1])
    assert given.seed is None
    assert given.points.shape[1] == 1


def test_starts_come_in_opposite_pairs_near_and_far():
    starts = unit_starts(400, 3, 0)
    np.testing.assert_array_equal(starts[::2], -starts[1::2])
    sizes = np.sqrt(np.mean(starts[::2] ** 2, axis=1))
    for count in (16, 200):
        places = np.sort(np.log(sizes[:count] / NEAREST) / np.log(FARTHEST / NEAREST))
        np.testing.assert_allclose(places, (np.arange(count) + 0.5) / count, atol=2.0 / count)
    np.testing.assert_array_equal(unit_starts(5, 3, 0), starts[:5])


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_a_network_of_another_size_has_the_same_diagram(size):
    model = systems.lozi_map()
    scaled = model.replace({"h": size * model["h"]})
    base = sw.orbit_diagram(model, "W[0,0]", (-3.0, -1.0), values=21, transient=200, kept=20)
    other = sw.orbit_diagram(scaled, "W[0,0]", (-3.0, -1.0), values=21, transient=200, kept=20)
    np.testing.assert_array_equal(other.diverged, base.diverged)
    np.testing.assert_array_equal(other.periods, base.periods)
    settled = base.periods > 0
    assert settled.any()
    lowest = [np.sort(d.points[settled], axis=1)[:, 0] for d in (base, other)]
    np.testing.assert_allclose(lowest[1], size * lowest[0], rtol=1e-6)


# What is seen ---------------------------------------------------------------------------------


def test_two_attractors_at_one_value():
    diagram = sw.orbit_diagram(step_model(), "h1[0]", (-2.5, 0.5), values=31, transient=300)
    ends = np.sort(np.round(diagram.points[:, :, -1, 0], 9), axis=1)
    # Both plateaus map into themselves as long as -1 + offset < -1/2 and 1 + offset > 1/2.
    offsets = diagram.values + 1.0
    both = np.abs(offsets) < 0.5 - 1e-9
    np.testing.assert_allclose(ends[both, 0], offsets[both] - 1.0, atol=1e-9)
    np.testing.assert_allclose(ends[both, -1], offsets[both] + 1.0, atol=1e-9)
    alone = np.abs(offsets) > 0.5 + 1e-9
    assert both.sum() == 9
    assert (np.ptp(ends[alone], axis=1) < 1e-6).all()
    assert (diagram.periods[both] == 1).all()


@pytest.mark.parametrize(
    ("model", "weight", "period"),
    [
        (systems.sixteen_cycle(), "W[0,1]", 16),
        (systems.eighty_cycle(), "W[0,1]", 0),  # longer than the longest that is looked for
        (systems.two_cycle(), "A[0,0]", 2),
        (systems.skew_tent_map(0.5, -1.2), "A[0]", 2),
        (systems.lozi_map(), "A[0,0]", 0),
        (sw.PLRNN([[0.6, -0.8], [0.8, 0.6]], np.zeros((2, 2)), [0.1, 0.0]), "h[1]", 0),
    ],
    ids=["16-cycle", "80-cycle", "2-cycle", "tent 2-cycle", "chaos", "rotation"],
)
def test_periods(model, weight, period):
    here = model[weight]
    diagram = sw.orbit_diagram(
        model, weight, (here, here + 1e-6), values=2, transient=5000, starts=[[0.1, 0.1][: model.M]]
    )
    assert diagram.periods[0, 0] == period


def test_no_period_from_too_few_points():
    model = systems.sixteen_cycle()
    line = "W[0,1]", (model["W[0,1]"], 0.0)
    given = {"values": 2, "transient": 5000, "starts": [0.1, 0.1]}
    assert sw.orbit_diagram(model, *line, kept=16, **given).periods[0, 0] == 0
    assert sw.orbit_diagram(model, *line, kept=17, **given).periods[0, 0] == 16


def test_orbits_that_diverge_are_marked_and_the_others_are_not():
    # Right of the unstable fixed point 2 everything grows, left of it all ends at the stable one.
    model = sw.PLRNN([0.5], [[1.0]], [-1.0])
    diagram = sw.orbit_diagram(
        model, "h[0]", (-1.0, -0.9), values=2, starts=[[-5.0], [1.9], [2.1], [0.5], [100.0]]
    )
    np.testing.assert_array_equal(diagram.diverged[0], [False, False, True, False, True])
    assert np.isnan(diagram.points[0, [2, 4]]).all()
    np.testing.assert_allclose(diagram.points[0, [0, 1, 3]], -2.0, atol=1e-12)
    np.testing.assert_array_equal(diagram.periods[0], [1, 1, 0, 1, 0])


def test_all_orbits_may_diverge():
    diagram = sw.orbit_diagram(sw.PLRNN([3.0], [[0.0]], [1.0]), "h[0]", (1.0, 2.0), values=3)
    assert diagram.diverged.all()
    assert np.isnan(diagram.points).all()
    assert diagram.limits() == (-1.0, 1.0)
    assert diagram.image().max() == 0.0


def test_a_bias_of_zero_everywhere_has_a_scale_too():
    diagram = sw.orbit_diagram(
        sw.PLRNN([0.5], [[0.2]], [0.0]), "W[0,0]", (-0.3, 0.3), values=3, transient=10_000
    )
    np.testing.assert_array_equal(diagram.periods, 1)
    np.testing.assert_array_equal(diagram.points, 0.0)


# Coarse first, cancellation, errors -----------------------------------------------------------


@pytest.mark.parametrize("values", [2, 8, 9, 301])
def test_the_coarse_diagram_comes_first_and_the_last_one_is_whole(values):
    model, line = systems.lozi_map(), ("W[0,0]", (-3.4, -2.0))
    coarse, whole = orbit_diagrams(model, *line, values=values, transient=100, kept=10)
    direct = sw.orbit_diagram(model, *line, values=values, transient=100, kept=10)
    for name in ("values", "points", "diverged", "periods"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(direct, name))
        np.testing.assert_array_equal(getattr(coarse, name), getattr(direct, name)[::8])


def test_the_coarse_diagram_is_not_changed_by_the_finer_one():
    model = systems.lozi_map()
    diagrams = orbit_diagrams(model, "W[0,0]", (-3.4, -2.0), values=33)
    coarse = next(diagrams)
    before = coarse.points.copy()
    next(diagrams)
    np.testing.assert_array_equal(coarse.points, before)


def test_progress_runs_to_the_end():
    seen = []
    sw.orbit_diagram(
        systems.lozi_map(),
        "W[0,0]",
        (-3.4, -2.0),
        values=70,
        transient=10,
        progress=lambda *done: seen.append(done),
    )
    assert seen[-1] == (70, 70)
    assert seen == sorted(set(seen))


def test_a_set_flag_stops_at_once():
    flag = new_flag()
    flag[0] = 1
    with pytest.raises(Cancelled):
        sw.orbit_diagram(systems.lozi_map(), "W[0,0]", (-3.4, -2.0), cancel=flag)
    with pytest.raises(Cancelled):
        next(orbit_diagrams(systems.lozi_map(), "W[0,0]", (-3.4, -2.0), cancel=flag))


def test_a_flag_set_by_another_thread_stops_soon():
    flag, ended = new_flag(), {}
    arguments = systems.lozi_map(), "W[0,0]", (-3.4, -2.0)
    sw.orbit_diagram(*arguments, values=2, transient=1)  # compiled outside of the measured time

    def work():
        try:
            sw.orbit_diagram(*arguments, transient=10_000_000, starts=[0.1, 0.1], cancel=flag)
        except Cancelled:
            ended["cancelled"] = True
        ended["at"] = time.perf_counter()

    worker = threading.Thread(target=work)
    worker.start()
    time.sleep(0.1)  # runs only while the kernel has let go of the interpreter's lock
    flag[0] = 1
    set_at = time.perf_counter()
    worker.join(timeout=30)
    assert ended.get("cancelled")
    assert ended["at"] - set_at < 1.0  # the whole diagram takes more than ten


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "message"),
    [
        (("W[9,9]", (0, 1)), {}, KeyError, "does not exist"),
        (("W[0,0]",), {}, TypeError, "range of W"),
        (("W[0,0]", (1, 0)), {}, ValueError, "lo < hi"),
        (("W[0,0]", (0, 1)), {"values": 1}, ValueError, "values must be at least 2"),
        (("W[0,0]", (0, 1)), {"values": 3.0}, TypeError, "values must be"),
        (("W[0,0]", (0, 1)), {"kept": 0}, ValueError, "kept must be at least 1"),
        (("W[0,0]", (0, 1)), {"transient": -1}, ValueError, "transient must be"),
        (("W[0,0]", (0, 1)), {"starts": 0}, ValueError, "starts must be at least 1"),
        (("W[0,0]", (0, 1)), {"starts": 2.5}, TypeError, "starts must be a whole"),
        (("W[0,0]", (0, 1)), {"starts": [1.0]}, ValueError, "starts must have shape"),
        (("W[0,0]", (0, 1)), {"coordinate": 2}, ValueError, "coordinate must be between"),
        (("W[0,0]", (0, 1)), {"seed": -1}, ValueError, "seed must be"),
    ],
)
def test_wrong_arguments(arguments, settings, error, message):
    with pytest.raises(error, match=message):
        sw.orbit_diagram(systems.lozi_map(), *arguments, **settings)


def test_a_diagram_cannot_be_changed():
    diagram = sw.orbit_diagram(systems.lozi_map(), "h[0]", (0.5, 1.0), values=2, kept=2)
    assert isinstance(diagram, OrbitDiagram)
    with pytest.raises(AttributeError):
        diagram.values = np.zeros(2)
    with pytest.raises(ValueError, match="read-only"):
        diagram.points[0] = 0.0
