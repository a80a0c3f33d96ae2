"""One weight: its value as a number that can be typed, and a slider that moves it.

An ordinary FloatSlider rounds whatever it is given to its steps and sends that back, which would
change a trained network as soon as it is drawn. Here the slider counts whole steps, which survive
the way to the browser and back, and the rest of the value stays in Python.
"""

from __future__ import annotations

import math
import sys

import ipywidgets as widgets
import traitlets as tr

STEPS = 400  # from one end of a slider to the other
SHOWN_DIGITS = 6
LARGEST = sys.float_info.max


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
    typed : bool
        Whether the present change of the value was typed as a number.
    """

    value = tr.Float()

    def __init__(self, name: str, value: float, limits: tuple[float, float]):
        self.name = name
        self._limits = low, high = float(limits[0]), float(limits[1])
        if not (math.isfinite(low) and math.isfinite(high) and self._step() > 0.0):
            raise ValueError(f"limits of {name} must be finite with low < high, got {limits}")
        self._remainder = 0.0
        self.typed = False
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

    # Low and high are divided before they meet: the difference of large numbers may be infinite.

    def _step(self) -> float:
        low, high = self._limits
        return high / STEPS - low / STEPS

    def _nearest_step(self) -> int:
        return round(self.value / self._step() - self._limits[0] / self._step())

    def _value_at(self, steps: int) -> float:
        return (self._limits[0] / self._step() + steps) * self._step()

    def _show_value(self, _change=None) -> None:
        low, high = self._limits
        if not low <= self.value <= high:
            far = max(-LARGEST, min(LARGEST, 2.0 * self.value))
            self._limits = (min(low, self.value, far), max(high, self.value, far))
        steps = self._nearest_step()
        self._remainder = self.value - self._value_at(steps)
        if self._steps.value != steps:
            self._steps.value = steps
        if self._number.value != _shown(self.value):
            self._number.value = _shown(self.value)

    def _on_steps(self, change) -> None:
        if change.new != self._nearest_step():
            self.value = self._value_at(change.new) + self._remainder

    def _on_number(self, change) -> None:
        if change.new == _shown(self.value):
            return
        if math.isfinite(change.new):
            self.typed = True
            try:
                self.value = change.new
            finally:
                self.typed = False
        else:
            self._number.value = _shown(self.value)


def _shown(value: float) -> float:
    return float(f"{value:.{SHOWN_DIGITS}g}")
