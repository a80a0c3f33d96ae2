"""Everything numeric that a file holds, by the file's own names."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np

from .contents import Kind, kind_of, read_contents
from .errors import errors_about
from .hdf5 import read_hdf5
from .matlab_archive import read_matlab_archive
from .npz import read_npz
from .torch_archive import read_torch_archive

_READERS = {
    "npz": read_npz,
    "matlab": read_matlab_archive,
    "pytorch": read_torch_archive,
    "hdf5": partial(read_hdf5, julia=False),
    "julia": partial(read_hdf5, julia=True),
}


def read_arrays(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read all arrays of a file as they are, by the file's own names.

    For what belongs to a network without being part of its map, such as the observation matrix:
    ``read_arrays("net.pt")["B"]``. Keys inside nested PyTorch dictionaries or HDF5 groups are
    joined by dots. A list of arrays in an HDF5 file becomes one array, its entries along the last
    axis in Julia's files and along the first in others.

    Parameters
    ----------
    path : path
        A file that `load_model` reads.

    Returns
    -------
    dict of str to array

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        For HDF5 and JLD2 files without h5py (``pip install "scyfi-widgets[hdf5]"``).
    ModelFileError
        If it is damaged, hostile, or of another type.
    """
    return read_kind_and_arrays(Path(path))[1]


def read_kind_and_arrays(
    path: Path, label: str | None = None
) -> tuple[Kind, dict[str, np.ndarray]]:
    """Return what kind of file it is, and its arrays; raises as `read_arrays`.

    Errors name the file by `label`, by default by its name.
    """
    contents = read_contents(path)
    with errors_about(label or path):
        kind = kind_of(contents, path.suffix)
        return kind, _READERS[kind](contents)
