"""A training on a thread of its own: what a person does to it, and what it leaves behind."""

from __future__ import annotations

import signal
import threading
import time

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.training import (
    SGD,
    Adam,
    AnnealedAlpha,
    ExponentialRate,
    GeneralizedTeacherForcing,
    TrainingRun,
    train,
)
from scyfi_widgets.training.run import CURVES
from scyfi_widgets.widgets.replay.live_training import LiveTraining

FORCING = GeneralizedTeacherForcing(0.3)
BATCHES = {"sequence_length": 20, "batch_size": 3, "seed": 5}


@pytest.fixture
def live(start, data):
    """Return a function that makes a live training; all are closed in the end."""
    opened = []

    def make(forcing=FORCING, **settings) -> LiveTraining:
        opened.append(LiveTraining(start, data, forcing, **settings))
        return opened[-1]

    yield make
    for training in opened:
        training.close()


def assert_same(one: TrainingRun, other: TrainingRun) -> None:
    assert np.array_equal(one.saved_epochs, other.saved_epochs)
    for name in CURVES:
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True), name
    for name, rows in one.parameters.items():
        assert np.array_equal(rows, other.parameters[name]), name


def test_all_epochs_give_what_train_gives(live, start, data):
    training = live(epochs=60, **BATCHES)
    assert training.run.epochs == 0
    training.start()
    assert training.wait(30)
    assert (training.finished, training.reason, training.running) == (True, None, False)
    assert_same(training.run, train(start, data, FORCING, epochs=60, progress=False, **BATCHES))


def test_pauses_and_stops_change_no_number(live, start, data, until):
    training = live(epochs=80, pace=400.0, save_every=3, **BATCHES)
    training.start()
    assert until(lambda: training._trainer.epoch >= 5)
    training.pause()
    assert training.wait(10)
    paused = training.run
    assert 5 <= paused.epochs < 80
    assert (paused.stopped, training.reason, training.finished) == (None, None, False)
    training.start()
    assert until(lambda: training._trainer.epoch >= paused.epochs + 5)
    stopped = training.stop()
    assert stopped is training.run
    assert paused.epochs < stopped.epochs < 80
    assert stopped.stopped == training.reason == f"stopped in epoch {stopped.epochs}"
    training.pace = None
    training.start()
    assert training.wait(30)
    assert training.reason is None
    whole = train(start, data, FORCING, epochs=80, save_every=3, progress=False, **BATCHES)
    assert_same(training.run, whole)
    resumed = train(
        start, data, FORCING, epochs=80, save_every=3, progress=False, resume=stopped, **BATCHES
    )
    assert_same(resumed, whole)


def test_a_stop_takes_less_than_a_fifth_of_a_second_within_a_long_epoch(until):
    rng = np.random.default_rng(0)
    model = sw.PLRNN(A=np.full(20, 0.5), W=0.1 * rng.normal(size=(20, 20)), h=np.zeros(20))
    model = model.replace({"W": model["W"] - np.diag(np.diag(model["W"]))})
    series = rng.normal(size=(2_000, 20))
    training = LiveTraining(model, series, batches_per_epoch=10_000, batch_size=1)
    training.start()
    try:
        time.sleep(1.0)  # well within the first epoch, which takes minutes
        assert training.running
        began = time.perf_counter()
        run = training.stop()
        assert time.perf_counter() - began < 0.2
        assert not training.running
        assert (run.epochs, run.stopped) == (0, "stopped in epoch 0")
    finally:
        training.close()


def test_a_slow_pace_is_kept_and_hinders_no_stop(live, until):
    training = live(epochs=1000, pace=20.0)
    training.start()
    assert until(lambda: training._trainer.epoch >= 1)
    began, first = time.perf_counter(), training._trainer.epoch
    time.sleep(0.6)
    done = training._trainer.epoch - first
    assert done <= 20.0 * (time.perf_counter() - began) + 2
    training.pace = 0.1
    time.sleep(0.1)
    began = time.perf_counter()
    training.stop()
    assert time.perf_counter() - began < 0.2
    with pytest.raises(ValueError, match="pace"):
        training.pace = 0.0


def test_what_is_changed_by_hand_is_recorded_and_taken_back(live, until):
    plan = GeneralizedTeacherForcing(AnnealedAlpha(0.8, 0.2, 300))
    training = live(plan, epochs=10**6, pace=500.0, optimizer=Adam(learning_rate=1e-3))
    assert training.forced
    training.start()
    assert until(lambda: training._trainer.epoch >= 20)
    training.alpha, training.learning_rate = 0.55, 2e-3
    changed = training._trainer.epoch
    assert until(lambda: training._trainer.epoch >= changed + 20)
    training.alpha = training.learning_rate = None
    back = training._trainer.epoch
    assert until(lambda: training._trainer.epoch >= back + 20)
    run = training.stop()
    planned = np.array([plan.alpha.at(epoch) for epoch in range(run.epochs)])
    hand = run.alpha == 0.55
    assert np.array_equal(hand, run.learning_rate == 2e-3)
    assert 18 <= hand.sum() <= back - changed + 2
    assert np.array_equal(run.alpha[~hand], planned[~hand])
    assert (run.learning_rate[~hand] == 1e-3).all()
    assert (np.diff(np.flatnonzero(hand)) == 1).all()


