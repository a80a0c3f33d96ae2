"""Where a file is to be written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


def checked_target(path: str | os.PathLike, endings: Sequence[str]) -> Path:
    """Return where a file is to be written.

    Parameters
    ----------
    path : path
    endings : sequence of str
        Those of the formats that can be written, such as ``".html"``.

    Raises
    ------
    ValueError, FileNotFoundError
        If its ending is no format, or its folder is not there.
    """
    target = Path(path)
    if target.suffix.lower() not in endings:
        raise ValueError(f"path must end with {', '.join(endings)}, got {str(path)!r}")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"path names the folder {str(target.parent)!r}, which is not there")
    return target
