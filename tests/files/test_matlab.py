import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from scipy.io import loadmat, savemat

import scyfi_widgets as sw
from scyfi_widgets.files import ModelFileError, read_arrays

T, M, H = 4, 2, 3


def matlab(variables: dict, **options) -> bytes:
    buffer = io.BytesIO()
    savemat(buffer, variables, **options)
    return buffer.getvalue()


@pytest.fixture
def trials():
    rng = np.random.default_rng(1)
    return {
        "A": np.diag(rng.normal(size=M)).astype(np.float32),
        "W1": rng.normal(size=(T, H, M)).astype(np.float32),
        "W2": rng.normal(size=(T, M, H)).astype(np.float32),
        "h1": rng.normal(size=(1, H)).astype(np.float32),
        "h2": rng.normal(size=(1, M)).astype(np.float32),
    }


def expected(trials, trial):
    return sw.ShallowPLRNN(
        np.diag(trials["A"]),
        trials["W2"][trial],
        trials["W1"][trial],
        trials["h2"].ravel(),
        trials["h1"].ravel(),
    )


@pytest.mark.parametrize("compressed", [False, True])
def test_each_trial_with_its_names_swapped(write, trials, compressed):
    path = write("trials.mat", matlab(trials, do_compression=compressed))
    for trial in range(T):
        assert sw.load_model(path, trial=trial) == expected(trials, trial)


def test_map_of_a_trial_is_the_formula_of_that_code_base(write, trials):
    model = sw.load_model(write("trials.mat", matlab(trials)), trial=2)
    z = np.array([0.3, -0.7])
    A, W1, W2 = (trials[name].astype(float) for name in ("A", "W1", "W2"))
    h1, h2 = trials["h1"].astype(float).ravel(), trials["h2"].astype(float).ravel()
    image = A @ z + W2[2] @ np.maximum(W1[2] @ z + h1, 0) + h2
    np.testing.assert_allclose(model.step(z), image, rtol=1e-14)


def test_biases_and_A_for_each_trial(write, trials):
    rng = np.random.default_rng(2)
    trials["h1"], trials["h2"] = rng.normal(size=(T, H)), rng.normal(size=(T, M))
    trials["A"] = np.stack([np.diag(rng.normal(size=M)) for _ in range(T)])
    model = sw.load_model(write("trials.mat", matlab(trials)), trial=3)
    assert np.array_equal(model["h1"], trials["h2"][3])
    assert np.array_equal(model["h2"], trials["h1"][3])
    assert np.array_equal(model["A"], np.diag(trials["A"][3]))


def test_A_as_a_vector_and_a_clipped_reading(write, trials):
    clipped = sw.load_model(
        write("trials.mat", matlab(trials | {"A": np.diag(trials["A"])})),
        trial=0,
        architecture="ClippedShallowPLRNN",
    )
    assert isinstance(clipped, sw.ClippedShallowPLRNN)
    assert dict(clipped.parameters).keys() == dict(expected(trials, 0).parameters).keys()
    assert all(np.array_equal(clipped[n], expected(trials, 0)[n]) for n in clipped.parameters)


def test_trial_must_be_chosen(write, trials):
    path = write("trials.mat", matlab(trials))
    with pytest.raises(
        ModelFileError, match=r"4 trials: pass trial=0 to trial=3 \(counted from 0\)"
    ):
        sw.load_model(path)
    with pytest.raises(ModelFileError, match=r"between 0 and 3 .*got 4"):
        sw.load_model(path, trial=4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"h1": None}, "'h1' missing: trials of a shallow PLRNN"),
        ({"W2": np.zeros((T, H, M))}, r"must match, got \(4, 3, 2\) and \(4, 3, 2\)"),
        ({"W2": np.zeros((M, H))}, "must match"),
        ({"W1": np.zeros((H, M))}, "must match"),
        ({"h1": np.zeros((1, 7))}, r"h1 must have shape \(1, 3\), or \(4, 3\)"),
        ({"A": np.ones((M, M))}, "A must be diagonal"),
        ({"A": np.diag([np.nan, 1.0])}, "A must be finite"),
    ],
)
def test_trials_that_do_not_fit(write, trials, changes, message):
    held = {name: value for name, value in (trials | changes).items() if value is not None}
    with pytest.raises(ModelFileError, match=message):
        sw.load_model(write("trials.mat", matlab(held)), trial=0)


@pytest.mark.parametrize("oned_as", ["row", "column"])
@pytest.mark.parametrize(
    "name", ["PLRNN", "ShallowPLRNN", "ClippedShallowPLRNN", "DendriticPLRNN", "AlmostLinearRNN"]
)
def test_one_network_by_our_names(write, networks, name, oned_as):
    model = networks[name]
    contents = matlab({**model.parameters, **model.options}, oned_as=oned_as)
    path = write("net.mat", contents)
    asked = {"architecture": name} if name in ("PLRNN", "ClippedShallowPLRNN") else {}
    assert sw.load_model(path, **asked) == model
    named = matlab({**model.parameters, **model.options, "architecture": name}, oned_as=oned_as)
    assert sw.load_model(write("named.mat", named)) == model
    with pytest.raises(ModelFileError, match="leave trial out"):
        sw.load_model(path, trial=0)


