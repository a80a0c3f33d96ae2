"""What the tests of exports share: widgets that are closed, a small run, and what a page holds."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import scyfi_widgets as sw
from scyfi_widgets.widgets.pane import Panel

FRAMES = re.compile(r'<script id="frames" type="text/plain">(.*?)</script>', re.DOTALL)


class Page:
    """An exported page, read by other code than that which wrote it."""

    def __init__(self, path: Path):
        self.text = path.read_text("utf-8")
        packed = zlib.decompress(from_letters(FRAMES.search(self.text)[1]))
        length = int.from_bytes(packed[:4], "little")
        self.header = json.loads(packed[4 : 4 + length])
        place = 4 + length
        for slot in self.header["slots"]:
            if slot["kind"] == "text":
                continue
            sizes, slot["values"] = slot["values"], []
            for size in sizes:
                slot["values"].append(packed[place : place + size])
                place += size
        assert place == len(packed)

    @property
    def sliders(self) -> list[dict]:
        return self.header["sliders"]

    def content(self, slot: int, frame: int) -> str | bytes:
        entry = self.header["slots"][slot]
        return entry["values"][entry.get("frames", [0] * (frame + 1))[frame]]

    def summary(self, frame: int) -> str:
        return self.content(self.header["summary"], frame)

    def nodes(self, kind: str, node: dict | None = None) -> list[dict]:
        node = self.header["tree"] if node is None else node
        own = [node] if node["kind"] == kind else []
        return own + [n for child in node.get("children", ()) for n in self.nodes(kind, child)]

    def texts(self, frame: int) -> list[str]:
        return [self.content(node["slot"], frame) for node in self.nodes("html")]

    def axes(self, figure: dict, frame: int) -> dict:
        return json.loads(self.content(figure["axes"], frame))

    def marks(self, figure: dict, frame: int) -> list[tuple[dict, np.ndarray | bytes]]:
        """Return the marks of a figure: how they look, and where, in data coordinates."""
        axes = self.axes(figure, frame)
        marks = []
        for mark in figure["marks"]:
            style = json.loads(self.content(mark["style"], frame))
            data = self.content(mark["data"], frame)
            marks.append((style, data if style["kind"] == "raster" else placed(data, axes)))
        return marks


def from_letters(text: str) -> bytes:
    """Return the bytes that stand on a page as letters."""
    return base64.b85decode(text.replace(":", "<"))


def placed(data: bytes, axes: dict) -> np.ndarray:
    """Return packed points (n, 2) in data coordinates, NaN at the gaps."""
    low, high = np.frombuffer(data, np.uint8).reshape(2, -1).astype(np.int64)
    steps = np.cumsum((low + 256 * high).reshape(2, -1), axis=1) % 65536
    parts = np.where((steps == 65535).all(axis=0), np.nan, steps / 65534 * 3 - 1)
    ends = np.array([axes["x"]["limits"], axes["y"]["limits"]])
    return (ends[:, :1] + parts * np.diff(ends)).T


@pytest.fixture
def read_page() -> Callable[[Path], Page]:
    return Page


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """Close what the test left open."""
    before = set(_instances)
    yield
    opened = [widget for key, widget in list(_instances.items()) if key not in before]
    for widget in sorted(opened, key=lambda widget: not isinstance(widget, Panel)):
        widget.close()


@pytest.fixture(scope="session")
def run() -> sw.TrainingRun:
    model = sw.systems.sixteen_cycle()
    start = model.replace({"A": model["A"] + np.array([0.02, 0.02])})
    data = sw.systems.toy_series(60)
    return sw.train(start, data, trainable="A", epochs=40, optimizer=sw.SGD(3e-4), clip=1.0)
