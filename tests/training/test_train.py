"""Training: descent, exact resuming, every way to end, and steering while it runs."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.training.archive import run_arrays, run_from_arrays
from scyfi_widgets.training.compile import compile_training
from scyfi_widgets.training.forcing import (
    AdaptiveAlpha,
    AnnealedAlpha,
    FreeRunning,
    GeneralizedTeacherForcing,
    SparseTeacherForcing,
)
from scyfi_widgets.training.gradients.evaluate import evaluate_rows, norm
from scyfi_widgets.training.loss import LossFunction, loss_and_gradient
from scyfi_widgets.training.optimizers import SGD, Adam, RAdam, adapt, clip_to, descend
from scyfi_widgets.training.run import CURVES
from scyfi_widgets.training.schedules import ExponentialRate
from scyfi_widgets.training.series import TimeSeries
from scyfi_widgets.training.train import train
from scyfi_widgets.training.trainer import Trainer

QUIET = {"progress": False}
TOY_STARTS = [(0.83777 + 0.569, 0.96461 - 0.624), (0.83777 + 0.483, 0.96461 + 0.447)]


def toy_data(states: int = 500) -> np.ndarray:
    model = systems.sixteen_cycle()
    return model.orbit(model.orbit([0.1, 0.2], 400)[-1], states - 1)


def a_start(seed: int = 0) -> sw.ShallowPLRNN:
    rng = np.random.default_rng(seed)
    shapes = {"A": (3,), "W1": (3, 6), "W2": (6, 3), "h1": (3,), "h2": (6,)}
    return sw.ShallowPLRNN(**{name: 0.4 * rng.normal(size=s) for name, s in shapes.items()})


def waves(T: int = 120) -> np.ndarray:
    t = 0.3 * np.arange(T)
    return np.stack([np.sin(t), np.cos(t)], axis=1)


def assert_same_numbers(run, other):
    assert run.epochs == other.epochs
    for name in CURVES:
        np.testing.assert_array_equal(getattr(run, name), getattr(other, name))
    np.testing.assert_array_equal(run.saved_epochs, other.saved_epochs)
    for name, rows in run.parameters.items():
        np.testing.assert_array_equal(rows, other.parameters[name])
    if run.readouts is not None:
        np.testing.assert_array_equal(run.readouts, other.readouts)


def test_the_curves_are_those_of_the_networks():
    run = train(a_start(), waves(), SparseTeacherForcing(7), epochs=6, **QUIET)
    assert run.epochs == 6
    assert run.stopped is None
    for epoch in range(6):
        loss, gradient = loss_and_gradient(run.model(epoch), waves(), SparseTeacherForcing(7))
        assert run.loss[epoch] == loss
        flat = np.concatenate([array.ravel() for array in gradient.values()])
        assert run.gradient_norm[epoch] == pytest.approx(np.linalg.norm(flat), rel=1e-13)
        moves = [
            (run.model(epoch + 1)[name] - run.model(epoch)[name]).ravel() for name in run.parameters
        ]
        assert run.step_length[epoch] == pytest.approx(np.linalg.norm(np.concatenate(moves)), 1e-9)
    assert np.isnan(run.alpha).all()
    assert (run.learning_rate == 1e-3).all()


def test_plain_descent_by_hand():
    model, x = systems.sixteen_cycle().replace({"A[0]": 0.7}), toy_data(40)
    run = train(model, x, epochs=5, optimizer=SGD(1e-3), **QUIET)
    for _ in range(5):
        gradient = loss_and_gradient(model, x)[1]
        model = model.replace({name: model[name] - 1e-3 * gradient[name] for name in gradient})
    for name in gradient:
        np.testing.assert_allclose(run.final[name], model[name], rtol=1e-13)
    assert (np.diff(run.loss) < 0).all()


@pytest.mark.parametrize("optimizer", [SGD(0.05, 0.9), Adam(0.01), RAdam(0.01)], ids=repr)
@pytest.mark.parametrize(
    "forcing",
    [FreeRunning(), SparseTeacherForcing(5), GeneralizedTeacherForcing(0.2)],
    ids=repr,
)
def test_waves_are_learned(optimizer, forcing):
    run = train(
        a_start(),
        waves(),
        forcing,
        epochs=400,
        optimizer=optimizer,
        clip=1.0,
        sequence_length=20,
        batch_size=8,
        **QUIET,
    )
    assert run.loss[-20:].mean() < 0.3 * run.loss[:20].mean()


def test_a_readout_is_learned_with_the_rest():
    x = waves() @ np.random.default_rng(0).normal(size=(2, 2))
    run = train(
        a_start(),
        x,
        GeneralizedTeacherForcing(0.3),
        epochs=300,
        optimizer=Adam(0.01),
        observation="linear",
        seed=4,
        **QUIET,
    )
    assert run.loss[-1] < 0.1 * run.loss[0]
    assert run.readouts.shape == (301, 2, 3)
    assert (run.readouts[0] != run.readouts[-1]).all()
    loss = loss_and_gradient(
        run.final, x, GeneralizedTeacherForcing(0.3), observation=run.observation_at(300)
    )[0]
    assert loss < run.loss[0]
    fixed = train(a_start(), x, epochs=3, observation=run.observation, trainable=["A"], **QUIET)
    assert (fixed.readouts == fixed.readouts[0]).all()


def test_only_what_is_trainable_moves():
    run = train(a_start(), waves(), epochs=3, trainable=["h1", "W2[4,0]"], **QUIET)
    assert run.names == ("h1", "W2[4,0]")
    moved = {name: (rows[0] != rows[-1]) for name, rows in run.parameters.items()}
    assert moved["h1"].all()
    assert np.argwhere(moved["W2"]).tolist() == [[4, 0]]
    assert not any(moved[name].any() for name in ("A", "W1", "h2"))


SETTINGS = [
    {},
    {"optimizer": RAdam(0.01), "clip": 0.5, "schedule": ExponentialRate(0.1, 12)},
    {"batch_size": 3, "sequence_length": 15, "batches_per_epoch": 2, "seed": 8},
    {"forcing": GeneralizedTeacherForcing(AnnealedAlpha(0.9, 0.1, 10)), "optimizer": SGD(0.1, 0.5)},
    {"forcing": GeneralizedTeacherForcing(AdaptiveAlpha(every=2)), "observation": "linear"},
    {"save_every": 4},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_resumed_run_gives_the_same_numbers(settings):
    whole = train(a_start(), waves(), epochs=13, **settings, **QUIET)
    part = train(a_start(), waves(), epochs=6, **settings, **QUIET)
    kept = run_from_arrays(run_arrays(part))
    resumed = train(a_start(), waves(), epochs=13, resume=kept, **settings, **QUIET)
    assert_same_numbers(resumed, whole)
    assert part.epochs == 6
    assert resumed.seconds > part.seconds


def test_runs_follow_from_the_seed():
    settings = {"batch_size": 3, "sequence_length": 15, "observation": "linear", "epochs": 4}
    run = train(a_start(), waves(), seed=1, **settings, **QUIET)
    assert_same_numbers(run, train(a_start(), waves(), seed=1, **settings, **QUIET))
    assert (run.loss != train(a_start(), waves(), seed=2, **settings, **QUIET).loss).all()


def test_saving_every_few_epochs():
    run = train(a_start(), waves(), epochs=10, save_every=4, **QUIET)
    assert run.saved_epochs.tolist() == [0, 4, 8, 10]
    full = train(a_start(), waves(), epochs=10, **QUIET)
    for epoch in (0, 4, 8, 10):
        assert run.model(epoch) == full.model(epoch)


def test_long_runs_keep_their_beginning():
    run = train(systems.skew_tent_map(0.5, -0.5), [0.1, 0.3, 0.2], epochs=700, **QUIET)
    assert len(run.parameters["A"]) == 701
    assert run.model(0) == run.start
    assert run.loss[300] == loss_and_gradient(run.model(300), [0.1, 0.3, 0.2])[0]


# Every way to end --------------------------------------------------------------------------------


def test_a_loss_that_overflows_ends_the_run_with_its_history():
    model = systems.sixteen_cycle().replace({"A[0]": 1.0, "h[0]": 0.0})
    run = train(model, toy_data(3000), epochs=50, optimizer=SGD(1e3), **QUIET)
    assert 0 < run.epochs < 50
    assert run.stopped.startswith(f"diverged in epoch {run.epochs}: the loss is")
    assert np.isfinite(run.loss).all()
    assert run.saved_epochs[-1] == run.epochs
    assert "diverged" in repr(run)


def test_a_start_without_a_finite_loss():
    run = train(sw.PLRNN([3.0], [[0.0]], [1.0]), np.ones(2000), epochs=5, **QUIET)
    assert run.epochs == 0
    assert run.stopped.startswith("diverged in epoch 0")
    assert run.final == run.start
    assert len(run.to_dataframe()) == 0


def test_a_mean_of_squares_that_overflows_is_no_standstill():
    # The gradient, 1e160, is a number; its square is none.
    model, x = sw.PLRNN([2.1], [[0.0]], [1.0]), np.zeros(250)
    run = train(model, x, epochs=5, **QUIET)
    assert run.stopped.startswith("diverged in epoch 0")
    assert "clip limits it" in run.stopped
    clipped = train(model, x, epochs=200, clip=1.0, optimizer=Adam(0.01), **QUIET)
    assert clipped.stopped is None
    assert clipped.gradient_norm[0] > 1e155
    assert clipped.loss[-1] < 1e-100 * clipped.loss[0]


@pytest.mark.parametrize("start", TOY_STARTS)
def test_the_toy_experiment_of_the_paper(start):
    # From the second start the free run grows to 1e74 within the sequence.
    model, optimizer = systems.sixteen_cycle().replace({"A": start}), SGD(1e-3, momentum=0.9)
    run = train(
        model, toy_data(), epochs=2000, trainable="A", clip=1.0, optimizer=optimizer, **QUIET
    )
    assert run.stopped is None
    assert run.epochs == 2000
    assert run.loss[0] > 90.0
    assert run.loss[-1] < 0.1
    for name in ("W", "h"):
        assert (run.parameters[name] == model[name]).all()


def test_an_interrupt_keeps_the_run_so_far():
    def interrupt(trainer):
        if trainer.epoch == 4:
            raise KeyboardInterrupt

    run = train(a_start(), waves(), epochs=9, on_epoch=interrupt, **QUIET)
    assert run.epochs == 4
    assert run.stopped == "interrupted in epoch 4"
    whole = train(a_start(), waves(), epochs=9, **QUIET)
    assert_same_numbers(train(a_start(), waves(), epochs=9, resume=run, **QUIET), whole)


def test_a_real_signal():
    timer = threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    run = train(a_start(), waves(), epochs=10**7, save_every=1000, **QUIET)
    timer.join()
    assert run.stopped == f"interrupted in epoch {run.epochs}"
    again = train(a_start(), waves(), epochs=run.epochs, save_every=1000, **QUIET)
    assert_same_numbers(run, again)


def test_an_interrupt_within_an_epoch_undoes_it(monkeypatch):
    trainer = Trainer(a_start(), waves(), batches_per_epoch=3, optimizer=Adam(0.01))
    for _ in range(2):
        trainer.advance()
    before, function = trainer.run(), trainer._function
    evaluate, calls = function.evaluate, []

    def interrupted():
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return evaluate()

    monkeypatch.setattr(function, "evaluate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trainer.advance()
    monkeypatch.undo()
    assert_same_numbers(trainer.run(), before)
    for _ in range(2):
        trainer.advance()
    whole = train(a_start(), waves(), epochs=4, batches_per_epoch=3, optimizer=Adam(0.01), **QUIET)
    assert_same_numbers(trainer.run(), whole)


def test_the_flag_ends_it():
    flag = new_flag()

    def cancel(trainer):
        flag[0] = trainer.epoch == 3

    run = train(a_start(), waves(), epochs=9, cancel=flag, on_epoch=cancel, **QUIET)
    assert run.epochs == 3
    assert run.stopped == "cancelled in epoch 3"


def test_stopping_by_the_callback():
    def enough(trainer):
        if trainer.epoch == 2:
            trainer.stop("good enough")

    run = train(a_start(), waves(), epochs=9, on_epoch=enough, **QUIET)
    assert (run.epochs, run.stopped) == (2, "good enough")


@pytest.mark.parametrize("last", ["done", "undone"])
def test_a_stop_amid_an_epoch_names_the_one_that_was_not_done(monkeypatch, last):
    flag = new_flag()
    trainer = Trainer(a_start(), waves(), cancel=flag)
    evaluate = LossFunction.evaluate

    def evaluate_and_stop(function):
        if trainer.epoch == 3:
            trainer.stop("stopped in epoch {epoch}")
            flag[0] = last == "undone"
        return evaluate(function)

    monkeypatch.setattr(LossFunction, "evaluate", evaluate_and_stop)
    while trainer.advance():
        pass
    run = trainer.run()
    assert run.epochs == (4 if last == "done" else 3)
    assert run.stopped == f"stopped in epoch {run.epochs}"


# Steering ----------------------------------------------------------------------------------------


def test_strength_and_rate_can_be_set_while_it_runs():
    def steer(trainer):
        if trainer.epoch == 2:
            trainer.alpha, trainer.learning_rate = 0.5, 0.02
        if trainer.epoch == 4:
            trainer.alpha = trainer.learning_rate = None

    forcing = GeneralizedTeacherForcing(0.1)
    run = train(a_start(), waves(), forcing, epochs=6, on_epoch=steer, **QUIET)
    np.testing.assert_array_equal(run.alpha, [0.1, 0.1, 0.5, 0.5, 0.1, 0.1])
    np.testing.assert_array_equal(run.learning_rate, [1e-3, 1e-3, 0.02, 0.02, 1e-3, 1e-3])
    loss = loss_and_gradient(run.model(2), waves(), GeneralizedTeacherForcing(0.5))[0]
    assert run.loss[2] == loss
    part = train(a_start(), waves(), forcing, epochs=3, on_epoch=steer, **QUIET)
    again = train(a_start(), waves(), forcing, epochs=6, on_epoch=steer, resume=part, **QUIET)
    assert_same_numbers(again, run)


def test_an_annealed_strength_is_recorded():
    forcing = GeneralizedTeacherForcing(AnnealedAlpha(1.0, 0.0, 4))
    run = train(a_start(), waves(), forcing, epochs=6, **QUIET)
    np.testing.assert_allclose(run.alpha, [1.0, 0.75, 0.5, 0.25, 0.0, 0.0])


def test_an_adaptive_strength_falls_to_its_estimate():
    forcing = GeneralizedTeacherForcing(AdaptiveAlpha(every=1, decay=0.5))
    run = train(systems.lozi_map(), waves(), forcing, epochs=40, optimizer=SGD(1e-9), **QUIET)
    states = np.asarray(waves())[:-1]
    norms = np.linalg.norm(systems.lozi_map().jacobian(states), 2, axis=(1, 2))
    assert (np.diff(run.alpha) <= 1e-9).all()
    assert run.alpha[-1] == pytest.approx(1 - 1 / np.exp(np.log(norms).mean()), abs=0.02)


def test_a_trainer_in_another_thread():
    trainer = Trainer(a_start(), waves(), batch_size=4, sequence_length=20)

    def work():
        while trainer.advance():
            pass

    worker = threading.Thread(target=work)
    worker.start()
    snapshots = []
    while len(snapshots) < 5:
        snapshots.append(trainer.run())
        trainer.model  # noqa: B018
    while trainer.epoch < 30 and worker.is_alive():
        worker.join(0.01)
    trainer.stop("enough")
    worker.join()
    run = trainer.run()
    assert run.stopped == "enough"
    assert_same_numbers(
        run, train(a_start(), waves(), batch_size=4, sequence_length=20, epochs=run.epochs, **QUIET)
    )
    for snapshot in snapshots:
        np.testing.assert_array_equal(snapshot.loss, run.loss[: snapshot.epochs])
        assert snapshot.final == run.model(snapshot.epochs)


def test_progress(capsys):
    told = []
    train(a_start(), waves(), epochs=3, progress=lambda *numbers: told.append(numbers))
    assert told == [(1, 3), (2, 3), (3, 3)]
    train(a_start(), waves(), epochs=30)
    shown = capsys.readouterr().err
    assert "30/30" in shown
    assert "loss=" in shown


def test_the_run_says_how_it_was_trained():
    data = TimeSeries.of(waves(), label="waves").standardised()
    run = train(
        a_start(),
        data,
        SparseTeacherForcing(5),
        epochs=2,
        sequence_length=9,
        batch_size=2,
        seed=3,
        clip=2,
        **QUIET,
    )
    assert run.data == data
    assert run.settings["forcing"] == "SparseTeacherForcing(interval=5)"
    assert (run.settings["seed"], run.settings["clip"]) == (3, 2.0)
    assert "batch_size=2" in repr(run)
    assert run.names == ("A", "W1", "W2", "h1", "h2")


# Bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": "net"}, TypeError, "model must be a network"),
        ({"data": []}, ValueError, "data must not be empty"),
        ({"forcing": 0.1}, TypeError, "forcing must be FreeRunning"),
        ({"epochs": -1}, ValueError, "epochs must be at least 0"),
        ({"epochs": 2.0}, TypeError, "epochs must be a whole number"),
        ({"trainable": ["V"]}, KeyError, "no parameter 'V'"),
        ({"trainable": ["A[3]"]}, KeyError, r"'A\[3\]' does not exist"),
        ({"trainable": []}, ValueError, "at least one parameter"),
        ({"optimizer": "adam"}, TypeError, "optimizer must be SGD"),
        ({"schedule": 0.1}, TypeError, "schedule must be"),
        ({"clip": 0}, ValueError, "clip must be above 0"),
        ({"sequence_length": 121}, ValueError, "sequence_length must be between 2 and 120"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"batches_per_epoch": 0}, ValueError, "batches_per_epoch must be at least 1"),
        ({"observation": "quadratic"}, ValueError, "observation must be 'linear'"),
        ({"observation": np.ones((1, 3))}, ValueError, "lead from the 3 units"),
        ({"z0": [0.0, 0.0, 0.0], "sequence_length": 9}, ValueError, "z0 is the start of the whole"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"save_every": 0}, ValueError, "save_every must be at least 1"),
        ({"progress": "bar"}, TypeError, "progress must be"),
        ({"resume": "run"}, TypeError, "resume must be a TrainingRun"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    given = {"model": a_start(), "data": waves(), "epochs": 1, "progress": False, **arguments}
    with pytest.raises(error, match=message):
        train(**given)


def test_what_cannot_be_resumed():
    run = train(a_start(), waves(), epochs=3, save_every=2, **QUIET)
    wrong = [
        ({"model": a_start(1)}, "model must be the network"),
        ({"data": waves(90)}, "data must be those"),
        ({"optimizer": SGD(0.1)}, "optimizer must be of the resumed run's kind, Adam"),
        ({"trainable": "A"}, "trainable must be that"),
        ({"observation": np.ones((2, 3))}, "observation must be that"),
        ({"save_every": 1}, "save_every must be a multiple"),
        ({"epochs": 2}, "epochs must be at least 3"),
    ]
    for change, message in wrong:
        given = {"model": a_start(), "data": waves(), "epochs": 5, "save_every": 2, **change}
        with pytest.raises(ValueError, match=message):
            train(**given, resume=run, **QUIET)


def test_alpha_belongs_to_generalised_forcing():
    with pytest.raises(ValueError, match="alpha belongs to GeneralizedTeacherForcing"):
        Trainer(a_start(), waves()).alpha = 0.1
    trainer = Trainer(a_start(), waves(), GeneralizedTeacherForcing(0.1))
    with pytest.raises(ValueError, match="alpha must be"):
        trainer.alpha = 1.5
    with pytest.raises(ValueError, match="learning_rate must be"):
        trainer.learning_rate = -1.0


def test_the_bar_tells_when_much_memory_is_taken(capsys, monkeypatch):
    monkeypatch.setattr("scyfi_widgets.training.progress.MUCH_MEMORY", 100)
    train(a_start(), waves(), epochs=2)
    assert "saved=" in capsys.readouterr().err


def test_all_kernels_are_compiled_in_advance():
    compile_training()
    before = [len(kernel.signatures) for kernel in (evaluate_rows, norm, clip_to, adapt, descend)]
    assert min(before) > 0
    train(
        a_start(),
        waves(),
        GeneralizedTeacherForcing(AdaptiveAlpha()),
        observation="linear",
        batch_size=2,
        sequence_length=9,
        epochs=1,
        z0=None,
        trainable="A",
        **QUIET,
    )
    after = [len(kernel.signatures) for kernel in (evaluate_rows, norm, clip_to, adapt, descend)]
    assert after == before
