"""The live loop, on panes that are only gates: the newest wins, and nothing is left hanging."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import traitlets as tr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scyfi_widgets as sw
from scyfi_widgets.cancellation import Cancelled
from scyfi_widgets.widgets import live as live_module
from scyfi_widgets.widgets import loop as loop_module
from scyfi_widgets.widgets.live import Live, as_live
from scyfi_widgets.widgets.scene import Scene

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


def model(number: float = 0.0) -> sw.PLRNN:
    return sw.PLRNN(A=[0.5], W=[[-1.0]], h=[float(number)])


def number_of(scene: Scene) -> int:
    return round(scene.model["h[0]"])


class FakePane:
    """Records what the loop does to it; `work` makes the pictures of a scene."""

    def __init__(self, work: Callable[[Scene], Iterator[object]] | None = None):
        self.work = work or (lambda scene: iter(["picture"]))
        self.lock = threading.Lock()
        self.begun: list[int] = []
        self.drawn: list[tuple[int, object]] = []
        self.scenes: list[Scene] = []
        self.errors: list[Exception] = []
        self.stale = 0
        self.running = self.most_running = 0

    def pictures(self, scene: Scene) -> Iterator[object]:
        with self.lock:
            self.begun.append(number_of(scene))
            self.scenes.append(scene)
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        try:
            for picture in self.work(scene):
                yield number_of(scene), picture
        finally:
            with self.lock:
                self.running -= 1

    def draw(self, picture: tuple[int, object]) -> None:
        self.drawn.append(picture)

    def fail(self, error: Exception) -> None:
        self.errors.append(error)

    def set_stale(self) -> None:
        self.stale += 1

    @property
    def numbers(self) -> list[int]:
        return [number for number, _ in self.drawn]


class Gate:
    """Work that ends when it is let go, or cancelled unless it is `stubborn`."""

    def __init__(self, *let_go: int, stubborn: bool = False):
        self.changed = threading.Condition()
        self.let_go = set(let_go)
        self.everything = False
        self.stubborn = stubborn

    def __call__(self, scene: Scene) -> Iterator[object]:
        with self.changed:
            while not (self.everything or number_of(scene) in self.let_go):
                if scene.cancelled and not self.stubborn:
                    raise Cancelled("gate")
                self.changed.wait(0.001)
        yield "picture"

    def open(self, *numbers: int) -> None:
        with self.changed:
            self.let_go.update(numbers)
            self.everything = self.everything or not numbers
            self.changed.notify_all()


@pytest.fixture
def made(monkeypatch) -> Iterator[Callable[..., Live]]:
    """Return a function that makes a Live of panes whose callbacks do not wait; closes them."""
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 0.0)
    monkeypatch.setattr(live_module, "SCRIPT_PATIENCE", 10.0)
    monkeypatch.setattr(loop_module, "REST", 0.0)
    lives = []

    def make(*panes: FakePane, first: float = 0, **given) -> Live:
        live = Live(model(first), **given)
        lives.append(live)
        with live.in_callback(), live.hold():
            for pane in panes:
                live.join(pane)
        return live

    yield make
    for live in lives:
        live.close()


def submit(live: Live, number: float) -> None:
    """Set another model as a slider's callback does: without waiting for the picture."""
    with live.in_callback():
        live.model = model(number)


# The newest wins ----------------------------------------------------------------------------------


