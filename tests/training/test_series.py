"""A series knows what was done to it, and undoes it."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from scyfi_widgets.training.series import TimeSeries

NUMBERS = st.floats(-1e200, 1e200, allow_subnormal=False)


@pytest.fixture
def series():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(200, 3)) * [1.0, 1e4, 0.01] + [0.0, -3.0, 7.0]
    return TimeSeries(values, names=("x", "y", "z"), time_step=0.1, label="noise")


@given(arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=NUMBERS))
def test_standardising_is_undone(values):
    series = TimeSeries(values)
    standard = series.standardised()
    tolerance = 1e-12 * np.maximum(np.abs(values).max(axis=0), 1e-300)
    assert (np.abs(standard.original() - values) <= tolerance).all()
    varies = np.ptp(values, axis=0) > 1e-6 * np.abs(values).max(axis=0)
    np.testing.assert_allclose(standard.values.mean(axis=0)[varies], 0.0, atol=1e-9)
    np.testing.assert_allclose(standard.values.std(axis=0)[varies], 1.0, atol=1e-9)


def test_standardising_agrees_with_its_definition(series):
    standard = series.standardised()
    np.testing.assert_array_equal(standard.mean, series.values.mean(axis=0))
    np.testing.assert_allclose(standard.scale, series.values.std(axis=0), rtol=1e-14)
    np.testing.assert_array_equal(standard.values, (series.values - standard.mean) / standard.scale)
    assert standard.is_standardised
    assert not series.is_standardised


def test_standardising_twice_still_leads_back_to_the_original(series):
    shifted = TimeSeries(series.standardised().values * 2.0 + 5.0, *_units_of(series))
    twice = shifted.standardised()
    np.testing.assert_allclose(twice.original(), shifted.original(), rtol=1e-12)
    again = series.standardised().standardised()
    np.testing.assert_allclose(again.original(), series.values, rtol=1e-9, atol=1e-9)


def _units_of(series):
    standard = series.standardised()
    return standard.mean, standard.scale


@pytest.mark.parametrize("constant", [0.1, -1e8 / 3, 0.0])
def test_a_constant_variable_becomes_zero_with_scale_one(constant):
    values = np.stack([np.full(1000, constant), np.arange(1000.0)], axis=1)
    standard = TimeSeries(values).standardised()
    assert (standard.values[:, 0] == 0.0).all()
    assert standard.scale[0] == 1.0
    np.testing.assert_array_equal(standard.original()[:, 0], values[:, 0])


def test_test_data_can_be_standardised_like_training_data(series):
    train, test = series.split(0.75)
    assert (len(train), len(test)) == (150, 50)
    standard_train = train.standardised()
    standard_test = test.standardised(like=standard_train)
    np.testing.assert_array_equal(standard_test.scale, standard_train.scale)
    np.testing.assert_allclose(standard_test.original(), test.values, rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match=r"like must have the variables x, y, z, got x\[0\]"):
        series.standardised(like=TimeSeries(np.ones((2, 3))))


def test_orbits_are_brought_back_to_original_units_even_where_they_diverged(series):
    standard = series.standardised()
    orbit = np.zeros((4, 5, 3))
    orbit[1, 2] = [np.nan, np.inf, 1.0]
    original = standard.original(orbit)
    np.testing.assert_array_equal(original[0, 0], standard.mean)
    assert np.isnan(original[1, 2, 0])
    assert original[1, 2, 1] == np.inf
    with pytest.raises(ValueError, match=r"shape \(\.\.\., 3\), got \(4,\)"):
        standard.original([1.0, 2.0, 3.0, 4.0])


def test_what_can_be_a_series():
    values = np.arange(6.0).reshape(3, 2)
    frame = pd.DataFrame(values, columns=["a", "b"], index=[10, 20, 30])
    from_frame = TimeSeries.of(frame, time_step=0.5, label="mine")
    assert from_frame.names == ("a", "b")
    np.testing.assert_array_equal(from_frame.values, values)
    np.testing.assert_array_equal(from_frame.times, [0.0, 0.5, 1.0])
    assert TimeSeries.of(from_frame) == from_frame
    assert TimeSeries.of(from_frame, label="yours").label == "yours"
    assert TimeSeries.of(from_frame, label="yours").time_step == 0.5
    assert TimeSeries.of(values.tolist()).names == ("x[0]", "x[1]")
    assert TimeSeries.of([1, 2, 3]).values.shape == (3, 1)
    assert TimeSeries.of(frame["b"]).names == ("b",)
    assert TimeSeries.of(pd.Series([1, 2])).names == ("x[0]",)
    assert TimeSeries.of(frame.astype(int).convert_dtypes()).values[2, 1] == 5.0
    assert TimeSeries.of(pd.DataFrame(values)).names == ("0", "1")


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (
            pd.DataFrame({"a": [1.0], "name": ["b"], "ok": [True]}),
            TypeError,
            r"other columns: name \(\w+\), ok \(bool\); drop them",
        ),
        (
            pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, None]}),
            ValueError,
            "nan in column 'b', row 1",
        ),
        (
            pd.DataFrame({"a": [1, None]}).convert_dtypes(),
            ValueError,
            "nan in column 'a', row 1",
        ),
        (pd.DataFrame({"a": []}), ValueError, r"must not be empty, got a frame of shape \(0, 1\)"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), ValueError, "'a' more than once"),
        (np.zeros((2, 3, 4)), ValueError, "data must be 1-dimensional or 2-dimensional"),
        ([1.0, np.inf], ValueError, r"data must be finite, got inf at data\[1\]"),
        (["a"], TypeError, "data must hold numbers"),
        ([], ValueError, "data must not be empty|numbers"),
        (None, TypeError, "data must hold numbers, got None"),
    ],
)
def test_what_cannot_be_a_series(data, error, message):
    with pytest.raises(error, match=message):
        TimeSeries.of(data)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"values": [1.0]}, ValueError, "values must be 2-dimensional"),
        ({"mean": [0.0]}, ValueError, r"mean must have shape \(2,\) to match values of 2"),
        ({"scale": [1.0, 0.0]}, ValueError, "scale must be positive, got 0"),
        ({"names": ("a",)}, ValueError, "names must name 2 variables, got 1: a"),
        ({"names": ("a", "a")}, ValueError, "names must differ"),
        ({"names": "ab"}, TypeError, "sequence of names, got the text 'ab'"),
        ({"names": ("a", 1)}, TypeError, "names must be text, got 1"),
        ({"time_step": 0.0}, ValueError, "time_step must be positive"),
        ({"time_step": "1"}, TypeError, "time_step must be a number"),
        ({"label": None}, TypeError, "label must be text"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        TimeSeries(**({"values": np.ones((3, 2))} | arguments))


def test_values_are_nobody_elses():
    values = np.ones((3, 2))
    series = TimeSeries(values)
    values[:] = 0.0
    assert (series.values == 1.0).all()
    for array in (series.values, series.mean, series.scale, series[1:].values):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 2.0
    with pytest.raises(AttributeError):
        series.label = "mine"


def test_slices_are_series_and_single_states_are_arrays(series):
    standard = series.standardised()
    part = standard[10:50:4]
    assert len(part) == 10
    assert part.time_step == pytest.approx(0.4)
    np.testing.assert_array_equal(part.scale, standard.scale)
    np.testing.assert_array_equal(standard[-1], standard.values[-1])
    with pytest.raises(ValueError, match="time runs forwards"):
        series[::-1]
    with pytest.raises(IndexError, match=r"\[500:\] holds none of the 200 states"):
        series[500:]


def test_variables_are_selected_by_name(series):
    part = series.standardised().select("z", "x")
    assert part.names == ("z", "x")
    np.testing.assert_allclose(part.original(), series.values[:, [2, 0]], rtol=1e-12)
    with pytest.raises(KeyError, match="no variable 'w': the series has x, y, z"):
        series.select("w")


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, 0.001, np.nan])
def test_both_parts_of_a_split_hold_something(series, fraction):
    with pytest.raises(ValueError, match="fraction must leave both parts of the 200 states"):
        series.split(fraction)


@settings(max_examples=20)
@given(st.integers(2, 50), st.floats(0.01, 0.99))
def test_a_split_loses_nothing(length, fraction):
    series = TimeSeries(np.arange(float(length))[:, None])
    if not 0 < round(fraction * length) < length:
        return
    parts = series.split(fraction)
    assert np.array_equal(np.concatenate([part.values for part in parts]), series.values)


def test_noise_has_the_level_asked_for_and_its_seed():
    rng = np.random.default_rng(0)
    values = np.stack([rng.normal(size=40_000) * 5.0, np.full(40_000, 3.0)], axis=1)
    series = TimeSeries(values).standardised()
    noisy = series.noisy(0.1, seed=4)
    added = noisy.values - series.values
    assert added[:, 0].std() == pytest.approx(0.1, rel=0.02)
    assert (added[:, 1] == 0.0).all()
    assert noisy == series.noisy(0.1, seed=4)
    assert noisy != series.noisy(0.1, seed=5)
    assert series.noisy(0.0) == series
    np.testing.assert_array_equal(noisy.scale, series.scale)
    with pytest.raises(ValueError, match="level must be at least 0, got -1"):
        series.noisy(-1.0)
    with pytest.raises(ValueError, match="level must be finite"):
        series.noisy(np.nan)


def test_equality_and_hash_are_by_value(series):
    twin = TimeSeries(series.values, names=series.names, time_step=0.1, label="noise")
    assert twin == series
    assert hash(twin) == hash(series)
    for other in (series[1:], series.standardised(), series.noisy(0.1), "series"):
        assert other != series
    assert TimeSeries.of(series, label="other") != series
    assert TimeSeries([[0.0]]) == TimeSeries([[-0.0]])
    assert hash(TimeSeries([[0.0]])) == hash(TimeSeries([[-0.0]]))
    assert pickle.loads(pickle.dumps(series)) == copy.deepcopy(series) == series


def test_a_frame_is_in_original_units(series):
    frame = series.standardised().to_dataframe()
    assert list(frame.columns) == ["x", "y", "z"]
    assert frame.index.name == "time"
    np.testing.assert_allclose(frame.to_numpy(), series.values, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(frame.index, series.times)


def test_a_series_is_an_array_where_one_is_wanted(series):
    assert np.asarray(series).shape == (200, 3)
    assert np.asarray(series, dtype=np.float32).dtype == np.float32
    copied = np.array(series)
    copied[0] = 0.0
    assert not (series.values[0] == 0.0).any()


def test_repr_says_what_it_is(series):
    assert repr(series) == (
        "<TimeSeries noise: 200 states of 3 variables (x, y, z), time step 0.1>"
    )
    assert repr(series.select("x").standardised()) == (
        "<TimeSeries noise: 200 states of 1 variable (x), time step 0.1, standardised>"
    )
    assert "x[5] and 4 more)" in repr(TimeSeries(np.ones((2, 10))))
