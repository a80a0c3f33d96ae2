"""Landscapes against the loss at single points, central differences, and themselves."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.training.forcing import (
    AnnealedAlpha,
    FreeRunning,
    GeneralizedTeacherForcing,
    SparseTeacherForcing,
)
from scyfi_widgets.training.landscape.landscape import loss_landscape, refined_landscapes
from scyfi_widgets.training.loss import loss_and_gradient
from scyfi_widgets.training.observation import Observation

TOY = systems.sixteen_cycle()
AXES = ("A[0]", (0.3, 0.95)), ("A[1]", (0.2, 0.99))


@pytest.fixture(scope="module")
def data():
    return TOY.orbit([0.1, 0.1], 700)[500:]


def one_of_each_architecture():
    rng = np.random.default_rng(3)
    M, H = 3, 4
    A = rng.uniform(0.3, 0.7, M)
    hidden = [0.5 * rng.normal(size=shape) for shape in ((M, H), (H, M), (M,), (H,))]
    W, h = 0.3 * rng.normal(size=(M, M)), rng.normal(size=M)
    full = np.diag(A) + 0.1 * rng.normal(size=(M, M))
    alpha, theta = rng.normal(size=2), rng.normal(size=(M, 2))
    return [
        (sw.PLRNN(A, W, h), "A[1]", "W[0,2]"),
        (sw.PLRNN(full, W, h), "A[1,0]", "h[2]"),
        (sw.ShallowPLRNN(A, *hidden), "W1[1,3]", "W2[3,1]"),
        (sw.ClippedShallowPLRNN(A, *hidden), "h2[0]", "W2[0,2]"),
        (sw.DendriticPLRNN(A, W, h, alpha, theta), "alpha[1]", "W[2,0]"),
        (sw.DendriticPLRNN(full, W, h, alpha, theta), "theta[1,1]", "alpha[0]"),
        (sw.AlmostLinearRNN(A, W, h, 2), "W[1,0]", "W[1,2]"),
    ]


def gradient_by_name(gradient, name):
    array, inside = name.rstrip("]").split("[")
    return gradient[array][tuple(int(number) for number in inside.split(","))]


FORCINGS = [FreeRunning(), SparseTeacherForcing(4), GeneralizedTeacherForcing(0.3)]


@pytest.mark.parametrize("forcing", FORCINGS, ids=lambda forcing: type(forcing).__name__)
@pytest.mark.parametrize("which", range(7))
def test_every_point_is_the_loss_of_its_network(which, forcing):
    model, first, second = one_of_each_architecture()[which]
    series = np.random.default_rng(which).normal(size=(23, 2))
    here = model[first], model[second]
    axes = [
        (name, (value - 0.4, value + 0.3))
        for name, value in zip((first, second), here, strict=True)
    ]
    settings = {"forcing": forcing, "sequence_length": 8}
    by_axes = loss_landscape(model, series, *axes, shape=(3, 4), **settings)
    by_all = loss_landscape(model, series, *axes, shape=(3, 4), of="all", **settings)
    for row, y in enumerate(by_axes.values2):
        for column, x in enumerate(by_axes.values1):
            there = model.replace({first: x, second: y})
            loss, gradient = loss_and_gradient(there, series, forcing, sequence_length=8)
            own = [gradient_by_name(gradient, name) for name in (first, second)]
            every = np.concatenate([array.ravel() for array in gradient.values()])
            for landscape, norm in ((by_axes, np.hypot(*own)), (by_all, np.linalg.norm(every))):
                assert landscape.loss[row, column] == pytest.approx(loss, rel=1e-12)
                assert landscape.gradient_norm[row, column] == pytest.approx(norm, rel=1e-10)


def test_the_norm_is_that_of_central_differences(data):
    landscape = loss_landscape(TOY, data, *AXES, shape=(5, 4), sequence_length=40)
    step = 1e-6

    def loss(x, y):
        return loss_and_gradient(landscape.model_at(x, y), data, sequence_length=40)[0]

    for row, y in enumerate(landscape.values2):
        for column, x in enumerate(landscape.values1):
            slope_x = (loss(x + step, y) - loss(x - step, y)) / (2.0 * step)
            slope_y = (loss(x, y + step) - loss(x, y - step)) / (2.0 * step)
            norm = landscape.gradient_norm[row, column]
            assert norm == pytest.approx(np.hypot(slope_x, slope_y), rel=1e-6)


@pytest.mark.parametrize("learned", [False, True])
def test_a_readout_and_a_start_of_ones_own(learned):
    rng = np.random.default_rng(1)
    B = rng.normal(size=(3, 2))
    series = rng.normal(size=(12, 3))
    observation = Observation.linear(B, learned)
    for z0 in (None, [0.2, -0.3]):
        settings = {"observation": observation, "z0": z0}
        for forcing in FORCINGS:
            landscape = loss_landscape(
                TOY, series, *AXES, shape=(2, 2), forcing=forcing, **settings
            )
            there = landscape.model_at(landscape.values1[1], landscape.values2[0])
            loss, gradient = loss_and_gradient(there, series, forcing, **settings)
            assert landscape.loss[0, 1] == pytest.approx(loss, rel=1e-12)
            assert landscape.gradient_norm[0, 1] == pytest.approx(
                np.hypot(*gradient["A"]), rel=1e-10
            )


@pytest.mark.parametrize("of", ["axes", "all"])
def test_threads_change_nothing(data, of):
    one, four = (
        loss_landscape(TOY, data, *AXES, shape=(41, 33), of=of, threads=threads)
        for threads in (1, 4)
    )
    np.testing.assert_array_equal(one.loss, four.loss)
    np.testing.assert_array_equal(one.gradient_norm, four.gradient_norm)


def test_it_becomes_finer_and_ends_with_the_whole(data):
    levels = list(refined_landscapes(TOY, data, *AXES, shape=(50, 37)))
    assert [level.loss.shape for level in levels] == [(5, 7), (19, 25), (37, 50)]
    whole = loss_landscape(TOY, data, *AXES, shape=(50, 37))
    for level, stride in zip(levels, (8, 2, 1), strict=True):
        np.testing.assert_array_equal(level.values1, whole.values1[::stride])
        np.testing.assert_array_equal(level.loss, whole.loss[::stride, ::stride])
        np.testing.assert_array_equal(level.gradient_norm, whole.gradient_norm[::stride, ::stride])


def test_orbits_that_overflow_have_an_infinite_loss(data):
    for of in ("axes", "all"):
        landscape = loss_landscape(
            TOY, data, ("A[0]", (0.5, 40.0)), ("A[1]", (0.5, 40.0)), shape=(6, 5), of=of
        )
        assert np.isfinite(landscape.loss[0, 0])
        assert np.isposinf(landscape.loss[1:, 1:]).all()
        assert np.isposinf(landscape.gradient_norm[1:, 1:]).all()
        assert not np.isnan(landscape.loss).any()
        assert f"infinite at {np.isinf(landscape.loss).sum()}" in repr(landscape)
        assert landscape.lowest.loss == landscape.loss[np.isfinite(landscape.loss)].min()


def test_teacher_forcing_by_one_step_replaces_infinite_states():
    model = TOY.replace({"A": [1e200, 1e200]})
    landscape = loss_landscape(
        model, [[1.0, 1.0]] * 5, ("h[0]", (0, 1)), ("h[1]", (0, 1)), shape=(2, 2),
        forcing=SparseTeacherForcing(1),
    )  # fmt: skip
    assert np.isposinf(landscape.loss).all()  # a square of 1e200 is, and no NaN comes of it


def test_points_by_value(data):
    landscape = loss_landscape(TOY, data, *AXES, shape=(14, 11))
    low = landscape.lowest
    assert low.loss == landscape.loss.min()
    assert landscape.at(*low.values) == low
    x, y = landscape.values1[3] + 0.01, landscape.values2[7] - 0.01
    point = landscape.at(x, y)
    assert point.values == (landscape.values1[3], landscape.values2[7])
    assert point.loss == landscape.loss[7, 3]
    with pytest.raises(ValueError, match=r"A\[1\] must be between 0.2 and 0.99"):
        landscape.at(x, 1.2)
    table = landscape.to_dataframe()
    assert list(table) == ["A[0]", "A[1]", "loss", "gradient_norm"]
    row = table.iloc[7 * 14 + 3]
    assert row.tolist() == [*point.values, point.loss, point.gradient_norm]


def test_a_published_minimum_is_where_the_series_comes_from(data):
    """The weights that made the data, of which the start is exactly known, have the loss zero."""
    true = TOY["A[0]"], TOY["A[1]"]
    axes = [(f"A[{i}]", (value - 0.1, value + 0.1)) for i, value in enumerate(true)]
    landscape = loss_landscape(TOY, data, *axes, shape=(21, 21))
    assert landscape.lowest.values == pytest.approx(true, abs=1e-12)
    assert landscape.lowest.loss < 1e-20


# Ends -----------------------------------------------------------------------------------------


def test_a_set_flag_and_a_time_limit_end_it(data):
    flag = new_flag()
    flag[0] = 1
    nothing = loss_landscape(TOY, data, *AXES, cancel=flag)
    assert nothing.stopped == "cancelled after 0 points"
    assert np.isnan(nothing.loss).all()
    with pytest.raises(ValueError, match="no finite loss"):
        _ = nothing.lowest
    assert not list(refined_landscapes(TOY, data, *AXES, cancel=flag))
    short = loss_landscape(TOY, np.tile(data, (50, 1)), *AXES, shape=(400, 400), time_limit=0.2)
    known = ~np.isnan(short.loss)
    assert "the time limit was reached after" in short.stopped
    assert short.seconds < 5.0
    assert known.sum() < short.loss.size
    if known.any():
        assert not known[1::8].any() or known[::8, ::8].all()  # the coarse points are first


def test_a_flag_that_is_set_on_the_way_ends_it(data):
    flag = new_flag()
    seen = []

    def progress(done, points):
        seen.append((done, points))
        flag[0] = 1

    partly = loss_landscape(
        TOY, data, *AXES, shape=(300, 300), threads=2, cancel=flag, progress=progress
    )
    known = int((~np.isnan(partly.loss)).sum())
    assert 0 < known < 90_000
    assert partly.stopped == f"cancelled after {known:,} points"
    assert all(points == 90_000 for _, points in seen)


def test_an_exception_in_progress_leaves_no_threads(data):
    before = threading.active_count()

    def progress(done, points):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loss_landscape(TOY, data, *AXES, shape=(300, 300), progress=progress)
    assert threading.active_count() == before


def test_progress_reaches_its_end(data, capsys):
    seen = []
    loss_landscape(TOY, data, *AXES, shape=(30, 20), progress=lambda *done: seen.append(done))
    assert seen[-1] == (600, 600)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    loss_landscape(TOY, data, *AXES, shape=(30, 20), progress=True)
    assert "600/600" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"model": "toy"}, TypeError, "model must be a network"),
        ({"first": ("A[0]", (1, 0))}, ValueError, "lo < hi"),
        ({"first": ("A[7]", (0, 1))}, KeyError, r"A\[7\]"),
        ({"first": ("A[1]", (0, 1))}, ValueError, "two different weights"),
        ({"first": "A[0]"}, TypeError, "an axis must be"),
        ({"shape": (1, 5)}, ValueError, r"shape\[0\] must be at least 2"),
        ({"shape": 200}, TypeError, "shape must be two"),
        ({"of": "both"}, ValueError, 'of must be "axes" or "all"'),
        ({"threads": 0}, ValueError, "threads must be at least 1"),
        ({"time_limit": 0}, ValueError, "time_limit must be a positive number"),
        ({"forcing": "free"}, TypeError, "forcing must be"),
        ({"progress": "bar"}, TypeError, "progress must be"),
        ({"data": [[1.0, np.nan]]}, ValueError, "finite"),
        ({"data": np.ones((5, 3))}, ValueError, "3 variables"),
        ({"sequence_length": 1}, ValueError, "sequence_length must be"),
        ({"z0": [1.0]}, ValueError, "z0 must have shape"),
    ],
)
def test_wrong_arguments(data, changed, error, message):
    arguments = {"model": TOY, "data": data, "first": AXES[0], "second": AXES[1]}
    with pytest.raises(error, match=message):
        loss_landscape(**(arguments | changed))


def test_an_annealed_strength_has_its_first_value(data):
    annealed = GeneralizedTeacherForcing(AnnealedAlpha(0.4, 0.0, 10))
    constant = GeneralizedTeacherForcing(0.4)
    losses = [
        loss_landscape(TOY, data, *AXES, shape=(3, 3), forcing=forcing).loss
        for forcing in (annealed, constant)
    ]
    np.testing.assert_array_equal(*losses)
