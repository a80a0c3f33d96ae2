"""MATLAB files of version 5 to 7.2 as NumPy arrays.

SciPy's reader crashes the interpreter on some damaged files and unpacks without a bound, which is
too much trust in a file from elsewhere. Numbers and texts are all that a network needs, so they are
read here; cells, structures, objects and sparse matrices are passed over.

References
----------
*MATLAB MAT-File Format*, The MathWorks, chapter 1 (level 5).
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from .errors import ModelFileError

MAX_TOTAL_BYTES = 1 << 28
MAX_DIMENSIONS = 8
_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
_CHARACTERS = 4
_COMPLEX = 0x0800
_STORED = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
_ENCODINGS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_CLASSES = {
    6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"
}  # fmt: skip


def read_matlab_archive(contents: bytes) -> dict[str, np.ndarray]:
    """Return the numeric arrays and the one-line texts of a MATLAB file, as MATLAB shapes them.

    Raises
    ------
    ModelFileError
        If a variable is cut off, unpacks to too much, or has another size than it claims.
    """
    if len(contents) < _HEADER or contents[126:128] not in (b"IM", b"MI"):
        raise ModelFileError("the header of the MATLAB file is damaged or truncated")
    order = "<" if contents[126:128] == b"IM" else ">"
    arrays = {}
    for matrix in _matrices(contents, order):
        name, array = _variable(matrix, order)
        if array is not None:
            arrays[name] = array
    return arrays


def _matrices(contents: bytes, order: str) -> Iterator[bytes]:
    position, budget = _HEADER, MAX_TOTAL_BYTES
    while position < len(contents):
        kind, element, position = _element(contents, position, order, aligned=False)
        if kind == _COMPRESSED:
            unpacker = zlib.decompressobj()
            unpacked = unpacker.decompress(element, budget + 1)
            budget -= len(unpacked)
            if budget < 0:
                raise ModelFileError(f"the file unpacks to more than {MAX_TOTAL_BYTES:,} bytes")
            if not unpacker.eof:
                raise ModelFileError("a compressed variable is truncated")
            kind, element, _ = _element(unpacked, 0, order, aligned=False)
        if kind != _MATRIX:
            raise ModelFileError(f"a variable has the unknown type {kind}")
        yield element


def _element(data: bytes, position: int, order: str, *, aligned: bool) -> tuple[int, bytes, int]:
    """Return the type and the bytes of the element at `position`, and where the next one is."""
    if position + 8 > len(data):
        raise ModelFileError("the file is truncated between two variables")
    kind, size = struct.unpack_from(order + "II", data, position)
    start, end = position + 8, position + 8 + size
    if aligned and kind >> 16:  # four bytes or fewer stand in the tag itself
        kind, size = kind & 0xFFFF, kind >> 16
        start, end = position + 4, position + 4 + min(size, 4)
        return kind, data[start:end], position + 8
    if end > len(data):
        raise ModelFileError(
            f"the file is truncated: a variable of {size:,} bytes has {len(data) - start:,}"
        )
    return kind, data[start:end], end + (-size % 8 if aligned else 0)


def _variable(matrix: bytes, order: str) -> tuple[str, np.ndarray | None]:
    _, flags, position = _element(matrix, 0, order, aligned=True)
    (flag,) = struct.unpack_from(order + "I", flags)
    matlab_class = flag & 0xFF
    if matlab_class not in _CLASSES and matlab_class != _CHARACTERS:
        return "", None
    _, dimensions, position = _element(matrix, position, order, aligned=True)
    shape = tuple(np.frombuffer(dimensions, order + "i4").tolist())
    _, letters, position = _element(matrix, position, order, aligned=True)
    name = letters.decode("ascii")
    if not 2 <= len(shape) <= MAX_DIMENSIONS or min(shape) < 0:
        raise ModelFileError(f"{name} has the impossible shape {shape}")
    kind, real, position = _element(matrix, position, order, aligned=True)
    if matlab_class == _CHARACTERS:
        return name, _text(kind, real, shape, order)
    array = _numbers(name, kind, real, shape, order).astype(_CLASSES[matlab_class])
    if flag & _COMPLEX:
        kind, imaginary, _ = _element(matrix, position, order, aligned=True)
        array = array + 1j * _numbers(name, kind, imaginary, shape, order)
    return name, array


def _numbers(name: str, kind: int, data: bytes, shape: tuple, order: str) -> np.ndarray:
    if kind not in _STORED:
        raise ModelFileError(f"{name} has numbers of the unknown type {kind}")
    dtype = np.dtype(order + _STORED[kind])
    if math.prod(shape) * dtype.itemsize != len(data):
        raise ModelFileError(f"{name} has {len(data):,} bytes, which do not fill shape {shape}")
    return np.frombuffer(data, dtype).reshape(shape, order="F")


def _text(kind: int, data: bytes, shape: tuple, order: str) -> np.ndarray | None:
    if shape[0] != 1 or kind not in _ENCODINGS:
        return None
    encoding = _ENCODINGS[kind]
    if encoding in ("utf-16", "utf-32"):
        encoding += "-le" if order == "<" else "-be"
    return np.array(data.decode(encoding))
