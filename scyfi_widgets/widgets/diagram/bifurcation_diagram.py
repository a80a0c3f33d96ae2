"""The bifurcation diagram: every cycle over one weight, with every event, while others move."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest

import ipywidgets as widgets

from ...bifurcations.diagram import Diagram
from ...dynamics import OrbitDiagram
from ...models import Model
from ...models.validation import interval, whole_number
from ..html_parts import badge_html, set_html
from ..live import Live
from ..pane import LivePane
from ..scene import Scene
from ..snapshot import Snapshot
from .branch_curves import Coordinate
from .choice import Choice, checked_coordinate, default_choice
from .controls import DiagramControls
from .direction import Direction
from .event_text import events_html, legend_html
from .growth import DiagramGrowth
from .marks import DiagramMarks
from .picture import DiagramPicture, Limits, compose_picture

AT_ONCE = 0.1  # s: what takes longer is drawn when the sliders rest
MOST_STATES = 2  # up to which the first diagram is drawn at once, before anything was measured
STALE, REFINING, FRESH = "stale", "refining", "fresh"


class BifurcationDiagram(LivePane):
    """Every cycle of a network over one of its weights, and every bifurcation.

    Solid: stable. Dashed: unstable. Hue: order, as in the other panes; tone: which cycle of that
    order. The signs are the events; hover over one to read it. The upright line is the weight's
    present value: drag its handle, or click anywhere, to move the weight.

    Parameters
    ----------
    subject : Model or Live
    parameter : str or Direction, optional
        A weight's name, by default the largest of the first matrix; or a direction in which all
        weights move at once, which then stands among the weights.
    bounds : (lo, hi), optional
        The range of the weight, by default that of its slider; of a direction, (0, 1).
    max_order : int, optional
        The highest order of a cycle; the default goes by the number of states.
    coordinate : int or "norm"
        What is drawn upwards: one component of the states, or their length.
    orbits : bool
        Whether the orbit diagram lies under the branches.
    limits : dict of array name to (low, high), optional
        Ends of the sliders, see `WeightPanel`.
    height : str
        CSS height of the figure.
    **settings
        Settings of a `Live`: ``proof_limit`` is how long the diagram may become better.

    Attributes
    ----------
    picture : DiagramPicture or None
        What is drawn, as arrays.
    """

    _marks: DiagramMarks | None = None  # until it is built

    def __init__(
        self,
        subject: Model | Live,
        parameter: str | Direction | None = None,
        bounds: tuple[float, float] | None = None,
        max_order: int | None = None,
        *,
        coordinate: Coordinate = 0,
        orbits: bool = True,
        limits: Mapping[str, tuple[float, float]] | None = None,
        height: str = "360px",
        **settings,
    ):
        super().__init__(subject, **settings)
        self.picture: DiagramPicture | None = None
        self._slider_limits = dict(limits or {})
        self._growth = DiagramGrowth()
        self._seconds = 0.0  # that the last first picture took
        self._direction = parameter if isinstance(parameter, Direction) else None
        choice = default_choice(self.model, self._slider_limits)
        if parameter is not None:
            choice = choice.of_parameter(self.model, parameter, self._slider_limits)
        self._choice = replace(
            choice,
            bounds=choice.bounds if bounds is None else interval("bounds", bounds),
            max_order=whole_number("max_order", max_order or choice.max_order, 1),
            coordinate=checked_coordinate(self.model.M, coordinate),
            orbits=bool(orbits),
        )
        self._home = self._choice.bounds
        self._controls = DiagramControls(
            self._names(self.model),
            self.model,
            self._choice,
            self._on_control,
            lambda: self._in_callback(self.reset),
            Snapshot(self.figure_name),
        )
        self._controls.zoom.observe(lambda change: self._marks.set_zooming(change.new), "value")
        self._controls.events.observe(self._on_events, "value")
        self._marks = DiagramMarks(height, self._move, self._zoom_into)
        self.figure = self._marks.figure
        self._legend, self._table = widgets.HTML(), widgets.HTML()
        self._table.add_class("sw-table")
        self._table.layout.display = "none"
        self._show(self._controls, self.figure, self._legend, self._table)

    # Choices ------------------------------------------------------------------------------------

    @property
    def diagram(self) -> Diagram | None:
        """The diagram that is drawn, or None before the first picture."""
        self.live.wait(self.live.time_limit, finest=self.picture is None)
        return None if self.picture is None else self.picture.diagram

    @property
    def orbit_diagram(self) -> OrbitDiagram | None:
        """The orbit diagram that is drawn under it, or None."""
        return None if self.picture is None else self.picture.orbits

    @property
    def parameter(self) -> str:
        """The weight; assigning another one, or a direction, shows its range."""
        return self._choice.parameter

    @parameter.setter
    def parameter(self, name: str | Direction) -> None:
        if isinstance(name, Direction):
            self._direction = name
        elif self._direction is not None and name == self._direction.name:
            name = self._direction
        choice = self._choice.of_parameter(self.model, name, self._slider_limits)
        self._home = choice.bounds
        self._choose(choice)

    @property
    def bounds(self) -> Limits:
        """The range of the weight; assign to zoom, `reset` to go back."""
        return self._choice.bounds

    @bounds.setter
    def bounds(self, bounds: Limits) -> None:
        self._choose(replace(self._choice, bounds=interval("bounds", bounds)))

    @property
    def max_order(self) -> int:
        """The highest order of a cycle."""
        return self._choice.max_order

    @max_order.setter
    def max_order(self, order: int) -> None:
        self._choose(replace(self._choice, max_order=whole_number("max_order", order, 1)))

    @property
    def coordinate(self) -> Coordinate:
        """What is drawn upwards: a unit's index, or ``"norm"``."""
        return self._choice.coordinate

    @coordinate.setter
    def coordinate(self, coordinate: Coordinate) -> None:
        chosen = checked_coordinate(self.model.M, coordinate)
        self._choose(replace(self._choice, coordinate=chosen, limits=None))

    @property
    def orbits(self) -> bool:
        """Whether the orbit diagram lies under the branches."""
        return self._choice.orbits

    @orbits.setter
    def orbits(self, shown: bool) -> None:
        self._choose(replace(self._choice, orbits=bool(shown)))

    @property
    def limits(self) -> Limits | None:
        """The window's height; assign to zoom, or None to fit it."""
        return None if self.picture is None else self.picture.limits

    @limits.setter
    def limits(self, limits: Limits | None) -> None:
        chosen = None if limits is None else interval("limits", limits)
        self._choose(replace(self._choice, limits=chosen))

    @property
    def view(self) -> Choice:
        """What a person chose to see; assign what it was to go back there."""
        return self._choice

    @view.setter
    def view(self, view: Choice) -> None:
        self._choose(view)

    def reset(self) -> None:
        """Show the whole range again, and fit the window's height."""
        self._choose(replace(self._choice, bounds=self._home, limits=None))

    def _choose(self, choice: Choice) -> None:
        self._choice = choice
        self._controls.show(self._names(self.model), self.model, choice)
        self.live.refresh()

    def _names(self, model: Model) -> tuple[str, ...]:
        """Return what can be drawn to the right: the weights, and a direction."""
        direction = self._direction
        extra = () if direction is None or not direction.suits(model) else (direction.name,)
        return (*extra, *model.parameter_names)

    def _choice_for(self, model: Model) -> Choice:
        """Return the choice, or a new one for a network that it does not suit."""
        if not self._choice.suits(model):
            self._choice = default_choice(model, self._slider_limits)
            self._home = self._choice.bounds
        return self._choice

    # Computing, on the worker -------------------------------------------------------------------

    def pictures(self, scene: Scene) -> Iterator[tuple[DiagramPicture | None, str]]:
        """Yield ever better pictures, each with its state: stale, refining or fresh."""
        choice = self._choice_for(scene.model)
        last = self.picture
        line, value = choice.line(scene.model, None if last is None else last.diagram.line)
        known = self._growth.knows(line, choice.max_order)
        slow = self._seconds > AT_ONCE if last is not None else scene.model.M > MOST_STATES
        if slow and not known:
            # The other panes need not wait for it: it comes when the sliders rest.
            same = last is not None and last.diagram.line.parameter == line.parameter
            yield replace(last, value=value) if same else last, STALE
        began = time.perf_counter()
        diagram = orbits = None
        grown = self._growth.diagrams(scene, line, choice.max_order)
        followed = self._growth.orbit_diagrams(scene, line) if choice.orbits else iter(())
        for better, more in zip_longest(grown, followed):
            diagram, growing = (diagram, False) if better is None else better
            orbits, following = (orbits, False) if more is None else more
            picture = self._compose(choice, diagram, orbits, value)
            if began and not known:
                self._seconds, began = time.perf_counter() - began, 0.0
            yield picture, REFINING if growing or following else FRESH

    def _compose(self, choice, diagram, orbits, value) -> DiagramPicture:
        last = self.picture
        if (
            last is not None
            and last.diagram is diagram
            and last.orbits is orbits
            and last.coordinate == choice.coordinate
            and (last.limits if last.chosen else None) == choice.limits
        ):
            return replace(last, value=value)
        tones, limits = None, None
        if last is not None:
            tones = last.tones
            if last.coordinate == choice.coordinate and not last.chosen:
                limits = last.limits
        chosen = choice.limits is not None
        limits = choice.limits if chosen else limits
        return compose_picture(diagram, orbits, choice.coordinate, value, limits, chosen, tones)

    # Drawing ------------------------------------------------------------------------------------

    def draw(self, picture: tuple[DiagramPicture | None, str]) -> None:
        """Set all marks whose data changed, and say how far it is proved."""
        shown, state = picture
        if shown is None:
            self.set_stale()
            return
        self.picture = shown
        if self._choice.suits(shown.diagram.line.start):
            model = shown.diagram.line.start
            self._controls.show(self._names(model), model, self._choice)
        self._marks.draw(shown)
        if state == STALE:
            self.set_stale()
            return
        set_html(self._legend, legend_html(shown.diagram, _note(shown)))
        set_html(self._controls.status, status_html(shown.diagram, state == REFINING))
        if self._controls.events.value:
            set_html(self._table, events_html(shown.diagram))
        self.set_fresh()

    def set_stale(self) -> None:
        """Dim the picture and say that a newer one is being computed."""
        super().set_stale()
        set_html(self._controls.status, badge_html("computing …", "working"))

    def fail(self, error: Exception) -> None:
        """Show an error in place of the picture, which is dimmed."""
        super().fail(error)
        set_html(self._controls.status, badge_html("no diagram: see the message above", "trouble"))

    def _close_own(self) -> None:
        if self._marks is not None:
            self._marks.close()
        super()._close_own()

    # What the person does -----------------------------------------------------------------------

    def _on_control(self, name: str, value: object) -> None:
        if value != getattr(self, name):
            self._in_callback(lambda: setattr(self, name, value))

    def _on_events(self, change) -> None:
        if change.new and self.picture is not None:
            set_html(self._table, events_html(self.picture.diagram))
        self._table.layout.display = None if change.new else "none"

    def _move(self, value: float) -> None:
        """Move the weight, as its slider does, or all weights along a direction."""
        if not math.isfinite(value):
            return
        name, choice = self.parameter, self._choice
        if choice.direction is None:
            if self.model[name] != value:
                self._in_callback(lambda: self.live.move({name: value}, gesture=name))
        else:
            weights = choice.moved(self.model, value).parameters
            self._in_callback(lambda: self.live.move(weights, gesture=name))

    def _zoom_into(self, bounds: Limits, limits: Limits) -> None:
        self._controls.zoom.value = False
        choice = replace(self._choice, bounds=bounds, limits=limits)
        self._in_callback(lambda: self._choose(choice))


def status_html(diagram: Diagram, refining: bool) -> str:
    """Return what may be said about a diagram, as a badge."""
    proved = diagram.complete_up_to >= diagram.max_order
    text = "refining …" if refining and not proved else diagram.statement
    if refining and not proved and len(diagram.proved_at):
        text = f"complete at {len(diagram.proved_at)} values, refining …"
    kind = "proved" if proved else "growing" if refining else "searched"
    return badge_html(text, kind)


def _note(picture: DiagramPicture) -> str:
    line = picture.diagram.line
    notes = []
    if not picture.inside:
        notes.append(f"{line.label} = {picture.value:.6g} is outside this range")
    if picture.unmarked:
        notes.append(f"{picture.unmarked} more events in the table")
    return "; ".join(notes)
