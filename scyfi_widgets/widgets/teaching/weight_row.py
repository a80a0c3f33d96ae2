"""A few chosen weights in a row, where all of them would be too many for a lecture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import ipywidgets as widgets

from ...models import Model
from ..live import Live
from ..pane import Panel
from ..weight_slider import WeightSlider
from ..weights import default_limits


class WeightRow(Panel):
    """Sliders for some weights of a network.

    Parameters
    ----------
    subject : Model or Live
    names : sequence of str
        Of single weights, such as ``["A[0]", "W[0,1]"]``.

    Attributes
    ----------
    sliders : dict of str to WeightSlider

    Raises
    ------
    KeyError
        If there is no such weight.
    """

    def __init__(self, subject: Model | Live, names: Sequence[str]):
        super().__init__(subject)
        self.sliders = {name: self._slider(name) for name in map(_plain, names)}
        row = widgets.HBox(list(self.sliders.values()), layout={"flex_flow": "row wrap"})
        self._show(row)
        self._watch(self._follow, "model")

    def _slider(self, name: str) -> WeightSlider:
        value = self.model[name]
        if not isinstance(value, float):
            raise KeyError(f"{name!r} is a whole array; name one entry, such as {name}[0]")
        slider = WeightSlider(name, value, default_limits(self.model[name.split("[")[0]]))
        slider.layout.width = "230px"
        slider.observe(partial(self._on_slider, name), "value")
        return slider

    def _on_slider(self, name: str, change) -> None:
        if self.model[name] == change.new:
            return
        gesture = None if change.owner.typed else name
        self._in_callback(lambda: self.live.move({name: change.new}, gesture=gesture))

    def _follow(self, _change) -> None:
        model = self.model  # not the change's: another thread may have set a newer one meanwhile
        for name, slider in self.sliders.items():
            there = name in model.parameter_names
            slider.layout.display = None if there else "none"
            if there and slider.value != model[name]:
                slider.value = model[name]


def _plain(name: str) -> str:
    return "".join(name.split())
