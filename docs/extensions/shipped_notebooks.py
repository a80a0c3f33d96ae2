"""The notebooks of the repository as pages: Sphinx reads only what is below its own folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config


def copy_notebooks(app: Sphinx, config: Config) -> None:
    """Bring ``docs/notebooks`` up to date, touching only what has changed."""
    source, target = Path(app.srcdir).parent / "notebooks", Path(app.srcdir) / "notebooks"
    target.mkdir(exist_ok=True)
    shipped = {path.name: path for path in source.glob("*.ipynb")}
    for copy in target.glob("*.ipynb"):
        if copy.name not in shipped:
            copy.unlink()
    for name, path in shipped.items():
        copy = target / name
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            shutil.copyfile(path, copy)


def setup(app: Sphinx) -> dict[str, bool]:
    """Copy before Sphinx looks for pages."""
    app.connect("config-inited", copy_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
