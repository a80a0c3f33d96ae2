"""`find_cycles`: published cases, bad input, stopping early, growth beyond all bounds."""

from __future__ import annotations

import csv
import json
import math
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles import search

DATA = Path(__file__).parents[1] / "data"
CASES = json.loads((DATA / "cycle_cases.json").read_text())["cases"]
with (DATA / "two_cycle_exact.csv").open(newline="") as rows:
    TWO_CYCLES = [{key: float(text) for key, text in row.items()} for row in csv.DictReader(rows)]
SEEDS = range(20)


def tent_map() -> sw.PLRNN:
    """z' = 1 - 2 |z|: every word over two letters is the word of a cycle or a repetition."""
    return sw.PLRNN(A=[2.0], W=[[-4.0]], h=[1.0])


def chaotic_network(M: int) -> sw.PLRNN:
    rng = np.random.default_rng(12)
    return sw.PLRNN(rng.uniform(-1, 1, M), rng.normal(size=(M, M)), rng.normal(size=M))


# Known answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_published_case(case, seed):
    model = getattr(sw, case["model"])(**case["parameters"])
    counts = {int(order): count for order, count in case["counts"].items()}
    cycles = sw.find_cycles(model, max(counts), seed=seed)
    assert {order: len(cycles.of_order(order)) for order in counts} == counts
    longest = cycles.of_order(max(order for order, count in counts.items() if count))
    if "spectral_radii" in case:
        for cycle, printed in zip(longest, case["spectral_radii"], strict=True):
            decimals = len(printed.partition(".")[2])
            assert round(cycle.spectral_radius, decimals) == float(printed)
    if len(longest) == 2:
        assert longest[0].stability == "stable"
        assert longest[1].stability in ("saddle", "unstable")
    if "fixed_point" in case:
        assert longest[0].points[0].round(2).tolist() == case["fixed_point"]


@pytest.mark.parametrize("row", TWO_CYCLES, ids=lambda row: f"a_l={row['a_l']:.4f}")
def test_two_cycle_of_the_paper(row):
    left, right = np.array([row["a_l"], -0.4]), np.array([-1.5, 0.5])
    A = np.column_stack([left, [0.8, 0.2]])
    W = np.column_stack([right - left, [0.0, 0.0]])
    cycles = sw.find_cycles(sw.PLRNN(A, W, [0.214, 0.0]), 2)
    (fixed_point,) = cycles.of_order(1)
    (cycle,) = cycles.of_order(2)

    np.testing.assert_allclose(fixed_point.points[0], [row["fp_1"], row["fp_2"]], rtol=1e-12)
    exact = [[row["zL_1"], row["zL_2"]], [row["zR_1"], row["zR_2"]]]
    points = cycle.points[np.argsort(cycle.points[:, 0])]
    np.testing.assert_allclose(points, exact, rtol=1e-12)
    eigenvalues = np.sort([row["lambda_1"], row["lambda_2"]])
    np.testing.assert_allclose(np.sort(cycle.eigenvalues.real), eigenvalues, rtol=0, atol=1e-12)
    assert not cycle.eigenvalues.imag.any()


def test_tent_map_has_as_many_cycles_as_necklaces():
    counts = sw.find_cycles(tent_map(), 9).counts
    assert counts == {1: 2, 2: 1, 3: 2, 4: 3, 5: 6, 6: 9, 7: 18, 8: 30, 9: 56}


def test_more_cycles_than_there_is_room_for(monkeypatch):
    roomy = sw.find_cycles(tent_map(), 10)
    assert len(roomy.of_order(10)) > search.FIRST_CAPACITY
    monkeypatch.setattr(search, "FIRST_CAPACITY", 2)
    assert sw.find_cycles(tent_map(), 10).cycles == roomy.cycles


