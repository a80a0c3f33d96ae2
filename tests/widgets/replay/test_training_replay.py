"""A training on one clock, from a script: what a browser does is done by its traits."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from scyfi_widgets.training import LossJump, find_loss_jumps, train
from scyfi_widgets.widgets.replay.replay import PANES, TrainingReplay

ORDER = 2


def test_the_clock_moves_all_panes(run, found):
    replay = TrainingReplay(run, max_order=ORDER, bifurcations=found)
    assert set(replay.panes) == set(PANES)
    replay.transport.epoch = 37  # as the browser does
    assert replay.wait(20)
    assert replay.epoch == 37
    assert all(pane.live.shown.model == run.model(37) for pane in replay.panes.values())
    replay.panes["loss"]._go(12.2)  # a click
    assert (replay.epoch, replay.transport.epoch) == (12, 12)
    assert replay.message == ""


def test_panes_are_chosen_by_name(run, found):
    replay = TrainingReplay(run, panes=["eigenvalues", "loss"], bifurcations=found)
    assert list(replay.panes) == ["eigenvalues", "loss"]
    assert list(TrainingReplay(run, panes="loss", bifurcations=found).panes) == ["loss"]
    for wrong in (["loss", "lens"], ["loss", "loss"], [3]):
        with pytest.raises(ValueError, match="panes must be some of loss, cycles"):
            TrainingReplay(run, panes=wrong)
    with pytest.raises(TypeError, match="run must be a TrainingRun"):
        TrainingReplay(run.start)
    with pytest.raises(ValueError, match="max_order"):
        TrainingReplay(run, max_order=0)


def test_jumps_and_bifurcations_are_marked_on_the_clock(run, found):
    loss = np.exp(np.random.default_rng(0).normal(0.0, 0.02, 80))
    loss[40:] *= 0.05
    jumping = replace(run, loss=loss)
    replay = TrainingReplay(jumping, max_order=ORDER, panes=["loss"], bifurcations=found)
    known = find_loss_jumps(loss)
    assert len(known) == 1
    assert [mark[:2] for mark in replay.transport.jumps] == [[known[0].start, False]]
    assert replay.panes["loss"].picture.jumps[1] == list(known)
    places = sorted(mark[0] for mark in replay.transport.events)
    assert places == sorted(event.epoch for event in found.qualitative)
    own = [LossJump(7, 9, 0.4, 0.01)]
    given = TrainingReplay(run, jumps=own, panes=[], bifurcations=found)
    assert [mark[:2] for mark in given.transport.jumps] == [[7, True]]


def test_the_search_runs_in_the_background_and_ends(run, found, until):
    replay = TrainingReplay(run, max_order=found.max_order, panes=["loss", "cycles"])
    assert replay._search.wait(60)
    assert replay.message == ""
    assert [e.epoch for e in replay.bifurcations.events] == [e.epoch for e in found.events]
    assert found.statement.split(",")[0] in replay._status.value
    assert replay.wait(20)
    assert replay.panes["cycles"].picture is not None


def test_a_search_that_fails_says_why(run, monkeypatch, until):
    def fail(*_, **__):
        raise ValueError("no luck")

    monkeypatch.setattr("scyfi_widgets.widgets.replay.replay.bifurcations_along", fail)
    replay = TrainingReplay(run, max_order=ORDER, panes=["loss"])
    assert until(lambda: replay.message == "ValueError: no luck")
    replay.epoch = 5
    assert replay.wait(20)


def test_where_some_networks_were_saved_the_clock_goes_on_between_them(start, data):
    run = train(start, data, epochs=20, save_every=8, progress=False)
    replay = TrainingReplay(run, max_order=1, panes=["loss"], bifurcations=False)
    assert replay.transport.stride == 8
    replay.transport.epoch = 5
    assert (replay.epoch, replay.transport.epoch) == (8, 5)
    replay.transport.epoch = 20
    assert (replay.epoch, replay.transport.epoch) == (20, 20)
    with pytest.raises(ValueError, match="nearest that were are 8 and 16"):
        replay.epoch = 10


def test_play_and_pause_are_the_clocks(run):
    replay = TrainingReplay(run, panes=[], bifurcations=False)
    assert replay.transport.speed == max(1.0, 80 / 20)
    replay.play(25.0)
    assert (replay.transport.playing, replay.transport.speed) == (True, 25.0)
    replay.pause()
    assert not replay.transport.playing


def test_a_finished_run_has_nothing_to_follow(run):
    replay = TrainingReplay(run, panes=[], bifurcations=False)
    assert replay.training is None
    assert not replay.follow
    with pytest.raises(ValueError, match="follow belongs to a training that goes on"):
        replay.follow = True


def test_closing_leaves_no_thread_and_no_widget(run, workers, count_threads, until):
    before = set(_instances)
    replay = TrainingReplay(run)  # the search has only begun
    replay.transport.epoch = 30
    replay.close()
    assert until(lambda: not workers() and not count_threads())
    assert set(_instances) == before
    replay.close()
    assert replay.run is run


def test_a_closed_replay_is_forgotten(run, workers, until):
    replay = TrainingReplay(run, max_order=1, bifurcations=False)
    assert replay.wait(20)
    replay.close()
    assert until(lambda: not workers())
    gone = weakref.ref(replay), weakref.ref(replay.live), weakref.ref(replay.transport)
    del replay
    gc.collect()
    assert [reference() for reference in gone] == [None] * 3
