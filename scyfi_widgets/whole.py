"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def npz_path(path: str | os.PathLike) -> Path:
    """Return where an .npz file is to be written, links followed.

    Raises
    ------
    ValueError
        If `path` does not end in .npz.
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise ValueError(f"path must end in .npz, got {path.name!r}; pass {path.name + '.npz'!r}")
    return Path(os.path.realpath(path))


def write_whole(path: Path, contents: bytes) -> None:
    """Write a file beside its place and then move it there, so that it is never half written."""
    # Opened by hand, since the tempfile module would give the file to its owner alone (mode 600).
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with open(unfinished, "xb") as stream:
            stream.write(contents)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
