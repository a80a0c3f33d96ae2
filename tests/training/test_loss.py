"""Loss and gradient against a twin in NumPy, by complex steps and central differences."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.cancellation import Cancelled, new_flag
from scyfi_widgets.training.forcing import (
    AnnealedAlpha,
    FreeRunning,
    GeneralizedTeacherForcing,
    SparseTeacherForcing,
)
from scyfi_widgets.training.layout import ParameterLayout
from scyfi_widgets.training.loss import LossFunction, loss_and_gradient
from scyfi_widgets.training.observation import Observation

M, L = 3, 4
KINDS = ["plrnn", "full plrnn", "shallow", "clipped", "dendritic", "full dendritic", "linear"]
FORCINGS = [
    FreeRunning(),
    SparseTeacherForcing(4),
    SparseTeacherForcing(1),
    GeneralizedTeacherForcing(0.3),
    GeneralizedTeacherForcing(1.0),
]
READINGS = ["all units", "two units", "readout", "learned readout", "learned, more variables"]


def a_model(kind: str, seed: int = 0, M: int = M) -> sw.Model:
    rng = np.random.default_rng(seed)
    A, full = rng.uniform(0.2, 0.8, M), 0.4 * rng.normal(size=(M, M))
    W, h = 0.5 * rng.normal(size=(M, M)), rng.normal(size=M)
    W1, W2 = 0.5 * rng.normal(size=(M, L)), 0.7 * rng.normal(size=(L, M))
    hidden = {"A": A, "W1": W1, "W2": W2, "h1": h, "h2": rng.normal(size=L)}
    bases = {"alpha": rng.normal(size=3), "theta": rng.normal(size=(M, 3))}
    return {
        "plrnn": lambda: sw.PLRNN(A, W, h),
        "full plrnn": lambda: sw.PLRNN(full, W, h),
        "shallow": lambda: sw.ShallowPLRNN(**hidden),
        "clipped": lambda: sw.ClippedShallowPLRNN(**hidden),
        "dendritic": lambda: sw.DendriticPLRNN(A, W, h, **bases),
        "full dendritic": lambda: sw.DendriticPLRNN(full, W, h, **bases),
        "linear": lambda: sw.AlmostLinearRNN(A, W, h, 2),
    }[kind]()


def an_observation(reading: str, seed: int = 1) -> Observation:
    rng = np.random.default_rng(seed)
    return {
        "all units": lambda: Observation(M, M),
        "two units": lambda: Observation(M, 2),
        "readout": lambda: Observation.linear(rng.normal(size=(2, M)), learned=False),
        "learned readout": lambda: Observation.linear(rng.normal(size=(2, M))),
        "learned, more variables": lambda: Observation.linear(rng.normal(size=(5, M))),
    }[reading]()


def some_data(N: int, T: int = 25) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(T, N))


# The twin: an architecture's own equation, one state after the other, real or complex -------------


def relu(y):
    return np.where(y.real > 0, y, 0)


def step(model: sw.Model, p: dict, z):
    A = np.diag(p["A"]) if p["A"].ndim == 1 else p["A"]
    if isinstance(model, sw.ShallowPLRNN):
        return A @ z + p["W1"] @ relu(p["W2"] @ z + p["h2"]) + p["h1"]
    if isinstance(model, sw.ClippedShallowPLRNN):
        y = p["W2"] @ z
        return A @ z + p["W1"] @ (relu(y + p["h2"]) - relu(y)) + p["h1"]
    if isinstance(model, sw.DendriticPLRNN):
        bases = zip(p["alpha"], p["theta"].T, strict=True)
        phi = sum(slope * relu(z - threshold) for slope, threshold in bases)
    else:
        rectified = getattr(model, "n_relu", len(z))
        phi = np.concatenate([z[: len(z) - rectified], relu(z[len(z) - rectified :])])
    return A @ z + p["W"] @ phi + p["h"]


def inverse_of(B):
    if B.shape[0] <= B.shape[1]:
        return B.T @ np.linalg.inv(B @ B.T)
    return np.linalg.inv(B.T @ B) @ B.T


def twin_loss(model, p, x, forcing, observation, length, z0=None):
    """The mean of squared errors over sequences, steps and variables."""
    N = x.shape[1]
    B = p.get("B", observation.B)
    P = np.eye(model.M, N) if B is None else inverse_of(B)
    strengths = forcing.strengths(length - 1, forcing.alpha_at(0))
    forced = observation.forced_units
    errors = []
    for begin in range(0, len(x) - length + 1, length - 1):
        z = P @ x[begin] if z0 is None else z0
        for t in range(1, length):
            z = step(model, p, z)
            errors.append((z[:N] if B is None else B @ z) - x[begin + t])
            estimate = P @ x[begin + t]
            z = z + 0 * estimate
            z[:forced] = (1 - strengths[t]) * z[:forced] + strengths[t] * estimate[:forced]
    return np.mean(np.square(errors))


def parameters_of(model, observation) -> dict:
    p = dict(model.parameters)
    return {**p, "B": observation.B} if observation.learned else p


def complex_step_gradient(loss, p: dict) -> dict:
    """The derivative of an analytic function is Im f(x + ih) / h, without any cancellation."""
    gradient = {}
    for name, array in p.items():
        gradient[name] = np.empty(array.shape)
        for index in np.ndindex(array.shape):
            moved = array.astype(complex)
            moved[index] += 1e-30j
            gradient[name][index] = loss({**p, name: moved}).imag / 1e-30
    return gradient


def assert_same_gradient(found: dict, expected: dict, tolerance: float):
    assert list(found) == list(expected)
    scale = max(np.abs(array).max() for array in expected.values())
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("forcing", FORCINGS, ids=repr)
@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_gradient_by_complex_steps(kind, forcing, reading):
    model, observation = a_model(kind), an_observation(reading)
    x = some_data(observation.N)
    loss, gradient = loss_and_gradient(
        model, x, forcing, observation=observation, sequence_length=9
    )
    p = parameters_of(model, observation)

    def twin(changed):
        return twin_loss(model, changed, x, forcing, observation, 9)

    assert loss == pytest.approx(twin(p), rel=1e-12)
    assert_same_gradient(gradient, complex_step_gradient(twin, p), 1e-11)


@pytest.mark.parametrize("reading", ["two units", "learned readout"])
@pytest.mark.parametrize("forcing", FORCINGS, ids=repr)
@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_by_central_differences(kind, forcing, reading):
    model, observation = a_model(kind, 3), an_observation(reading)
    function = LossFunction(
        model, some_data(observation.N), forcing, observation=observation, sequence_length=13
    )
    function.evaluate()
    exact, theta = function.gradient.copy(), function.theta.copy()
    found = np.empty_like(exact)

    def loss_beside(k, h):
        function.theta[:] = theta
        function.theta[k] += h
        return function.evaluate(gradient=False)

    for k in range(len(theta)):
        # Fourth order: the error of the second is too large at a step that rounding leaves alone.
        near, far = (loss_beside(k, h) - loss_beside(k, -h) for h in (2e-4, 4e-4))
        found[k] = (8 * near - far) / (12 * 2e-4)
    assert np.abs(found - exact).max() < 1e-7 * np.abs(exact).max()


@pytest.mark.parametrize("kind", KINDS)
def test_a_given_start(kind):
    model, observation = a_model(kind), an_observation("learned readout")
    x, z0 = some_data(2), np.array([0.3, -0.2, 0.9])
    loss, gradient = loss_and_gradient(model, x, observation=observation, z0=z0)

    def twin(changed):
        return twin_loss(model, changed, x, FreeRunning(), observation, len(x), z0)

    p = parameters_of(model, observation)
    assert loss == pytest.approx(twin(p), rel=1e-12)
    assert_same_gradient(gradient, complex_step_gradient(twin, p), 1e-11)


@pytest.mark.parametrize("forcing", FORCINGS, ids=repr)
def test_many_sizes_by_complex_steps(forcing):
    # Loops go four at a time: every remainder must be right.
    for size in range(1, 10):
        model = a_model("plrnn", size, size)
        x = some_data(size, size + 8)
        gradient = loss_and_gradient(model, x, forcing)[1]

        def twin(changed, model=model, x=x):
            return twin_loss(model, changed, x, forcing, Observation(model.M, model.M), len(x))

        assert_same_gradient(gradient, complex_step_gradient(twin, dict(model.parameters)), 1e-11)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(range(5)), st.sampled_from(FORCINGS))
def test_any_shape_in_a_random_direction(seed, kind, forcing):
    rng = np.random.default_rng(seed)
    M, L = rng.integers(1, 7, 2)
    A, W, h = 0.5 * rng.normal(size=M), 0.5 * rng.normal(size=(M, M)), rng.normal(size=M)
    layers = [0.5 * rng.normal(size=shape) for shape in ((M, L), (L, M), (M,), (L,))]
    model = [
        lambda: sw.PLRNN(0.3 * rng.normal(size=(M, M)), W, h),
        lambda: sw.ShallowPLRNN(A, *layers),
        lambda: sw.ClippedShallowPLRNN(A, *layers),
        lambda: sw.DendriticPLRNN(A, W, h, rng.normal(size=L), rng.normal(size=(M, L))),
        lambda: sw.AlmostLinearRNN(A, W, h, int(rng.integers(1, M + 1))),
    ][kind]()
    T = int(rng.integers(2, 20))
    length, N = int(rng.integers(2, T + 1)), int(rng.integers(1, M + 1))
    observation = Observation(M, N)
    if rng.integers(2):
        observation = Observation.linear(np.eye(N, M) + 0.2 * rng.normal(size=(N, M)))
    x = rng.normal(size=(T, N))
    loss, gradient = loss_and_gradient(
        model, x, forcing, observation=observation, sequence_length=length
    )
    p = parameters_of(model, observation)
    direction = {name: rng.normal(size=array.shape) for name, array in p.items()}
    moved = {name: array + 1e-30j * direction[name] for name, array in p.items()}
    twin = twin_loss(model, moved, x, forcing, observation, length)
    found = sum((gradient[name] * direction[name]).sum() for name in p)
    size = sum(np.abs(gradient[name] * direction[name]).sum() for name in p)
    assert loss == pytest.approx(twin.real, rel=1e-10)
    assert found == pytest.approx(twin.imag / 1e-30, rel=0, abs=1e-10 * size)


def test_against_pytorch():
    torch = pytest.importorskip("torch")
    model, observation = a_model("shallow"), an_observation("learned readout")
    x = some_data(2)
    p = {
        name: torch.tensor(array, requires_grad=True)
        for name, array in parameters_of(model, observation).items()
    }
    data = torch.tensor(x)
    P = torch.linalg.pinv(p["B"])
    z, errors = P @ data[0], []
    for t in range(1, len(x)):
        z = p["A"] * z + p["W1"] @ torch.relu(p["W2"] @ z + p["h2"]) + p["h1"]
        errors.append(p["B"] @ z - data[t])
        z = 0.8 * z + 0.2 * P @ data[t]
    expected = torch.stack(errors).square().mean()
    expected.backward()
    loss, gradient = loss_and_gradient(
        model, x, GeneralizedTeacherForcing(0.2), observation=observation
    )
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    grads = {name: tensor.grad.numpy() for name, tensor in p.items()}
    assert_same_gradient(gradient, grads, 1e-10)


def test_strength_one_is_one_step_prediction():
    model, x = a_model("dendritic"), some_data(M)
    expected = np.mean((model.step(x[:-1]) - x[1:]) ** 2)
    for forcing in (GeneralizedTeacherForcing(1.0), SparseTeacherForcing(1)):
        assert loss_and_gradient(model, x, forcing)[0] == pytest.approx(expected, rel=1e-13)


def test_strength_zero_is_free_running():
    model, x = a_model("linear"), some_data(M)
    loss, gradient = loss_and_gradient(model, x)
    assert loss == pytest.approx(np.mean((model.orbit(x[0], len(x) - 1)[1:] - x[1:]) ** 2), 1e-13)
    for forcing in (GeneralizedTeacherForcing(0.0), SparseTeacherForcing(len(x))):
        again, other = loss_and_gradient(model, x, forcing)
        assert again == loss
        assert_same_gradient(other, gradient, 1e-15)


@pytest.mark.parametrize("forcing", FORCINGS, ids=repr)
def test_a_network_on_its_own_orbit_has_no_loss_and_no_gradient(forcing):
    model = systems.sixteen_cycle()
    loss, gradient = loss_and_gradient(model, model.orbit([0.1, 0.2], 60), forcing)
    assert loss < 1e-28
    assert all(np.abs(array).max() < 1e-11 for array in gradient.values())


def test_a_changing_strength_has_its_first_value():
    model, x = a_model("plrnn"), some_data(M)
    changing = GeneralizedTeacherForcing(AnnealedAlpha(0.4, 0.1))
    constant = GeneralizedTeacherForcing(0.4)
    assert loss_and_gradient(model, x, changing)[0] == loss_and_gradient(model, x, constant)[0]


def test_chosen_sequences():
    model, x = a_model("plrnn"), some_data(M)
    parts = [loss_and_gradient(model, x[begin : begin + 6]) for begin in (3, 11, 19)]
    loss, gradient = loss_and_gradient(model, x, sequence_length=6, begins=[3, 11, 19])
    assert loss == pytest.approx(np.mean([part[0] for part in parts]), rel=1e-13)
    means = {name: np.mean([part[1][name] for part in parts], axis=0) for name in gradient}
    assert_same_gradient(gradient, means, 1e-13)


def test_an_overflow_is_no_error():
    loss, _ = loss_and_gradient(sw.PLRNN([3.0], [[0.0]], [1.0]), np.ones(2000))
    assert not np.isfinite(loss)


def test_many_parameters_at_once():
    model, x = a_model("dendritic"), some_data(2)
    function = LossFunction(model, x, GeneralizedTeacherForcing(0.2), sequence_length=7)
    rng = np.random.default_rng(0)
    rows = function.theta + 0.1 * rng.normal(size=(5, function.layout.size))
    chosen = function.layout.indices(["A", "W[0,1]"])
    losses, norms = function.evaluate_many(rows, chosen)
    for row, loss, norm in zip(rows, losses, norms, strict=True):
        function.theta[:] = row
        assert function.evaluate() == loss
        assert norm == pytest.approx(np.linalg.norm(function.gradient[chosen]), rel=1e-14)


def test_a_norm_that_squares_would_overflow():
    model = sw.PLRNN([4.0], [[0.0]], [1.0])
    function = LossFunction(model, np.zeros(200))
    losses, norms = function.evaluate_many(function.theta[None])
    assert losses[0] > 1e200
    assert np.isfinite(norms[0])
    function.evaluate()
    assert norms[0] == pytest.approx(np.abs(function.gradient).max(), rel=0.9)


def test_the_vector_of_parameters():
    model, observation = a_model("clipped"), an_observation("learned readout")
    layout = ParameterLayout(model, observation)
    vector = layout.join(model, observation)
    arrays = layout.split(vector)
    assert list(arrays) == ["A", "W1", "W2", "h1", "h2", "B"]
    for name, array in parameters_of(model, observation).items():
        np.testing.assert_array_equal(arrays[name], array)
    assert layout.split(np.stack([vector, vector]))["W2"].shape == (2, L, M)
    np.testing.assert_array_equal(vector[layout.indices("W2[1,2]")], model["W2"][1, 2])
    np.testing.assert_array_equal(vector[layout.indices(["B"])], observation.B.ravel())
    assert layout.indices(None).size == vector.size
    with pytest.raises(KeyError, match="no parameter 'W'"):
        layout.indices(["W"])
    with pytest.raises(ValueError, match="at least one parameter"):
        layout.indices([])


def test_a_set_flag_stops_at_once():
    flag = new_flag()
    flag[0] = 1
    with pytest.raises(Cancelled):
        loss_and_gradient(a_model("plrnn"), some_data(M), cancel=flag)
    with pytest.raises(Cancelled):
        LossFunction(a_model("plrnn"), some_data(M), cancel=flag).evaluate_many(np.zeros((1, 15)))


def test_a_flag_stops_within_a_sequence():
    flag, set_at = new_flag(), []
    model = sw.PLRNN(np.full(20, 0.5), np.full((20, 20), 0.01), np.ones(20))
    function = LossFunction(model, np.ones((200_000, 20)), cancel=flag)
    began = time.perf_counter()
    function.evaluate()
    whole = time.perf_counter() - began

    def set_flag():
        set_at.append(time.perf_counter())
        flag[0] = 1

    threading.Timer(0.002, set_flag).start()
    with pytest.raises(Cancelled):
        function.evaluate()
    assert time.perf_counter() - set_at[0] < max(0.5 * whole, 0.2)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": "net"}, TypeError, "model must be a network"),
        ({"data": [[np.nan, 1.0]]}, ValueError, "data must be finite"),
        ({"data": [[1.0, 2.0, 3.0]]}, ValueError, "at least 2 states"),
        ({"data": np.ones((9, 4))}, ValueError, "3 units cannot show 4 variables"),
        ({"forcing": "GTF"}, TypeError, "forcing must be FreeRunning"),
        ({"observation": np.ones((2, 2))}, ValueError, "lead from the 3 units"),
        ({"sequence_length": 1}, ValueError, "sequence_length must be between 2 and 25"),
        ({"sequence_length": 26}, ValueError, "sequence_length must be between 2 and 25"),
        ({"begins": [1], "sequence_length": None}, ValueError, "begins must be between 0 and 0"),
        ({"begins": [], "sequence_length": 4}, TypeError, "begins must be a sequence of whole"),
        ({"begins": [0.5], "sequence_length": 4}, TypeError, "begins must be a sequence of whole"),
        ({"z0": [1.0]}, ValueError, r"z0 must have shape \(3,\)"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    given = {"model": a_model("plrnn"), "data": some_data(M), **arguments}
    with pytest.raises(error, match=message):
        loss_and_gradient(**given)


def test_wrong_vectors():
    with pytest.raises(ValueError, match=r"vectors must have shape \(P, 15\)"):
        LossFunction(a_model("plrnn"), some_data(M)).evaluate_many(np.zeros((2, 4)))
