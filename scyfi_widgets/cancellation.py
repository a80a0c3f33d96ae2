"""A flag that stops a running kernel from another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


class Cancelled(Exception):
    """A computation ended because its cancellation flag was set."""


def new_flag() -> np.ndarray:
    """Return a flag, ``int64`` of shape (1,), which stops a kernel once its entry is not zero.

    It is an array and not a `threading.Event` because kernels run without the interpreter's lock
    and can look only at memory.
    """
    return np.zeros(1, np.int64)


@contextmanager
def expiring_flag(seconds: float | None) -> Iterator[np.ndarray]:
    """Yield a flag that is set when the time is over; None is no limit."""
    expired = new_flag()
    if seconds is None:
        yield expired
        return
    timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), expired.fill, [1])
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()
