"""Why the gradient explodes at a bifurcation, and where it does not."""

from __future__ import annotations

import math
from collections.abc import Iterator

import ipywidgets as widgets
import numpy as np
from numpy.typing import ArrayLike

from ...bifurcations.line import Line
from ...cancellation import Cancelled
from ...models import Model
from ...models.validation import interval, whole_number
from ...training.lens.lens import GradientLens, gradient_lens
from ...training.series import TimeSeries
from ..diagram.choice import slider_range
from ..html_parts import set_html
from ..live import Live
from ..pane import LivePane
from ..scene import Scene
from ..weights import largest_weight
from .gradient_marks import GradientMarks
from .gradient_picture import (
    GradientPicture,
    Sequences,
    follow_sequences,
    gradient_here,
    sensitivity_of,
)
from .gradient_text import legend_html
from .layout import weights_above
from .plots import tiled


class GradientAtBifurcation(LivePane):
    """The loss and its gradient over one weight, through every bifurcation of what attracts.

    Above: loss and gradient norm, thick in the limit of a long sequence (exact), dotted for a
    sequence of `steps`; and the gradient norm over the distance from a bifurcation, where a law
    |s - s*|^-p is a straight line of slope -p (lines: exact, rings: `steps`). Below, at the present
    value of the weight: the orbit with the cycle that attracts it, and the norms of dz_t / dz_0,
    the product of the Jacobians, and of dz_t / ds, to which such products add up. A click in the
    first figure, or a drag of its handle, moves the weight.

    Parameters
    ----------
    subject : Model or Live
    parameter : str, optional
        A weight's name, by default the largest of the first matrix.
    bounds : (lo, hi), optional
        The range of the weight, by default that of its slider.
    data : (T,) or (T, N) array, or TimeSeries, optional
        The loss is the mean squared distance of the first N units from the mean of the data (what
        a settled orbit can learn of a series that keeps no phase with it), by default from zero.
    of : {"line", "all"}
        The gradient with respect to this weight, or to all of them.
    max_order : int
        The highest order of a cycle.
    steps : int
        Length of the sequence.
    coordinate : int
        The unit that is drawn over time.
    sliders : bool, optional
        Whether the network's sliders stand above; by default those of a small network do.
    height : str
        CSS height of each figure.
    **settings
        Settings of a `Live`: ``start`` is where the sequence begins.

    Attributes
    ----------
    picture : GradientPicture or None
        What is drawn, as arrays.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*,
    NeurIPS 2023.
    """

    _marks: GradientMarks | None = None  # until it is built

    def __init__(
        self,
        subject: Model | Live,
        parameter: str | None = None,
        bounds: tuple[float, float] | None = None,
        *,
        data: ArrayLike | TimeSeries | None = None,
        of: str = "line",
        max_order: int = 2,
        steps: int = 100,
        coordinate: int = 0,
        sliders: bool | None = None,
        height: str = "250px",
        **settings,
    ):
        super().__init__(subject, **settings)
        model = self.model
        name = largest_weight(model) if parameter is None else parameter
        bounds = slider_range(model, name, {}) if bounds is None else interval("bounds", bounds)
        line = Line.through(model, name, bounds)
        self._parameter, self._bounds = line.parameter, bounds
        if of not in ("line", "all"):
            raise ValueError(f"of must be 'line' or 'all', got {of!r}")
        self._of, self._max_order = of, whole_number("max_order", max_order, 1)
        self._data = None if data is None else TimeSeries.of(data)
        if self._data is not None and self._data.dims > model.M:
            raise ValueError(
                f"data must have at most {model.M} variables, one for each unit, "
                f"got {self._data.dims}"
            )
        self._steps = whole_number("steps", steps, 2)
        self._coordinate = whole_number("coordinate", coordinate, 0, model.M - 1)
        self.picture: GradientPicture | None = None
        self._known: tuple[tuple, GradientLens, Sequences] | None = None
        self._marks = GradientMarks(height, self._move)
        self.figures = self._marks.figures
        self.figure = self.figures["loss"]
        self._legend = widgets.HTML()
        above = weights_above(subject, self.live, sliders)
        loss, law, orbit, derivatives = self.figures.values()
        self._show(*above, tiled([[loss, law], [orbit, derivatives]]), self._legend)

    @property
    def parameter(self) -> str:
        """The name of the weight."""
        return self._parameter

    @property
    def bounds(self) -> tuple[float, float]:
        """The range of the weight."""
        return self._bounds

    @property
    def value(self) -> float:
        """The weight's value; assigning another one moves it."""
        return self.model[self._parameter]

    @value.setter
    def value(self, value: float) -> None:
        self.live.move({self._parameter: value}, gesture=self._parameter)

    @property
    def lens(self) -> GradientLens | None:
        """Exact gradients and laws through all events, as data; None before the first picture."""
        self.live.wait(self.live.time_limit)
        return None if self.picture is None else self.picture.lens

    # Computing, on the worker -------------------------------------------------------------------

    def pictures(self, scene: Scene) -> Iterator[GradientPicture]:
        """Yield the picture; the curves over the weight are kept while only the weight moves."""
        model = scene.model
        if self._parameter not in model.parameter_names:
            raise ValueError(f"this network has no weight {self._parameter}: {model!r}")
        line = Line.through(model, self._parameter, self._bounds)
        start = np.asarray(scene.start)
        of = (line, tuple(start))
        known = self._known
        if known is None or known[0] != of:
            lens = gradient_lens(
                line.start,
                self._data,
                line,
                max_order=self._max_order,
                of=self._of,
                simulate=False,
                cancel=scene.cancel,
            )
            if scene.cancelled:
                raise Cancelled("gradient at a bifurcation")
            sequences = follow_sequences(lens, start, self._steps, scene.cancel)
            self._known = known = of, lens, sequences
        value = model[self._parameter]
        sensitivity = sensitivity_of(line, value, start, self._steps, scene.cancel)
        coordinate = min(self._coordinate, model.M - 1)
        here = gradient_here(known[1], value)
        yield GradientPicture(known[1], known[2], sensitivity, value, coordinate, *here)

    # Drawing ------------------------------------------------------------------------------------

    def draw(self, picture: GradientPicture) -> None:
        """Set all marks whose data changed."""
        self.picture = picture
        self._marks.draw(picture)
        set_html(self._legend, legend_html(picture))
        self.set_fresh()

    def _close_own(self) -> None:
        if self._marks is not None:
            self._marks.close()
        super()._close_own()

    def _move(self, value: float) -> None:
        """Move the weight, as its slider does."""
        if math.isfinite(value) and value != self.value:
            self._in_callback(lambda: setattr(self, "value", value))
