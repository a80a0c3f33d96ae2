"""What runs in the Jupyter server's process: its extension and the commands that start it.

Jupyter imports this package in every server start, so it must stay light: nothing here may import
Numba, bqplot or the rest of scyfi_widgets.
"""

from __future__ import annotations

import os
from typing import Any

from . import forking
from .forking.client import prepare_template
from .nodelay import install


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell Jupyter Server which module to load."""
    return [{"module": "scyfi_widgets.server"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    """Set TCP_NODELAY on this server's kernel websockets, and get ready to fork kernels.

    Each only where it is wanted and possible.
    """
    install(serverapp)
    if os.environ.get(forking.VARIABLE) == forking.NAME:
        prepare_template()
