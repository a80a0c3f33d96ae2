"""HDF5 and JLD2 files: what Julia writes, what others write, and what is refused."""

import builtins
import contextlib
import io

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.files import ModelFileError, read_arrays

h5py = pytest.importorskip("h5py")

M, S = 3, 4


@pytest.fixture
def lists():
    rng = np.random.default_rng(7)
    return {
        "A": [rng.normal(size=M) for _ in range(S)],
        "W": [rng.normal(size=(M, M)) for _ in range(S)],
        "h": [rng.normal(size=M) for _ in range(S)],
        "Loss": rng.random(S),
    }


def test_lists_of_julia(write, jld2_bytes, lists):
    arrays = read_arrays(write("run.jld2", jld2_bytes(lists)))
    assert list(arrays) == ["A", "Loss", "W", "h"]
    for name in ("A", "W", "h"):
        assert np.array_equal(arrays[name], np.stack(lists[name], axis=-1))
    assert np.array_equal(arrays["Loss"], lists["Loss"])


def test_dimensions_of_julia_are_turned_back_and_of_others_left(write, jld2_bytes, hdf5_bytes):
    C = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(read_arrays(write("a.jld2", jld2_bytes({"C": C})))["C"], C)
    assert np.array_equal(read_arrays(write("a.h5", hdf5_bytes({"C": C})))["C"], C)
    old = jld2_bytes({"C": C}, header=b"Julia data file (HDF5), version 0.1.1")
    assert np.array_equal(read_arrays(write("a.jld", old))["C"], C)


def test_each_epoch_of_a_julia_file(write, jld2_bytes, lists):
    path = write("run.jld2", jld2_bytes(lists))
    for epoch in range(S):
        expected = sw.PLRNN(lists["A"][epoch], lists["W"][epoch], lists["h"][epoch])
        assert sw.load_model(path, architecture="PLRNN", epoch=epoch) == expected
    linear = sw.load_model(path, n_relu=2, epoch=1)
    assert linear == sw.AlmostLinearRNN(lists["A"][1], lists["W"][1], lists["h"][1], 2)
    with pytest.raises(ModelFileError, match=r"4 networks: pass epoch=0 to epoch=3 .* load_run"):
        sw.load_model(path, architecture="PLRNN")
    with pytest.raises(ModelFileError, match="epoch must be between 0 and 3, got 4"):
        sw.load_model(path, architecture="PLRNN", epoch=4)
    with pytest.raises(ValueError, match="epoch must be at least 0"):
        sw.load_model(path, architecture="PLRNN", epoch=-1)


def test_epochs_along_the_last_axis_in_julia(write, jld2_bytes, lists):
    stacked = {name: np.stack(lists[name], axis=-1) for name in ("A", "W", "h")}
    path = write("run.jld2", jld2_bytes(stacked))
    expected = sw.PLRNN(lists["A"][2], lists["W"][2], lists["h"][2])
    assert sw.load_model(path, architecture="PLRNN", epoch=2) == expected


def test_one_network_of_julia_with_subscripts(write, jld2_bytes, networks):
    model = networks["ShallowPLRNN"]
    named = {
        name.replace("1", "₁").replace("2", "₂"): np.array(array)
        for name, array in model.parameters.items()
    }
    assert sw.load_model(write("net.jld2", jld2_bytes(named))) == model


@pytest.mark.parametrize("compression", [None, "gzip"])
@pytest.mark.parametrize(
    "name", ["PLRNN", "ShallowPLRNN", "ClippedShallowPLRNN", "DendriticPLRNN", "AlmostLinearRNN"]
)
def test_one_network_in_plain_hdf5(write, networks, name, compression):
    model = networks[name]
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for key, array in model.parameters.items():
            file.create_dataset(key, data=array.astype(">f8"), compression=compression)
        for key, value in model.options.items():
            file[key] = value
        file["architecture"] = name
    assert sw.load_model(write("net.h5", buffer.getvalue())) == model


def test_networks_in_groups(write, hdf5_bytes, networks):
    one, two = networks["ShallowPLRNN"], networks["DendriticPLRNN"]
    path = write(
        "net.h5",
        hdf5_bytes({"teacher": {"step": dict(one.parameters)}, "student": dict(two.parameters)}),
    )
    assert sw.load_model(path, prefix="teacher.step") == one
    assert sw.load_model(path, prefix="student") == two
    with pytest.raises(ModelFileError, match=r"several networks: pass prefix=.*student"):
        sw.load_model(path)
    with pytest.raises(ModelFileError, match="no network at prefix='pupil'"):
        sw.load_model(path, prefix="pupil")


