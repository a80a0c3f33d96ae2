"""A JupyterLab server process with a home of its own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# What would otherwise ask questions, reach for the network, or change the picture.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "checkForUpdates": False,
        "fetchNews": "false",
        "doNotDisturbMode": True,
    },
    "@jupyterlab/extensionmanager-extension:plugin": {"enabled": False},
}


class LabServer:
    """JupyterLab on a free port of this machine, isolated from the user's Jupyter.

    Parameters
    ----------
    home
        An empty folder: configuration, data and the notebooks (``root``) lie in it.
    config
        Written as ``jupyter_server_config.json``, for example
        ``{"ServerApp": {"jpserver_extensions": {"scyfi_widgets.server": False}}}``.
    settings
        JupyterLab settings beside `SETTINGS`, by plugin id.
    """

    def __init__(
        self,
        home: Path,
        config: Mapping[str, Any] | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.home = Path(home)
        self.root = self.home / "notebooks"
        self.log_path = self.home / "server.log"
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self._config = dict(config or {})
        self._settings = {**SETTINGS, **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """Address of the server, ending in a slash."""
        return f"http://127.0.0.1:{self.port}/"

    def url(self, path: str) -> str:
        """Address of `path` on the server, with the token."""
        return f"{self.base_url}{path}?token={self.token}"

    def start(self, timeout: float = 60.0) -> LabServer:
        """Start the process and wait until it answers."""
        config_dir = self.home / "config"
        self.root.mkdir(parents=True, exist_ok=True)
        (config_dir / "labconfig").mkdir(parents=True, exist_ok=True)
        (config_dir / "labconfig" / "default_setting_overrides.json").write_text(
            json.dumps(self._settings)
        )
        (config_dir / "jupyter_server_config.json").write_text(json.dumps(self._config))
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1"),
            *(f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"),
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.root}",
            "--ServerApp.allow_root=True",
            "--ServerApp.terminals_enabled=False",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
            "--LanguageServerManager.autodetect=False",
            "--log-level=WARN",
        ]
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.root,
                env=self._environment(config_dir),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that stop() can end the kernels with it
            )
        try:
            self._wait_until_it_answers(time.monotonic() + timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self, timeout: float = 10.0) -> None:
        """Shut the server and its kernels down; what does not obey is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self.request("api/shutdown", method="POST")
            process.wait(timeout)
        # Kernels belong to the server's process group unless they asked for one of their own;
        # api/shutdown has ended those.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout)

    def request(self, path: str, method: str = "GET") -> bytes:
        """Answer of the server's REST interface."""
        request = urllib.request.Request(
            self.base_url + path, method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def _environment(self, config_dir: Path) -> dict[str, str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY_"))}
        # Compiled kernels are shared with the user's cache: compiling them anew takes minutes.
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        environment |= {
            "HOME": str(self.home),
            "XDG_CACHE_HOME": cache,
            "JUPYTER_CONFIG_DIR": str(config_dir),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "IPYTHONDIR": str(self.home / "ipython"),
        }
        # The kernels import the very package that this process sees, installed or not.
        spec = find_spec("scyfi_widgets")
        if spec is not None and spec.origin is not None:
            folder = str(Path(spec.origin).parent.parent)
            paths = [folder, environment.get("PYTHONPATH", "")]
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        return environment

    def _wait_until_it_answers(self, deadline: float) -> None:
        assert self._process is not None
        while True:
            try:
                self.request("api/status")
                return
            except (urllib.error.URLError, OSError) as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log = self.log_path.read_text(errors="replace")[-4000:]
                    raise RuntimeError(f"JupyterLab did not start ({error}):\n{log}") from error
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
