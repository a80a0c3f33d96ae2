"""The cobweb of a network with one unit."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import ipywidgets as widgets
import numpy as np

from ...models import Model
from ...models.validation import real_array, whole_number
from ..html_parts import set_html
from ..live import Live
from ..pane import LivePane
from ..projection import Limits
from ..scene import Scene
from .cobweb_marks import CobwebMarks
from .cobweb_picture import MOST_STEPS, CobwebPicture, compose_cobweb
from .cobweb_text import crossings_html, legend_html, words_html
from .family import Family, subject_of
from .layout import Sliders, beside, cycles_up_to, weights_above
from .stepper import Stepper

MOST_ITERATE = 10
FIRST_STEP = 12
INTERVAL = 500  # ms of one step while it plays


class Cobweb(LivePane):
    """The cobweb of a network with one unit: its orbit as a staircase between graph and diagonal.

    From the start go up or down to the graph of F, across to the diagonal, and so on. Where the
    graph of the k-th iterate meets the diagonal there are the points of the cycles whose order
    divides k, with the slope of that graph as their eigenvalue. Marker: stability. Colour: order.

    Click to start there, or drag the start; the slider, the buttons and the arrow keys go through
    the steps, and another slider chooses the iterate.

    Parameters
    ----------
    subject : Model, Live or function
        With one unit. Of a function such as ``sw.systems.tent_map`` every parameter has a slider.
    iterate : int
        k: the graph of F^k is drawn beside that of F.
    start : float, optional
        z_0.
    step : int
        How many steps of the staircase are drawn.
    sliders : bool or sequence of str, optional
        Whether the weights have sliders above the figure, or the names of those that have. By
        default those of a small network have, unless it is the Live of another pane.
    height : str
        CSS height of the figure.
    **settings
        Settings of a `Live`: ``max_order``, ``seed``, ``time_limit``, ….

    Attributes
    ----------
    picture : CobwebPicture or None
        What is drawn, as arrays.

    Raises
    ------
    ValueError
        If the network has several units.

    Examples
    --------
    >>> import scyfi_widgets as sw
    >>> cobweb = sw.Cobweb(sw.systems.tent_map, iterate=2)
    >>> cobweb.start = 0.2
    >>> cobweb.step = 30
    """

    movable = ("start", "step", "iterate")
    _marks: CobwebMarks | None = None  # until it is built

    def __init__(
        self,
        subject: Model | Live | Family,
        iterate: int = 1,
        start: float | None = None,
        step: int = FIRST_STEP,
        *,
        sliders: Sliders = None,
        height: str = "430px",
        **settings,
    ):
        if start is not None:
            settings["start"] = [float(real_array("start", start, 0))]
        super().__init__(subject_of(subject), **settings)
        if self.model.M != 1:
            raise ValueError(
                f"a cobweb is that of a network with one unit, got one with M = {self.model.M}"
            )
        self.picture: CobwebPicture | None = None
        self._iterate = _checked_iterate(iterate)
        self._limits: Limits | None = None
        self._zoomed = False
        self._drawing = threading.RLock()  # a worker and a callback may draw at the same time
        self._marks = CobwebMarks(height, self._move)
        self.figure = self._marks.figure
        self._build_controls(_checked_step(step))
        side = [self._words, self._power, self._crossings, self._legend, self._fit]
        row = beside(self.figure, side, "440px")
        self._show(*weights_above(subject, self.live, sliders), self._stepper, row)

    # Scripting ----------------------------------------------------------------------------------

    @property
    def start(self) -> float:
        """z_0."""
        return float(self.live.start[0])

    @start.setter
    def start(self, start: float) -> None:
        self.live.start = np.array([float(real_array("start", start, 0))])

    @property
    def step(self) -> int:
        """How many steps of the staircase are drawn, from 0 to 100."""
        return self._stepper.value

    @step.setter
    def step(self, step: int) -> None:
        self._stepper.value = _checked_step(step)

    @property
    def iterate(self) -> int:
        """k: the graph of F^k is drawn beside that of F; from 1 to 10."""
        return self._iterate

    @iterate.setter
    def iterate(self, iterate: int) -> None:
        self._iterate = _checked_iterate(iterate)
        if self._power.value != self._iterate:
            self._power.value = self._iterate
        self.live.refresh()

    @property
    def orbit(self) -> np.ndarray:
        """z_0, z_1, … (101,)."""
        self.live.wait(self.live.time_limit)
        return np.zeros(0) if self.picture is None else self.picture.orbit

    @property
    def limits(self) -> Limits | None:
        """The window of both axes; assign to zoom, `fit` to go back."""
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        low, high = map(float, limits)
        if not (np.isfinite([low, high]).all() and low < high):
            raise ValueError(f"limits must be a pair (low, high) with low < high, got {limits}")
        self._limits, self._zoomed = (low, high), True
        self.live.refresh()

    def fit(self) -> None:
        """Choose the window anew."""
        self._limits, self._zoomed = None, False
        self.live.refresh()

    # Computing, on the worker -------------------------------------------------------------------

    def pictures(self, scene: Scene) -> Iterator[CobwebPicture]:
        """Yield the picture of a scene."""
        iterate, limits, zoomed = self._iterate, self._limits, self._zoomed
        if scene.model.M != 1:
            limits = None
        cycles = cycles_up_to(scene, iterate) if scene.model.M == 1 else scene.cycles
        start = float(scene.start[0])
        yield compose_cobweb(scene.model, iterate, cycles, start, limits, zoomed)

    # Drawing ------------------------------------------------------------------------------------

    def draw(self, picture: CobwebPicture) -> None:
        """Set all marks whose data changed."""
        with self._drawing:
            self.picture = picture
            if not self._zoomed:
                self._limits = picture.limits
            set_html(self._crossings, crossings_html(picture))
            set_html(self._legend, legend_html(picture))
            self._draw_step()
        self.set_fresh()

    def _draw_step(self) -> None:
        with self._drawing:
            if self.picture is not None:
                self._marks.draw(self.picture, self._stepper.value)
                set_html(self._words, words_html(self.picture, self._stepper.value))

    def _build_controls(self, step: int) -> None:
        self._stepper = Stepper("step", 0, MOST_STEPS, step, INTERVAL)
        self._stepper.observe(lambda _: self._draw_step(), "value")
        self._power = widgets.IntSlider(
            value=self._iterate,
            min=1,
            max=MOST_ITERATE,
            description="iterate k",
            layout={"width": "280px"},
            style={"description_width": "58px"},
        )
        self._power.observe(self._on_power, "value")
        self._fit = widgets.Button(
            description="Fit", tooltip="Choose the window anew", layout={"width": "44px"}
        )
        self._fit.on_click(lambda _: self._in_callback(self.fit))
        self._words, self._crossings, self._legend = (widgets.HTML() for _ in range(3))

    def _close_own(self) -> None:
        if self._marks is not None:
            self._marks.close()
        super()._close_own()

    # What the person does -----------------------------------------------------------------------

    def _on_power(self, change) -> None:
        if change.new != self._iterate:
            self._in_callback(lambda: setattr(self, "iterate", change.new))

    def _move(self, x: float) -> None:
        if np.isfinite(x) and self.model.M == 1 and x != self.start:
            self._in_callback(lambda: setattr(self, "start", x))


def _checked_iterate(iterate: int) -> int:
    iterate = whole_number("iterate", iterate, 1)
    if iterate > MOST_ITERATE:
        raise ValueError(f"iterate must be at most {MOST_ITERATE}, got {iterate}")
    return iterate


def _checked_step(step: int) -> int:
    step = whole_number("step", step, 0)
    if step > MOST_STEPS:
        raise ValueError(f"step must be at most {MOST_STEPS}, got {step}")
    return step
