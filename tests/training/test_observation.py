"""Reading variables from states, and estimating states from variables."""

from __future__ import annotations

import numpy as np
import pytest

from scyfi_widgets.training.observation import Observation


def test_the_first_units():
    observation = Observation(3, 2)
    z = np.arange(12.0).reshape(2, 2, 3)
    np.testing.assert_array_equal(observation.read(z), z[..., :2])
    np.testing.assert_array_equal(observation.infer([[5.0, 6.0]]), [[5.0, 6.0, 0.0]])
    assert observation.forced_units == 2
    assert "first 2 units of 3" in repr(observation)


@pytest.mark.parametrize("shape", [(2, 5), (5, 2), (3, 3)])
def test_a_readout_and_its_pseudo_inverse(shape):
    rng = np.random.default_rng(0)
    observation = Observation.linear(rng.normal(size=shape))
    z = rng.normal(size=(4, shape[1]))
    x = observation.read(z)
    np.testing.assert_allclose(x, [observation.B @ row for row in z])
    np.testing.assert_allclose(observation.read(observation.infer(x)), x, atol=1e-13)
    # The estimate is the shortest of all states that are read so.
    assert (np.linalg.norm(observation.infer(x), axis=1) <= np.linalg.norm(z, axis=1) + 1e-12).all()
    assert observation.forced_units == shape[1]


def test_equality():
    B = np.ones((1, 2))
    assert Observation.linear(B) == Observation.linear(B.copy())
    assert Observation.linear(B) != Observation.linear(B, learned=False)
    assert Observation.linear(B) != Observation(2, 1)
    assert hash(Observation(2, 1)) == hash(Observation(2, 1))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((1, 2), ValueError, "a network of 1 units cannot show 2 variables"),
        ((2, 1, None, True), ValueError, "needs a readout B"),
        ((2, 1, [[1.0]]), ValueError, r"B must have shape \(1, 2\)"),
        ((2, 1, [[1.0, np.nan]]), ValueError, "B must be finite"),
        ((2.0, 1), TypeError, "M must be a whole number"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        Observation(*arguments)


def test_wrong_shapes():
    with pytest.raises(ValueError, match=r"z must have shape \(..., 3\)"):
        Observation(3, 2).read([1.0, 2.0])
    with pytest.raises(ValueError, match=r"x must have shape \(..., 2\)"):
        Observation(3, 2).infer([1.0])
