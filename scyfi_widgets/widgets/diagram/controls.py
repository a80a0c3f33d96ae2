"""The row of controls above a bifurcation diagram."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from ...models import Model
from .choice import Choice, coordinate_options

MOST_ORDER = 100
ZOOM_TIP = "Drag a box to zoom into it; off: a click moves the weight"


class DiagramControls(widgets.HBox):
    """Controls that show a choice, and report when a person changes it.

    Parameters
    ----------
    names : tuple of str
        What can be drawn to the right.
    model : Model
    choice : Choice
    change : callable
        Called with the name of an attribute of the choice and its new value.
    reset : callable
        Called when the button is pressed.
    snapshot : Widget
        The button that saves the picture.

    Attributes
    ----------
    zoom, events : ToggleButton
        Whether a box is to be drawn, and whether the table is shown.
    status : HTML
    """

    def __init__(
        self,
        names: tuple[str, ...],
        model: Model,
        choice: Choice,
        change: Callable[[str, object], None],
        reset: Callable[[], None],
        snapshot: widgets.Widget,
    ):
        self._change = change
        self._setting = False
        self.weight = widgets.Dropdown(
            options=names,
            value=choice.parameter,
            description="over",
            tooltip="The weight that is drawn to the right",
            layout={"width": "128px"},
            style={"description_width": "30px"},
        )
        self.upwards = widgets.Dropdown(
            options=coordinate_options(model.M),
            value=choice.coordinate,
            description="y",
            tooltip="What is drawn upwards",
            layout={"width": "92px"},
            style={"description_width": "12px"},
        )
        self.order = widgets.BoundedIntText(
            value=choice.max_order,
            min=1,
            max=max(MOST_ORDER, choice.max_order),
            description="order ≤",
            tooltip="Cycles up to this order",
            layout={"width": "112px"},
            style={"description_width": "50px"},
        )
        self.zoom = _toggle("Zoom", "search", ZOOM_TIP)
        self.reset = widgets.Button(
            description="Reset", tooltip="The whole range again", layout={"width": "auto"}
        )
        self.orbits = _toggle("Orbits", "braille", "Where orbits end up", choice.orbits)
        self.events = _toggle("Events", "list", "All events as a table")
        self.status = widgets.HTML()
        self.status.add_class("sw-statement")
        for control, name in (
            (self.weight, "parameter"),
            (self.upwards, "coordinate"),
            (self.order, "max_order"),
            (self.orbits, "orbits"),
        ):
            control.observe(lambda change, name=name: self._report(name, change.new), "value")
        self.reset.on_click(lambda _: reset())
        row = (self.weight, self.upwards, self.order, self.zoom, self.reset, self.orbits)
        super().__init__(
            [*row, self.events, snapshot, self.status],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        self.add_class("sw-toolbar")

    def show(self, names: tuple[str, ...], model: Model, choice: Choice) -> None:
        """Set the controls to a choice, one of `names`."""
        self._setting = True
        try:
            if self.weight.options != names:
                self.weight.options = names
            if self.upwards.options != coordinate_options(model.M):
                self.upwards.options = coordinate_options(model.M)
            if self.order.max < choice.max_order:
                self.order.max = choice.max_order
            for control, value in (
                (self.weight, choice.parameter),
                (self.upwards, choice.coordinate),
                (self.order, choice.max_order),
                (self.orbits, choice.orbits),
            ):
                if control.value != value:
                    control.value = value
        finally:
            self._setting = False

    def _report(self, name: str, value: object) -> None:
        if not self._setting and value is not None:
            self._change(name, value)


def _toggle(text: str, icon: str, tip: str, value: bool = False) -> widgets.ToggleButton:
    return widgets.ToggleButton(
        value=value, description=text, icon=icon, tooltip=tip, layout={"width": "auto"}
    )
