"""The contents of a page's frames, each different one once, as compressed bytes."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

TEXT, POINTS, BYTES = "text", "points", "bytes"


@dataclass
class Slot:
    """A place on the page: what it holds in each frame.

    Attributes
    ----------
    kind : {"text", "points", "bytes"}
        A text, or JSON as text; arrays (n, 2) of uint16; bytes.
    values : list
        The different contents, in the order in which they first appeared.
    frames : list of int
        The place among them of each frame's content.
    """

    kind: str
    values: list = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    _known: dict[bytes, int] = field(default_factory=dict, repr=False)

    def add(self, content: object) -> None:
        """Add the content of one more frame."""
        packed = _packed(self.kind, content)
        key = packed.encode("utf-8") if isinstance(packed, str) else packed
        if key not in self._known:
            self._known[key] = len(self.values)
            self.values.append(packed)
        self.frames.append(self._known[key])


def text_slot() -> Slot:
    """Return a slot for texts and what JSON can hold."""
    return Slot(TEXT)


def points_slot() -> Slot:
    """Return a slot for lists of arrays (n, 2) of uint16."""
    return Slot(POINTS)


def bytes_slot() -> Slot:
    """Return a slot for bytes."""
    return Slot(BYTES)


def packed_size(slots: Sequence[Slot]) -> int:
    """Return how many bytes the slots take on a page, as they are now."""
    return len(pack({}, slots))


def pack(header: dict, slots: Sequence[Slot]) -> str:
    """Return a header and slots as text for a page.

    It is a zlib stream, as `as_letters`, of: the length of the JSON (4 bytes, little endian), the
    JSON, and all arrays and bytes one after the other. The JSON is the header with ``slots``: for
    each its ``kind``, its ``values`` (texts, or lengths in bytes) and the ``frames``, left out
    where there is one content only.
    """
    described, body = [], []
    for slot in slots:
        entry: dict = {"kind": slot.kind, "values": slot.values}
        if slot.kind != TEXT:
            entry["values"] = [len(value) for value in slot.values]
            body += slot.values
        if len(slot.values) > 1:
            entry["frames"] = slot.frames
        described.append(entry)
    text = json.dumps({**header, "slots": described}, ensure_ascii=False, separators=(",", ":"))
    head = text.encode("utf-8")
    whole = b"".join([len(head).to_bytes(4, "little"), head, *body])
    return as_letters(zlib.compress(whole, 9))


def as_letters(content: bytes) -> str:
    """Return bytes as letters that may stand in a script of HTML: five for four bytes.

    They are those of `base64.b85encode`, a sixteenth shorter than base64, without the one that
    could begin a comment or a tag.
    """
    return base64.b85encode(content).decode("ascii").replace("<", ":")


def _packed(kind: str, content: object) -> str | bytes:
    if kind == TEXT:
        if isinstance(content, str):
            return content
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    if kind == BYTES:
        return bytes(content)
    return _differences(np.concatenate([np.empty((0, 2), np.uint16), *content]))


def _differences(points: np.ndarray) -> bytes:
    """Return points as differences from one to the next, low bytes first: these compress well."""
    steps = np.diff(points.T, axis=1, prepend=np.uint16(0)).astype("<u2")
    return np.ascontiguousarray(steps).view(np.uint8).reshape(-1, 2).T.tobytes()
