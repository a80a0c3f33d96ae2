"""Legends in lines."""

from __future__ import annotations

import pytest

from scyfi_widgets.export.print.legend import Sign, Stroke, Words
from scyfi_widgets.export.print.text_flow import LINE_HEIGHT, flow, text_width

SIZE = 7.0
SIGN = Sign("circle", True, "#222")


def entry(text: str):
    return (SIGN, Words(text))


def lines(legend) -> list[str]:
    found: dict[float, list[str]] = {}
    for item in legend.placed:
        if isinstance(item.part, Words):
            found.setdefault(item.y, []).append(item.part.text)
    return [" ".join(words) for _, words in sorted(found.items())]


def test_widths_of_texts():
    assert text_width("", SIZE) == 0.0
    assert text_width("ab", SIZE) == pytest.approx(text_width("ab", 2 * SIZE) / 2, rel=0.02)
    assert text_width("WWW", SIZE) > text_width("iii", SIZE)
    assert text_width("abc", SIZE, "bold") > text_width("abc", SIZE)


def test_entries_fill_lines():
    entries = tuple(entry(f"entry {i}") for i in range(6))
    one = flow(entries, 1000.0, SIZE)
    assert lines(one) == [" ".join(f"entry {i}" for i in range(6))]
    assert one.height == LINE_HEIGHT * SIZE
    widest = max(item.x for item in one.placed)
    narrow = flow(entries, widest, SIZE)
    assert len(lines(narrow)) == 2
    assert narrow.height == 2 * LINE_HEIGHT * SIZE
    column = flow(entries, 50.0, SIZE)
    assert lines(column) == [f"entry {i}" for i in range(6)]


@pytest.mark.parametrize("width", [60.0, 90.0, 150.0])
def test_nothing_is_wider_than_the_line(width):
    long = "surface and curves hold for the whole run: only these two weights were trained"
    legend = flow((entry("first"), entry(long), (Stroke(30.0, 1.0, (), "#222"),)), width, SIZE)
    for item in legend.placed:
        if isinstance(item.part, Words):
            assert item.x + text_width(item.part.text, SIZE) <= width + 1e-9
    assert long in " ".join(lines(legend))


def test_no_entries():
    assert flow((), 100.0, SIZE).height == 0.0
