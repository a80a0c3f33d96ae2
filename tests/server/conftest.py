"""Real Jupyter servers for these tests, each with configuration and runtime folders of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

import scyfi_widgets

PACKAGE = Path(scyfi_widgets.__file__).parent
EXTENSIONS = Path(__file__).parent / "extensions"
START_LIMIT = 90.0
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def wait_for(condition: Callable[[], Any], what: str, limit: float = START_LIMIT) -> Any:
    """Return the first true value of `condition`; fail after `limit` seconds."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {limit:g} s")


class RunningServer:
    """One server process, its log, and its REST API."""

    def __init__(self, arguments: list[str], env: dict[str, str], cwd: Path, log: Path) -> None:
        self._log = log
        self._runtime = Path(env["JUPYTER_RUNTIME_DIR"])
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                arguments,
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def info(self) -> dict[str, Any]:
        path = self._runtime / f"jpserver-{self.process.pid}.json"
        try:
            return json.loads(path.read_text())
        except (OSError, ValueError):
            return {}

    def request(self, path: str, method: str = "GET", body: Any = None) -> bytes:
        info = self.info
        request = urllib.request.Request(
            info["url"].rstrip("/") + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {info['token']}"},
        )
        with _opener.open(request, timeout=30) as response:
            return response.read()

    def answers(self) -> bool:
        assert self.process.poll() is None, f"the server ended:\n{self.log}"
        if not self.info:
            return False
        with suppress(OSError):
            self.request("/api/status")
            return True
        return False

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End the server; kill it and fail when it does not end."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise


class RunningApp:
    """One process of ``scyfi-widgets app``, and its log."""

    def __init__(self, arguments: list[str], port: int, env: dict, cwd: Path, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}/"
        self._log = log
        own = ["app", "--no-browser", "--ip", "127.0.0.1", "--port", str(port)]
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scyfi_widgets.server.launch", *own, *arguments],
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def request(self, path: str) -> str:
        """Return what the server answers; the page itself takes a kernel."""
        with _opener.open(self.url + path, timeout=90) as response:
            return response.read().decode()

    def status(self, path: str) -> int:
        """Return the status with which the server answers."""
        try:
            with _opener.open(self.url + path, timeout=30) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code

    def answers(self) -> bool:
        assert self.process.poll() is None, f"the server ended:\n{self.log}"
        with suppress(OSError):
            return self.status("voila/static/voila.js") == 200
        return False

    def wait_for_line(self, text: str) -> None:
        """Wait until the log tells it."""
        wait_for(lambda: text in self.log, f"the log tells: {text}", 30)

    def kernels(self) -> list[int]:
        """Return the processes of the kernels; a forked one goes by the name of its parent."""
        own = psutil.Process(self.process.pid)
        templates = [one for one in own.children() if "forking.template" in str(one.cmdline())]
        forked = [kernel for template in templates for kernel in template.children()]
        started = [one for one in own.children() if "ipykernel_launcher" in str(one.cmdline())]
        return [one.pid for one in forked + started]

    def stop(self) -> int:
        """End the server and its kernels."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(30)


class Jupyter:
    """A place for servers that know nothing of this machine's user, and of no other test.

    Parameters
    ----------
    folder : Path
        Where configuration, runtime files and logs go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: list[RunningServer | RunningApp] = []
        self.env = {name: v for name, v in os.environ.items() if not name.startswith("JUPYTER")}
        self.env.pop("SCYFI_WIDGETS_NODELAY", None)
        for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR", "CONFIG_PATH"):
            self.env[f"JUPYTER_{name}"] = str(self.sub(name.lower()))
        self.env["IPYTHONDIR"] = str(self.sub("ipython"))
        # The same package as this process's, installed or not.
        paths = [str(PACKAGE.parent), str(EXTENSIONS), self.env.get("PYTHONPATH", "")]
        self.env["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)

    def sub(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def enable_extension(self) -> None:
        """Do what an installation does, with the file that the wheel ships."""
        folder = self.sub("config_path/jupyter_server_config.d")
        shipped = PACKAGE / "server" / "jupyter_server_config.json"
        shutil.copy(shipped, folder / "scyfi_widgets.json")

    def start(self, module: str, *arguments: str) -> RunningServer:
        """Run ``python -m module`` and wait until its server answers."""
        command = [sys.executable, "-m", module, *arguments]
        log = self.folder / f"server-{len(self.servers)}.log"
        server = RunningServer(command, self.env, self.sub("work"), log)
        self.servers.append(server)
        wait_for(server.answers, "the server answers")
        return server

    def start_app(self, *arguments: str) -> RunningApp:
        """Run ``scyfi-widgets app`` and wait until it answers."""
        log = self.folder / f"server-{len(self.servers)}.log"
        app = RunningApp(list(arguments), find_free_port(), self.env, self.sub("work"), log)
        self.servers.append(app)
        # Kernels that no test before this one needed are compiled before it answers.
        wait_for(app.answers, "the app answers", 300)
        return app

    def run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``python -m module`` to its end."""
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=self.env,
            cwd=self.sub("work"),
            capture_output=True,
            text=True,
            timeout=START_LIMIT,
            check=False,
        )

    def stop(self) -> None:
        for server in self.servers:
            server.stop()


def find_free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    """Return a port that nothing listens on."""
    return find_free_port()


@pytest.fixture
def jupyter(tmp_path: Path) -> Iterator[Jupyter]:
    """Return a place for servers of one test."""
    place = Jupyter(tmp_path / "jupyter")
    yield place
    place.stop()


@pytest.fixture(scope="module")
def shared_jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """Return a place for servers of one module."""
    place = Jupyter(tmp_path_factory.mktemp("jupyter"))
    yield place
    place.stop()
