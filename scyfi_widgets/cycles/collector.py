"""A rest for the garbage collector while thousands of cycles are made.

They hold no references to one another, so that there is nothing to collect; but every so many new
objects the collector looks at all that the process holds, which takes up to a second where large
libraries are loaded, and a time limit would be missed by as much.
"""

from __future__ import annotations

import gc
import threading
from contextlib import ContextDecorator

_lock = threading.Lock()
_resting = 0  # how many calls want it to rest, of all threads
_was_enabled = False


class collector_at_rest(ContextDecorator):
    """Let the collector rest for a part of the work that makes many objects, and is short."""

    def __enter__(self) -> None:
        global _resting, _was_enabled
        with _lock:
            if _resting == 0:
                _was_enabled = gc.isenabled()
                gc.disable()
            _resting += 1

    def __exit__(self, *error) -> None:
        global _resting
        with _lock:
            _resting -= 1
            if _resting == 0 and _was_enabled:
                gc.enable()
