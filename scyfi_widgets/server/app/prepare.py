"""Reads the teacher's networks and compiles the kernels, before the first visitor comes.

``python -m scyfi_widgets.server.app.prepare [FILE ...]``, in a process of its own: the server's
process never loads Numba.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scyfi_widgets import warm
from scyfi_widgets.files import load_model

from .networks import UNREADABLE


def main(files: Sequence[str]) -> int:
    """Return 0, or `UNREADABLE` after a line about the first file that holds no network."""
    for file in files:
        try:
            load_model(file)
        except (OSError, ValueError, TypeError, ImportError) as error:
            print(f"--network {file}: {error}", file=sys.stderr)
            return UNREADABLE
    if not warm.is_warm():
        print(
            "scyfi-widgets: first start of this version: preparing the numerical kernels (one to "
            "three minutes, once)",
            flush=True,
        )
        warm.main(["--quiet"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
