"""What the panes over the epochs share: a window of epochs, and axes that two runs may share."""

from __future__ import annotations

from typing import TypeVar

import ipywidgets as widgets

from ...models.validation import interval
from ...training import TrainingRun
from ..chart import Limits
from ..pane import LivePane
from ..snapshot import Snapshot
from .epoch_chart import EpochChart
from .replay_live import ReplayLive, as_replay

Own = TypeVar("Own", bound="EpochPane")


class EpochPane(LivePane):
    """A pane whose axis to the right is training time.

    A subclass makes `_marks`, an `EpochChart` to which it gives `_go` and `_zoom_into`, and calls
    `_show_controls`.

    Parameters
    ----------
    subject : TrainingRun or ReplayLive
    **settings
        Settings of a `ReplayLive`.
    """

    _marks: EpochChart | None = None  # until it is built

    def __init__(self, subject: TrainingRun | ReplayLive, **settings):
        super().__init__(as_replay(subject, **settings))
        self._composed: tuple | None = None  # the last picture, and what it is of
        self._window: Limits | None = None  # of epochs; None for all
        self._beside: tuple[EpochPane, ...] = ()
        self._legend = widgets.HTML()

    @property
    def epochs(self) -> Limits:
        """The epochs that are shown; assign to zoom, `reset` to go back."""
        return self._window or (0.0, float(max(1, *(p.live.run.epochs for p in self._panes))))

    @epochs.setter
    def epochs(self, epochs: Limits) -> None:
        self._set_window(interval("epochs", epochs))

    def reset(self) -> None:
        """Show all epochs."""
        self._set_window(None)

    def share_axes(self: Own, other: Own) -> None:
        """Draw this pane and another one, of another run, in the same axes from now on."""
        self._beside, other._beside = (*self._beside, other), (*other._beside, self)
        other._set_window(self._window)

    @property
    def _panes(self) -> tuple[EpochPane, ...]:
        """All panes in the same axes, this one first."""
        return (self, *self._beside)

    def _set_window(self, window: Limits | None) -> None:
        self._choose(_window=window)

    def _choose(self, **choices: object) -> None:
        """Set attributes of this pane and of those in the same axes, and draw them."""
        for pane in self._panes:
            for name, value in choices.items():
                setattr(pane, name, value)
            pane._show_choices()
            pane.live.refresh()

    def _show_choices(self) -> None:
        """Set the controls to what was chosen."""

    # What the person does -----------------------------------------------------------------------

    def _show_controls(self, *controls: widgets.Widget) -> None:
        """Take in `controls`, buttons to zoom and to go back, the figure and the legend."""
        self._zoom = widgets.ToggleButton(
            description="Zoom", tooltip="Draw a box: it is shown alone", layout={"width": "64px"}
        )
        self._zoom.observe(lambda change: self._marks.set_zooming(change.new), "value")
        reset = widgets.Button(
            description="Reset", tooltip="Show all epochs", layout={"width": "64px"}
        )
        reset.on_click(lambda _: self._in_callback(self.reset))
        self._controls = widgets.HBox(
            [*controls, self._zoom, reset, Snapshot(self.figure_name)],
            layout={"flex_flow": "row wrap"},
        )
        self._controls.add_class("sw-toolbar")
        self.figure = self._marks.figure
        self._show(self._controls, self.figure, self._legend)

    def _on_choice(self, name: str, value: object) -> None:
        """Do what a control asks for; it is a property of the pane that changes."""
        if value != getattr(self, name):
            self._in_callback(lambda: setattr(self, name, value))

    def _go(self, epoch: float) -> None:
        self._in_callback(lambda: self.live.go_to(epoch))

    def _zoom_into(self, epochs: Limits, limits: Limits) -> None:
        self._zoom.value = False
        self._in_callback(lambda: self._set_box(epochs, limits))

    def _set_box(self, epochs: Limits, _limits: Limits) -> None:
        """Show a box; its height is the subclass's matter."""
        self._set_window(epochs)

    def _close_own(self) -> None:
        if self._marks is not None:
            self._marks.close()
        super()._close_own()
