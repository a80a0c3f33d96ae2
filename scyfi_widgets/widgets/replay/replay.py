"""The replay of a training: scrub through the epochs, and see the jump happen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ipywidgets as widgets
import numpy as np
from numpy.typing import ArrayLike

from ...models import Model
from ...models.validation import whole_number
from ...training import (
    LossJump,
    RunBifurcations,
    TimeSeries,
    TrainingRun,
    bifurcations_along,
    find_loss_jumps,
)
from ...training.forcing import Forcing
from ...training.loss import FREE
from ..diagram.choice import default_order
from ..html_parts import badge_html, set_html
from ..palette import EVENT_COLOURS
from ..pane import Panel
from .background import Background
from .cycles_pane import CyclesPane
from .data_space import ReplayStateSpace
from .eigenvalue_pane import EigenvaluePane
from .event_words import event_text, jump_text
from .exploration import Exploration
from .following import Following
from .live_training import LiveTraining
from .loss_pane import LossPane
from .path_pane import PathPane
from .replay_live import ReplayLive, as_replay
from .training_controls import TrainingControls
from .transport import Transport

MOST_MARKS = 2000  # that the clock's track holds
SECONDS = 20.0  # that a run plays for at first


class TrainingReplay(Panel):
    """A training on one clock: its loss and what the network of each epoch does.

    Click into the bar and use the keys: space plays, the arrows step, J goes to the next loss jump
    and B to the next bifurcation. A click in a curve goes to that epoch.

    Parameters
    ----------
    run : TrainingRun or ReplayLive
    panes : sequence of str, optional
        Which panes are shown and in which order, of `PANES`; by default all.
    max_order : int, optional
        Cycles are shown, and bifurcations sought, up to this order; by default by size.
    jumps : sequence of LossJump, optional
        By default those that `find_loss_jumps` finds.
    bifurcations : RunBifurcations or bool
        True looks for them in the background, False not at all.
    epoch : int
        The first one shown.
    speed : float, optional
        Epochs a second; by default the whole run plays for twenty seconds.
    **settings
        Settings of a `ReplayLive`.

    Attributes
    ----------
    live : ReplayLive
        Share it with other panes to put them on the same clock.
    transport : Transport
        The clock.
    panes : dict of str to pane
    exploration : Exploration
        Opens the network of an epoch in an explorer: ``replay.exploration.explore()``.
    training : LiveTraining or None
        The training that goes on, where there is one.
    """

    training: LiveTraining | None = None
    _following: Following | None = None
    _controls: TrainingControls | None = None

    def __init__(
        self,
        run: TrainingRun | ReplayLive,
        *,
        panes: Iterable[str] | None = None,
        max_order: int | None = None,
        jumps: Iterable[LossJump] | None = None,
        bifurcations: RunBifurcations | bool = True,
        epoch: int = 0,
        speed: float | None = None,
        **settings,
    ):
        names = checked_panes(panes)
        if isinstance(run, TrainingRun):
            order = default_order(run.start.M) if max_order is None else max_order
            settings["max_order"] = whole_number("max_order", order, 1)
            found = find_loss_jumps(run.loss) if jumps is None else jumps
            settings |= {"jumps": tuple(found), "epoch": epoch}
            if isinstance(bifurcations, RunBifurcations):
                settings["bifurcations"] = bifurcations
        super().__init__(as_replay(run, **settings))
        self._search = Background(self._search_failed)
        self.transport = Transport(speed=speed or max(1.0, self.run.epochs / SECONDS))
        self._status = widgets.HTML()
        with self.live.hold():
            self.panes = {name: PANES[name](self.live) for name in names}
        self.exploration = Exploration(self.live, self._in_callback)
        self._follow_run()
        self.transport.observe(self._on_transport, "epoch")
        self._watch(self._on_epoch, "epoch")
        self._watch(lambda _: self._follow_run(), ["run", "jumps", "bifurcations"])
        self._lay_out()
        if bifurcations is True and self.live.bifurcations is None and self.run.epochs:
            self.search()

    @classmethod
    def live(
        cls,
        model: Model,
        data: TimeSeries | ArrayLike,
        forcing: Forcing = FREE,
        *,
        paused: bool = False,
        follow: bool = True,
        panes: Iterable[str] | None = None,
        max_order: int | None = None,
        bifurcations: bool = True,
        speed: float | None = None,
        **settings: Any,
    ) -> TrainingReplay:
        """Train in the background, and show the run while it grows.

        What is set by hand on the way, the forcing strength or the learning rate, is recorded in
        the run. `training` is there to do the same from a script. Stopping, interrupting the kernel
        and closing the cell's output end the training at once; `run` keeps what was done, and
        *Go on*, or ``train(..., resume=replay.run)``, continues it with the numbers that it would
        have had anyway.

        Parameters
        ----------
        model, data, forcing
            As in `scyfi_widgets.train`.
        paused : bool
            Whether it waits for *Start*.
        follow : bool
            Whether the clock stays at the newest epoch, until someone scrubs.
        panes, max_order, speed
            See above.
        bifurcations : bool
            Whether they are looked for: while the network learns with a quarter of one processor at
            most, and then with all.
        **settings
            Others of `scyfi_widgets.train`, such as ``epochs``, ``optimizer`` or ``resume``; and
            ``pace``, epochs a second at most.

        Raises
        ------
        TypeError, ValueError, KeyError
            As `scyfi_widgets.train` does.
        """
        names = checked_panes(panes)
        training = LiveTraining(model, data, forcing, **settings)
        try:
            replay = cls(
                training.run,
                panes=names,
                max_order=max_order,
                bifurcations=False,
                epoch=training.run.epochs if follow else 0,
                speed=speed or max(1.0, training.epochs / SECONDS),
            )
        except BaseException:
            training.close()
            raise
        replay._attach(training, follow, bifurcations)
        if not paused:
            training.start()
        return replay

    # Scripting ----------------------------------------------------------------------------------

    @property
    def run(self) -> TrainingRun:
        """The training that is shown; of one that goes on, all that is done."""
        return self.live.run if self.training is None else self.training.run

    @property
    def epoch(self) -> int:
        """The number of the network that is shown; assign to go there."""
        return self.live.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self.live.epoch = epoch

    @property
    def bifurcations(self) -> RunBifurcations | None:
        """What was found along the run; None while it is sought."""
        return self.live.bifurcations

    def play(self, speed: float | None = None) -> None:
        """Play from the present epoch, `speed` epochs a second; the browser is the clock."""
        if speed is not None:
            self.transport.speed = speed
        self.transport.playing = True

    def pause(self) -> None:
        """Stop where it is."""
        self.transport.playing = False

    def wait(self, timeout: float | None = None, finest: bool = False) -> bool:
        """Wait until the panes show the present epoch; return whether they do.

        With `finest`, wait also for the finest pictures and until the bifurcations are known.
        """
        done = not finest or self._search.wait(timeout)
        return self.live.wait(timeout, finest) and done

    @property
    def follow(self) -> bool:
        """Whether the clock stays at the newest epoch of a training that goes on."""
        return self._following is not None and self._following.follow

    @follow.setter
    def follow(self, on: bool) -> None:
        if self._following is None:
            raise ValueError("follow belongs to a training that goes on, as TrainingReplay.live's")
        self._following.follow = bool(on)
        if on:
            self._following.show(self.run)
        self.training_changed()

    def search(self) -> None:
        """Look for the bifurcations along the run, in the background."""
        self._search.start(self._look)

    def _look(self, cancel: np.ndarray) -> None:
        order, following = self.live.max_order, self._following

        def report(step: int, steps: int) -> None:
            text = f"bifurcations to order {order}: {100 * step // max(steps, 1)} %"
            set_html(self._status, badge_html(text, "growing"))

        if following is not None:
            following.search(order, cancel)
        run, jumps, cache = self.run, self.live.jumps, None
        if following is not None:
            jumps, cache = tuple(find_loss_jumps(run.loss)), following.cache
        if run.epochs == 0 or cancel[0]:
            return
        found = bifurcations_along(run, order, cache=cache, progress=report, cancel=cancel)
        if not cancel[0]:
            with self.live.hold():
                self.live.jumps, self.live.bifurcations = jumps, found

    def close(self) -> None:
        """End all work and close every widget that the replay opened; `run` stays."""
        super().close()

    def _close_own(self) -> None:
        if not self._left:
            if self.training is not None:
                self.training.close()
                self._following.close()
            self._search.stop()
        super()._close_own()

    # A training that goes on --------------------------------------------------------------------

    def _attach(self, training: LiveTraining, follow: bool, search: bool) -> None:
        self.training = training
        self._following = Following(self, training, follow)
        self._controls = TrainingControls(
            training, lambda on: setattr(self, "follow", on), self._in_callback
        )
        if search:
            training.on_start(self.search)
        self.transport.growing = True
        self.transport.on_left(self._left_page)
        after = self.children.index(self.transport) + 1
        self.children = (*self.children[:after], self._controls, *self.children[after:])
        self._bar.children = (self._controls.status, self._status)

    def _left_page(self) -> None:
        """End what nobody sees any more."""
        self.training.stop()
        self._search.stop()

    def training_changed(self) -> None:
        """Show how the training is now."""
        self.transport.growing = self.training.running or not self.training.finished
        self._controls.show(self.follow)

    # Following ----------------------------------------------------------------------------------

    def _on_transport(self, change) -> None:
        if self.live.run.nearest_saved(change.new) != self.live.epoch:
            self._in_callback(lambda: self.live.go_to(change.new))

    def _on_epoch(self, change) -> None:
        if self._following is not None and self._following.scrubbed(change.new):
            self.transport.send_state("epoch")  # the browser may have been told of a newer one
            self.training_changed()
        # Where only some networks were saved, the clock goes on between them.
        if self.live.run.nearest_saved(self.transport.epoch) != self.live.epoch:
            self.transport.epoch = self.live.epoch

    def _follow_run(self) -> None:
        live, run = self.live, self.live.run
        gaps = run.saved_epochs[1:] - run.saved_epochs[:-1]
        found = () if live.bifurcations is None else live.bifurcations.events
        shown = [event for event in found if event.qualitative]
        shown.sort(key=lambda event: (not event.changes_attractor, not event.attracting))
        with self.transport.hold_sync():
            self.transport.epochs = run.epochs
            self.transport.stride = int(gaps.max()) if len(gaps) else 1
            self.transport.epoch = live.epoch
            self.transport.jumps = [
                [jump.start, jump.direction == "up", jump_text(jump)] for jump in live.jumps
            ]
            self.transport.events = [
                [event.epoch, EVENT_COLOURS[event.type], event_text(event)]
                for event in shown[:MOST_MARKS]
            ]
        if live.bifurcations is not None:
            set_html(self._status, self._status_html(live.bifurcations))

    def _status_html(self, found: RunBifurcations) -> str:
        if self.training is not None and self.training.running:
            text = f"bifurcations to order {found.max_order} up to epoch {found.known_up_to:,}"
            return badge_html(text, "growing")
        return badge_html(found.statement, "proved" if found.proved.all() else "searched")

    def _search_failed(self, error: Exception) -> None:
        set_html(self._status, badge_html("no bifurcations: see the message above", "trouble"))
        self.say(f"{type(error).__name__}: {error}")

    def _lay_out(self) -> None:
        wide = [pane for name, pane in self.panes.items() if name in WIDE]
        narrow = [pane for name, pane in self.panes.items() if name not in WIDE]
        for pane in narrow:
            pane.layout.flex = "1 1 340px"
        below = widgets.HBox(narrow, layout={"flex_flow": "row wrap"})
        self._bar = widgets.HBox([self._status], layout={"flex_flow": "row wrap"})
        self._show(self.transport, self._bar, *wide, below, self.exploration)


PANES = {
    "loss": LossPane,
    "cycles": CyclesPane,
    "state space": ReplayStateSpace,
    "eigenvalues": EigenvaluePane,
    "path": PathPane,
}
WIDE = ("loss", "cycles")


def checked_panes(names: Iterable[str] | None) -> tuple[str, ...]:
    """Return the names of panes, by default all.

    Raises
    ------
    ValueError
        If there is no such pane, or one is named twice.
    """
    if names is None:
        return tuple(PANES)
    chosen = (names,) if isinstance(names, str) else tuple(names)
    if len(set(chosen)) < len(chosen) or not set(chosen) <= set(PANES):
        raise ValueError(f"panes must be some of {', '.join(PANES)}, got {chosen!r}")
    return chosen
