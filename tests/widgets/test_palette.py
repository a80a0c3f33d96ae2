"""Colour and marker: one meaning in every pane, and seen on both themes."""

from __future__ import annotations

import bqplot
import pytest

from scyfi_widgets.cycles.cycle import STABILITIES
from scyfi_widgets.widgets.palette import (
    ORBIT_COLOUR,
    ORDER_COLOURS,
    STABILITY_MARKERS,
    START_COLOUR,
    colour_index,
    order_colour,
)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_rightly():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_stability_has_a_marker_of_its_own():
    assert set(STABILITY_MARKERS) == set(STABILITIES)
    markers, _, signs = zip(*STABILITY_MARKERS.values(), strict=True)
    assert len(set(markers)) == len(set(signs)) == len(STABILITIES)
    for marker in markers:
        assert bqplot.Scatter(marker=marker).marker == marker
    assert [STABILITY_MARKERS[name][1] for name in ("stable", "saddle")] == [True, False]


@pytest.mark.parametrize("background", ["#ffffff", "#111111"])
@pytest.mark.parametrize("colour", [*ORDER_COLOURS, ORBIT_COLOUR, START_COLOUR])
def test_colours_stand_out(colour, background):
    assert contrast(colour, background) >= 3.0


def test_orders_have_colours():
    assert len(set(ORDER_COLOURS)) == len(ORDER_COLOURS) >= 7
    number = len(ORDER_COLOURS)
    assert [order_colour(order) for order in range(1, number + 1)] == list(ORDER_COLOURS)
    for order in (1, 2, number, number + 1, 1000):
        assert order_colour(order) == ORDER_COLOURS[colour_index(order)]
        assert order_colour(order) == order_colour(order + number)
