"""From two weights and their ranges to the loss over their plane."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ...bifurcations.planes.parameter_plane import Axis, ParameterPlane
from ...cancellation import expiring_flag, new_flag
from ...models import Model
from ...models.validation import require_seconds, whole_number
from ..forcing import Forcing, FreeRunning
from ..loss import LossFunction
from ..numbers import in_range
from ..observation import Observation
from ..progress import Report, reporter
from ..series import TimeSeries
from .all_weights import AllWeights
from .compile import compile_evaluation
from .survey import Survey, available_threads
from .tangents import PlaneTangents

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ...bifurcations.planes.plane import Plane
    from ..run import TrainingRun

AXES, ALL = "axes", "all"
QUANTITIES = ("loss", "gradient_norm")
SHAPE = (200, 200)


class LandscapePoint(NamedTuple):
    """One point of a landscape.

    Attributes
    ----------
    values : (float, float)
        Of both weights.
    loss, gradient_norm : float
    """

    values: tuple[float, float]
    loss: float
    gradient_norm: float


@dataclass(frozen=True, eq=False, repr=False)
class LossLandscape:
    """The loss over the plane of two weights, and the norm of its gradient.

    Attributes
    ----------
    model : Model
        The network that has all the other weights.
    names : (str, str)
        The weights, x and y.
    values1 : (n1,) array
        Values of the first weight, evenly spaced.
    values2 : (n2,) array
        Values of the second one.
    loss : (n2, n1) array
        Row i has values2[i]. Infinite where the orbit overflows, NaN where the work ended before.
    gradient_norm : (n2, n1) array
        Euclidean norm of the gradient, infinite and NaN at the same places.
    of : str
        The gradient with respect to both weights of the plane (``"axes"``), or to all weights of
        the network (``"all"``).
    forcing : Forcing
    observation : Observation
    sequence_length : int
        States of each sequence.
    stopped : str or None
        Why the work ended early, or None.
    seconds : float
        Wall-clock time.
    """

    model: Model
    names: tuple[str, str]
    values1: np.ndarray
    values2: np.ndarray
    loss: np.ndarray
    gradient_norm: np.ndarray
    of: str
    forcing: Forcing
    observation: Observation
    sequence_length: int
    stopped: str | None = None
    seconds: float = 0.0

    def at(self, value1: float, value2: float) -> LandscapePoint:
        """Return the point of the grid that is nearest to the values of both weights.

        Raises
        ------
        ValueError
            If a value is outside of the landscape.
        """
        column = _nearest(self.names[0], self.values1, value1)
        row = _nearest(self.names[1], self.values2, value2)
        return self._point(row, column)

    @property
    def lowest(self) -> LandscapePoint:
        """The point with the lowest loss.

        Raises
        ------
        ValueError
            If no loss is finite.
        """
        finite = np.isfinite(self.loss)
        if not finite.any():
            raise ValueError("the landscape has no finite loss")
        place = np.where(finite, self.loss, np.inf).argmin()
        return self._point(*np.unravel_index(place, self.loss.shape))

    def model_at(self, value1: float, value2: float) -> Model:
        """Return the network with these values of both weights, inside the landscape or not."""
        return self.model.replace({self.names[0]: value1, self.names[1]: value2})

    def plot(
        self,
        ax: Axes | None = None,
        quantity: str = "loss",
        *,
        log: bool = True,
        curves: Plane | None = None,
        path: TrainingRun | ArrayLike | None = None,
        colorbar: bool = True,
        **style,
    ) -> Axes:
        """Draw the landscape with Matplotlib and return the axes.

        Grey are points of which there is no finite value, with `log` also those of zero.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            By default the current ones.
        quantity : {"loss", "gradient_norm"}
        log : bool
            Whether the colours are on a logarithmic scale.
        curves : Plane, optional
            Bifurcations in the plane of the same weights (`bifurcation_plane`), drawn on top: the
            colour says the order of a cycle, the line the type of the event.
        path : TrainingRun or (n, 2) array, optional
            The way of a training through the plane: from the circle to the star.
        colorbar : bool
            Whether the scale stands beside the axes.
        **style
            Settings of `matplotlib.axes.Axes.pcolormesh`.

        Raises
        ------
        ImportError
            If no axes are given and Matplotlib is not installed.
        TypeError, ValueError
            If there is no such quantity, or curves or path belong to other weights.
        """
        from .drawing import draw_landscape

        return draw_landscape(self, ax, quantity, log, curves, path, colorbar, style)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row a point: both weights, loss, gradient norm."""
        import pandas as pd

        x, y = np.meshgrid(self.values1, self.values2)
        return pd.DataFrame(
            {
                self.names[0]: x.ravel(),
                self.names[1]: y.ravel(),
                "loss": self.loss.ravel(),
                "gradient_norm": self.gradient_norm.ravel(),
            }
        )

    def _point(self, row: int, column: int) -> LandscapePoint:
        return LandscapePoint(
            (float(self.values1[column]), float(self.values2[row])),
            float(self.loss[row, column]),
            float(self.gradient_norm[row, column]),
        )

    def __repr__(self) -> str:
        n2, n1 = self.loss.shape
        finite = self.loss[np.isfinite(self.loss)]
        text = f"<LossLandscape of {self.names[0]} and {self.names[1]}: {n1} x {n2} points"
        if len(finite):
            text += f", loss {finite.min():.3g} to {finite.max():.3g}"
        infinite = int(np.isinf(self.loss).sum())
        text += f", infinite at {infinite:,}" if infinite else ""
        text += f"; {self.forcing!r}, sequences of {self.sequence_length} states"
        return f"{text}; {self.stopped}>" if self.stopped else f"{text}>"


