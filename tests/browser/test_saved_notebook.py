"""A notebook that was saved with its widgets still shows them, as a plain page of nbconvert.

There is no kernel behind such a page. It fetches the widget libraries from CDNs; here the same
files are served from the installed wheels and from npm.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from urllib.parse import unquote

import nbclient
import nbformat
import pytest
from harness import LabServer, Notebook
from nbconvert import HTMLExporter
from playwright.sync_api import expect

import scyfi_widgets as sw

CELLS = (
    """
import scyfi_widgets as sw
explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=16)
assert explorer.wait(60, finest=True)
explorer""",
    """
start = sw.systems.sixteen_cycle().replace({"A": [0.9, 0.9]})
run = sw.train(start, sw.systems.toy_series(100), trainable="A", epochs=20, progress=False)
replay = sw.TrainingReplay(run, max_order=2)
assert replay.wait(120, finest=True)
replay""",
)
FIGURES = 5  # of the replay: loss, cycles, state space, eigenvalues, path
SAVE = "() => window.jupyterapp.commands.execute('docmanager:save')"
# What the page tries beside itself before it goes to a CDN: a file of each library, and the icons'
# fonts, which html-manager looks for in the wrong place (buttons keep their words).
EXPECTED_MISSES = re.compile(r"file://.*(/(bqplot|bqscales|anywidget)\.js|\.(woff2?|ttf))$")
SHOWN_POINTS = "g.object_grp:not([style*='display: none'], [style*='opacity: 0;'])"


@pytest.fixture(scope="module")
def libraries(tmp_path_factory) -> dict[str, Path]:
    """Return the libraries that a saved page asks for, by a part of their addresses."""
    folder = tmp_path_factory.mktemp("npm")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is needed to get html-manager, which is in no wheel: install Node.js")
    packages = {"html-manager": "@jupyter-widgets/html-manager@1", "require.js": "requirejs@2"}
    for name, package in packages.items():
        packed = subprocess.run(
            [npm, "pack", "--silent", package],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if packed.returncode:
            pytest.skip(f"npm cannot get {package}: {packed.stderr.strip()}")
        with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
            archive.extractall(folder / name, filter="data")
    wheels = Path(sys.prefix) / "share/jupyter/nbextensions"
    return {
        "/require.min.js": folder / "require.js/package/require.js",
        "/html-manager@": folder / "html-manager/package/dist/embed-amd.js",
        **{f"/{name}@": wheels / name / "index.js" for name in ("bqplot", "bqscales", "anywidget")},
    }


@pytest.fixture(scope="module")
def by_nbclient(tmp_path_factory) -> nbformat.NotebookNode:
    """Return the notebook as ``jupyter execute`` saves it: with the whole state of each widget."""
    notebook = a_notebook()
    folder = str(tmp_path_factory.mktemp("execution"))  # not the checkout with its own package
    nbclient.NotebookClient(
        notebook,
        timeout=300,
        store_widget_state=True,
        resources={"metadata": {"path": folder}},
    ).execute()
    return notebook


@pytest.fixture(scope="module")
def by_jupyterlab(browser, tmp_path_factory) -> nbformat.NotebookNode:
    """Return the notebook as JupyterLab saves it: without what is as it is by default."""
    settings = {"@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True}}
    server = LabServer(tmp_path_factory.mktemp("saving"), settings=settings).start()
    try:
        opened = Notebook.open(browser.new_context().new_page(), server, CELLS)
        opened.run_all()
        opened.locator(".sw-transport").first.wait_for()
        path = server.root / opened.name
        before = path.stat().st_mtime_ns
        opened.page.evaluate(SAVE)
        opened.wait_for(lambda: path.stat().st_mtime_ns != before)
        saved = nbformat.read(path, as_version=4)
        opened.close()
        return saved
    finally:
        server.stop()


def a_notebook() -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )


@pytest.mark.slow
@pytest.mark.parametrize("saved_by", ["by_nbclient", "by_jupyterlab"])
def test_widgets_are_drawn_without_a_kernel(saved_by, libraries, page, request, tmp_path):
    notebook = request.getfixturevalue(saved_by)
    assert "widgets" in notebook.metadata
    exported, _ = HTMLExporter().from_notebook_node(notebook)
    file = tmp_path / "saved.html"
    file.write_text(exported, "utf-8")

    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: note_error(m, errors))
    page.route(re.compile("^https?:"), lambda route: serve(route, libraries))
    page.set_viewport_size({"width": 1300, "height": 2600})
    page.goto(file.as_uri())
    areas = page.locator(".jp-Cell .jp-OutputArea")
    explorer, replay = areas.nth(0), areas.nth(1)
    explorer.locator(".bqplot").nth(1).wait_for(timeout=60_000)
    replay.locator(".bqplot").nth(FIGURES - 1).wait_for(timeout=60_000)

    cycles = sw.find_cycles(sw.systems.sixteen_cycle(), max_order=16)
    points = explorer.locator(".bqplot").first.locator(SHOWN_POINTS)
    expect(points).to_have_count(sum(cycle.order for cycle in cycles) + 1)  # 1: the orbit's start
    expect(explorer.locator(".sw-table tbody tr")).to_have_count(len(cycles))
    expect(explorer.locator(".sw-weight .noUi-handle")).to_have_count(8)
    expect(explorer.locator(".sw-badge").first).to_have_text("complete to order 16, proved")
    expect(replay.locator(".bqplot")).to_have_count(FIGURES)
    for number in range(FIGURES):
        figure = replay.locator(".bqplot").nth(number)
        expect(figure.locator("path.line[d^=M], g.object_grp")).not_to_have_count(0)

    transport = replay.locator(".sw-transport")
    expect(transport.locator(".sw-epoch")).to_have_text("epoch 0 of 20")
    transport.locator("button", has_text="▸").click()
    # The words follow with the next picture of the display.
    expect(transport.locator(".sw-epoch")).to_have_text("epoch 1 of 20")
    page.screenshot(path=artifact(f"saved-{saved_by}.png"), full_page=True)
    assert errors == []


def artifact(name: str) -> Path:
    folder = Path(os.environ.get("SCYFI_ARTIFACTS", "artifacts"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def serve(route, libraries: dict[str, Path]) -> None:
    """Answer for a CDN."""
    address = unquote(route.request.url)
    for part, path in libraries.items():
        if part in address:
            return route.fulfill(path=path, content_type="text/javascript")
    if "mathjax" in address:  # there is no formula, and it draws no widget
        return route.fulfill(body="", content_type="text/javascript")
    return route.abort()


def note_error(message, errors: list[str]) -> None:
    """Keep an error of the console unless it is one that is expected."""
    if message.type == "error" and not EXPECTED_MISSES.match(message.location["url"]):
        errors.append(f"{message.text} ({message.location['url']})")
