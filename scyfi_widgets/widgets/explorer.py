"""The explorer: weights, state space and cycles of one network, in one place."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as widgets
import numpy as np

from ..cycles import CycleSet
from ..models import Model
from ..models.validation import whole_number
from ..systems import sixteen_cycle
from .badge import Badge
from .cycle_table import CycleTable
from .diagram.bifurcation_diagram import BifurcationDiagram
from .diagram.choice import default_order
from .diagram.direction import Direction
from .fold import Fold
from .history import History
from .live import Live
from .pane import Panel
from .plane.bifurcation_plane import BifurcationPlane
from .state_space import StateSpace
from .weights import WeightPanel

MOST_ORDER = 1000
# Orders by the largest number of rectified units: up to two states, and above.
PLANE_ORDERS = ((4, 16), (12, 8), (np.inf, 2))
ORDERS = ((2, 12), (3, 10), (6, 6), (10, 3), (20, 2), (np.inf, 1))


class Explorer(Panel):
    """Drag a weight of a network and see its fixed points, cycles and orbits follow.

    Parameters
    ----------
    model : Model or Live, optional
        Default: the paper's network with the sixteen-cycle.
    presets : dict of str to Model, optional
        Networks to choose from; the given one is always among them, "as given" if it has no name.
    axes : pair, optional
        What the state space draws on x and y, see `StateSpace`.
    limits : dict, optional
        Ends of the sliders by array name, see `WeightPanel`.
    parameter : str or Direction, optional
        The weight of the bifurcation diagram, or a direction in which all move; by default the
        first weight whose slider is moved.
    **settings
        ``max_order`` (default by size, see `default_max_order`), ``seed``, ``start``,
        ``orbit_steps``, ``time_limit`` and ``proof_limit``, see `Live`.

    Attributes
    ----------
    live : Live
        Model and settings; share it with other panes to link them.
    weights, state_space, table, bifurcations
        The panes.
    plane : Fold
        The parameter plane, closed at first: ``explorer.plane.opened = True`` opens it, and
        ``explorer.plane.pane`` is the `BifurcationPlane` then.
    presets : dict of str to Model
    history : History

    Examples
    --------
    >>> import scyfi_widgets as sw
    >>> explorer = sw.Explorer(sw.systems.sixteen_cycle(), max_order=16)
    >>> explorer.model = explorer.model.replace({"W[0,1]": -0.6})
    >>> explorer.cycles.stable
    """

    def __init__(
        self,
        model: Model | Live | None = None,
        presets: Mapping[str, Model] | None = None,
        axes: tuple[int | str, int | str] | None = None,
        limits: dict[str, tuple[float, float]] | None = None,
        parameter: str | Direction | None = None,
        **settings,
    ):
        subject = sixteen_cycle() if model is None else model
        for name, preset in (presets or {}).items():
            if not isinstance(preset, Model):
                raise TypeError(
                    f"preset {name!r} must be a network such as PLRNN, got {type(preset).__name__}"
                )
        if isinstance(subject, Model):
            settings.setdefault("max_order", default_max_order(subject))
        super().__init__(subject, **settings)
        named = dict(presets or {})
        first = next((name for name, one in named.items() if one == self.model), "as given")
        self.presets = {first: self.model, **named}
        self.history = History(self.model)
        self._orders = {self.model.M: self.max_order}
        self.weights = WeightPanel(self.live, limits)
        with self.live.hold():
            self.state_space = StateSpace(self.live, axes)
            self.table = CycleTable(self.live)
            self._badge = Badge(self.live)
            order = min(self.max_order, default_order(self.model.M))
            self.bifurcations = BifurcationDiagram(
                self.live, parameter, max_order=order, limits=limits, height="320px"
            )
        self._slider_limits = limits
        self.plane = Fold(self.live, "Parameter plane", self._build_plane)
        self._undecided = self.bifurcations.parameter if parameter is None else None
        self._build_bar()
        self._lay_out()
        self._watch(self._on_model, "model")
        self._watch(self._on_max_order, "max_order")

    # Scripting ----------------------------------------------------------------------------------

    @property
    def cycles(self) -> CycleSet | None:
        """The cycles as far as they are known by now, or None before the first picture."""
        return self.state_space.cycles

    @property
    def max_order(self) -> int:
        """Cycles are sought up to this order."""
        return self.live.max_order

    @max_order.setter
    def max_order(self, order: int) -> None:
        self.live.max_order = whole_number("max_order", order, 1)

    @property
    def start(self):
        """The start of the orbit, (M,)."""
        return self.live.start

    @start.setter
    def start(self, start) -> None:
        self.live.start = start

    @property
    def code(self) -> str:
        """Python text that recreates the present model."""
        return f"import scyfi_widgets as sw\n\nmodel = {self.model.to_code()}"

    def undo(self) -> None:
        """Take the last change of the model back; a drag is one change."""
        self._go_to(self.history.undo())

    def redo(self) -> None:
        """Do the change again that was taken back last."""
        self._go_to(self.history.redo())

    def reset(self) -> None:
        """Return to the preset that was chosen last; this can be undone."""
        self._go_to(self.presets[self._preset.value])

    def _go_to(self, model: Model) -> None:
        """Show a model; one of another size with the order that was last used for that size."""
        if model.M == self.model.M:
            self.model = model
        else:
            order = self._orders.get(model.M, default_max_order(model))
            self.live.update(model=model, max_order=order)

    def wait(self, timeout: float | None = None, finest: bool = False) -> bool:
        """Wait until the panes show the present model; return whether they do.

        With `finest`, wait also until the proof went as far as it goes.
        """
        return self.live.wait(timeout, finest)

    # The bar ------------------------------------------------------------------------------------

    def _build_bar(self) -> None:
        def button(text, icon, tip, action, name):
            made = widgets.Button(
                description=text, icon=icon, tooltip=tip, layout={"width": "auto"}
            )
            made.add_class(f"sw-{name}")
            made.on_click(lambda _: self._in_callback(action))
            return made

        self._preset = widgets.Dropdown(
            options=list(self.presets),
            description="preset",
            layout={"width": "190px", "display": None if len(self.presets) > 1 else "none"},
            style={"description_width": "44px"},
        )
        self._preset.observe(lambda _: self._in_callback(self.reset), "value")
        self._reset = button("reset", "refresh", "Back to the preset", self.reset, "reset")
        self._undo = button("undo", "undo", "Take the last change back", self.undo, "undo")
        self._redo = button("redo", "repeat", "Do it again", self.redo, "redo")
        self._copy = button("code", "code", "Show the model as Python text", self._toggle, "code")
        self._order = widgets.BoundedIntText(
            value=self.max_order,
            min=1,
            max=MOST_ORDER,
            description="order ≤",
            tooltip="Cycles are sought up to this order",
            layout={"width": "124px"},
            style={"description_width": "52px"},
        )
        self._order.add_class("sw-max-order")
        self._order.observe(self._on_order_field, "value")
        self._text = widgets.Textarea(
            layout={"width": "100%", "height": "150px", "display": "none"}, disabled=False
        )
        self._text.add_class("sw-code-text")
        self._enable_history()

    def _lay_out(self) -> None:
        bar = widgets.HBox(
            [
                self._preset,
                self._reset,
                self._undo,
                self._redo,
                self._copy,
                self._order,
                self._badge,
            ],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        bar.add_class("sw-toolbar")
        self.state_space.layout.flex = "3 1 390px"
        self.table.layout.flex = "2 1 310px"
        below = widgets.HBox([self.state_space, self.table], layout={"flex_flow": "row wrap"})
        self._show(bar, self._text, self.weights, below, self.bifurcations, self.plane)

    def _build_plane(self) -> BifurcationPlane:
        name = self.bifurcations.parameter
        first = name if name in self.model.parameter_names else None
        return BifurcationPlane(self.live, first, limits=self._slider_limits)

    def _toggle(self) -> None:
        hidden = self._text.layout.display == "none"
        if hidden:
            self._text.value = self.code
        self._text.layout.display = None if hidden else "none"

    # Following ----------------------------------------------------------------------------------

    def _on_model(self, _change) -> None:
        if not self.live.borrowed:
            # Not the change's model: another thread may have set a newer one meanwhile.
            self.history.record(self.model, self.live.gesture)
        self._enable_history()
        if self._text.layout.display != "none":
            self._text.value = self.code
        self._follow_first_slider(self.live.gesture)

    def _follow_first_slider(self, moved: str | None) -> None:
        """Draw the diagram over the first weight that is moved, unless another was chosen."""
        if self._undecided is not None and moved in self.model.parameter_names:
            if self._undecided == self.bifurcations.parameter != moved:
                self.bifurcations.parameter = moved
            self._undecided = None

    def _enable_history(self) -> None:
        for button, enabled in (
            (self._undo, self.history.can_undo),
            (self._redo, self.history.can_redo),
        ):
            if button.disabled == enabled:
                button.disabled = not enabled

    def _on_order_field(self, change) -> None:
        if change.new != self.max_order:
            self._in_callback(lambda: setattr(self, "max_order", change.new))

    def _on_max_order(self, change) -> None:
        self._orders[self.model.M] = change.new
        if self._order.value != change.new:
            with self._order.hold_sync():
                self._order.max = max(self._order.max, change.new)
                self._order.value = change.new


def default_max_order(model: Model) -> int:
    """Return the order up to which the cycles follow the finger and are proved within seconds.

    It goes by the size of the network: the number of its states and of its rectified units.
    """
    units = model.relu_form.H
    if model.M <= 2:
        return next(order for most, order in PLANE_ORDERS if units <= most)
    return next(order for most, order in ORDERS if units <= most)
