"""The command ``scyfi-widgets app``: the explorer as a page for a class."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import MutableMapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from .. import address, forking
from ..command_line import (
    Refusal,
    count,
    end_on_signals,
    port_number,
    refuse,
    runs_as_root,
    split_arguments,
)
from ..session import offer_own_kernel
from .networks import VARIABLE

NOTEBOOK = Path(__file__).with_name("explorer.ipynb")
PORT = 8866
READY = 2
LEFT_SECONDS = 120
MISSING_VOILA = 'Voilà is not installed here. Install it with: pip install "scyfi-widgets[app]"'
# One visitor is one slider at a time: threads of BLAS and Numba would only compete with the others.
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

# A socket's path has at most 107 bytes; the rest of it is Voilà's folder and the kernel's number.
LONGEST_FOLDER = 36

DESCRIPTION = """\
Serve the explorer as a page without code, for a class: everyone who opens the
address gets networks of their own to play with, in a kernel of their own.
"""

EPILOG = f"""\
in a classroom:
  scyfi-widgets app --ip 0.0.0.0 --port {PORT} --ready 30
  starts 30 kernels before the lesson. On Linux they share what they load:
  0.4 GB for all, and less than 0.1 GB for each; elsewhere it is 0.2 GB each.
  A kernel ends when its page is closed, or {LEFT_SECONDS // 60} minutes after its visitor was
  last connected.
  Nobody can run code of their own on this machine through the page, and who
  knows the address can open it: there is no password.

looks:
  --theme dark, or ?theme=dark behind the address for one visitor.

stopping:
  Press Ctrl-C in the terminal. The server and all its kernels end.

examples:
  scyfi-widgets app                           try it on this machine
  scyfi-widgets app --network mine/*.npz      with networks of your own
  scyfi-widgets app -- --Voila.base_url=/rnn/ set an option of Voilà
"""


def main(argv: Sequence[str]) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str
        The arguments after ``app``.

    Returns
    -------
    int
        The exit status: 0 when the server was stopped, 1 for an error that was printed, 2 for wrong
        arguments.
    """
    own, for_voila = split_arguments(argv)
    options = _parser().parse_args(own)
    try:
        if find_spec("voila") is None or find_spec("ipykernel") is None:
            raise Refusal(MISSING_VOILA)
        if problem := address.problem_with(options.ip, options.port):
            raise Refusal(problem)
        return _serve(options, for_voila)
    except Refusal as refusal:
        return refuse(refusal)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scyfi-widgets app",
        usage="%(prog)s [options] [-- VOILA_OPTION ...]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--network",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="show the network in FILE instead of the well-known ones; the first is shown first",
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
        help=f"listen on port N (default: {PORT}, or one near it that is free)",
    )
    parser.add_argument(
        "--ip",
        default="localhost",
        metavar="ADDRESS",
        help="listen on ADDRESS; 0.0.0.0 lets other machines in (default: localhost)",
    )
    parser.add_argument(
        "--theme", choices=("light", "dark"), default="light", help="the page's colours"
    )
    parser.add_argument(
        "--ready",
        type=count,
        default=READY,
        metavar="N",
        help=f"keep N kernels started for the next visitors (default: {READY})",
    )
    return parser


def _serve(options: argparse.Namespace, for_voila: list[str]) -> int:
    """Run Voilà in this process until it is stopped."""
    files = [file.expanduser().absolute() for file in options.network]
    with tempfile.TemporaryDirectory(prefix="scyfi-widgets-app-") as folder:
        end_on_signals()
        _prepare(files, Path(folder))
        _set_kernels_up(files, Path(folder), os.environ)
        from .classroom import Classroom

        Classroom.launch_instance([str(NOTEBOOK), *_voila_arguments(options), *for_voila])
    return 0


def _prepare(files: Sequence[Path], folder: Path) -> None:
    """Refuse files that hold no network, and compile the kernels if they are not."""
    done = subprocess.run(
        [sys.executable, "-m", f"{__package__}.prepare", *map(str, files)],
        # Not in a checkout's root, where Python would take the package of that folder.
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        from .networks import UNREADABLE

        last = done.stderr.strip().rpartition("\n")[2]
        what = "" if done.returncode == UNREADABLE else "the explorer does not start here: "
        raise Refusal(f"{what}{last}")


def _set_kernels_up(
    files: Sequence[Path], folder: Path, environment: MutableMapping[str, str]
) -> None:
    """Put into the server's environment what its kernels inherit."""
    forking.switch_on(environment)  # first: Jupyter reads it when it is asked for kernels
    offer_own_kernel(folder, environment)
    environment[VARIABLE] = json.dumps([str(file) for file in files])
    for name in ONE_THREAD:
        environment.setdefault(name, "1")


def _voila_arguments(options: argparse.Namespace) -> list[str]:
    arguments = [
        f"--Voila.ip={'' if options.ip == '*' else options.ip}",
        f"--VoilaConfiguration.theme={options.theme}",
        f"--VoilaConfiguration.preheat_kernel={options.ready > 0}",
        f"--VoilaConfiguration.default_pool_size={options.ready}",
        "--VoilaConfiguration.allow_template_override=NO",
        # A page that is closed ends its kernel; this is for closed laptops, and for no page at all.
        f"--VisitorKernels.left_seconds={LEFT_SECONDS}",
        "--MappingKernelManager.cull_idle_timeout=900",
        "--MappingKernelManager.cull_interval=60",
        # While many kernels start at once, what they show is late; Voilà would leave it out.
        "--VoilaExecutor.iopub_timeout=120",
        f"--Voila.port={options.port or PORT}",
    ]
    if sys.platform == "linux" and len(tempfile.gettempdir()) <= LONGEST_FOLDER:
        # Ports are chosen before a kernel listens there; of many that start, some find one taken.
        arguments.append("--KernelManager.transport=ipc")
    if options.port:
        arguments.append("--Voila.port_retries=0")  # pupils know this address and no other
    if not options.browser:
        arguments.append("--no-browser")
    if runs_as_root():
        print("scyfi-widgets: running as root, and so do the kernels")
    return arguments
