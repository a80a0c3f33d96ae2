"""The loss of foreign runs: where it is read, and which epochs it belongs to."""

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scyfi_widgets.files import ModelFileError
from scyfi_widgets.files.run_loss import loss_curve, read_loss


@pytest.mark.parametrize("loss", [[1, 2, 3], np.array([[1.0, 2, 3]]), np.array([[1.0], [2], [3]]),
                                  pd.Series([1.0, 2, 3], index=[7, 8, 9])])  # fmt: skip
def test_rows_and_columns(loss):
    values, at = read_loss(loss)
    assert values.tolist() == [1, 2, 3]
    assert at is None


@pytest.mark.parametrize(
    ("name", "text", "epochs"),
    [
        ("a.csv", "epoch,loss\n0,1\n5,2\n6,3\n", [0, 5, 6]),
        ("a.csv", "\ufeffEpoch, Loss , accuracy\r\n1,1,0\r\n2,2,0\r\n3,3,0\r\n", [1, 2, 3]),
        ("a.csv", ",train loss,seconds\n0,1,9\n1,2,9\n2,3,9\n", None),
        ("a.csv", "1\n2\n3\n", None),
        ("a.csv", "value\n1\n2\n3\n", None),
        ("a.tsv", "loss\tepoch\n1\t4\n2\t5\n3\t6\n", [4, 5, 6]),
        ("a.txt", "epoch  loss\n 4   1e0\n 5   2e0\n 6   3e0\n", [4, 5, 6]),
        ("a.txt", "1e0\n2e0\n3e0", None),
    ],
)
def test_tables(write, name, text, epochs):
    values, at = read_loss(write(name, text.encode()))
    assert values.tolist() == [1, 2, 3]
    assert (at is None) if epochs is None else (at.tolist() == epochs)


def test_data_frame():
    values, at = read_loss(pd.DataFrame({"epoch": [2, 1], "loss": [0.5, 0.25]}))
    assert values.tolist() == [0.5, 0.25]
    assert at.tolist() == [2, 1]


def test_array_files(write, tmp_path):
    np.save(tmp_path / "l.npy", np.arange(3.0))
    assert read_loss(tmp_path / "l.npy")[0].tolist() == [0, 1, 2]
    buffer = io.BytesIO()
    np.savez(buffer, Loss=[4.0], other=np.zeros(3))
    assert read_loss(write("l.npz", buffer.getvalue()))[0].tolist() == [4]


@pytest.mark.parametrize(
    ("name", "contents", "message"),
    [
        ("l.csv", b"epoch,x,y\n1,2,3\n", "needs one column 'loss', it has epoch, x, y"),
        ("l.csv", b"a loss,b loss\n1,2\n", "needs one column 'loss'"),
        ("l.csv", b"epoch,loss\n1,low\n", "loss must hold numbers"),
        ("l.csv", b"epoch,loss\n1,2\n1,3\n", "different whole numbers"),
        ("l.csv", b"epoch,loss\n1.5,2\n", "different whole numbers"),
        ("l.csv", b"loss\n1,2\n3\n\xff\xfe", "l.csv: "),
        ("l.npy", b"\x93NUMPY\x01\x00", "damaged"),
        ("l.npz", b"PK\x03\x04", "damaged"),
    ],
)
def test_what_is_wrong_is_said(write, name, contents, message):
    with pytest.raises(ModelFileError, match=message) as error:
        read_loss(write(name, contents))
    assert str(error.value).startswith(f"{name}: ")


def test_wrong_arrays(tmp_path):
    with pytest.raises(ValueError, match=r"one row of values, got shape \(2, 2\)"):
        read_loss(np.zeros((2, 2)))
    with pytest.raises(TypeError, match="must hold numbers"):
        read_loss(["a"])
    with pytest.raises(FileNotFoundError):
        read_loss(tmp_path / "none.csv")


@given(st.lists(st.integers(0, 60), min_size=2, max_size=20, unique=True).map(sorted))
def test_every_way_to_give_the_same_loss_agrees(saved):
    saved = np.array(saved)
    first, last = int(saved[0]), int(saved[-1])
    truth = np.sin(np.arange(last + 1.0))
    everywhere = loss_curve(truth, np.arange(last + 1), saved)
    assert np.array_equal(everywhere, truth[first:last])
    for count in {last, last + 1} - {len(saved)}:
        assert np.array_equal(loss_curve(truth[:count], None, saved), truth[first:last])
    ours = loss_curve(truth[saved], None, saved)
    for epoch in range(first, last):
        known = epoch in saved
        assert ours[epoch - first] == truth[epoch] if known else np.isnan(ours[epoch - first])
