"""Colour and marker: one meaning in every pane."""

from __future__ import annotations

# The hues of Okabe and Ito's palette, which colour-blind eyes tell apart, in tones that have a
# contrast of at least 3 on white and on JupyterLab's dark background alike (WCAG 2.2, graphics).
ORDER_COLOURS = (
    "#1F83CF",
    "#C98200",
    "#00916A",
    "#CC4B00",
    "#C8689F",
    "#1F9DB8",
    "#8C8500",
    "#8B5FBF",
)
ORBIT_COLOUR = "#8a8f98"
START_COLOUR = "#D81B60"

# bqplot's name of the marker, whether it is filled, and the same sign as text.
STABILITY_MARKERS = {
    "stable": ("circle", True, "●"),
    "saddle": ("diamond", False, "◇"),
    "unstable": ("cross", True, "✚"),
    "neutral": ("square", False, "□"),
}
CONTINUUM_SIGN = "━"


def colour_index(order: int) -> int:
    """Return the place of an order's colour in `ORDER_COLOURS`."""
    return (order - 1) % len(ORDER_COLOURS)


def order_colour(order: int) -> str:
    """Return the colour of an order; eight orders have one each, then they repeat."""
    return ORDER_COLOURS[colour_index(order)]