def loss_landscape(
    model: Model,
    data: TimeSeries | ArrayLike,
    first: Axis,
    second: Axis,
    *,
    forcing: Forcing | None = None,
    shape: tuple[int, int] = SHAPE,
    of: str = AXES,
    observation: Observation | ArrayLike | None = None,
    sequence_length: int | None = None,
    z0: ArrayLike | None = None,
    threads: int | None = None,
    time_limit: float | None = None,
    progress: bool | Report | None = None,
    cancel: np.ndarray | None = None,
) -> LossLandscape:
    """Compute the loss, and the norm of its gradient, over the plane of two weights.

    Both are exactly those of `loss_and_gradient` at every point. Every eighth row and column comes
    first, so that what ends early has been everywhere.

    Parameters
    ----------
    model : Model
        It gives all other weights.
    data : TimeSeries, or (T,) or (T, N) array
    first, second : (str, (lo, hi))
        A weight's name such as ``"A[0]"`` and its range, both ends included.
    forcing : Forcing, optional
        By default the network runs freely. A strength that changes in training has its first value.
    shape : (int, int)
        How many values of the first weight, and of the second; at least 2 each.
    of : {"axes", "all"}
        The weights whose gradient is measured: those of the plane, or all of the network.
    observation, sequence_length, z0
        As in `loss_and_gradient`.
    threads : int, optional
        By default one for each processor.
    time_limit : float, optional
        Seconds; what is known by then is returned and `LossLandscape.stopped` says so.
    progress : bool or callable, optional
        True shows a bar; or it is called as ``progress(points, of_points)``.
    cancel : (1,) int64 array, optional
        A flag (`scyfi_widgets.cancellation.new_flag`) that ends the work when it is set, with the
        same effect.

    Returns
    -------
    LossLandscape

    Raises
    ------
    KeyError
        If a weight does not exist.
    TypeError, ValueError
        If an argument is not of its kind or out of range.

    References
    ----------
    Eisenmann, Monfared, Göring, Durstewitz, *Bifurcations and loss jumps in RNN training*,
    NeurIPS 2023, Fig. 3, for both surfaces.
    """
    require_seconds("time_limit", time_limit)
    work = _Work(
        model, data, first, second, forcing, shape, of,
        observation, sequence_length, z0, threads, cancel,
    )  # fmt: skip
    with (
        expiring_flag(time_limit) as expired,
        reporter(progress, "landscape", "point") as report,
    ):
        work.survey.expired = expired
        for _ in work.survey.levels(report):
            pass
        return work.landscape(1)