def test_nothing_queues_and_the_last_is_drawn(made, until):
    gate = Gate(0)
    pane = FakePane(gate)
    live = made(pane)
    assert live.wait(10)
    for number in range(1, 101):
        submit(live, number)
    assert until(lambda: 100 in pane.begun)
    gate.open()
    assert live.wait(10)
    assert until(lambda: live.drawn + live.dropped == 101)
    assert pane.most_running <= 2
    assert pane.numbers[0] == 0
    assert pane.numbers[-1] == 100
    assert live.drawn == len(pane.drawn) <= 3
    assert live.shown.model == live.model == model(100)
    assert not live.working


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), starving_after=st.sampled_from([-1.0, 0.0, 0.003, 1e9]))
def test_pictures_never_go_back(seed, starving_after):
    """Random lengths of work, stubborn now and then, three panes, two pictures each."""
    chance = random.Random(seed)
    polls = {number: chance.choice([0, 0, 1, 3, 8]) for number in range(31)}
    stubborn = {number for number in range(31) if chance.random() < 0.3}

    def work(scene):
        for part in ("coarse", "fine"):
            for _ in range(polls[number_of(scene)]):
                if scene.cancelled and number_of(scene) not in stubborn:
                    raise Cancelled("work")
                threading.Event().wait(0.0002)
            yield part

    panes = [FakePane(work), FakePane(), FakePane(work)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_module, "CALLBACK_PATIENCE", 0.0002)
        patch.setattr(loop_module, "STARVING_AFTER", starving_after)
        live = Live(model(0))
        try:
            with live.in_callback():
                for pane in panes:
                    live.join(pane)
            for number in range(1, 31):
                submit(live, number)
            assert live.wait(20)
        finally:
            live.close()
    for pane in panes:
        assert pane.numbers == sorted(pane.numbers)
        assert pane.numbers[-1] == 30
        assert pane.most_running <= 2
        assert not pane.errors
    assert live.drawn + live.dropped == 33
    assert live.shown.model == model(30)


def test_stubborn_older_work_does_not_overwrite(made, monkeypatch, until):
    monkeypatch.setattr(loop_module, "STARVING_AFTER", -1.0)
    gate = Gate(stubborn=True)
    pane = FakePane(gate)
    live = made(pane)
    assert until(lambda: 0 in pane.begun)
    submit(live, 1)
    assert until(lambda: 1 in pane.begun)
    gate.open(1)
    assert live.wait(10)
    gate.open(0)
    assert until(lambda: pane.running == 0 and live.drawn + live.dropped == 2)
    assert pane.numbers == [1]
    assert (live.drawn, live.dropped) == (1, 1)
    assert live.shown.model == model(1)


def test_late_error_of_older_work_is_not_shown_over_a_newer_picture(made, monkeypatch, until):
    monkeypatch.setattr(loop_module, "STARVING_AFTER", -1.0)
    gate = Gate(stubborn=True)

    def work(scene):
        yield from gate(scene)
        if number_of(scene) == 0:
            raise RuntimeError("too late")

    pane = FakePane(lambda scene: iter(list(work(scene))))
    live = made(pane)
    assert until(lambda: 0 in pane.begun)
    submit(live, 1)
    gate.open(1)
    assert live.wait(10)
    gate.open(0)
    assert until(lambda: live.drawn + live.dropped == 2)
    assert pane.numbers == [1]
    assert pane.errors == []


def test_pictures_appear_during_a_drag_without_pause(made, monkeypatch, until):
    """Each computation takes three events: cancelled by every event, none would ever end."""
    monkeypatch.setattr(loop_module, "STARVING_AFTER", 0.0)
    events = threading.Semaphore(0)
    passed = [0]

    def work(scene):
        end = passed[0] + 3
        while passed[0] < end:
            if scene.cancelled:
                raise Cancelled("work")
            events.acquire(timeout=0.001)
        yield "picture"

    pane = FakePane(work)
    live = made(pane)
    for number in range(1, 41):
        submit(live, number)
        assert until(lambda n=number: n in pane.begun)
        passed[0] += 1
        events.release()
    during = len(pane.drawn)
    passed[0] += 3
    assert live.wait(10)
    assert during >= 5
    assert pane.numbers == sorted(pane.numbers)
    assert pane.numbers[-1] == 40


def test_without_starvation_older_work_is_cancelled(made, monkeypatch, until):
    monkeypatch.setattr(loop_module, "STARVING_AFTER", 1e9)
    gate = Gate(1)
    pane = FakePane(gate)
    live = made(pane)
    assert until(lambda: 0 in pane.begun)
    submit(live, 1)
    assert live.wait(10)
    assert until(lambda: live.dropped == 1)
    assert pane.scenes[0].cancelled
    assert pane.numbers == [1]


