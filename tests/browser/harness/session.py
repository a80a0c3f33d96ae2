"""Server, browser and pages in one, for scripts that are not pytest."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .chromium import launch_chromium
from .notebook import Notebook
from .server import LabServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@dataclass(frozen=True)
class JupyterSession:
    """A running JupyterLab and a browser to look at it."""

    lab: LabServer
    browser: Browser

    def open(self, cells: list[str], **options: Any) -> Notebook:
        """Open a notebook in a page of its own; options are those of `Notebook.open`."""
        page = self.browser.new_context().new_page()
        return Notebook.open(page, self.lab, cells, **options)


@contextmanager
def jupyter_session(config: Mapping[str, Any] | None = None) -> Iterator[JupyterSession]:
    """Start JupyterLab and Chromium; end both on leaving.

    Parameters
    ----------
    config
        The server's configuration, see `LabServer`.
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="scyfi-lab-", ignore_cleanup_errors=True) as home:
        lab = LabServer(Path(home), config)
        with sync_playwright() as playwright:
            browser = launch_chromium(playwright)
            try:
                lab.start()
                yield JupyterSession(lab, browser)
            finally:
                lab.stop()
                browser.close()
