import warnings

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.files import ModelFileError, read_arrays

M, B = 3, 2
STEP = "latent_model.latent_step"


@pytest.fixture
def dendritic():
    rng = np.random.default_rng(4)
    return {
        f"{STEP}.AW": rng.normal(size=(M, M)).astype(np.float32),
        f"{STEP}.h": rng.normal(size=M).astype(np.float32),
        f"{STEP}.thetas": rng.normal(size=(M, B)).astype(np.float32),
        f"{STEP}.alphas": rng.normal(size=B).astype(np.float32),
        "output_layer.weight": rng.normal(size=(2, M)).astype(np.float32),
    }


def test_map_is_the_formula_of_the_dendritic_code_base(write, torch_format, dendritic):
    path = write("model_10.pt", torch_format.file(dendritic))
    with pytest.warns(UserWarning, match=r"model_10\.pt: .*clip the state .*±10"):
        model = sw.load_model(path)
    assert type(model) is sw.DendriticPLRNN
    AW, h, thetas, alphas = (
        dendritic[f"{STEP}.{name}"].astype(float) for name in ("AW", "h", "thetas", "alphas")
    )
    A = np.diag(AW)
    W = AW - np.diag(A)
    z = np.array([0.4, -1.2, 0.1])
    expanded = sum(alphas[b] * np.maximum(z + thetas[:, b], 0) for b in range(B))
    np.testing.assert_allclose(model.step(z), A * z + W @ expanded + h, rtol=1e-14)
    assert np.array_equal(model["theta"], -thetas)
    assert np.array_equal(np.diag(model["W"]), np.zeros(M))
    assert read_arrays(path)["output_layer.weight"].shape == (2, M)


def test_the_caution_is_said_once_at_the_callers_line(write, torch_format, dendritic):
    path = write("net.pt", torch_format.file(dendritic))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sw.load_model(path)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_plrnn_of_the_dendritic_code_base(write, torch_format, dendritic):
    held = {k: v for k, v in dendritic.items() if k.endswith((".AW", ".h"))}
    with pytest.warns(UserWarning, match="clip the state"):
        model = sw.load_model(write("net.pt", torch_format.file(held)))
    AW = held[f"{STEP}.AW"]
    assert model == sw.PLRNN(np.diag(AW), AW - np.diag(np.diag(AW)), held[f"{STEP}.h"])


@pytest.mark.parametrize("key", ["h", "thetas", "alphas"])
def test_missing_key_of_the_dendritic_code_base(write, torch_format, dendritic, key):
    del dendritic[f"{STEP}.{key}"]
    with pytest.raises(ModelFileError, match=rf"net\.pt: '{STEP}\.{key}' missing"):
        sw.load_model(write("net.pt", torch_format.file(dendritic)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"AW": np.zeros((M, 2))}, r"AW must be a square matrix, got shape \(3, 2\)"),
        ({"AW": np.zeros(M)}, "AW must be a square matrix"),
        ({"AW": np.full((M, M), np.nan)}, "A must be finite"),
        ({"thetas": np.zeros((B, M))}, r"theta must have shape \(3, 2\)"),
        ({"alphas": np.zeros((B, 1))}, "alpha must be 1-dimensional"),
        ({"h": np.zeros(2)}, r"A must have shape \(2,\)"),
    ],
)
def test_wrong_shapes_of_the_dendritic_code_base(write, torch_format, dendritic, changes, message):
    dendritic |= {f"{STEP}.{name}": value for name, value in changes.items()}
    with pytest.raises(ModelFileError, match=message):
        sw.load_model(write("net.pt", torch_format.file(dendritic)))


def test_almost_linear(write, torch_format, networks):
    model = networks["AlmostLinearRNN"]
    held = {**model.parameters, "B": np.ones((2, 3))}
    path = write("net.pt", torch_format.file(held))
    assert sw.load_model(path, n_relu=2) == model
    assert sw.load_model(path, architecture="AlmostLinearRNN", n_relu=2) == model
    with pytest.raises(ModelFileError, match=r'pass n_relu=P.*or architecture="PLRNN"'):
        sw.load_model(path)
    with pytest.raises(ModelFileError, match="pass n_relu=P"):
        sw.load_model(path, architecture="AlmostLinearRNN")
    with pytest.raises(ModelFileError, match="n_relu must be between 1 and 3, got 4"):
        sw.load_model(path, n_relu=4)
    assert np.array_equal(read_arrays(path)["B"], np.ones((2, 3)))


def test_plain_plrnn_and_shallow(write, torch_format, networks):
    plain = write("plain.pth", torch_format.file(dict(networks["PLRNN"].parameters)))
    assert sw.load_model(plain, architecture="PLRNN") == networks["PLRNN"]
    shallow = write("shallow.pt", torch_format.file(dict(networks["ShallowPLRNN"].parameters)))
    assert sw.load_model(shallow) == networks["ShallowPLRNN"]
    clipped = sw.load_model(shallow, architecture="ClippedShallowPLRNN")
    assert clipped == networks["ClippedShallowPLRNN"]


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize(
    "wrapping",
    [("state_dict",), ("model_state_dict",), ("model", "latent.step"), ("a", "b", "c")],
)
def test_nested_dictionaries(write, torch_format, networks, wrapping, ordered):
    tree = dict(networks["ShallowPLRNN"].parameters)
    for name in reversed(wrapping):
        tree = {name: tree, "epoch": torch_format.whole(3)}
    path = write("net.pkl", torch_format.file(tree, ordered=ordered))
    assert sw.load_model(path) == networks["ShallowPLRNN"]
    assert f"{'.'.join(wrapping)}.W1" in read_arrays(path)


def test_several_networks(write, torch_format, networks):
    first = networks["ShallowPLRNN"]
    second = first.replace({"h1": [1.0, 2.0, 3.0]})
    tree = {"student": dict(first.parameters), "teacher": dict(second.parameters)}
    path = write("net.pt", torch_format.file(tree))
    with pytest.raises(ModelFileError, match=r"pass prefix=, one of \['student', 'teacher'\]"):
        sw.load_model(path)
    assert sw.load_model(path, prefix="teacher") == second
    with pytest.raises(ModelFileError, match=r"no network at prefix='x'; there are \['student'"):
        sw.load_model(path, prefix="x")


def test_no_network(write, torch_format):
    path = write("net.pt", torch_format.file({"fc.weight": np.eye(2), "fc.bias": np.ones(2)}))
    with pytest.raises(ModelFileError, match=r"no network found.*fc\.weight, fc\.bias"):
        sw.load_model(path)
    for tree in ({}, {"epoch": torch_format.whole(3)}):
        with pytest.raises(ModelFileError, match="the file has none"):
            sw.load_model(write("net.pt", torch_format.file(tree)))


@pytest.mark.parametrize("name", ["A", "W", "h"])
def test_missing_key(write, torch_format, networks, name):
    held = dict(networks["AlmostLinearRNN"].parameters)
    del held[name]
    with pytest.raises(ModelFileError, match=f"'{name}' missing: AlmostLinearRNN needs A, W, h"):
        sw.load_model(write("net.pt", torch_format.file(held)), n_relu=2)
