"""The panes of a replay: each shows the network of the epoch, and works alone."""

from __future__ import annotations

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.training import Trainer, train
from scyfi_widgets.widgets.replay.cycles_pane import CyclesPane
from scyfi_widgets.widgets.replay.data_space import ReplayStateSpace
from scyfi_widgets.widgets.replay.eigenvalue_pane import EigenvaluePane
from scyfi_widgets.widgets.replay.loss_pane import LossPane

ORDER = 3


def is_drawn(mark, points) -> bool:
    return np.array_equal(mark.x, points[0], equal_nan=True) and np.array_equal(
        mark.y, points[1], equal_nan=True
    )


def test_a_loss_pane_alone_finds_the_jumps():
    start = sw.systems.sixteen_cycle()
    start = start.replace({"A": start["A"] + np.array([0.4, 0.4])})
    descent = sw.SGD(3e-3, momentum=0.9)
    data = sw.systems.toy_series(500)
    run = train(start, data, trainable="A", epochs=400, optimizer=descent, clip=1.0, progress=False)
    pane = LossPane(run, max_order=1)
    assert pane.live.jumps == tuple(sw.find_loss_jumps(run.loss)) != ()
    assert LossPane(run, max_order=1, jumps=()).live.jumps == ()


def test_the_state_space_draws_the_cycles_of_three_epochs(run):
    pane = ReplayStateSpace(run, max_order=ORDER)
    for epoch in (0, 33, 71):
        pane.live.epoch = epoch
        assert pane.live.wait(20, finest=True)
        picture = pane.picture
        assert picture.scene.epoch == epoch
        assert picture.scene.model == run.model(epoch)
        wanted = sw.find_cycles(run.model(epoch), ORDER)
        drawn = [
            owner
            for stability in picture.cycle_points
            for owner in {id(c): c for c in picture.cycle_points[stability][2]}.values()
        ]
        assert {c.word.tobytes() for c in wanted} >= {c.word.tobytes() for c in pane.cycles}
        assert len(pane.cycles) == len(wanted)
        for stability, scatter in pane._cycle_marks.items():
            assert is_drawn(scatter, picture.cycle_points[stability][0])
        assert len(drawn) <= len(wanted)


def test_the_state_space_shows_the_data(run, data):
    pane = ReplayStateSpace(run, max_order=1)
    assert pane.live.wait(20)
    finite = np.isfinite(pane.picture.data[0])
    assert set(np.round(data[:, 0], 9)) == set(np.round(pane.picture.data[0][finite], 9))


def test_the_loss_follows_the_epoch_with_two_marks_and_redraws_no_curve(run, found, sent):
    pane = LossPane(run, max_order=ORDER, bifurcations=found)
    assert pane.live.wait(20)
    picture = pane.picture
    sent.clear()
    pane.live.epoch = 42
    assert pane.live.wait(20)
    assert pane.picture is picture
    assert np.array_equal(pane._marks._now.x, [42.0, 42.0])
    assert is_drawn(pane._marks._dot, [[42], [np.log10(run.loss[42])]])
    changed = {widget for widget, _ in sent}
    assert changed <= {pane._marks._now, pane._marks._dot}


def test_the_choices_of_the_loss_pane(run, found):
    pane = LossPane(run, max_order=1, bifurcations=found)
    pane.log = False
    pane.epochs = (10, 30)
    pane.persistence = True
    assert pane.live.wait(20)
    assert (pane.log, pane.epochs, pane.persistence) == (False, (10.0, 30.0), True)
    assert pane.picture.epochs == (10.0, 30.0)
    assert not pane.picture.log
    pane.reset()
    assert pane.live.wait(20)
    assert pane.picture.epochs == (0.0, 80.0)
    with pytest.raises(ValueError, match="epochs"):
        pane.epochs = (30, 10)


def test_a_click_in_a_curve_goes_to_the_nearest_epoch(run):
    pane = LossPane(run, max_order=1)
    with pane._marks._clicks.hold_sync():
        pane._marks._clicks.x, pane._marks._clicks.y = np.array([23.4]), np.array([0.0])
    assert pane.live.epoch == 23


