"""Finds the system's Chromium and starts it the way the tests need it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page behind another one must draw at the full rate: the latency benchmark switches pages.
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    # Containers give /dev/shm 64 MB, too little for a page with several figures.
    "--disable-dev-shm-usage",
)


class ChromiumMissing(RuntimeError):
    """No Chromium is installed; the message says what to install."""


def find_chromium() -> str:
    """Path of a Chromium: ``$SCYFI_CHROMIUM`` if set, else the first known name on the path.

    Raises
    ------
    ChromiumMissing
        If there is none.
    """
    named = os.environ.get("SCYFI_CHROMIUM")
    if named:
        if not Path(named).is_file():
            raise ChromiumMissing(f"SCYFI_CHROMIUM must be the path of a Chromium, got {named!r}")
        return named
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    raise ChromiumMissing(
        "no Chromium found for the browser tests: install one (Debian: apt-get install chromium) "
        "or set SCYFI_CHROMIUM to the path of one"
    )


def launch_chromium(playwright: Playwright) -> Browser:
    """Start headless Chromium."""
    flags = list(FLAGS)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium's sandbox refuses to run as root
    return playwright.chromium.launch(executable_path=find_chromium(), args=flags)
