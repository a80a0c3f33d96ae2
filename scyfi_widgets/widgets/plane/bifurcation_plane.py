"""The parameter plane: every bifurcation over two weights, and the regions between them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import ipywidgets as widgets

from ...bifurcations.planes.parameter_plane import Axis
from ...bifurcations.planes.plane import LINES, Plane
from ...models import Model
from ...models.validation import interval, whole_number
from ..html_parts import badge_html, set_html
from ..live import Live
from ..pane import LivePane
from ..scene import Scene
from ..snapshot import Snapshot
from .choice import PlaneChoice
from .controls import PlaneControls
from .growth import PlaneGrowth
from .marks import PlaneMarks
from .picture import Limits, PlanePicture, compose_picture
from .text import here_html, legend_html, progress_html, status_html

AT_ONCE = 0.06  # s: what takes longer is drawn when the sliders rest
EVERY = 0.2  # s between two reports of progress
STALE, REFINING, FRESH = "stale", "refining", "fresh"


class BifurcationPlane(LivePane):
    """All bifurcations in the plane of two weights of a network.

    Hue: order, as in the other panes. Line and sign: the type of the bifurcation, the sign as in
    the bifurcation diagram; hover over a sign to read it. Squares are points of codimension two.
    The tint of a region says which order attracts there. The cross is at the present values: click
    anywhere, or drag its middle, to move both weights.

    Parameters
    ----------
    subject : Model or Live
    first, second : (str, (lo, hi)) or str, optional
        A weight's name such as ``"A[0]"`` with its range, by default that of its slider: the
        horizontal axis and the vertical one.
    max_order : int, optional
        The highest order of a cycle; the default goes by the number of states.
    regions : bool
        Whether regions are tinted and named.
    limits : dict of array name to (low, high), optional
        Ends of the sliders, see `WeightPanel`.
    height : str
        CSS height of the figure.
    **settings
        Settings of a `Live`: ``proof_limit`` is how long the plane may become better.

    Attributes
    ----------
    picture : PlanePicture or None
        What is drawn, as arrays.

    Examples
    --------
    >>> import scyfi_widgets as sw
    >>> axes = ("A[0]", (-0.2, 1.8)), ("A[1]", (0.0, 2.0))
    >>> sw.BifurcationPlane(sw.systems.sixteen_cycle(), *axes, max_order=4)
    """

    _marks: PlaneMarks | None = None  # until it is built

    def __init__(
        self,
        subject: Model | Live,
        first: Axis | str | None = None,
        second: Axis | str | None = None,
        max_order: int | None = None,
        *,
        regions: bool = True,
        limits: Mapping[str, Limits] | None = None,
        height: str = "420px",
        **settings,
    ):
        super().__init__(subject, **settings)
        self.picture: PlanePicture | None = None
        self._slider_limits = dict(limits or {})
        self._growth = PlaneGrowth()
        self._seconds = math.inf  # that the last first picture took
        self._status_lock = threading.Lock()
        if max_order is not None:
            max_order = whole_number("max_order", max_order, 1)
        choice = PlaneChoice.of(self.model, first, second, max_order, self._slider_limits)
        self._choice = replace(choice, regions=bool(regions))
        self._home = self._choice.bounds
        self._controls = PlaneControls(
            self.model,
            self._choice,
            self._on_control,
            lambda: self._in_callback(self.reset),
            Snapshot(self.figure_name),
        )
        self._controls.zoom.observe(lambda change: self._marks.set_zooming(change.new), "value")
        self._marks = PlaneMarks(height, self._move, self._zoom_into)
        self.figure = self._marks.figure
        self._here, self._legend = widgets.HTML(), widgets.HTML()
        self._show(self._controls, self.figure, self._here, self._legend)

    # Choices ------------------------------------------------------------------------------------

    @property
    def plane(self) -> Plane | None:
        """The plane that is drawn, or None before the first picture."""
        self.live.wait(self.live.time_limit, finest=True)
        return None if self.picture is None else self.picture.plane

    @property
    def parameters(self) -> tuple[str, str]:
        """Both weights; assigning others shows the ranges of their sliders."""
        return self._choice.parameters

    @parameters.setter
    def parameters(self, names: tuple[str, str]) -> None:
        choice = self._choice.of_parameters(self.model, tuple(names), self._slider_limits)
        self._home = choice.bounds
        self._choose(choice)

    @property
    def bounds(self) -> tuple[Limits, Limits]:
        """The ranges of both weights; assign to zoom, `reset` to go back."""
        return self._choice.bounds

    @bounds.setter
    def bounds(self, bounds: tuple[Limits, Limits]) -> None:
        across, up = bounds
        self._choose(
            replace(self._choice, bounds=(interval("bounds", across), interval("bounds", up)))
        )

    @property
    def max_order(self) -> int:
        """The highest order of a cycle."""
        return self._choice.max_order

    @max_order.setter
    def max_order(self, order: int) -> None:
        self._choose(replace(self._choice, max_order=whole_number("max_order", order, 1)))

    @property
    def regions(self) -> bool:
        """Whether regions are tinted and named."""
        return self._choice.regions

    @regions.setter
    def regions(self, shown: bool) -> None:
        self._choose(replace(self._choice, regions=bool(shown)))

    def reset(self) -> None:
        """Show both whole ranges again."""
        self._choose(replace(self._choice, bounds=self._home))

    def _choose(self, choice: PlaneChoice) -> None:
        self._choice = choice
        self._controls.show(self.model, choice)
        self.live.refresh()

    def _choice_for(self, model: Model) -> PlaneChoice:
        """Return the choice, or a new one for a network that it does not suit."""
        if not self._choice.suits(model):
            choice = PlaneChoice.of(model, None, None, None, self._slider_limits)
            self._choice = replace(choice, regions=self._choice.regions)
            self._home = self._choice.bounds
        return self._choice

    # Computing, on the worker -------------------------------------------------------------------

    def pictures(self, scene: Scene) -> Iterator[tuple[PlanePicture, str]]:
        """Yield ever better pictures, each with its state: stale, refining or fresh."""
        choice = self._choice_for(scene.model)
        plane, order = choice.plane(scene.model), choice.max_order
        position = tuple(scene.model[name] for name in choice.parameters)
        known = self._growth.knows(plane, order)
        last = self.picture
        if not known and self._seconds > AT_ONCE:
            # The other panes need not wait for it: it comes when the sliders rest.
            if last is None or last.plane.parameters != choice.parameters:
                last = compose_picture(Plane(choice.parameters, choice.bounds, order), position)
            yield replace(last, position=position), STALE
        began = time.perf_counter()
        progress = self._reporter(scene)
        for better, growing in self._growth.planes(scene, plane, order, progress):
            picture = self._compose(better, position)
            if began and not known:
                self._seconds, began = time.perf_counter() - began, 0.0
            yield picture, REFINING if growing else FRESH

    def _compose(self, plane: Plane, position: tuple[float, float]) -> PlanePicture:
        last = self.picture
        if last is not None and last.plane is plane:
            return replace(last, position=position)
        return compose_picture(plane, position)

    def _reporter(self, scene: Scene) -> Callable[[int, int], None]:
        """Return what is called with the progress of a scene's plane, on the worker."""
        last = time.monotonic()

        def report(done: int, steps: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last < EVERY:
                return
            last = now
            with self._status_lock:  # so that it never comes after the picture of a newer scene
                if not scene.cancelled:
                    set_html(self._controls.status, progress_html(done, steps))

        return report

    # Drawing ------------------------------------------------------------------------------------

    def draw(self, picture: tuple[PlanePicture, str]) -> None:
        """Set all marks whose data changed, and say how far it is proved."""
        shown, state = picture
        self.picture = shown
        self._controls.show(self.model, self._choice)
        self._marks.draw(shown, self.regions)
        if state == STALE:
            self.set_stale()
            set_html(self._here, here_html(shown, known=False))
            return
        set_html(self._here, here_html(shown))
        set_html(self._legend, legend_html(shown))
        if state == FRESH:
            self._set_status(status_html(shown.plane))
        else:
            self._set_status(progress_html(*_looked_at(shown.plane)))
        self.set_fresh()

    def _set_status(self, text: str) -> None:
        with self._status_lock:
            set_html(self._controls.status, text)

    def set_stale(self) -> None:
        """Dim the picture and say that a newer one is being computed."""
        super().set_stale()
        self._set_status(badge_html("computing …", "growing"))

    def fail(self, error: Exception) -> None:
        """Show an error in place of the picture, which is dimmed."""
        super().fail(error)
        self._set_status(badge_html("no plane: see the message above", "trouble"))

    def _close_own(self) -> None:
        if self._marks is not None:
            self._marks.close()
        super()._close_own()

    # What the person does -----------------------------------------------------------------------

    def _on_control(self, name: str, value: object) -> None:
        if value != getattr(self, name):
            self._in_callback(lambda: setattr(self, name, value))

    def _move(self, x: float, y: float) -> None:
        """Move both weights, as their sliders do."""
        values = dict(zip(self.parameters, (x, y), strict=True))
        moved = any(self.model[name] != value for name, value in values.items())
        if moved and math.isfinite(x) and math.isfinite(y):
            gesture = " and ".join(self.parameters)
            self._in_callback(lambda: self.live.move(values, gesture=gesture))

    def _zoom_into(self, across: Limits, up: Limits) -> None:
        self._controls.zoom.value = False
        choice = replace(self._choice, bounds=(across, up))
        self._in_callback(lambda: self._choose(choice))


def _looked_at(plane: Plane) -> tuple[int, int]:
    """Return how many rows and columns were looked at, and how many will be."""
    rows = 0 if plane.raster_y is None else len(plane.raster_y)
    return 2 * rows, 2 * LINES[-1]
