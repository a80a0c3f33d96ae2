"""Files of every kind, made by hand: no test needs PyTorch to have PyTorch's format."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import scyfi_widgets as sw

REFERENCE = Path(__file__).resolve().parents[2].parent / "shared" / "reference"


@pytest.fixture(scope="session")
def reference():
    """Return the path of a file of the reference data, or skip where it is not there."""

    def find(name: str) -> Path:
        path = REFERENCE / name
        if not path.is_file():
            pytest.skip(f"the reference data are not here: {path.name}")
        return path

    return find


@pytest.fixture
def write(tmp_path):
    """Return a function that writes bytes to a new file and returns its path."""

    def write(name: str, contents: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(contents)
        return path

    return write


@pytest.fixture(scope="session")
def networks():
    """Return one small network of each architecture."""
    rng = np.random.default_rng(5)
    M, H, B = 3, 4, 2
    A, h = rng.normal(size=M), rng.normal(size=M)
    W = rng.normal(size=(M, M))
    hidden = (A, rng.normal(size=(M, H)), rng.normal(size=(H, M)), h, rng.normal(size=H))
    return {
        "PLRNN": sw.PLRNN(A, W, h),
        "ShallowPLRNN": sw.ShallowPLRNN(*hidden),
        "ClippedShallowPLRNN": sw.ClippedShallowPLRNN(*hidden),
        "DendriticPLRNN": sw.DendriticPLRNN(A, W, h, rng.normal(size=B), rng.normal(size=(M, B))),
        "AlmostLinearRNN": sw.AlmostLinearRNN(A, W, h, 2),
    }


class TorchFormat:
    """What torch.save writes, opcode by opcode."""

    ORDERED_DICT = b"ccollections\nOrderedDict\n)R"
    STORAGES: ClassVar = {
        "<f4": "FloatStorage",
        "<f8": "DoubleStorage",
        "<f2": "HalfStorage",
        "<i8": "LongStorage",
        "<i4": "IntStorage",
        "<i2": "ShortStorage",
        "|i1": "CharStorage",
        "|u1": "ByteStorage",
    }

    @staticmethod
    def text(value: str) -> bytes:
        encoded = value.encode()
        return b"X" + struct.pack("<I", len(encoded)) + encoded

    @staticmethod
    def whole(value: int) -> bytes:
        encoded = value.to_bytes(9, "little", signed=True)
        return b"\x8a\x09" + encoded

    @classmethod
    def wholes(cls, values) -> bytes:
        return b"(" + b"".join(map(cls.whole, values)) + b"t"

    @classmethod
    def storage(cls, key: str, kind: str, count: int) -> bytes:
        return (
            b"(" + cls.text("storage") + f"ctorch\n{kind}\n".encode() + cls.text(key)
            + cls.text("cpu") + cls.whole(count) + b"tQ"
        )  # fmt: skip

    @classmethod
    def tensor(cls, key, kind, count, *, size, stride, offset=0, storage=None) -> bytes:
        return (
            b"ctorch._utils\n_rebuild_tensor_v2\n("
            + (cls.storage(key, kind, count) if storage is None else storage)
            + cls.whole(offset) + cls.wholes(size) + cls.wholes(stride)
            + b"\x89" + cls.ORDERED_DICT + b"tR"
        )  # fmt: skip

    @classmethod
    def parameter(cls, tensor: bytes) -> bytes:
        return b"ctorch._utils\n_rebuild_parameter\n(" + tensor + b"\x88" + cls.ORDERED_DICT + b"tR"

    @classmethod
    def dictionary(cls, items: dict[str, bytes], *, ordered: bool = True) -> bytes:
        start = cls.ORDERED_DICT if ordered else b"}"
        return start + b"(" + b"".join(cls.text(k) + v for k, v in items.items()) + b"u"

    @staticmethod
    def archive(body: bytes, storages: dict[str, bytes], *, compress=False, **extra) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", 8 if compress else 0) as archive:
            archive.writestr("net/data.pkl", b"\x80\x02" + body + b".")
            for name, contents in extra.items():
                archive.writestr(f"net/{name}", contents)
            for key, raw in storages.items():
                archive.writestr(f"net/data/{key}", raw)
        return buffer.getvalue()

    @classmethod
    def values(cls, tree: dict, storages: dict[str, bytes], *, ordered: bool = True) -> bytes:
        items = {}
        for name, value in tree.items():
            if isinstance(value, dict):
                items[name] = cls.values(value, storages, ordered=ordered)
            elif isinstance(value, bytes):
                items[name] = value
            else:
                array = np.ascontiguousarray(value)
                key = str(len(storages))
                storages[key] = array.tobytes()
                items[name] = cls.tensor(
                    key,
                    cls.STORAGES[array.dtype.str],
                    array.size,
                    size=array.shape,
                    stride=[step // array.itemsize for step in array.strides],
                )
        return cls.dictionary(items, ordered=ordered)

    @classmethod
    def file(cls, tree: dict, *, ordered: bool = True, **extra) -> bytes:
        """Return the bytes of a saved tree of arrays; a value in bytes is put in as opcodes."""
        storages: dict[str, bytes] = {}
        body = cls.values(tree, storages, ordered=ordered)
        return cls.archive(body, storages, **extra)


@pytest.fixture(scope="session")
def torch_format() -> type[TorchFormat]:
    return TorchFormat


def _put_list(h5py, file, hidden, name: str, entries) -> None:
    references = []
    for place, entry in enumerate(entries):
        if entry is None:
            references.append(h5py.Reference())
        else:
            data = np.asarray(entry)
            references.append(hidden.create_dataset(f"{name}{place}", data=data.T).ref)
    listed = file.create_dataset(name, (len(references),), dtype=h5py.ref_dtype)
    listed[:] = references


@pytest.fixture(scope="session")
def jld2_bytes():
    """Return a function that makes what Julia's JLD2 writes.

    A list of arrays is a data set of references to arrays that stand elsewhere; the dimensions of
    every array are reversed; half a kilobyte with the name of the format stands before the HDF5.
    """
    h5py = pytest.importorskip("h5py")

    def make(values: dict, header: bytes = b"HDF5-based Julia Data Format, version 0.1.1") -> bytes:
        buffer = io.BytesIO()
        with h5py.File(buffer, "w", userblock_size=512, libver="v110") as file:
            hidden = file.create_group("_types")
            for name, value in values.items():
                if isinstance(value, list):
                    _put_list(h5py, file, hidden, name, value)
                else:
                    file[name] = value.T if isinstance(value, np.ndarray) else value
        return header.ljust(512, b"\0") + buffer.getvalue()[512:]

    return make


@pytest.fixture(scope="session")
def hdf5_bytes():
    """Return a function that makes a plain HDF5 file; a dictionary becomes a group."""
    h5py = pytest.importorskip("h5py")

    def fill(group, values: dict) -> None:
        for name, value in values.items():
            if isinstance(value, dict):
                fill(group.create_group(name), value)
            else:
                group[name] = value

    def make(values: dict) -> bytes:
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            fill(file, values)
        return buffer.getvalue()

    return make
