"""What holds for all tests."""

from __future__ import annotations

import signal

import pytest
from numba.core import event

compiled = pytest.StashKey[event.RecordingListener]()


def pytest_configure(config: pytest.Config) -> None:
    """Let interrupts interrupt, and listen for what is compiled too early.

    A shell that runs the tests in the background has them, and every process that they start,
    ignore SIGINT; tests of interrupts would wait for ever then.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[compiled] = event.RecordingListener()
    event.register("numba:compile", config.stash[compiled])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what leaves something for the others, such as compiled kernels."""
    items.sort(key=lambda item: "first" not in item.keywords)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse test files that compile when they are imported.

    Whoever wants to see one test waits for that; and the test of warming finds a cache in use, so
    that all is compiled twice.
    """
    listener = session.config.stash[compiled]
    event.unregister("numba:compile", listener)
    names = {recorded.data["dispatcher"].py_func.__name__ for _, recorded in listener.buffer}
    if names:
        raise pytest.UsageError(
            f"importing the tests compiles {', '.join(sorted(names))}: compute in fixtures"
        )
