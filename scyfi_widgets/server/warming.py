"""Compile what the explorer needs while the first start of JupyterLab is still loading.

``python -m scyfi_widgets.server.warming`` is started beside the server, in a process of its own:
the server's process never loads Numba, and a failure here costs nothing but time later.
"""

from __future__ import annotations

import os


def main() -> None:
    """Fill the cache of compiled kernels when it is cold, at low priority, and say so once."""
    if hasattr(os, "nice"):
        os.nice(10)
    from scyfi_widgets import warm

    if warm.is_warm():
        return
    print(
        "scyfi-widgets: first start of this version: preparing the numerical kernels in the "
        "background (one to two minutes, once)",
        flush=True,
    )
    warm.main(["--quiet"])


if __name__ == "__main__":
    main()
