"""What moves a widget for its export, and that it is given back as it was."""

from __future__ import annotations

import ipywidgets as widgets
import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.export.stage import EpochStage, WeightStage, panels_in, stage_of

MODEL = sw.systems.sixteen_cycle()


def test_an_explorer_moves_by_its_weights_and_is_given_back():
    explorer = sw.Explorer(MODEL, max_order=4)
    explorer.model = MODEL.replace({"h[0]": 0.4})
    explorer.wait(30, finest=True)
    past = list(explorer.history._past)
    before = explorer.model, explorer.live.proof_limit
    stage = stage_of(explorer)
    with stage.borrowed(0.5):
        assert explorer.live.proof_limit == 0.5
        stage.go_to({"W[0,1]": 0.25})
        assert explorer.live.shown.model == explorer.model
        assert explorer.model["W[0,1]"] == 0.25
        assert explorer.model["h[0]"] == 0.4
    assert (explorer.model, explorer.live.proof_limit) == before
    assert explorer.history._past == past
    assert explorer.history.present == explorer.model
    explorer.undo()
    assert explorer.model == MODEL


def test_it_is_given_back_after_an_error():
    space = sw.StateSpace(MODEL, max_order=2)
    stage = stage_of(space)

    def fail_half_way() -> None:
        with stage.borrowed(1.0):
            stage.go_to({"h[0]": 0.0})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert space.model == MODEL
    assert not space.live.borrowed


def test_a_box_of_linked_panes_is_one_figure():
    space = sw.StateSpace(MODEL, max_order=2)
    table = sw.CycleTable(space.live)
    box = widgets.HBox([space, table])
    assert panels_in(box) == [space, table]
    assert isinstance(stage_of(box), WeightStage)


def test_panes_of_different_networks_are_refused():
    box = widgets.VBox([sw.StateSpace(MODEL, max_order=1), sw.StateSpace(MODEL, max_order=1)])
    with pytest.raises(ValueError, match="share one live, got 2"):
        stage_of(box)


def test_other_widgets_and_closed_ones_are_refused():
    with pytest.raises(TypeError, match="got IntSlider"):
        stage_of(widgets.IntSlider())
    space = sw.StateSpace(MODEL, max_order=1)
    space.close()
    with pytest.raises(ValueError, match="was closed"):
        stage_of(space)


def test_a_replay_moves_by_its_epoch(run):
    replay = sw.TrainingReplay(run, max_order=2, epoch=7)
    stage = stage_of(replay)
    assert isinstance(stage, EpochStage)
    assert replay.bifurcations is not None  # it was waited for
    (slider,) = stage.sliders(None)
    assert slider.values.tolist() == list(range(41))
    assert slider.values[slider.start] == 7
    with stage.borrowed(1.0):
        stage.go_to({"epoch": 31.0})
        assert replay.epoch == 31
        assert replay.model == run.model(31)
    assert replay.epoch == 7
    assert replay.transport.epoch == 7


def test_the_epochs_of_a_replay_can_be_chosen(run):
    replay = sw.TrainingReplay(run, max_order=1, bifurcations=False)
    stage = stage_of(replay)
    assert stage.sliders({"epoch": (0, 40, 5)})[0].values.tolist() == [0, 10, 20, 30, 40]
    assert stage.sliders({"epoch": [3, 9]})[0].values.tolist() == [0, 3, 9]
    with pytest.raises(KeyError, match=r"only .epoch. moves"):
        stage.sliders({"A[0]": (0, 1, 3)})


def test_two_runs_go_together(run):
    both = sw.compare(run, run, panes=["loss"], max_order=1, bifurcations=False)
    stage = stage_of(both)
    assert len(stage.lives) == 2
    with stage.borrowed(1.0):
        stage.go_to({"epoch": 20.0})
        assert [replay.epoch for replay in both.replays] == [20, 20]


def test_long_runs_have_the_epochs_that_matter(run):
    replay = sw.TrainingReplay(run, max_order=1, bifurcations=False, panes=["loss"])
    jump = sw.find_loss_jumps(np.r_[np.full(100, 1.0), np.full(100, 1e-3)])[0]
    stage = stage_of(replay)
    replay.live.jumps = (jump,)
    important = stage._important()
    assert {float(jump.start), float(jump.stop)} <= set(important)


def test_what_a_pane_calls_movable_moves_too():
    forced = sw.ForcedOrbit(MODEL, sw.systems.toy_series(40), alpha=0.25, steps=30)
    stage = stage_of(forced)
    alpha, weight = stage.sliders({"alpha": (0.0, 1.0, 3), "A[0]": [0.5, 0.75]})
    assert (alpha.name, alpha.values.tolist(), alpha.start) == ("alpha", [0, 0.25, 0.5, 1], 1)
    assert weight.name == "A[0]"
    with stage.borrowed(1.0):
        stage.go_to({"alpha": 0.5, "A[0]": 0.5})
        assert forced.picture.forcing.alpha == 0.5
        assert forced.picture.model["A[0]"] == 0.5
    assert forced.alpha == 0.25
    assert forced.model == MODEL


def test_whole_numbers_stay_whole():
    search = sw.SearchSteps(MODEL, word="00", starts=2)
    assert len(search.steps) >= 2
    stage = stage_of(search)
    (steps,) = stage.sliders({"step": (1, 2, 2)})
    with stage.borrowed(1.0):
        for value in steps.values:
            stage.go_to({"step": value})
            assert search.step == value
    assert search.step == 1
    with pytest.raises(ValueError, match=r"whole numbers"):
        stage.sliders({"step": (1, 2, 3)})
