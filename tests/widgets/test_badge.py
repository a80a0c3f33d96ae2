"""The badge: a few words that claim no more than is known."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cycles.proof.certificate import Certificate
from scyfi_widgets.widgets.badge import badge_html, badge_text, power_of_ten, tooltip


@cache
def found() -> sw.CycleSet:
    return sw.find_cycles(sw.systems.sixteen_cycle(), 2)


def known(proved: int, searched: int, wanted: int = 12, radius: float = 4.6e6, **changes):
    certificate = Certificate((), "", radius, proved) if proved else None
    return replace(
        found(),
        max_order=wanted,
        complete_up_to=proved,
        searched_up_to=searched,
        certificate=certificate,
        **changes,
    )


@pytest.mark.parametrize(
    ("proved", "searched", "growing", "text"),
    [
        (12, 12, False, "complete to order 12, proved"),
        (5, 12, True, "proved to order 5, searching to 12"),
        (5, 12, False, "proved to order 5, searched to 12"),
        (0, 12, True, "not proved yet, searching to 12"),
        (0, 12, False, "search to order 12, not proved"),
    ],
)
def test_the_words(read_html, proved, searched, growing, text):
    cycles = known(proved, searched)
    assert badge_text(cycles, growing) == text
    html = badge_html(cycles, growing)
    assert read_html(html).text == text
    kind = "proved" if proved == 12 else "growing" if growing else "searched"
    assert f"sw-{kind}" in html


def test_a_search_that_did_not_end_says_why():
    why = "the time limit of 2 s was reached in order 8"
    assert badge_text(known(0, 7, stopped=why)) == f"search to order 7, not proved; {why}"
    assert badge_text(known(5, 7, stopped=why)) == f"proved to order 5, searched to 7; {why}"
    assert why not in badge_text(known(5, 7, stopped=why), growing=True)


def test_a_proof_that_did_not_end_says_why_in_the_tooltip():
    why = "the limit of the enumeration was reached in order 6"
    assert badge_text(known(5, 12, stopped=why)) == "proved to order 5, searched to 12"
    assert f"T{why[1:]}." in tooltip(known(5, 12, stopped=why), False)


def test_the_tooltip_says_what_is_proved():
    text = tooltip(known(12, 12), False)
    assert text.startswith("Proved: every other sequence of regions")
    assert text.endswith("for |z| up to 4·10⁶.")
    assert "search" not in text
    assert "|z|" not in tooltip(known(12, 12, radius=np.inf), False)
    growing = tooltip(known(5, 12), True)
    assert "A search can miss cycles of the orders above 5." in growing
    assert "goes on" in growing
    assert tooltip(known(0, 12), False) == "A search can miss cycles."


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (4.6e6, "4·10⁶"),
        (9.99e13, "9·10¹³"),
        (1e9, "1·10⁹"),
        (999.0, "900"),
        (3.0, "3"),
        (0.0123, "1·10⁻²"),
    ],
)
def test_power_of_ten(number, text):
    assert power_of_ten(number) == text
