"""Strengths of forcing, learning rates and batches from epoch to epoch."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.training.adaptive import adapted_alpha, jacobian_norm
from scyfi_widgets.training.batches import Batches
from scyfi_widgets.training.forcing import (
    AdaptiveAlpha,
    AnnealedAlpha,
    FreeRunning,
    GeneralizedTeacherForcing,
    SparseTeacherForcing,
)
from scyfi_widgets.training.schedules import ConstantRate, CosineRate, ExponentialRate, StepRate


def test_strengths_within_a_sequence():
    assert not FreeRunning().strengths(5, np.nan).any()
    sparse = SparseTeacherForcing(3).strengths(7, np.nan)
    np.testing.assert_array_equal(sparse, [1, 0, 0, 1, 0, 0, 1, 0])
    np.testing.assert_array_equal(GeneralizedTeacherForcing(0.2).strengths(2, 0.7), [0.7] * 3)


def test_strengths_from_epoch_to_epoch():
    linear = AnnealedAlpha(1.0, 0.2, 4)
    np.testing.assert_allclose([linear.at(e) for e in range(6)], [1, 0.8, 0.6, 0.4, 0.2, 0.2])
    ratios = AnnealedAlpha(0.8, 0.1, 3, "exponential")
    np.testing.assert_allclose([ratios.at(e) for e in range(5)], [0.8, 0.4, 0.2, 0.1, 0.1])
    assert GeneralizedTeacherForcing(linear).alpha_at(1) == pytest.approx(0.8)
    assert GeneralizedTeacherForcing(AdaptiveAlpha(start=0.3)).alpha_at(9) == 0.3
    assert np.isnan(FreeRunning().alpha_at(0))


def test_learning_rates_from_epoch_to_epoch():
    assert ConstantRate().factor(7) == 1.0
    rates = [ExponentialRate(0.01, 4).factor(e) for e in (0, 2, 4, 9)]
    np.testing.assert_allclose(rates, [1.0, 0.1, 0.01, 0.01])
    rates = [CosineRate(0.2, 4).factor(e) for e in (0, 2, 4, 9)]
    np.testing.assert_allclose(rates, [1.0, 0.6, 0.2, 0.2])
    np.testing.assert_allclose(
        [StepRate(0.5, 2).factor(e) for e in range(5)], [1, 1, 0.5, 0.5, 0.25]
    )


def scaled_rotation(radius: float) -> sw.PLRNN:
    turn = radius * np.array([[np.cos(1.0), -np.sin(1.0)], [np.sin(1.0), np.cos(1.0)]])
    return sw.PLRNN(turn, np.zeros((2, 2)), np.zeros(2))


@pytest.mark.parametrize("estimator", ["geometric_mean", "batch_maximum", "bound"])
def test_the_strength_of_a_linear_network_is_known(estimator):
    adaptive, estimates = AdaptiveAlpha(estimator), np.random.default_rng(0).normal(size=(3, 9, 2))
    assert jacobian_norm(adaptive, scaled_rotation(1.6), estimates) == pytest.approx(1.6)
    assert adapted_alpha(adaptive, 0.1, scaled_rotation(1.6), estimates) == pytest.approx(0.375)
    slow = adapted_alpha(adaptive, 0.9, scaled_rotation(1.6), estimates)
    assert slow == pytest.approx(0.999 * 0.9 + 0.001 * 0.375)
    assert adapted_alpha(adaptive, 0.5, scaled_rotation(0.7), estimates) == pytest.approx(0.4995)


def test_estimators_of_a_network_with_two_pieces():
    model = systems.skew_tent_map(0.5, -3.0)
    # Half of the states in each piece: the last of a sequence does not count.
    estimates = np.array([[[-1.0], [1.0], [-2.0], [2.0], [5.0]]])
    mean = jacobian_norm(AdaptiveAlpha("geometric_mean"), model, estimates)
    assert mean == pytest.approx(np.sqrt(1.5))
    assert jacobian_norm(AdaptiveAlpha("batch_maximum"), model, estimates) == pytest.approx(3.0)
    assert jacobian_norm(AdaptiveAlpha("bound"), model, estimates) == pytest.approx(4.0)
    sampled = jacobian_norm(AdaptiveAlpha("batch_maximum", states=1), model, estimates)
    assert sampled == pytest.approx(0.5)


def test_a_network_that_forgets_all_needs_no_forcing():
    model = sw.PLRNN(np.zeros(2), np.zeros((2, 2)), np.ones(2))
    assert adapted_alpha(AdaptiveAlpha(decay=0.0), 0.5, model, np.ones((1, 4, 2))) == 0.0


def test_batches_follow_from_seed_and_epoch():
    batches = Batches(states=30, steps=9, size=400, per_epoch=2, seed=5)
    first, second = batches.of_epoch(3)
    again, _ = batches.of_epoch(3)
    np.testing.assert_array_equal(first, again)
    assert (first != second).any()
    assert (first != next(batches.of_epoch(4))).any()
    assert (first.min(), first.max()) == (0, 20)  # the last one ends with the last state
    assert list(Batches(30, 9, None, 3, 5).of_epoch(0)) == [None] * 3


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SparseTeacherForcing(0), ValueError, "interval must be at least 1"),
        (lambda: SparseTeacherForcing(2.5), TypeError, "interval must be a whole number"),
        (lambda: GeneralizedTeacherForcing(1.1), ValueError, "alpha must be at least 0 and at"),
        (lambda: GeneralizedTeacherForcing("0.1"), TypeError, "alpha must be a number"),
        (lambda: GeneralizedTeacherForcing(np.nan), ValueError, "alpha must be at least 0"),
        (lambda: AnnealedAlpha(start=2.0), ValueError, "start must be"),
        (lambda: AnnealedAlpha(shape="cubic"), ValueError, "shape must be"),
        (lambda: AnnealedAlpha(1.0, 0.0, 9, "exponential"), ValueError, "needs start and end"),
        (lambda: AdaptiveAlpha("mean"), ValueError, "estimator must be one of geometric_mean"),
        (lambda: AdaptiveAlpha(decay=1.5), ValueError, "decay must be"),
        (lambda: AdaptiveAlpha(every=0), ValueError, "every must be at least 1"),
        (lambda: ExponentialRate(0.0, 5), ValueError, "end must be above 0"),
        (lambda: CosineRate(0.1, 0), ValueError, "epochs must be at least 1"),
        (lambda: StepRate(-1.0, 5), ValueError, "ratio must be above 0"),
        (lambda: Batches(9, 3, 0, 1, 0), ValueError, "batch_size must be at least 1"),
        (lambda: Batches(9, 3, 2, 0, 0), ValueError, "batches_per_epoch must be at least 1"),
    ],
)
def test_wrong_settings(make, error, message):
    with pytest.raises(error, match=message):
        make()
