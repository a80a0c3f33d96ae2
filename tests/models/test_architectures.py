"""Each architecture against its own formula, never against the shared form."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import scyfi_widgets as sw


def relu(x):
    return np.where(x > 0, x, 0.0)


def linear_part(A, z):
    return A * z if A.ndim == 1 else A @ z


def plrnn(p, z):
    return linear_part(p["A"], z) + p["W"] @ relu(z) + p["h"]


def shallow(p, z):
    return p["A"] * z + p["W1"] @ relu(p["W2"] @ z + p["h2"]) + p["h1"]


def clipped(p, z):
    hidden = relu(p["W2"] @ z + p["h2"]) - relu(p["W2"] @ z)
    return p["A"] * z + p["W1"] @ hidden + p["h1"]


def dendritic(p, z):
    bases = zip(p["alpha"], p["theta"].T, strict=True)
    expanded = sum(alpha * relu(z - theta) for alpha, theta in bases)
    return linear_part(p["A"], z) + p["W"] @ expanded + p["h"]


def almost_linear(p, z):
    last = np.arange(len(z)) >= len(z) - p["n_relu"]
    return p["A"] * z + p["W"] @ np.where(last, relu(z), z) + p["h"]


FORMULAS = {
    sw.PLRNN: plrnn,
    sw.ShallowPLRNN: shallow,
    sw.ClippedShallowPLRNN: clipped,
    sw.DendriticPLRNN: dendritic,
    sw.AlmostLinearRNN: almost_linear,
}
RECTIFIED_UNITS = {
    sw.PLRNN: 3,
    sw.ShallowPLRNN: 4,
    sw.ClippedShallowPLRNN: 8,
    sw.DendriticPLRNN: 6,
    sw.AlmostLinearRNN: 2,
}
kinds = pytest.mark.parametrize("kind", FORMULAS)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_step_is_the_formula(any_model, eighth_states, data):
    model = data.draw(any_model)
    z = data.draw(eighth_states(model.M))
    expected = FORMULAS[type(model)]({**model.parameters, **model.options}, z)
    assert np.array_equal(model.step(z), expected)  # multiples of 1/8: exact


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_orbit_is_the_formula_again_and_again(any_model, eighth_states, data):
    model = data.draw(any_model)
    z = data.draw(eighth_states(model.M))
    expected = [z]
    for _ in range(5):
        expected.append(FORMULAS[type(model)]({**model.parameters, **model.options}, expected[-1]))
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(model.orbit(z, 5), expected, atol=1e-12 * scale)


@kinds
def test_sizes_and_names(networks, kind):
    model, given = networks[kind]
    assert model.M == 3
    assert RECTIFIED_UNITS[kind] == model.H
    arrays = {name: value for name, value in given.items() if name != "n_relu"}
    assert list(model.parameters) == list(arrays)
    assert len(model.parameter_names) == sum(array.size for array in arrays.values())
    assert all(np.array_equal(model[name], array) for name, array in arrays.items())
    assert dict(model.options) == ({"n_relu": 2} if kind is sw.AlmostLinearRNN else {})


@kinds
def test_positional_arguments_come_in_the_documented_order(networks, kind):
    model, given = networks[kind]
    assert kind(*given.values()) == model


@kinds
def test_relu_form_has_its_shapes_and_is_frozen(networks, kind):
    form = networks[kind][0].relu_form
    M, H = 3, RECTIFIED_UNITS[kind]
    assert [array.shape for array in form] == [(M, M), (M, H), (H, M), (M,), (H,)]
    for array in form:
        assert array.dtype == np.float64
        assert array.flags.c_contiguous
        assert not array.flags.writeable


# A PLRNN in the clothes of the others ------------------------------------------------------------


def embeddings(A, W, h):
    M = len(h)
    return [
        sw.PLRNN(np.diag(A), W, h),
        sw.ShallowPLRNN(A, W, np.eye(M), h, np.zeros(M)),
        sw.DendriticPLRNN(A, W, h, [1.0], np.zeros((M, 1))),
        sw.AlmostLinearRNN(A, W, h, M),
    ]


@given(data=st.data(), M=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_embedded_plrnn_has_the_same_orbit(eighth_states, data, M):
    A, W, h, z = (data.draw(eighth_states(*s)) for s in ((M,), (M, M), (M,), (M,)))
    orbit = sw.PLRNN(A, W, h).orbit(z, 5)  # so few steps are exact
    for embedded in embeddings(A, W, h):
        assert np.array_equal(embedded.orbit(z, 5), orbit), type(embedded)
        assert np.array_equal(embedded.region(z), z > 0)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_clipped_net_is_bounded(eighth_states, data):
    A = data.draw(eighth_states(2)) / 4  # |A| <= 1/2
    W1, W2, h1, h2 = (data.draw(eighth_states(*s)) for s in ((2, 3), (3, 2), (2,), (3,)))
    model = sw.ClippedShallowPLRNN(A, W1, W2, h1, h2)
    bound = 2 * (np.abs(h1) + np.abs(W1) @ np.abs(h2))
    assert (np.abs(model.orbit([100.0, -100.0], 60)[-1]) <= bound + 1e-9).all()


# Jacobians and regions ----------------------------------------------------------------------------


@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_region_has_the_bits_of_the_form(any_model, eighth_states, data):
    model = data.draw(any_model)
    z = data.draw(eighth_states(model.M))
    _, _, W2, _, h2 = model.relu_form
    bits = model.region(z)
    assert bits.dtype == bool
    assert bits.tolist() == [float(W2[j] @ z + h2[j]) > 0 for j in range(model.H)]


@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_map_is_affine_inside_a_region(any_model, eighth_states, data):
    model = data.draw(any_model)
    z = data.draw(eighth_states(model.M))
    _, W1, _, h1, h2 = model.relu_form
    bits = model.region(z)
    c = h1 + W1 @ np.where(bits, h2, 0.0)
    np.testing.assert_allclose(model.step(z), model.jacobian(z) @ z + c, rtol=0, atol=1e-11)


@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_jacobian_is_the_difference_quotient(any_model, eighth_states, data):
    model = data.draw(any_model)
    z = data.draw(eighth_states(model.M))
    _, _, W2, _, h2 = model.relu_form
    far = np.abs(W2 @ z + h2) > 2.0**-8 * np.abs(W2).sum(axis=1)
    assume(far.all())
    eps = 2.0**-10  # exact in binary, so the quotient of an affine map is exact too
    quotient = np.stack(
        [(model.step(z + eps * e) - model.step(z - eps * e)) / (2 * eps) for e in np.eye(model.M)],
        axis=1,
    )
    np.testing.assert_allclose(model.jacobian(z), quotient, rtol=0, atol=1e-9)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_batches_are_their_rows(any_model, eighth_states, data):
    model = data.draw(any_model)
    n = data.draw(st.integers(1, 4))
    z = data.draw(eighth_states(n, model.M))
    assert model.step(z).shape == (n, model.M)
    assert model.region(z).shape == (n, model.H)
    assert model.jacobian(z).shape == (n, model.M, model.M)
    assert model.orbit(z, 3).shape == (n, 4, model.M)
    for method in (model.step, model.region, model.jacobian, lambda z: model.orbit(z, 3)):
        assert np.array_equal(method(z), np.stack([method(row) for row in z]))


@given(data=st.data(), steps=st.integers(0, 6))
@settings(max_examples=60, deadline=None)
def test_orbit_is_repeated_step(any_model, eighth_states, data, steps):
    model = data.draw(any_model)
    z = data.draw(eighth_states(model.M))
    orbit = model.orbit(z, steps)
    assert orbit.shape == (steps + 1, model.M)
    assert np.array_equal(orbit[0], z)
    for here, there in pairwise(orbit):
        scale = max(1.0, np.abs(here).max(), np.abs(there).max())
        np.testing.assert_allclose(model.step(here), there, rtol=0, atol=1e-11 * scale)
