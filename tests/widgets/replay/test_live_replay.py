"""A training that is shown while it goes on: the panes follow, and a person holds the wheel."""

from __future__ import annotations

import time

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.training import (
    SGD,
    GeneralizedTeacherForcing,
    bifurcations_along,
    find_loss_jumps,
    train,
)
from scyfi_widgets.widgets.replay.replay import TrainingReplay

ORDER = 2
FORCING = GeneralizedTeacherForcing(0.3)


@pytest.fixture
def live(start, data):
    """Return a function that trains and shows it, with few panes."""

    def make(forcing=FORCING, **settings) -> TrainingReplay:
        return TrainingReplay.live(
            start,
            data,
            forcing,
            **{"panes": ["loss", "eigenvalues"], "max_order": ORDER, "bifurcations": False}
            | settings,
        )

    return make


def test_the_panes_follow_to_the_end_and_the_run_is_trains(live, start, data, until):
    replay = live(epochs=300, pace=600.0)
    assert until(lambda: 0 < replay.live.run.epochs < 300)
    assert replay.transport.growing
    assert replay.training.wait(20)
    assert replay._following.wait(20)
    assert replay.wait(20)
    assert replay.live.run is replay.run is replay.training.run
    assert (replay.epoch, replay.transport.epoch, replay.transport.epochs) == (300, 300, 300)
    assert not replay.transport.growing
    whole = train(start, data, FORCING, epochs=300, progress=False)
    assert np.array_equal(replay.run.loss, whole.loss)
    assert replay.live.model == whole.final
    assert np.array_equal(replay.panes["loss"].picture.loss[0], np.arange(300))
    assert "300 of 300 epochs" in replay._controls.status.value
    assert replay.message == ""


def test_a_scrub_ends_following_and_the_end_brings_it_back(live, until):
    replay = live(epochs=10**6, pace=300.0)
    assert until(lambda: replay.live.run.epochs > 30)
    assert replay.follow
    replay.transport.epoch = 7  # as the browser does
    assert not replay.follow
    assert not replay._controls.follow.value
    before = replay.live.run.epochs
    assert until(lambda: replay.transport.epochs > before + 30)  # the track grows
    assert (replay.epoch, replay.transport.epoch) == (7, 7)
    replay._controls.follow.value = True  # a click
    assert replay.follow
    now = replay.epoch
    assert now >= before
    assert until(lambda: replay.epoch > now)
    replay.epoch = 3
    assert not replay.follow
    replay.training.pause()
    assert replay._following.wait(10)
    replay.transport.epoch = replay.transport.epochs
    assert replay.follow


def test_buttons_start_pause_and_stop(live, until):
    replay = live(paused=True, epochs=10**6, pace=500.0)
    controls = replay._controls
    assert controls.start.description == "Start"
    assert (replay.training.running, replay.run.epochs) == (False, 0)
    controls.start.click()
    assert until(lambda: controls.start.description == "Pause")
    assert until(lambda: replay.run.epochs > 10)
    controls.start.click()
    assert until(lambda: controls.start.description == "Go on")
    assert "paused" in controls.status.value
    controls.start.click()
    assert until(lambda: replay.training.running)
    began = time.perf_counter()
    controls.stop.click()
    assert time.perf_counter() - began < 0.2
    assert not replay.training.running
    assert until(lambda: "stopped in epoch" in controls.status.value)
    assert replay.run.stopped == f"stopped in epoch {replay.run.epochs}"
    assert replay.message == ""


def test_sliders_steer_and_show_the_plan(live, until):
    replay = live(epochs=10**6, pace=500.0)
    controls = replay._controls
    assert (controls.alpha.value, controls.rate.value) == (0.3, 1e-3)
    controls.alpha.value = 0.75
    controls.rate.value = 1e-4
    assert (replay.training.alpha, replay.training.learning_rate) == (0.75, 1e-4)
    done = replay.training._trainer.epoch
    assert until(lambda: replay.training._trainer.epoch > done + 5)
    replay.training.stop()
    assert (replay.run.alpha[-3:] == 0.75).all()
    assert (replay.run.learning_rate[-3:] == 1e-4).all()
    plan = controls._steering.children[-1]
    plan.click()
    assert (replay.training.alpha, replay.training.learning_rate) == (0.3, 1e-3)
    assert (controls.alpha.value, controls.rate.value) == (0.3, 1e-3)
    controls.epochs.value = 5  # fewer than are done
    assert "epochs must be" in replay.message
    assert controls.epochs.value == 10**6


def test_free_running_has_no_forcing_to_change(live):
    replay = live(sw.FreeRunning(), paused=True)
    assert replay._controls.alpha not in replay._controls._steering.children


def test_divergence_is_shown_with_its_reason(live, until):
    replay = live(sw.FreeRunning(), optimizer=SGD(learning_rate=1e6))
    assert until(lambda: "diverged in epoch" in replay._controls.status.value)
    assert "sw-trouble" in replay._controls.status.value
    assert replay.run.stopped.startswith("diverged in epoch")
    assert replay.wait(20)


def test_jumps_and_bifurcations_are_those_of_the_whole_run(live, until):
    replay = live(epochs=150, pace=150.0, bifurcations=True, panes=["loss", "cycles"])
    assert replay.training.wait(20)
    assert replay._search.wait(60)
    assert replay.message == ""
    run = replay.run
    assert replay.live.jumps == tuple(find_loss_jumps(run.loss))
    alone = bifurcations_along(run, ORDER)
    assert [(e.type, e.epoch) for e in replay.bifurcations.events] == [
        (e.type, e.epoch) for e in alone.events
    ]
    assert replay.bifurcations.known_up_to == 150
    assert replay.wait(20)
    assert replay.panes["cycles"].picture is not None


def test_leaving_the_page_stops_it(live, until):
    replay = live(epochs=10**7, bifurcations=True)
    assert until(lambda: replay.training._trainer.epoch > 5)
    replay.transport._handle_custom_msg({"type": "left"}, [])
    assert not replay.training.running
    assert replay.run.stopped.startswith("stopped in epoch")
    assert replay._search.wait(20)


def test_closing_stops_it_and_leaves_nothing_but_the_run(
    live, start, data, workers, count_threads, until
):
    before = set(_instances)
    replay = live(epochs=10**7, bifurcations=True)
    assert until(lambda: replay.training._trainer.epoch > 5)
    replay.close()
    assert not replay.training.running
    assert until(lambda: not workers() and not count_threads())
    assert set(_instances) == before
    kept = replay.run
    longer = kept.epochs + 4
    resumed = train(start, data, FORCING, epochs=longer, resume=kept, progress=False)
    assert resumed.epochs == longer
    assert np.array_equal(resumed.loss[: kept.epochs], kept.loss)


def test_a_run_is_resumed_live(live, start, data):
    first = train(start, data, FORCING, epochs=20, progress=False)
    replay = live(resume=first, epochs=40)
    assert replay.training.wait(20)
    whole = train(start, data, FORCING, epochs=40, progress=False)
    assert np.array_equal(replay.run.loss, whole.loss)


def test_wrong_arguments_leave_nothing_open(live, count_threads):
    before = set(_instances)
    for wrong, error in (
        ({"panes": ["nothing"]}, "panes must be some of"),
        ({"max_order": 0}, "max_order"),
        ({"seed": -1}, "seed"),
        ({"pace": -1.0}, "pace"),
    ):
        with pytest.raises(ValueError, match=error):
            live(**wrong)
    with pytest.raises(TypeError, match="progress belongs to train"):
        live(progress=True)
    assert count_threads() == 0
    assert set(_instances) == before
