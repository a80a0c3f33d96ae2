"""Series from text of every kind and from NumPy's files, and what is said about bad ones."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scyfi_widgets.files import ModelFileError, load_series
from scyfi_widgets.training.series import TimeSeries

VALUES = np.array([[1.5, -2.0], [2.5, 1e-3], [3.25, 4.0]])


def npy(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x,y\n1.5,-2\n2.5,1e-3\n3.25,4\n", ("x", "y")),
        ("x, y\r\n1.5, -2\r\n2.5, 0.001\r\n3.25, 4\r\n", ("x", "y")),
        ("x;y\n1,5;-2,0\n2,5;1e-3\n3,25;4\n", ("x", "y")),
        ("x;y\n1.5;-2.0\n2.5;1e-3\n3.25;4\n", ("x", "y")),
        ("x\ty\n1.5\t-2\n2.5\t0.001\n3.25\t4", ("x", "y")),
        ("x|y\n1.5|-2\n2.5|0.001\n3.25|4", ("x", "y")),
        ("  1.5  -2\n2.5 0.001\n3.25   4.0\n", ("x[0]", "x[1]")),
        ("1.5,-2\n2.5,1e-3\n3.25,4\n", ("x[0]", "x[1]")),
        ("# made by hand\n# x,y\n1.5,-2\n2.5,1e-3\n3.25,4\n", ("x", "y")),
        ("# one comment of more words\n1.5,-2\n2.5,1e-3\n3.25,4\n", ("x[0]", "x[1]")),
        (",x,y\n0,1.5,-2\n1,2.5,1e-3\n2,3.25,4\n", ("x", "y")),
        ('"a, b","c"\n1.5,-2\n2.5,1e-3\n3.25,4\n', ("a, b", "c")),
        ("potential (mV),y\n\n1.5,-2\n\n2.5,1e-3\n3.25,4\n", ("potential (mV)", "y")),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_kind_of_text(write, text, names, encoding):
    series = load_series(write("mine.csv", text.encode(encoding)))
    np.testing.assert_array_equal(series.values, VALUES)
    assert series.names == names
    assert series.label == "mine"
    assert series.time_step == 1.0


@pytest.mark.parametrize("text", ["1\n2\n3\n", "x\n1\n2\n3\n", "membrane potential\n1\n2\n3\n"])
def test_one_column(write, text):
    assert load_series(write("one.txt", text.encode())).values.tolist() == [[1.0], [2.0], [3.0]]


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("t,x\n0,1\n0.1,2\n0.2,3\n", 0.1),
        ("x,Time [s]\n1,5\n2,7\n3,9\n", 2.0),
        ("time (ms);x\n0,5;1\n1,0;2\n1,5;3\n", 0.5),
        ("date,x\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n", 86_400.0),
        (
            "timestamp,x\n2020-01-01 00:00:00,1\n2020-01-01 00:00:30,2\n2020-01-01 00:01:00,3\n",
            30.0,
        ),
        ("t,x\n0.00,1\n0.33,2\n0.67,3\n1.00,4\n", 1.0 / 3.0),
    ],
)
def test_the_time_gives_the_step(write, text, step):
    series = load_series(write("timed.csv", text.encode()))
    assert series.names == ("x",)
    assert series.time_step == pytest.approx(step, rel=1e-11)
    assert series.values[:, 0].tolist() == list(range(1, len(series) + 1))
    assert load_series(write("timed.csv", text.encode()), time_step=3).time_step == 3.0


def test_columns_and_time_are_chosen_by_name_or_position(write):
    path = write("many.csv", b"a,stamp,b,name\n1,0,4,u\n2,5,5,v\n3,10,6,w\n")
    with pytest.raises(ModelFileError, match=r"many.csv: .* other columns: name \(\w+\); drop"):
        load_series(path)
    series = load_series(path, columns=["b", "a"], time="stamp")
    assert series.names == ("b", "a")
    assert series.time_step == 5.0
    assert series == load_series(path, columns=[2, 0], time=1)
    assert load_series(path, columns="a").values[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert load_series(path, columns=0, label="other").label == "other"
    timed = write("timed.csv", b"t,x\n0,1\n2,2\n")
    assert load_series(timed, columns=["t", "x"]).names == ("t", "x")
    for arguments in ({"columns": ["c"]}, {"columns": [4]}, {"time": "c"}, {"columns": -1}):
        with pytest.raises(ModelFileError, match=r"no column .*, only a, stamp, b, name"):
            load_series(path, **arguments)


def test_what_is_found_out_can_be_said(write):
    path = write("names.csv", b"1,2\n3,4\n5,6\n")
    assert len(load_series(path)) == 3
    assert load_series(path, header=True).names == ("1", "2")
    assert load_series(path, delimiter=";", decimal=",").values[:, 0].tolist() == [1.2, 3.4, 5.6]


@pytest.mark.parametrize("shape", [(5,), (5, 1), (5, 3)])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int16"])
def test_npy(write, shape, dtype):
    array = (10 * np.random.default_rng(0).normal(size=shape)).astype(dtype)
    series = load_series(write("data.npy", npy(array)))
    np.testing.assert_array_equal(series.values, array.reshape(5, -1))
    assert series.label == "data"
    assert load_series(write("data.npy", npy(VALUES)), columns=[1]).names == ("x[1]",)


def test_npz(write):
    times = np.arange(3) * 0.25
    one = load_series(write("one.npz", npz(data=VALUES)))
    np.testing.assert_array_equal(one.values, VALUES)
    timed = load_series(write("timed.npz", npz(data=VALUES, t=times)))
    assert timed.time_step == 0.25
    assert timed.dims == 2
    columns = load_series(write("columns.npz", npz(time=times, u=VALUES[:, 0], v=VALUES[:, 1])))
    assert columns.names == ("u", "v")
    assert columns.time_step == 0.25
    several = write("several.npz", npz(train=VALUES, test=VALUES[:2], t=times))
    with pytest.raises(ModelFileError, match="several arrays: pass key=, one of train, test"):
        load_series(several)
    assert len(load_series(several, key="test")) == 2
    assert load_series(several, key="train").time_step == 0.25
    with pytest.raises(ModelFileError, match="no array 'b': the keys are train, test, t"):
        load_series(several, key="b")
    with pytest.raises(ModelFileError, match=r"no array of shape \(T,\) or \(T, N\)"):
        load_series(write("none.npz", npz(cube=np.ones((2, 2, 2)))))


def test_a_series_comes_back_from_its_table(write):
    series = TimeSeries(VALUES, names=("x", "y"), time_step=0.1, label="mine")
    text = series.to_dataframe().to_csv()
    assert load_series(write("mine.csv", text.encode())) == series
    assert load_series(write("mine.csv", series.to_dataframe().to_csv(sep=";").encode())) == series


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=2), min_size=1, max_size=6),
    st.sampled_from([",", ";", "\t", "|", " "]),
    st.booleans(),
)
def test_numbers_come_back_to_the_last_digits(tmp_path_factory, rows, delimiter, header):
    path = tmp_path_factory.getbasetemp() / "table.csv"
    frame = pd.DataFrame(rows, columns=["u", "v"])
    frame.to_csv(path, sep=delimiter, header=header, index=False)
    np.testing.assert_allclose(load_series(path).values, rows, rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize(
    ("name", "contents", "message"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"\n\n# only\n", "the file has no rows"),
        ("a.csv", b"x,y\n", "a line of names and no rows"),
        ("a.csv", b"x,y\n1,2\n3\n", "nan in column 'y', row 1"),
        ("a.csv", b"x,y\n1,2\n3,\n", "nan in column 'y', row 1"),
        ("a.csv", b"x,y\n1,2,3\n3,4,5\n", "line of names has 2 fields, fewer than the rows"),
        ("a.csv", b"x,y\n1,2\n3,inf\n", "inf in column 'y', row 1"),
        ("a.csv", b"x,y\n1,2\n3,four\n", r"other columns: y \(\w+\)"),
        ("a.csv", b"x,y\n1,2\n3,4,5,6\n", r"damaged .*Expected 2 fields in line 3"),
        ("a.csv", b"\xff\x80\x81", r"no text \(UTF-8\)"),
        ("a.csv", b"1,2\n\x00\x00", "this is no text"),
        ("a.csv", b"t,x\n0,1\n1,2\n5,3\n", "column 't' are not evenly spaced: .* from 1 to 4"),
        ("a.csv", b"t,x\n0,1\n2,2\n1,3\n", "must rise, but row 2 has 1 after 2"),
        ("a.csv", b"t,x\n0,1\n,2\n1,3\n", "the time in column 't', row 1 is missing"),
        ("a.csv", b"t,x\nnow,1\nthen,2\n", "no numbers and no dates; pass time_step"),
        ("a.npy", b"\x93NUMPY\x01\x00", "damaged"),
        ("a.npy", npy(VALUES)[:-3], "claims 48 bytes"),
        ("a.npy", npy(np.ones((2, 2, 2))), r"a series has shape \(T,\) or \(T, N\)"),
        ("a.npy", npy(np.ones(0)), r"got an array of \(0,\)"),
        ("a.npy", npy(np.array([1j])), r"other columns: x\[0\] \(complex128\)"),
        ("a.npy", npy(np.array([1.0, np.nan])), r"nan in column 'x\[0\]', row 1"),
        ("a.npz", npz(data=VALUES)[:-30], "damaged"),
        ("a.mat", b"MATLAB 7.3\x00\x00\x80", "no text"),
    ],
)
def test_what_cannot_be_read_is_said(write, name, contents, message):
    with pytest.raises(ModelFileError, match=message) as error:
        load_series(write(name, contents))
    assert str(error.value).startswith(f"{name}: ")


def test_pickles_are_never_opened(write):
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ModelFileError, match="never unpickled"):
        load_series(write("a.npy", buffer.getvalue()))


def test_wrong_arguments_are_the_callers_error(write, tmp_path):
    path = write("a.csv", b"1\n2\n")
    for arguments, error, message in (
        ({"time_step": 0.0}, ValueError, "time_step must be positive"),
        ({"time_step": "1"}, TypeError, "time_step must be a number"),
        ({"label": 3}, TypeError, "label must be text"),
        ({"delimiter": ""}, ValueError, "delimiter must be one character, got ''"),
        ({"decimal": 1}, ValueError, "decimal must be one character, got 1"),
    ):
        with pytest.raises(error, match=message) as caught:
            load_series(path, **arguments)
        assert not isinstance(caught.value, ModelFileError)
    with pytest.raises(FileNotFoundError):
        load_series(tmp_path / "none.csv")
    with pytest.raises(ModelFileError, match="this is a folder"):
        load_series(tmp_path)


def test_random_bytes_never_leak_another_exception(write):
    rng = np.random.default_rng(0)
    starts = [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"x,y\n1,2\n", b"t;x\n"]
    for trial in range(150):
        noise = rng.bytes(int(rng.integers(1, 200)))
        printable = bytes(32 + byte % 95 for byte in noise)
        contents = starts[trial % len(starts)] + (noise if trial % 2 else printable)
        try:
            load_series(write("noise", contents))
        except ModelFileError:
            continue
