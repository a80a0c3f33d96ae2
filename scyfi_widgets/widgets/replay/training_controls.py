"""The row of buttons of a training that goes on."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

import ipywidgets as widgets

from ..html_parts import badge_html, set_html
from .live_training import LiveTraining

PACES = {"full speed": None, "1000 / s": 1000.0, "200 / s": 200.0, "50 / s": 50.0, "10 / s": 10.0}
LOWEST_RATE, HIGHEST_RATE = -7.0, 0.0  # decimal logarithms
QUIET = 0.3  # s without a person's change after which a control shows the trainer's number again


class TrainingControls(widgets.VBox):
    """Start, pause and stop; the forcing strength and the learning rate; how far it is.

    Parameters
    ----------
    training : LiveTraining
    follow : callable
        Called with whether the clock is to stay at the newest epoch.
    do : callable
        Called with a function that does what a person asked for; it shows its errors.

    Attributes
    ----------
    status : widgets.HTML
        How far it is, or why it ended: to be shown beside other such lines.
    """

    def __init__(
        self,
        training: LiveTraining,
        follow: Callable[[bool], None],
        do: Callable[[Callable[[], object]], None],
    ):
        self._training, self._follow_action, self._do = training, follow, do
        self._own = threading.local()  # another thread's change is a person's
        self._touched = 0.0
        self._last = (time.perf_counter(), training.run.epochs)
        self._speed = math.nan
        self._build()
        super().__init__([self._row, self._steering])
        self.add_class("sw-toolbar")
        self.show(follow=True)

    def show(self, follow: bool) -> None:
        """Show how the training is now."""
        training = self._training
        run, running = training.run, training.running
        self._measure(run.epochs, running)
        self._own.showing = True
        try:
            label = "Pause" if running else "Start" if run.epochs == 0 else "Go on"
            _set(self.start, description=label, icon="pause" if running else "play")
            _set(self.start, disabled=training.finished and not running)
            _set(self.stop, disabled=not running)
            _set(self.follow, value=follow)
            _set(self.epochs, value=training.epochs)
            if time.perf_counter() - self._touched > QUIET:
                self._show_numbers()
        finally:
            self._own.showing = False
        set_html(self.status, self._status_html())

    def _show_numbers(self) -> None:
        training = self._training
        if training.forced:
            _set(self.alpha, value=float(training.alpha))
        rate = training.learning_rate
        if rate > 0.0:
            exponent = math.log10(rate)
            _set(self.rate, min=min(LOWEST_RATE, math.floor(exponent)))
            _set(self.rate, max=max(HIGHEST_RATE, math.ceil(exponent)))
            _set(self.rate, value=rate)

    def _measure(self, epochs: int, running: bool) -> None:
        now, (before, done) = time.perf_counter(), self._last
        if not running:
            self._speed = math.nan
        elif epochs > done and now - before > 0.1:
            self._speed = (epochs - done) / (now - before)
        else:
            return
        self._last = now, epochs

    def _status_html(self) -> str:
        training = self._training
        run, reason = training.run, training.reason
        text = f"{run.epochs:,} of {training.epochs:,} epochs"
        if run.epochs:
            text += f", loss {run.loss[-1]:.4g}"
        if training.running:
            if run.epochs == 0:
                text += ", the first one may have to be compiled"
            elif not math.isnan(self._speed):
                text += f", {self._speed:,.3g} a second"
            return badge_html(text, "growing")
        if reason is not None:
            return badge_html(f"{text}: {reason}", "trouble" if _trouble(reason) else "searched")
        return badge_html(text if training.finished else f"{text}, paused", "searched")

    # What the person does -----------------------------------------------------------------------

    def _build(self) -> None:
        training = self._training

        def button(name: str, tooltip: str, icon: str, width: str) -> widgets.Button:
            return widgets.Button(
                description=name, tooltip=tooltip, icon=icon, layout={"width": width}
            )

        self.start = button("Start", "Train, or pause after this epoch", "play", "84px")
        self.start.on_click(lambda _: self._do(self._toggle))
        self.stop = button("Stop", "Stop at once; the run so far is kept", "stop", "72px")
        self.stop.on_click(lambda _: self._do(training.stop))
        self.follow = widgets.ToggleButton(
            value=True,
            description="Follow",
            tooltip="The clock stays at the newest epoch; a scrub ends that",
            layout={"width": "72px"},
        )
        self.follow.observe(lambda change: self._person(self._follow_action, change.new), "value")
        self.epochs = widgets.BoundedIntText(
            value=training.epochs,
            min=0,
            max=10**9,
            description="epochs",
            continuous_update=False,
            layout={"width": "150px"},
            style={"description_width": "48px"},
        )
        self.epochs.observe(lambda change: self._person(self._set, "epochs", change.new), "value")
        self.pace = widgets.Dropdown(
            options=list(PACES.items()),
            value=training.pace if training.pace in PACES.values() else None,
            tooltip="Epochs a second, at most",
            layout={"width": "104px"},
        )
        self.pace.observe(lambda change: self._person(self._set, "pace", change.new), "value")
        self.status = widgets.HTML()
        self._row = widgets.HBox(
            [self.start, self.stop, self.follow, self.epochs, self.pace],
            layout={"flex_flow": "row wrap"},
        )
        self.alpha = widgets.FloatSlider(
            value=0.0,
            min=0.0,
            max=1.0,
            step=0.001,
            readout_format=".3f",
            description="forcing α",
            layout={"width": "300px"},
            style={"description_width": "64px"},
        )
        self.alpha.observe(lambda change: self._person(self._steer, "alpha", change.new), "value")
        self.rate = widgets.FloatLogSlider(
            value=1e-3,
            min=LOWEST_RATE,
            max=HIGHEST_RATE,
            step=0.01,
            readout_format=".3g",
            description="learning rate",
            layout={"width": "330px"},
            style={"description_width": "84px"},
        )
        self.rate.observe(
            lambda change: self._person(self._steer, "learning_rate", change.new), "value"
        )
        plan = button("As planned", "Take back what was set by hand", "", "96px")
        plan.on_click(lambda _: self._do(self._go_back_to_plan))
        steering = [self.rate, plan]
        self._steering = widgets.HBox(
            [self.alpha, *steering] if training.forced else steering,
            layout={"flex_flow": "row wrap"},
        )

    def _toggle(self) -> None:
        (self._training.pause if self._training.running else self._training.start)()

    def _set(self, name: str, value: object) -> None:
        try:
            setattr(self._training, name, value)
        finally:
            self.show(self.follow.value)

    def _steer(self, name: str, value: float) -> None:
        self._touched = time.perf_counter()
        setattr(self._training, name, value)

    def _go_back_to_plan(self) -> None:
        if self._training.forced:
            self._training.alpha = None
        self._training.learning_rate = None
        self._touched = 0.0
        self.show(self.follow.value)

    def _person(self, action: Callable, *arguments: object) -> None:
        if not getattr(self._own, "showing", False):
            self._do(lambda: action(*arguments))


def _set(widget: widgets.Widget, **traits: object) -> None:
    for name, value in traits.items():
        if getattr(widget, name) != value:
            setattr(widget, name, value)


def _trouble(reason: str) -> bool:
    return reason.startswith(("diverged", "failed"))
