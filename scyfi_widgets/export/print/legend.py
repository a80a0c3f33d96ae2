"""The legend of a pane, read from the one that it has on screen, so that both say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from ...widgets.palette import EVENT_MARKERS, INK_COLOUR, STABILITY_MARKERS

CLASS = "sw-legend"
HINT = "sw-hint"  # what to do with a mouse
LINE_LENGTH = 30.0  # CSS pixels
LINE_WIDTHS = {"solid": 2.6, "dashed": 1.4}
DASHED = (10.0, 10.0)
SCALE_LENGTH = 72.0
# What stands for a marker in text: its name and whether it is filled. An order is a square.
MARKERS = {sign: (name, filled) for name, filled, sign in STABILITY_MARKERS.values()}
MARKERS |= {sign: (name, filled) for name, filled, sign in EVENT_MARKERS.values()}
MARKERS["◻"] = ("square", False)
STROKE = "━"  # what stands for a line
_SIGNS = re.compile(f"([{''.join(MARKERS)}{STROKE}])")
_COLOUR = re.compile(r"(?:^|;)\s*color:\s*([^;]+)")
_TONES = re.compile(r"rgba?\([^)]*\)")
_RAISED = {
    "sub": str.maketrans("0123456789+-−tknm", "₀₁₂₃₄₅₆₇₈₉₊₋₋ₜₖₙₘ"),
    "sup": str.maketrans("0123456789+-−tknm", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ᵗᵏⁿᵐ"),
}
# What is on screen only, and cannot be looked up on paper.
_ELSEWHERE = re.compile(r" in (the table|\.\w+)$")


@dataclass(frozen=True)
class Words:
    """Text."""

    text: str


@dataclass(frozen=True)
class Sign:
    """A marker in a colour."""

    marker: str
    filled: bool
    colour: str


@dataclass(frozen=True)
class Stroke:
    """A piece of a line; lengths in CSS pixels."""

    length: float
    width: float
    dashes: tuple[float, ...]
    colour: str


@dataclass(frozen=True)
class Scale:
    """A bar that runs from one colour to another."""

    length: float
    colours: tuple[str, ...]


Part = Words | Sign | Stroke | Scale
Entry = tuple[Part, ...]


def legend_entries(html: str) -> tuple[Entry, ...]:
    """Return the entries of a pane's legend; none if it has no legend."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return tuple(entry for entry in map(_tidied, reader.entries) if entry)


class _Reader(HTMLParser):
    """Collects the children of the legend's element, each as its parts."""

    def __init__(self):
        super().__init__()
        self.entries: list[list[Part]] = []
        self._depth = 0  # below the legend's element; 0: outside
        self._colours = [INK_COLOUR]
        self._raised: list[str] = []
        self._hint = 0  # the depth of a hint; 0: outside

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        classes = given.get("class", "").split()
        if not self._depth:
            self._depth = int(CLASS in classes)
            return
        if tag == "line":
            self._add(_sample(given))
            return
        if tag == "br":
            return
        self._depth += 1
        if self._depth == 2:
            self.entries.append([])
        if tag in _RAISED:
            self._raised.append(tag)
        if HINT in classes:
            self._hint = self._hint or self._depth
        colour = _COLOUR.search(given.get("style", ""))
        self._colours.append(colour[1].strip() if colour else self._colours[-1])
        if "sw-line" in classes:
            style = "dashed" if "sw-dashed" in classes else "solid"
            dashes = DASHED if style == "dashed" else ()
            self._add(Stroke(LINE_LENGTH, LINE_WIDTHS[style], dashes, INK_COLOUR))
        elif "sw-scale" in classes:
            self._add(Scale(SCALE_LENGTH, tuple(_TONES.findall(given.get("style", "")))))

    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag not in ("line", "br"):
            if self._depth == self._hint:
                self._hint = 0
            self._depth -= 1
            if tag in _RAISED:
                self._raised.pop()
            if self._depth:
                self._colours.pop()

    def handle_data(self, data: str) -> None:
        for text in _SIGNS.split(data):
            if text == STROKE:
                self._add(Stroke(0.6 * LINE_LENGTH, 1.8, (), self._colours[-1]))
            elif text in MARKERS:
                self._add(Sign(*MARKERS[text], self._colours[-1]))
            elif text:
                raised = _RAISED[self._raised[-1]] if self._raised else {}
                self._add(Words(text.translate(raised)))

    def _add(self, part: Part) -> None:
        if self._depth >= 2 and not self._hint:
            self.entries[-1].append(part)


def _sample(given: Mapping[str, str]) -> Stroke:
    """Return the line of a small picture."""
    length = abs(float(given["x2"]) - float(given["x1"]))
    dashes = tuple(float(part) for part in given.get("stroke-dasharray", "").split())
    return Stroke(length, float(given["stroke-width"]), dashes, INK_COLOUR)


def _tidied(parts: list[Part]) -> Entry:
    """Return an entry with single blanks, and without what only a screen can show."""
    merged = list(_merged(parts))
    if merged and isinstance(merged[-1], Words):
        merged[-1] = Words(_ELSEWHERE.sub("", merged[-1].text))
    return tuple(part for part in merged if part != Words(""))


def _merged(parts: list[Part]) -> Iterator[Part]:
    text = ""
    for part in parts:
        if isinstance(part, Words):
            text += part.text
            continue
        yield Words(" ".join(text.split()))
        text = ""
        yield part
    yield Words(" ".join(text.split()))
