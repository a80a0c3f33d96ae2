"""Every pane with a figure has a button that saves its picture under its name."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets
import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.widgets.snapshot import Snapshot


def snapshots(root: ipywidgets.Widget) -> Iterator[Snapshot]:
    if isinstance(root, Snapshot):
        yield root
    for child in getattr(root, "children", ()):
        yield from snapshots(child)


@pytest.fixture(scope="module")
def run() -> sw.TrainingRun:
    model = sw.systems.sixteen_cycle()
    start = model.replace({"A": model["A"] + np.array([0.02, 0.02])})
    data = sw.systems.toy_series(40)
    return sw.train(start, data, trainable="A", epochs=5, optimizer=sw.SGD(3e-4), clip=1.0)


def test_panes_of_a_network():
    explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=2, proof_limit=0.0)
    explorer.plane.opened = True
    names = [button.file_name for button in snapshots(explorer)]
    assert names == ["state-space.png", "bifurcation-diagram.png", "bifurcation-plane.png"]


def test_panes_of_a_training(run):
    replay = sw.TrainingReplay(run, max_order=1, bifurcations=False)
    expected = {
        "loss": "loss.png",
        "cycles": "cycles.png",
        "state space": "state-space.png",
        "eigenvalues": "eigenvalues.png",
        "path": "path.png",
    }
    for name, pane in replay.panes.items():
        assert [button.file_name for button in snapshots(pane)] == [expected[name]]
        assert pane.figure_name == name
