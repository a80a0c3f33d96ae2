"""Teacher forcing in one's hands: the data, the orbit that they steer, and the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator
from numbers import Real

import ipywidgets as widgets
import numpy as np
from numpy.typing import ArrayLike

from ...models import Model
from ...models.validation import whole_number
from ...training.series import TimeSeries
from ..html_parts import set_html
from ..live import Live
from ..pane import LivePane
from ..scene import Scene
from .forcing_marks import ForcingMarks
from .forcing_orbits import ForcedOrbits, forced_orbits
from .forcing_picture import (
    GENERALISED,
    SPARSE,
    ForcedPicture,
    Forcing,
    Growth,
    growth_of,
    strengths_of,
    windows_of,
)
from .forcing_text import legend_html
from .layout import weights_above
from .plots import tiled

STEP = 0.01  # of the slider
MOST_INTERVAL = 40
KINDS = (GENERALISED, SPARSE)


class ForcedOrbit(LivePane):
    """Teacher forcing: data draw the orbit of a network towards them, and tame its gradient.

    Before every step the state becomes (1 - α) z + α x, with x from the data (generalised), or
    every τ steps it is x (sparse). Drawn are the data, the forced orbit and the free one, in the
    state space and over time; the norm of the product of the Jacobians, which is how much a
    gradient grows; and its growth per step over all α (or its largest norm over all τ). A click
    there, or the slider, chooses another α (or τ).

    Parameters
    ----------
    subject : Model or Live
    data : (T,) or (T, N) array, or TimeSeries
        The first N units are compared with them, and forced. Orbits begin at the first datum.
    alpha : float
        In [0, 1].
    interval : int
        τ of the sparse forcing.
    kind : {"generalised", "sparse"}
    steps : int
        Steps that are followed; no more than the data have.
    axes : pair of int
        The units on the axes of the state space. One unit is drawn with its next state upwards.
    unit : int
        The unit that is drawn over time.
    sliders : bool, optional
        Whether the network's sliders stand above; by default those of a small network do.
    height : str
        CSS height of each figure.
    **settings
        Settings of a `Live`.

    Attributes
    ----------
    picture : ForcedPicture or None
        What is drawn, as arrays.

    References
    ----------
    Hess, Monfared, Brenner, Durstewitz, *Generalized teacher forcing for learning chaotic
    dynamics*, ICML 2023; Mikhaeil, Monfared, Durstewitz, *On the difficulty of learning chaotic
    dynamics with RNNs*, NeurIPS 2022.
    """

    movable = ("alpha", "interval")
    _marks: ForcingMarks | None = None  # until it is built

    def __init__(
        self,
        subject: Model | Live,
        data: ArrayLike | TimeSeries,
        alpha: float = 0.1,
        *,
        interval: int = 8,
        kind: str = GENERALISED,
        steps: int = 200,
        axes: tuple[int, int] = (0, 1),
        unit: int = 0,
        sliders: bool | None = None,
        height: str = "250px",
        **settings,
    ):
        super().__init__(subject, **settings)
        M = self.model.M
        self.data = _checked_data(data, M, whole_number("steps", steps, 2))
        N = self.data.shape[1]
        self._unit = whole_number("unit", unit, 0, N - 1)
        self._axes = _checked_axes(axes, N)
        self._windows = windows_of(self.data, self._axes, self._unit)
        self._alpha, self._interval = _checked_alpha(alpha), whole_number("interval", interval, 1)
        self._kind = _checked_kind(kind)
        self.picture: ForcedPicture | None = None
        self._known: tuple[Model, str, Growth] | None = None
        self._free: tuple[Model, ForcedOrbits] | None = None
        self._build_controls()
        self._marks = ForcingMarks(height, self._axes, self._unit, self._go)
        self.figures = self._marks.figures
        self.figure = self.figures["state space"]
        self._legend = widgets.HTML()
        above = weights_above(subject, self.live, sliders)
        states, time, norm, growth = self.figures.values()
        rows = tiled([[states, time], [norm, growth]])
        self._show(*above, self._controls, rows, self._legend)

    # Choices ------------------------------------------------------------------------------------

    @property
    def alpha(self) -> float:
        """The strength of the generalised forcing, in [0, 1]."""
        return self._alpha

    @alpha.setter
    def alpha(self, alpha: float) -> None:
        self._alpha = _checked_alpha(alpha)
        self._redraw()

    @property
    def interval(self) -> int:
        """Steps between two replacements of the sparse forcing."""
        return self._interval

    @interval.setter
    def interval(self, interval: int) -> None:
        self._interval = whole_number("interval", interval, 1)
        self._redraw()

    @property
    def kind(self) -> str:
        """``"generalised"`` or ``"sparse"``."""
        return self._kind

    @kind.setter
    def kind(self, kind: str) -> None:
        self._kind = _checked_kind(kind)
        self._redraw()

    def _redraw(self) -> None:
        self._show_choices()
        self.live.refresh()

    # What came out ------------------------------------------------------------------------------

    @property
    def rate(self) -> float:
        """Growth per step of the product of the Jacobians; -inf where the forcing cuts it."""
        return self._drawn().rate

    @property
    def free_rate(self) -> float:
        """The same without forcing."""
        return self._drawn().free_rate

    @property
    def safe_alpha(self) -> float:
        """1 - 1 / (largest singular value of any Jacobian): from here on nothing can explode.

        NaN where the data do not tell all units: no strength is sure then.
        """
        return self._growth(GENERALISED).safe

    @property
    def edge_alpha(self) -> float:
        """The largest strength at which the product along this orbit still grows, to 0.001."""
        return self._growth(GENERALISED).edge

    def _drawn(self) -> ForcedPicture:
        self.live.wait(self.live.time_limit)
        if self.picture is None:
            raise RuntimeError(self.message or "nothing is drawn yet")
        return self.picture

    def _growth(self, kind: str) -> Growth:
        known, model = self._known, self.model
        if known is None or known[:2] != (model, kind):
            flag = np.zeros(1, np.int64)
            return growth_of(kind, model, self.data, self._start(model), flag)
        return known[2]

    # Computing, on the worker -------------------------------------------------------------------

    def pictures(self, scene: Scene) -> Iterator[ForcedPicture]:
        """Yield the picture of the present forcing, and then with the curve over all others."""
        model, data = scene.model, self.data
        if data.shape[1] > model.M:
            raise ValueError(
                f"data have {data.shape[1]} variables, more than the network's {model.M} units"
            )
        forcing = Forcing(self._kind, self._alpha, self._interval)
        start, steps = self._start(model), len(data) - 1
        free = self._free
        if free is None or free[0] != model:
            none = strengths_of(GENERALISED, 0.0, steps)
            self._free = free = model, forced_orbits(model, data, none[None], start, scene.cancel)
        forced = forced_orbits(model, data, forcing.strengths(steps)[None], start, scene.cancel)
        orbits = free[1], forced
        known = self._known
        fits = known is not None and known[:2] == (model, forcing.kind)
        growth = known[2] if fits else None
        if growth is None:
            yield ForcedPicture(model, forcing, data, *orbits, None, self._windows)
            growth = growth_of(forcing.kind, model, data, start, scene.cancel)
            self._known = model, forcing.kind, growth
        yield ForcedPicture(model, forcing, data, *orbits, growth, self._windows)

    def _start(self, model: Model) -> np.ndarray:
        """Return the state that the first datum tells; units that it does not tell are 0."""
        start = np.zeros(model.M)
        start[: self.data.shape[1]] = self.data[0]
        return start

    # Drawing ------------------------------------------------------------------------------------

    def draw(self, picture: ForcedPicture) -> None:
        """Set all marks whose data changed."""
        self.picture = picture
        self._marks.draw(picture)
        set_html(self._legend, legend_html(picture))
        self.set_fresh()

    def _close_own(self) -> None:
        if self._marks is not None:
            self._marks.close()
        super()._close_own()

    # What the person does -----------------------------------------------------------------------

    def _build_controls(self) -> None:
        self._kinds = widgets.ToggleButtons(
            options=KINDS,
            value=self._kind,
            tooltips=["A part α of the way, before every step", "All the way, every τ steps"],
            style={"button_width": "112px"},
            layout={"width": "auto"},
        )
        self._strength = widgets.FloatSlider(
            value=self._alpha,
            min=0.0,
            max=1.0,
            step=STEP,
            description="α",
            layout={"flex": "1 1 240px", "width": "auto"},
            style={"description_width": "16px"},
        )
        self._steps = widgets.IntSlider(
            value=self._interval,
            min=1,
            max=max(MOST_INTERVAL, self._interval),
            description="τ",
            layout={"flex": "1 1 240px", "width": "auto"},
            style={"description_width": "16px"},
        )
        self._controls = widgets.HBox(
            [self._kinds, self._strength, self._steps],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        self._controls.add_class("sw-toolbar")
        self._show_choices()
        self._kinds.observe(lambda change: self._choose("kind", change.new), "value")
        self._steps.observe(lambda change: self._choose("interval", change.new), "value")
        self._strength.observe(self._on_strength, "value")

    def _show_choices(self) -> None:
        """Set the controls to what was chosen."""
        self._kinds.value = self._kind
        generalised = self._kind == GENERALISED
        for slider, shown in ((self._strength, generalised), (self._steps, not generalised)):
            slider.layout.display = None if shown else "none"
        if _nearest(self._strength.value) != _nearest(self._alpha):
            self._strength.value = self._alpha
        if self._steps.max < self._interval:
            self._steps.max = self._interval
        self._steps.value = self._interval

    def _on_strength(self, change) -> None:
        # The browser rounds a slider's value to its steps and sends that back: it is no wish.
        if _nearest(change.new) != _nearest(self._alpha):
            self._choose("alpha", change.new)

    def _choose(self, name: str, value: object) -> None:
        if value != getattr(self, name):
            self._in_callback(lambda: setattr(self, name, value))

    def _go(self, place: float) -> None:
        """Do what a click into the curve means."""
        if not math.isfinite(place):
            return
        if self._kind == GENERALISED:
            self._choose("alpha", min(max(place, 0.0), 1.0))
        else:
            self._choose("interval", max(1, round(place)))


def _nearest(alpha: float) -> int:
    return round(alpha / STEP)


def _checked_alpha(alpha: float) -> float:
    if isinstance(alpha, bool) or not isinstance(alpha, Real):
        raise TypeError(f"alpha must be a number from 0 to 1, got {alpha!r}")
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha must be from 0 to 1, got {alpha:g}")
    return float(alpha)


def _checked_kind(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(map(repr, KINDS))}, got {kind!r}")
    return kind


def _checked_data(data: ArrayLike | TimeSeries, M: int, steps: int) -> np.ndarray:
    values = TimeSeries.of(data).values
    if values.shape[1] > M:
        raise ValueError(
            f"data must have at most {M} variables, one for each unit, got {values.shape[1]}"
        )
    if len(values) < 3:
        raise ValueError(f"data must have at least 3 states, got {len(values)}")
    return values[: steps + 1]


def _checked_axes(axes: tuple[int, int], N: int) -> tuple[int, int]:
    if N == 1:
        return 0, 0
    pair = isinstance(axes, (tuple, list)) and len(axes) == 2
    if not pair or any(isinstance(a, bool) or a not in range(N) for a in axes):
        raise ValueError(f"axes must be two of the units 0 to {N - 1}, got {axes!r}")
    return axes[0], axes[1]
