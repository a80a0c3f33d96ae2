"""The bytes of a file, and what kind of file they are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from .errors import ModelFileError
from .zip_entries import ZipEntries

Kind = Literal["npz", "matlab", "pytorch", "hdf5", "julia"]

MAX_BYTES = 1 << 28
READABLE = (
    "NumPy .npz, MATLAB .mat (version 5 to 7.2), HDF5 .h5, Julia's .jld2 and the .pt, .pth or .pkl "
    "that torch.save writes"
)
SUFFIXES = (".npz", ".mat", ".pt", ".pth", ".pkl", ".jld2", ".h5", ".hdf5")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_HDF5_PLACES = (0, 512, 1024, 2048, 4096)
_JULIA = (b"HDF5-based Julia Data Format", b"Julia data file (HDF5)")


def read_contents(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return all bytes of a file, `limit` at most.

    Raises
    ------
    FileNotFoundError, PermissionError
        As `open` does.
    ModelFileError
        If it is a folder or a device, empty, or too large to be a network.
    """
    size = path.stat().st_size
    if path.is_dir():
        raise ModelFileError(f"{path.name}: this is a folder; pass the file of one network")
    if not path.is_file():
        raise ModelFileError(f"{path.name}: this is not a regular file")
    if size == 0:
        raise ModelFileError(f"{path.name}: the file is empty")
    if size > limit:
        raise ModelFileError(
            f"{path.name}: the file has {size:,} bytes; at most {limit:,} are read"
        )
    return path.read_bytes()


def kind_of(contents: bytes, suffix: str) -> Kind:
    """Return what a file is: by its content. The suffix only serves the error.

    Raises
    ------
    ModelFileError
        If it is nothing that can be read.
    """
    suffix = suffix.lower()
    if contents.startswith(b"PK\x03\x04"):
        return _kind_of_zip(ZipEntries(contents))
    if contents.startswith(b"MATLAB 5.0 MAT-file"):
        return "matlab"
    if contents.startswith(b"MATLAB 7.3 MAT-file"):
        raise ModelFileError(
            "MATLAB 7.3 files (HDF5) cannot be read; save it in MATLAB with save(..., '-v7')"
        )
    if any(contents.startswith(_HDF5, place) for place in _HDF5_PLACES):
        return "julia" if contents.startswith(_JULIA) else "hdf5"
    if suffix == ".bson":
        raise ModelFileError(f".bson files cannot be read yet; what can be read: {READABLE}")
    if contents.startswith(b"\x93NUMPY"):
        raise ModelFileError("a .npy file holds one array; save all with np.savez as .npz")
    if contents[:1] == b"\x80" and contents[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        raise ModelFileError(
            "this is a plain pickle or a PyTorch file from before version 1.6, which cannot be "
            "read without running what it asks for; nothing was run. Open it in PyTorch and save "
            "the weights alone: torch.save(model.state_dict(), path)"
        )
    if suffix == ".mat":
        raise ModelFileError(
            "this is no MATLAB file of version 5 to 7.2, or it is damaged or truncated; "
            "save it in MATLAB with save(..., '-v7')"
        )
    if suffix in SUFFIXES:
        raise ModelFileError(f"this is no {suffix} file, or the file is damaged or truncated")
    raise ModelFileError(f"the type of this file is unknown; what can be read: {READABLE}")


def _kind_of_zip(entries: ZipEntries) -> Kind:
    if any(name.endswith(".npy") for name in entries.names):
        return "npz"
    if any(name.rpartition("/")[2] == "data.pkl" for name in entries.names):
        return "pytorch"
    raise ModelFileError(
        f"this is a zip archive, but neither NumPy's nor PyTorch's; what can be read: {READABLE}"
    )
