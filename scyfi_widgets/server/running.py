"""Finding a server that an earlier ``scyfi-widgets`` started and that still runs."""

from __future__ import annotations

import json
import shutil
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jupyter_core.paths import jupyter_runtime_dir

from .session import MARK, PREFIX

START_SECONDS = 20.0
STOP_SECONDS = 20.0
_WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "[::1]"}


@dataclass(frozen=True)
class RunningServer:
    """A live server of ours: Jupyter's own description of it, and the notebook that it opened."""

    info: dict[str, Any]
    notebook: str

    @property
    def url(self) -> str:
        """The address of the notebook, with the token that opens it."""
        address = f"{self.info['url'].rstrip('/')}/lab/tree/{quote(self.notebook)}"
        token = self.info.get("token")
        return f"{address}?{urlencode({'token': token})}" if token else address

    @property
    def browser_file(self) -> Path:
        """The page that Jupyter wrote to open this server without showing the token to others."""
        return Path(jupyter_runtime_dir()) / f"jpserver-{self.info['pid']}-open.html"

    def stop(self) -> bool:
        """Ask the server to shut down and wait for its end; return whether it ended."""
        from jupyter_server.utils import check_pid

        try:
            _ask(self.info, "api/shutdown", method="POST", timeout=STOP_SECONDS).close()
        except OSError:
            return False
        # The last thing that our command does is to remove its folder.
        folder = Path(jupyter_runtime_dir()) / f"{PREFIX}{self.info['pid']}"
        deadline = time.monotonic() + STOP_SECONDS
        while folder.exists() and check_pid(self.info["pid"]):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


def find_running() -> RunningServer | None:
    """Return a server started by ``scyfi-widgets`` that answers, or None.

    Waits for one that is just starting. What crashed starts left behind is removed.
    """
    from jupyter_server.utils import check_pid

    for folder in sorted(Path(jupyter_runtime_dir()).glob(f"{PREFIX}*")):
        try:
            pid = int(folder.name.removeprefix(PREFIX))
            mark = json.loads((folder / MARK).read_text("utf-8"))
            root, notebook = mark["root_dir"], mark["notebook"]
            age = time.time() - (folder / MARK).stat().st_mtime
        except (OSError, ValueError, KeyError, TypeError):
            continue
        deadline = time.monotonic() + START_SECONDS - max(age, 0.0)
        while check_pid(pid):
            info = _server_info(pid)
            # Another program may have got the number of a process that crashed.
            if info and info.get("root_dir") == root and answers(info):
                return RunningServer(info, notebook)
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return None


def answers(info: dict[str, Any], timeout: float = 3.0) -> bool:
    """Return whether the server described by `info` answers at ``/api/status``."""
    try:
        with _ask(info, "api/status", timeout=timeout) as response:
            return response.status == 200
    except urllib.error.HTTPError as error:
        return error.code in (401, 403)  # alive, with a password instead of a token
    except (OSError, ValueError):
        return False


def _ask(info: dict[str, Any], path: str, method: str = "GET", timeout: float = 3.0) -> Any:
    """Send a request to the server and return its response, which the caller closes."""
    request = urllib.request.Request(_local_url(info) + path, method=method)
    if info.get("token"):
        request.add_header("Authorization", f"token {info['token']}")
    # A certificate is made for the server's public name, and a proxy has no part in this.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),
    )
    return opener.open(request, timeout=timeout)


def _server_info(pid: int) -> dict[str, Any] | None:
    from jupyter_server.serverapp import list_running_servers

    try:
        return next((info for info in list_running_servers() if info.get("pid") == pid), None)
    except OSError:  # a file vanished while Jupyter read the folder
        return None


def _local_url(info: dict[str, Any]) -> str:
    """Return the server's address as seen from this machine."""
    host = _WILDCARDS.get(info.get("hostname", ""))
    if host is None:
        return info["url"]
    scheme = "https" if info.get("secure") else "http"
    return f"{scheme}://{host}:{info['port']}{info.get('base_url', '/')}"
