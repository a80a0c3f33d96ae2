"""What a parameter plane shows, as plain arrays: no widget in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...bifurcations.events import TYPES
from ...bifurcations.planes.curves import CROSSING, CodimensionTwo, Curve
from ...bifurcations.planes.plane import Plane
from ...bifurcations.planes.region_pixels import region_pixels
from ...bifurcations.planes.regions import Region
from ..palette import order_colour
from .tint import HEIGHT, WIDTH, Labels, labels_of, tint_png

Limits = tuple[float, float]
Lines = tuple[np.ndarray, list[str], list[float]]

SIGN_EVERY = 130.0  # pixels of the tint's picture along a curve
SHORTEST = 9.0  # of a curve with a sign
MOST_SIGNS = 150  # SVG markers are dear
MOST_POINTS = 150
MOST_VERTICES = 20_000
FAINT = 0.4  # opacity of a curve at which no stable cycle takes part


@dataclass(frozen=True, eq=False)
class PlanePicture:
    """What is drawn, as plain arrays in the plane's coordinates.

    Attributes
    ----------
    plane : Plane
    position : (float, float)
        The present values of both weights.
    lines : dict of type to ((2, rows, n) array, colours, opacities)
        The curves of one order, with a stable cycle or without, are one row, separated by NaN.
    signs : dict of type to ((2, n) array, list of Curve)
        Places on the curves where the sign of their type is, and the curve of each.
    points : (2, n) array
        Points of codimension two.
    crossings : (2, n) array
        Where curves cross that have nothing to do with one another.
    owners : (list of CodimensionTwo, list of CodimensionTwo)
        What is at each of `points` and of `crossings`.
    pixels : (h, w) int array
        The region at each pixel.
    png : bytes
        The picture of the regions.
    labels : Labels
    """

    plane: Plane
    position: tuple[float, float]
    lines: dict[str, Lines]
    signs: dict[str, tuple[np.ndarray, list[Curve]]]
    points: np.ndarray
    crossings: np.ndarray
    owners: tuple[list[CodimensionTwo], list[CodimensionTwo]]
    pixels: np.ndarray
    png: bytes
    labels: Labels

    @property
    def inside(self) -> bool:
        """Whether the present values are within both ranges."""
        ends = zip(self.position, self.plane.ranges, strict=True)
        return all(low <= value <= high for value, (low, high) in ends)

    @property
    def region(self) -> Region | None:
        """The region of the present values, to a pixel; None where it is not known."""
        if not self.inside:
            return None
        (left, right), (low, high) = self.plane.ranges
        height, width = self.pixels.shape
        column = int((self.position[0] - left) / (right - left) * width)
        row = int((high - self.position[1]) / (high - low) * height)
        number = self.pixels[min(row, height - 1), min(column, width - 1)]
        return None if number < 0 else self.plane.regions[number]


def compose_picture(plane: Plane, position: tuple[float, float]) -> PlanePicture:
    """Return the picture of a plane."""
    pixels = region_pixels(plane, WIDTH, HEIGHT)
    shown = [point for point in plane.points if point.name != CROSSING][:MOST_POINTS]
    crossings = [point for point in plane.points if point.name == CROSSING][:MOST_POINTS]
    curves = drawn_curves(plane)
    return PlanePicture(
        plane=plane,
        position=position,
        lines={name: lines_of([c for c in curves if c.type == name]) for name in TYPES},
        signs=_signs(curves, plane.ranges),
        points=_places(shown),
        crossings=_places(crossings),
        owners=(shown, crossings),
        pixels=pixels,
        png=tint_png(pixels, plane.regions),
        labels=labels_of(pixels, plane.regions),
    )


def drawn_curves(plane: Plane) -> list[Curve]:
    """Return the curves by order, as many as a browser can draw: `MOST_VERTICES`."""
    total, curves = 0, []
    for curve in plane.curves:
        total += len(curve.vertices)
        if total > MOST_VERTICES:
            break
        curves.append(curve)
    return curves


def lines_of(curves: Sequence[Curve]) -> Lines:
    """Return curves as one row for each order and stability, with their colours and opacities."""
    rows: dict[tuple[int, bool], list[np.ndarray]] = {}
    gap = np.full((1, 2), np.nan)
    for curve in curves:
        row = rows.setdefault((curve.order, curve.stable), [])
        row += [gap] if row else []
        row.append(curve.vertices)
    joined = {key: np.concatenate(parts) for key, parts in rows.items()}
    array = np.full((2, len(rows), max(map(len, joined.values()), default=0)), np.nan)
    for number, points in enumerate(joined.values()):
        # Short rows begin with NaN and do not end with it: bqplot looks at the last point.
        array[:, number, array.shape[2] - len(points) :] = points.T
    colours = [order_colour(order) for order, _ in rows]
    return array, colours, [1.0 if stable else FAINT for _, stable in rows]


def _signs(
    curves: Sequence[Curve], ranges: tuple[Limits, Limits]
) -> dict[str, tuple[np.ndarray, list[Curve]]]:
    """Return the signs along the curves; where there are too many, short curves have none."""
    scale = np.array([WIDTH, HEIGHT]) / np.ptp(np.array(ranges), axis=1)
    measured = [(np.hypot(*(np.diff(c.vertices, axis=0) * scale).T), c) for c in curves]
    measured.sort(key=lambda pair: -pair[0].sum())
    places: dict[str, list[np.ndarray]] = {name: [] for name in TYPES}
    owners: dict[str, list[Curve]] = {name: [] for name in TYPES}
    budget = MOST_SIGNS
    for steps, curve in measured:
        along = np.concatenate([[0.0], np.cumsum(steps)])
        if along[-1] < SHORTEST or budget <= 0:
            break
        number = min(max(1, round(along[-1] / SIGN_EVERY)), budget)
        wanted = along[-1] * (np.arange(number) + 0.5) / number
        x, y = (np.interp(wanted, along, values) for values in curve.vertices.T)
        places[curve.type].append(np.stack([x, y]))
        owners[curve.type] += [curve] * number
        budget -= number
    return {
        name: (np.concatenate(found, axis=1) if found else np.empty((2, 0)), owners[name])
        for name, found in places.items()
    }


def _places(points: Sequence[CodimensionTwo]) -> np.ndarray:
    return np.array([point.position for point in points]).reshape(-1, 2).T
