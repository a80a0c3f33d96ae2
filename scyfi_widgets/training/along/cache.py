"""What is known about steps and networks, so that nothing is computed twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from .section import Section

OVERHEAD = 2_000  # bytes of what holds the arrays


class StepCache:
    """Sections of paths and complete sets of networks, the least recently used forgotten first.

    Parameters
    ----------
    memory : int
        Bytes that it may hold, about. With 0 it remembers nothing.
    """

    def __init__(self, memory: int = 1 << 26):
        self.memory = memory
        self.hits = 0
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """Return what is known under a key, or None."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            self.hits += 1
            return self._entries[key][0]

    def put(self, key: Hashable, entry: Any) -> None:
        """Remember an entry."""
        size = _bytes(entry)
        if size > self.memory:
            return
        with self._lock:
            if key in self._entries:
                return
            self._entries[key] = entry, size
            self._held += size
            while self._held > self.memory:
                _, (_, oldest) = self._entries.popitem(last=False)
                self._held -= oldest

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._held = self.hits = 0

    def __len__(self) -> int:
        return len(self._entries)


shared_cache = StepCache()


def _bytes(entry: Any) -> int:
    if not isinstance(entry, Section):
        return OVERHEAD
    arrays = [end.points for end in (entry.left, entry.right)]
    arrays += [end.eigenvalues for end in (entry.left, entry.right)]
    arrays += [branch.points for branch in entry.branches]
    keys = sum(map(len, entry.left.keys))
    return sum(array.nbytes for array in arrays) + keys + OVERHEAD * (1 + len(entry.branches))
