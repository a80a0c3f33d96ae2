"""A flag that stops a running kernel from another thread."""

from __future__ import annotations

import numpy as np


class Cancelled(Exception):
    """A computation ended because its cancellation flag was set."""


def new_flag() -> np.ndarray:
    """Return a flag, ``int64`` of shape (1,), which stops a kernel once its entry is not zero.

    It is an array and not a `threading.Event` because kernels run without the interpreter's lock
    and can look only at memory.
    """
    return np.zeros(1, np.int64)
