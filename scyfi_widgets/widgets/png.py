"""Pictures in the PNG format, for bqplot's Image."""

from __future__ import annotations

import struct
import zlib

import numpy as np


def palette_png(pixels: np.ndarray, palette: np.ndarray) -> bytes:
    """Return a PNG (PNG specification, third edition) of pixels with a palette of colours.

    Parameters
    ----------
    pixels : (h, w) uint8 array
        Places in the palette, the top row first.
    palette : (n, 4) uint8 array
        Red, green, blue and opacity; at most 256 of them.
    """
    height, width = pixels.shape
    lines = np.zeros((height, width + 1), np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = pixels
    eight_bits_with_palette = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", eight_bits_with_palette),
            _chunk(b"PLTE", np.ascontiguousarray(palette[:, :3]).tobytes()),
            _chunk(b"tRNS", palette[:, 3].tobytes()),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 1)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check
