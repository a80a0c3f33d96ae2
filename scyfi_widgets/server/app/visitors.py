"""Kernels that end when their visitors have left."""

from __future__ import annotations

import asyncio

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Float
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler


class VisitorKernels(AsyncMappingKernelManager):
    """Ends a kernel some time after its page was last connected.

    Jupyter's own culling counts from the kernel's last activity: it would take the network away
    from somebody who thought about it for a while and then lost the connection for a second.
    """

    left_seconds = Float(120.0, help="How long a visitor may be away.").tag(config=True)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._leaving: dict[str, asyncio.Task] = {}

    def notify_connect(self, kernel_id: str) -> None:
        """Note that a page is connected."""
        super().notify_connect(kernel_id)
        if task := self._leaving.pop(kernel_id, None):
            task.cancel()

    def notify_disconnect(self, kernel_id: str) -> None:
        """Note that a page went, and give its visitor time to come back."""
        super().notify_disconnect(kernel_id)
        if kernel_id not in self._leaving:
            task = asyncio.get_running_loop().create_task(self._end_when_left(kernel_id))
            self._leaving[kernel_id] = task

    async def _end_when_left(self, kernel_id: str) -> None:
        await asyncio.sleep(self.left_seconds)
        del self._leaving[kernel_id]
        if kernel_id in self and not self.kernel_model(kernel_id)["connections"]:
            self.log.info("The visitor of kernel %s has left", kernel_id)
            await self.shutdown_kernel(kernel_id, now=True)


class Goodbye(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is closed.

    The page's last request cannot carry the token against forged requests that Jupyter Server asks
    for (voila issue 1458). The kernel's id is as good a secret: only its page was told.
    """

    def check_xsrf_cookie(self) -> None:
        """Let the request pass."""

    async def post(self, kernel_id: str) -> None:
        """Shut the kernel down, unless it is gone already."""
        if kernel_id in self.kernel_manager:
            await super().post(kernel_id)
        else:
            self.set_status(204)
            self.finish()
