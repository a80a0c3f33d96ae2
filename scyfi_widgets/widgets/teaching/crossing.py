"""One weight under the finger, and a bifurcation that it crosses, seen from all sides."""

from __future__ import annotations

import ipywidgets as widgets

from ...bifurcations.diagram import Diagram
from ...bifurcations.line import Line
from ...cycles import CycleSet
from ...models import Model
from ...models.validation import interval
from ..diagram.bifurcation_diagram import BifurcationDiagram
from ..diagram.choice import slider_range
from ..live import Live
from ..pane import Panel
from ..state_space import StateSpace
from ..weight_slider import WeightSlider
from ..weights import largest_weight
from .eigenvalue_circle import EigenvalueCircle


class Crossing(Panel):
    """A bifurcation crossed by hand: one slider, and below it all that it changes.

    The state space, or the return map of a single unit; the eigenvalues on the unit circle; and
    the bifurcation diagram over the weight, in which a click or a drag moves it as well.

    Parameters
    ----------
    subject : Model or Live
    parameter : str, optional
        A weight's name, by default the largest of the first matrix.
    bounds : (lo, hi), optional
        Its range, by default that of its slider.
    max_order : int
        The highest order of a cycle.
    height : str
        CSS height of the figures in the upper row; the diagram is a little lower.
    **settings
        Further settings of a `Live`.

    Attributes
    ----------
    slider : WeightSlider
    state_space : StateSpace
    circle : EigenvalueCircle
    bifurcations : BifurcationDiagram
    """

    def __init__(
        self,
        subject: Model | Live,
        parameter: str | None = None,
        bounds: tuple[float, float] | None = None,
        *,
        max_order: int = 2,
        height: str = "260px",
        **settings,
    ):
        super().__init__(subject, **{"max_order": max_order, "orbit_steps": 300, **settings})
        model = self.model
        name = largest_weight(model) if parameter is None else parameter
        bounds = slider_range(model, name, {}) if bounds is None else interval("bounds", bounds)
        self._parameter = Line.through(model, name, bounds).parameter
        self.slider = WeightSlider(self._parameter, self.value, bounds)
        self.slider.layout.width = "100%"
        self.slider.observe(self._on_slider, "value")
        with self.live.hold():
            self.state_space = StateSpace(self.live, height=height)
            self.circle = EigenvalueCircle(self.live, height=height)
            self.bifurcations = BifurcationDiagram(
                self.live, self._parameter, bounds, max_order=max_order, height="220px"
            )
        self.state_space.layout.flex, self.circle.layout.flex = "3 1 340px", "2 1 280px"
        above = widgets.HBox(
            [self.state_space, self.circle], layout={"flex_flow": "row wrap", "width": "100%"}
        )
        self._show(self.slider, above, self.bifurcations)
        self._watch(self._follow, "model")

    @property
    def parameter(self) -> str:
        """The name of the weight."""
        return self._parameter

    @property
    def value(self) -> float:
        """The weight's value; assigning another one moves it."""
        return self.model[self._parameter]

    @value.setter
    def value(self, value: float) -> None:
        self.live.move({self._parameter: value}, gesture=self._parameter)

    @property
    def cycles(self) -> CycleSet | None:
        """The cycles at the present value."""
        return self.state_space.cycles

    @property
    def diagram(self) -> Diagram | None:
        """The bifurcation diagram, as data."""
        return self.bifurcations.diagram

    def _on_slider(self, change) -> None:
        if change.new != self.value:
            self._in_callback(lambda: setattr(self, "value", change.new))

    def _follow(self, _change) -> None:
        if self._parameter in self.model.parameter_names and self.slider.value != self.value:
            self.slider.value = self.value
