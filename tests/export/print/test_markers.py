"""Markers of print: the outlines that bqplot draws."""

from __future__ import annotations

import math

import pytest

from scyfi_widgets.export.print.markers import marker_path
from scyfi_widgets.widgets.palette import EVENT_MARKERS, STABILITY_MARKERS

AREA = 64.0


def bqplot_corners(name: str, area: float) -> list[tuple[float, float]]:
    """Return the corners as bqplot's source computes them, downwards positive."""
    root3, slender = math.sqrt(3.0), math.tan(math.pi / 6.0)
    match name:
        case "square":
            r = math.sqrt(area) / 2.0
            return [(-r, -r), (r, -r), (r, r), (-r, r)]
        case "diamond":
            ry = math.sqrt(area / (2.0 * slender))
            rx = ry * slender
            return [(0.0, -ry), (rx, 0.0), (0.0, ry), (-rx, 0.0)]
        case "cross":
            r = math.sqrt(area / 5.0) / 2.0
            rows = [(-3, -1), (-1, -1), (-1, -3), (1, -3), (1, -1), (3, -1)]
            rows += [(3, 1), (1, 1), (1, 3), (-1, 3), (-1, 1), (-3, 1)]
            return [(x * r, y * r) for x, y in rows]
    rx = math.sqrt(area / root3)
    ry = rx * root3 / 2.0
    if name == "triangle-up":
        return [(0.0, -ry), (rx, ry), (-rx, ry)]
    return [(0.0, ry), (rx, -ry), (-rx, -ry)]


@pytest.mark.parametrize("name", ["square", "diamond", "cross", "triangle-up", "triangle-down"])
def test_outlines_are_those_of_bqplot(name):
    corners = marker_path(name, AREA).vertices
    assert (corners[0] == corners[-1]).all()
    expected = {(round(x, 9) + 0.0, round(-y, 9) + 0.0) for x, y in bqplot_corners(name, AREA)}
    assert {(round(x, 9) + 0.0, round(y, 9) + 0.0) for x, y in corners.tolist()} == expected


def test_a_circle_covers_its_area():
    radius = math.sqrt(AREA / math.pi)
    box = marker_path("circle", AREA).get_extents().extents
    assert box == pytest.approx([-radius, -radius, radius, radius], rel=1e-6)


def test_every_marker_of_the_palette_is_there():
    for name, _, _ in (*STABILITY_MARKERS.values(), *EVENT_MARKERS.values()):
        assert len(marker_path(name, AREA).vertices) > 3


def test_unknown_markers():
    with pytest.raises(ValueError, match="marker must be one of circle, square"):
        marker_path("arrow", AREA)
