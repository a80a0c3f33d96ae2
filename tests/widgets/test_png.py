"""Pictures in the PNG format, as another library reads them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

from scyfi_widgets.widgets.png import halved_png, is_shaded, palette_png, smaller_png


def colours(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (number, 4)).astype(np.uint8)


@pytest.mark.parametrize("number", [1, 2, 16, 17, 256])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (4, 6), (7, 1)])
def test_every_pixel_has_its_colour(number, shape):
    palette = colours(number)
    pixels = np.random.default_rng(0).integers(0, number, shape).astype(np.uint8)
    png = palette_png(pixels, palette)
    for picture in (png, smaller_png(png)):
        seen = np.round(255 * imread(BytesIO(picture), format="png")).astype(np.uint8)
        np.testing.assert_array_equal(seen, palette[pixels])


def test_few_colours_take_half_the_bytes_and_a_kept_picture_fewer():
    rng = np.random.default_rng(1)
    pixels = (rng.random((200, 300)) < 0.2) * rng.integers(0, 16, (200, 300)).astype(np.uint8)
    few = palette_png(pixels, colours(16))
    many = palette_png(pixels, colours(17))
    assert len(few) < 0.95 * len(many)
    assert len(smaller_png(few)) < len(few)


@pytest.mark.parametrize("number", [16, 17, 200])
@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (1, 1)])
def test_half_a_picture_keeps_the_darkest_of_four_pixels_and_two_shades(number, shape):
    palette = colours(number)
    pixels = np.random.default_rng(2).integers(0, number, shape).astype(np.uint8)
    seen = np.round(255 * imread(BytesIO(halved_png(palette_png(pixels, palette))), format="png"))
    height, width = -(-shape[0] // 2), -(-shape[1] // 2)
    assert seen.shape == (height, width, 4)
    for row, column in np.ndindex(height, width):
        block = pixels[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        darker = min(block.max() + block.max() % 2, number - 1)
        np.testing.assert_array_equal(seen[row, column], palette[darker])


def test_shades_are_told_from_colours():
    pixels = np.zeros((2, 2), np.uint8)
    shades = np.column_stack([np.full((5, 3), 90), np.linspace(0, 255, 5)]).astype(np.uint8)
    assert is_shaded(palette_png(pixels, shades))
    assert not is_shaded(palette_png(pixels, shades[::-1]))
    assert not is_shaded(palette_png(pixels, shades[:1]))
    assert not is_shaded(palette_png(pixels, colours(5)))
