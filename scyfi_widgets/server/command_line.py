"""What the commands have in common: refusals, numbers in arguments, signals, the child beside."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

FAILED = 1


class Refusal(Exception):
    """The start is impossible; the message tells the person what to do."""


def split_arguments(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Separate our own arguments from those after ``--``, which are the server's."""
    argv = list(argv)
    end = argv.index("--") if "--" in argv else len(argv)
    return argv[:end], argv[end + 1 :]


def port_number(text: str) -> int:
    """Return the port that an argument names."""
    return _whole_number(text, 1, 65535)


def count(text: str) -> int:
    """Return the number of things that an argument gives, zero at least."""
    return _whole_number(text, 0, 1000)


def _whole_number(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"must be a number from {least} to {most}, got {text!r}")
    return int(text)


def refuse(refusal: Refusal) -> int:
    """Print why nothing was started; return the exit status."""
    print(f"scyfi-widgets: {refusal}", file=sys.stderr)
    return FAILED


def runs_as_root() -> bool:
    """Return whether the servers that start here are root's."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def end_on_signals() -> None:
    """Let a closed terminal, or an end during the start, clean up as Ctrl-C does."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) == signal.SIG_DFL:
        # Jupyter and Voilà give SIGTERM a handler of their own that ends the kernels too.
        signal.signal(hang_up, lambda number, frame: os.kill(os.getpid(), signal.SIGTERM))
