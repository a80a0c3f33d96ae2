"""The live loop: the newest model in, every pane redrawn, older work dropped.

Why workers and not the callback itself: a slider's callback that computes for a second is a dead
slider. Here the callback hands over the newest scene and waits only as long as a person does not
notice (`CALLBACK_PATIENCE`), so that cheap panes are redrawn within the same turn. That wait is
also what keeps the browser from being flooded, since a slider keeps one message in flight.

Why two workers: the newest scene cancels older work. A person who drags without pause over a slow
network would then never see anything, so when nothing was drawn for a while the oldest running job
may finish, as a preview, while the newest one already runs beside it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import traitlets as tr

from ..cancellation import Cancelled
from ..models import Model
from ..models.validation import real_array
from .scene import Scene

CALLBACK_PATIENCE = 0.05  # s a callback waits for its picture before it lets the slider go on
SCRIPT_PATIENCE = 1.0  # s an assignment in a cell waits, so that the next line sees its effect
STARVING_AFTER = 0.15  # s without a new picture after which a running job may finish
IDLE_SECONDS = 5.0  # s after which a worker without work ends
WORKERS = 2


class Pane(Protocol):
    """What the loop needs of a pane."""

    def pictures(self, scene: Scene) -> Iterator[object]:
        """Compute on a worker, without touching a widget; yield coarse pictures first."""

    def draw(self, picture: object) -> None:
        """Set the traits of the widgets."""

    def fail(self, error: Exception) -> None:
        """Show why there is no picture."""

    def set_stale(self) -> None:
        """Show that the picture is of an older model."""


@dataclass(eq=False)
class _Job:
    ticket: int
    scene: Scene
    protected: bool = False


class Live(tr.HasTraits):
    """A model, the settings under which it is shown, and the panes that show it.

    Every change of a trait redraws the panes; `shown` is the last scene that was drawn whole.

    Attributes
    ----------
    model : Model
    max_order : int
        Cycles are sought up to this order.
    seed : int
        Seed of the search.
    start : (M,) array
        Start of the orbit.
    orbit_steps : int
    time_limit : float or None
        Seconds for the search for cycles.
    shown : Scene or None
    working : bool
        Whether a computation takes longer than a person's patience.
    drawn, dropped : int
        How many scenes were drawn, and how many gave way to a newer one.
    """

    model = tr.Instance(Model)
    max_order = tr.Int(8, min=1)
    seed = tr.Int(0, min=0)
    start = tr.Any()
    orbit_steps = tr.Int(1000, min=1, max=1_000_000)
    time_limit = tr.Float(2.0, allow_none=True)
    shown = tr.Instance(Scene, allow_none=True)
    working = tr.Bool(False)

    _SETTINGS = ("model", "max_order", "seed", "start", "orbit_steps", "time_limit")

    def __init__(self, model: Model, **settings):
        if not isinstance(model, Model):
            raise TypeError(f"model must be a network such as PLRNN, got {type(model).__name__}")
        self._panes: list[Pane] = []
        self._drawn_tickets: dict[Pane, int] = {}
        self._changed = threading.Condition()
        self._drawing = threading.RLock()
        self._patience = threading.local()
        self._workers: set[threading.Thread] = set()
        self._idle = 0
        self._waiting: _Job | None = None
        self._running: list[_Job] = []
        self._ticket = self._settled = self._shown_ticket = 0
        self._last_drawn = 0.0
        self._quiet = True
        self._closed = False
        self.drawn = self.dropped = 0
        self.gesture: str | None = None
        super().__init__(model=model, **{"start": np.full(model.M, 0.1), **settings})
        self._quiet = False
        self.observe(self._on_setting, self._SETTINGS)

    # Settings -----------------------------------------------------------------------------------

    @tr.validate("start")
    def _check_start(self, proposal):
        start = real_array("start", proposal.value, 1)
        if len(start) != self.model.M:
            raise ValueError(f"start must have shape ({self.model.M},), got {start.shape}")
        start.setflags(write=False)
        return start

    def update(self, **settings) -> None:
        """Change several settings with one redraw; a new model of another size gets a new start."""
        self._quiet = True
        try:
            for name in sorted(settings, key=self._SETTINGS.index):
                setattr(self, name, settings[name])
        finally:
            self._quiet = False
        self.refresh()

    def move(self, values: Mapping[str, float], gesture: str | None = None) -> None:
        """Change some weights of the model; changes of one `gesture` are one step of the history.

        Raises
        ------
        KeyError, TypeError, ValueError
            As `Model.replace` does; nothing is changed then.
        """
        model = self.model.replace(values)
        self.gesture = gesture
        try:
            self.model = model
        finally:
            self.gesture = None

    def _on_setting(self, change) -> None:
        if change.name == "model" and len(self.start) != change.new.M:
            with self._silence():
                self.start = np.full(change.new.M, 0.1)
        if not self._quiet:
            self.refresh()

    @contextmanager
    def _silence(self):
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    @contextmanager
    def in_callback(self) -> Iterator[None]:
        """Wait for pictures only as long as the callback of a widget should."""
        self._patience.seconds = CALLBACK_PATIENCE
        try:
            yield
        finally:
            del self._patience.seconds

    # Panes --------------------------------------------------------------------------------------

    def join(self, pane: Pane) -> None:
        """Draw `pane` from now on, after those that joined before."""
        with self._changed:
            self._panes.append(pane)
            self._drawn_tickets[pane] = 0
        if not self._quiet:
            self.refresh()

    def leave(self, pane: object) -> None:
        """Draw `pane` no more; when none is left, the loop ends."""
        with self._changed:
            if pane in self._panes:
                self._panes.remove(pane)
                del self._drawn_tickets[pane]
            empty = not self._panes
        if empty:
            self.close()

    # The loop -----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Draw all panes for the present settings and wait a little for it."""
        if self._closed or not self._panes:
            return
        scene = Scene(
            **{name: getattr(self, name) for name in self._SETTINGS},
        )
        with self._changed:
            self._ticket += 1
            job = _Job(self._ticket, scene)
            self._make_way()
            self._waiting = job
            self._start_worker()
            self._changed.notify_all()
            if threading.current_thread() in self._workers:
                return  # a drawing pane changed a setting: waiting for oneself would never end
            patience = getattr(self._patience, "seconds", SCRIPT_PATIENCE)
            done = self._changed.wait_for(lambda: self._settled >= job.ticket, patience)
        if not done:
            self._show_waiting(job)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the panes show the present settings; return whether they do."""
        with self._changed:
            if threading.current_thread() in self._workers:
                return False
            return self._changed.wait_for(
                lambda: self._closed or self._settled >= self._ticket, timeout
            )

    def close(self) -> None:
        """End the work and the workers; panes keep their last picture."""
        with self._changed:
            self._closed = True
            self._make_way(spare=False)
            self._changed.notify_all()
            workers = [w for w in self._workers if w is not threading.current_thread()]
        for worker in workers:
            worker.join(timeout=1.0)

    @property
    def closed(self) -> bool:
        """Whether the loop has ended."""
        return self._closed

    def _make_way(self, spare: bool = True) -> None:
        """Cancel older work, except one job when nothing was drawn for a while."""
        if self._waiting is not None:
            self._waiting = None
            self.dropped += 1
        starving = time.monotonic() - self._last_drawn > STARVING_AFTER
        if spare and starving and self._running and not any(j.protected for j in self._running):
            self._running[0].protected = True
        for job in self._running:
            if not (job.protected and spare):
                job.scene.cancel[0] = 1

    def _start_worker(self) -> None:
        if self._idle == 0 and len(self._workers) < WORKERS:
            worker = threading.Thread(target=self._work, name="scyfi-widgets-live", daemon=True)
            self._workers.add(worker)
            worker.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(lambda: self._waiting or self._closed, IDLE_SECONDS)
                self._idle -= 1
                job, self._waiting = self._waiting, None
                if job is None or self._closed:
                    self._workers.discard(threading.current_thread())
                    return
                self._running.append(job)
            complete = False
            try:
                complete = self._draw_panes(job)
            finally:
                self._settle(job, complete)

    def _draw_panes(self, job: _Job) -> bool:
        """Draw first pictures pane by pane, then the finer ones in turn; False if it gave way."""
        unfinished = [(pane, pane.pictures(job.scene)) for pane in tuple(self._panes)]
        while unfinished:
            going_on = []
            for pane, pictures in unfinished:
                try:
                    picture = next(pictures, None)
                    if picture is not None:
                        if not self._draw(pane, picture, job):
                            return False
                        going_on.append((pane, pictures))
                except Cancelled:
                    return False
                except Exception as error:  # shown in the pane: the sliders must live on
                    with self._drawing:
                        pane.fail(error)
            unfinished = going_on
        return True

    def _draw(self, pane: Pane, picture: object, job: _Job) -> bool:
        with self._drawing:
            if job.scene.cancelled or job.ticket < self._drawn_tickets.get(pane, 0):
                return False
            self._drawn_tickets[pane] = job.ticket
            pane.draw(picture)
            return True

    def _settle(self, job: _Job, complete: bool) -> None:
        with self._changed:
            self._running.remove(job)
            newest = job.ticket == self._ticket
            if complete:
                self.drawn += 1
                self._last_drawn = time.monotonic()
                for other in self._running:  # an older preview comes too late now
                    if other.ticket < job.ticket:
                        other.scene.cancel[0] = 1
            else:
                self.dropped += 1
        with self._drawing:
            if complete and job.ticket > self._shown_ticket:
                self._shown_ticket = job.ticket
                self.shown = job.scene
            if newest and self.working:
                self.working = False
        # Those who wait are woken last, so that they see what the observers of `shown` did.
        with self._changed:
            self._settled = max(self._settled, job.ticket)
            self._changed.notify_all()

    def _show_waiting(self, job: _Job) -> None:
        with self._drawing:
            if self._settled >= job.ticket or self._closed:
                return
            self.working = True
            for pane, ticket in tuple(self._drawn_tickets.items()):
                if ticket < job.ticket:
                    pane.set_stale()


def as_live(subject: Model | Live, **settings) -> Live:
    """Return `subject` itself if it is a Live, else a new one for the model `subject`."""
    if isinstance(subject, Live):
        if settings:
            subject.update(**settings)
        return subject
    return Live(subject, **settings)
