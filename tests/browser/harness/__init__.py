"""Drives a real JupyterLab in headless Chromium, for the browser tests and the benchmarks.

Chromium is driven with Playwright's synchronous interface. The tests' fixtures are in
``tests/browser/conftest.py``; a script gets the same from `jupyter_session`.
"""

from .chromium import ChromiumMissing, find_chromium, launch_chromium
from .explorer import ExplorerPage
from .figures import click_at, drawn_lines, drawn_points, front_end_state, place_in_page
from .notebook import CellError, Notebook
from .server import LabServer
from .session import JupyterSession, jupyter_session
from .sliders import drag, press, readout

__all__ = [
    "CellError",
    "ChromiumMissing",
    "ExplorerPage",
    "JupyterSession",
    "LabServer",
    "Notebook",
    "click_at",
    "drag",
    "drawn_lines",
    "drawn_points",
    "find_chromium",
    "front_end_state",
    "jupyter_session",
    "launch_chromium",
    "place_in_page",
    "press",
    "readout",
]
