"""Play, back, a slider and next: how a person goes through steps."""

from __future__ import annotations

import ipywidgets as widgets
import traitlets as tr

INTERVAL = 1400  # ms of one step while it plays: time to read a line


class Stepper(widgets.HBox):
    """A whole number that is played, stepped and slid.

    Parameters
    ----------
    name : str
        What is written beside the slider.
    low, high : int
        Ends, both included.
    value : int
    interval : int
        Milliseconds of one step while it plays.

    Attributes
    ----------
    value : int
        Readable, settable and observable.
    """

    value = tr.Int()

    def __init__(self, name: str, low: int, high: int, value: int, interval: int = INTERVAL):
        self.name, self._low, self._high = name, low, high
        ends = {"min": low, "max": high, "value": value}
        self._play = widgets.Play(**ends, interval=interval, show_repeat=False)
        self._play.layout.width = "84px"
        self._slider = widgets.IntSlider(
            **ends,
            description=name,
            layout={"flex": "1 1 160px", "width": "auto", "min_width": "150px"},
            style={"description_width": "initial"},
        )
        self._back = _button("step-backward", "One step back", self._go_back)
        self._next = _button("step-forward", "One step on", self._go_on)
        super().__init__(
            [self._play, self._back, self._next, self._slider],
            layout={"align_items": "center"},
            value=value,
        )
        self.add_class("sw-stepper")
        self.observe(self._show_value, "value")
        for control in (self._play, self._slider):
            control.observe(self._on_control, "value")

    @tr.validate("value")
    def _check(self, proposal):
        if not self._low <= proposal.value <= self._high:
            raise ValueError(
                f"{self.name} must be a whole number from {self._low} to {self._high}, "
                f"got {proposal.value}"
            )
        return proposal.value

    @property
    def high(self) -> int:
        """The last step."""
        return self._high

    def set_range(self, high: int, value: int | None = None) -> None:
        """Let it end at `high`, and go to `value`; without one it stays, or goes to the end."""
        value = min(self.value, high) if value is None else value
        before, self._high = self._high, max(high, self._high)  # both are allowed on the way
        for control in (self._play, self._slider):
            if control.max < high:
                control.max = high
        self.value = value
        self._high = high
        if high != before:
            for control in (self._play, self._slider):
                control.max = high
            self._show_value()

    def _show_value(self, _change=None) -> None:
        for control in (self._play, self._slider):
            if control.value != self.value:
                control.value = self.value
        self._back.disabled = self.value == self._low
        self._next.disabled = self.value == self._high

    def _on_control(self, change) -> None:
        if self._low <= change.new <= self._high:
            self.value = change.new

    def _go_back(self) -> None:
        self.value = max(self._low, self.value - 1)

    def _go_on(self) -> None:
        self.value = min(self._high, self.value + 1)


def _button(icon: str, tip: str, action) -> widgets.Button:
    button = widgets.Button(icon=icon, tooltip=tip, layout={"width": "36px"})
    button.on_click(lambda _: action())
    return button
