"""The live loop's settings: whatever changes one of them has every pane redrawn.

Why workers and not the callback itself: a slider's callback that computes for a second is a dead
slider. Here the callback hands over the newest scene and waits only as long as a person does not
notice (`CALLBACK_PATIENCE`), so that cheap panes are redrawn within the same turn. That wait is
also what keeps the browser from being flooded, since a slider keeps one message in flight.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import ClassVar

import numpy as np
import traitlets as tr

from ..models import Model
from ..models.validation import real_array
from .loop import Loop, Pane
from .scene import Scene

CALLBACK_PATIENCE = 0.05  # s a callback waits for its picture before it lets the slider go on
SCRIPT_PATIENCE = 1.0  # s an assignment in a cell waits, so that the next line sees its effect


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

    _SCENE: ClassVar[type[Scene]] = Scene  # what a pane is given to draw
    _SETTINGS: ClassVar[tuple[str, ...]] = (
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
        self._loop = Loop(partial(setattr, self, "shown"), partial(setattr, self, "working"))
        self._own = threading.local()  # what holds only for the calling thread
        self.gesture: str | None = None
        self.borrowed = False
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
        self._check(settings)  # all of them, before the first is changed
        with self._silence():
            for name in sorted(settings, key=self._SETTINGS.index):
                setattr(self, name, settings[name])
        self.refresh()

    def _check(self, settings: Mapping[str, object]) -> None:
        Live(**{"model": self.model, **settings})

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

    @contextmanager
    def borrow(self) -> Iterator[None]:
        """Let a program go through settings; in the end they are again what they were.

        Meanwhile finer pictures begin without a rest, and no pane takes the changes for a person's.
        """
        before = {name: getattr(self, name) for name in self._SETTINGS}
        self.borrowed, rest = True, self._loop.rest
        self._loop.rest = 0.0
        try:
            yield
        finally:
            self._loop.rest = rest
            try:
                with self.hold():
                    for name in self._SETTINGS:
                        setattr(self, name, before[name])
            finally:
                self.borrowed = False

    # The loop -----------------------------------------------------------------------------------

    def join(self, pane: Pane) -> None:
        """Draw `pane` from now on, after those that joined before; a closed loop goes on."""
        self._loop.join(pane)
        self.refresh()

    def leave(self, pane: object) -> None:
        """Draw `pane` no more; when none is left, the loop ends."""
        self._loop.leave(pane)

    def refresh(self) -> None:
        """Draw all panes for the present settings and wait a little for it."""
        if getattr(self._own, "quiet", False):
            return
        hurried = getattr(self._own, "in_callback", False)
        self._loop.draw(self._new_scene, CALLBACK_PATIENCE if hurried else SCRIPT_PATIENCE)

    def _new_scene(self) -> Scene:
        scene = self._SCENE(**{name: getattr(self, name) for name in self._SETTINGS})
        scene.take_over(self.shown)
        return scene

    def wait(self, timeout: float | None = None, finest: bool = False) -> bool:
        """Wait until the panes show the present settings; return whether they do.

        Parameters
        ----------
        timeout : float, optional
            Seconds.
        finest : bool
            Whether to wait for the finest pictures too, instead of for the first ones.
        """
        return self._loop.wait(timeout, finest)

    def close(self) -> None:
        """End the work and the workers; panes keep their last picture."""
        self._loop.close()

    @property
    def refining(self) -> bool:
        """Whether finer pictures are on their way."""
        return self._loop.refining

    @property
    def closed(self) -> bool:
        """Whether the loop has ended."""
        return self._loop.closed

    @property
    def drawn(self) -> int:
        """How many scenes were drawn."""
        return self._loop.drawn

    @property
    def dropped(self) -> int:
        """How many scenes gave way to a newer one."""
        return self._loop.dropped


def as_live(subject: Model | Live, **settings) -> Live:
    """Return `subject` itself if it is a Live, else a new one for the model `subject`."""
    if isinstance(subject, Live):
        if settings:
            subject.update(**settings)
        return subject
    return Live(subject, **settings)
