"""Fixtures of the browser tests: one JupyterLab for all, one Chromium per test file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# pytest imports test files by path (--import-mode=importlib); the harness is a plain package.
sys.path.insert(0, str(Path(__file__).parent))

from harness import ChromiumMissing, LabServer, Notebook, find_chromium, launch_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HERE = Path(__file__).parent
report_key = pytest.StashKey[pytest.TestReport]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test in this folder as a browser test."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep the report of a test's call, for the fixture that photographs failures."""
    report = yield
    if report.when == "call":
        item.stash[report_key] = report
    return report


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium; without one the browser tests are skipped."""
    try:
        return find_chromium()
    except ChromiumMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def lab(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A JupyterLab server of one's own.

    The kernels are compiled before it starts, as `scyfi-widgets` does: no test is about compiling.
    """
    elsewhere = tmp_path_factory.mktemp("warm")  # -m would import the package of a checkout
    warm = [sys.executable, "-m", "scyfi_widgets.warm", "--quiet"]
    subprocess.run(warm, check=True, cwd=elsewhere)
    server = LabServer(tmp_path_factory.mktemp("lab")).start()
    yield server
    server.stop()


# Not one for the session: while Playwright's synchronous interface is open, its event loop counts
# as running in the main thread, and asyncio.run in other folders' tests would fail.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Headless Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a browser context of its own."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def open_notebook(
    request: pytest.FixtureRequest, page: Page, lab: LabServer
) -> Iterator[Callable[..., Notebook]]:
    """Opens notebooks as `Notebook.open` does; closes them, and photographs them on failure."""
    opened: list[Notebook] = []

    def open_one(*cells: str, run: bool = True, **options: Any) -> Notebook:
        on = page if not opened else page.context.new_page()
        notebook = Notebook.open(on, lab, cells, **options)
        opened.append(notebook)
        if run:
            notebook.run_all()
        return notebook

    yield open_one
    report = request.node.stash.get(report_key, None)
    for number, notebook in enumerate(opened):
        if report is not None and report.failed and not notebook.page.is_closed():
            notebook.screenshot(f"failed-{request.node.name}-{number}")
        notebook.close()
