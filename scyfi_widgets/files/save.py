"""Writing a model to a file."""

from __future__ import annotations

import os

from ..models import Model
from ..whole import npz_path, write_whole
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
    write_whole(npz_path(path), npz_bytes(model))
