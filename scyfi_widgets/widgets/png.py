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
        Red, green, blue and opacity; at most 256, and up to 16 make a picture half as large.
    """
    height, width = pixels.shape
    bits = 8 if len(palette) > 16 else 4
    if bits == 4:
        even = np.pad(pixels, ((0, 0), (0, width % 2)))
        pixels = even[:, ::2] << 4 | even[:, 1::2]
    lines = np.zeros((height, pixels.shape[1] + 1), np.uint8)  # each begins with its filter: none
    lines[:, 1:] = pixels
    with_palette = struct.pack(">IIBBBBB", width, height, bits, 3, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", with_palette),
            _chunk(b"PLTE", np.ascontiguousarray(palette[:, :3]).tobytes()),
            _chunk(b"tRNS", palette[:, 3].tobytes()),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 1)),
            _chunk(b"IEND", b""),
        )
    )


def smaller_png(png: bytes) -> bytes:
    """Return the same picture, compressed as well as it can be: for what is kept."""
    parts = _parts(png)
    packed = zlib.compress(zlib.decompress(parts.pop(b"IDAT")), 9)
    del parts[b"IEND"]
    chunks = [_chunk(kind, content) for kind, content in parts.items()]
    return b"".join([png[:8], *chunks, _chunk(b"IDAT", packed), _chunk(b"IEND", b"")])


def halved_png(png: bytes) -> bytes:
    """Return a picture of `palette_png` in shades with half its rows, columns and shades.

    Of four pixels the one is kept that stands last in the palette, the darkest; and of two shades
    the darker one. The first, of which nothing is seen, stays.
    """
    parts = _parts(png)
    width, height, bits = struct.unpack(">IIB", parts[b"IHDR"][:9])
    lines = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, -1)[:, 1:]
    if bits == 4:
        lines = np.stack([lines >> 4, lines & 15], axis=2).reshape(height, -1)[:, :width]
    even = np.pad(lines, ((0, height % 2), (0, width % 2)), mode="edge")
    blocks = even.reshape(len(even) // 2, 2, -1, 2)
    colours = np.frombuffer(parts[b"PLTE"], np.uint8).reshape(-1, 3)
    opacity = np.frombuffer(parts[b"tRNS"], np.uint8)
    kept = np.append(np.arange(0, len(opacity) - 1, 2), len(opacity) - 1)
    halved = (blocks.max(axis=(1, 3)) + 1) // 2
    return palette_png(halved, np.column_stack([colours, opacity])[kept])


def is_shaded(png: bytes) -> bool:
    """Whether a picture of `palette_png` is in shades of one colour, the faintest first."""
    parts = _parts(png)
    colours = np.frombuffer(parts.get(b"PLTE", b""), np.uint8).reshape(-1, 3)
    opacity = np.frombuffer(parts.get(b"tRNS", b""), np.uint8).astype(int)
    one_colour = len(colours) > 1 and (colours == colours[0]).all()
    return bool(one_colour and len(opacity) == len(colours) and (np.diff(opacity) > 0).all())


def _parts(png: bytes) -> dict[bytes, bytes]:
    """Return the chunks of a PNG by their kind; those of one kind joined."""
    parts: dict[bytes, bytes] = {}
    place = 8
    while place < len(png):
        size = int.from_bytes(png[place : place + 4], "big")
        kind = png[place + 4 : place + 8]
        parts[kind] = parts.get(kind, b"") + png[place + 8 : place + 8 + size]
        place += 12 + size
    return parts


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check
