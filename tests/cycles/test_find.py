"""`find_cycles`: published cases, bad input, stopping early, growth beyond all bounds."""

from __future__ import annotations

import csv
import json
import math
import re
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.cycles.search import search

DATA = Path(__file__).parents[1] / "data"
CASES = json.loads((DATA / "cycle_cases.json").read_text())["cases"]
with (DATA / "two_cycle_exact.csv").open(newline="") as rows:
    TWO_CYCLES = [{key: float(text) for key, text in row.items()} for row in csv.DictReader(rows)]
SEEDS = range(20)
METHODS = ["search", "auto", "complete"]
HAS_CPU_CLOCK = hasattr(time, "pthread_getcpuclockid")  # of another thread: not on all systems


def tent_map() -> sw.PLRNN:
    """z' = 1 - 2 |z|: every word over two letters is the word of a cycle or a repetition."""
    return sw.PLRNN(A=[2.0], W=[[-4.0]], h=[1.0])


def chaotic_network(M: int) -> sw.PLRNN:
    rng = np.random.default_rng(12)
    return sw.PLRNN(rng.uniform(-1, 1, M), rng.normal(size=(M, M)), rng.normal(size=M))


# Known answers ------------------------------------------------------------------------------------


def assert_published(case, cycles):
    counts = {int(order): count for order, count in case["counts"].items()}
    found = {order: len(cycles.of_order(order)) for order in counts if order <= cycles.max_order}
    assert found == {order: counts[order] for order in found}
    longest = cycles.of_order(max((order for order, count in found.items() if count), default=0))
    if "spectral_radii" in case and longest:
        for cycle, printed in zip(longest, case["spectral_radii"], strict=True):
            decimals = len(printed.partition(".")[2])
            assert round(cycle.spectral_radius, decimals) == float(printed)
    if len(longest) == 2:
        assert longest[0].stability == "stable"
        assert longest[1].stability in ("saddle", "unstable")
    if "fixed_point" in case:
        assert longest[0].points[0].round(2).tolist() == case["fixed_point"]
    for cycle in cycles:
        assert cycle.residual <= 1e-12 * np.abs(cycle.points).max()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_published_case_by_search(case, seed):
    model = getattr(sw, case["model"])(**case["parameters"])
    cycles = sw.find_cycles(model, max(map(int, case["counts"])), method="search", seed=seed)
    assert_published(case, cycles)
    assert cycles.complete_up_to == 0


