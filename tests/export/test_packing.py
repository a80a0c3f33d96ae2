"""Contents of frames: each different one once, and all of them back."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np

from scyfi_widgets.export.packing import as_letters, bytes_slot, pack, points_slot, text_slot


def unpacked(text: str) -> tuple[dict, bytes]:
    content = zlib.decompress(base64.b85decode(text.replace(":", "<")))
    length = int.from_bytes(content[:4], "little")
    return json.loads(content[4 : 4 + length]), content[4 + length :]


def test_equal_contents_are_kept_once():
    slot = text_slot()
    for text in ("a", "b", "a", "b", "b"):
        slot.add(text)
    assert slot.values == ["a", "b"]
    assert slot.frames == [0, 1, 0, 1, 1]


def test_everything_comes_back():
    texts, points, pictures, still = text_slot(), points_slot(), bytes_slot(), text_slot()
    rng = np.random.default_rng(0)
    curves = [rng.integers(0, 65536, (n, 2)).astype(np.uint16) for n in (5, 0, 3)]
    for frame in range(3):
        texts.add({"frame": frame})
        points.add([curves[frame], curves[0]])
        pictures.add(bytes([frame] * 4))
        still.add("</script>")
    header, body = unpacked(pack({"tree": 1}, [texts, points, pictures, still]))
    assert header["tree"] == 1
    assert [json.loads(value) for value in header["slots"][0]["values"]] == [
        {"frame": frame} for frame in range(3)
    ]
    assert header["slots"][1]["values"] == [40, 20, 32]
    steps = np.frombuffer(body[:40], np.uint8).reshape(2, -1).astype(int)
    found = np.cumsum((steps[0] + 256 * steps[1]).reshape(2, -1), axis=1) % 65536
    np.testing.assert_array_equal(found.T, np.concatenate([curves[0], curves[0]]))
    assert body[92:] == bytes([0] * 4 + [1] * 4 + [2] * 4)
    assert "frames" not in header["slots"][3]


def test_the_text_is_safe_in_a_page():
    slot = text_slot()
    slot.add("</script><!--")
    assert "<" not in pack({}, [slot])
    letters = as_letters(np.random.default_rng(0).integers(0, 256, 10_000, np.uint8).tobytes())
    assert len(set(letters)) == 85
    assert not set(letters) & set("<\\\"' \n")
