"""The live loop: the newest model in, every pane redrawn, older work dropped.

Why workers and not the callback itself: a slider's callback that computes for a second is a dead
slider. Here the callback hands over the newest scene and waits only as long as a person does not
notice (`CALLBACK_PATIENCE`), so that cheap panes are redrawn within the same turn. That wait is
also what keeps the browser from being flooded, since a slider keeps one message in flight.

Why two workers: the newest scene cancels older work. A person who drags without pause over a slow
network would then never see anything, so when nothing was drawn for a while the oldest running job
may finish, as a preview, while the newest one already runs beside it.

A scene is shown once every pane has its first picture. Finer ones follow as long as nothing changes
and after a short rest, since kernel, server and browser share the cores: the next event must not
find them busy. Nobody waits for them, and a newer scene always ends them.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
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
REST = 0.15  # s without a change before finer pictures begin
IDLE_SECONDS = 5.0  # s after which a worker without work ends
WORKERS = 2


class Pane(Protocol):
    """What the loop needs of a pane."""

    def pictures(self, scene: Scene) -> Iterator[object]:
        """Compute on a worker, without touching a widget; yield a quick picture, then finer."""

    def draw(self, picture: object) -> None:
        """Set the traits of the widgets."""

    def fail(self, error: Exception) -> None:
        """Show why there is no picture."""

    def set_stale(self) -> None:
        """Show that the picture is of an older model."""


_Pictures = list[tuple[Pane, Iterator[object]]]


@dataclass(eq=False)
class _Job:
    ticket: int
    scene: Scene
    protected: bool = False


class Live(tr.HasTraits):
    """A model, the settings under which it is shown, and the panes that show it.

    Every change of a trait redraws the panes; `shown` is the last scene of which every pane has
    drawn its first picture.

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
        Seconds for the first search for cycles.
    proof_limit : float or None
        Seconds that the proof may go on while nothing changes; 0 for not at all.
    shown : Scene or None
    working : bool
        Whether a computation takes longer than a person's patience.
    drawn, dropped : int
        How many scenes were drawn, and how many gave way to a newer one.
    """

    model = tr.Instance(Model)
    max_order = tr.Int(8, min=1)
    seed = tr.Int(0, min=0)
    start = tr.Instance(object)
    orbit_steps = tr.Int(1000, min=1, max=1_000_000)
    time_limit = tr.Float(2.0, allow_none=True)
    proof_limit = tr.Float(60.0, allow_none=True)
    shown = tr.Instance(Scene, allow_none=True)
    working = tr.Bool(False)

    _SETTINGS = (
        "model",
        "max_order",
        "seed",
        "start",
        "orbit_steps",
        "time_limit",
        "proof_limit",
    )

    def __init__(self, model: Model, **settings):
        if not isinstance(model, Model):
            raise TypeError(f"model must be a network such as PLRNN, got {type(model).__name__}")
        self._require_known(settings)
        self._panes: list[Pane] = []
        self._drawn_tickets: dict[Pane, int] = {}
        self._changed = threading.Condition()
        self._drawing = threading.RLock()
        self._own = threading.local()  # what holds only for the calling thread
        self._workers: set[threading.Thread] = set()
        self._idle = 0
        self._waiting: _Job | None = None
        self._running: list[_Job] = []
        self._refining: list[_Job] = []
        self._ticket = self._settled = self._shown_ticket = self._finished = 0
        self._last_drawn = 0.0
        self._closed = False
        self.drawn = self.dropped = 0
        self.gesture: str | None = None
        super().__init__(model=model, **{"start": np.full(model.M, 0.1), **settings})
        self.observe(self._on_setting, self._SETTINGS)

    # Settings -----------------------------------------------------------------------------------

    @tr.validate("start")
    def _check_start(self, proposal):
        start = real_array("start", proposal.value, 1)
        if len(start) != self.model.M:
            raise ValueError(f"start must have shape ({self.model.M},), got {start.shape}")
        start.setflags(write=False)
        return start

    @tr.validate("time_limit")
    def _check_time_limit(self, proposal):
        limit = proposal.value
        if limit is not None and not limit > 0:
            raise ValueError(f"time_limit must be a positive number of seconds, got {limit!r}")
        return limit

    @tr.validate("proof_limit")
    def _check_proof_limit(self, proposal):
        limit = proposal.value
        if limit is not None and not limit >= 0:
            raise ValueError(f"proof_limit must be a number of seconds or None, got {limit!r}")
        return limit

    @classmethod
    def _require_known(cls, settings: Mapping[str, object]) -> None:
        unknown = [name for name in settings if name not in cls._SETTINGS]
        if unknown:
            raise TypeError(
                f"there is no setting {unknown[0]!r}; there are {', '.join(cls._SETTINGS)}"
            )

    def update(self, **settings) -> None:
        """Change several settings with one redraw; a new model of another size gets a new start.

        Raises
        ------
        TypeError, ValueError, traitlets.TraitError
            If one of them is wrong; none is changed then.
        """
        self._require_known(settings)
        Live(**{"model": self.model, **settings})  # checks them all, before the first is changed
        with self._silence():
            for name in sorted(settings, key=self._SETTINGS.index):
                setattr(self, name, settings[name])
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
        if change.name == "model" and len(self.start) != self.model.M:
            # It fails only if another thread has set one more size, and a start with it.
            with self._silence(), suppress(ValueError):
                self.start = np.full(self.model.M, 0.1)
        self.refresh()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Draw once at the end instead of at every change and every pane that joins."""
        with self._silence():
            yield
        self.refresh()

    @contextmanager
    def _silence(self) -> Iterator[None]:
        before = getattr(self._own, "quiet", False)
        self._own.quiet = True
        try:
            yield
        finally:
            self._own.quiet = before

    @contextmanager
    def in_callback(self) -> Iterator[None]:
        """Wait for pictures only as long as the callback of a widget should."""
        before = getattr(self._own, "in_callback", False)
        self._own.in_callback = True
        try:
            yield
        finally:
            self._own.in_callback = before

    # Panes --------------------------------------------------------------------------------------

    def join(self, pane: Pane) -> None:
        """Draw `pane` from now on, after those that joined before; a closed loop goes on."""
        with self._changed:
            self._closed = False
            self._panes.append(pane)
            self._drawn_tickets[pane] = 0
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
        if getattr(self._own, "quiet", False):
            return
        with self._changed:
            if self._closed or not self._panes:
                return
            self._ticket += 1
            # Read under the lock: of two threads, the later ticket has the later settings.
            scene = Scene(**{name: getattr(self, name) for name in self._SETTINGS})
            scene.take_over(self.shown)
            job = _Job(self._ticket, scene)
            self._make_way()
            self._waiting = job
            self._start_worker()
            self._changed.notify_all()
            if threading.current_thread() in self._workers:
                return  # a drawing pane changed a setting: waiting for oneself would never end
            hurried = getattr(self._own, "in_callback", False)
            patience = CALLBACK_PATIENCE if hurried else SCRIPT_PATIENCE
            done = self._changed.wait_for(lambda: self._settled >= job.ticket, patience)
        if not done:
            self._show_waiting(job)

    def wait(self, timeout: float | None = None, finest: bool = False) -> bool:
        """Wait until the panes show the present settings; return whether they do.

        Parameters
        ----------
        timeout : float, optional
            Seconds.
        finest : bool
            Whether to wait for the finest pictures too, instead of for the first ones.
        """

        def done() -> bool:
            return self._settled >= self._ticket and not (finest and self._refining)

        with self._changed:
            if threading.current_thread() in self._workers:
                return False
            self._changed.wait_for(lambda: self._closed or done(), timeout)
            return self._shown_ticket == self._ticket and done()

    @property
    def refining(self) -> bool:
        """Whether finer pictures are on their way."""
        return bool(self._refining)

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
        for job in self._refining:
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
            self._draw_panes(job)

    def _draw_panes(self, job: _Job) -> None:
        """Draw the first pictures of all panes, and then finer ones."""
        pictures = [(pane, _pictures_of(pane, job.scene)) for pane in tuple(self._panes)]
        unfinished = self._draw_round(job, pictures)
        self._settle(job, unfinished)
        if unfinished:
            self._refine(job, unfinished)

    def _refine(self, job: _Job, unfinished: _Pictures) -> None:
        """Draw finer pictures, in turn, until there are no more or a newer scene comes."""
        with self._changed:
            self._changed.wait_for(lambda: job.scene.cancelled, REST)
        while unfinished and not job.scene.cancelled:
            unfinished = self._draw_round(job, unfinished)
        with self._changed:
            self._refining.remove(job)
            self._changed.notify_all()

    def _draw_round(self, job: _Job, unfinished: _Pictures) -> _Pictures | None:
        """Draw the next picture of every pane; return those that go on, None if it gave way."""
        going_on = []
        try:
            for pane, pictures in unfinished:
                try:
                    picture = next(pictures, None)
                    if picture is not None:
                        if not self._draw(pane, picture, job):
                            return None
                        going_on.append((pane, pictures))
                except Cancelled:
                    return None
                except Exception as error:  # shown in the pane: the sliders must live on
                    if not self._draw(pane, error, job):
                        return None
        except Exception:  # of a pane that cannot even show its failure
            sys.excepthook(*sys.exc_info())
            return None
        return going_on

    def _draw(self, pane: Pane, picture: object, job: _Job) -> bool:
        """Draw a picture or show an error; False when a newer scene came first."""
        with self._drawing:
            with self._changed:
                if pane not in self._drawn_tickets:
                    return True  # it left meanwhile
                if job.scene.cancelled or job.ticket < self._drawn_tickets[pane]:
                    return False
                self._drawn_tickets[pane] = job.ticket
            if isinstance(picture, Exception):
                pane.fail(picture)
            else:
                pane.draw(picture)
            return True

    def _settle(self, job: _Job, unfinished: _Pictures | None) -> None:
        """Note that the first pictures of a job stand, or, with None, that it gave way."""
        complete = unfinished is not None
        with self._changed:
            self._running.remove(job)
            if unfinished:
                self._refining.append(job)
                if job.ticket < self._ticket:  # a preview: what comes after it is the newer scene
                    job.scene.cancel[0] = 1
            if complete:
                self.drawn += 1
                self._last_drawn = time.monotonic()
                for other in self._running:  # an older preview comes too late now
                    if other.ticket < job.ticket:
                        other.scene.cancel[0] = 1
            else:
                self.dropped += 1
        with self._drawing:
            self._finished = max(self._finished, job.ticket)
            if complete and job.ticket > self._shown_ticket:
                self._shown_ticket = job.ticket
                self._announce("shown", job.scene)
            if self.working and self._finished == self._ticket:
                self._announce("working", False)
        # Those who wait are woken last, so that they see what the observers of `shown` did.
        with self._changed:
            self._settled = max(self._settled, job.ticket)
            self._changed.notify_all()

    def _announce(self, name: str, value: object) -> None:
        try:
            setattr(self, name, value)
        except Exception:  # of an observer: its error must not end the loop
            sys.excepthook(*sys.exc_info())

    def _show_waiting(self, job: _Job) -> None:
        with self._drawing:
            if self._finished >= job.ticket or self._closed:
                return
            self.working = True
            for pane, ticket in tuple(self._drawn_tickets.items()):
                if ticket < job.ticket:
                    pane.set_stale()


def _pictures_of(pane: Pane, scene: Scene) -> Iterator[object]:
    """Ask a pane for its pictures only when the first one is wanted, so that errors come there."""
    yield from pane.pictures(scene)


def as_live(subject: Model | Live, **settings) -> Live:
    """Return `subject` itself if it is a Live, else a new one for the model `subject`."""
    if isinstance(subject, Live):
        if settings:
            subject.update(**settings)
        return subject
    return Live(subject, **settings)
