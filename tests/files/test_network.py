import io

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.files import ModelFileError


@pytest.fixture
def plain(write):
    """Return a function that writes plain arrays as .npz and returns the path."""

    def save(**arrays):
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        return write("plain.npz", buffer.getvalue())

    return save


A, W, h = np.array([0.5, -0.25]), np.array([[0.0, 1.5], [-2.0, 0.25]]), np.array([1.0, -1.0])
hidden = {
    "A": A,
    "W1": np.arange(6.0).reshape(2, 3),
    "W2": np.arange(6.0).reshape(3, 2),
    "h1": h,
    "h2": np.ones(3),
}


def test_diagonal_A_W_h_is_ambiguous(plain):
    for given in (A, np.diag(A)):
        with pytest.raises(ModelFileError, match=r'pass n_relu=P.*or architecture="PLRNN"'):
            sw.load_model(plain(A=given, W=W, h=h))


def test_A_W_h_with_an_architecture(plain):
    path = plain(A=A, W=W, h=h)
    assert sw.load_model(path, architecture="PLRNN") == sw.PLRNN(A, W, h)
    assert sw.load_model(path, architecture=sw.PLRNN) == sw.PLRNN(A, W, h)
    assert sw.load_model(path, n_relu=1) == sw.AlmostLinearRNN(A, W, h, 1)
    asked = sw.load_model(path, architecture="AlmostLinearRNN", n_relu=2)
    assert asked == sw.AlmostLinearRNN(A, W, h, 2)
    with pytest.raises(ModelFileError, match="pass n_relu=P"):
        sw.load_model(path, architecture="AlmostLinearRNN")


def test_full_A_can_only_be_a_plrnn(plain):
    full = np.array([[0.5, 0.1], [0.0, 0.5]])
    assert sw.load_model(plain(A=full, W=W, h=h)) == sw.PLRNN(full, W, h)
    with pytest.raises(ModelFileError, match="A must be diagonal"):
        sw.load_model(plain(A=full, W=W, h=h), n_relu=1)


def test_stored_n_relu_is_an_almost_linear_network(plain):
    path = plain(A=np.diag(A), W=W, h=h, n_relu=2.0)
    assert sw.load_model(path) == sw.AlmostLinearRNN(A, W, h, 2)
    assert sw.load_model(path, n_relu=2) == sw.AlmostLinearRNN(A, W, h, 2)
    with pytest.raises(ModelFileError, match="n_relu=1 was passed, but the file says 2"):
        sw.load_model(path, n_relu=1)
    with pytest.raises(ModelFileError, match="belongs to AlmostLinearRNN, not PLRNN"):
        sw.load_model(path, architecture="PLRNN")


def test_shallow_unless_asked_for_the_clipped(plain):
    path = plain(**hidden)
    assert sw.load_model(path) == sw.ShallowPLRNN(**hidden)
    clipped = sw.load_model(path, architecture="ClippedShallowPLRNN")
    assert clipped == sw.ClippedShallowPLRNN(**hidden)
    assert sw.load_model(plain(**hidden | {"A": np.diag(A)})) == sw.ShallowPLRNN(**hidden)


def test_dendritic_is_known_by_its_names(plain):
    given = {"A": A, "W": W, "h": h, "alpha": np.ones(1), "theta": np.zeros((2, 1))}
    assert sw.load_model(plain(**given)) == sw.DendriticPLRNN(**given)


def test_text_architecture_in_plain_arrays(plain):
    path = plain(A=A, W=W, h=h, architecture="PLRNN")
    assert sw.load_model(path) == sw.PLRNN(A, W, h)
    with pytest.raises(ModelFileError, match="holds a PLRNN, not a AlmostLinearRNN"):
        sw.load_model(path, architecture="AlmostLinearRNN")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"A": A, "W": W}, "'h' missing: PLRNN needs A, W, h; the file has A, W"),
        ({"A": A, "W1": hidden["W1"]}, "'W2' and 'h1' and 'h2' missing"),
        ({"A": A, "W": W, "h": h, "alpha": h}, "'theta' missing: DendriticPLRNN"),
        ({"weights": W}, "no network found: .*the file has weights"),
        ({"A": A, "W": W, "h": h, "architecture": "GRU"}, "must be one of"),
        (hidden | {"A": np.ones((2, 2))}, "A must be diagonal"),
        (hidden | {"W1": hidden["W2"]}, r"W1 must have shape \(2, 3\) to match"),
    ],
)
def test_what_is_missing_is_said(plain, arrays, message):
    with pytest.raises(ModelFileError, match=message) as error:
        sw.load_model(plain(**arrays))
    assert str(error.value).startswith("plain.npz: ")


def test_an_architecture_that_cannot_be(plain):
    path = plain(A=A, W=W, h=h, alpha=np.ones(1), theta=np.zeros((2, 1)))
    with pytest.raises(ModelFileError, match=r"those of DendriticPLRNN, not of PLRNN \(A, W, h\)"):
        sw.load_model(path, architecture="PLRNN")
    with pytest.raises(ModelFileError, match="n_relu=1 belongs to AlmostLinearRNN"):
        sw.load_model(path, n_relu=1)
    with pytest.raises(ModelFileError, match="n_relu=1 belongs to AlmostLinearRNN"):
        sw.load_model(plain(**hidden), n_relu=1)
