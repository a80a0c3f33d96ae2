"""The live loop of a run: the epoch is a setting, and the network follows from it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import traitlets

from scyfi_widgets.training import Trainer, train
from scyfi_widgets.widgets.replay.loss_pane import LossPane
from scyfi_widgets.widgets.replay.replay_live import (
    ReplayLive,
    as_replay,
    continues,
    default_start,
)


def test_the_epoch_brings_its_network(run):
    live = ReplayLive(run)
    assert live.model == run.start
    live.epoch = 17
    assert live.model == run.model(17)
    live.go_to(40.4)
    assert (live.epoch, live.model) == (40, run.model(40))


def test_the_orbit_starts_where_the_data_do(run, data):
    assert np.array_equal(ReplayLive(run).start, data[0])
    assert default_start(replace(run, data=None)) is None


def test_epochs_that_were_not_saved_are_refused_and_nothing_changes(start, data):
    run = train(start, data, epochs=9, save_every=4, progress=False)
    live = ReplayLive(run)
    with pytest.raises(ValueError, match="nearest that were are 4 and 8"):
        live.epoch = 6
    assert (live.epoch, live.model) == (0, run.start)
    live.go_to(7)
    assert live.epoch == 8
    with pytest.raises(ValueError, match="epoch"):
        live.epoch = 10
    with pytest.raises(traitlets.TraitError):
        live.epoch = -1


def test_what_is_no_run_is_refused(run, start):
    with pytest.raises(TypeError, match="run must be a TrainingRun, got PLRNN"):
        ReplayLive(start)
    with pytest.raises(TypeError, match="there is no setting 'epochs'"):
        ReplayLive(run, epochs=3)
    live = as_replay(run, epoch=3)
    assert as_replay(live, epoch=5) is live
    assert live.epoch == 5


def test_several_settings_change_together_or_not_at_all(run):
    live = ReplayLive(run)
    with pytest.raises(ValueError, match="epoch"):
        live.update(max_order=2, epoch=1000)
    assert (live.max_order, live.epoch) == (8, 0)
    live.update(max_order=2, epoch=5)
    assert (live.max_order, live.model) == (2, run.model(5))


def test_a_scene_that_was_shown_is_not_computed_again(run):
    pane = LossPane(run, max_order=2)
    live = pane.live
    cycles = {}
    for epoch in (3, 4, 3):
        live.epoch = epoch
        assert live.wait(20)
        cycles.setdefault(epoch, []).append(live.shown.cycles)
    assert cycles[3][0] is cycles[3][1]
    assert cycles[3][0] is not cycles[4][0]


def test_a_longer_run_is_told_from_another_one(start, data, run):
    trainer = Trainer(start, data, save_every=3)
    snapshots = []
    for _ in range(8):
        trainer.advance()
        snapshots.append(trainer.run(shared=True))
    for earlier, later in pairwise(snapshots):
        assert continues(later, earlier)
        assert not continues(earlier, later)
    assert continues(snapshots[3], snapshots[3])
    assert not continues(run, snapshots[0])
    assert not continues(run, None)
    other = train(start, data, epochs=20, save_every=3, trainable=["A"], progress=False)
    assert not continues(other, snapshots[7])
