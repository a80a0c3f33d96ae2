"""Colour and marker: one meaning in every pane."""

from __future__ import annotations

# After Okabe and Ito's palette, safe for colour-blind eyes, without black and grey and with a
# lighter blue: every colour stands out on white and on JupyterLab's dark background.
ORDER_COLOURS = (
    "#1F83CF",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#B8A800",
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


def colour_index(order: int) -> int:
    """Return the place of an order's colour in `ORDER_COLOURS`."""
    return (order - 1) % len(ORDER_COLOURS)


def order_colour(order: int) -> str:
    """Return the colour of an order; eight orders have one each, then they repeat."""
    return ORDER_COLOURS[colour_index(order)]
