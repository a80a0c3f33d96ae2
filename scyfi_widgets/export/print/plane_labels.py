"""The words in the regions of a printed plane: where there is room for them on paper."""

from __future__ import annotations

import numpy as np

from ...widgets.plane.picture import PlanePicture
from ...widgets.plane.tint import HEIGHT, ON_SCREEN, WIDTH, labels_of
from ..drawing import Mark, Texts
from .axes import POINTS_A_PIXEL


def fitted_labels(
    marks: tuple[Mark, ...], picture: PlanePicture, width: float, height: float
) -> tuple[Mark, ...]:
    """Return the marks of a plane with the labels that fit into a plot; its sizes are in points.

    On paper the plot is smaller than on screen, and the text by less.
    """
    larger = tuple(
        POINTS_A_PIXEL * ON_SCREEN * pixels / points
        for pixels, points in ((WIDTH, width), (HEIGHT, height))
    )
    return tuple(
        _labels(mark, picture, larger) if isinstance(mark, Texts) and mark.texts else mark
        for mark in marks
    )


def _labels(mark: Texts, picture: PlanePicture, larger: tuple[float, float]) -> Texts:
    labels = labels_of(picture.pixels, picture.plane.regions, larger)
    low, high = np.array(picture.plane.ranges).T
    return Texts(low + labels.places * (high - low), labels.texts, mark.colour, mark.size)
