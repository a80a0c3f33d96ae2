"""Voilà with what a class needs: a page that asks no CDN, and kernels that come and go in time."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

from ..nodelay import install
from .visitors import Goodbye, VisitorKernels


class Classroom(Voila):
    """Voilà's own server, for one notebook, in the place of ``python -m voila``."""

    name = "scyfi-widgets app"

    def setup_template_dirs(self) -> None:
        """Find this folder's page before that of Voilà's template, which it extends."""
        super().setup_template_dirs()
        self.template_paths = [str(Path(__file__).parent), *self.template_paths]

    def init_settings(self) -> dict[str, Any]:
        """Give each visitor a kernel that ends with the visit, and is answered without delay."""
        self.voila_configuration.multi_kernel_manager_class = VisitorKernels
        settings = super().init_settings()
        application = SimpleNamespace(settings=settings)
        install(SimpleNamespace(log=self.log, config=self.config, web_app=application))
        return settings

    def init_handlers(self) -> list[tuple]:
        """Accept the last request of a page that is closed."""
        return [
            (rule[0], Goodbye, *rule[2:]) if rule[1] is VoilaShutdownKernelHandler else rule
            for rule in super().init_handlers()
        ]
