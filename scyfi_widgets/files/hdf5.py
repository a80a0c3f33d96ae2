"""HDF5 files, and the JLD2 files of Julia, which are HDF5, as NumPy arrays.

A list of arrays, as in Julia's ``Vector{Matrix{Float64}}``, is stored as an array of references to
data sets without a name. Julia counts dimensions from the fastest, HDF5 from the slowest, so what
Julia wrote has its dimensions reversed in the file.

References
----------
*HDF5 File Format Specification*, The HDF Group, version 3; JLD2.jl, *HDF5 Compatibility*.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from .errors import ModelFileError

MAX_TOTAL_BYTES = 1 << 28
MAX_ITEMS = 1_000_000
MAX_DEPTH = 20
PARAMETERS = frozenset({"A", "W", "h", "W1", "W2", "h1", "h2", "alpha", "theta"})
_SUBSCRIPTS = str.maketrans("₁₂", "12")
_BOOKKEEPING = ("_types", "#refs#")
_MISSING = 'reading HDF5 and JLD2 files needs h5py: pip install "scyfi-widgets[hdf5]"'


def read_hdf5(contents: bytes, *, julia: bool) -> dict[str, np.ndarray]:
    """Return the numeric arrays, the lists of such arrays and the single texts of an HDF5 file.

    Names inside groups are joined by dots; a subscript in a name (``W₁``) is read as the digit. A
    list becomes one array, its entries along the last axis where Julia wrote it (as Julia's
    ``stack`` shapes it), else along the first. Links into other files are not followed, and what
    is no number is passed over.

    Parameters
    ----------
    contents : bytes
    julia : bool
        Whether Julia wrote it: then all dimensions are turned round.

    Raises
    ------
    ImportError
        Without h5py.
    ModelFileError
        If it is too large, an array lies in other files or cannot be unpacked, or a list under the
        name of a parameter has entries of different shapes.
    """
    try:
        import h5py
    except ImportError as error:
        raise ImportError(_MISSING) from error
    with h5py.File(io.BytesIO(contents), "r") as file:
        return dict(_Reader(h5py, file, julia).arrays(file))


class _Reader:
    """Walks an open file and keeps to the limits."""

    def __init__(self, h5py: Any, file: Any, julia: bool):
        self.h5py = h5py
        self.file = file
        self.julia = julia
        self.bytes_left = MAX_TOTAL_BYTES
        self.items_left = MAX_ITEMS

    def arrays(self, group: Any, before: str = "", depth: int = 0) -> Iterator[tuple]:
        """Yield the name and the array of everything below a group."""
        if depth > MAX_DEPTH:
            raise ModelFileError(f"its groups are nested deeper than {MAX_DEPTH}")
        for name in group:
            self._count()
            link = group.get(name, getlink=True)
            if not isinstance(link, self.h5py.HardLink) or (not depth and name in _BOOKKEEPING):
                continue
            key = before + name.translate(_SUBSCRIPTS)
            try:
                item = group[name]
                if isinstance(item, self.h5py.Group):
                    yield from self.arrays(item, f"{key}.", depth + 1)
                elif isinstance(item, self.h5py.Dataset):
                    array = self._array(key, item)
                    if array is not None:
                        yield key, array
            except (KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
                if isinstance(error, ModelFileError):
                    raise
                raise ModelFileError(
                    f"{key!r} is damaged, or stored or compressed in a way that this h5py cannot "
                    f"unpack ({error})"
                ) from error

    def _count(self) -> None:
        self.items_left -= 1
        if self.items_left < 0:
            raise ModelFileError(f"the file holds more than {MAX_ITEMS:,} items")

    def _array(self, key: str, item: Any) -> np.ndarray | None:
        if item.shape is None:
            return None
        if self.h5py.check_ref_dtype(item.dtype) is self.h5py.Reference:
            return self._list(key, item)
        text = self.h5py.check_string_dtype(item.dtype)
        if text is not None:
            short = item.shape == () and item.dtype.itemsize < 1000
            return np.array(item.asstr()[()]) if short else None
        array = self._numbers(key, item.id)
        return array.T if self.julia and array is not None else array

    def _list(self, key: str, item: Any) -> np.ndarray | None:
        needed = key.rpartition(".")[2] in PARAMETERS
        if item.ndim != 1 or not item.size:
            return None
        if item.size > self.items_left:
            raise ModelFileError(f"the file holds more than {MAX_ITEMS:,} items")
        entries = []
        for place, reference in enumerate(self._numbers(key, item.id, references=True)):
            self._count()
            entry = self._entry(f"{key}[{place}]", reference)
            if entry is None or (entries and entry.shape != entries[0].shape):
                if not needed:
                    return None
                got = "no array of numbers" if entry is None else f"shape {entry.shape}"
                first = f"; {key}[0] has shape {entries[0].shape}" if entries else ""
                raise ModelFileError(f"{key}[{place}] has {got}{first}")
            entries.append(entry)
        return np.stack(entries, axis=-1 if self.julia else 0)

    def _entry(self, key: str, reference: Any) -> np.ndarray | None:
        if not reference:
            return None
        found = self.h5py.h5r.dereference(reference, self.file.id)
        if not isinstance(found, self.h5py.h5d.DatasetID):
            return None
        array = self._numbers(key, found)
        return array.T if self.julia and array is not None else array

    def _numbers(self, key: str, data: Any, references: bool = False) -> np.ndarray | None:
        dtype = data.dtype
        if not references and (dtype.kind not in "iufc" or dtype.subdtype is not None):
            return None
        if data.shape is None:
            return None
        h5d = self.h5py.h5d
        plan = data.get_create_plist()
        layout = plan.get_layout()
        if layout == h5d.VIRTUAL or plan.get_external_count():
            raise ModelFileError(f"{key!r} lies in other files, which are not read")
        # A chunk is unpacked as a whole, and may be larger than what is asked for.
        sizes = [data.shape, plan.get_chunk() if layout == h5d.CHUNKED else ()]
        self.bytes_left -= sum(int(np.prod(size, dtype=object)) * dtype.itemsize for size in sizes)
        if self.bytes_left < 0:
            raise ModelFileError(f"its arrays have more than {MAX_TOTAL_BYTES:,} bytes")
        array = np.empty(data.shape, dtype)
        if array.size:
            data.read(self.h5py.h5s.ALL, self.h5py.h5s.ALL, array)
        return array if references else array.astype(dtype.newbyteorder("="))
