"""Kernels within a limit of memory."""

from __future__ import annotations

import asyncio

import psutil
import pytest
from jupyter_server._tz import utcnow

from scyfi_widgets.server import sparing
from scyfi_widgets.server.sparing import MEGABYTE, SparingKernels


@pytest.mark.parametrize(
    ("given", "limit"), [(None, 1000), ("2147483648", 1825), ("2G", 1000), ("", 1000)]
)
def test_limit_is_what_the_server_was_given(given, limit, monkeypatch):
    monkeypatch.delenv(sparing.GIVEN, raising=False)
    if given is not None:
        monkeypatch.setenv(sparing.GIVEN, given)
    assert SparingKernels().memory_limit == limit


def test_memory_in_use_is_this_process_and_more():
    own = psutil.Process().memory_full_info()
    assert own.uss <= sparing.memory_in_use() < 100 * own.rss


@pytest.mark.slow
def test_the_longest_idle_kernels_end_and_no_other(monkeypatch):
    in_use = iter([1200, 1100, 900, 5000, 5000])
    monkeypatch.setattr(sparing, "memory_in_use", lambda: next(in_use) * MEGABYTE)

    async def act() -> tuple[list[str], list[str], list[str]]:
        kernels = SparingKernels(memory_limit=1000, check_seconds=3600)
        numbers = [await kernels.start_kernel(kernel_name="python3") for _ in range(4)]
        for number in numbers:  # in this order they were used
            kernels._kernels[number].execution_state = "idle"
            kernels._kernels[number].last_activity = utcnow()
        kernels._kernels[numbers[1]].execution_state = "busy"
        await kernels.spare()
        after_first = kernels.list_kernel_ids()
        await kernels.spare()
        after_second = kernels.list_kernel_ids()
        await kernels.shutdown_all(now=True)
        return numbers, after_first, after_second

    numbers, after_first, after_second = asyncio.run(act())
    assert sorted(after_first) == sorted([numbers[1], numbers[3]])
    assert sorted(after_second) == sorted([numbers[1], numbers[3]])  # busy, and used last