def test_protected_older_work_ends_once_a_newer_picture_is_complete(made, monkeypatch, until):
    monkeypatch.setattr(loop_module, "STARVING_AFTER", -1.0)
    gate = Gate()
    pane = FakePane(gate)
    live = made(pane)
    assert until(lambda: 0 in pane.begun)
    submit(live, 1)
    assert until(lambda: 1 in pane.begun)
    assert not pane.scenes[0].cancelled
    gate.open(1)
    assert live.wait(10)
    assert until(lambda: live.dropped == 1)
    assert pane.scenes[0].cancelled
    assert pane.numbers == [1]


# Coarse and fine ----------------------------------------------------------------------------------


def test_coarse_pictures_of_all_panes_come_before_fine_ones(made):
    order = []

    class Ordered(FakePane):
        def draw(self, picture):
            super().draw(picture)
            order.append(picture[1])

    live = made(
        Ordered(lambda scene: iter(["a coarse", "a fine", "a finest"])),
        Ordered(lambda scene: iter(["b"])),
        Ordered(lambda scene: iter(["c coarse", "c fine"])),
    )
    assert live.wait(10)
    order.clear()
    live.model = model(1)
    assert order[:3] == ["a coarse", "b", "c coarse"]
    assert live.wait(10, finest=True)
    assert order == ["a coarse", "b", "c coarse", "a fine", "c fine", "a finest"]


def test_refining_stops_when_a_newer_scene_comes(made, monkeypatch, until):
    monkeypatch.setattr(loop_module, "STARVING_AFTER", 1e9)
    gate = Gate(1)

    def work(scene):
        yield "coarse"
        yield from gate(scene)

    pane = FakePane(work)
    live = made(pane)
    assert until(lambda: pane.drawn == [(0, "coarse")])
    submit(live, 1)
    assert live.wait(10, finest=True)
    gate.open()
    assert until(lambda: pane.running == 0)
    assert pane.drawn == [(0, "coarse"), (1, "coarse"), (1, "picture")]
    assert (live.drawn, live.dropped) == (2, 0)  # the first one had been shown


def finer(gate: Gate) -> Callable[[Scene], Iterator[object]]:
    """Work that has a coarse picture at once and a fine one when the gate lets it go."""

    def work(scene):
        yield "coarse"
        yield from gate(scene)

    return work


def test_nobody_waits_for_finer_pictures(made, monkeypatch):
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 10.0)
    gate = Gate()
    pane = FakePane(finer(gate))
    live = made(pane)
    started = time.monotonic()
    submit(live, 1)
    live.model = model(2)
    assert live.wait(10)
    assert time.monotonic() - started < 5.0
    assert live.shown.model == model(2)
    assert live.refining
    assert not live.working
    assert pane.stale == 0
    assert not live.wait(0.01, finest=True)
    gate.open()
    assert live.wait(10, finest=True)
    assert not live.refining
    assert pane.drawn[-1] == (2, "picture")
    assert live.drawn == 3


def test_a_rest_is_no_starvation(made, monkeypatch, until):
    """However long finer work has gone on, a new scene ends it at once."""
    monkeypatch.setattr(loop_module, "STARVING_AFTER", -1.0)
    pane = FakePane(finer(Gate()))
    live = made(pane)
    for number in range(1, 6):
        assert live.wait(10)
        assert until(lambda: live.refining)
        scene = pane.scenes[-1]
        submit(live, number)
        assert scene.cancelled
    assert live.wait(10)
    assert until(lambda: pane.running == 1)
    assert pane.drawn == [(number, "coarse") for number in range(6)]
    assert live.dropped == 0


def test_finer_pictures_come_after_a_rest(made, monkeypatch, until):
    monkeypatch.setattr(loop_module, "REST", 30.0)
    pane = FakePane(lambda scene: iter(["coarse", "fine"]))
    live = made(pane)
    assert live.wait(10)
    for number in range(1, 4):
        submit(live, number)
        assert live.wait(10)
    started = time.monotonic()
    live.close()
    assert time.monotonic() - started < 0.9
    assert pane.drawn == [(number, "coarse") for number in range(4)]
    monkeypatch.setattr(loop_module, "REST", 0.001)
    live.join(FakePane())
    assert live.wait(10, finest=True)
    assert pane.drawn[-1] == (3, "fine")


