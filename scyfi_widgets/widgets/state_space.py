"""The state space: regions, cycles and an orbit, in a plane of one's choice."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

import bqplot
import ipywidgets as widgets
import numpy as np
from numpy.typing import ArrayLike

from ..cycles import CycleSet
from ..models import Model
from ..models.validation import states
from .legend import legend_html, tooltip_html
from .live import Live
from .marks import new_figure, set_mark
from .palette import DATA_COLOUR, ORBIT_COLOUR, ORDER_COLOURS, STABILITY_MARKERS, START_COLOUR
from .pane import LivePane
from .picture import EMPTY, Picture, compose_picture, limits_of_all
from .projection import Limits, Projection, plane_of
from .return_map import ReturnMap
from .scene import Scene
from .snapshot import Snapshot
from .telling import TellingScatter
from .ticks import round_ticks


class StateSpace(LivePane):
    """The state space of a network, with its cycles and an orbit.

    A click in the picture starts the orbit there (the other units keep their values); the start can
    also be dragged. Marker: stability. Colour: order. The dashed lines are the borders between
    regions, drawn where they are lines in this plane.

    Parameters
    ----------
    subject : Model or Live
    axes : pair, optional
        What is drawn on x and y: a unit's index, ``"PC1"`` or ``"PC2"`` (the first two principal
        components of the orbit). Default: the units 0 and 1 for two units, else the components. A
        network with one unit is drawn as its return map, the next state over the present one.
    height : str
        CSS height of the figure.
    data : (n, M), optional
        States that are drawn as dots below all else, such as those of the data. The principal
        components are theirs then.
    **settings
        Settings of a `Live`: ``max_order``, ``seed``, ``start``, ``orbit_steps``, ``time_limit``.

    Attributes
    ----------
    limits : pair of (low, high)
        The window; assign to zoom, `fit` to go back. It stays as it is while weights change, and
        grows only when what attracts leaves it; one that was assigned does not grow.
    picture : Picture or None
        What is drawn, as arrays.
    """

    def __init__(
        self,
        subject: Model | Live,
        axes: tuple[int | str, int | str] | None = None,
        height: str = "440px",
        data: ArrayLike | None = None,
        **settings,
    ):
        super().__init__(subject, **settings)
        self.picture: Picture | None = None
        self.data = None if data is None else np.atleast_2d(states("data", data, self.model.M))
        self._limits: tuple[Limits, Limits] | None = None
        self._plane: Projection | ReturnMap | None = None
        self._axes = None if axes is None else self._checked_axes(axes)
        # A picture that was begun before a person chose a window must not take that back.
        self._window_lock = threading.Lock()
        self._window_choices = 0
        self._zoomed = False
        self._drawing_window = False
        self._build_controls()
        self._build_figure(height)
        self._show(self._controls, self.figure, self._legend)

    # Choices ------------------------------------------------------------------------------------

    @property
    def axes(self) -> tuple[int | str, int | str]:
        """The units, or ``"PC1"`` and ``"PC2"``, on the two axes."""
        return self._axes_for(self.model.M)

    @axes.setter
    def axes(self, axes: tuple[int | str, int | str]) -> None:
        self._axes = self._checked_axes(axes)
        self.fit()

    def _checked_axes(self, axes) -> tuple[int | str, int | str]:
        allowed = list(dict(axis_options(self.model.M)).values())
        pair = isinstance(axes, (tuple, list)) and len(axes) == 2
        if not pair or any(axis not in allowed for axis in axes):
            raise ValueError(f"axes must be two of {allowed}, got {axes!r}")
        return allowed[allowed.index(axes[0])], allowed[allowed.index(axes[1])]

    def _axes_for(self, M: int) -> tuple[int | str, int | str]:
        return self._axes if _fits(self._axes, M) else default_axes(M)

    @property
    def limits(self) -> tuple[Limits, Limits] | None:
        """The window, ((x low, x high), (y low, y high)); None until the first picture."""
        return self._limits

    @limits.setter
    def limits(self, limits: tuple[Limits, Limits]) -> None:
        (x0, x1), (y0, y1) = limits
        if not (np.isfinite([x0, x1, y0, y1]).all() and x0 < x1 and y0 < y1):
            raise ValueError(f"limits must be two pairs (low, high) with low < high, got {limits}")
        self._choose_window(self._plane, ((float(x0), float(x1)), (float(y0), float(y1))))

    @property
    def view(self) -> tuple:
        """What a person chose to see and where; assign what it was to go back there."""
        return self._axes, self._plane, self._limits, self._zoomed

    @view.setter
    def view(self, view: tuple) -> None:
        axes, plane, limits, zoomed = view
        with self._window_lock:
            self._axes, self._plane, self._limits, self._zoomed = axes, plane, limits, zoomed
            self._window_choices += 1
        self.live.refresh()

    def fit(self) -> None:
        """Choose the window for what attracts, and the principal components, anew."""
        self._choose_window(None, None)

    def fit_all(self) -> None:
        """Choose the window that holds everything that is drawn now, far cycles too."""
        if self.picture is not None:
            self.limits = limits_of_all(self.picture)

    def _choose_window(self, plane, limits) -> None:
        with self._window_lock:
            self._plane, self._limits, self._zoomed = plane, limits, limits is not None
            self._window_choices += 1
        self.live.refresh()

    # Computing, on the worker -------------------------------------------------------------------

    def pictures(self, scene: Scene) -> Iterator[Picture]:
        """Yield the picture of a scene, and another when the proof has found more cycles."""
        picture = None
        for cycles, _ in scene.growing_cycles():
            if picture is None or _differ(cycles, picture.cycles):
                picture = self._compose(scene, cycles)
            yield picture

    def _compose(self, scene: Scene, cycles: CycleSet) -> Picture:
        M = scene.model.M
        with self._window_lock:
            plane, limits, zoomed = self._plane, self._limits, self._zoomed
            choice = self._window_choices
        if plane is not None and plane.M != M:
            plane, limits, zoomed = None, None, False
        data = self._data_of(scene)
        if plane is None:
            settled = scene.orbit[len(scene.orbit) // 2 :] if data is None else data
            plane = plane_of(self._axes_for(M), M, settled)
        if M == 1:
            plane = ReturnMap(scene.model)
        return compose_picture(scene, cycles, plane, limits, zoomed, choice, data)

    def _data_of(self, scene: Scene) -> np.ndarray | None:
        """Return the states (n, M) that are drawn below the picture of a scene, or None."""
        return self.data if self.data is not None and self.data.shape[1] == scene.model.M else None

    # Drawing ------------------------------------------------------------------------------------

    def draw(self, picture: Picture) -> None:
        """Set all marks whose data changed."""
        if picture is not self.picture:
            self._draw_new(picture)
        self.set_fresh()

    def _draw_new(self, picture: Picture) -> None:
        self.picture = picture
        with self._window_lock:
            if picture.choice == self._window_choices:
                self._plane, self._limits = picture.plane, picture.limits
                self._zoomed = picture.zoomed
        self._drawing_window = True
        try:
            self._set_window(picture)
        finally:
            self._drawing_window = False
        set_mark(self._borders, picture.borders)
        set_mark(self._data, picture.data)
        set_mark(self._orbit, picture.orbit)
        set_mark(self._tail, picture.tail)
        for stability, scatter in self._cycle_marks.items():
            points, colours, _ = picture.cycle_points[stability]
            if scatter.default_size != picture.marker_size:
                scatter.default_size = picture.marker_size
            set_mark(scatter, points, color=colours)
        for mark, (lines, colours) in (
            (self._crowd, picture.crowd),
            (self._continua, picture.continua),
        ):
            if colours and mark.colors != colours:
                mark.colors = colours
            set_mark(mark, lines)
        set_mark(self._start, picture.start[:, None])
        self._set_legend(picture)

    def _set_window(self, picture: Picture) -> None:
        for scale, axis, (low, high), label in zip(
            self._scales, self._figure_axes, picture.limits, picture.plane.labels, strict=True
        ):
            if (scale.min, scale.max) != (low, high):
                with scale.hold_sync():
                    scale.min, scale.max = low, high
            ticks = round_ticks(low, high)
            if not np.array_equal(axis.tick_values, ticks):
                axis.tick_values = ticks
            if axis.label != label:
                axis.label = label
        for mark, line, dot in ((self._orbit, 0.8, 3.2), (self._tail, 1.2, 4.2)):
            width = line if picture.connected else dot
            if mark.stroke_width != width:
                mark.stroke_width = width
        M = picture.scene.model.M  # the live model may be a newer one, of another size
        options = axis_options(M)
        for choice, axis in zip(self._axis_choices, self._axes_for(M), strict=True):
            if choice.options != options:
                choice.options = options
            if choice.value != axis:
                choice.value = axis
            display = "none" if M == 1 else None
            if choice.layout.display != display:
                choice.layout.display = display

    def _set_legend(self, picture: Picture) -> None:
        text = legend_html(picture.cycles, picture.note)
        if self._legend.value != text:
            self._legend.value = text

    def _build_figure(self, height: str) -> None:
        x, y = bqplot.LinearScale(min=-1.0, max=1.0), bqplot.LinearScale(min=-1.0, max=1.0)
        colour = bqplot.OrdinalColorScale(
            colors=list(ORDER_COLOURS), domain=list(range(len(ORDER_COLOURS)))
        )
        plane = {"x": x, "y": y}
        self._scales = (x, y)
        for scale in self._scales:
            scale.observe(self._on_zoom, ["min", "max"])

        def line(colour, width, opacity, dashed=False):
            return bqplot.Lines(
                x=EMPTY,
                y=EMPTY,
                scales=plane,
                colors=[colour],
                stroke_width=width,
                opacities=[opacity],
                line_style="dashed" if dashed else "solid",
                interactions={},
            )

        self._borders = line(ORBIT_COLOUR, 1.0, 0.8, dashed=True)
        self._continua = line(ORBIT_COLOUR, 4.0, 0.75)
        self._data = line(DATA_COLOUR, 4.0, 0.45)
        self._orbit = line(ORBIT_COLOUR, 2.2, 0.5)
        self._tail = line(ORBIT_COLOUR, 3.0, 1.0)
        self._crowd = line(ORBIT_COLOUR, 3.2, 0.9)
        self._cycle_marks = {
            stability: TellingScatter(
                x=EMPTY,
                y=EMPTY,
                color=EMPTY,
                scales={**plane, "color": colour},
                marker=marker,
                fill=filled,
                default_size=64,
                stroke_width=2.0,
            )
            for stability, (marker, filled, _) in STABILITY_MARKERS.items()
        }
        for stability, scatter in self._cycle_marks.items():
            scatter.tell(
                lambda name=stability: self.picture.cycle_points[name][2] if self.picture else (),
                lambda owner, _: tooltip_html(*owner),
            )
            scatter.on_element_click(lambda _, event: self._on_click(event["data"]))
        self._start = bqplot.Scatter(
            x=EMPTY,
            y=EMPTY,
            scales=plane,
            marker="circle",
            fill=False,
            colors=[START_COLOUR],
            default_size=70,
            stroke_width=2.0,
            enable_move=True,
        )
        self._start.on_drag_end(lambda _, event: self._on_click(event["point"]))
        # bqplot tells where a click went only by adding a point: this mark collects them, unseen.
        self._clicks = bqplot.Scatter(
            x=EMPTY,
            y=EMPTY,
            scales=plane,
            opacities=[0.0],
            interactions={"click": "add"},
        )
        self._clicks.observe(self._on_added, "y")
        marks = [
            self._borders,
            self._continua,
            self._data,
            self._orbit,
            self._tail,
            self._crowd,
            *self._cycle_marks.values(),
            self._start,
            self._clicks,
        ]
        self.figure, self._figure_axes = new_figure(marks, x, y, height)

    def _build_controls(self) -> None:
        options = axis_options(self.model.M)
        self._axis_choices = tuple(
            widgets.Dropdown(
                options=options,
                value=value,
                description=name,
                layout={"width": "98px"},
                style={"description_width": "14px"},
            )
            for name, value in zip("xy", self.axes, strict=True)
        )
        for choice in self._axis_choices:
            choice.observe(self._on_axis, "value")
        fit = widgets.Button(
            description="Fit", tooltip="Fit the window to what attracts", layout={"width": "44px"}
        )
        fit.on_click(lambda _: self._in_callback(self.fit))
        fit_all = widgets.Button(
            description="All", tooltip="Fit the window to every cycle", layout={"width": "44px"}
        )
        fit_all.on_click(lambda _: self._in_callback(self.fit_all))
        self._panzoom = widgets.ToggleButton(
            description="Zoom",
            icon="search",
            tooltip="Drag to pan, turn the wheel to zoom; off: a click sets the orbit's start",
            layout={"width": "78px"},
        )
        self._panzoom.observe(self._on_mode, "value")
        self._legend = widgets.HTML()
        self._controls = widgets.HBox(
            [*self._axis_choices, fit, fit_all, self._panzoom, Snapshot(self.figure_name)],
            layout={"flex_flow": "row wrap"},
        )
        self._controls.add_class("sw-toolbar")

    # What the person does -----------------------------------------------------------------------

    def _in_callback(self, action) -> None:
        with self.live.in_callback():
            action()

    def _on_axis(self, _change) -> None:
        axes = tuple(choice.value for choice in self._axis_choices)
        if not self._drawing_window and None not in axes and axes != self.axes:
            self._axes = axes
            self._in_callback(self.fit)

    def _on_added(self, _change) -> None:
        x, y = self._clicks.x, self._clicks.y
        if len(y) == 0 or len(x) != len(y):
            return
        with self._clicks.hold_sync():  # a point that stays would swallow the next click there
            self._clicks.x = self._clicks.y = EMPTY
        self._on_click({"x": x[-1], "y": y[-1]})

    def _on_click(self, point: Mapping[str, float]) -> None:
        target = np.array([point["x"], point["y"]], dtype=np.float64)
        plane = None if self.picture is None else self.picture.plane
        if plane is not None and plane.M == self.model.M and np.isfinite(target).all():
            start = plane.lift(target, self.live.start)
            self._in_callback(lambda: setattr(self.live, "start", start))

    def _on_zoom(self, _change) -> None:
        window = tuple((scale.min, scale.max) for scale in self._scales)
        if self._panzoom.value and not self._drawing_window and window != self._limits:
            self._in_callback(lambda: setattr(self, "limits", window))

    def _on_mode(self, change) -> None:
        x, y = self._scales
        before = self.figure.interaction
        self.figure.interaction = (
            bqplot.PanZoom(scales={"x": [x], "y": [y]}) if change.new else None
        )
        if before is not None:
            before.close()


def _differ(some: CycleSet, others: CycleSet) -> bool:
    return some.cycles != others.cycles or some.continua != others.continua


def _fits(axes, M: int) -> bool:
    return axes is not None and all(axis in dict(axis_options(M)).values() for axis in axes)


def default_axes(M: int) -> tuple[int | str, int | str]:
    """Return the two units of a plane, the one of a line, or the principal components."""
    return (0, M - 1) if M <= 2 else ("PC1", "PC2")


def axis_options(M: int) -> tuple[tuple[str, int | str], ...]:
    """Return what an axis can show, as (text, value)."""
    units = tuple((f"z[{i}]", i) for i in range(M))
    return units if M < 3 else (("PC 1", "PC1"), ("PC 2", "PC2"), *units)
