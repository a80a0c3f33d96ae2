"""Colour and marker: one meaning in every pane, and in print."""

from __future__ import annotations

# The hues of Okabe and Ito's palette and two more, which colour-blind eyes tell apart, in tones
# that have a contrast of at least 3 on white and on JupyterLab's dark background alike (WCAG 2.2).
ORDER_COLOURS = (
    "#1F83CF",
    "#C98200",
    "#00916A",
    "#CC4B00",
    "#C8689F",
    "#1F9DB8",
    "#969650",
    "#7850D8",
)
# Several cycles of one order are told apart by tones of its hue. The first is the order's own.
ORDER_TONES = (
    (ORDER_COLOURS[0], "#1866A1", "#3998E1"),
    (ORDER_COLOURS[1], "#895800", "#A86D00"),
    (ORDER_COLOURS[2], "#007052", "#00A77A"),
    (ORDER_COLOURS[3], "#AC3F00", "#FE5D00"),
    (ORDER_COLOURS[4], "#A33B77", "#CD76A8"),
    (ORDER_COLOURS[5], "#156B7E", "#1B859C"),
    (ORDER_COLOURS[6], "#666636", "#7E7E43"),
    (ORDER_COLOURS[7], "#9A7CE1", "#8B69DE"),
)
ORBIT_COLOUR = "#8a8f98"

# Of the types of events: bqplot's name of the marker, whether it is filled, and the same sign as
# text. They are drawn in ink, so that no colour has two meanings; hollow where nothing is born,
# lost or destabilised.
EVENT_MARKERS = {
    "persistence": ("circle", False, "○"),
    "fold": ("square", True, "■"),
    "flip": ("diamond", True, "◆"),
    "border": ("cross", True, "✚"),
    "DTB": ("triangle-up", True, "▲"),
    "DFB": ("triangle-down", True, "▼"),
    "centre": ("circle", True, "●"),
}
# Their curves in a parameter plane: bqplot's line style and the width. Wide: border collisions at
# which cycles are born or lost; thin: an eigenvalue is critical, or only a word changes.
EVENT_LINES = {
    "persistence": ("dotted", 1.6),
    "fold": ("solid", 2.8),
    "flip": ("dashed", 2.8),
    "border": ("dotted", 2.8),
    "DTB": ("solid", 1.4),
    "DFB": ("dashed", 1.4),
    "centre": ("dash_dotted", 1.6),
}

# Of their ticks along a training, where there is no room for a sign. The tones of Okabe and Ito's
# palette that are farthest from each other, with the contrast that `ORDER_COLOURS` have.
EVENT_COLOURS = {
    "persistence": "#8a8f98",
    "fold": "#CC4B00",
    "flip": "#1F83CF",
    "border": "#969650",
    "DTB": "#D81B60",
    "DFB": "#7850D8",
    "centre": "#00916A",
}


def colour_index(order: int) -> int:
    """Return the place of an order's colour in `ORDER_COLOURS`."""
    return (order - 1) % len(ORDER_COLOURS)


def order_colour(order: int) -> str:
    """Return the colour of an order; eight orders have one each, then they repeat."""
    return ORDER_COLOURS[colour_index(order)]