def refined_landscapes(
    model: Model,
    data: TimeSeries | ArrayLike,
    first: Axis,
    second: Axis,
    *,
    forcing: Forcing | None = None,
    shape: tuple[int, int] = SHAPE,
    of: str = AXES,
    observation: Observation | ArrayLike | None = None,
    sequence_length: int | None = None,
    z0: ArrayLike | None = None,
    threads: int | None = None,
    cancel: np.ndarray | None = None,
) -> Iterator[LossLandscape]:
    """Yield the landscape of every eighth value of both weights, of every second one, and of all.

    The arguments are those of `loss_landscape`; the last landscape equals its result. When the flag
    is set nothing more is yielded.

    Raises
    ------
    KeyError, TypeError, ValueError
        As `loss_landscape` does, when the first landscape is asked for.
    """
    work = _Work(
        model, data, first, second, forcing, shape, of,
        observation, sequence_length, z0, threads, cancel,
    )  # fmt: skip
    for stride in work.survey.levels(lambda done, points: None):
        yield work.landscape(stride)


class _Work:
    """A landscape in the making."""

    def __init__(
        self, model, data, first, second, forcing, shape, of,
        observation, sequence_length, z0, threads, cancel,
    ):  # fmt: skip
        self.started = time.perf_counter()
        self.plane = plane = ParameterPlane.of(model, first, second)
        if of not in (AXES, ALL):
            raise ValueError(f'of must be "{AXES}" or "{ALL}", got {of!r}')
        self.of = of
        if not (isinstance(shape, tuple | list) and len(shape) == 2):
            raise TypeError(f"shape must be two whole numbers, (200, 200), got {shape!r}")
        counts = [whole_number(f"shape[{i}]", count, 2) for i, count in enumerate(shape)]
        threads = available_threads() if threads is None else whole_number("threads", threads, 1)
        flag = new_flag() if cancel is None else cancel
        self.function = function = LossFunction(
            model, data, FreeRunning() if forcing is None else forcing,
            observation=observation, sequence_length=sequence_length, z0=z0, cancel=flag,
        )  # fmt: skip
        self.grids = tuple(
            np.linspace(lo, hi, count)
            for lo, hi, count in zip(plane.lo, plane.hi, counts, strict=True)
        )
        compile_evaluation(PlaneTangents if of == AXES else AllWeights)
        if of == AXES:
            evaluate = PlaneTangents(plane, function, z0).evaluate
        else:
            evaluate = AllWeights(plane, function, z0, threads).evaluate
        steps = function.targets.shape[0] * function.steps
        work = 3.0 * steps * model.M * (model.M + 2.0 * model.H)
        self.survey = Survey(evaluate, work, self.grids, threads, flag, expired=new_flag())

    def landscape(self, stride: int) -> LossLandscape:
        """Return what is known of every `stride`-th value of both weights."""
        survey, (values1, values2) = self.survey, self.grids
        arrays = [values1[::stride], values2[::stride]]
        arrays += [array[::stride, ::stride] for array in (survey.loss, survey.gradient_norm)]
        arrays = [array.copy() for array in arrays]
        for array in arrays:
            array.setflags(write=False)
        why = survey.ended
        missing = survey.done < survey.points
        return LossLandscape(
            self.plane.model,
            self.plane.names,
            *arrays,
            of=self.of,
            forcing=self.function.forcing,
            observation=self.function.observation,
            sequence_length=self.function.steps + 1,
            stopped=f"{why} after {survey.done:,} points" if why and missing else None,
            seconds=time.perf_counter() - self.started,
        )


def _nearest(name: str, values: np.ndarray, value: float) -> int:
    value = in_range(name, value, -np.inf)
    margin = 0.5 * (values[1] - values[0]) * (1.0 + 1e-9)
    if not values[0] - margin <= value <= values[-1] + margin:
        raise ValueError(
            f"{name} must be between {values[0]:g} and {values[-1]:g} in this landscape, "
            f"got {value:g}"
        )
    return int(np.abs(values - value).argmin())
