"""Legends of print, read from those on screen."""

from __future__ import annotations

import pytest

import scyfi_widgets as sw
from scyfi_widgets.export.print.legend import (
    Scale,
    Sign,
    Stroke,
    Words,
    legend_entries,
)
from scyfi_widgets.palette import order_colour
from scyfi_widgets.widgets.diagram.event_text import legend_html as diagram_legend
from scyfi_widgets.widgets.legend import legend_html as space_legend
from scyfi_widgets.widgets.palette import INK_COLOUR, START_COLOUR


def words_of(entries) -> list[str]:
    return [" ".join(p.text for p in entry if isinstance(p, Words)) for entry in entries]


def test_the_legend_of_a_state_space():
    cycles = sw.find_cycles(sw.systems.sixteen_cycle(), 16)
    entries = legend_entries(space_legend(cycles, "the orbit ends here"))
    assert words_of(entries) == [
        "1 fixed point",
        "2 16-cycles",
        "stable",
        "saddle",
        "unstable",
        "the orbit ends here",
    ]
    signs = [entry[0] for entry in entries[:-1]]
    assert signs == [
        Sign("square", True, order_colour(1)),
        Sign("square", True, order_colour(16)),
        Sign("circle", True, INK_COLOUR),
        Sign("diamond", False, INK_COLOUR),
        Sign("cross", True, INK_COLOUR),
    ]


def test_the_legend_of_a_diagram():
    diagram = sw.bifurcation_diagram(sw.systems.sixteen_cycle(), "A[0]", (0.82, 0.86), 2)
    html = diagram_legend(diagram, "3 more events in the table")
    entries = legend_entries(html)
    assert words_of(entries) == ["1 fixed point", "stable", "unstable", "3 more events"]
    solid, dashed = entries[1][0], entries[2][0]
    assert isinstance(solid, Stroke)
    assert solid.dashes == ()
    assert dashed.dashes
    assert solid.width > dashed.width


def test_lines_signs_and_scales():
    html = (
        '<p>before</p><div class="sw-legend">'
        f'<span><span style="color:{START_COLOUR}">━</span> loss   jump</span>'
        '<span><span title="x"><svg width="30"><line x1="2" y1="4" x2="28" y2="4" '
        'stroke-width="2.8" stroke-dasharray="6 4"></line></svg>&nbsp;'
        '<span class="sw-ink">◆</span>&nbsp;flip</span></span>'
        '<span>loss 0.1 <span class="sw-scale" style="background:linear-gradient(to right,'
        'rgba(1,2,3,0),rgba(1,2,3,0.5))"></span> 9 &lt; 10</span>'
        "<span>2 more curves in <code>.plane</code></span><span></span></div><p>after ●</p>"
    )
    stroke, sample, scale, more = legend_entries(html)
    assert stroke[0].colour == START_COLOUR
    assert stroke[1] == Words("loss jump")
    assert sample == (
        Stroke(26.0, 2.8, (6.0, 4.0), INK_COLOUR),
        Sign("diamond", True, INK_COLOUR),
        Words("flip"),
    )
    assert scale == (
        Words("loss 0.1"),
        Scale(72.0, ("rgba(1,2,3,0)", "rgba(1,2,3,0.5)")),
        Words("9 < 10"),
    )
    assert more == (Words("2 more curves"),)


def test_raised_letters_and_hints():
    html = (
        '<div class="sw-legend"><span>‖∂z<sub>t</sub>/∂z<sub>0</sub>‖, F<sup>−1</sup> 0t</span>'
        '<span>kept <span class="sw-hint">drag <b>the ●</b> start</span> too</span>'
        '<span class="sw-hint">or click</span></div>'
    )
    assert words_of(legend_entries(html)) == ["‖∂zₜ/∂z₀‖, F⁻¹ 0t", "kept too"]


@pytest.mark.parametrize("html", ["", "<p>● no legend</p>", '<div class="sw-legend"></div>'])
def test_no_legend(html):
    assert legend_entries(html) == ()
