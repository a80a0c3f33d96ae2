"""One weight: its value as a number that can be typed, and a slider that moves it.

An ordinary FloatSlider rounds whatever it is given to its steps and sends that back, which would
change a trained network as soon as it is drawn. Here the slider counts whole steps, which survive
the way to the browser and back, and the rest of the value stays in Python.
"""

from __future__ import annotations

import math

import ipywidgets as widgets
import traitlets as tr

STEPS = 400  # from one end of a slider to the other
SHOWN_DIGITS = 6


class WeightSlider(widgets.VBox):
    """A slider for a real number.

    Parameters
    ----------
    name : str
    value : float
    limits : (low, high)
        Ends; they widen when a value beyond them is set.

    Attributes
    ----------
    value : float
        Readable, settable and observable, exactly as given.
    """

    value = tr.Float()

    def __init__(self, name: str, value: float, limits: tuple[float, float]):
        self.name = name
        self._limits = limits
        self._remainder = 0.0
        self._number = widgets.FloatText(
            description=name,
            step=None,
            layout={"width": "100%", "margin": "0"},
            style={"description_width": "56px"},
        )
        self._steps = widgets.IntSlider(
            min=0, max=STEPS, readout=False, layout={"width": "100%", "margin": "0"}
        )
        super().__init__([self._number, self._steps], value=value)
        self._show_value()
        self._number.observe(self._on_number, "value")
        self._steps.observe(self._on_steps, "value")
        self.observe(self._show_value, "value")
        self.add_class("sw-weight")
        self.add_class("sw-weight-" + name.replace("[", "-").replace(",", "-").replace("]", ""))

    @property
    def limits(self) -> tuple[float, float]:
        """The two ends of the slider."""
        return self._limits

    @tr.validate("value")
    def _check(self, proposal):
        if not math.isfinite(proposal.value):
            raise tr.TraitError(f"{self.name} must be finite, got {proposal.value}")
        return proposal.value

    def _step(self) -> float:
        low, high = self._limits
        return (high - low) / STEPS

    def _show_value(self, _change=None) -> None:
        low, high = self._limits
        if not low <= self.value <= high:
            self._limits = (min(low, 2.0 * self.value), max(high, 2.0 * self.value))
            low, high = self._limits
        steps = round((self.value - low) / self._step())
        self._remainder = self.value - (low + steps * self._step())
        if self._steps.value != steps:
            self._steps.value = steps
        if self._number.value != _shown(self.value):
            self._number.value = _shown(self.value)

    def _on_steps(self, change) -> None:
        here = round((self.value - self._limits[0]) / self._step())
        if change.new != here:
            self.value = self._limits[0] + change.new * self._step() + self._remainder

    def _on_number(self, change) -> None:
        if change.new == _shown(self.value):
            return
        if math.isfinite(change.new):
            self.value = change.new
        else:
            self._number.value = _shown(self.value)


def _shown(value: float) -> float:
    return float(f"{value:.{SHOWN_DIGITS}g}")
