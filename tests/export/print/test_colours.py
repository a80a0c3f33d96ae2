"""CSS colours on paper, and whether colour-blind eyes tell those of the orders apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from scyfi_widgets.export.print.colours import paper_colour
from scyfi_widgets.palette import ORDER_COLOURS
from scyfi_widgets.widgets.palette import INK_COLOUR, PAPER_COLOUR

TOLD_APART = 8  # orders, from 1 on, that colour alone tells apart for everybody
LEAST_DISTANCE = 10.0  # CIE 1976; 2.3 is just noticed

# Machado, Oliveira and Fernandes (2009), Table 1, severity 1: what is seen of linear RGB.
SIGHT = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "full": np.eye(3),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = TO_XYZ.sum(axis=1)


def lab(colour: str, sight: str) -> np.ndarray:
    """Return a colour as it is seen, in CIELAB."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SIGHT[sight]) @ linear, 0.0, 1.0)
    x, y, z = (
        np.cbrt(t) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29
        for t in TO_XYZ @ seen / WHITE
    )
    return np.array([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])


def distance(one: str, other: str, sight: str) -> float:
    return float(np.linalg.norm(lab(one, sight) - lab(other, sight)))


def test_distances_are_measured_rightly():
    assert lab("#ffffff", "full") == pytest.approx([100.0, 0.0, 0.0], abs=1e-3)
    assert lab("#ff0000", "full") == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    assert distance("#ff0000", "#00ff00", "full") == pytest.approx(170.6, abs=0.1)
    # Who lacks a cone takes this red for this green, and nobody else does.
    assert distance("#a06020", "#708020", "full") > 30.0
    assert distance("#a06020", "#708020", "deuteranopia") < 9.0


@pytest.mark.parametrize("sight", SIGHT)
def test_colour_blind_eyes_tell_orders_apart(sight):
    for one, other in combinations(ORDER_COLOURS[:TOLD_APART], 2):
        assert distance(one, other, sight) >= LEAST_DISTANCE, (one, other)


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("#1F83CF", "#1F83CF"),
        (INK_COLOUR, "#222"),
        (PAPER_COLOUR, "#fff"),
        ("var(--a, var(--b, red))", "red"),
        ("rgb(255, 0, 51)", (1.0, 0.0, 0.2)),
        ("var(--a,rgba(0,51,255,0.5))", (0.0, 0.2, 1.0, 0.5)),
    ],
)
def test_colours_on_paper(css, expected):
    assert paper_colour(css) == expected


def test_a_colour_of_the_theme_alone_is_none_on_paper():
    with pytest.raises(ValueError, match=r"must have a fallback, as var\(--name, #222\)"):
        paper_colour("var(--jp-layout-color0)")