@pytest.mark.parametrize("method", ["auto", "complete"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_published_case_proved(case, method):
    model = getattr(sw, case["model"])(**case["parameters"])
    # Ten units are too many for a proof of order 10 in a test.
    max_order = max(map(int, case["counts"])) if model.M <= 2 else 4
    cycles = sw.find_cycles(model, max_order, method=method)
    assert_published(case, cycles)
    assert cycles.complete_up_to == max_order
    assert cycles.statement.startswith(f"complete to order {max_order}, proved")


def test_published_case_of_ten_units_by_the_default():
    (case,) = (case for case in CASES if case["name"] == "plrnn_10d_order10")
    cycles = sw.find_cycles(getattr(sw, case["model"])(**case["parameters"]), 10)
    assert_published(case, cycles)
    assert 1 <= cycles.complete_up_to < 10
    assert cycles.statement == f"proved to order {cycles.complete_up_to}, searched to 10"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_all_orders_of_two_states_to_eighty(case):
    model = getattr(sw, case["model"])(**case["parameters"])
    if model.M > 2 or model.H > 2:
        pytest.skip("of two states and two units only")
    counts = {int(order): count for order, count in case["counts"].items()}
    cycles = sw.find_cycles(model, 80, method="complete")
    assert cycles.complete_up_to == 80
    assert {order: len(cycles.of_order(order)) for order in counts} == counts
    lower = sw.find_cycles(model, max(counts), method="complete")
    assert list(lower) == [cycle for cycle in cycles if cycle.order <= max(counts)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("row", TWO_CYCLES, ids=lambda row: f"a_l={row['a_l']:.4f}")
def test_two_cycle_of_the_paper(row, method):
    left, right = np.array([row["a_l"], -0.4]), np.array([-1.5, 0.5])
    A = np.column_stack([left, [0.8, 0.2]])
    W = np.column_stack([right - left, [0.0, 0.0]])
    cycles = sw.find_cycles(sw.PLRNN(A, W, [0.214, 0.0]), 2, method=method)
    (fixed_point,) = cycles.of_order(1)
    (cycle,) = cycles.of_order(2)
    assert cycles.complete_up_to == (0 if method == "search" else 2)

    np.testing.assert_allclose(fixed_point.points[0], [row["fp_1"], row["fp_2"]], rtol=1e-12)
    exact = [[row["zL_1"], row["zL_2"]], [row["zR_1"], row["zR_2"]]]
    points = cycle.points[np.argsort(cycle.points[:, 0])]
    np.testing.assert_allclose(points, exact, rtol=1e-12)
    eigenvalues = np.sort([row["lambda_1"], row["lambda_2"]])
    np.testing.assert_allclose(np.sort(cycle.eigenvalues.real), eigenvalues, rtol=0, atol=1e-12)
    assert not cycle.eigenvalues.imag.any()


@pytest.mark.parametrize("method", METHODS)
def test_tent_map_has_as_many_cycles_as_necklaces(method):
    cycles = sw.find_cycles(tent_map(), 9, method=method)
    assert cycles.counts == {1: 2, 2: 1, 3: 2, 4: 3, 5: 6, 6: 9, 7: 18, 8: 30, 9: 56}


def test_more_cycles_than_there_is_room_for(monkeypatch):
    roomy = sw.find_cycles(tent_map(), 10, method="search")
    assert len(roomy.of_order(10)) > search.FIRST_CAPACITY
    monkeypatch.setattr(search, "FIRST_CAPACITY", 2)
    assert sw.find_cycles(tent_map(), 10, method="search").cycles == roomy.cycles


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_answer(method):
    first, second = (sw.find_cycles(chaotic_network(4), 6, method=method, seed=3) for _ in range(2))
    assert len(first) > 3
    assert [cycle.key for cycle in first] == [cycle.key for cycle in second]
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.points, other.points)
        np.testing.assert_array_equal(one.eigenvalues, other.eigenvalues)


@pytest.mark.parametrize("method", METHODS)
def test_asking_for_more_orders_does_not_change_the_lower_ones(method):
    few, many = (
        sw.find_cycles(chaotic_network(4), order, method=method, seed=3) for order in (3, 6)
    )
    assert few.cycles == tuple(cycle for cycle in many if cycle.order <= 3)


def test_the_search_finds_nothing_that_the_enumeration_excludes():
    for M in (1, 2, 3, 4):
        model = chaotic_network(M)
        searched, complete = (sw.find_cycles(model, 6, method=m) for m in ("search", "complete"))
        assert complete.complete_up_to == 6
        assert set(searched) <= set(complete)


def test_what_a_searched_set_says_about_itself():
    cycles = sw.find_cycles(chaotic_network(3), 4, method="search", seed=7)
    assert (cycles.max_order, cycles.searched_up_to, cycles.complete_up_to) == (4, 4, 0)
    assert (cycles.method, cycles.seed, cycles.stopped) == ("search", 7, None)
    assert (cycles.certificate, cycles.radius) == (None, 0.0)
    assert cycles.seconds > 0
    assert cycles.statement == "search to order 4, not proved"


@pytest.mark.parametrize(("method", "seed"), [("complete", None), ("auto", 7)])
@pytest.mark.parametrize("M", [2, 3])
def test_what_a_proved_set_says_about_itself(method, seed, M):
    cycles = sw.find_cycles(chaotic_network(M), 4, method=method, seed=7)
    assert (cycles.max_order, cycles.searched_up_to, cycles.complete_up_to) == (4, 4, 4)
    assert (cycles.method, cycles.seed, cycles.stopped) == (method, seed, None)
    assert cycles.seconds > 0
    assert re.fullmatch(
        r"complete to order 4, proved for \|z\| up to [1-9]e\+\d\d", cycles.statement
    )
    assert float(cycles.statement.rpartition(" ")[2]) <= cycles.radius
    assert cycles.radius >= 2 * max(np.abs(cycle.points).max() for cycle in cycles)
    verification = sw.verify(chaotic_network(M), cycles)
    assert verification.ok, verification.reasons
    assert verification.complete_up_to == 4


@pytest.mark.parametrize("method", METHODS)
def test_progress_is_reported_after_every_order(method):
    calls = []
    sw.find_cycles(chaotic_network(3), 3, method=method, progress=lambda *call: calls.append(call))
    assert calls == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("method", ["auto", "complete"])
def test_progress_of_all_orders_in_one_pass(method):
    # Two states: orders are finished together, so that some are passed over.
    calls = []
    sw.find_cycles(tent_map(), 12, method=method, progress=lambda *call: calls.append(call))
    assert calls[-1] == (12, 12)
    assert calls == sorted(set(calls))


def test_progress_goes_on_from_the_enumeration_to_the_search():
    calls = []
    cycles = sw.find_cycles(
        chaotic_network(6), 5, node_limit=60, progress=lambda *call: calls.append(call)
    )
    assert 0 < cycles.complete_up_to < 5
    assert calls == [(order, 5) for order in range(1, 6)]


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
        (
            {"method": "magic"},
            ValueError,
            "method must be one of auto, complete, search, got 'magic'",
        ),
        ({"node_limit": 0}, ValueError, "node_limit must be at least 1, got 0"),
        ({"node_limit": 1.5}, TypeError, "node_limit must be a whole number, got 1.5"),
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


def hopeless_requests() -> dict[str, tuple[sw.Model, int]]:
    """Return requests that no method can finish: model and order."""
    return {
        "M = 50, k = 20": (chaotic_network(50), 20),
        "M = 10, k = 1000": (chaotic_network(10), 1000),
        "M = 5, k = 300": (chaotic_network(5), 300),
        "tent map, k = 60": (tent_map(), 60),
        "M = 2, k = 100": (sw.PLRNN([2.0, 1.5], [[-4.0, 0.3], [0.2, -3.0]], [1.0, 0.7]), 100),
    }


@pytest.mark.parametrize("name", hopeless_requests())
@pytest.mark.parametrize("method", METHODS)
def test_time_limit_of_a_hopeless_request(name, method):
    model, max_order = hopeless_requests()[name]
    limit = 0.5
    sw.find_cycles(model, 1, method=method)  # loads the kernels
    started = time.monotonic()
    cycles = sw.find_cycles(model, max_order, method=method, time_limit=limit)
    seconds = time.monotonic() - started
    last = cycles.searched_up_to + 1
    assert cycles.complete_up_to <= cycles.searched_up_to < max_order
    assert cycles.stopped == f"the time limit of {limit:g} s was reached in order {last}"
    assert cycles.statement.endswith(cycles.stopped)
    # What is found is kept, and true.
    assert max((cycle.order for cycle in cycles), default=1) <= max_order
    if cycles.complete_up_to:
        up_to = cycles.complete_up_to
        again = sw.find_cycles(model, min(up_to, 2), method="complete")
        assert set(again) == {cycle for cycle in cycles if cycle.order <= min(up_to, 2)}
    assert seconds < limit + 0.5


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("time_limit", [60, 1e300, math.inf, np.float64(60)])
def test_time_limit_that_is_not_reached(time_limit, method):
    cycles = sw.find_cycles(tent_map(), 2, method=method, time_limit=time_limit)
    assert cycles.stopped is None
    assert cycles.searched_up_to == 2


@pytest.mark.parametrize("method", ["auto", "complete"])
@pytest.mark.parametrize("M", [2, 4])
def test_node_limit(method, M):
    model = chaotic_network(M) if M > 2 else tent_map()
    whole = sw.find_cycles(model, 9 if M == 2 else 6, method="complete")
    proved_to = []
    for node_limit in (1, 10, 100, 1000, 10**7):
        cycles = sw.find_cycles(model, whole.max_order, method=method, node_limit=node_limit)
        proved_to.append(cycles.complete_up_to)
        assert set(cycles) <= set(whole)
        for order in range(1, cycles.complete_up_to + 1):
            assert cycles.of_order(order) == whole.of_order(order)
        if cycles.complete_up_to < whole.max_order and method == "complete":
            order = cycles.complete_up_to + 1
            assert cycles.stopped == f"the limit of the enumeration was reached in order {order}"
        else:
            assert cycles.stopped is None
        verification = sw.verify(model, cycles)
        assert verification.ok, verification.reasons
        assert verification.complete_up_to == cycles.complete_up_to
    assert proved_to == sorted(proved_to)
    assert proved_to[0] < proved_to[-2] or proved_to[-2] == whole.max_order
    assert proved_to[-1] == whole.max_order


@dataclass(frozen=True)
class Delay:
    """Seconds from setting a flag until the work ends, and its thread's CPU time meanwhile."""

    wall: float
    cpu: float


def cancelled_after(model, max_order, method, order) -> tuple[sw.CycleSet, Delay]:
    """Return what is found until a flag is set once an order is reached, and the delay."""
    flag, working, answer, ended = new_flag(), threading.Event(), [], []

    def work():
        cycles = sw.find_cycles(
            model,
            max_order,
            method=method,
            cancel=flag,
            time_limit=600.0,
            progress=lambda reached, _: reached >= order and working.set(),
        )
        ended.append((time.perf_counter(), time.thread_time()))
        answer.append(cycles)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert working.wait(60)
    time.sleep(0.01)  # into the next order
    clock = time.pthread_getcpuclockid(thread.ident) if HAS_CPU_CLOCK else None
    cancelled, used = time.perf_counter(), time.clock_gettime(clock) if HAS_CPU_CLOCK else 0.0
    flag[0] = 1
    thread.join(30)
    wall = ended[0][0] - cancelled
    return answer[0], Delay(wall, ended[0][1] - used if HAS_CPU_CLOCK else wall)


@pytest.mark.parametrize(
    ("method", "model", "order"),
    [
        ("search", chaotic_network(10), 3),
        ("auto", chaotic_network(10), 2),
        ("complete", chaotic_network(10), 2),
        ("complete", chaotic_network(40), 1),
        ("complete", tent_map(), 10),
        ("auto", tent_map(), 10),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_cancel_from_another_thread(method, model, order):
    max_order = 1000 if model.M > 1 else 40
    delays = []
    for _ in range(7):
        cycles, delay = cancelled_after(model, max_order, method, order)
        delays.append(delay)
        assert order <= cycles.searched_up_to < max_order
        assert cycles.stopped == f"cancelled in order {cycles.searched_up_to + 1}"
        if method == "complete":
            assert cycles.complete_up_to == cycles.searched_up_to
    # Of a free machine 10 ms are promised: that is what the thread itself needs. Others use this
    # one as well, so the delay is longer; it also counts what the thread would wait for.
    assert np.median([delay.cpu for delay in delays]) < 0.01, delays
    assert np.median([delay.wall for delay in delays]) < 0.05, delays


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("M", [1, 3])
def test_cancelled_before_it_began(method, M):
    flag = new_flag()
    flag[0] = 1
    cycles = sw.find_cycles(chaotic_network(M), 3, method=method, cancel=flag)
    assert len(cycles) == cycles.complete_up_to == 0
    assert cycles.certificate is None
    assert cycles.statement == "search to order 0, not proved; cancelled in order 1"


@pytest.mark.parametrize("method", METHODS)
def test_a_time_limit_leaves_the_callers_flag_alone(method):
    flag = new_flag()
    sw.find_cycles(chaotic_network(10), 1000, method=method, time_limit=0.01, cancel=flag)
    assert flag[0] == 0


WATCH_THE_CLOCK = """
import sys
from contextlib import contextmanager
import scyfi_widgets as sw
from scyfi_widgets.cancellation import expiring_flag
from scyfi_widgets.cycles import automatic, find

def kernels():
    modules = [module for name, module in sys.modules.items() if name.startswith("scyfi_widgets")]
    found = [x for module in modules for x in vars(module).values()]
    signatures = [(x, getattr(x, "signatures", None)) for x in found]
    return {x.__name__: len(types) for x, types in signatures if isinstance(types, list)}

@contextmanager
def watched(seconds):
    before = kernels()
    with expiring_flag(seconds) as expired:
        yield expired
    assert sum(before.values()) > 2  # those that were loaded before the clock ran
    print("clock", *(name for name, number in kernels().items() if number > before.get(name, 0)))

automatic.expiring_flag = find.expiring_flag = watched
"""


@pytest.mark.parametrize(
    ("method", "model", "clocks"),
    [
        ("auto", tent_map(), 2),
        ("auto", chaotic_network(5), 2),
        ("complete", chaotic_network(5), 1),
        ("search", chaotic_network(5), 1),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_no_time_limit_counts_the_loading_of_kernels(method, model, clocks, tmp_path):
    call = f"sw.find_cycles({model.to_code()}, 30, method={method!r}, time_limit=0.6)"
    output = subprocess.run(
        [sys.executable, "-c", f"{WATCH_THE_CLOCK}\n{call}"],
        cwd=tmp_path,  # elsewhere it would compile the package of the checkout
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    ).stdout
    assert output.splitlines() == ["clock"] * clocks


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


@pytest.mark.parametrize("method", ["search", "complete"])
@pytest.mark.parametrize("model", [*VIOLENT, *SINGULAR], ids=lambda model: model.to_code()[:60])
def test_never_raises_or_warns(model, method):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cycles = sw.find_cycles(model, 5, method=method, time_limit=10.0)
        text = repr(cycles) + cycles._repr_html_()
    assert "nan" not in text
    for cycle in cycles:
        assert np.isfinite(cycle.points).all()
        assert not np.isnan(cycle.eigenvalues).any()
        assert np.all(cycle.log_moduli < np.inf)
    assert cycles.stopped is None or re.search(r" in order [1-5]$", cycles.stopped)


@pytest.mark.parametrize("method", ["search", "complete"])
def test_no_false_report_at_violent_growth(method):
    # Around these cycles an error grows by up to 1e17: the explicit product keeps no digit. The
    # second network has more than 200,000 cycles of order 11.
    for seed, most in ((1, 12), (2, 7), (3, 12)):
        max_order = most if method == "search" else 7
        rng = np.random.default_rng(seed)
        model = sw.PLRNN(
            4.5 * rng.uniform(-1, 1, 3), 11.5 * rng.normal(size=(3, 3)), rng.normal(size=3)
        )
        cycles = sw.find_cycles(model, max_order, method=method, time_limit=20.0)
        assert cycles.stopped is None
        assert cycles.complete_up_to == (max_order if method == "complete" else 0)
        for cycle in cycles:
            np.testing.assert_array_equal(model.region(cycle.points), cycle.word)
            images = model.step(cycle.points)
            np.testing.assert_allclose(
                images, np.roll(cycle.points, -1, axis=0), atol=1e-10 * np.abs(cycle.points).max()
            )