def test_an_error_of_finer_work_is_shown_in_its_pane(made):
    def work(scene):
        yield "coarse"
        raise ZeroDivisionError("broken")

    broken, other = FakePane(work), FakePane(lambda scene: iter(["coarse", "fine"]))
    live = made(broken, other)
    assert live.wait(10, finest=True)
    assert [repr(error) for error in broken.errors] == ["ZeroDivisionError('broken')"]
    assert [part for _, part in other.drawn] == ["coarse", "fine"]
    assert not live.refining


def test_a_preview_has_no_finer_pictures(made, monkeypatch, until):
    monkeypatch.setattr(loop_module, "STARVING_AFTER", -1.0)
    gate = Gate()

    def work(scene):
        yield from gate(scene)
        yield "fine"

    pane = FakePane(work)
    live = made(pane)
    assert until(lambda: 0 in pane.begun)
    submit(live, 1)
    assert until(lambda: 1 in pane.begun)
    gate.open(0)
    assert until(lambda: (0, "picture") in pane.drawn)
    gate.open(1)
    assert live.wait(10, finest=True)
    assert pane.drawn == [(0, "picture"), (1, "picture"), (1, "fine")]


def test_close_during_finer_work(made, workers, until):
    pane = FakePane(finer(Gate()))
    live = made(pane)
    assert live.wait(10)
    assert until(lambda: live.refining)
    started = time.monotonic()
    live.close()
    assert time.monotonic() - started < 0.9
    assert not workers()
    assert not live.refining
    assert (live.drawn, live.dropped) == (1, 0)


def test_hold_draws_once(made):
    live = made()
    panes = [FakePane(), FakePane()]
    with live.hold():
        for pane in panes:
            live.join(pane)
        live.seed = 3
    assert live.wait(10)
    assert [len(pane.scenes) for pane in panes] == [1, 1]
    assert live.shown.seed == 3


# Errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["at once", "in pictures", "after a picture", "in draw"])
def test_an_error_reaches_its_pane_and_only_that(made, where):
    class Broken(FakePane):
        def pictures(self, scene):
            if where == "at once" and number_of(scene) == 1:
                raise ZeroDivisionError("broken")
            return super().pictures(scene)

        def draw(self, picture):
            if where == "in draw" and picture[0] == 1:
                raise ZeroDivisionError("broken")
            super().draw(picture)

    def work(scene):
        if where == "after a picture":
            yield "picture"
        if where != "in draw" and number_of(scene) == 1:
            raise ZeroDivisionError("broken")
        yield "last"

    before, broken, after = FakePane(), Broken(work), FakePane()
    live = made(before, broken, after)
    assert live.wait(10)
    live.model = model(1)
    assert live.wait(10)
    assert [repr(error) for error in broken.errors] == ["ZeroDivisionError('broken')"]
    assert (1, "last") not in broken.drawn
    assert before.numbers[-1] == after.numbers[-1] == 1
    assert before.errors == after.errors == []
    assert live.shown.model == model(1)
    live.model = model(2)
    assert live.wait(10)
    assert broken.drawn[-1] == (2, "last")
    assert len(broken.errors) == 1


def test_a_pane_that_cannot_show_its_error_does_not_end_the_loop(made, monkeypatch):
    reported = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: reported.append(error))

    class Hopeless(FakePane):
        def draw(self, picture):
            if picture[0] < 5:
                raise ValueError("no picture")
            super().draw(picture)

        def fail(self, error):
            raise OSError("no message either")

    pane = Hopeless()
    live = made(pane)
    for number in range(1, 6):
        live.model = model(number)
    assert live.wait(10)
    assert pane.numbers == [5]
    assert {type(error) for error in reported} == {OSError}


def test_an_observer_that_raises_does_not_end_the_loop(made, monkeypatch):
    reported = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: reported.append(error))
    pane = FakePane()
    live = made(pane)
    assert live.wait(10)

    def broken(change):
        raise ZeroDivisionError("observer")

    live.observe(broken, "shown")
    for number in range(1, 5):
        live.model = model(number)
        assert live.wait(10)
    assert pane.numbers == [0, 1, 2, 3, 4]
    assert [str(error) for error in reported] == ["observer"] * 4
    assert live.shown.model == model(4)


