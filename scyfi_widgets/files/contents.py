"""The bytes of a file, and what kind of file they are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from .errors import ModelFileError
from .zip_entries import ZipEntries

Kind = Literal["npz", "matlab", "pytorch"]

MAX_BYTES = 1 << 28
READABLE = (
    "NumPy .npz, MATLAB .mat (version 5 to 7.2) and the .pt, .pth or .pkl that torch.save writes"
)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_SUFFIXES = (".npz", ".pt", ".pth", ".pkl")
_NOT_YET = (".jld2", ".bson", ".h5", ".hdf5")


def read_contents(path: Path) -> bytes:
    """Return all bytes of a file.

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
    if size > MAX_BYTES:
        raise ModelFileError(
            f"{path.name}: the file has {size:,} bytes; at most {MAX_BYTES:,} are read"
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
    if _HDF5 in (contents[:8], contents[512:520]) or suffix in _NOT_YET:
        raise ModelFileError(
            f"{suffix or 'HDF5'} files cannot be read yet; what can be read: {READABLE}"
        )
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
    if suffix in _SUFFIXES:
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
