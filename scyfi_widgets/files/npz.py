"""Networks as NumPy archives: our own layout, and plain arrays by our names."""

from __future__ import annotations

import io

import numpy as np

from ..models import Model
from .errors import ModelFileError
from .network import StoredNetwork, stored_architecture
from .zip_entries import ZipEntries

FORMAT = "scyfi_widgets.model"
VERSION = 1


def npz_bytes(model: Model) -> bytes:
    """Return a model as the bytes of an .npz archive, every bit of every weight kept."""
    arrays = {
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "architecture": np.array(type(model).__name__),
        **model.parameters,
        **{name: np.array(value) for name, value in model.options.items()},
    }
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def read_npz(contents: bytes, limit: int | None = None) -> dict[str, np.ndarray]:
    """Return all arrays of an .npz archive; `limit` is of `ZipEntries`.

    Raises
    ------
    ModelFileError
        If an array holds Python objects, or claims another size than it has.
    """
    entries = ZipEntries(contents, limit)
    return {
        name[: -len(".npy")]: read_npy(name, entries.read(name))
        for name in entries.names
        if name.endswith(".npy")
    }


def network_from_npz(arrays: dict[str, np.ndarray]) -> StoredNetwork:
    """Return the network among the arrays of an .npz archive.

    Raises
    ------
    ModelFileError
        If it names an unknown format, version or architecture.
    """
    if "format" not in arrays:
        return StoredNetwork(arrays, stored_architecture(arrays))
    if str(arrays["format"]) == "scyfi_widgets.run":
        raise ModelFileError("this is a training run: load_run reads it")
    if arrays["format"].dtype.kind != "U" or str(arrays["format"]) != FORMAT:
        raise ModelFileError(f"its format is {str(arrays['format'])!r}, not {FORMAT!r}")
    require_version(arrays, VERSION)
    architecture = stored_architecture(arrays)
    if architecture is None:
        raise ModelFileError("the key 'architecture' is missing")
    return StoredNetwork(arrays, architecture)


def require_version(arrays: dict[str, np.ndarray], known: int) -> None:
    """Raise ModelFileError unless an archive says that it has the version that is `known`."""
    version = arrays.get("version")
    if version is None or version.shape != () or version.dtype.kind not in "iu":
        raise ModelFileError("the key 'version', a whole number, is missing")
    if int(version) != known:
        raise ModelFileError(
            f"it was written as version {version}; this scyfi_widgets reads version {known}"
        )


def read_npy(name: str, contents: bytes) -> np.ndarray:
    """Return the array of a .npy file; `name` is for errors.

    Raises
    ------
    ModelFileError
        If it holds Python objects, or claims another size than it has.
    """
    stream = io.BytesIO(contents)
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ModelFileError(f"{name} has the unknown .npy version {version}")
    read_header = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, column_major, dtype = read_header(stream)
    if dtype.hasobject:
        raise ModelFileError(
            f"{name} holds Python objects, which are never unpickled; save arrays of numbers"
        )
    claimed, held = (
        int(np.prod(shape, dtype=object)) * dtype.itemsize,
        len(contents) - stream.tell(),
    )
    if min(shape, default=0) < 0 or claimed != held:
        raise ModelFileError(f"{name} claims {claimed:,} bytes for shape {shape} and has {held:,}")
    order = "F" if column_major else "C"
    return np.ndarray(shape, dtype, contents, stream.tell(), order=order).copy()
