"""The row of controls above a parameter plane."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from ...models import Model
from .choice import PlaneChoice

MOST_ORDER = 100
ZOOM_TIP = "Drag a box to zoom into it; off: a click moves both weights"


class PlaneControls(widgets.HBox):
    """Controls that show a choice, and report when a person changes it.

    Parameters
    ----------
    model : Model
    choice : PlaneChoice
    change : callable
        Called with the name of an attribute of the choice and its new value.
    reset : callable
        Called when the button is pressed.
    snapshot : Widget
        The button that saves the picture.

    Attributes
    ----------
    zoom : ToggleButton
        Whether a box is to be drawn.
    status : HTML
    """

    def __init__(
        self,
        model: Model,
        choice: PlaneChoice,
        change: Callable[[str, object], None],
        reset: Callable[[], None],
        snapshot: widgets.Widget,
    ):
        self._change = change
        self._setting = False
        self._shown = choice.parameters
        self.weights = tuple(
            widgets.Dropdown(
                options=model.parameter_names,
                value=value,
                description=name,
                tooltip=f"The weight that is drawn {way}",
                layout={"width": "112px"},
                style={"description_width": "12px"},
            )
            for name, value, way in zip(
                "xy", choice.parameters, ("to the right", "upwards"), strict=True
            )
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
        self.zoom = widgets.ToggleButton(
            description="Zoom", icon="search", tooltip=ZOOM_TIP, layout={"width": "auto"}
        )
        self.reset = widgets.Button(
            description="Reset", tooltip="Both whole ranges again", layout={"width": "auto"}
        )
        self.regions = widgets.ToggleButton(
            value=choice.regions,
            description="Regions",
            icon="paint-brush",
            tooltip="Tint and name the regions",
            layout={"width": "auto"},
        )
        self.status = widgets.HTML()
        self.status.add_class("sw-statement")
        for place, control in enumerate(self.weights):
            control.observe(lambda change, place=place: self._pick(place, change.new), "value")
        for control, name in ((self.order, "max_order"), (self.regions, "regions")):
            control.observe(lambda change, name=name: self._report(name, change.new), "value")
        self.reset.on_click(lambda _: reset())
        row = (*self.weights, self.order, self.zoom, self.reset)
        super().__init__(
            [*row, self.regions, snapshot, self.status],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        self.add_class("sw-toolbar")

    def show(self, model: Model, choice: PlaneChoice) -> None:
        """Set the controls to a choice."""
        self._setting = True
        self._shown = choice.parameters
        try:
            for control in self.weights:
                if control.options != model.parameter_names:
                    control.options = model.parameter_names
            if self.order.max < choice.max_order:
                self.order.max = choice.max_order
            for control, value in (
                *zip(self.weights, choice.parameters, strict=True),
                (self.order, choice.max_order),
                (self.regions, choice.regions),
            ):
                if control.value != value:
                    control.value = value
        finally:
            self._setting = False

    def _pick(self, place: int, name: str | None) -> None:
        """Report a new weight on one axis; that of the other axis makes both change places."""
        names = list(self._shown)
        if name in names and name != names[place]:
            names.reverse()
        elif name is not None:
            names[place] = name
        self._report("parameters", tuple(names))

    def _report(self, name: str, value: object) -> None:
        if not self._setting and value is not None:
            self._change(name, value)
