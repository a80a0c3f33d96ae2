"""The door to planes: all curves of events in the plane of two weights, better and better."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...cancellation import Cancelled, expiring_flag, new_flag
from ...models import Model
from ...models.validation import require_seconds, whole_number
from ..compile import compile_planes
from ..events import TYPES
from .curves import CodimensionTwo, Curve, curves_of
from .parameter_plane import Axis, ParameterPlane
from .regions import Region, regions_of
from .survey import FEWEST, Survey

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LINES = FEWEST, 3 * FEWEST, 9 * FEWEST  # rows and columns of each look at the plane


@dataclass(frozen=True, eq=False)
class Plane:
    """All bifurcations in the plane of two weights, and the regions between them.

    Attributes
    ----------
    parameters : (str, str)
        The names of both weights, x and y.
    ranges : ((lo, hi), (lo, hi))
    max_order : int
        The highest order of a cycle.
    curves : tuple of Curve
        By order and kind.
    points : tuple of CodimensionTwo
        Where curves of one cycle end or meet, in the order to which `Curve.ends` refers; then the
        crossings of all others.
    regions : tuple of Region
        By falling area.
    raster : (rows, columns) int array
        The region of each point of a grid.
    raster_x, raster_y : arrays
        Its values of both weights.
    proved_lines : int
        Rows and columns on which it is proved that no cycle up to `max_order` is missing.
    proved_points : int
        Points at which the complete set was enumerated with a proof.
    lost : int
        Ends of curves at which no step was short enough to go on.
    stopped : str or None
        Why the work ended early, or None.
    seconds : float
        Wall-clock time.
    """

    parameters: tuple[str, str]
    ranges: tuple[tuple[float, float], tuple[float, float]]
    max_order: int
    curves: tuple[Curve, ...] = ()
    points: tuple[CodimensionTwo, ...] = ()
    regions: tuple[Region, ...] = ()
    raster: np.ndarray | None = None
    raster_x: np.ndarray | None = None
    raster_y: np.ndarray | None = None
    proved_lines: int = 0
    proved_points: int = 0
    lost: int = 0
    stopped: str | None = None
    seconds: float = 0.0

    def of_type(self, type: str) -> tuple[Curve, ...]:
        """Return the curves of one type (`events.TYPES`)."""
        if type not in TYPES:
            raise ValueError(f"type must be one of {', '.join(TYPES)}, got {type!r}")
        return tuple(curve for curve in self.curves if curve.type == type)

    @cached_property
    def statement(self) -> str:
        """What may be said about the plane, in one line."""
        text = f"cycles to order {self.max_order}"
        if self.proved_lines:
            text += f", complete on {self.proved_lines} rows and columns, proved"
        elif self.proved_points:
            text += f", complete at {self.proved_points} points, proved"
        else:
            text += ", not proved"
        text += "; curves traced between them"
        if self.lost:
            text += f"; {self.lost} ends of curves are not understood"
        return f"{text}; {self.stopped}" if self.stopped else text

    def region_at(self, x: float, y: float) -> Region | None:
        """Return the region of the raster's cell nearest to a point; None without a raster."""
        if self.raster is None:
            return None
        row = int(np.abs(self.raster_y - y).argmin())
        column = int(np.abs(self.raster_x - x).argmin())
        return self.regions[self.raster[row, column]]

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row a vertex: curve, identity, type, order, word, both weights."""
        import pandas as pd

        curves = self.curves
        counts = [len(curve.vertices) for curve in curves]
        vertices = np.concatenate([curve.vertices for curve in curves] or [np.empty((0, 2))])

        def column(of: Callable[[Curve], object]) -> np.ndarray:
            return np.repeat(np.array([of(curve) for curve in curves], object), counts)

        return pd.DataFrame(
            {
                "curve": column(lambda curve: curve.number).astype(np.int64),
                "identity": column(lambda curve: curve.identity).astype(np.int64),
                "type": pd.Categorical(column(lambda curve: curve.type), categories=TYPES),
                "order": column(lambda curve: curve.order).astype(np.int64),
                "word": pd.Series(column(lambda curve: curve.word_text), dtype=str),
                "stable": column(lambda curve: curve.stable).astype(bool),
                self.parameters[0]: vertices[:, 0],
                self.parameters[1]: vertices[:, 1],
            }
        )

    def plot(self, ax: Axes | None = None, *, regions: bool = True, legend: bool = True) -> Axes:
        """Draw the plane with Matplotlib, as in the pane, and return the axes.

        The colour of a curve says the order of its cycle, line and marker the type of its event;
        it is faint where no stable cycle takes part. A region has the colour of the orders that
        attract there. Open squares are points of codimension two.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            By default the current ones.
        regions, legend : bool
            Whether these are drawn.

        Raises
        ------
        ImportError
            Without Matplotlib (``pip install "scyfi-widgets[plot]"``).
        """
        from .drawing import draw_plane

        return draw_plane(self, ax, regions=regions, legend=legend)

    def __repr__(self) -> str:
        return (
            f"<Plane of {self.parameters[0]} and {self.parameters[1]}: {len(self.curves)} curves, "
            f"{len(self.points)} points, {len(self.regions)} regions; {self.statement}>"
        )


def bifurcation_plane(
    model: Model,
    first: Axis,
    second: Axis,
    max_order: int = 4,
    *,
    lines: int = LINES[-1],
    time_limit: float | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: np.ndarray | None = None,
) -> Plane:
    """Trace every bifurcation in the plane of two weights.

    Every event on a number of rows and columns is found exactly, as in `bifurcation_diagram`, and
    is a point of a curve. The curves are traced from there on the exact conditions, through the
    points where they meet. A curve that crosses none of the lines and meets no other is missed.

    Parameters
    ----------
    model : Model
    first, second : (str, (lo, hi))
        A weight's name such as ``"A[0]"`` and its range: the horizontal axis and the vertical one.
    max_order : int
        The highest order of a cycle, at least 1.
    lines : int
        Least number of rows, and of columns, that are looked at.
    time_limit : float, optional
        Seconds; what is known by then is returned and `Plane.stopped` says so.
    progress : callable, optional
        Called as ``progress(step, steps)``.
    cancel : (1,) int64 array, optional
        A flag (`scyfi_widgets.cancellation.new_flag`) that ends the work when it is set.

    Returns
    -------
    Plane

    Raises
    ------
    KeyError, TypeError, ValueError
        If an argument is not of its kind or out of range.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*,
    NeurIPS 2023, Fig. 3, for such a plane.
    """
    require_seconds("time_limit", time_limit)
    flag = new_flag() if cancel is None else cancel
    compile_planes()
    with expiring_flag(time_limit) as expired:
        *_, plane = refined_planes(
            model, first, second, max_order,
            lines=lines, progress=progress, cancel=flag, expired=expired,
        )  # fmt: skip
    return plane


def refined_planes(
    model: Model,
    first: Axis,
    second: Axis,
    max_order: int = 4,
    *,
    lines: int = LINES[-1],
    progress: Callable[[int, int], None] | None = None,
    cancel: np.ndarray | None = None,
    expired: np.ndarray | None = None,
) -> Iterator[Plane]:
    """Yield planes, each with more lines looked at than the one before.

    Parameters
    ----------
    model, first, second, max_order, lines, progress
        See `bifurcation_plane`.
    cancel, expired : (1,) int64 arrays, optional
        Either ends the work when it is set. After `cancel` the last plane is yielded once more,
        with the reason; after `expired` one with all that was found.
    """
    plane = ParameterPlane.of(model, first, second)
    max_order = whole_number("max_order", max_order, 1)
    lines = whole_number("lines", lines, 1)
    cancel = new_flag() if cancel is None else cancel
    expired = new_flag() if expired is None else expired
    work = Survey(plane, max_order, cancel, expired)
    levels = [count for count in LINES if count < lines]
    levels.append(next((count for count in LINES if count >= lines), lines))
    last = Plane(plane.names, tuple(zip(plane.lo, plane.hi, strict=True)), max_order)
    for level, count in enumerate(levels):
        try:
            work.take_lines(
                count, thorough=level > 0 or model.M <= 2, progress=progress, total=levels[-1]
            )
            last = _with_survey(last, work)
        except Cancelled:
            last = replace(last, stopped="cancelled", seconds=work.seconds)
        yield last
        if last.stopped:
            return


def _with_survey(plane: Plane, survey: Survey) -> Plane:
    """Return the plane with all that a survey knows."""
    curves, points = curves_of(survey.atlas)
    rows = survey.rows()
    regions, raster = regions_of(rows, survey.raster_x)
    return replace(
        plane,
        curves=curves,
        points=points,
        regions=regions,
        raster=raster,
        raster_x=survey.raster_x,
        raster_y=np.array([row.height for row in rows]),
        proved_lines=survey.proved_lines,
        proved_points=survey.proved_points,
        lost=survey.atlas.lost,
        stopped=survey.why_stopped(),
        seconds=survey.seconds,
    )
