"""How a replay follows a training that goes on: the growing run, its clock, and what is found."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ...training import RunBifurcations, TrainingRun, bifurcations_along, find_loss_jumps
from ...training.along import StepCache
from .live_training import LiveTraining

if TYPE_CHECKING:
    from .replay import TrainingReplay

SHARE = 0.25  # of one processor, at most, that the search takes while the network learns
DRAWING = 0.3  # of the time, at most, in which the panes are drawn anew
SLOWEST = 2.0  # s after which a picture is not waited for any more
FIRST_PASS = 0.5  # s of one pass of the search; more when that does not bring it on
LEAST_REST = 0.5  # s between two passes
SLICE = 0.1  # s after which one who rests looks whether it is to end
CACHE = 1 << 27  # bytes of what is known about the steps so far


class Following:
    """The thread that shows a growing run, and the search that keeps up with it.

    Parameters
    ----------
    replay : TrainingReplay
    training : LiveTraining
    follow : bool

    Attributes
    ----------
    follow : bool
        Whether the clock stays at the newest epoch; a scrub turns it off, and one to the end on.
    """

    def __init__(self, replay: TrainingReplay, training: LiveTraining, follow: bool):
        self._replay, self._training = replay, training
        self.cache = StepCache(CACHE)
        self.follow = follow
        self._choosing = threading.RLock()  # a scrub, or a step to the newest epoch: never both
        self._own = threading.local()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        training.on_start(self.begin)

    def begin(self) -> None:
        """Show what comes from now on."""
        with self._starting:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._work, name="scyfi-widgets-following", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        with self._training.news:
            self._training.news.notify_all()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(1.0)
        self.cache.clear()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything that is done is shown, and no more comes."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        return self._thread is None

    def scrubbed(self, epoch: int) -> bool:
        """Note that somebody went to an epoch; return whether `follow` has changed by that."""
        if getattr(self._own, "moving", False):
            return False
        with self._choosing:
            before = self.follow
            self.follow = epoch >= self._replay.live.run.epochs
            return self.follow != before

    # Showing ------------------------------------------------------------------------------------

    def _work(self) -> None:
        training, shown = self._training, None
        while True:
            with training.news:
                training.news.wait_for(
                    lambda shown=shown: (
                        self._closed or training.run is not shown or not training.running
                    )
                )
                run, running = training.run, training.running
            if self._closed:
                return
            if run is not shown:
                began = time.perf_counter()
                self.show(run)
                self._replay.live.wait(SLOWEST)
                shown = run
                took = time.perf_counter() - began
                if running:
                    self._rest(took / DRAWING - took, lambda: self._closed)
            if self._closed:
                return
            self._replay.training_changed()
            with self._starting:
                if not running and training.run is shown and not training.running:
                    self._thread = None
                    return

    def show(self, run: TrainingRun) -> None:
        """Let the panes show a longer run, at its end if the clock is to stay there."""
        live = self._replay.live
        self._own.moving = True
        try:
            with live.in_callback(), live.hold(), self._choosing:
                live.run = run
                if self.follow:
                    live.epoch = run.epochs
        finally:
            self._own.moving = False

    # Searching ----------------------------------------------------------------------------------

    def search(self, max_order: int, cancel: np.ndarray) -> None:
        """Look for jumps and bifurcations as long as the training runs, with pauses."""
        training, limit, known_up_to = self._training, FIRST_PASS, -1
        while training.running and not cancel[0]:
            began = time.perf_counter()
            run, found = training.run, None
            jumps = tuple(find_loss_jumps(run.loss))
            if run.epochs:
                found = bifurcations_along(
                    run, max_order, workers=1, cache=self.cache, time_limit=limit, cancel=cancel
                )
                if found.known_up_to <= known_up_to:
                    limit *= 2.0  # what is known already takes its time, too
                known_up_to = found.known_up_to
            if cancel[0]:
                return
            self.publish(jumps, found)
            took = time.perf_counter() - began
            self._rest(max(LEAST_REST, took / SHARE - took), lambda: cancel[0])

    def publish(self, jumps: tuple, found: RunBifurcations | None) -> None:
        """Show what was found."""
        live = self._replay.live
        with live.in_callback(), live.hold():
            if jumps != live.jumps:
                live.jumps = jumps
            if found is not None:
                live.bifurcations = found

    def _rest(self, seconds: float, ended: Callable[[], object]) -> None:
        training, end = self._training, time.perf_counter() + seconds
        while not ended() and training.running:
            left = end - time.perf_counter()
            if left <= 0.0:
                return
            with training.news:
                training.news.wait_for(lambda: not training.running, min(left, SLICE))