# Settings changed on the worker -------------------------------------------------------------------


def test_a_setting_changed_inside_draw(made):
    class Curious(FakePane):
        def draw(self, picture):
            super().draw(picture)
            if live.seed < 3:
                live.seed += 1

    pane = Curious()
    live = Live(model())
    try:
        live.join(pane)
        assert live.wait(10)
        assert live.seed == 3
        assert live.shown.seed == 3
        assert pane.scenes[-1].seed == 3
    finally:
        live.close()


def test_a_setting_changed_by_an_observer_of_shown(made):
    live = made(FakePane())
    assert live.wait(10)
    live.observe(lambda change: live.update(seed=min(live.seed + 1, 4)), "shown")
    live.observe(lambda change: live.unobserve_all("shown"), "shown")
    live.model = model(1)
    assert live.wait(10)
    assert (live.seed, live.shown.seed) == (1, 1)


def test_closing_from_the_worker(made, workers, until):
    live = made(FakePane())
    assert live.wait(10)
    live.observe(lambda change: live.close(), "shown")
    live.model = model(1)
    assert until(lambda: live.closed and not workers())
    assert live.shown.model == model(1)


# Waiting ------------------------------------------------------------------------------------------


def test_wait(made, until):
    gate = Gate()
    pane = FakePane(gate)
    live = made(pane)
    assert live.wait(0) is False
    assert live.wait(0.01) is False
    gate.open()
    assert live.wait() is True
    assert pane.numbers == [0]
    assert live.wait(0) is True


def test_wait_on_the_worker_returns_at_once(made, until):
    answers = []

    def work(scene):
        answers.append(live.wait())
        yield "picture"

    live = Live(model())
    try:
        live.join(FakePane(work))
        assert live.wait(10)
        assert answers == [False]
    finally:
        live.close()


def test_without_panes_there_is_nothing_to_wait_for():
    live = Live(model())
    live.model = model(1)
    assert live.wait() is True
    assert live.shown is None


def test_an_assignment_in_a_cell_waits_for_its_picture(made):
    pane = FakePane()
    live = made(pane)
    live.model = model(7)
    assert pane.numbers[-1] == 7
    assert live.shown.model == model(7)


def test_the_callback_of_a_slow_scene_returns_and_marks_panes(made, monkeypatch, until):
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 0.05)
    gate = Gate(0)
    pane = FakePane(gate)
    live = made(pane)
    assert live.wait(10)
    assert not live.working
    started = time.monotonic()
    submit(live, 1)
    seconds = time.monotonic() - started
    assert 0.045 < seconds < 1.0
    assert pane.stale == 1
    assert live.working
    gate.open()
    assert live.wait(10)
    assert until(lambda: not live.working)
    assert pane.stale == 1


def test_a_quick_scene_is_drawn_within_the_callback(made, monkeypatch):
    monkeypatch.setattr(live_module, "CALLBACK_PATIENCE", 10.0)
    pane = FakePane()
    live = made(pane)
    submit(live, 1)
    assert pane.numbers[-1] == 1
    assert pane.stale == 0
    assert not live.working


def test_callbacks_nest(made, monkeypatch):
    gate = Gate(0)
    live = made(FakePane(gate))
    assert live.wait(10)
    with live.in_callback():
        with live.in_callback():
            live.seed = 1
        started = time.monotonic()
        live.seed = 2
        live.model = model(1)
        assert time.monotonic() - started < 5.0
    gate.open()
    assert live.wait(10)


# Workers ------------------------------------------------------------------------------------------


def test_idle_workers_end_and_come_back(made, monkeypatch, workers, until):
    monkeypatch.setattr(loop_module, "IDLE_SECONDS", 0.01)
    pane = FakePane()
    live = made(pane)
    assert live.wait(10)
    for number in range(1, 4):
        assert until(lambda: not workers())
        live.model = model(number)
    assert pane.numbers == [0, 1, 2, 3]


