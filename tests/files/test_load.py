import os
import struct

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.files import ModelFileError, read_arrays
from scyfi_widgets.files.npz import npz_bytes


def test_error_is_a_value_error():
    assert issubclass(ModelFileError, ValueError)


def test_missing_file_keeps_its_exception(tmp_path):
    for read in (sw.load_model, read_arrays):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "nowhere.npz")


def test_folder(tmp_path):
    with pytest.raises(ModelFileError, match="this is a folder"):
        sw.load_model(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX's")
def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(ModelFileError, match="not a regular file"):
        sw.load_model(tmp_path / "pipe.npz")


@pytest.mark.parametrize("suffix", [".npz", ".mat", ".pt", ".pth", ".pkl", ".txt", ""])
def test_empty_file(write, suffix):
    with pytest.raises(ModelFileError, match="the file is empty"):
        sw.load_model(write("net" + suffix, b""))


def test_too_large_a_file_is_not_read(tmp_path):
    with open(tmp_path / "net.npz", "wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(ModelFileError, match="1,099,511,627,776 bytes; at most"):
        sw.load_model(tmp_path / "net.npz")


@pytest.mark.parametrize(
    ("name", "contents", "message"),
    [
        ("net.txt", b"0.5 0.5\n", r"type of this file is unknown; what can be read: NumPy \.npz"),
        ("net", b"0.5", "type of this file is unknown"),
        ("net.npz", b"0.5 0.5\n", r"no \.npz file, or the file is damaged"),
        ("net.pt", b"PK\x03", r"no \.pt file, or the file is damaged or truncated"),
        ("net.pt", b"PK\x03\x04", "damaged or truncated"),
        ("net.mat", b"0.5 0.5\n" * 100, "net.mat: "),
        ("net.jld2", b"HDF5-based Julia Data Format", r"no \.jld2 file, or the file is damaged"),
        ("net.bson", b"\x16\x00\x00\x00", r"\.bson files cannot be read yet"),
        ("net.mat", b"MATLAB 7.3 MAT-file, Platform: GLNXA64" + bytes(600), "-v7"),
        ("net.npy", b"\x93NUMPY\x01\x00", "holds one array"),
        ("net.pkl", b"\x80\x02}q\x00.", "plain pickle .* nothing was run"),
        ("net.pkl", b"\x80\x04\x95", "plain pickle"),
        ("net.pt", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "before version 1.6"),
        ("net.pkl", b"cos\nsystem\n(S'true'\ntR.", r"no \.pkl file"),
    ],
)
def test_what_cannot_be_read_is_said(write, name, contents, message):
    path = write(name, contents)
    for read in (sw.load_model, read_arrays):
        with pytest.raises(ModelFileError, match=message) as error:
            read(path)
        assert str(error.value).startswith(name + ": ")


def test_content_decides_not_the_name(write, networks, torch_format):
    model = networks["PLRNN"]
    for name in ("net.pt", "net.mat", "net.weights", "net"):
        assert sw.load_model(write(name, npz_bytes(model))) == model
    archive = torch_format.file(dict(model.parameters))
    assert sw.load_model(write("net.npz", archive), architecture="PLRNN") == model


@pytest.mark.parametrize("format", ["npz", "torch"])
def test_arguments_that_do_not_fit_the_type(write, networks, torch_format, format):
    model = networks["PLRNN"]
    contents = npz_bytes(model) if format == "npz" else torch_format.file(dict(model.parameters))
    with pytest.raises(ModelFileError, match="leave trial out"):
        sw.load_model(write("net", contents), trial=0)
    if format == "npz":
        with pytest.raises(ModelFileError, match="leave prefix out"):
            sw.load_model(write("net", contents), prefix="model")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"architecture": "LSTM"}, ValueError, "architecture must be one of PLRNN, ShallowPLRNN"),
        ({"architecture": 3}, ValueError, "architecture must be one of"),
        ({"n_relu": "2"}, TypeError, "n_relu must be a whole number"),
        ({"n_relu": True}, TypeError, "n_relu must be a whole number"),
        ({"n_relu": 0}, ValueError, "n_relu must be at least 1"),
        ({"trial": 1.0}, TypeError, "trial must be a whole number"),
        ({"trial": -1}, ValueError, "trial must be at least 0"),
    ],
)
def test_wrong_arguments_are_the_callers_error(write, networks, arguments, error, message):
    path = write("net.npz", npz_bytes(networks["PLRNN"]))
    with pytest.raises(error, match=message) as caught:
        sw.load_model(path, **arguments)
    assert not isinstance(caught.value, ModelFileError)


def test_random_bytes_never_leak_another_exception(write):
    rng = np.random.default_rng(0)
    starts = [b"", b"PK\x03\x04", b"\x80\x02", b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"]
    for trial in range(120):
        start = starts[trial % len(starts)]
        noise = rng.bytes(int(rng.integers(1, 300)))
        for suffix in (".npz", ".mat", ".pt"):
            with pytest.raises(ModelFileError):
                sw.load_model(write("net" + suffix, start + noise))


def test_matlab_header_with_a_hostile_size(write):
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    with pytest.raises(ModelFileError, match="truncated"):
        sw.load_model(write("net.mat", header + struct.pack("<II", 14, 0xFFFFFFF0)))
