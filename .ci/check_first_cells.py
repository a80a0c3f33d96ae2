"""Check that a running server serves the explorer notebook and that its first cells execute.

Waits for the server on ``--port`` (its description is in Jupyter's runtime folder), reads the
notebook through the REST API, and runs its first code cells in a kernel of that server, over the
kernel websocket, as a browser does.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any

NOTEBOOK = "01_explorer.ipynb"
START_SECONDS = 600.0  # the command installs the package first
CELL_SECONDS = 300.0  # the first cell may compile the kernels


class Server:
    """The REST API and the kernels of one Jupyter server."""

    def __init__(self, info: dict[str, Any]) -> None:
        self.url, self.token = info["url"], info["token"]
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def request(self, path: str, method: str = "GET", body: Any = None) -> bytes:
        """Return the response's body; raise for any status that is not a success."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}"},
        )
        with self._opener.open(request, timeout=60) as response:
            return response.read()

    def connect(self, kernel: str) -> Any:
        """Return a websocket to a kernel."""
        import websocket  # Jupyter Server brings it; it is not there before the installation

        return websocket.create_connection(
            f"ws{self.url.removeprefix('http')}api/kernels/{kernel}/channels?session_id=ci",
            header=[f"Authorization: token {self.token}"],
            http_no_proxy=["*"],
            timeout=CELL_SECONDS,
        )


def wait_for_server(port: int, process: int) -> Server:
    """Return the server on `port` once it answers; give up when `process` has ended."""
    runtime = Path(os.environ["JUPYTER_RUNTIME_DIR"])
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        for path in runtime.glob("jpserver-*.json"):
            try:
                info = json.loads(path.read_text())
                if info["port"] == port:
                    server = Server(info)
                    server.request("api/status")
                    return server
            except (OSError, ValueError):
                pass  # half written, or not yet listening
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            sys.exit("the command ended before its server answered")
        time.sleep(0.2)
    sys.exit(f"no server on port {port} within {START_SECONDS:g} s")


def execute(connection: Any, code: str) -> dict[str, Any]:
    """Run `code` in the kernel; return its reply once the kernel is idle again."""
    message = uuid.uuid4().hex
    header = {"msg_id": message, "msg_type": "execute_request", "session": "ci", "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    connection.send(
        json.dumps(
            {
                "channel": "shell",
                "header": {**header, "username": "ci", "date": ""},
                "parent_header": {},
                "metadata": {},
                "content": {**content, "user_expressions": {}, "stop_on_error": True},
            }
        )
    )
    reply, idle = None, False
    deadline = time.monotonic() + CELL_SECONDS
    while reply is None or not idle:
        if time.monotonic() > deadline:
            sys.exit(f"a cell did not end within {CELL_SECONDS:g} s")
        received = connection.recv()
        if isinstance(received, bytes):
            continue  # a widget's data
        answer = json.loads(received)
        if answer["parent_header"].get("msg_id") != message:
            continue
        kind = answer["header"]["msg_type"]
        if kind == "execute_reply":
            reply = answer["content"]
        idle = idle or (kind == "status" and answer["content"]["execution_state"] == "idle")
    return reply


def main() -> int:
    """Check the server; return 1 when a cell failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--process", type=int, required=True, help="the command's process")
    parser.add_argument("--cells", type=int, default=3, help="how many code cells (default: 3)")
    options = parser.parse_args()

    server = wait_for_server(options.port, options.process)
    server.request(f"lab/tree/{NOTEBOOK}")
    notebook = json.loads(server.request(f"api/contents/{NOTEBOOK}"))["content"]
    cells = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    if not cells:
        sys.exit(f"{NOTEBOOK} has no code cell")
    session = {
        "path": NOTEBOOK,
        "name": NOTEBOOK,
        "type": "notebook",
        "kernel": {"name": "python3"},
    }
    session = json.loads(server.request("api/sessions", "POST", session))
    connection = server.connect(session["kernel"]["id"])
    ours = f"import sys; assert sys.prefix == {sys.prefix!r}, sys.prefix"
    for number, code in enumerate([ours, *cells[: options.cells]]):
        began = time.monotonic()
        reply = execute(connection, code)
        if reply["status"] != "ok":
            print("\n".join(reply.get("traceback", [str(reply)])))
            print(f"code cell {number} of {NOTEBOOK} failed")
            return 1
        if number:
            print(f"code cell {number}: {time.monotonic() - began:.1f} s")
    connection.close()
    server.request(f"api/sessions/{session['id']}", "DELETE")
    return 0


if __name__ == "__main__":
    sys.exit(main())
