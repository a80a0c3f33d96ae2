"""Work that a person does not wait for: one thread, cancelled when its panel closes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import numpy as np

from ...cancellation import Cancelled, new_flag


class Background:
    """One piece of work at a time, on a thread of its own; a newer one cancels the older.

    Parameters
    ----------
    failed : callable
        Called with an exception of the work.
    """

    def __init__(self, failed: Callable[[Exception], None]):
        self._failed = failed
        self._thread: threading.Thread | None = None
        self._cancel = new_flag()

    def start(self, work: Callable[[np.ndarray], None]) -> None:
        """Call ``work(cancel)`` on a thread; what runs is cancelled first."""
        self.stop(patience=0.0)
        self._cancel = flag = new_flag()

        def guarded() -> None:
            try:
                work(flag)
            except Cancelled:
                pass
            except Exception as error:  # shown in the panel: a thread has no other place
                if flag[0]:
                    return
                try:
                    self._failed(error)
                except Exception:
                    sys.excepthook(*sys.exc_info())

        self._thread = threading.Thread(target=guarded, name="scyfi-widgets-replay", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether work goes on."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the work; return whether it is done."""
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.running

    def stop(self, patience: float = 1.0) -> None:
        """Cancel the work and wait a little for its end."""
        self._cancel[0] = 1
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(patience)