def test_what_is_changed_while_it_rests_holds_when_it_goes_on(live):
    training = live(epochs=5, schedule=ExponentialRate(end=0.5, epochs=10))
    training.start()
    training.wait(10)
    training.epochs = 8
    training.learning_rate = 1e-4
    training.start()
    training.wait(10)
    training.stop()
    assert (training.run.learning_rate[5:] == 1e-4).all()
    assert (training.run.learning_rate[:5] != 1e-4).all()


def test_wrong_values_change_nothing(live, start, data):
    training = live()
    for name, value in (("alpha", 1.5), ("alpha", np.nan), ("learning_rate", -1.0)):
        before = training.alpha, training.learning_rate
        with pytest.raises(ValueError, match=name):
            setattr(training, name, value)
        assert (training.alpha, training.learning_rate) == before
    free = LiveTraining(start, data)
    assert not free.forced
    with pytest.raises(ValueError, match="alpha belongs to GeneralizedTeacherForcing"):
        free.alpha = 0.5
    free.close()
    for name in ("cancel", "progress"):
        with pytest.raises(TypeError, match=f"{name} belongs to train"):
            LiveTraining(start, data, **{name: None})
    with pytest.raises(TypeError, match="on_epoch must be a function"):
        LiveTraining(start, data, on_epoch=3)
    with pytest.raises(ValueError, match="epochs"):
        LiveTraining(start, data, epochs=-1)
    with pytest.raises(TypeError, match="model must be a network"):
        LiveTraining("A", data)


def test_divergence_ends_it_with_the_reason_and_a_smaller_step_goes_on(live):
    training = live(sw.FreeRunning(), epochs=50, optimizer=SGD(learning_rate=1e6))
    training.start()
    assert training.wait(10)
    assert training.reason.startswith("diverged in epoch")
    assert training.run.stopped == training.reason
    last = training.run.epochs
    assert last < 50
    assert np.isfinite(training.run.final.parameters["A"]).all()
    if last == 0:
        training.learning_rate = 1e-5
        training.start()
        assert training.wait(10)
        assert (training.run.epochs, training.reason) == (50, None)


def test_a_function_that_fails_ends_it_and_the_run_is_kept(live):
    def fail(trainer):
        if trainer.epoch == 7:
            raise RuntimeError("enough")

    training = live(epochs=20, on_epoch=fail)
    training.start()
    assert training.wait(10)
    assert training.reason == "failed in epoch 7: RuntimeError: enough"
    assert training.run.epochs == 7


def test_what_is_seen_does_not_change_any_more(live, until):
    training = live(epochs=10**6)
    training.start()
    assert until(lambda: training.run.epochs > 0)
    seen = training.run
    before = seen.parameters["A"].copy(), seen.loss.copy(), seen.epochs
    assert until(lambda: training.run.epochs > 3 * before[2])
    assert np.array_equal(seen.parameters["A"], before[0])
    assert np.array_equal(seen.loss, before[1])
    whole = training.stop()
    assert np.array_equal(whole.parameters["A"][: before[2] + 1], before[0])
    # The networks of the record are shared, not copied for each look.
    assert np.shares_memory(training.run.parameters["A"], training._trainer._history._rows)


def test_starting_twice_is_one_thread_and_a_closed_one_starts_no_more(live, count_threads):
    training = live(epochs=10**6)
    for _ in range(5):
        training.start()
    assert count_threads() == 1
    training.close()
    assert count_threads() == 0
    assert training.run.stopped.startswith("stopped in epoch")
    with pytest.raises(RuntimeError, match="resume"):
        training.start()
    done = live(epochs=0)
    with pytest.raises(ValueError, match="all 0 epochs are done"):
        done.start()


def test_starts_and_pauses_in_quick_turns_lose_no_start(live, until, start, data):
    training = live(epochs=3000)
    rng = np.random.default_rng(1)
    for _ in range(200):
        training.start()
        if rng.random() < 0.5:
            time.sleep(0.002 * rng.random())
        training.pause()
        if training.finished:
            break
    if not training.finished:
        training.start()
    assert training.wait(30)
    assert until(lambda: training.finished)
    assert_same(training.run, train(start, data, FORCING, epochs=3000, progress=False))


def test_an_interrupt_stops_it_and_is_a_keyboard_interrupt_as_ever(live, until):
    before = signal.getsignal(signal.SIGINT)
    training, resting = live(epochs=10**7), live(epochs=10)
    training.start()
    assert until(lambda: training._trainer.epoch > 5)

    def interrupted() -> None:
        signal.raise_signal(signal.SIGINT)
        training.wait(10)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert until(lambda: not training.running, 0.2)
    assert training.reason.startswith("interrupted in epoch")
    assert training.run.stopped == training.reason
    assert resting.reason is None  # only what runs is stopped
    resting.close()
    assert signal.getsignal(signal.SIGINT) is not before
    training.close()
    assert signal.getsignal(signal.SIGINT) is before


def test_waiting_is_interrupted(live, until):
    training = live(epochs=10**8)
    training.start()
    timer = threading.Timer(
        0.3, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    )
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        training.wait(30)
    timer.join()
    assert until(lambda: not training.running)
