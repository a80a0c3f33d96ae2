"""Two trainings on one clock: the same axes, the shorter one at its end, and what happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.training import bifurcations_along, find_loss_jumps, jump_association, train
from scyfi_widgets.widgets.replay.compare import compare
from scyfi_widgets.widgets.replay.compare_summary import summary_html, summary_of

ORDER = 3


@pytest.fixture(scope="module")
def both(found, forced):
    return found, bifurcations_along(forced, ORDER)


def test_one_clock_moves_both_and_the_shorter_stays_at_its_end(run, forced, both):
    comparison = compare(run, forced, bifurcations=both, max_order=ORDER)
    assert comparison.transport.epochs == 80
    for epoch, wanted in ((30, [30, 30]), (70, [70, 50]), (49, [49, 49]), (80, [80, 50])):
        comparison.transport.epoch = epoch  # as the browser does
        assert comparison.wait(20)
        assert [replay.epoch for replay in comparison.replays] == wanted
        for replay, at in zip(comparison.replays, wanted, strict=True):
            assert replay.live.shown.model == replay.run.model(at)
    comparison.panes["loss"][1]._go(20.0)  # a click in one moves both
    assert (comparison.epoch, [r.epoch for r in comparison.replays]) == (20, [20, 20])
    assert comparison.message == ""


def test_the_axes_are_the_same(run, forced, both):
    comparison = compare(run, forced, bifurcations=both, max_order=ORDER)
    assert comparison.wait(20)
    for name in ("loss", "cycles", "state space"):
        one, other = (pane.picture for pane in comparison.panes[name])
        assert one.limits == other.limits
    one, other = comparison.panes["loss"]
    assert one.picture.gradient_limits == other.picture.gradient_limits
    assert one.picture.epochs == other.picture.epochs == (0.0, 80.0)
    one, other = comparison.panes["state space"]
    one.limits = ((-1.0, 1.0), (-2.0, 2.0))
    other.axes = (1, 0)
    assert comparison.wait(20)
    assert one.axes == other.axes == (1, 0)
    assert one.picture.plane.labels == other.picture.plane.labels
    one.limits = ((-1.0, 1.0), (-2.0, 2.0))
    assert comparison.wait(20)
    assert other.picture.limits == ((-1.0, 1.0), (-2.0, 2.0))
    one, other = comparison.panes["cycles"]
    one.coordinate = "norm"
    assert other.coordinate == "norm"


def test_a_summary_counts_and_tests(run, found):
    loss = np.exp(np.random.default_rng(0).normal(0.0, 0.02, 80))
    loss[40:] *= 0.05
    jumping = replace(run, loss=loss)
    jumps = find_loss_jumps(loss)
    summary = summary_of("a", jumping, jumps, found, 4.0)
    assert summary.jumps == {"down": 1}
    assert summary.events == Counter(event.type for event in found.qualitative)
    known = jump_association(jumping, found.qualitative, jumps, 4.0)
    assert summary.association == known
    assert known.statement in summary.statement
    assert summary_of("a", run, [], None, 4.0).events is None


def test_the_table_is_sound_and_says_what_is_known(run, forced, both, read_html):
    comparison = compare(
        run, forced, labels=("a <b>", "c"), bifurcations=both, max_order=ORDER, window=3.0
    )
    text = read_html(comparison._summary.value).text
    assert "a <b>" in text
    assert [s.association.window for s in comparison.summaries] == [3.0, 3.0]
    assert len(comparison.transport.events) == sum(len(found.qualitative) for found in both)
    assert all(mark[2].startswith(("a <b>: ", "c: ")) for mark in comparison.transport.events)
    places = [mark[0] for mark in comparison.transport.events]
    assert places == sorted(places)
    unknown = [summary_of(label, run, [], None, 1.0) for label in "ab"]
    assert "…" in read_html(summary_html(unknown)).text
    assert "a <b>: 80 epochs" in repr(comparison)


def test_what_is_found_later_is_told(run, forced):
    comparison = compare(run, forced, max_order=ORDER, panes=["loss", "cycles"])
    assert all(replay._search.wait(60) for replay in comparison.replays)
    assert all(summary.events is not None for summary in comparison.summaries)
    assert comparison.wait(20)
    one, other = comparison.panes["cycles"]
    assert one.picture.epochs == other.picture.epochs == (0.0, 80.0)


def test_networks_of_different_size_share_the_clock_and_the_loss(run):
    rng = np.random.default_rng(0)
    model = sw.PLRNN(A=[0.5] * 3, W=0.1 * (1 - np.eye(3)) * rng.normal(size=(3, 3)), h=[0.1] * 3)
    larger = train(model, run.data, epochs=10, progress=False)
    comparison = compare(run, larger, bifurcations=False, max_order=1)
    comparison.epoch = 60
    assert comparison.wait(20)
    one, other = comparison.panes["loss"]
    assert one.picture.limits == other.picture.limits
    assert comparison.replays[1].epoch == 10


def test_wrong_arguments_leave_nothing_open(run, forced, count_threads):
    before = set(_instances)
    for settings, error, text in (
        ({"labels": "ab"}, ValueError, "labels must be two texts"),
        ({"labels": ("a", "a")}, ValueError, "labels must differ"),
        ({"window": -1.0}, ValueError, "window must not be negative"),
        ({"panes": ["nothing"]}, ValueError, "panes must be some of"),
        ({"bifurcations": 3}, TypeError, "bifurcations must be"),
        ({"max_order": 0}, ValueError, "max_order"),
        ({"nothing": 0}, TypeError, "there is no setting 'nothing'"),
    ):
        with pytest.raises(error, match=text):
            compare(run, forced, **settings)
    with pytest.raises(TypeError, match="run_b must be a TrainingRun"):
        compare(run, run.start)
    assert count_threads() == 0
    assert set(_instances) == before


def test_closing_leaves_nothing(run, forced, workers, count_threads, until):
    before = set(_instances)
    comparison = compare(run, forced)
    comparison.transport.epoch = 33
    comparison.close()
    assert until(lambda: not workers() and not count_threads())
    assert set(_instances) == before
    comparison.close()
