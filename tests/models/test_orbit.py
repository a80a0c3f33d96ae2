import threading
import time

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import Cancelled, new_flag


@pytest.fixture
def model():
    return sw.PLRNN([0.5, -0.25], [[0.0, 1.5], [-2.0, 0.25]], [1.0, -1.0])


def test_zero_steps_is_the_start(model):
    assert model.orbit([1.0, 2.0], 0).tolist() == [[1.0, 2.0]]
    assert model.orbit([[1.0, 2.0], [3.0, 4.0]], 0).shape == (2, 1, 2)


@pytest.mark.parametrize(
    ("steps", "error"),
    [(-1, ValueError), (1.0, TypeError), ("3", TypeError), (None, TypeError), (True, TypeError)],
)
def test_wrong_steps(model, steps, error):
    with pytest.raises(error, match="steps must be"):
        model.orbit([0.0, 0.0], steps)


def test_numpy_whole_number_of_steps(model):
    assert model.orbit([0.0, 0.0], np.int32(3)).shape == (4, 2)


@pytest.mark.parametrize(
    ("z0", "error", "message"),
    [
        ([1.0], ValueError, r"z0 must have shape \(2,\), or \(n, 2\)"),
        ([[1.0], [2.0]], ValueError, "z0 must have shape"),
        (np.zeros((1, 1, 2)), ValueError, "1-dimensional or 2-dimensional"),
        ([np.nan, 0.0], ValueError, r"z0 must be finite, got nan at z0\[0\]"),
        ([np.inf, 0.0], ValueError, "z0 must be finite, got inf"),
        (np.empty((0, 2)), ValueError, "z0 must not be empty"),
        ([1j, 0.0], TypeError, "z0 must be real"),
        ("ab", TypeError, "z0 must hold numbers"),
        (None, TypeError, "z0 must hold numbers, got None"),
        (1.0, ValueError, "z0 must be"),
    ],
)
def test_wrong_starts(model, z0, error, message):
    with pytest.raises(error, match=message):
        model.orbit(z0, 3)
    for method in (model.step, model.region, model.jacobian):
        with pytest.raises(error):
            method(z0)


def test_start_is_not_written_to(model):
    z0 = np.array([1.0, 2.0])
    orbit = model.orbit(z0, 5)
    orbit[:] = 0
    assert z0.tolist() == [1.0, 2.0]


def test_divergence_ends_in_nan_without_an_error():
    orbit = sw.PLRNN([3.0], [[1.0]], [1.0]).orbit([1.0], 2000)
    assert np.isinf(orbit).any() or np.isnan(orbit).any()
    assert not np.isfinite(orbit[-1]).any()


def test_a_set_flag_stops_at_once(model):
    flag = new_flag()
    flag[0] = 1
    with pytest.raises(Cancelled):
        model.orbit([0.0, 0.0], 10, cancel=flag)


def test_an_unset_flag_changes_nothing(model):
    with_flag = model.orbit([0.1, 0.2], 50, cancel=new_flag())
    assert np.array_equal(with_flag, model.orbit([0.1, 0.2], 50))


def test_a_flag_set_by_another_thread_stops_soon():
    rng = np.random.default_rng(0)
    M = 200
    model = sw.PLRNN(rng.normal(size=M) * 0.1, rng.normal(size=(M, M)) / M, rng.normal(size=M))
    model.orbit(np.zeros(M), 1)  # compile outside of the measured time
    flag, ended = new_flag(), {}

    def work():
        try:
            model.orbit(np.zeros(M), 60_000, cancel=flag)
        except Cancelled:
            ended["cancelled"] = True
        ended["at"] = time.perf_counter()

    worker = threading.Thread(target=work)
    worker.start()
    time.sleep(0.1)  # runs only while the kernel has let go of the interpreter's lock
    flag[0] = 1
    set_at = time.perf_counter()
    worker.join(timeout=30)
    assert ended.get("cancelled")
    assert ended["at"] - set_at < 1.0  # the whole orbit takes several seconds
