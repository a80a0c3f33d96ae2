"""What holds for all tests."""

from __future__ import annotations

import signal

import pytest


def pytest_configure() -> None:
    """Let interrupts interrupt.

    A shell that runs the tests in the background has them, and every process that they start,
    ignore SIGINT; tests of interrupts would wait for ever then.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what leaves something for the others, such as compiled kernels."""
    items.sort(key=lambda item: "first" not in item.keywords)
