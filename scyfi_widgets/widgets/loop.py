"""The workers behind the live loop: the newest scene first, older work dropped, panes drawn.

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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from ..cancellation import Cancelled
from .scene import Scene

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


class Loop:
    """Two workers that draw scenes on panes.

    Parameters
    ----------
    show : callable
        Called with a scene once every pane has drawn its first picture of it.
    set_working : callable
        Called with True when a caller's patience ends before that, and then with False.

    Attributes
    ----------
    drawn, dropped : int
        How many scenes were drawn, and how many gave way to a newer one.
    rest : float or None
        Seconds without a change before finer pictures begin; None for the usual ones.
    """

    def __init__(self, show: Callable[[Scene], None], set_working: Callable[[bool], None]):
        self._show, self._set_working = show, set_working
        self._panes: list[Pane] = []
        self._drawn_tickets: dict[Pane, int] = {}
        self._changed = threading.Condition()
        self._drawing = threading.RLock()
        self._workers: set[threading.Thread] = set()
        self._idle = 0
        self._waiting: _Job | None = None
        self._running: list[_Job] = []
        self._refining: list[_Job] = []
        self._ticket = self._settled = self._shown_ticket = self._finished = 0
        self._last_drawn = 0.0
        self._closed = self._working = False
        self.drawn = self.dropped = 0
        self.rest: float | None = None

    def join(self, pane: Pane) -> None:
        """Draw `pane` from now on, after those that joined before; a closed loop goes on."""
        with self._changed:
            self._closed = False
            self._panes.append(pane)
            self._drawn_tickets[pane] = 0

    def leave(self, pane: object) -> None:
        """Draw `pane` no more; when none is left, the loop ends."""
        with self._changed:
            if pane in self._panes:
                self._panes.remove(pane)
                del self._drawn_tickets[pane]
            empty = not self._panes
        if empty:
            self.close()

    def draw(self, new_scene: Callable[[], Scene], patience: float) -> None:
        """Draw a new scene on all panes and wait `patience` seconds for it.

        `new_scene` is called under the lock: of two threads, the later one has the later settings.
        """
        with self._changed:
            if self._closed or not self._panes:
                return
            self._ticket += 1
            job = _Job(self._ticket, new_scene())
            self._make_way()
            self._waiting = job
            self._start_worker()
            self._changed.notify_all()
            if threading.current_thread() in self._workers:
                return  # a drawing pane changed a setting: waiting for oneself would never end
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
        rest = REST if self.rest is None else self.rest
        with self._changed:
            self._changed.wait_for(lambda: job.scene.cancelled, rest)
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
                _announce(self._show, job.scene)
            if self._working and self._finished == self._ticket:
                self._working = False
                _announce(self._set_working, False)
        # Those who wait are woken last, so that they see what the observers of `shown` did.
        with self._changed:
            self._settled = max(self._settled, job.ticket)
            self._changed.notify_all()

    def _show_waiting(self, job: _Job) -> None:
        with self._drawing:
            if self._finished >= job.ticket or self._closed:
                return
            self._working = True
            self._set_working(True)
            for pane, ticket in tuple(self._drawn_tickets.items()):
                if ticket < job.ticket:
                    pane.set_stale()


def _pictures_of(pane: Pane, scene: Scene) -> Iterator[object]:
    """Ask a pane for its pictures only when the first one is wanted, so that errors come there."""
    yield from pane.pictures(scene)


def _announce(report: Callable[[object], None], value: object) -> None:
    try:
        report(value)
    except Exception:  # of an observer: its error must not end the loop
        sys.excepthook(*sys.exc_info())
