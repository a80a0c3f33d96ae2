"""The steps that build the Binder image, replayed without Docker; every notebook is run in it.

The checkout is copied, a virtual environment takes the place of the image's, and the scripts of
``binder`` do the rest. The notebooks are run as a person opens them, one after the other, by
kernels of the server that the image starts, and none is closed by hand.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import psutil
import pytest
from jupyter_client import AsyncKernelManager

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FIRST = "lab/tree/notebooks/01_explorer.ipynb"
APP = "voila/render/scyfi_widgets/server/app/explorer.ipynb"
LONGEST_CELL = 300
MEGABYTES = 1e6
MOST_MEGABYTES = 1000  # of the server and its kernels, when all notebooks were run
KEPT = 3  # of their kernels at least are still there then
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

pytestmark = pytest.mark.slow


class Image:
    """A replay of the image: its files, its environment, and its server while that runs.

    Parameters
    ----------
    folder : Path
        Where it is built.
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"  # repo2docker copies the repository into the home folder
        self.prefix = folder / "environment"
        self.log_path = folder / "server.log"
        self.server: psutil.Popen | None = None
        kept = {"LANG", "LC_ALL", "TERM", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"}
        self.env = {
            name: value
            for name, value in os.environ.items()
            if name in kept or name.startswith(("PIP_", "SSL_", "REQUESTS_"))
        }
        self.env |= {
            "HOME": str(self.home),
            "PATH": f"{self.prefix}/bin:{os.defpath}",
            "VIRTUAL_ENV": str(self.prefix),
            "TMPDIR": str(folder),
        }

    # Building -----------------------------------------------------------------------------------

    def build(self) -> None:
        """Do what repo2docker does with the folder binder."""
        self._copy_checkout()
        python = self._python()
        subprocess.run([python, "-m", "venv", str(self.prefix)], check=True)
        # Unlike the image's build this may use pip's cache: the files are the same.
        cache = subprocess.run(
            [sys.executable, "-m", "pip", "cache", "dir"],
            capture_output=True,
            text=True,
            check=False,
        )
        with_cache = {"PIP_CACHE_DIR": cache.stdout.strip()} if not cache.returncode else {}
        self.run("pip", "install", "--quiet", "-r", "binder/requirements.txt", **with_cache)
        self.run("binder/postBuild")

    def _copy_checkout(self) -> None:
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (self.home / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.home / name)

    def _python(self) -> str:
        wanted = (ROOT / "binder" / "runtime.txt").read_text("utf-8").strip().replace("-", "")
        if python := shutil.which(wanted):
            return python
        print(f"no {wanted} here: the image is replayed with Python {sys.version.split()[0]}")
        return sys.executable

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the image, from the repository; fail with what it printed."""
        done = subprocess.run(
            command,
            env={**self.env, **variables},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done

    # Its server ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server as the image does, through the script `start`."""
        with self.log_path.open("w") as log:
            self.server = psutil.Popen(
                [
                    "binder/start",
                    "jupyter",
                    "lab",
                    "--no-browser",
                    "--ip=127.0.0.1",
                    "--allow-root",
                ],
                env=self.env,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        runtime = self.home / ".local/share/jupyter/runtime"
        deadline = time.monotonic() + 60
        while True:
            assert self.server.poll() is None, self.log_path.read_text()
            assert time.monotonic() < deadline, self.log_path.read_text()
            try:
                self.info = json.loads(next(runtime.glob("jpserver-*.json")).read_text())
                self.request("api/status")
                return
            except (StopIteration, OSError, ValueError):
                time.sleep(0.2)

    def stop(self) -> None:
        """End the server and its kernels."""
        if self.server is None:
            return
        family = self.server.children(recursive=True)
        self.server.terminate()
        for left in psutil.wait_procs([self.server, *family], timeout=20)[1]:
            left.kill()

    def request(self, path: str, method: str = "GET", body: Any = None) -> tuple[str, str]:
        """Return the address at which a request ended, and what was answered."""
        request = urllib.request.Request(
            self.info["url"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.info['token']}"},
        )
        with _opener.open(request, timeout=120) as response:
            return response.url, response.read().decode()

    def kernel_for(self, notebook: Path) -> str:
        """Open a notebook as JupyterLab does; return the number of its kernel."""
        body = {"path": f"notebooks/{notebook.name}", "name": notebook.name, "type": "notebook"}
        body["kernel"] = {"name": "python3"}
        return json.loads(self.request("api/sessions", "POST", body)[1])["kernel"]["id"]

    def open_kernels(self) -> int:
        """Return the number of kernels that run."""
        return len(json.loads(self.request("api/kernels")[1]))

    def compiled(self) -> dict[str, int]:
        """Return the files of compiled kernels, with the times when they were written."""
        folder = self.home / ".cache/scyfi_widgets"
        files = (path for path in folder.rglob("*.nb[ci]"))
        return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files}

    def memory(self) -> dict[int, int]:
        """Return the memory of the server's process and of its kernels; shared pages count once."""
        try:
            family = [self.server, *self.server.children(recursive=True)]
        except psutil.NoSuchProcess:  # a process that ended while its parents were looked up
            return {}
        return {one.pid: pss(one) for one in family}


def pss(process: psutil.Process) -> int:
    """Return the memory of a process in bytes: its own pages, and its part of those it shares."""
    try:
        return process.memory_full_info().pss
    except psutil.NoSuchProcess:
        return 0


class ServersKernel(AsyncKernelManager):
    """A kernel that belongs to a server, for nbclient to run cells in."""

    has_kernel = True

    def __init__(self, process: psutil.Process, connection_file: Path) -> None:
        super().__init__(owns_kernel=False)
        self.process = process
        self.load_connection_file(str(connection_file))

    async def is_alive(self) -> bool:
        """Tell nbclient when it waits for nothing."""
        return self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE


class Peak(threading.Thread):
    """Looks at the memory of a process, and of all, until it is stopped."""

    def __init__(self, process: psutil.Process, image: Image) -> None:
        super().__init__(daemon=True)
        self.process, self.image = process, image
        self.own = self.together = 0
        self._stop_looking = threading.Event()

    def run(self) -> None:
        """Keep the largest values."""
        while not self._stop_looking.wait(0.5):
            self.look()

    def look(self) -> None:
        """Look once."""
        memory = self.image.memory()
        self.own = max(self.own, memory.get(self.process.pid, 0))
        self.together = max(self.together, sum(memory.values()))

    def stop(self) -> None:
        """Look for the last time."""
        self._stop_looking.set()
        self.join()
        self.look()


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Iterator[Image]:
    """Return the image, built and running."""
    built = Image(tmp_path_factory.mktemp("image"))
    built.build()
    built.start()
    yield built
    built.stop()


@pytest.fixture(scope="module")
def seconds() -> dict[str, float]:
    """Return how long each notebook took."""
    return {}


def test_everything_in_it_fits_together(image):
    image.run("pip", "check")  # fails where something is missing or does not fit
    where = image.run("python", "-c", "import os; os.chdir('notebooks'); import scyfi_widgets as m;"
                      "print(m.__file__)", PYTHONSAFEPATH="1")  # fmt: skip
    assert str(image.prefix) in where.stdout


def test_nothing_in_it_is_left_to_chance(image):
    """A version that no pin names would be another one next year."""
    frozen = image.run("pip", "freeze", "--exclude", "scyfi-widgets").stdout.split()
    lines = (ROOT / "binder" / "requirements.txt").read_text("utf-8").splitlines()
    assert sorted(frozen) == sorted(line for line in lines if not line.startswith("#"))


def test_it_starts_in_the_explorer_notebook(image):
    address, page = image.request("")
    assert address == f"{image.info['url']}{FIRST}"
    assert "jupyter-config-data" in page
    log = image.log_path.read_text()
    assert "use TCP_NODELAY" in log
    assert "a kernel of its own memory" not in log


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_in_it(path, image, seconds, record_testsuite_property):
    compiled = image.compiled()
    assert compiled
    others = set(image.server.children(recursive=True))
    number = image.kernel_for(path)
    (process,) = set(image.server.children(recursive=True)) - others
    connection = image.home / f".local/share/jupyter/runtime/kernel-{number}.json"
    peak = Peak(process, image)
    peak.start()
    began = time.monotonic()
    try:
        nbclient.NotebookClient(
            nbformat.read(path, as_version=4),
            km=ServersKernel(process, connection),
            timeout=LONGEST_CELL,
        ).execute()
    finally:
        peak.stop()
    seconds[path.stem] = time.monotonic() - began
    for name, value in (("seconds", seconds[path.stem]), ("memory_MB", peak.own / MEGABYTES)):
        record_testsuite_property(f"{path.stem}_{name}", round(value, 1))
    print(
        f"{path.stem}: {seconds[path.stem]:.1f} s; memory {peak.own / MEGABYTES:.0f} MB at most, "
        f"{peak.together / MEGABYTES:.0f} MB with the server and all that is open"
    )
    assert image.compiled() == compiled, "something was compiled that postBuild should have"


def test_all_of_them_run_within_the_memory(image, seconds, record_testsuite_property):
    assert len(seconds) == len(NOTEBOOKS), "every notebook must have run before"
    deadline = time.monotonic() + 30  # the server looks every few seconds
    while (total := sum(image.memory().values()) / MEGABYTES) > MOST_MEGABYTES:
        assert time.monotonic() < deadline, f"{total:.0f} MB"
        time.sleep(1)
    left = image.open_kernels()
    record_testsuite_property("seconds_of_all_notebooks", round(sum(seconds.values()), 1))
    record_testsuite_property("memory_MB", round(total))
    each = [round(one / MEGABYTES) for one in image.memory().values()]
    print(f"all notebooks: {sum(seconds.values()):.0f} s; {total:.0f} MB, {left} kernels: {each}")
    assert left >= KEPT


def test_the_app_opens_in_it(image):
    _, page = image.request(APP)
    assert "<title>scyfi_widgets explorer</title>" in page
    assert "application/vnd.jupyter.widget-view+json" in page
    assert "import page" not in page


def test_repo2docker_reads_the_folder_as_it_is_meant(image, tmp_path):
    """Only its plan: building needs Docker."""
    own = tmp_path / "repo2docker"
    subprocess.run([sys.executable, "-m", "venv", str(own)], check=True)
    install = [own / "bin/pip", "install", "--quiet", "jupyter-repo2docker>=2024.7", "setuptools"]
    subprocess.run(install, check=True)
    made = subprocess.run(
        [own / "bin/repo2docker", "--no-build", "--debug", str(image.home)],
        capture_output=True,
        text=True,
        check=False,
    )
    plan = made.stdout + made.stderr
    for step in (
        "conda environment for python=3.11",
        'pip install --no-cache-dir -r "binder/requirements.txt"',
        "RUN ./binder/postBuild",
        'R2D_ENTRYPOINT="${REPO_DIR}/binder/start"',
    ):
        assert step in plan, plan[-3000:]
