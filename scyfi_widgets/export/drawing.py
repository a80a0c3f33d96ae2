"""What a figure shows, as plain data: no widget, no browser, no Matplotlib.

Both ways out of the notebook begin here, the page and the print, so that they show the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Limits = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Axis:
    """One axis of a drawing.

    Attributes
    ----------
    label : str
    limits : (low, high)
    ticks : (n,) array
    texts : tuple of str
        What stands at the ticks.
    """

    label: str
    limits: Limits
    ticks: np.ndarray
    texts: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves in data coordinates; a row of NaN begins a new piece of one.

    A piece of a single point is a dot, as wide as the line.

    Attributes
    ----------
    points : tuple of (n, 2) array
        One array a curve.
    colours : tuple of str
        CSS colours, one a curve.
    opacities : tuple of float
        One a curve.
    width : float
        CSS pixels.
    style : {"solid", "dashed", "dotted", "dash_dotted"}
    beside : bool
        Whether its heights are those of the axis on the right.
    """

    points: tuple[np.ndarray, ...]
    colours: tuple[str, ...]
    opacities: tuple[float, ...]
    width: float
    style: str
    beside: bool = False


@dataclass(frozen=True, eq=False)
class Signs:
    """Markers.

    Attributes
    ----------
    points : (n, 2) array
    colours : tuple of str
        CSS colours, one a point.
    marker : {"circle", "square", "diamond", "cross", "triangle-up", "triangle-down"}
    filled : bool
        Hollow ones are drawn with a line of their colour.
    edge : str or None
        Colour of the line around a filled one.
    edge_width : float
        CSS pixels.
    area : float
        Square CSS pixels.
    opacity : float
    words : tuple of str
        What each point says under the mouse, as HTML; empty where they are silent.
    """

    points: np.ndarray
    colours: tuple[str, ...]
    marker: str
    filled: bool
    edge: str | None
    edge_width: float
    area: float
    opacity: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Texts:
    """Words in a drawing, centred at their points.

    Attributes
    ----------
    points : (n, 2) array
    texts : tuple of str
    colour : str
    size : float
        CSS pixels.
    """

    points: np.ndarray
    texts: tuple[str, ...]
    colour: str
    size: float


@dataclass(frozen=True, eq=False)
class Raster:
    """A picture below the marks.

    Attributes
    ----------
    png : bytes
    x, y : (low, high)
        Where its edges are.
    smooth : bool
        Whether its pixels are blended.
    """

    png: bytes
    x: Limits
    y: Limits
    smooth: bool


Mark = Curves | Signs | Texts | Raster


@dataclass(frozen=True, eq=False)
class Drawing:
    """One figure.

    Attributes
    ----------
    x, y : Axis
    beside : Axis or None
        The axis on the right.
    marks : tuple of Mark
        The lowest first. Their number and kinds are those of the figure, whatever it shows.
    height : float
        CSS pixels.
    ratio : float or None
        Width over height, where it is fixed.
    """

    x: Axis
    y: Axis
    beside: Axis | None
    marks: tuple[Mark, ...]
    height: float
    ratio: float | None
