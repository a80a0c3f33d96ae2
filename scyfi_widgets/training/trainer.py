"""Training, epoch by epoch, in the hands of whoever drives it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..cancellation import Cancelled
from ..models import Model
from ..models.validation import whole_number
from .adaptive import adapted_alpha
from .batches import Batches
from .forcing import AdaptiveAlpha, Forcing, GeneralizedTeacherForcing
from .gradients.evaluate import norm
from .history import History
from .loss import FREE, LossFunction
from .numbers import in_range
from .observation import Observation
from .optimizers import Adam, Optimizer, checked_optimizer, clip_to
from .run import CURVES, TrainerState, TrainingRun
from .schedules import ConstantRate, Schedule
from .series import TimeSeries

ADAM = Adam()
CONSTANT = ConstantRate()


class Trainer:
    """A training that can be advanced, looked at and steered; `train` drives one to its end.

    One thread advances it while others ask for its `run`, set `alpha` or `learning_rate`, or call
    `stop`.

    Parameters
    ----------
    model, data, forcing
        As in `train`, and so are the others.

    Attributes
    ----------
    epoch : int
        Epochs that are done.
    stopped : str or None
        Why it will not go on, or None.
    """

    def __init__(
        self,
        model: Model,
        data: TimeSeries | ArrayLike,
        forcing: Forcing = FREE,
        *,
        trainable: Sequence[str] | str | None = None,
        optimizer: Optimizer = ADAM,
        schedule: Schedule = CONSTANT,
        clip: float | None = None,
        sequence_length: int | None = None,
        batch_size: int | None = None,
        batches_per_epoch: int = 1,
        observation: Observation | ArrayLike | str | None = None,
        z0: ArrayLike | None = None,
        seed: int = 0,
        save_every: int = 1,
        cancel: np.ndarray | None = None,
        resume: TrainingRun | None = None,
    ):
        seed = whole_number("seed", seed, 0)
        if not isinstance(model, Model):
            raise TypeError(f"model must be a network such as PLRNN, got {type(model).__name__}")
        data = TimeSeries.of(data)
        if resume is not None:
            observation = _observation_of(resume, observation)
        elif isinstance(observation, str):
            observation = _drawn_readout(observation, model, data, seed)
        self._function = LossFunction(
            model,
            data,
            forcing,
            observation=observation,
            sequence_length=sequence_length,
            z0=z0,
            cancel=cancel,
        )
        function, layout = self._function, self._function.layout
        if z0 is not None and function.steps != len(data) - 1:
            raise ValueError("z0 is the start of the whole series: leave sequence_length out")
        if not isinstance(schedule, Schedule):
            raise TypeError(f"schedule must be ExponentialRate(...) or the like, got {schedule!r}")
        self._optimizer, self._schedule = checked_optimizer(optimizer), schedule
        self._clip = np.inf if clip is None else in_range("clip", clip, 0.0, above=True)
        self._batches = Batches(len(data), function.steps, batch_size, batches_per_epoch, seed)
        self._chosen = layout.indices(trainable)
        self._all = np.arange(layout.size)
        names = layout.shapes if trainable is None else trainable
        self._settings: dict[str, Any] = {
            "forcing": repr(forcing),
            "optimizer": repr(optimizer),
            "schedule": None if schedule == CONSTANT else repr(schedule),
            "trainable": [names] if isinstance(names, str) else list(names),
            "clip": None if clip is None else self._clip,
            "sequence_length": function.steps + 1,
            "batch_size": batch_size,
            "batches_per_epoch": batches_per_epoch,
            "z0": None if z0 is None else np.asarray(z0, float).tolist(),
            "seed": seed,
        }
        self._moments = np.zeros((2, layout.size))
        self._updates = 0
        self._alpha = forcing.alpha_at(0)
        self._set_alpha: float | None = None
        self._set_rate: float | None = None
        self._seconds = 0.0
        self._lock = threading.RLock()
        self.epoch = 0
        self._reason: str | None = None
        self._history = History(whole_number("save_every", save_every, 1), function.theta)
        if resume is not None:
            self._take_up(resume)

    # What it is now -----------------------------------------------------------------------------

    @property
    def start(self) -> Model:
        """Network 0."""
        return self._function.model

    @property
    def model(self) -> Model:
        """The network after the epochs that are done."""
        with self._lock:
            return self._function.model_here

    @property
    def loss(self) -> float:
        """The loss of the last epoch; NaN before the first."""
        return float(self._history.curve("loss", self.epoch)[-1]) if self.epoch else np.nan

    @property
    def memory(self) -> int:
        """Bytes that the saved networks take, with the room for more; see `save_every`."""
        return self._history.memory

    @property
    def alpha(self) -> float:
        """The strength of generalised teacher forcing, now; NaN for any other.

        What is set here holds from the next epoch on, in place of what was planned; None returns to
        the plan.
        """
        if self._set_alpha is not None:
            return self._set_alpha
        forcing = self._function.forcing
        if isinstance(getattr(forcing, "alpha", None), AdaptiveAlpha):
            return self._alpha
        return forcing.alpha_at(self.epoch)

    @alpha.setter
    def alpha(self, value: float | None) -> None:
        if not isinstance(self._function.forcing, GeneralizedTeacherForcing):
            raise ValueError(
                f"alpha belongs to GeneralizedTeacherForcing, not {self._function.forcing!r}"
            )
        self._set_alpha = None if value is None else in_range("alpha", value, 0.0, 1.0)

    @property
    def learning_rate(self) -> float:
        """The learning rate, now, to be set as `alpha` is."""
        if self._set_rate is not None:
            return self._set_rate
        return self._optimizer.learning_rate * self._schedule.factor(self.epoch)

    @learning_rate.setter
    def learning_rate(self, value: float | None) -> None:
        if value is not None:
            value = in_range("learning_rate", value, 0.0)
        self._set_rate = value

    @property
    def stopped(self) -> str | None:
        """Why the training ended; None while it can go on."""
        return None if self._reason is None else self._reason.replace("{epoch}", str(self.epoch))

    def stop(self, reason: str) -> None:
        """End the training before the next epoch; the run says the reason.

        Any thread may ask for it, while an epoch is under way that may yet be done: ``{epoch}`` in
        `reason` becomes the number of the one that was not.
        """
        self._reason = self._reason or reason

    def run(self, shared: bool = False) -> TrainingRun:
        """Return all that was recorded so far; what comes later does not change it.

        Parameters
        ----------
        shared : bool
            Whether it may share the memory of the growing record, which is then kept as long as the
            run is: no networks are copied, where the last one is one of those that are saved.
        """
        with self._lock:
            history, function = self._history, self._function
            epochs, vectors = history.saved(self.epoch, function.theta, shared)
            parameters = function.layout.split(vectors)
            readouts = parameters.pop("B", None)
            return TrainingRun(
                start=self.start,
                parameters=parameters,
                saved_epochs=epochs,
                **{name: history.curve(name, self.epoch) for name in CURVES},
                data=function.data,
                observation=function.observation,
                readouts=readouts,
                settings=dict(self._settings),
                stopped=self.stopped,
                seconds=self._seconds,
                state=self._state(),
            )

    # Going on -----------------------------------------------------------------------------------

    def advance(self) -> bool:
        """Do one epoch; return False, with all as it was, if there was none to do.

        A loss, gradient or parameter that is not finite ends the training, as the flag does: the
        epoch counts as not begun, and `stopped` says why. So it does if an exception passes, such
        as a KeyboardInterrupt.
        """
        with self._lock:
            if self.stopped is not None:
                return False
            began = time.perf_counter()
            theta, moments = self._function.theta, self._moments
            before = theta.copy(), moments.copy(), self._updates, self._alpha
            epoch = self.epoch
            try:
                self._history.write(epoch, *self._curves_of_epoch(before[0]))
                self._history.keep(epoch + 1, theta)
                # Last of all: an interrupt comes before it, and all is undone, or after it.
                self.epoch = epoch + 1
            except _Diverged as error:
                self._reason = f"diverged in epoch {epoch}: {error}"
            except Cancelled:
                # Who sets the flag may say why with `stop`, before.
                self.stop("cancelled in epoch {epoch}")
            finally:
                if self.epoch == epoch:
                    theta[:], moments[:] = before[:2]
                    self._updates, self._alpha = before[2:]
                self._seconds += time.perf_counter() - began
            return self.epoch > epoch

    def _curves_of_epoch(self, before: np.ndarray) -> tuple[float, ...]:
        """Take the epoch's steps; return loss, gradient norm, step length, alpha and rate."""
        function, rate = self._function, self.learning_rate
        losses = lengths = alphas = 0.0
        for begins in self._batches.of_epoch(self.epoch):
            if begins is not None:
                function.take(begins)
            alpha = self._prepare_alpha()
            loss = function.evaluate()
            if not np.isfinite(loss):
                raise _Diverged(f"the loss is {loss}")
            length = clip_to(function.gradient, self._chosen, self._clip)
            if not np.isfinite(length):
                raise _Diverged(f"the norm of the gradient is {length} (the loss is {loss:.3g})")
            self._updates += 1
            if not self._optimizer.move(
                function.theta,
                function.gradient,
                self._chosen,
                self._moments,
                self._updates,
                rate,
            ):
                raise _Diverged(
                    "a parameter, or the optimiser's mean of squares, overflowed: the norm of the "
                    f"gradient is {length:.3g}; clip limits it"
                )
            losses, lengths, alphas = losses + loss, lengths + length, alphas + alpha
        step = norm(function.theta - before, self._all)
        count = self._batches.per_epoch
        return losses / count, lengths / count, step, alphas / count, rate

    def _prepare_alpha(self) -> float:
        function, forcing = self._function, self._function.forcing
        if not isinstance(forcing, GeneralizedTeacherForcing):
            return np.nan
        adaptive = forcing.alpha
        if isinstance(adaptive, AdaptiveAlpha) and self._updates % adaptive.every == 0:
            self._alpha = adapted_alpha(
                adaptive, self._alpha, function.model_here, function.estimates
            )
        alpha = self.alpha
        function.strengths[:] = alpha
        return alpha

    # Resuming -----------------------------------------------------------------------------------

    def _state(self) -> TrainerState:
        values = {
            "optimizer": type(self._optimizer).__name__,
            "updates": self._updates,
            "alpha": _or_none(self._alpha),
            "set_alpha": self._set_alpha,
            "set_rate": self._set_rate,
        }
        return TrainerState({"moments": self._moments.copy()}, values)

    def _take_up(self, run: TrainingRun) -> None:
        if run.state is None:
            raise ValueError("resume cannot go on: the run holds no state of its optimiser")
        if run.start != self.start:
            raise ValueError("model must be the network that the resumed run started from")
        if run.data is None or not np.array_equal(run.data.values, self._function.data.values):
            raise ValueError("data must be those of the resumed run")
        state, settings = run.state, run.settings
        found, kind = state.values.get("optimizer"), type(self._optimizer).__name__
        if found != kind:
            raise ValueError(f"optimizer must be of the resumed run's kind, {found}, got {kind}")
        chosen = self._function.layout.indices(settings.get("trainable"))
        if not np.array_equal(chosen, self._chosen):
            raise ValueError(f"trainable must be that of the resumed run, {settings['trainable']}")
        moments = np.asarray(state.arrays.get("moments"))
        if moments.shape != self._moments.shape:
            raise ValueError(
                f"the resumed run's moments must have shape {self._moments.shape}, "
                f"got {moments.shape}"
            )
        self._moments[:] = moments
        self._updates = int(state.values["updates"])
        alpha = state.values["alpha"]
        self._alpha = np.nan if alpha is None else float(alpha)
        if isinstance(self._function.forcing, GeneralizedTeacherForcing):
            self._set_alpha = state.values["set_alpha"]
        self._set_rate = state.values["set_rate"]
        self._seconds = run.seconds
        self.epoch = run.epochs
        self._function.theta[:] = self._history.take_up(run, self._function.layout)


class _Diverged(Exception):
    """An epoch came upon a number that is not finite."""


def _observation_of(run: TrainingRun, given: Observation | ArrayLike | str | None) -> Observation:
    if not isinstance(run, TrainingRun):
        raise TypeError(f"resume must be a TrainingRun, got {type(run).__name__}")
    if given is not None and not isinstance(given, str):
        given = given if isinstance(given, Observation) else Observation.linear(given)
        if given != run.observation:
            raise ValueError(
                f"observation must be that of the resumed run, {run.observation!r}, got {given!r}"
            )
    return run.observation


def _drawn_readout(text: str, model: Model, data: TimeSeries, seed: int) -> Observation:
    if text != "linear":
        raise ValueError(
            f"observation must be 'linear', a matrix B or an Observation, got {text!r}"
        )
    B = np.random.default_rng([seed, 1]).normal(size=(data.dims, model.M)) / np.sqrt(model.M)
    return Observation.linear(B)


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
