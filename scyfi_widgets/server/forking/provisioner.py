"""How Jupyter gets kernels that are forked: by its own interface for ways to start them."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

from .client import Template, Unavailable

KERNEL = ["-m", "ipykernel_launcher"]
UNDERSTOOD = {"env", "cwd", "kernel_id", "extra_arguments"}


class ForkedProvisioner(LocalProvisioner):
    """Forks kernels of this environment; starts others, and all where it cannot, as usual."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Wait for the template first: what follows chooses ports, which others may take."""
        with suppress(Unavailable):
            template = await asyncio.to_thread(Template.of_this_server)
            await asyncio.to_thread(template.wait)
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start a kernel with a command."""
        try:
            arguments = _arguments_of_own_kernel(cmd)
            if more := [name for name in kwargs if name not in UNDERSTOOD and kwargs[name]]:
                raise Unavailable(f"{', '.join(more)}: only a new process can have this")
            folder = str(kwargs.get("cwd") or Path.cwd())
            # In a thread: the server goes on meanwhile.
            template = await asyncio.to_thread(Template.of_this_server)
            self.process = await asyncio.to_thread(
                template.fork, arguments, folder, kwargs.get("env") or os.environ
            )
        except Unavailable as reason:
            self.log.warning("scyfi_widgets.server | a kernel of its own memory: %s", reason)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = folder
        return self.connection_info


def _arguments_of_own_kernel(cmd: list[str]) -> list[str]:
    """Return what follows ``ipykernel_launcher``, when that is what this Python shall run."""
    if os.path.abspath(cmd[0]) == os.path.abspath(sys.executable):
        for at in range(1, len(cmd) - 1):
            if cmd[at : at + 2] == KERNEL:
                return cmd[at + 2 :]
    raise Unavailable("the kernel is another environment's")
