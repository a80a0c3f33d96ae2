"""The server's side of the template: it asks for kernels, and is told when they end."""

from __future__ import annotations

import atexit
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

# One thread, because a fork copies no other. And the C library shall give back what was freed: by
# default it keeps more and more of it, a third of what a kernel takes after a bifurcation plane.
SPARING = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_TRIM_THRESHOLD_": "262144",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
}
START_SECONDS = 90.0
FORK_SECONDS = 30.0


class Unavailable(Exception):
    """No kernel can be forked here; the message says why."""


def prepare_template() -> None:
    """Let the template load, so that the first kernel need not wait for it."""
    with suppress(Unavailable):
        Template.of_this_server()


class Template:
    """The template process of this server, which starts while the server goes on."""

    _lock = threading.Lock()
    _present: Template | None = None

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise Unavailable("kernels are forked on Linux only")
        self.codes: dict[int, int] = {}
        self.alive = True
        self._ready = threading.Event()
        self._forked: queue.Queue[int | None] = queue.Queue()
        self._asking = threading.Lock()
        environment = {**SPARING, **os.environ}
        self._process = subprocess.Popen(
            # As ipykernel starts its kernels: the debugger finds no breakpoint in frozen modules.
            [sys.executable, "-Xfrozen_modules=off", "-m", f"{__package__}.template"],
            cwd=os.sep,  # Python would take the package of a checkout's root
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal is the server's
        )
        threading.Thread(target=self._listen, daemon=True).start()
        atexit.register(self.close)

    @classmethod
    def of_this_server(cls) -> Template:
        """Return the template, started now if there is none.

        Raises
        ------
        Unavailable
            Where there can be none.
        """
        with cls._lock:
            if cls._present is None or not cls._present.alive:
                cls._present = cls()
            return cls._present

    def fork(
        self, arguments: Sequence[str], folder: str, environment: Mapping[str, str]
    ) -> ForkedProcess:
        """Start a kernel, once the template is ready.

        Parameters
        ----------
        arguments : sequence of str
            Of ``python -m ipykernel_launcher``.
        folder, environment
            Where and with what it runs.

        Raises
        ------
        Unavailable
            When the template ended, or does not answer.
        """
        request = {"arguments": [*arguments], "folder": folder, "environment": {**environment}}
        self.wait()
        with self._asking:
            try:
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                self._process.stdin.flush()
                pid = self._forked.get(timeout=FORK_SECONDS)
            except (OSError, queue.Empty) as error:
                self.close()  # an answer that came late would be taken for the next one
                raise Unavailable(f"the process to fork kernels from failed: {error!r}") from None
        if pid is None:
            raise Unavailable("the process to fork kernels from ended")
        return ForkedProcess(pid, self)

    def wait(self) -> None:
        """Wait until the template is ready.

        Raises
        ------
        Unavailable
            If it does not get ready.
        """
        if not self._ready.wait(START_SECONDS) or not self.alive:
            raise Unavailable("the process to fork kernels from did not start")

    def close(self) -> None:
        """End the template."""
        self.alive = False
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        for line in self._process.stdout:
            message: dict[str, Any] = json.loads(line)
            if "ready" in message:
                self._ready.set()
            elif "forked" in message:
                self._forked.put(message["forked"])
            else:
                self.codes[message["ended"]] = message["code"]
        self.alive = False
        self._ready.set()
        self._forked.put(None)


class ForkedProcess:
    """A kernel's process, with what `subprocess.Popen` offers of its own children."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, template: Template) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._template = template

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        if self.returncode is None:
            self.returncode = self._template.codes.pop(self.pid, None)
        if self.returncode is None and not self._template.alive:
            self.returncode = -signal.SIGKILL  # kernels end with the template
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, once it has ended."""
        deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"kernel {self.pid}", timeout)
            time.sleep(0.05)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal unless it has ended: its number may be another's then."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)
