"""A training on a thread of its own, in the hands of a person: no widget in here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

from ...cancellation import new_flag
from ...models import Model
from ...models.validation import whole_number
from ...training import GeneralizedTeacherForcing, TimeSeries, Trainer, TrainingRun
from ...training.forcing import Forcing
from ...training.loss import FREE
from ...training.numbers import in_range
from .interrupts import on_interrupt

LOOK_EVERY = 0.25  # s between two looks at the growing run
LOOK_SHARE = 0.05  # of the time, at most, that looking takes
WORK, BREATH = 0.01, 0.0005  # s of work after which the others are let in, and for how long
SLICE = 0.05  # s after which a slow pace looks whether it still has to wait


class LiveTraining:
    """A training that can be started, paused, stopped and steered while one looks at it.

    A thread runs only while it trains: a pause, a stop, an interrupt of the kernel, numbers that
    are not finite and the last epoch all end it, and `start` goes on from there, with the same
    numbers as a training that was not interrupted.

    Parameters
    ----------
    model, data, forcing
        As in `scyfi_widgets.train`.
    epochs : int
        In all.
    pace : float, optional
        Epochs a second, at most.
    on_epoch : callable, optional
        Called with the `Trainer` after each epoch.
    **settings
        Others of `scyfi_widgets.train`, such as ``optimizer`` or ``resume``.

    Attributes
    ----------
    run : TrainingRun
        What is done: a few times a second, and whenever the training ends or pauses, anew.
    news : threading.Condition
        Notified when `run` or `running` has changed.

    Raises
    ------
    TypeError, ValueError, KeyError
        As `scyfi_widgets.train` does.
    """

    def __init__(
        self,
        model: Model,
        data: TimeSeries | ArrayLike,
        forcing: Forcing = FREE,
        *,
        epochs: int = 1000,
        pace: float | None = None,
        on_epoch: Callable[[Trainer], None] | None = None,
        **settings: Any,
    ):
        for name in ("cancel", "progress"):
            if name in settings:
                raise TypeError(f"{name} belongs to train: a live training has buttons for it")
        if on_epoch is not None and not callable(on_epoch):
            raise TypeError(f"on_epoch must be a function, got {on_epoch!r}")
        self._cancel = new_flag()
        self._asked = (model, TimeSeries.of(data), forcing)
        self._settings, self._on_epoch = settings, on_epoch
        self._trainer = Trainer(*self._asked, cancel=self._cancel, **settings)
        self.epochs, self.pace = epochs, pace
        self._changing = threading.RLock()
        self.news = threading.Condition()
        self.run: TrainingRun = self._trainer.run(shared=True)
        self._thread: threading.Thread | None = None
        self._running = self._pausing = self._closed = False
        self._on_start: list[Callable[[], None]] = []
        self._forget_interrupts = on_interrupt(self._interrupt)

    # What it is ---------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether it trains."""
        return self._running

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        return self._trainer.epoch >= self._epochs

    @property
    def reason(self) -> str | None:
        """Why it ended before all epochs were done; None while it runs or is paused."""
        return self._trainer.stopped

    @property
    def forced(self) -> bool:
        """Whether there is an `alpha` to be changed."""
        return isinstance(self._asked[2], GeneralizedTeacherForcing)

    @property
    def epochs(self) -> int:
        """Epochs in all: a higher number lets a finished training go on."""
        return self._epochs

    @epochs.setter
    def epochs(self, epochs: int) -> None:
        self._epochs = whole_number("epochs", epochs, self._trainer.epoch)

    @property
    def pace(self) -> float | None:
        """Epochs a second, at most; None for as fast as it goes."""
        return self._pace

    @pace.setter
    def pace(self, pace: float | None) -> None:
        self._pace = None if pace is None else in_range("pace", pace, 0.0, above=True)

    @property
    def alpha(self) -> float:
        """The strength of generalised teacher forcing, from the next epoch on; see `Trainer`."""
        return self._trainer.alpha

    @alpha.setter
    def alpha(self, alpha: float | None) -> None:
        self._trainer.alpha = alpha

    @property
    def learning_rate(self) -> float:
        """The learning rate, from the next epoch on; None goes back to the plan."""
        return self._trainer.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float | None) -> None:
        self._trainer.learning_rate = rate

    # What is done to it -------------------------------------------------------------------------

    def start(self) -> None:
        """Train, or go on.

        Raises
        ------
        ValueError
            If all epochs are done.
        RuntimeError
            If it was closed.
        """
        with self._changing:
            if self._closed:
                raise RuntimeError("the training is closed; train(..., resume=run) goes on with it")
            if self.finished:
                raise ValueError(f"all {self._epochs} epochs are done: set epochs higher to go on")
            self._pausing = False
            if self._running:
                return
            if self._trainer.stopped is not None:
                self._renew()
            self._running = True
            before = self._thread
            self._thread = threading.Thread(
                target=self._work, args=(before,), name="scyfi-widgets-training", daemon=True
            )
            self._thread.start()
        for action in self._on_start:
            action()

    def pause(self) -> None:
        """Stop after the epoch that is under way."""
        with self._changing:
            self._pausing = True

    def stop(self, patience: float = 2.0) -> TrainingRun:
        """Stop at once, within the epoch, which does not count; return the run so far.

        Parameters
        ----------
        patience : float
            Seconds to wait for the thread's end.
        """
        if self._running or not self.finished:
            self._end("stopped")
        self.wait(patience)
        with self._changing:
            if not self._running:
                self._look()
        return self.run

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it does not train any more; return whether that is so."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        return not self._running

    def close(self) -> None:
        """Stop for good; `run` stays."""
        with self._changing:
            self._closed = True
        self._forget_interrupts()
        if self._running:
            self.stop()
        with self.news:
            self.news.notify_all()

    def on_start(self, action: Callable[[], None]) -> None:
        """Call `action` whenever the training begins or goes on."""
        self._on_start.append(action)

    # The thread ---------------------------------------------------------------------------------

    def _interrupt(self) -> None:
        if self._running:
            self._end("interrupted")

    def _end(self, how: str) -> None:
        # Without a lock: a handler of signals comes here, perhaps while its thread holds one.
        self._trainer.stop(f"{how} in epoch {{epoch}}")
        self._cancel[0] = 1

    def _renew(self) -> None:
        """Go on with a trainer that is as the one that ended was after its last whole epoch."""
        settings = {**self._settings, "resume": self._trainer.run(shared=True)}
        self._cancel = new_flag()
        self._trainer = Trainer(*self._asked, cancel=self._cancel, **settings)

    def _work(self, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()
        trainer = self._trainer
        self._looked = self._breathed = self._due = time.perf_counter()
        self._cost = 0.0
        try:
            while self._goes_on():
                if not trainer.advance():
                    continue  # it says why, and does not go on
                if self._on_epoch is not None:
                    self._on_epoch(trainer)
                self._rest()
                self._look_if_due()
        except Exception as error:  # of on_epoch, or no memory: told in the panel
            trainer.stop(f"failed in epoch {trainer.epoch}: {type(error).__name__}: {error}")
            self._goes_on()  # no, and whoever looks is told

    def _goes_on(self) -> bool:
        # Decided under the lock: a `start` finds a thread that goes on, or none.
        with self._changing:
            if not (self._pausing or self.finished or self._trainer.stopped):
                return True
            self._look(running=False)
            return False

    def _rest(self) -> None:
        now = time.perf_counter()
        if self._pace is None:
            self._due = now
            if now - self._breathed > WORK:
                time.sleep(BREATH)
                self._breathed = time.perf_counter()
            return
        self._due = max(self._due + 1.0 / self._pace, now - SLICE)
        while not (self._pausing or self._trainer.stopped) and self._pace is not None:
            left = self._due - time.perf_counter()
            if left <= 0:
                return
            time.sleep(min(left, SLICE))

    def _look_if_due(self) -> None:
        now = time.perf_counter()
        if now - self._looked >= max(LOOK_EVERY, self._cost / LOOK_SHARE):
            self._look()
            self._looked = time.perf_counter()
            self._cost = self._looked - now

    def _look(self, running: bool | None = None) -> None:
        run = self._trainer.run(shared=True)
        with self.news:
            # The run comes first: who sees that it does not train any more sees the last one.
            self.run = run
            if running is not None:
                self._running = running
            self.news.notify_all()
