"""From the replay to the explorer and back: an epoch's weights, and where training takes them."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from ...training import TrainingRun
from ..diagram.direction import Direction
from ..explorer import Explorer
from ..pane import close_tree
from .replay_live import ReplayLive

AHEAD = 20  # saved networks to the one that gives the direction
BEFORE, BEYOND = -0.5, 1.5  # the range of the diagram, in steps of that length


class Exploration(widgets.VBox):
    """A button that opens the network of the present epoch in an explorer of its own.

    The explorer's bifurcation diagram is drawn in the direction in which training goes on. What is
    changed there changes nothing in the run.

    Parameters
    ----------
    live : ReplayLive
        Of the replay.
    in_callback : callable
        Runs what a person asked for; shows errors.

    Attributes
    ----------
    explorer : Explorer or None
        None while it is closed.
    epoch : int or None
        Of the network that was opened.
    """

    def __init__(self, live: ReplayLive, in_callback: Callable[[Callable[[], object]], None]):
        self._live = live
        self.explorer: Explorer | None = None
        self.epoch: int | None = None
        self._ahead = 0

        def button(text: str, tip: str, action: Callable[[], object]) -> widgets.Button:
            made = widgets.Button(description=text, tooltip=tip, layout={"width": "auto"})
            made.on_click(lambda _: in_callback(action))
            return made

        self._explore = button(
            "Explore this epoch",
            "Open the network of this epoch in an explorer, its diagram along the training",
            self.explore,
        )
        self._back = button(
            "Back to the epoch",
            "Go to the epoch of the place in the explorer's diagram",
            self.go_back,
        )
        self._leave = button("Close", "Close the explorer", self.close_explorer)
        self._bar = widgets.HBox([self._explore], layout={"flex_flow": "row wrap"})
        self._bar.add_class("sw-toolbar")
        super().__init__([self._bar])

    def explore(self) -> Explorer:
        """Open the network of the present epoch; an explorer that is open is closed."""
        self.close_explorer()
        run, self.epoch = self._live.run, self._live.epoch
        direction, self._ahead = direction_of(run, self.epoch)
        settings = {} if direction is None else {"parameter": direction}
        self.explorer = Explorer(
            run.model(self.epoch),
            max_order=self._live.max_order,
            start=self._live.start,
            **settings,
        )
        if direction is not None:
            self.explorer.bifurcations.bounds = (BEFORE, BEYOND)
        self._bar.children = (self._explore, self._back, self._leave)
        self.children = (self._bar, self.explorer)
        return self.explorer

    @property
    def place(self) -> float:
        """The fractional epoch of the place in the explorer's diagram; that of its network before.

        Between networks it is exact where training went straight on.
        """
        if self.explorer is None:
            return float(self._live.epoch)
        picture = self.explorer.bifurcations.picture
        along = picture is not None and picture.diagram.line.parameter is None
        place = self.epoch + (picture.value * self._ahead if along else 0.0)
        return float(min(max(place, 0.0), self._live.run.epochs))

    def go_back(self) -> None:
        """Show the epoch of the place in the explorer's diagram in the replay."""
        if self.explorer is not None:
            self.explorer.wait(self._live.time_limit)
        self._live.go_to(self.place)

    def close_explorer(self) -> None:
        """Close the explorer, if it is open."""
        if self.explorer is not None:
            explorer, self.explorer = self.explorer, None
            self._bar.children = (self._explore,)
            self.children = (self._bar,)
            explorer.close()

    def _close_own(self) -> None:
        # The buttons that are not shown now are nobody's children.
        for button in (self._back, self._leave):
            close_tree(button)
        self.close()


def direction_of(run: TrainingRun, epoch: int) -> tuple[Direction | None, int]:
    """Return the direction from a saved network to a later one, and how many epochs that is.

    At the end of the run it comes from an earlier one. None where no weight changes.
    """
    saved = run.saved_epochs
    row = int(saved.searchsorted(epoch))
    there = min(row + AHEAD, len(saved) - 1)
    if there == row:
        row, there = max(0, row - AHEAD), row
    here, later = run.model(int(saved[row])), run.model(int(saved[there]))
    if here == later:
        return None, 0
    name = f"towards epoch {saved[there]}"
    if saved[row] != epoch:
        # The line begins at the network that is shown, as it does everywhere else.
        now = run.model(epoch)
        ahead = {key: 2.0 * now.parameters[key] - here.parameters[key] for key in here.parameters}
        return Direction("on from the end", now, now.replace(ahead)), int(saved[there] - saved[row])
    return Direction(name, here, later), int(saved[there] - saved[row])