def test_the_same_seed_gives_the_same_answer():
    first, second = (sw.find_cycles(chaotic_network(4), 6, seed=3) for _ in range(2))
    assert len(first) > 3
    assert [cycle.key for cycle in first] == [cycle.key for cycle in second]
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.points, other.points)
        np.testing.assert_array_equal(one.eigenvalues, other.eigenvalues)


def test_asking_for_more_orders_does_not_change_the_lower_ones():
    few, many = (sw.find_cycles(chaotic_network(4), order, seed=3) for order in (3, 6))
    assert few.cycles == tuple(cycle for cycle in many if cycle.order <= 3)


def test_what_the_set_says_about_itself():
    cycles = sw.find_cycles(chaotic_network(3), 4, method="search", seed=7)
    assert (cycles.max_order, cycles.searched_up_to, cycles.complete_up_to) == (4, 4, 0)
    assert (cycles.method, cycles.seed, cycles.stopped) == ("search", 7, None)
    assert cycles.seconds > 0
    assert cycles.statement == "search to order 4, not proved"


def test_progress_is_reported_after_every_order():
    calls = []
    sw.find_cycles(tent_map(), 3, progress=lambda *call: calls.append(call))
    assert calls == [(1, 3), (2, 3), (3, 3)]


# Bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"max_order": 0}, ValueError, "max_order must be at least 1, got 0"),
        ({"max_order": -1}, ValueError, "max_order must be at least 1, got -1"),
        ({"max_order": 1.5}, TypeError, "max_order must be a whole number, got 1.5"),
        ({"max_order": True}, TypeError, "max_order must be a whole number, got True"),
        ({"max_order": "3"}, TypeError, "max_order must be a whole number, got '3'"),
        ({"max_order": None}, TypeError, "max_order must be a whole number, got None"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"seed": 0.5}, TypeError, "seed must be a whole number, got 0.5"),
        ({"method": "magic"}, ValueError, r"method must be 'auto' or one of \['search'\].*'magic'"),
        ({"time_limit": 0}, ValueError, "time_limit must be a positive number of seconds, got 0"),
        ({"time_limit": -1.0}, ValueError, "time_limit must be a positive number"),
        ({"time_limit": math.nan}, ValueError, "time_limit must be a positive number.*nan"),
        ({"time_limit": "3"}, TypeError, "time_limit must be a number of seconds, got '3'"),
        ({"time_limit": True}, TypeError, "time_limit must be a number of seconds, got True"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        sw.find_cycles(tent_map(), **arguments)


@pytest.mark.parametrize("model", [None, np.eye(2), "PLRNN", sw.PLRNN])
def test_not_a_model(model):
    with pytest.raises(TypeError, match="model must be a network such as PLRNN, got"):
        sw.find_cycles(model, 1)


def test_numpy_integers_are_whole_numbers():
    assert sw.find_cycles(tent_map(), np.int64(2), seed=np.uint32(1)).counts == {1: 2, 2: 1}


# Stopping early -----------------------------------------------------------------------------------


def test_time_limit_of_a_hopeless_order():
    started = time.monotonic()
    cycles = sw.find_cycles(chaotic_network(10), 1000, time_limit=0.3)
    assert time.monotonic() - started < 5.0
    assert 0 < cycles.searched_up_to < 1000
    last = cycles.searched_up_to + 1
    assert cycles.stopped == f"the time limit of 0.3 s was reached in order {last}"
    assert cycles.statement.endswith(cycles.stopped)
    assert max((cycle.order for cycle in cycles), default=1) <= last


@pytest.mark.parametrize("time_limit", [60, 1e300, math.inf, np.float64(60)])
def test_time_limit_that_is_not_reached(time_limit):
    cycles = sw.find_cycles(tent_map(), 2, time_limit=time_limit)
    assert cycles.stopped is None
    assert cycles.searched_up_to == 2


@pytest.mark.parametrize("time_limit", [None, 600.0])
def test_cancel_from_another_thread(time_limit):
    flag, searching, answer = new_flag(), threading.Event(), []

    def search_for_long():
        answer.append(
            sw.find_cycles(
                chaotic_network(10),
                1000,
                cancel=flag,
                time_limit=time_limit,
                progress=lambda order, _: order == 3 and searching.set(),
            )
        )

    thread = threading.Thread(target=search_for_long, daemon=True)
    thread.start()
    assert searching.wait(60)
    flag[0] = 1
    cancelled = time.monotonic()
    thread.join(30)
    assert time.monotonic() - cancelled < 0.5
    (cycles,) = answer
    assert 3 <= cycles.searched_up_to < 1000
    assert cycles.stopped == f"cancelled in order {cycles.searched_up_to + 1}"


def test_cancelled_before_it_began():
    flag = new_flag()
    flag[0] = 1
    cycles = sw.find_cycles(tent_map(), 3, cancel=flag)
    assert len(cycles) == 0
    assert cycles.statement == "search to order 0, not proved; cancelled in order 1"


def test_a_time_limit_leaves_the_callers_flag_alone():
    flag = new_flag()
    sw.find_cycles(chaotic_network(10), 1000, time_limit=0.01, cancel=flag)
    assert flag[0] == 0


# Growth beyond all bounds -------------------------------------------------------------------------

HUGE = [1e10, 1e100, 1e150, 1e200, 1e300, 8e307]
VIOLENT = [
    *(sw.PLRNN([w], [[-2 * w]], [0.1]) for w in HUGE),
    *(sw.PLRNN([w, -w], [[0, -w], [w, 0]], [0.1, -0.3]) for w in HUGE),
    *(sw.PLRNN([0.5, 0.3], [[0, -2], [1, 0]], [w, -w]) for w in HUGE),
    *(
        sw.ShallowPLRNN([0.5, 0.3], [[w, -2], [1, w]], [[w, 1], [1, w]], [0.1, -0.2], [w, -w])
        for w in HUGE
    ),
    *(sw.PLRNN([1 + 1 / w, -1], [[0, -2 / w], [1 / w, 0]], [1 / w, -0.3]) for w in HUGE),
]
SINGULAR = [
    sw.PLRNN([1.0], [[0.0]], [0.0]),
    sw.PLRNN([1.0], [[0.0]], [0.5]),
    sw.PLRNN([1.0], [[-2.0]], [0.0]),
    sw.PLRNN([-1.0], [[0.0]], [0.3]),
    sw.PLRNN([1.0, 0.5], [[0, 0], [0, 0]], [0, 0.1]),
    sw.PLRNN([[0, -1], [1, 0]], [[0, 0], [0, 0]], [0.1, 0.2]),
    *(sw.PLRNN([1 - e, 0.3], [[0, -2], [1, 0]], [e / 10, 0.2]) for e in (1e-17, 1e-16, 1e-15)),
]


@pytest.mark.parametrize("model", [*VIOLENT, *SINGULAR], ids=lambda model: model.to_code()[:60])
def test_never_raises_or_warns(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cycles = sw.find_cycles(model, 5)
        text = repr(cycles) + cycles._repr_html_()
    assert "nan" not in text
    for cycle in cycles:
        assert np.isfinite(cycle.points).all()
        assert np.isfinite(cycle.eigenvalues).all()


def test_no_false_report_at_violent_growth():
    # Around these cycles an error grows by up to 1e17: the explicit product keeps no digit.
    for seed in range(1, 4):
        rng = np.random.default_rng(seed)
        model = sw.PLRNN(
            4.5 * rng.uniform(-1, 1, 3), 11.5 * rng.normal(size=(3, 3)), rng.normal(size=3)
        )
        for cycle in sw.find_cycles(model, 12):
            np.testing.assert_array_equal(model.region(cycle.points), cycle.word)
            images = model.step(cycle.points)
            np.testing.assert_allclose(
                images, np.roll(cycle.points, -1, axis=0), atol=1e-10 * np.abs(cycle.points).max()
            )