def test_version_4_files_are_refused(write, networks):
    contents = matlab(dict(networks["ShallowPLRNN"].parameters), format="4")
    with pytest.raises(ModelFileError, match=r"no MATLAB file of version 5 to 7\.2"):
        sw.load_model(write("net.mat", contents))


@pytest.mark.parametrize("compressed", [False, True])
def test_numbers_agree_with_scipy(write, compressed):
    rng = np.random.default_rng(3)
    kinds = ("f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")
    held = {f"x_{kind}": rng.integers(0, 100, (2, 3)).astype(kind) for kind in kinds}
    held |= {"z": np.array([[1 + 2j, 3.5]]), "t": np.arange(24.0).reshape(2, 3, 4), "e": np.eye(0)}
    held |= {"flag": np.array([[True, False]]), "one": np.float64(2.5), "text": "ClippedΩ"}
    contents = matlab(held, do_compression=compressed)
    arrays = read_arrays(write("all.mat", contents))
    theirs = {k: v for k, v in loadmat(io.BytesIO(contents)).items() if not k.startswith("__")}
    assert arrays.keys() == theirs.keys()
    for name, array in theirs.items():
        assert np.array_equal(arrays[name], array if name != "text" else array[0]), name
        if name != "text":
            assert arrays[name].dtype == array.dtype, name
            assert arrays[name].shape == array.shape, name


def test_big_endian(write):
    def element(kind, data):
        return struct.pack(">II", kind, len(data)) + data + bytes(-len(data) % 8)

    def variable(name, array):
        flags = element(6, struct.pack(">II", 6, 0))
        shape = element(5, struct.pack(">ii", *array.shape))
        numbers = element(9, array.astype(">f8").tobytes("F"))
        return element(14, flags + shape + element(1, name.encode()) + numbers)

    held = {"A": np.array([[0.5, 0.1], [0.0, 0.5]]), "W": np.eye(2) * 2, "h": np.ones((1, 2))}
    body = b"".join(variable(name, array) for name, array in held.items())
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI"
    model = sw.load_model(write("net.mat", header + body))
    assert model == sw.PLRNN(held["A"], held["W"], [1.0, 1.0])


def test_one_unit(write):
    model = sw.AlmostLinearRNN([0.5], [[-2.0]], [1.0], 1)
    path = write("net.mat", matlab({**model.parameters, **model.options}))
    assert sw.load_model(path) == model


def test_read_arrays_as_they_are(write, trials):
    arrays = read_arrays(write("trials.mat", matlab(trials | {"C": np.eye(2)})))
    assert set(arrays) == {*trials, "C"}
    assert arrays["W1"].shape == (T, H, M)
    assert arrays["h1"].dtype == np.float32


@pytest.mark.parametrize("compressed", [False, True])
def test_every_prefix_loads_the_same_or_is_refused(write, networks, compressed):
    model = networks["ShallowPLRNN"]
    whole = matlab(dict(model.parameters), do_compression=compressed)
    for length in range(compressed, len(whole), 2):
        with pytest.raises(ModelFileError):
            sw.load_model(write("net.mat", whole[:length]))
    assert sw.load_model(write("net.mat", whole)) == model


def test_flipped_bytes_never_leak_another_exception(write, networks):
    whole = matlab(dict(networks["ShallowPLRNN"].parameters))
    for place in range(128, len(whole), 3):
        broken = bytearray(whole)
        broken[place] ^= 0x55
        with contextlib.suppress(ModelFileError):
            sw.load_model(write("net.mat", bytes(broken)))


def test_a_bomb_is_refused(write, monkeypatch):
    monkeypatch.setattr("scyfi_widgets.files.matlab_archive.MAX_TOTAL_BYTES", 100_000)
    header = matlab({"A": np.ones(2)})[:128]
    packed = zlib.compress(bytes(1_000_000))
    bomb = header + struct.pack("<II", 15, len(packed)) + packed
    with pytest.raises(ModelFileError, match="unpacks to more than"):
        sw.load_model(write("net.mat", bomb))


def test_a_stream_that_ends_early(write):
    contents = matlab({"A": np.random.default_rng(0).normal(size=(9, 9))}, do_compression=True)
    packed = contents[136:-20]
    cut = contents[:128] + struct.pack("<II", 15, len(packed)) + packed
    with pytest.raises(ModelFileError, match="a compressed variable is truncated"):
        read_arrays(write("net.mat", cut))


def test_text_and_structures_beside_the_network_do_no_harm(write, trials):
    beside = {"note": "a text", "settings": {"a": 1}, "cells": np.array([1, "b"], dtype=object)}
    path = write("trials.mat", matlab(trials | beside))
    assert sw.load_model(path, trial=1) == expected(trials, 1)