def test_at_most_two_workers_whatever_comes(made, monkeypatch, workers, until):
    monkeypatch.setattr(loop_module, "STARVING_AFTER", -1.0)
    gate = Gate(stubborn=True)
    pane = FakePane(gate)
    live = made(pane)
    assert until(lambda: pane.running == 1)
    for number in range(1, 30):
        submit(live, number)
    assert until(lambda: pane.running == 2)
    assert len(workers()) == 2
    gate.open()
    assert live.wait(10)
    assert pane.most_running == 2
    assert pane.numbers[-1] == 29


def test_close_during_a_computation(made, workers, until):
    pane = FakePane(Gate())
    live = made(pane)
    assert until(lambda: pane.running == 1)
    started = time.monotonic()
    live.close()
    assert time.monotonic() - started < 0.9
    assert not workers()
    assert live.closed
    assert live.wait() is False
    assert (live.drawn, live.dropped) == (0, 1)
    live.model = model(1)
    assert not workers()
    assert pane.drawn == []


def test_close_lets_a_waiting_thread_go(made, until):
    pane = FakePane(Gate())
    live = made(pane)
    assert until(lambda: pane.running == 1)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(live.wait()), daemon=True)
    thread.start()
    live.close()
    thread.join(10)
    assert answers == [False]


# Panes come and go --------------------------------------------------------------------------------


def test_the_last_pane_to_leave_closes(made, workers):
    first, second = FakePane(), FakePane()
    live = made(first, second)
    assert live.wait(10)
    live.leave(first)
    assert not live.closed
    live.model = model(1)
    assert (first.numbers[-1], second.numbers[-1]) == (0, 1)
    live.leave(object())
    assert not live.closed
    live.leave(second)
    assert live.closed
    assert not workers()


def test_a_pane_that_leaves_meanwhile_is_not_drawn(made, until):
    gate = Gate()
    leaving, staying = FakePane(gate), FakePane()
    live = made(leaving, staying)
    assert until(lambda: leaving.running > 0)
    live.leave(leaving)
    gate.open()
    assert live.wait(10)
    assert leaving.drawn == []
    assert staying.numbers[-1] == 0
    assert leaving not in live._loop._drawn_tickets


def test_a_pane_that_joins_a_closed_loop_is_drawn(made):
    live = made(FakePane())
    live.close()
    late = FakePane()
    live.join(late)
    assert live.wait(10)
    assert late.numbers == [0]


# Settings -----------------------------------------------------------------------------------------


def test_update_redraws_once(made):
    pane = FakePane()
    live = made(pane)
    assert live.wait(10)
    before = live.drawn + live.dropped
    live.update(max_order=3, seed=5, start=[0.25], orbit_steps=10, time_limit=None, model=model(4))
    assert live.wait(10)
    assert live.drawn + live.dropped == before + 1
    scene = live.shown
    assert (scene.max_order, scene.seed, scene.start.tolist()) == (3, 5, [0.25])
    assert (scene.orbit_steps, scene.time_limit, scene.model) == (10, None, model(4))


def test_a_model_of_another_size_resets_the_start(made):
    pane = FakePane()
    live = made(pane, start=[0.7])
    assert live.start.tolist() == [0.7]
    live.model = model(3)
    assert live.start.tolist() == [0.7]
    wide = sw.PLRNN(A=[0.5, 0.5], W=np.zeros((2, 2)), h=[0.0, 0.0])
    before = live.drawn
    live.model = wide
    assert live.start.tolist() == [0.1, 0.1]
    assert live.drawn == before + 1
    live.update(model=model(1))
    assert live.start.tolist() == [0.1]
    live.update(start=[1.0, 2.0], model=wide)
    assert live.start.tolist() == [1.0, 2.0]
    assert not pane.errors


