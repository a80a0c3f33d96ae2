"""The figures of the gradient at a bifurcation: a fixed number of marks, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable

import bqplot
import numpy as np

from ...bifurcations.events import Event
from ..chart import Limits
from ..decades import label_ticks
from ..diagram.event_text import tooltip_html
from ..palette import EVENT_MARKERS, ORBIT_COLOUR, ORDER_COLOURS, START_COLOUR, order_colour
from .gradient_picture import GradientPicture
from .plots import NOTHING, Plot, curve, fitted, sticks

LOSS_COLOUR = ORDER_COLOURS[0]  # as in the pane of a training's loss
SIDES = {-1: ("left", order_colour(1)), 1: ("right", order_colour(4))}  # as in print
HEADROOM = 1.5  # decades above what 95 in 100 values reach: a divergence is cut off there
DEEPEST = -12.0  # decades below 1: what is smaller counts as nothing
LOWEST, HIGHEST = -20.0, 20.0  # decades of the product that are drawn at most
SIGN = 0.07  # of the height: how far below the upper edge the signs of the events are
HANDLE = 0.04  # how far above the lower edge the handle is
FARTHEST = 1e3  # times the settled orbit: how much of one that diverges is in the window


class GradientMarks:
    """Loss and gradient over the weight, the law at an event, the orbit, its derivatives.

    Parameters
    ----------
    height : str
        CSS height of each figure.
    move : callable
        Called with a value of the weight when a person clicks or drags there.

    Attributes
    ----------
    figures : dict of str to bqplot.Figure
    """

    def __init__(self, height: str, move: Callable[[float], None]):
        self._move, self._setting = move, False
        self._picture: GradientPicture | None = None
        self._over, self._law = Plot(height, move), Plot(height)
        self._time, self._change = Plot(height), Plot(height)
        self._make_over()
        self._law.line("now", 1.4, START_COLOUR, opacity=0.9)
        for name, colour in SIDES.values():
            self._law.line(name, 2.0, colour)
            self._law.signs(f"{name} sequence", "circle", 22, colour, filled=False)
        self._law.build()
        self._time.line("orbit", 1.4, ORBIT_COLOUR)
        self._time.line("cycle", 1.6, order_colour(1), style="dashed")
        self._time.build()
        self._change.line("one", 0.8, ORBIT_COLOUR, style="dashed")
        self._change.line("product", 2.0, ORBIT_COLOUR)
        self._change.line("sensitivity", 2.0)
        self._change.build()
        plots = {
            "loss": self._over,
            "law": self._law,
            "orbit": self._time,
            "derivatives": self._change,
        }
        self.figures = {name: plot.figure for name, plot in plots.items()}

    def _make_over(self) -> None:
        over = self._over
        self._norm = bqplot.LinearScale(min=0.0, max=1.0)
        right = {"x": over._x, "y": self._norm}
        over.line("events", 0.8, opacity=0.5)
        over.line("gradient sequence", 1.0, ORBIT_COLOUR, style="dotted", scales=right)
        over.line("loss sequence", 1.0, LOSS_COLOUR, style="dotted")
        over.line("gradient", 2.4, ORBIT_COLOUR, scales=right)
        over.line("loss", 2.4, LOSS_COLOUR)
        over.now()
        handle = {"enable_move": True, "restrict_x": True, "update_on_move": True}
        over.signs("handle", "triangle-up", 150, START_COLOUR, edge=None, **handle)
        signs = over.event_signs(64)
        over.build()
        over.mark("handle").observe(self._on_handle, "x")
        for name, scatter in signs.items():
            scatter.tell(
                lambda name=name: self._events(name),
                lambda event, _: tooltip_html(event, self._picture.lens.line.label),
                lambda event, x, y: self._move(x),
            )
        self._norm_axis = bqplot.Axis(
            scale=self._norm,
            side="right",
            grid_lines="none",
            label="gradient norm",
            label_offset="44px",
        )
        over.figure.axes = [*over.figure.axes, self._norm_axis]
        over.figure.fig_margin = {**over.figure.fig_margin, "right": 62}

    def draw(self, picture: GradientPicture) -> None:
        """Set all marks whose data changed."""
        before, self._picture = self._picture, picture
        if before is None or before.sequences is not picture.sequences:
            self._draw_curves(picture)
        self._draw_value(picture)
        self._draw_law(picture)
        self._draw_orbit(picture)
        self._draw_change(picture)

    def close(self) -> None:
        """Close what the figures need not hold."""
        for plot in (self._over, self._law, self._time, self._change):
            plot.close()

    # Loss and gradient over the weight ----------------------------------------------------------

    def _draw_curves(self, picture: GradientPicture) -> None:
        lens, sequences = picture.lens, picture.sequences
        line = lens.line
        loss = _joined([(each.values, each.loss) for each in lens.attractors])
        norms = _joined([(each.values, each.gradient_norm) for each in lens.attractors])
        heights = _log_limits(loss[1], sequences.loss)
        beside = _log_limits(norms[1], sequences.gradient_norm)
        bounds = (line.lo, line.hi)
        self._over.set_axes(bounds, heights, (line.label, "loss"), (False, True))
        with self._norm.hold_sync():
            self._norm.min, self._norm.max = beside
        label_ticks(self._norm_axis, beside, True)
        events = [each.event for each in lens.events]
        self._over.set(
            {
                "events": sticks([event.value for event in events], heights),
                "loss": curve(*_log_curve(*loss), heights),
                "gradient": curve(*_log_curve(*norms), beside),
                "loss sequence": curve(*_log_curve(sequences.values, sequences.loss), heights),
                "gradient sequence": curve(
                    *_log_curve(sequences.values, sequences.gradient_norm), beside
                ),
            }
        )
        top = heights[1] - SIGN * (heights[1] - heights[0])
        for name in EVENT_MARKERS:
            at = [event.value for event in events if event.type == name]
            self._over.set({name: np.array([at, [top] * len(at)])})

    def _draw_value(self, picture: GradientPicture) -> None:
        over, value = self._over, picture.value
        over.set_now(value)
        (left, right), (low, high) = over.limits
        handle = np.array([[value], [low + HANDLE * (high - low)]])
        self._setting = True
        try:
            over.set({"handle": handle if left <= value <= right else NOTHING})
        finally:
            self._setting = False

    def _on_handle(self, change) -> None:
        if not self._setting and len(change.new) == 1:
            self._move(float(change.new[0]))

    def _events(self, type: str) -> list[Event]:
        events = self._picture.lens.events if self._picture else ()
        return [each.event for each in events if each.event.type == type]

    # The law at an event ------------------------------------------------------------------------

    def _draw_law(self, picture: GradientPicture) -> None:
        nearest = picture.nearest
        if nearest is None:
            self._law.set(dict.fromkeys(self._law.names, NOTHING))
            return
        number, each = nearest
        exact, simulated = {}, {}
        for side in (each.left, each.right):
            name, _ = SIDES[side.direction]
            norms = picture.sequences.beside[number].get(side.direction, np.empty(0))
            exact[name] = _log_points(side.distances, side.gradient_norm)
            simulated[name] = _log_points(side.distances, norms)
        every = np.concatenate([*exact.values(), *simulated.values()], axis=1)
        distance = abs(picture.value - each.event.value)
        now = np.log10(distance) if distance > 0.0 else -np.inf
        x = fitted(every[0])
        heights = np.concatenate(list(exact.values()), axis=1)[1]
        y = fitted(heights if heights.size else every[1])
        sign = f"distance from {picture.lens.line.label} = {each.event.value:.6g}"
        self._law.set_axes(x, y, (sign, "gradient norm"), (True, True))
        self._law.set({name: curve(*points, y) for name, points in exact.items()})
        inside = {
            name: points[:, (points[1] > y[0]) & (points[1] < y[1])]
            for name, points in simulated.items()
        }
        self._law.set({f"{name} sequence": points for name, points in inside.items()})
        self._law.set_now(now)

    # The orbit and its derivatives --------------------------------------------------------------

    def _draw_orbit(self, picture: GradientPicture) -> None:
        orbit = picture.sensitivity.orbit[:, picture.coordinate]
        t = np.arange(len(orbit), dtype=float)
        levels = [] if picture.cycle is None else picture.cycle.points[:, picture.coordinate]
        finite = orbit[np.isfinite(orbit)]
        size = FARTHEST * max(1.0, np.abs(finite[: len(finite) // 10 + 1]).max())
        limits = fitted(np.clip(finite, -size, size), levels)
        self._time.set_axes((0.0, t[-1]), limits, ("step t", f"z[{picture.coordinate}]"))
        across = np.concatenate(
            [[[0.0, level], [t[-1], level], [np.nan] * 2] for level in levels] or [np.zeros((1, 2))]
        ).T[:, :-1]
        self._time.set({"orbit": curve(t, orbit, limits), "cycle": across})
        colour = [order_colour(max(1, len(levels)))]
        if self._time.mark("cycle").colors != colour:
            self._time.mark("cycle").colors = colour

    def _draw_change(self, picture: GradientPicture) -> None:
        found = picture.sensitivity
        t = np.arange(len(found.orbit), dtype=float)
        product, change = found.log_product, found.log_sensitivity
        low, high = fitted(
            *(
                np.clip(values, LOWEST, HIGHEST)
                for values in (product[np.isfinite(product)], change[np.isfinite(change)])
            )
        )
        limits = (min(low, -1.0), max(high, 1.0))
        self._change.set_axes((0.0, t[-1]), limits, ("step t", "norm"), (False, True))
        self._change.set(
            {
                "one": np.array([[0.0, t[-1]], [0.0, 0.0]]),
                "product": curve(t, product, limits),
                "sensitivity": curve(t, change, limits),
            }
        )


def _joined(curves: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Return curves as one, with gaps between them."""
    gap = np.full(1, np.nan)
    x = [part for values, _ in curves for part in (values, gap)]
    y = [part for _, values in curves for part in (values, gap)]
    return np.concatenate([*x, np.empty(0)]), np.concatenate([*y, np.empty(0)])


def _log10(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(values)


def _log_curve(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x, _log10(y)


def _log_points(distances: np.ndarray, norms: np.ndarray) -> np.ndarray:
    if not len(norms):
        return NOTHING
    points = np.stack([_log10(distances), _log10(norms)])
    return points[:, np.isfinite(points).all(axis=0)]


def _log_limits(exact: np.ndarray, sequence: np.ndarray) -> Limits:
    """Return a window for a curve that may diverge, on a logarithmic axis."""
    known = _log10(exact)
    known = known[np.isfinite(known)]
    if not known.size:
        known = _log10(sequence)
        known = known[np.isfinite(known)]
    if not known.size:
        return 0.0, 1.0
    top = min(known.max(), np.quantile(known, 0.95) + HEADROOM)
    bottom = max(known.min(), DEEPEST, np.quantile(known, 0.05) - HEADROOM)
    return fitted(np.array([bottom, top, bottom + 1.0]), pad=0.12)
