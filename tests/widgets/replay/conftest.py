"""Runs that the tests of the replay share, and what must not outlive a test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.training import (
    Adam,
    GeneralizedTeacherForcing,
    RunBifurcations,
    TrainingRun,
    bifurcations_along,
    train,
)
from scyfi_widgets.widgets.pane import Panel

ORDER = 3
RATE = Adam(learning_rate=1e-2)
THREADS = ("scyfi-widgets-training", "scyfi-widgets-following", "scyfi-widgets-replay")


def _start() -> tuple[sw.PLRNN, np.ndarray]:
    model = sw.systems.sixteen_cycle()
    points = sw.find_cycles(model, 16).stable[0].points
    data = np.array([points[i % 16] for i in range(50)])
    return model.replace({"A": np.array(model["A"]) + np.array([0.3, -0.3])}), data


@pytest.fixture(scope="session")
def start() -> sw.PLRNN:
    """Network 0 of all runs here."""
    return _start()[0]


@pytest.fixture(scope="session")
def data() -> np.ndarray:
    return _start()[1]


@pytest.fixture(scope="session")
def run(start: sw.PLRNN, data: np.ndarray) -> TrainingRun:
    """A free run of 80 epochs that crosses bifurcations."""
    return train(start, data, epochs=80, optimizer=RATE, clip=1.0, progress=False)


@pytest.fixture(scope="session")
def forced(start: sw.PLRNN, data: np.ndarray) -> TrainingRun:
    """A forced one of 50 epochs."""
    forcing = GeneralizedTeacherForcing(0.3)
    return train(start, data, forcing, epochs=50, optimizer=RATE, progress=False)


@pytest.fixture(scope="session")
def found(run: TrainingRun) -> RunBifurcations:
    return bifurcations_along(run, ORDER)


@pytest.fixture
def count_threads() -> Callable[[], int]:
    """Return a function that counts the threads of trainings and searches."""
    return lambda: sum(thread.name in THREADS for thread in threading.enumerate())


@pytest.fixture(autouse=True)
def no_thread_stays(count_threads: Callable[[], int], until: Callable[..., bool]) -> Iterator[None]:
    before = set(_instances)
    yield
    for widget in [widget for key, widget in list(_instances.items()) if key not in before]:
        if isinstance(widget, Panel):
            widget.close()
    assert until(lambda: not count_threads(), 10.0), "a thread outlives the test"
