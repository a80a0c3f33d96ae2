"""The folder of one start: its mark for a second start, its kernel and its JupyterLab defaults.

It lies in Jupyter's runtime folder, named after the process, and is removed when the server ends.
Nothing of the user's own Jupyter configuration is changed; the folder is put before it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import MutableMapping
from pathlib import Path

from jupyter_core.paths import jupyter_runtime_dir
from jupyter_core.utils import ensure_dir_exists

PREFIX = "scyfi_widgets-"
MARK = "mark.json"
_DEFAULTS = {
    # The question about Jupyter news covers the figure of a first-time user.
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    }
}


class Session:
    """The folder of the process.

    Parameters
    ----------
    root : Path
        The folder that JupyterLab shows.
    notebook : str
        The notebook that it opens, relative to `root`.
    """

    def __init__(self, root: Path, notebook: str) -> None:
        runtime = Path(jupyter_runtime_dir())
        # As Jupyter makes it: pages with the server's token lie in it, readable but for this.
        ensure_dir_exists(runtime, mode=0o700)
        self.folder = runtime / f"{PREFIX}{os.getpid()}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        defaults = self.folder / "labconfig" / "default_setting_overrides.json"
        defaults.parent.mkdir()
        defaults.write_text(json.dumps(_DEFAULTS), "utf-8")
        mark = {"root_dir": str(root), "notebook": notebook}
        (self.folder / MARK).write_text(json.dumps(mark), "utf-8")

    def enter(self, environment: MutableMapping[str, str] = os.environ) -> None:
        """Put the session's defaults, and its kernel where needed, before the user's own."""
        _prepend(environment, "JUPYTER_CONFIG_PATH", self.folder)
        offer_own_kernel(self.folder, environment)

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def offer_own_kernel(folder: Path, environment: MutableMapping[str, str]) -> None:
    """See to it that the kernel "python3" is this environment's, by one in `folder` if need be."""
    if not _python3_is_this_python():
        from ipykernel.kernelspec import write_kernel_spec

        write_kernel_spec(folder / "kernels" / "python3")
        _prepend(environment, "JUPYTER_PATH", folder)


def _python3_is_this_python() -> bool:
    """Return whether the kernel "python3" runs in the environment of this process.

    A kernel of that name which another environment registered for the user or for the machine may
    come first; the package is not installed there.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except (NoSuchKernel, OSError, ValueError, IndexError):
        return False
    # Jupyter runs its own interpreter for these names.
    major, minor = sys.version_info[:2]
    if program in {"python", f"python{major}", f"python{major}.{minor}"}:
        return True
    return os.path.abspath(program) == os.path.abspath(sys.executable)


def _prepend(environment: MutableMapping[str, str], name: str, folder: Path) -> None:
    paths = [str(folder), environment.get(name, "")]
    environment[name] = os.pathsep.join(path for path in paths if path)
