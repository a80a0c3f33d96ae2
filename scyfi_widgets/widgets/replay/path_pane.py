"""The path of a training in the plane of two weights, over the loss and the bifurcations."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets as widgets
import numpy as np

from ...bifurcations.planes.parameter_plane import ParameterPlane
from ...models.names import format_name, parse_name
from ...models.validation import interval, whole_number
from ...training import TrainingRun
from ..html_parts import set_html
from ..pane import LivePane
from ..plane.choice import default_order
from ..snapshot import Snapshot
from .path_ground import Ground, GroundPicture
from .path_marks import PathMarks
from .path_picture import (
    Limits,
    PathPicture,
    Weights,
    bounds_around,
    compose_path,
    default_weights,
    holds_path,
    names_to_choose,
    positions,
)
from .path_surface import QUANTITIES
from .path_text import legend_html
from .replay_live import ReplayLive, ReplayScene, as_replay, same_things

WAYS = "to the right", "upwards"
MOVED_MORE = 1.5  # times as far: when a growing run's default weights give way to others


class PathPane(LivePane):
    """The way of a training through the plane of two weights.

    Below it the loss, or the norm of its gradient by both weights, and the exact bifurcations of
    the network. They depend on all other weights: where only these two were trained they hold for
    the whole run, else they are those of the epoch at which the clock rests. A click goes to the
    nearest epoch of the path; a box, with *Zoom*, is shown alone.

    Parameters
    ----------
    subject : TrainingRun or ReplayLive
    first, second : str, optional
        The weights to the right and upwards, such as ``"W[0,1]"``; by default the two that moved
        most.
    surface : {"loss", "gradient norm"} or None
    max_order : int, optional
        The highest order of a cycle whose bifurcations are drawn; by default by size.
    height : str
        CSS height of the figure.
    **settings
        Settings of a `ReplayLive`.

    Attributes
    ----------
    picture : PathPicture or None
        The path as arrays.
    ground : GroundPicture or None
        What is drawn below it.
    """

    _marks: PathMarks | None = None  # until it is built

    def __init__(
        self,
        subject: TrainingRun | ReplayLive,
        first: str | None = None,
        second: str | None = None,
        *,
        surface: str | None = "loss",
        max_order: int | None = None,
        height: str = "380px",
        **settings,
    ):
        super().__init__(as_replay(subject, **settings))
        run = self.live.run
        self.picture: PathPicture | None = None
        self.ground: GroundPicture | None = None
        self._composed: tuple | None = None  # the last path's picture, and what it is of
        self._drawn: tuple | None = None  # what the legend is of
        self._alone: tuple | None = None  # a run, two weights, and whether only these moved
        self._ground = Ground()
        self._surface = checked_surface(surface)
        order = default_order(run.start.M) if max_order is None else max_order
        self._max_order = whole_number("max_order", order, 1)
        self._chosen = first is not None or second is not None
        self._weights = first_weights(run, first, second)
        self._bounds: tuple[Limits, Limits] | None = None  # what a person has chosen
        self._home = bounds_around(run, self._weights)
        self._build_controls()
        self._marks = PathMarks(height, self._go_near, self._go, self._zoom_into)
        self.figure = self._marks.figure
        self._legend = widgets.HTML()
        self._show(self._controls, self.figure, self._legend)

    # Choices ------------------------------------------------------------------------------------

    @property
    def weights(self) -> Weights:
        """Both weights; assigning others shows their whole path."""
        return self._weights

    @weights.setter
    def weights(self, names: Weights) -> None:
        first, second = names
        self._weights = first_weights(self.live.run, first, second)
        self._chosen = True
        self._bounds, self._home = None, bounds_around(self.live.run, self._weights)
        self._show_choice()
        self.live.refresh()

    @property
    def surface(self) -> str | None:
        """What lies below the path: ``"loss"``, ``"gradient norm"`` or None."""
        return self._surface

    @surface.setter
    def surface(self, surface: str | None) -> None:
        self._surface = checked_surface(surface)
        self._show_choice()
        self.live.refresh()

    @property
    def max_order(self) -> int:
        """The highest order of a cycle whose bifurcations are drawn."""
        return self._max_order

    @max_order.setter
    def max_order(self, order: int) -> None:
        self._max_order = whole_number("max_order", order, 1)
        self._show_choice()
        self.live.refresh()

    @property
    def bounds(self) -> tuple[Limits, Limits]:
        """The ranges of both weights; assign to zoom, `reset` to go back."""
        return self._bounds or self._home

    @bounds.setter
    def bounds(self, bounds: tuple[Limits, Limits]) -> None:
        across, up = bounds
        self._bounds = interval("bounds", across), interval("bounds", up)
        self.live.refresh()

    def reset(self) -> None:
        """Show the whole path."""
        self._bounds, self._home = None, bounds_around(self.live.run, self._weights)
        self.live.refresh()

    # Computing, on the worker -------------------------------------------------------------------

    def pictures(
        self, scene: ReplayScene
    ) -> Iterator[tuple[PathPicture, GroundPicture, ReplayScene]]:
        """Yield the path with what is known of its ground, then with ever better ground."""
        run = scene.run
        self._follow(run)
        weights, bounds = self._weights, self.bounds
        of = (run, weights, bounds, scene.jumps, scene.bifurcations)
        picture, known = self._composed or (None, None)
        if not same_things(of, known):
            picture = compose_path(*of)
            self._composed = picture, of
        plane = ParameterPlane.of(scene.model, *zip(weights, bounds, strict=True))
        for ground in self._ground.pictures(scene, plane, self._max_order, self._surface):
            yield picture, ground, scene

    def _follow(self, run: TrainingRun) -> None:
        """Show weights that move, and all of their path, as long as nobody has chosen others."""
        if self._composed is None or run is self._composed[1][0]:
            return
        if not self._chosen:
            self._weights = moved_most(run, self._weights)
        if self._bounds is None and not holds_path(run, self._weights, self._home):
            self._home = bounds_around(run, self._weights)

    def _only_these_move(self, run: TrainingRun, weights: Weights) -> bool:
        if self._alone is None or self._alone[0] is not run or self._alone[1] != weights:
            self._alone = run, weights, only_these_move(run, weights)
        return self._alone[2]

    # Drawing ------------------------------------------------------------------------------------

    def draw(self, picture: tuple[PathPicture, GroundPicture, ReplayScene]) -> None:
        """Set all marks whose data changed."""
        path, ground, scene = picture
        self.picture, self.ground = path, ground
        self._marks.draw(path, ground, scene.epoch)
        drawn = (path, ground.surface, ground.curves, ground.epoch, ground.stale, ground.without)
        if not same_things(drawn, self._drawn):
            self._drawn = drawn
            self._show_choice()
            alone = self._only_these_move(scene.run, path.weights)
            set_html(self._legend, legend_html(path, ground, self._surface, alone))
        self.set_fresh()

    def _close_own(self) -> None:
        if self._marks is not None:
            self._marks.close()
        super()._close_own()

    # What the person does -----------------------------------------------------------------------

    def _build_controls(self) -> None:
        self._choices = tuple(
            widgets.Dropdown(
                options=self._names(),
                value=name,
                description=axis,
                tooltip=f"The weight that is drawn {way}",
                layout={"width": "108px"},
                style={"description_width": "12px"},
            )
            for axis, name, way in zip(
                "xy", self._weights, ("to the right", "upwards"), strict=True
            )
        )
        self._surface_choice = widgets.Dropdown(
            options=[*((name, name) for name in QUANTITIES), ("no surface", None)],
            value=self._surface,
            tooltip="What lies below the path",
            layout={"width": "124px"},
        )
        self._order = widgets.BoundedIntText(
            value=self._max_order,
            min=1,
            max=max(100, self._max_order),
            description="order ≤",
            tooltip="Bifurcations of cycles up to this order",
            layout={"width": "106px"},
            style={"description_width": "50px"},
        )
        self._zoom = widgets.ToggleButton(
            description="Zoom", tooltip="Draw a box: it is shown alone", layout={"width": "64px"}
        )
        reset = widgets.Button(
            description="Reset", tooltip="Show the whole path", layout={"width": "64px"}
        )
        for choice in self._choices:
            choice.observe(lambda _: self._on_weights(), "value")
        self._surface_choice.observe(lambda change: self._on_control("surface", change), "value")
        self._order.observe(lambda change: self._on_control("max_order", change), "value")
        self._zoom.observe(lambda change: self._marks.set_zooming(change.new), "value")
        reset.on_click(lambda _: self._in_callback(self.reset))
        row = (*self._choices, self._surface_choice, self._order)
        self._controls = widgets.HBox(
            [*row, self._zoom, reset, Snapshot(self.figure_name)],
            layout={"flex_flow": "row wrap"},
        )
        self._controls.add_class("sw-toolbar")

    def _names(self) -> tuple[str, ...]:
        """Return what can be chosen: the weights of now among them."""
        return tuple(dict.fromkeys([*names_to_choose(self.live.run), *self._weights]))

    def _show_choice(self) -> None:
        """Let the controls show what is chosen."""
        weights = self._weights
        names = tuple(dict.fromkeys([*self._choices[0].options, *weights]))
        for choice, name in zip(self._choices, weights, strict=True):
            if choice.options != names:
                choice.options = names
            if choice.value != name:
                choice.value = name
        if self._surface_choice.value != self._surface:
            self._surface_choice.value = self._surface
        if self._order.value != self._max_order:
            self._order.max = max(self._order.max, self._max_order)
            self._order.value = self._max_order

    def _on_weights(self) -> None:
        names = tuple(choice.value for choice in self._choices)
        if None in names or names == self._weights:
            return
        if names[0] == names[1]:  # one was chosen that the other axis has: they change places
            names = self._weights[::-1]
        self._in_callback(lambda: setattr(self, "weights", names))

    def _on_control(self, name: str, change) -> None:
        if change.new != getattr(self, name):
            self._in_callback(lambda: setattr(self, name, change.new))

    def _go(self, epoch: float) -> None:
        self._in_callback(lambda: self.live.go_to(epoch))

    def _go_near(self, x: float, y: float) -> None:
        if self.picture is not None:
            self._go(self.picture.nearest(x, y, self.live.epoch))

    def _zoom_into(self, across: Limits, up: Limits) -> None:
        self._zoom.value = False
        self._in_callback(lambda: setattr(self, "bounds", (across, up)))


def checked_surface(surface: str | None) -> str | None:
    """Return what is to lie below the path.

    Raises
    ------
    ValueError
        If there is no such surface.
    """
    if surface is not None and surface not in QUANTITIES:
        raise ValueError(f"surface must be one of {', '.join(QUANTITIES)} or None, got {surface!r}")
    return surface


def first_weights(run: TrainingRun, first: str | None, second: str | None) -> Weights:
    """Return two weights: those that are given, and the ones that moved most.

    Raises
    ------
    KeyError, ValueError
        If there is no such weight, both are the same, or the network has only one.
    """
    if first is None and second is None:
        found = default_weights(run)
        if found is None:
            raise ValueError("a plane needs two weights, the network has only one")
        return found
    shapes = {name: array.shape for name, array in run.start.parameters.items()}
    given = []
    for name in (first, second):
        if name is not None:
            array, index = parse_name(name, shapes)
            if index is None:
                raise ValueError(f'a weight must be one entry, such as "{array}[0]", got {name!r}')
            name = format_name(array, index)
        given.append(name)
    for place, name in enumerate(given):
        if name is None:
            given[place] = next(other for other in names_to_choose(run) if other not in given)
    if given[0] == given[1]:
        raise ValueError(f"a plane needs two different weights, got {given[0]} twice")
    return given[0], given[1]


def moved_most(run: TrainingRun, weights: Weights) -> Weights:
    """Return the weights that moved most; those of now unless others moved much farther."""
    found = default_weights(run)
    if found is None or set(found) == set(weights):
        return weights
    far, now = (np.sort(np.ptp(positions(run, names), axis=1)) for names in (found, weights))
    return found if (far > MOVED_MORE * now).any() else weights


def only_these_move(run: TrainingRun, weights: Weights) -> bool:
    """Whether all other weights, and a readout, are the same in all saved networks."""
    if run.readouts is not None and (run.readouts != run.readouts[0]).any():
        return False
    shapes = {name: array.shape for name, array in run.start.parameters.items()}
    own = [parse_name(name, shapes) for name in weights]
    for name, rows in run.parameters.items():
        moved = (rows != rows[0]).any(axis=0)
        for array, index in own:
            if array == name:
                moved[index] = False
        if moved.any():
            return False
    strengths = run.alpha[np.isfinite(run.alpha)]
    return not strengths.size or bool((strengths == strengths[0]).all())
