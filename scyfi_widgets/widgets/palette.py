"""Colour and marker: one meaning in every pane."""

from __future__ import annotations

from ..palette import (
    EVENT_COLOURS,
    EVENT_LINES,
    EVENT_MARKERS,
    ORBIT_COLOUR,
    ORDER_COLOURS,
    ORDER_TONES,
    colour_index,
    order_colour,
)

__all__ = [
    "CONTINUUM_SIGN",
    "DATA_COLOUR",
    "EVENT_COLOURS",
    "EVENT_LINES",
    "EVENT_MARKERS",
    "INK_COLOUR",
    "ORBIT_COLOUR",
    "ORDER_COLOURS",
    "ORDER_TONES",
    "PAPER_COLOUR",
    "STABILITY_MARKERS",
    "START_COLOUR",
    "colour_index",
    "order_colour",
]

START_COLOUR = "#D81B60"
DATA_COLOUR = "#C98200"  # what a network was trained on

# bqplot's name of the marker, whether it is filled, and the same sign as text.
STABILITY_MARKERS = {
    "stable": ("circle", True, "●"),
    "saddle": ("diamond", False, "◇"),
    "unstable": ("cross", True, "✚"),
    "neutral": ("square", False, "□"),
}
CONTINUUM_SIGN = "━"

INK_COLOUR = "var(--jp-content-font-color1, #222)"
PAPER_COLOUR = "var(--jp-layout-color0, #fff)"
