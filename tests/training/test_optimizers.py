"""Optimisers against PyTorch's, and against what their formulas say of simple gradients."""

from __future__ import annotations

import numpy as np
import pytest

from scyfi_widgets.training.optimizers import SGD, Adam, RAdam, checked_optimizer, clip_to

GRADIENTS = np.random.default_rng(0).normal(size=(40, 5)) * 10.0 ** np.arange(-2, 3)


def moved_by(optimizer, gradients, rate=None, chosen=None):
    n = gradients.shape[1]
    theta, moments = np.zeros(n), np.zeros((2, n))
    chosen = np.arange(n) if chosen is None else np.array(chosen)
    path = []
    for count, gradient in enumerate(gradients, 1):
        rate_now = optimizer.learning_rate if rate is None else rate
        assert optimizer.move(theta, gradient.copy(), chosen, moments, count, rate_now)
        path.append(theta.copy())
    return np.array(path)


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (SGD(0.1), "SGD", {"lr": 0.1}),
        (SGD(0.1, momentum=0.9), "SGD", {"lr": 0.1, "momentum": 0.9}),
        (Adam(0.1), "Adam", {"lr": 0.1}),
        (Adam(0.1, 0.8, 0.95, 1e-3), "Adam", {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3}),
        (RAdam(0.1), "RAdam", {"lr": 0.1}),
        (RAdam(0.1, 0.5, 0.9), "RAdam", {"lr": 0.1, "betas": (0.5, 0.9)}),
    ],
    ids=repr,
)
def test_against_pytorch(ours, theirs, options):
    torch = pytest.importorskip("torch")
    weight = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, theirs)([weight], **options)
    path = []
    for gradient in GRADIENTS:
        weight.grad = torch.tensor(gradient)
        optimizer.step()
        path.append(weight.detach().numpy().copy())
    np.testing.assert_allclose(moved_by(ours, GRADIENTS), path, rtol=1e-9, atol=1e-15)


def test_descent_is_the_sum_of_gradients():
    np.testing.assert_allclose(moved_by(SGD(0.5), GRADIENTS), -0.5 * np.cumsum(GRADIENTS, axis=0))


def test_the_steps_of_adam_are_as_long_as_the_rate_says():
    steps = np.diff(moved_by(Adam(0.01), np.full((30, 2), [1e-3, 1e5])), axis=0)
    np.testing.assert_allclose(steps, -0.01, rtol=1e-4)


def test_only_chosen_entries_move():
    path = moved_by(Adam(0.1), GRADIENTS, chosen=[1, 3])
    assert (path[:, [0, 2, 4]] == 0.0).all()
    np.testing.assert_array_equal(path[:, [1, 3]], moved_by(Adam(0.1), GRADIENTS)[:, [1, 3]])


def test_a_square_that_overflows_is_told():
    gradient, moments = np.array([1e200]), np.zeros((2, 1))
    assert not Adam().move(np.zeros(1), gradient, np.arange(1), moments, 1, 0.1)


def test_clipping():
    gradient = np.array([3.0, 4.0, 100.0])
    chosen = np.array([0, 1])
    assert clip_to(gradient, chosen, 10.0) == pytest.approx(5.0)
    np.testing.assert_array_equal(gradient, [3.0, 4.0, 100.0])
    assert clip_to(gradient, chosen, 1.0) == pytest.approx(5.0)
    np.testing.assert_allclose(gradient, [0.6, 0.8, 100.0])
    huge = np.array([3e200, 4e200])
    assert clip_to(huge, chosen, 1.0) == pytest.approx(5e200)
    np.testing.assert_allclose(huge, [0.6, 0.8])
    assert clip_to(np.array([np.inf, 1.0]), chosen, 1.0) == np.inf


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0.0), "learning_rate must be above 0"),
        (lambda: SGD(0.1, 1.0), "momentum must be below 1"),
        (lambda: Adam(np.inf), "learning_rate must be above 0"),
        (lambda: Adam(0.1, -0.1), "beta1 must be at least 0"),
        (lambda: RAdam(0.1, epsilon=0.0), "epsilon must be above 0"),
    ],
)
def test_wrong_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()
    with pytest.raises(TypeError, match="optimizer must be SGD"):
        checked_optimizer("adam")
