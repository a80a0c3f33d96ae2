"""The process from which kernels are forked: ``python -m scyfi_widgets.server.forking.template``.

It loads what kernels need, says so, and then forks one for each line on its standard input. It has
one thread, starts none and opens no socket, because a fork copies neither. It ends with its input,
and the kernels with it: each looks whether its parent is still there, as Jupyter's kernels do.
"""

from __future__ import annotations

import gc
import io
import json
import os
import select
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

# Figures of notebooks are drawn inline; Matplotlib reads this when it is imported, which a kernel
# of its own does later than it sets it.
INLINE = "module://matplotlib_inline.backend_inline"
# What can be loaded without starting a thread. Not the inline backend: it asks which IPython there
# is when it is imported, and here is none.
MODULES = (
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "tornado.platform.asyncio",
    "IPython.core.completerlib",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "sqlite3",
    "psutil",
    "pandas",
    "scipy.linalg",
    "ipywidgets",
    "bqplot",
    "anywidget",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
)


def main() -> None:
    """Load, and fork on demand until the input ends; in a fork, be a kernel."""
    if sys.path[0] in ("", os.getcwd()):
        del sys.path[0]  # where `python -m` was started; kernels have their own folder
    _load()
    request = _fork_on_demand()
    if request is not None:
        _run_kernel(**request)


def _load() -> None:
    os.environ.setdefault("MPLBACKEND", INLINE)
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel reads it when it is imported
    for name in MODULES:
        with suppress(ImportError):
            import_module(name)
    import scyfi_widgets
    from scyfi_widgets import warm

    for name in scyfi_widgets.__all__:
        getattr(scyfi_widgets, name)
    _draw()
    if warm.is_warm():  # loading takes seconds, compiling minutes
        warm.warm()
    gc.collect()
    gc.freeze()  # a collection in a kernel would write to every page that holds an object


def _draw() -> None:
    """Load what Matplotlib loads with the first picture: fonts, and the writer of PNG files."""
    with suppress(ImportError):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure()
        figure.add_subplot(title="$x$", xlabel="x").plot([0, 1])
        FigureCanvasAgg(figure).print_png(io.BytesIO())


def _fork_on_demand() -> dict[str, Any] | None:
    """Return in each fork what the kernel shall be, and None in the template when it ends."""
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    _say(ready=True)
    while True:
        readable, _, _ = select.select([0, woken], [], [])
        if woken in readable:
            with suppress(BlockingIOError):
                os.read(woken, 512)
            _report_ended()
        if 0 in readable:
            line = _read_line()
            if not line:
                return None
            if pid := os.fork():
                _say(forked=pid)
                continue
            signal.set_wakeup_fd(-1)
            os.close(woken)
            os.close(wake)
            return json.loads(line)


def _read_line() -> bytes:
    """Return the next line of the input; unbuffered, or `select` would not see the rest."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 1)
        if not part:
            return b""
        line += part
    return line


def _say(**message: Any) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


def _report_ended() -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            _say(ended=pid, code=os.waitstatus_to_exitcode(status))


def _run_kernel(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Be a kernel from now on, as the command ``python -m ipykernel_launcher`` is."""
    os.setsid()
    gc.collect()  # of nothing, but garbage is collected in proportion to what was there before
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # the output was the way to the server
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["ipykernel_launcher", *arguments]

    import numpy as np
    from ipykernel import kernelapp

    np.random.seed()  # noqa: NPY002 (Python's own generator seeds itself after a fork, this one not)
    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
