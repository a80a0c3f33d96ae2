"""PyTorch's zip archives without PyTorch: the tensors as NumPy arrays."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from .errors import ModelFileError
from .inert_pickle import ORDERED_DICT, Call, External, Name, read_inert
from .zip_entries import ZipEntries

MAX_ELEMENTS = 1 << 25
MAX_DIMENSIONS = 8
MAX_DEPTH = 20
MAX_ITEMS = 100_000
_TENSOR = "torch._utils _rebuild_tensor_v2"
_PARAMETER = "torch._utils _rebuild_parameter"
_BFLOAT16 = "torch BFloat16Storage"
_DTYPES = {
    "torch DoubleStorage": "f8",
    "torch FloatStorage": "f4",
    "torch HalfStorage": "f2",
    _BFLOAT16: "u2",
    "torch LongStorage": "i8",
    "torch IntStorage": "i4",
    "torch ShortStorage": "i2",
    "torch CharStorage": "i1",
    "torch ByteStorage": "u1",
    "torch BoolStorage": "u1",
    "torch ComplexFloatStorage": "c8",
    "torch ComplexDoubleStorage": "c16",
}
_ALLOWED = frozenset({ORDERED_DICT, _TENSOR, _PARAMETER, *_DTYPES})


def read_torch_archive(contents: bytes) -> dict[str, np.ndarray]:
    """Return every tensor of a file that torch.save wrote, as native NumPy arrays.

    Keys of nested dictionaries are joined by dots; what is not a tensor is left out. bfloat16 comes
    as float32, bool as uint8.

    Raises
    ------
    ModelFileError
        If it is damaged, hostile or too large, or holds more than dictionaries of tensors.
    """
    entries = ZipEntries(contents)
    pickles = [name for name in entries.names if name.rpartition("/")[2] == "data.pkl"]
    if len(pickles) != 1:
        raise ModelFileError(f"a PyTorch archive has one data.pkl, this has {len(pickles)}")
    folder = pickles[0][: -len("data.pkl")]
    if folder + "constants.pkl" in entries.names:
        raise ModelFileError(
            "this is a TorchScript program; save the weights alone: "
            "torch.save(model.state_dict(), path)"
        )
    storages = _Storages(entries, folder)
    tensors: dict[str, np.ndarray] = {}
    _collect(read_inert(entries.read(pickles[0]), _ALLOWED), storages, tensors)
    return tensors


def _collect(root: Any, storages: _Storages, tensors: dict[str, np.ndarray]) -> None:
    items = 0
    pending = [("", 0, root)]
    while pending:
        key, depth, value = pending.pop()
        items += 1
        if items > MAX_ITEMS or depth > MAX_DEPTH:
            raise ModelFileError("its dictionaries are nested too deep or hold too much")
        if isinstance(value, dict):
            prefix = f"{key}." if depth else ""
            nested = [(f"{prefix}{name}", depth + 1, inner) for name, inner in value.items()]
            pending += nested[::-1]
        elif isinstance(value, Call):
            tensors[key] = storages.tensor(key, value)


class _Storages:
    """The raw storages of an archive, and the tensors that look into them."""

    def __init__(self, entries: ZipEntries, folder: str):
        self.entries = entries
        self.folder = folder
        self.order = self._byte_order()
        self.read: dict[tuple[str, str], np.ndarray] = {}
        self.elements_left = MAX_ELEMENTS

    def _byte_order(self) -> str:
        if self.folder + "byteorder" not in self.entries.names:
            return "<"
        text = self.entries.read(self.folder + "byteorder").strip()
        if text not in (b"little", b"big"):
            raise ModelFileError(f"its byte order is {text[:20]!r}, neither little nor big")
        return "<" if text == b"little" else ">"

    def tensor(self, key: str, call: Call) -> np.ndarray:
        """Return the array that a recorded call of PyTorch's describes, as a copy."""
        if call.function == _PARAMETER and call.arguments and isinstance(call.arguments[0], Call):
            call = call.arguments[0]
        if call.function != _TENSOR or len(call.arguments) < 4:
            raise ModelFileError(f"{key!r} is described in an unknown way")
        storage, offset, size, stride = call.arguments[:4]
        if not (_counts((offset,)) and _counts(size) and _counts(stride)):
            raise ModelFileError(f"{key!r} has no valid shape, strides and offset")
        if len(size) != len(stride) or len(size) > MAX_DIMENSIONS:
            raise ModelFileError(f"{key!r} has {len(size)} dimensions and {len(stride)} strides")
        count = math.prod(size)
        self.elements_left -= count
        if self.elements_left < 0 or max(size, default=0) > MAX_ELEMENTS:
            raise ModelFileError(f"its tensors have more than {MAX_ELEMENTS:,} elements")
        flat = self._storage(key, storage)
        last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        if count == 0:
            return np.empty(size, flat.dtype)
        if last >= len(flat):
            raise ModelFileError(
                f"{key!r} reaches to element {last:,} of a storage that has {len(flat):,}"
            )
        strides = [
            step * flat.itemsize if n > 1 else 0 for n, step in zip(size, stride, strict=True)
        ]
        return np.lib.stride_tricks.as_strided(flat[offset:], size, strides).copy()

    def _storage(self, key: str, reference: Any) -> np.ndarray:
        identity = reference.identity if isinstance(reference, External) else None
        if not isinstance(identity, tuple) or len(identity) != 5 or identity[0] != "storage":
            raise ModelFileError(f"{key!r} refers to something that is not a storage")
        _, kind, name, _, count = identity
        if not isinstance(kind, Name) or kind.text not in _DTYPES or not isinstance(name, str):
            raise ModelFileError(f"{key!r} refers to a storage of unknown type")
        if not _counts((count,)):
            raise ModelFileError(f"{key!r} refers to a storage without a valid size")
        if (kind.text, name) not in self.read:
            raw = self.entries.read(f"{self.folder}data/{name}")
            self.read[kind.text, name] = _numbers(raw, kind.text, self.order)
        flat = self.read[kind.text, name]
        if count > len(flat):
            raise ModelFileError(
                f"{key!r} needs {count:,} elements, and the entry data/{name} has {len(flat):,}"
            )
        return flat[:count]


def _counts(values: Any) -> bool:
    return isinstance(values, tuple) and all(
        isinstance(value, int) and 0 <= value <= sys.maxsize for value in values
    )


def _numbers(raw: bytes, kind: str, order: str) -> np.ndarray:
    dtype = np.dtype(order + _DTYPES[kind])
    flat = np.frombuffer(raw, dtype, count=len(raw) // dtype.itemsize)
    native = flat.astype(dtype.newbyteorder("="))
    if kind == _BFLOAT16:  # the upper half of a float32
        return (native.astype(np.uint32) << 16).view(np.float32)
    return native
