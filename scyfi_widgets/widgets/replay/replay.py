"""The replay of a training: scrub through the epochs, and see the jump happen."""

from __future__ import annotations

from collections.abc import Iterable

import ipywidgets as widgets

from ...models.validation import whole_number
from ...training import LossJump, RunBifurcations, TrainingRun, bifurcations_along, find_loss_jumps
from ..diagram.choice import default_order
from ..html_parts import badge_html, set_html
from ..palette import EVENT_COLOURS
from ..pane import Panel
from .background import Background
from .cycles_pane import CyclesPane
from .data_space import ReplayStateSpace
from .eigenvalue_pane import EigenvaluePane
from .event_words import event_text, jump_text
from .loss_pane import LossPane
from .replay_live import ReplayLive, as_replay
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
    """

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
        self._follow_run()
        self.transport.observe(self._on_transport, "epoch")
        self._watch(self._on_epoch, "epoch")
        self._watch(lambda _: self._follow_run(), ["run", "jumps", "bifurcations"])
        self._lay_out()
        if bifurcations is True and self.live.bifurcations is None:
            self.search()

    # Scripting ----------------------------------------------------------------------------------

    @property
    def run(self) -> TrainingRun:
        """The training that is shown."""
        return self.live.run

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

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the panes show the present epoch; return whether they do."""
        return self.live.wait(timeout)

    def search(self) -> None:
        """Look for the bifurcations along the run, in the background."""
        run, order = self.run, self.live.max_order

        def look(cancel) -> None:
            def report(step: int, steps: int) -> None:
                text = f"bifurcations to order {order}: {100 * step // max(steps, 1)} %"
                set_html(self._status, badge_html(text, "growing"))

            found = bifurcations_along(run, order, progress=report, cancel=cancel)
            if not cancel[0]:
                self.live.bifurcations = found

        self._search.start(look)

    def close(self) -> None:
        """End the search and close every widget that the replay opened."""
        super().close()

    def _close_own(self) -> None:
        if not self._left:
            self._search.stop()
        super()._close_own()

    # Following ----------------------------------------------------------------------------------

    def _on_transport(self, change) -> None:
        if self.run.nearest_saved(change.new) != self.live.epoch:
            self._in_callback(lambda: self.live.go_to(change.new))

    def _on_epoch(self, _change) -> None:
        # Where only some networks were saved, the clock goes on between them.
        if self.run.nearest_saved(self.transport.epoch) != self.live.epoch:
            self.transport.epoch = self.live.epoch

    def _follow_run(self) -> None:
        live, run = self.live, self.run
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
            kind = "proved" if live.bifurcations.proved.all() else "searched"
            set_html(self._status, badge_html(live.bifurcations.statement, kind))

    def _search_failed(self, error: Exception) -> None:
        set_html(self._status, badge_html("no bifurcations: see the message above", "trouble"))
        self.say(f"{type(error).__name__}: {error}")

    def _lay_out(self) -> None:
        wide = [pane for name, pane in self.panes.items() if name in WIDE]
        narrow = [pane for name, pane in self.panes.items() if name not in WIDE]
        for pane in narrow:
            pane.layout.flex = "1 1 380px"
        below = widgets.HBox(narrow, layout={"flex_flow": "row wrap"})
        bar = widgets.HBox([self._status], layout={"flex_flow": "row wrap"})
        self._show(self.transport, bar, *wide, below)


PANES = {
    "loss": LossPane,
    "cycles": CyclesPane,
    "state space": ReplayStateSpace,
    "eigenvalues": EigenvaluePane,
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
