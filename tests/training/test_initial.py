"""Random starts have the published distributions, and learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.training.forcing import AnnealedAlpha, GeneralizedTeacherForcing
from scyfi_widgets.training.initial import positive_matrix, random_model
from scyfi_widgets.training.optimizers import RAdam
from scyfi_widgets.training.schedules import ExponentialRate
from scyfi_widgets.training.train import train

SIZES = {
    sw.PLRNN: {},
    sw.ShallowPLRNN: {"hidden": 7},
    sw.ClippedShallowPLRNN: {"hidden": 7},
    sw.DendriticPLRNN: {"bases": 6},
    sw.AlmostLinearRNN: {"n_relu": 2},
}
EVERY = pytest.mark.parametrize("architecture", SIZES, ids=lambda kind: kind.__name__)


def drawn(architecture, M=4, seed=0, **options):
    return random_model(architecture, M, **{**SIZES[architecture], **options}, seed=seed)


def test_every_architecture_has_a_start():
    assert set(SIZES) == set(sw.models.ARCHITECTURES)


@EVERY
def test_what_is_drawn_is_what_was_asked_for(architecture):
    model = drawn(architecture)
    assert type(model) is architecture
    assert model.M == 4
    assert model == drawn(architecture)
    assert model != drawn(architecture, seed=1)


def test_sizes_are_those_given():
    assert drawn(sw.ShallowPLRNN)["W1"].shape == (4, 7)
    assert drawn(sw.ClippedShallowPLRNN)["h2"].shape == (7,)
    assert drawn(sw.DendriticPLRNN)["theta"].shape == (4, 6)
    assert drawn(sw.AlmostLinearRNN).n_relu == 2


@given(st.integers(1, 12), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_linear_parts_never_grow(M, seed):
    matrix = positive_matrix(M, np.random.default_rng(seed))
    values = np.linalg.eigvalsh(matrix)
    assert values[0] > 0.0
    assert values[-1] == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_array_equal(matrix, matrix.T)
    # The same rule for a plain network, whose two parts together are such a matrix.
    plain = random_model(sw.PLRNN, M, seed=seed)
    together = np.diag(plain["A"]) + plain["W"]
    np.testing.assert_allclose(np.linalg.eigvalsh(together)[-1], 1.0, atol=1e-12)
    assert (np.diag(plain["W"]) == 0.0).all()
    assert (plain["A"] > 0.0).all()


@EVERY
def test_biases_of_the_states_are_zero_and_decays_between_zero_and_one(architecture):
    model = drawn(architecture, M=20)
    name = "h1" if "h1" in model.parameters else "h"
    assert (model[name] == 0.0).all()
    assert model["A"].min() > 0.0
    assert model["A"].max() <= 1.0


def even(values, limit):
    """Whether many values look evenly distributed in [-limit, limit]."""
    assert np.abs(values).max() <= limit
    assert np.abs(values).max() > 0.99 * limit
    assert abs(values.mean()) < 0.05 * limit
    assert values.std() == pytest.approx(limit / np.sqrt(3.0), rel=0.05)


@pytest.mark.parametrize("architecture", [sw.ShallowPLRNN, sw.ClippedShallowPLRNN])
def test_weights_shrink_with_the_number_of_inputs(architecture):
    model = random_model(architecture, 5, hidden=2_000, seed=3)
    even(model["W1"], 1.0 / np.sqrt(2_000))
    even(model["W2"], 1.0 / np.sqrt(5))
    if architecture is sw.ShallowPLRNN:
        assert (model["h2"] == 0.0).all()
    else:
        even(model["h2"], 1.0 / np.sqrt(2_000))


def test_dendritic_thresholds_lie_within_the_data():
    data = np.random.default_rng(5).uniform(-3.0, 11.0, (300, 4))
    model = random_model(sw.DendriticPLRNN, 30, bases=100, data=data, seed=2)
    middle = 0.5 * (data.min() + data.max())
    even(model["theta"] - middle, 0.5 * (data.max() - data.min()))
    even(random_model(sw.DendriticPLRNN, 2, bases=3_000)["alpha"], 1.0 / np.sqrt(3_000))
    without = random_model(sw.DendriticPLRNN, 30, bases=100, seed=2)["theta"]
    assert without.mean() == pytest.approx(0.0, abs=0.1)
    assert without.std() == pytest.approx(1.0, rel=0.05)


def test_almost_linear_weights_are_weak():
    W = random_model(sw.AlmostLinearRNN, 60, n_relu=3)["W"]
    assert W.std() == pytest.approx(0.01, rel=0.05)
    assert abs(W.mean()) < 1e-3


@EVERY
def test_every_start_learns(architecture):
    time = 0.2 * np.arange(300)
    data = np.stack([np.sin(time), np.cos(time), np.sin(2.0 * time), np.cos(2.0 * time)], axis=1)
    run = train(
        drawn(architecture),
        data,
        GeneralizedTeacherForcing(0.3),
        epochs=300,
        sequence_length=50,
        optimizer=RAdam(5e-3),
        progress=False,
    )
    assert run.stopped is None
    assert run.loss[-1] < 0.3 * run.loss[0]


@pytest.mark.parametrize(
    ("architecture", "options", "message"),
    [
        (sw.ShallowPLRNN, {}, "ShallowPLRNN needs hidden"),
        (sw.DendriticPLRNN, {"hidden": 5}, "takes bases, got hidden=5"),
        (sw.PLRNN, {"n_relu": 1}, "has no size but M, got n_relu=1"),
        (sw.PLRNN, {"data": np.zeros((5, 2))}, "DendriticPLRNN only"),
        ("ShallowPLRNN", {"hidden": 5}, "one of the classes PLRNN, ShallowPLRNN"),
        (systems.sixteen_cycle(), {}, "one of the classes"),
        (sw.ShallowPLRNN, {"hidden": 5.0}, "hidden must be a whole number"),
        (sw.PLRNN, {"seed": None}, "seed must be a whole number"),
    ],
)
def test_wrong_kinds(architecture, options, message):
    with pytest.raises(TypeError, match=message):
        random_model(architecture, 3, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"M": 0, "n_relu": 1}, "M must be at least 1"),
        ({"M": 3, "n_relu": 4}, "n_relu must be between 1 and 3"),
        ({"M": 3, "n_relu": 0}, "n_relu must be between 1 and 3"),
        ({"M": 3, "n_relu": 1, "seed": -1}, "seed must be at least 0"),
    ],
)
def test_numbers_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        random_model(sw.AlmostLinearRNN, **options)


@pytest.mark.slow
def test_a_short_training_from_a_random_start_reconstructs_the_lorenz_attractor():
    training, test = systems.lorenz63(16_000, time_step=0.02).standardised().split(0.5)
    start = random_model(sw.ShallowPLRNN, 3, hidden=50, seed=0)
    epochs = 200
    run = train(
        start,
        training,
        GeneralizedTeacherForcing(AnnealedAlpha(0.2, 0.1, epochs)),
        epochs=epochs,
        optimizer=RAdam(5e-3),
        schedule=ExponentialRate(0.05, epochs),
        clip=0.1,
        sequence_length=50,
        batch_size=16,
        batches_per_epoch=50,
        save_every=epochs,
        progress=False,
    )

    def measures(states):
        return (
            sw.state_space_divergence(test, states),
            sw.power_spectrum_distance(test, states),
        )

    def free_run(model):
        return model.orbit(test.values[0], len(test) + 999)[1_000:]

    learned = measures(free_run(run.final))
    still = measures(np.broadcast_to(test.values.mean(axis=0), test.values.shape))
    for other in (measures(free_run(start)), still):
        assert learned[0] < 0.25 * other[0]
        assert learned[1] < 0.5 * other[1]
    exponents = sw.lyapunov_spectrum(run.final, test.values[0], steps=50_000) / test.time_step
    assert exponents[0] == pytest.approx(0.906, rel=0.3)
    assert exponents[2] < -10.0