def test_what_is_no_number_is_passed_over(write, jld2_bytes, lists):
    more = {
        "name": "a run",
        "note": np.bytes_(b"x" * 2000),
        "dynamical_objects": [np.zeros(2), np.zeros(3)],
        "undefined": [None, np.zeros(3)],
        "pairs": np.array([(1, 2.0)], dtype=[("x", "i4"), ("y", "f8")]),
        "empty": h5py.Empty("f8"),
    }
    arrays = read_arrays(write("run.jld2", jld2_bytes(lists | more)))
    assert sorted(arrays) == ["A", "Loss", "W", "h", "name"]
    assert str(arrays["name"]) == "a run"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"W": [np.zeros((M, M)), np.zeros((M, 2))]}, r"W\[1\] has shape \(3, 2\); W\[0\] has"),
        ({"h": [np.zeros(M), None]}, r"h\[1\] has no array of numbers; h\[0\] has shape \(3,\)"),
        ({"h": [np.zeros(M)] * 3}, "different numbers of networks: A 4, W 4, h 3"),
        ({"W": None}, "'W' missing"),
        ({"A": [np.full(M, np.nan)] * S}, "A must be finite"),
    ],
)
def test_lists_that_do_not_fit(write, jld2_bytes, lists, changes, message):
    held = {name: value for name, value in (lists | changes).items() if value is not None}
    with pytest.raises(ModelFileError, match=message):
        sw.load_model(write("run.jld2", jld2_bytes(held)), architecture="PLRNN", epoch=0)


def test_no_other_file_is_opened(write, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(np.arange(9.0).tobytes())
    outside = tmp_path / "outside.h5"
    with h5py.File(outside, "w") as file:
        file["W"] = np.ones((3, 3))

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["W"] = h5py.ExternalLink(str(outside), "/W")
        file["A"] = np.ones(3)
        file["h"] = h5py.SoftLink("/A")
    assert list(read_arrays(write("link.h5", buffer.getvalue()))) == ["A"]

    with h5py.File(tmp_path / "raw.h5", "w") as file:
        file.create_dataset("W", (3, 3), "f8", external=[(str(secret), 0, 72)])
    with pytest.raises(ModelFileError, match="'W' lies in other files"):
        read_arrays(tmp_path / "raw.h5")

    with h5py.File(tmp_path / "virtual.h5", "w") as file:
        layout = h5py.VirtualLayout((3, 3), "f8")
        layout[:] = h5py.VirtualSource(str(outside), "W", (3, 3))
        file.create_virtual_dataset("W", layout)
    with pytest.raises(ModelFileError, match="'W' lies in other files"):
        read_arrays(tmp_path / "virtual.h5")


def test_sizes_are_checked_before_anything_is_allocated(write):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("W", (1 << 30, 1 << 20), "f8", chunks=(64, 64), compression="gzip")
    assert len(buffer.getvalue()) < 10_000
    with pytest.raises(ModelFileError, match="more than 268,435,456 bytes"):
        read_arrays(write("bomb.h5", buffer.getvalue()))


def test_references_to_one_array_cannot_add_up_to_too_much(write, monkeypatch):
    monkeypatch.setattr("scyfi_widgets.files.hdf5.MAX_TOTAL_BYTES", 100_000)
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        big = file.create_group("_types").create_dataset("x", data=np.zeros(1000))
        listed = file.create_dataset("W", (100,), dtype=h5py.ref_dtype)
        listed[:] = [big.ref] * 100
    with pytest.raises(ModelFileError, match="more than 100,000 bytes"):
        read_arrays(write("run.h5", buffer.getvalue()))


def test_groups_in_a_circle_end(write):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        group = file.create_group("a")
        group["b"] = group
    with pytest.raises(ModelFileError, match="nested deeper than 20"):
        read_arrays(write("circle.h5", buffer.getvalue()))


def test_without_h5py(write, jld2_bytes, lists, monkeypatch):
    path = write("run.jld2", jld2_bytes(lists))
    ordinary = builtins.__import__

    def refuse(name, *arguments, **options):
        if name == "h5py":
            raise ImportError("No module named 'h5py'")
        return ordinary(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    for read in (sw.load_model, read_arrays):
        with pytest.raises(ImportError, match=r'pip install "scyfi-widgets\[hdf5\]"'):
            read(path)


def test_every_prefix_is_refused(write, jld2_bytes, lists):
    whole = jld2_bytes(lists)
    for length in range(1, len(whole), 97):
        with pytest.raises(ModelFileError):
            read_arrays(write("run.jld2", whole[:length]))


@pytest.mark.parametrize("kind", ["jld2", "h5"])
def test_flipped_bytes_never_leak_another_exception(
    write, jld2_bytes, hdf5_bytes, lists, networks, kind
):
    whole = jld2_bytes(lists) if kind == "jld2" else hdf5_bytes(dict(networks["PLRNN"].parameters))
    for place in range(0, len(whole), 11):
        broken = bytearray(whole)
        broken[place] ^= 0x55
        with contextlib.suppress(ModelFileError):
            read_arrays(write("net.h5", bytes(broken)))
