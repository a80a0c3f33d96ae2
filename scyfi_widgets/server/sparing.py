"""Kernels within a limit of memory, for servers that are ended when they go beyond theirs.

On Binder a whole server is lost when it takes more memory than it was given. Here the kernel that
was idle for the longest time ends instead: its notebook stays, and can be run again.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import psutil
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.ioloop import PeriodicCallback
from traitlets import Float, Int, default

MEGABYTE = 1_000_000
GIVEN = "MEM_LIMIT"  # in bytes; JupyterHub and Binder tell a server so what it was given
SHARE = 0.85  # of what was given: a computation may ask for some at once
WITHOUT_LIMIT = 1000


class SparingKernels(AsyncMappingKernelManager):
    """Ends the kernels that were idle longest while all together take too much memory.

    The kernel that was used last never ends, nor does one that is busy.
    """

    memory_limit = Int(help="Of the server and its kernels, in MB.").tag(config=True)
    check_seconds = Float(5.0, help="How often to look.").tag(config=True)

    _watch: PeriodicCallback | None = None

    @default("memory_limit")
    def _given_limit(self) -> int:
        given = os.environ.get(GIVEN, "")
        return int(SHARE * int(given) / MEGABYTE) if given.isdecimal() else WITHOUT_LIMIT

    async def start_kernel(self, **kwargs: Any) -> str:
        """Start a kernel, and look at the memory from now on."""
        if self._watch is None:
            self._watch = PeriodicCallback(self.spare, 1000 * self.check_seconds)
            self._watch.start()
        return await super().start_kernel(**kwargs)

    async def spare(self) -> None:
        """End kernels while there is too little memory, and any that may end."""
        while (used := await asyncio.to_thread(memory_in_use)) > self.memory_limit * MEGABYTE:
            longest_idle = self._longest_idle()
            if longest_idle is None:
                return
            self.log.warning(
                "scyfi_widgets.server | kernel %s, idle for the longest time, ends: "
                "%d MB are in use, %d MB allowed",
                longest_idle,
                used / MEGABYTE,
                self.memory_limit,
            )
            await self.shutdown_kernel(longest_idle, now=True)

    def _longest_idle(self) -> str | None:
        by_use = sorted(
            (kernel.last_activity, number, kernel.execution_state)
            for number, kernel in self._kernels.items()
        )
        return next((number for _, number, state in by_use[:-1] if state == "idle"), None)


def memory_in_use() -> int:
    """Return the memory in bytes of this process and of those below it; shared pages count once."""
    own = psutil.Process()
    total = 0
    for process in [own, *own.children(recursive=True)]:
        try:
            memory = process.memory_full_info()
        except psutil.Error:  # it ended meanwhile
            continue
        total += getattr(memory, "pss", memory.rss)
    return total
