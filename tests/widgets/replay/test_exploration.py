"""From an epoch to an explorer, along the training, and back to the epoch."""

from __future__ import annotations

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.widgets.replay.exploration import AHEAD, direction_of


@pytest.fixture(scope="module")
def run() -> sw.TrainingRun:
    model = sw.systems.sixteen_cycle()
    start = model.replace({"A": model["A"] + [0.1, -0.1]})
    data = sw.systems.toy_series(100)
    return sw.train(start, data, epochs=60, trainable="A", clip=1.0, progress=False)


def test_the_direction_leads_to_a_later_network(run):
    direction, epochs = direction_of(run, 10)
    assert epochs == AHEAD
    assert (direction.start, direction.end) == (run.model(10), run.model(10 + AHEAD))
    assert direction.name == f"towards epoch {10 + AHEAD}"


def test_near_the_end_it_is_shorter_and_at_the_end_it_goes_on(run):
    direction, epochs = direction_of(run, 55)
    assert (epochs, direction.end) == (5, run.final)
    direction, epochs = direction_of(run, 60)
    assert epochs == AHEAD
    assert direction.start == run.final
    change = run.final["A"] - run.model(60 - AHEAD)["A"]
    np.testing.assert_allclose(direction.end["A"], run.final["A"] + change)


def test_a_run_in_which_nothing_changes_has_no_direction():
    model = sw.systems.sixteen_cycle()
    still = sw.train(model, sw.systems.toy_series(50), epochs=2, trainable="A", progress=False)
    frozen = {name: np.repeat(array[:1], 3, axis=0) for name, array in still.parameters.items()}
    run = sw.TrainingRun(
        **{**{f: getattr(still, f) for f in still.__dataclass_fields__}, "parameters": frozen}
    )
    assert direction_of(run, 1) == (None, 0)


def test_there_and_back(run):
    before = set(_instances)
    replay = sw.TrainingReplay(run, max_order=2, bifurcations=False, time_limit=60)
    try:
        replay.epoch = 10
        explorer = replay.exploration.explore()
        explorer.wait(60)
        assert explorer.model == run.model(10)
        assert explorer.bifurcations.diagram.line.end == run.model(10 + AHEAD)
        assert replay.exploration.place == 10
        explorer.bifurcations._move(0.5)
        explorer.wait(60)
        assert replay.exploration.place == pytest.approx(10 + AHEAD / 2)
        replay.exploration.go_back()
        assert replay.epoch == 10 + AHEAD // 2
        assert run.model(10) == explorer.presets["as given"]
        replay.exploration.close_explorer()
        assert explorer.live.closed
    finally:
        replay.close()
    assert set(_instances) == before
