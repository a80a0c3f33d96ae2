"""Derivatives of cycles against closed forms, differences, complex steps and back-propagation."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.cycles.solving.solve import cycles_of_words
from scyfi_widgets.models.relu_form import ReluForm
from scyfi_widgets.training.lens.cycle_gradients import cycle_gradient, cycle_losses
from scyfi_widgets.training.lens.loss import own_gradient
from scyfi_widgets.training.lens.window import settling_steps, window_loss
from scyfi_widgets.training.loss import loss_and_gradient


def random_networks(kind, count):
    """Yield networks with a stable cycle, and that cycle; every second one is no fixed point."""
    rng = np.random.default_rng(7)
    while count:
        M, H = 2, 4
        A, h = rng.uniform(-0.8, 0.8, M), rng.normal(size=M)
        hidden = [rng.normal(size=shape) for shape in ((M, H), (H, M), (M,), (H,))]
        W = 1.2 * rng.normal(size=(M, M))
        full = np.diag(A) + 0.3 * rng.normal(size=(M, M))
        arguments = {
            sw.PLRNN: (full, W, h),
            sw.ShallowPLRNN: (A, *hidden),
            sw.ClippedShallowPLRNN: (A, *hidden),
            sw.DendriticPLRNN: (A, W, h, rng.normal(size=2), rng.normal(size=(M, 2))),
            sw.AlmostLinearRNN: (A, W, h, 1),
        }
        model = kind(*arguments[kind])
        stable = [cycle for cycle in sw.find_cycles(model, 5).stable if cycle.margin > 1e-2]
        longest = max(stable, key=lambda cycle: cycle.order, default=None)
        if longest is not None and (longest.order > 1 or count % 2):
            yield model, longest
            count -= 1


def exact_gradient(model, cycle, readout, target):
    forms = ReluForm(*(array[None] for array in model.relu_form))
    found = cycle_losses(forms, cycle.points[None], cycle.word, readout, target)
    gradient = ReluForm(*(array[0] for array in found.gradient))
    return found.loss[0], own_gradient(model, gradient)


@pytest.mark.parametrize("kind", sw.models.ARCHITECTURES)
def test_a_cycle_moves_as_its_solutions_do(kind):
    orders = set()
    for model, cycle in random_networks(kind, 4):
        orders.add(cycle.order)
        for name in model.parameter_names:
            step = 1e-6
            ends = [
                cycles_of_words(model.replace({name: model[name] + s}).relu_form, cycle.word[None])
                for s in (step, -step)
            ]
            moved = (ends[0][0].points - ends[1][0].points) / (2.0 * step)
            size = 1.0 + np.abs(moved).max()
            np.testing.assert_allclose(
                cycle_gradient(model, cycle, name) / size, moved / size, atol=1e-7
            )
    assert max(orders) > 1


@pytest.mark.parametrize("kind", sw.models.ARCHITECTURES)
def test_the_adjoint_is_the_sum_of_all_tangents(kind):
    rng = np.random.default_rng(1)
    readout, target = rng.normal(size=(3, 2)), rng.normal(size=3)
    for model, cycle in random_networks(kind, 4):
        loss, gradient = exact_gradient(model, cycle, readout, target)
        errors = cycle.points @ readout.T - target
        assert loss == pytest.approx((errors**2).mean(), rel=1e-12)
        pull = 2.0 * errors @ readout / errors.size
        names = model.parameter_names
        slopes = [np.vdot(cycle_gradient(model, cycle, name), pull) for name in names]
        np.testing.assert_allclose(gradient, slopes, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", sw.models.ARCHITECTURES)
def test_back_propagation_in_the_trainer_tends_to_it(kind):
    """The mean over T steps is the limit less a constant over T, once the orbit has settled."""
    for model, cycle in random_networks(kind, 2):
        turns = -30.0 / np.log(max(cycle.spectral_radius, 0.1))
        T = cycle.order * int(np.ceil(turns + 5.0))
        target = np.array([0.3, -0.2])
        losses, gradients = [], []
        for steps in (T, 2 * T):
            series = np.tile(target, (steps + 1, 1))
            loss, gradient = loss_and_gradient(model, series, z0=cycle.points[0])
            losses.append(loss)
            gradients.append(np.concatenate([array.ravel() for array in gradient.values()]))
        exact_loss, exact = exact_gradient(model, cycle, np.eye(2), target)
        assert losses[1] == pytest.approx(exact_loss, rel=1e-9)
        np.testing.assert_allclose(
            2.0 * gradients[1] - gradients[0], exact, rtol=1e-8, atol=1e-9 * np.abs(exact).max()
        )


@pytest.mark.parametrize("kind", sw.models.ARCHITECTURES)
def test_a_window_after_the_transient_has_it(kind):
    rng = np.random.default_rng(2)
    readout, target = rng.normal(size=(1, 2)), rng.normal(size=1)
    for model, cycle in random_networks(kind, 4):
        settle = settling_steps(cycle.order, 2, cycle.spectral_radius)
        start = cycle.points[0] + 1e-4
        run = window_loss(model, start, int(settle), 3 * cycle.order, readout, target)
        loss, exact = exact_gradient(model, cycle, readout, target)
        assert run.loss == pytest.approx(loss, rel=1e-9)
        found = own_gradient(model, run.gradient)
        np.testing.assert_allclose(found, exact, rtol=1e-7, atol=1e-8 * np.abs(exact).max())
        assert np.abs(cycle.points - run.last).max(axis=1).min() < 1e-9


def test_the_fixed_point_of_a_tent_map():
    """x = 1 / (1 - a_r) with a_r = A + W: dx = x² (dA + dW) and x / (1 - a_r) = x² dh."""
    model = systems.skew_tent_map(0.3, 0.6, 2.0)
    (cycle,) = sw.find_cycles(model, 1).stable
    x = 2.0 / 0.4
    for name, slope in (("A[0]", x / 0.4), ("W[0,0]", x / 0.4), ("h[0]", 1.0 / 0.4)):
        np.testing.assert_allclose(cycle_gradient(model, cycle, name), [[slope]], rtol=1e-13)
    loss, gradient = exact_gradient(model, cycle, np.eye(1), np.array([0.5]))
    assert loss == pytest.approx((x - 0.5) ** 2)
    np.testing.assert_allclose(gradient, 2.0 * (x - 0.5) * np.array([x, x, 1.0]) / 0.4, rtol=1e-13)


def test_the_sixteen_cycle_by_complex_steps(gradient_of_word):
    model = systems.sixteen_cycle()
    for cycle in sw.find_cycles(model, 16).of_order(16):
        _, gradient = exact_gradient(model, cycle, np.eye(2), np.array([0.1, 0.2]))
        expected = gradient_of_word(model, cycle.word, np.array([0.1, 0.2]))
        np.testing.assert_allclose(gradient, expected, rtol=1e-10)


def test_a_whole_array_has_its_entries_behind():
    model = systems.sixteen_cycle()
    cycle = sw.find_cycles(model, 16).of_order(16)[0]
    whole = cycle_gradient(model, cycle, "W")
    assert whole.shape == (16, 2, 2, 2)
    np.testing.assert_allclose(
        whole[:, :, 1, 0], cycle_gradient(model, cycle, "W[1,0]"), rtol=1e-12, atol=1e-14
    )


def test_at_an_eigenvalue_of_one_there_is_none():
    model = sw.PLRNN([1.0, 0.5], np.zeros((2, 2)), [0.0, 1.0])
    nearby = sw.PLRNN([0.5, 0.5], np.zeros((2, 2)), [0.0, 1.0])
    (cycle,) = sw.find_cycles(nearby, 1)
    assert np.isnan(cycle_gradient(model, cycle, "A[0]")).any()


def test_how_long_an_orbit_settles():
    assert settling_steps(2, 3, 0.5) == 2 * (np.ceil(30.0 / np.log(2.0)) + 4)
    assert settling_steps(4, 2, 0.0) == 12
    assert settling_steps(1, 1, 1.0) == np.inf


def test_wrong_arguments():
    model = systems.sixteen_cycle()
    cycle = sw.find_cycles(model, 16).of_order(16)[0]
    with pytest.raises(TypeError, match="model must be a network"):
        cycle_gradient("toy", cycle, "A")
    with pytest.raises(TypeError, match="cycle must be a Cycle"):
        cycle_gradient(model, cycle.points, "A")
    with pytest.raises(ValueError, match="of a network with M=1 and H=1"):
        cycle_gradient(systems.skew_tent_map(), cycle, "A")
    with pytest.raises(ValueError, match="must be one of this network"):
        cycle_gradient(model.replace({"A[0]": 0.3}), cycle, "A")
    with pytest.raises(KeyError, match="B"):
        cycle_gradient(model, cycle, "B[0]")
