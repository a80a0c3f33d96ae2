"""Random scrubs, plays, pauses, trainings and closes leave no thread, no widget, no stale pane."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "replay_soak.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scyfi_widgets_replay_soak", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_twenty_actions_leave_nothing_behind(benchmark: ModuleType) -> None:
    person = benchmark.Soak(seed=53)
    before = benchmark.census()
    person.act(20)
    after = benchmark.census()
    assert set(person.done) == set(benchmark.ACTIONS)
    assert person.stale == 0
    assert after["threads"] == 0
    assert after["widgets"] == before["widgets"]


@pytest.mark.slow
def test_a_thousand_actions_leave_nothing_behind(benchmark: ModuleType) -> None:
    result = benchmark.soak(1000)
    assert result["stale panes"] == 0
    assert result["after"]["threads"] == 0
    assert result["after"]["widgets"] == result["before"]["widgets"]
    assert result["growth"] <= 0.05
