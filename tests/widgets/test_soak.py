"""Thousands of slider events leave memory, threads and widgets where they were."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "soak.py"


@pytest.fixture
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scyfi_widgets_soak", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_thousands_of_events_leave_nothing_behind(benchmark: ModuleType) -> None:
    result = benchmark.soak(4_000)  # the benchmark's own run has ten thousand
    assert result["drawn"] + result["dropped"] > 3_600
    for name, growth in result["growth"].items():
        assert growth <= 0.05, f"{name}: from {result['before'][name]} to {result['after'][name]}"
    assert result["left after closing"] == {"widgets": 0, "workers": 0}