def test_a_box_in_a_curve_shows_its_epochs_alone(run):
    pane = LossPane(run, max_order=1)
    pane._zoom.value = True
    brush = pane.figure.interaction
    with brush.hold_trait_notifications():
        brush.selected_x, brush.selected_y = np.array([20.0, 40.0]), np.array([-1.0, 0.0])
    brush.brushing = True
    brush.brushing = False
    assert pane.live.wait(20)
    assert pane.picture.epochs == (20.0, 40.0)
    assert not pane._zoom.value


def test_the_cycles_wait_for_the_bifurcations(run, found):
    pane = CyclesPane(run, max_order=ORDER)
    assert pane.live.wait(20)
    assert pane.picture is None
    assert "once the bifurcations are known" in pane._legend.value
    pane.live.bifurcations = found
    pane.live.epoch = 31
    assert pane.live.wait(20)
    assert pane.picture.epochs == (0.0, 80.0)
    assert np.array_equal(pane._marks._now.x, [31.0, 31.0])
    before = pane.picture
    pane.coordinate = 1
    pane.epochs = (20, 60)
    assert pane.live.wait(20)
    assert pane.picture is not before
    assert pane.picture.epochs == (20.0, 60.0)
    with pytest.raises(ValueError, match="coordinate"):
        pane.coordinate = 7


def test_the_eigenvalues_of_three_epochs(run):
    pane = EigenvaluePane(run, max_order=ORDER)
    for epoch in (2, 33, 71):
        pane.live.epoch = epoch
        assert pane.live.wait(20)
        stable = sw.find_cycles(run.model(epoch), ORDER).stable
        values = [value for cycle in stable for value in cycle.eigenvalues]
        assert is_drawn(pane._circle.marks["attracting"], [np.real(values), np.imag(values)])


def test_the_trail_goes_on_while_the_run_grows_and_not_into_another_one(start, data, forced):
    trainer = Trainer(start, data)
    pane = EigenvaluePane(trainer.run(shared=True), max_order=1)
    for _ in range(4):
        trainer.advance()
        with pane.live.hold():
            pane.live.run = trainer.run(shared=True)
            pane.live.epoch = trainer.epoch
        assert pane.live.wait(20)
    assert sorted(pane._past) == [0, 1, 2, 3, 4]
    pane.live.run = forced
    assert pane.live.wait(20)
    assert sorted(pane._past) == [4]


@pytest.mark.parametrize("pane", [LossPane, CyclesPane, ReplayStateSpace, EigenvaluePane])
def test_a_pane_alone_closes_with_all_that_it_opened(pane, run, found, workers, until):
    before = set(_instances)
    opened = pane(run, max_order=1, bifurcations=found, epoch=12)
    assert opened.live.wait(20)
    assert opened.message == ""
    opened.close()
    assert set(_instances) == before
    assert until(lambda: not workers())


def test_panes_of_two_runs_share_their_axes(run, forced, found):
    one, other = LossPane(run, max_order=1, bifurcations=found), LossPane(forced, max_order=1)
    one.share_axes(other)
    for pane in (one, other):
        pane.live.refresh()
        assert pane.live.wait(20)
    assert one.picture.limits == other.picture.limits
    assert other.epochs == (0.0, 80.0)
    other.log = False
    other.epochs = (5, 25)
    assert (one.log, one.epochs) == (False, (5.0, 25.0))
    assert one.live.wait(20)
    assert one.picture.epochs == (5.0, 25.0)


def test_networks_of_different_size_share_no_state_space(run):
    model = sw.PLRNN(A=[0.5] * 3, W=np.zeros((3, 3)), h=[0.1] * 3)
    larger = train(model, run.data, epochs=2, progress=False)
    with pytest.raises(ValueError, match="equally many units, got 2 and 3"):
        ReplayStateSpace(run).share_axes(ReplayStateSpace(larger))
