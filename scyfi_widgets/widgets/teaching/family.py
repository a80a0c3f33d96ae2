"""Networks that a function makes of a few numbers, each number with a slider."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import ipywidgets as widgets
import numpy as np

from ...models import Model
from ..live import Live
from ..pane import Panel
from ..weight_slider import WeightSlider
from ..weights import default_limits

Family = Callable[..., Model]


def subject_of(subject: Model | Live | Family) -> Model | Live:
    """Return a model or Live as it is, and of a function the network that it makes by default.

    Raises
    ------
    TypeError
        If it is none of them.
    """
    if isinstance(subject, (Model, Live)) or not callable(subject):
        return subject
    model = subject(**defaults_of(subject))
    if not isinstance(model, Model):
        raise TypeError(f"{_name(subject)} must return a network, got {type(model).__name__}")
    return model


def defaults_of(family: Family) -> dict[str, float]:
    """Return the parameters of a function, which must be numbers with defaults.

    Raises
    ------
    TypeError
        If one has no default, or another one than a number.
    """
    defaults = {}
    for name, parameter in inspect.signature(family).parameters.items():
        value = parameter.default
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(
                f"every parameter of {_name(family)} must be a number with a default, {name} is not"
            )
        defaults[name] = float(value)
    return defaults


class FamilySliders(Panel):
    """A slider for each number of which a function makes a network.

    Parameters
    ----------
    subject : Live
    family : callable
        Such as ``sw.systems.tent_map``.

    Attributes
    ----------
    sliders : dict of str to WeightSlider
    """

    def __init__(self, subject: Live, family: Family):
        super().__init__(subject)
        self._family = family
        self.sliders: dict[str, WeightSlider] = {}
        for name, value in defaults_of(family).items():
            slider = WeightSlider(name, value, default_limits(np.array(value)))
            slider.layout.width = "230px"
            slider.observe(self._on_slider, "value")
            self.sliders[name] = slider
        row = widgets.HBox(list(self.sliders.values()), layout={"flex_flow": "row wrap"})
        self._show(row)

    def _on_slider(self, _change) -> None:
        values = {name: slider.value for name, slider in self.sliders.items()}
        self._in_callback(lambda: setattr(self.live, "model", self._family(**values)))


def _name(family: Family) -> str:
    return getattr(family, "__name__", repr(family))
