"""Writing a model to a file, whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ..models import Model
from .npz import npz_bytes


def save_model(model: Model, path: str | os.PathLike) -> None:
    """Write a model to an .npz file, exactly: `load_model` returns an equal model.

    The file appears whole or not at all: it is written beside its place and then moved there, so a
    full disk or an interrupt leaves an earlier file as it was.

    Parameters
    ----------
    model : Model
        Any of the five architectures.
    path : path
        Where to write; it must end in ``.npz``. An existing file is replaced.

    Raises
    ------
    TypeError
        If `model` is no model.
    ValueError
        If `path` does not end in .npz.
    OSError
        If the folder does not exist or cannot be written.
    """
    if not isinstance(model, Model):
        raise TypeError(f"model must be a scyfi_widgets model, got {type(model).__name__}")
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise ValueError(f"path must end in .npz, got {path.name!r}; pass {path.name + '.npz'!r}")
    _write_whole(Path(os.path.realpath(path)), npz_bytes(model))


def _write_whole(path: Path, contents: bytes) -> None:
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
