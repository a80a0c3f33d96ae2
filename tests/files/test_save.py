import os
import stat

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import scyfi_widgets as sw

finite = st.floats(allow_nan=False, allow_infinity=False)


def matrix(*shape):
    return arrays(np.float64, shape, elements=finite)


@st.composite
def any_model(draw):
    M, H = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    kind = draw(st.sampled_from(sw.models.ARCHITECTURES))
    A = draw(matrix(M))
    if kind in (sw.ShallowPLRNN, sw.ClippedShallowPLRNN):
        return kind(A, *(draw(matrix(*shape)) for shape in ((M, H), (H, M), (M,), (H,))))
    W, h = draw(matrix(M, M)), draw(matrix(M))
    if kind is sw.AlmostLinearRNN:
        return kind(A, W, h, draw(st.integers(1, M)))
    A = draw(st.sampled_from([A, np.diag(A)]))
    if kind is sw.DendriticPLRNN:
        return kind(A, W, h, draw(matrix(H)), draw(matrix(M, H)))
    return kind(A, W, h)


def assert_same_bits(loaded, model):
    assert type(loaded) is type(model)
    assert dict(loaded.options) == dict(model.options)
    assert list(loaded.parameters) == list(model.parameters)
    for name, array in model.parameters.items():
        assert loaded[name].shape == array.shape
        assert loaded[name].tobytes() == array.tobytes()


@given(model=any_model())
@settings(max_examples=80, deadline=None)
def test_round_trip_keeps_every_bit(tmp_path_factory, model):
    path = tmp_path_factory.mktemp("round") / "net.npz"
    sw.save_model(model, path)
    assert_same_bits(sw.load_model(path), model)


def test_round_trip_of_the_oddest_numbers(tmp_path):
    odd = [-0.0, 5e-324, np.finfo(float).max, np.nextafter(1.0, 2.0)]
    model = sw.PLRNN(odd, np.outer(np.ones(4), odd), odd)
    sw.save_model(model, tmp_path / "net.npz")
    assert_same_bits(sw.load_model(tmp_path / "net.npz"), model)


def test_layout_is_the_documented_one(tmp_path, networks):
    sw.save_model(networks["AlmostLinearRNN"], tmp_path / "net.npz")
    with np.load(tmp_path / "net.npz", allow_pickle=False) as held:
        assert set(held) == {"format", "version", "architecture", "A", "W", "h", "n_relu"}
        assert str(held["format"]) == "scyfi_widgets.model"
        assert held["version"] == 1
        assert str(held["architecture"]) == "AlmostLinearRNN"
        assert held["n_relu"] == 2
        assert held["n_relu"].dtype.kind == "i"


def test_same_model_gives_the_same_bytes(tmp_path, networks):
    for name in ("a.npz", "b.npz"):
        sw.save_model(networks["PLRNN"], tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize("name", ["net", "net.pt", "net.v2", ".npz"])
def test_other_suffix_is_refused_with_what_to_pass(tmp_path, networks, name):
    with pytest.raises(ValueError, match=r"must end in \.npz") as error:
        sw.save_model(networks["PLRNN"], tmp_path / name)
    assert f"{name}.npz" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_text_path_and_upper_case_suffix(tmp_path, networks):
    sw.save_model(networks["PLRNN"], str(tmp_path / "net.NPZ"))
    assert sw.load_model(str(tmp_path / "net.NPZ")) == networks["PLRNN"]


def test_not_a_model(tmp_path):
    with pytest.raises(TypeError, match="model must be a scyfi_widgets model, got dict"):
        sw.save_model({"A": [1]}, tmp_path / "net.npz")


def test_missing_folder(tmp_path, networks):
    with pytest.raises(FileNotFoundError):
        sw.save_model(networks["PLRNN"], tmp_path / "nowhere" / "net.npz")


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failure_leaves_the_earlier_file_whole(tmp_path, networks, monkeypatch, failing):
    path = tmp_path / "net.npz"
    sw.save_model(networks["PLRNN"], path)

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="disk full"):
        sw.save_model(networks["ShallowPLRNN"], path)
    monkeypatch.undo()
    assert sw.load_model(path) == networks["PLRNN"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_file_mode_follows_the_umask(tmp_path, networks):
    before = os.umask(0o022)
    try:
        sw.save_model(networks["PLRNN"], tmp_path / "net.npz")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "net.npz").stat().st_mode) == 0o644


@pytest.mark.skipif(os.name != "posix", reason="links need no rights on POSIX only")
def test_a_link_stays_a_link(tmp_path, networks):
    (tmp_path / "there.npz").write_bytes(b"old")
    (tmp_path / "link.npz").symlink_to(tmp_path / "there.npz")
    sw.save_model(networks["PLRNN"], tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink()
    assert sw.load_model(tmp_path / "there.npz") == networks["PLRNN"]
