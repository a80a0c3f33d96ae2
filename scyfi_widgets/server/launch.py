"""The command ``scyfi-widgets``: JupyterLab, opened on the explorer notebook."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from . import address, notebooks
from .command_line import (
    FAILED,
    Refusal,
    end_on_signals,
    port_number,
    refuse,
    runs_as_root,
    split_arguments,
)

__all__ = ["ALREADY_RUNNING", "FAILED", "main"]

ALREADY_RUNNING = 3
MISSING_LAB = 'JupyterLab is not installed here. Install it with: pip install "scyfi-widgets[lab]"'

DESCRIPTION = """\
Open JupyterLab on the explorer notebook: drag a weight of a piecewise-linear
recurrent network and watch its fixed points, cycles and orbits follow.
"""

EPILOG = f"""\
the notebooks:
  Started in a checkout of the project, its own notebooks folder is opened as
  it is. Anywhere else you work in copies, in ./{notebooks.COPIES}: beside
  your own files, so that every project or class folder has copies of its own.
  --notebook-dir puts them elsewhere. What you change in them is never
  overwritten; a copy that you only ran is replaced when a new version of the
  package brings a newer one.

stopping:
  Press Ctrl-C in the terminal, or run scyfi-widgets --stop in another one.
  The server and the kernels of its notebooks end; saved notebooks stay.

a second start:
  While one server runs, a second start prints its address, opens the browser
  on it, and ends with status {ALREADY_RUNNING}. --new starts another server anyway.

for a class:
  scyfi-widgets app serves the explorer as a page without code, with a kernel
  for each visitor; scyfi-widgets app --help tells more.

examples:
  scyfi-widgets                               work on this machine
  scyfi-widgets --no-browser --port 8890      on a server, through a tunnel:
                                              ssh -L 8890:localhost:8890 SERVER
  scyfi-widgets --notebook-dir ~/course       keep the notebooks in ~/course
  scyfi-widgets -- --ServerApp.token=secret   set an option of JupyterLab
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        The exit status: 0 when the server was stopped, 1 for an error that was printed, 2 for wrong
        arguments, 3 when a server was already running.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv[:1] == ["app"]:
        from .app import command

        return command.main(argv[1:])
    own, for_jupyter = split_arguments(argv)
    options = _parser().parse_args(own)
    try:
        if find_spec("jupyterlab") is None or find_spec("ipykernel") is None:
            raise Refusal(MISSING_LAB)
        if options.stop:
            return _stop_running()
        if not options.new and _reports_running(options.browser):
            return ALREADY_RUNNING
        if problem := address.problem_with(options.ip, options.port):
            raise Refusal(problem)
        return _serve(options, for_jupyter)
    except Refusal as refusal:
        return refuse(refusal)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scyfi-widgets",
        usage="%(prog)s [app] [options] [-- JUPYTERLAB_OPTION ...]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--no-browser",
        dest="browser",
        action="store_false",
        help="print the address and open no browser",
    )
    parser.add_argument(
        "--port",
        type=port_number,
        metavar="N",
        help="listen on port N (default: 8888, or the next free)",
    )
    parser.add_argument(
        "--ip",
        default="localhost",
        metavar="ADDRESS",
        help="listen on ADDRESS; 0.0.0.0 lets other machines in (default: localhost)",
    )
    parser.add_argument(
        "--notebook-dir",
        type=Path,
        metavar="DIR",
        help=f"keep your copies of the notebooks in DIR (default: ./{notebooks.COPIES})",
    )
    parser.add_argument("--new", action="store_true", help="start even while another one runs")
    parser.add_argument("--stop", action="store_true", help="stop the one that runs")
    parser.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    return parser


def _version() -> str:
    from scyfi_widgets import __version__

    return __version__


def _reports_running(browser: bool) -> bool:
    """Say so, and open the browser, when a server of ours already runs."""
    from .running import find_running

    server = find_running()
    if server is None:
        return False
    print(
        "scyfi-widgets: already running, so no second one was started\n"
        f"  open:    {server.url}\n"
        f"  folder:  {server.info['root_dir']}\n"
        "  stop:    Ctrl-C in its terminal, or scyfi-widgets --stop\n"
        "  another: scyfi-widgets --new",
        flush=True,
    )
    if browser:
        page = server.browser_file
        webbrowser.open(page.as_uri() if page.is_file() else server.url)
    return True


def _stop_running() -> int:
    from .running import find_running

    server = find_running()
    if server is None:
        raise Refusal("none is running")
    if not server.stop():
        raise Refusal(f"the server did not end; end process {server.info['pid']} by hand")
    print("scyfi-widgets: stopped")
    return 0


def _prepare_notebooks(chosen: Path | None) -> Path:
    """Return the folder to open, with the user's copies of the notebooks in it."""
    try:
        if chosen is None and (checkout := notebooks.checkout_folder(Path.cwd())):
            return checkout
        folder = (chosen or Path(notebooks.COPIES)).expanduser().absolute()
        shipped = notebooks.shipped_folder()
        if folder.resolve() != shipped.resolve():
            for message in notebooks.copy_notebooks(shipped, folder):
                print(f"scyfi-widgets: {message}")
        return folder
    except FileNotFoundError as error:
        raise Refusal(f"the notebooks are missing: {error}") from None
    except OSError as error:
        raise Refusal(f"the notebooks cannot be put there: {error} (see --notebook-dir)") from None


def _serve(options: argparse.Namespace, for_jupyter: list[str]) -> int:
    """Run JupyterLab in this process until it is stopped."""
    from .session import Session

    root = _prepare_notebooks(options.notebook_dir)
    print(f"scyfi-widgets: the notebooks are in {root}; Ctrl-C stops the server", flush=True)
    end_on_signals()
    session = warming = None
    try:
        session = Session(root, notebooks.FIRST)
        session.enter()
        warming = _start_warming(root)
        from jupyterlab.labapp import LabApp

        LabApp.launch_instance([*_jupyter_arguments(options, root), *for_jupyter])
    finally:
        if warming is not None:
            _end(warming)
        if session is not None:
            session.remove()
    return 0


def _jupyter_arguments(options: argparse.Namespace, root: Path) -> list[str]:
    arguments = [
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{quote(notebooks.FIRST)}",
        f"--ServerApp.ip={'' if options.ip == '*' else options.ip}",
        "--ServerApp.answer_yes=True",  # one Ctrl-C stops, as --help says
    ]
    if not options.browser:
        arguments.append("--no-browser")
    if options.port:
        # A tunnel or a bookmark leads to this port and to no other.
        arguments += [f"--ServerApp.port={options.port}", "--ServerApp.port_retries=0"]
    if runs_as_root():
        # In a container root is the only user; Jupyter would refuse to start.
        print("scyfi-widgets: running as root, and so do the notebooks")
        arguments.append("--allow-root")
    return arguments


def _start_warming(folder: Path) -> subprocess.Popen | None:
    """Compile the kernels beside the server; a failure leaves it to the first use."""
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "scyfi_widgets.server.warming"],
            # Not in a checkout's root, where Python would take the package of that folder.
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is the server's
        )
    except OSError:
        return None


def _end(process: subprocess.Popen) -> None:
    """End a process, which leads a group of its own, and those that it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    else:
        process.terminate()  # its helpers end as soon as they see that
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
