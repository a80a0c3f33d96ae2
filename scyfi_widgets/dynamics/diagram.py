"""The attractors over a parameter, as data, as an image and as a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..bifurcations.line import Line
from ..models.validation import interval, whole_number
from .density import visits_of_pixels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

OUTERMOST = 0.01
MARGIN = 0.05  # of the height, above and below the points


@dataclass(frozen=True, eq=False, repr=False)
class OrbitDiagram:
    """Points of the attractors after a transient, for values of a parameter and several starts.

    Attributes
    ----------
    line : Line
        The networks that were looked at.
    values : (n,) array
        Values of the parameter, evenly spaced from one end of the line's range to the other.
    points : (n, S, kept, C) array
        Successive states of every start after the transient; NaN where it diverged.
    diverged : (n, S) bool array
        Which starts left the region of a million times the network's scale.
    periods : (n, S) int64 array
        The least p, up to 64 and below `kept`, with which all the kept points recur to 1e-9 of the
        network's scale; 0 where there is none: chaos, a quasi-periodic orbit, a long cycle, or an
        orbit that settles more slowly than the transient, as happens beside a bifurcation.
    coordinates : tuple of int
        Which component of the state each column of `points` is.
    transient : int
        Steps before the first point.
    seed : int or None
        Seed of the starts; None for given ones.
    """

    line: Line
    values: np.ndarray
    points: np.ndarray
    diverged: np.ndarray
    periods: np.ndarray
    coordinates: tuple[int, ...]
    transient: int
    seed: int | None

    @property
    def label(self) -> str:
        """What the values are, as the label of an axis."""
        return self.line.label

    def of_coordinate(self, coordinate: int | None = None) -> np.ndarray:
        """Return one component of the points (n, S, kept), by default the first that was kept.

        Raises
        ------
        ValueError
            If it was not kept.
        """
        return self.points[..., self._column(coordinate)]

    def limits(self, coordinate: int | None = None) -> tuple[float, float]:
        """Return the range of a coordinate that a picture should show, with a margin.

        What only the outermost hundredth of the values reach upwards, or downwards, is left out:
        an attractor on its way to infinity would press all others into one line.
        """
        states = self.of_coordinate(coordinate)[~self.diverged.all(axis=1)]
        if not len(states):
            return -1.0, 1.0
        low = float(np.quantile(np.nanmin(states, axis=(1, 2)), OUTERMOST))
        high = float(np.quantile(np.nanmax(states, axis=(1, 2)), 1.0 - OUTERMOST))
        margin = MARGIN * (high - low) or MARGIN * (abs(low) or 1.0)
        return low - margin, high + margin

    def image(
        self,
        width: int = 600,
        height: int = 400,
        coordinate: int | None = None,
        bounds: tuple[float, float] | None = None,
    ) -> np.ndarray:
        """Return how often the orbits visit each pixel, as log(1 + visits).

        Parameters
        ----------
        width, height : int
            Pixels.
        coordinate : int, optional
            The component of the state that is drawn upwards, by default the first that was kept.
        bounds : (low, high), optional
            Its range, by default `limits`.

        Returns
        -------
        (height, width) array
            The top row first. A pixel as wide as several values has their mean number of visits;
            one that is narrower than their spacing has those of the nearest value.
        """
        width, height = whole_number("width", width, 1), whole_number("height", height, 1)
        low, high = interval("bounds", self.limits(coordinate) if bounds is None else bounds)
        column = self._column(coordinate)
        return np.log1p(visits_of_pixels(self.points, column, width, height, low, high))

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row a point: value, start, step, period, diverged, and the coordinates."""
        import pandas as pd

        n, S, kept, _ = self.points.shape
        columns = {
            "value": np.repeat(self.values, S * kept),
            "start": np.tile(np.repeat(np.arange(S), kept), n),
            "step": np.tile(np.arange(self.transient, self.transient + kept), n * S),
            "period": np.repeat(self.periods.ravel(), kept),
            "diverged": np.repeat(self.diverged.ravel(), kept),
        }
        for column, coordinate in enumerate(self.coordinates):
            columns[f"z[{coordinate}]"] = self.points[..., column].ravel()
        return pd.DataFrame(columns)

    def plot(self, ax: Axes | None = None, coordinate: int | None = None, **style) -> Axes:
        """Draw the points with Matplotlib and return the axes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            By default the current ones.
        coordinate : int, optional
            The component of the state that is drawn upwards, by default the first that was kept.
        **style
            Settings of `matplotlib.axes.Axes.plot` in place of small grey dots.

        Raises
        ------
        ImportError
            If no axes are given and Matplotlib is not installed.
        """
        if ax is None:
            try:
                import matplotlib.pyplot as plt
            except ImportError as error:
                raise ImportError(
                    "plot needs Matplotlib: pip install 'scyfi-widgets[plot]'"
                ) from error
            ax = plt.gca()
        column = self._column(coordinate)
        states = self.points[..., column].reshape(len(self.values), -1)
        dots = {"linestyle": "none", "marker": ".", "markersize": 1.0, "markeredgewidth": 0.0}
        # A hundred thousand dots make a PDF that no viewer scrolls: they are stored as pixels.
        dots |= {"color": "0.55", "zorder": 0.5, "rasterized": True}
        ax.plot(np.repeat(self.values, states.shape[1]), states.ravel(), **(dots | style))
        ax.set_xlabel(self.label)
        ax.set_ylabel(f"z[{self.coordinates[column]}]")
        return ax

    def _column(self, coordinate: int | None) -> int:
        if coordinate is None:
            return 0
        if coordinate not in self.coordinates:
            kept = ", ".join(map(str, self.coordinates))
            raise ValueError(f"coordinate must be one of those kept ({kept}), got {coordinate!r}")
        return self.coordinates.index(coordinate)

    def __repr__(self) -> str:
        n, S, kept, _ = self.points.shape
        return (
            f"<OrbitDiagram of {self.label} in ({self.values[0]:g}, {self.values[-1]:g}): "
            f"{n} values, {S} starts, {kept} points of each orbit; "
            f"{self.diverged.sum()} of {n * S} orbits diverged>"
        )