BAD = {
    "max_order": [0, -3, "x", 2.5, None, np.nan],
    "seed": [-1, "x", None],
    "orbit_steps": [0, 1_000_001, "x"],
    "start": [[1.0, 2.0], [np.nan], [np.inf], "x", None, [[1.0]], [1j], []],
    "model": [None, 5, "x", np.eye(2)],
    "time_limit": [0.0, -1.0, np.nan, "x"],
    "proof_limit": [-1.0, np.nan, "x"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values], ids=repr
)
def test_bad_settings(made, name, value):
    pane = FakePane()
    live = made(pane)
    assert live.wait(10)
    kept = {key: getattr(live, key) for key in Live._SETTINGS}
    before = live.drawn + live.dropped
    with pytest.raises((TypeError, ValueError, tr.TraitError), match=name):
        setattr(live, name, value)
    with pytest.raises((TypeError, ValueError, tr.TraitError), match=name):
        live.update(**{"seed": 99, "max_order": 2, name: value})
    assert {key: getattr(live, key) for key in Live._SETTINGS} == kept
    assert live.drawn + live.dropped == before
    with pytest.raises((TypeError, ValueError, tr.TraitError), match=name):
        Live(**{"model": model(), name: value})
    live.model = model(1)
    assert pane.numbers[-1] == 1


def test_unknown_settings():
    live = Live(model())
    for call in (Live, as_live):
        with pytest.raises(TypeError, match=r"no setting 'max_ordre'.*max_order"):
            call(model(), max_ordre=3)
    with pytest.raises(TypeError, match="max_ordre"):
        live.update(max_ordre=3)
    with pytest.raises(TypeError, match="model must be a network such as PLRNN, got int"):
        as_live(5)


def test_as_live_links_or_makes():
    live = Live(model())
    assert as_live(live) is live
    assert as_live(live, max_order=3) is live
    assert live.max_order == 3
    assert as_live(model(), max_order=4).max_order == 4


def test_the_start_cannot_be_changed_behind_the_loop():
    given = np.array([0.5])
    live = Live(model(), start=given)
    given[0] = 9.0
    assert live.start.tolist() == [0.5]
    with pytest.raises(ValueError, match="read-only"):
        live.start[0] = 1.0


def test_move(made):
    pane = FakePane()
    live = made(pane)
    gestures = []
    live.observe(lambda change: gestures.append(live.gesture), "model")
    live.move({"h[0]": 3.0, "A[0]": 0.25}, gesture="drag")
    assert live.model == sw.PLRNN(A=[0.25], W=[[-1.0]], h=[3.0])
    live.move({"h[0]": 3.0})
    assert gestures == ["drag"]
    assert live.gesture is None
    for values, error in (({"x": 1.0}, KeyError), ({"h[0]": np.nan}, ValueError)):
        with pytest.raises(error):
            live.move(values, gesture="drag")
    assert live.gesture is None
    assert pane.numbers[-1] == 3


# Several threads ----------------------------------------------------------------------------------


def test_threads_that_set_models_at_once_agree_in_the_end(made, until):
    panes = [FakePane(), FakePane()]
    live = made(*panes)
    assert live.wait(10)

    def drag(first: int) -> None:
        for number in range(first, first + 200):
            if number % 5:
                submit(live, number)
            else:
                wide = sw.PLRNN(A=[0.5] * 2, W=np.zeros((2, 2)), h=[float(number), 0.0])
                with live.in_callback():
                    live.update(model=wide, seed=number)

    threads = [threading.Thread(target=drag, args=(first,)) for first in (1000, 2001)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert live.wait(20)
    assert live.shown.model == live.model
    assert len(live.shown.start) == live.model.M
    assert {pane.numbers[-1] for pane in panes} == {number_of(live.shown)}
    with live.in_callback():
        live.model = model(1)
        assert live.wait(10)
    assert panes[0].numbers[-1] == 1
    assert until(lambda: live.drawn + live.dropped == live._loop._ticket)
    assert not any(pane.errors for pane in panes)


def test_of_two_threads_the_later_ticket_has_the_later_model(made, until):
    pane = FakePane()
    live = made(pane)
    assert live.wait(10)
    with (
        live._loop._changed
    ):  # the other thread has set its model, and stops before it takes a ticket
        other = threading.Thread(target=submit, args=(live, 1))
        other.start()
        assert until(lambda: live.model == model(1))
        threading.Event().wait(0.02)  # not needed to pass: only a wrong order needs time
        live.model = model(2)  # waits for its picture, and lets go of the lock meanwhile
    other.join(10)
    assert live.wait(10)
    assert live.shown.model == live.model == model(2)
    assert pane.numbers[-1] == 2
