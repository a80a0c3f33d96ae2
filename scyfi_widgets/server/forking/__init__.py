"""Kernels that share the memory of what all of them load.

A kernel with this package takes about 0.2 GB, nearly all of it libraries and compiled kernels that
are the same in each. Where many run at once, in a class or in the small memory of Binder, they are
forked from one process that has loaded them: a kernel then takes what is its own, and starts at
once. It is switched on by ``JUPYTER_DEFAULT_PROVISIONER_NAME=scyfi-widgets-forked`` in the server's
environment, works on Linux, and wherever it cannot work kernels start as they always do.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from importlib.metadata import entry_points

GROUP = "jupyter_client.kernel_provisioners"
VARIABLE = "JUPYTER_DEFAULT_PROVISIONER_NAME"
NAME = "scyfi-widgets-forked"


def switch_on(environment: MutableMapping[str, str]) -> None:
    """Let the servers of an environment fork their kernels, unless it says how to start them.

    Where the installation does not tell Jupyter of this way (an old editable one), nothing changes:
    Jupyter finds no kernel at all by a name that it does not know.
    """
    if any(found.name == NAME for found in entry_points(group=GROUP)):
        environment.setdefault(VARIABLE, NAME)
