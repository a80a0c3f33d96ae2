"""What runs in the Jupyter server's process: the transport extension and the start command.

Jupyter imports this package in every server start, so it must stay light: nothing here may import
Numba, bqplot or the rest of scyfi_widgets.
"""

from __future__ import annotations

from typing import Any

from .nodelay import install


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell Jupyter Server which module to load."""
    return [{"module": "scyfi_widgets.server"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    """Set TCP_NODELAY on this server's kernel websockets, or step aside."""
    install(serverapp)
