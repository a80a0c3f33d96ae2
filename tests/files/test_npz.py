import contextlib
import io
import zipfile

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.files import ModelFileError, read_arrays
from scyfi_widgets.files.npz import npz_bytes


def packed(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def ours(model, **changes) -> bytes:
    held = {
        "format": "scyfi_widgets.model",
        "version": 1,
        "architecture": type(model).__name__,
        **model.parameters,
        **model.options,
        **changes,
    }
    return packed(**{name: value for name, value in held.items() if value is not None})


def raw_npz(name: str, contents: bytes, compression=zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr(name, contents)
    return buffer.getvalue()


def npy_header(shape: str, dtype: str = "<f8") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def test_extra_keys_are_ignored(write, networks):
    model = networks["AlmostLinearRNN"]
    path = write("net.npz", ours(model, note="Lorenz", scale=[1.0, 2.0], start=np.zeros(3)))
    assert sw.load_model(path) == model
    assert str(read_arrays(path)["note"]) == "Lorenz"


def test_compressed_archive(write, networks):
    model = networks["PLRNN"]
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, format="scyfi_widgets.model", version=1, architecture="PLRNN", **model.parameters
    )
    assert sw.load_model(write("net.npz", buffer.getvalue())) == model


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "another"}, "format is 'another'"),
        ({"format": 3}, "format is '3'"),
        ({"version": None}, "'version', a whole number, is missing"),
        ({"version": 2}, "written as version 2; this scyfi_widgets reads version 1"),
        ({"version": "1"}, "'version', a whole number"),
        ({"architecture": None}, "'architecture' is missing"),
        ({"architecture": "LSTM"}, "architecture must be one of PLRNN, .*got 'LSTM'"),
        ({"W": None}, "'W' missing: AlmostLinearRNN needs A, W, h"),
        ({"n_relu": None}, "pass n_relu=P"),
        ({"n_relu": 0}, "n_relu must be between 1 and 3, got 0"),
        ({"n_relu": 4}, "n_relu must be between 1 and 3, got 4"),
        ({"n_relu": 1.5}, "n_relu must be one whole number, got 1.5"),
        ({"n_relu": np.nan}, "n_relu must be one whole number"),
        ({"n_relu": np.inf}, "n_relu must be one whole number"),
        ({"n_relu": [1, 2]}, "n_relu must be one whole number"),
        ({"W": np.zeros((2, 3))}, r"W must have shape \(3, 3\)"),
        ({"W": np.full((3, 3), np.nan)}, "W must be finite"),
        ({"W": np.full((3, 3), 1j)}, "W must be real"),
        ({"W": np.full((3, 3), "x")}, "W must hold numbers"),
    ],
)
def test_what_is_wrong_is_said(write, networks, changes, message):
    path = write("net.npz", ours(networks["AlmostLinearRNN"], **changes))
    with pytest.raises(ModelFileError, match=message) as error:
        sw.load_model(path)
    assert str(error.value).startswith("net.npz: ")


def test_objects_are_never_unpickled(write, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    path = write("net.npz", packed(A=np.array([Trap()], dtype=object)))
    with pytest.raises(ModelFileError, match="Python objects, which are never unpickled"):
        sw.load_model(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "header",
    [
        npy_header("(1000000000000,)"),
        npy_header("(100000, 100000, 100000, 100000)"),
        npy_header("(-1, -1)"),
        npy_header("(3,)"),
        npy_header("(3,)", "<f8") + bytes(23),
        npy_header("(3,)", "<f8") + bytes(25),
        npy_header("__import__('os')"),
        npy_header("(3,)")[:40],
        b"\x93NUMPY\x09\x00",
        b"",
    ],
)
def test_headers_that_lie(write, header):
    with pytest.raises(ModelFileError):
        sw.load_model(write("net.npz", raw_npz("A.npy", header)))


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(-1, -1)", "(3,)"])
def test_sizes_are_checked_before_anything_is_allocated(write, shape):
    with pytest.raises(ModelFileError, match=r"claims .* bytes for shape .* and has 0"):
        sw.load_model(write("net.npz", raw_npz("A.npy", npy_header(shape))))


def test_zip_bomb_is_refused_before_it_is_unpacked(write, monkeypatch):
    monkeypatch.setattr("scyfi_widgets.files.zip_entries.MAX_TOTAL_BYTES", 10_000)
    bomb = raw_npz("A.npy", npy_header("(1250,)") + bytes(10_000), zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1000
    with pytest.raises(ModelFileError, match="the archive unpacks to"):
        sw.load_model(write("net.npz", bomb))


@pytest.mark.parametrize("name", ["PLRNN", "ShallowPLRNN", "DendriticPLRNN"])
def test_every_prefix_loads_the_same_or_is_refused(write, networks, name):
    whole = npz_bytes(networks[name])
    for length in range(0, len(whole), 7):
        path = write("net.npz", whole[:length])
        with pytest.raises(ModelFileError):
            sw.load_model(path)
    assert sw.load_model(write("net.npz", whole)) == networks[name]


def test_flipped_bytes_never_leak_another_exception(write, networks):
    whole = npz_bytes(networks["PLRNN"])
    for place in range(0, len(whole), 11):
        broken = bytearray(whole)
        broken[place] ^= 0x55
        with contextlib.suppress(ModelFileError):
            sw.load_model(write("net.npz", bytes(broken)))
