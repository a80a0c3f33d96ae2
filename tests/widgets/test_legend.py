"""Legend and tooltip."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cycles.cycle import Cycle
from scyfi_widgets.widgets.legend import MOST_ORDERS, legend_html, tooltip_html
from scyfi_widgets.widgets.palette import STABILITY_MARKERS, order_colour


def cycles_of(model, order: int):
    return sw.find_cycles(model, order)


def test_legend(read_html):
    cycles = cycles_of(sw.systems.sixteen_cycle(), 16)
    html = legend_html(cycles, "the orbit goes home")
    text = read_html(html).text
    assert "the orbit goes home" in text
    for order, number in cycles.counts.items():
        assert order_colour(order) in html
        noun = "fixed point" if order == 1 else f"{order}-cycle"
        assert f"{number} {noun}{'s' if number > 1 else ''}" in text
    present = {cycle.stability for cycle in cycles}
    for stability, (_, _, sign) in STABILITY_MARKERS.items():
        assert (f"{sign} {stability}" in text) == (stability in present)


def test_singular_and_plural(read_html):
    one = read_html(legend_html(cycles_of(sw.PLRNN([0.5], [[0.0]], [1.0]), 2), "")).text
    assert "1 fixed point" in one
    assert "points" not in one


def test_legend_of_nothing(read_html):
    empty = cycles_of(sw.PLRNN([1.0], [[0.0]], [1.0]), 2)
    assert len(empty) == 0
    html = read_html(legend_html(empty, "gone"))
    assert html.text.strip() == "gone"


def test_legend_of_many_orders(read_html):
    cycles = cycles_of(sw.systems.lozi_map(), 14)
    assert len(cycles.counts) > MOST_ORDERS
    text = read_html(legend_html(cycles, "")).text
    assert f"and {len(cycles.counts) - MOST_ORDERS} more orders" in text
    assert text.count("-cycle") == MOST_ORDERS - 1


@pytest.mark.parametrize("index", [0, 5])
def test_tooltip(read_html, index):
    cycle = cycles_of(sw.systems.sixteen_cycle(), 16).stable[0]
    text = read_html(tooltip_html(cycle, index)).text
    assert "stable 16-cycle" in text
    assert f"{cycle.spectral_radius:.5g}" in text
    assert f"({cycle.points[index][0]:.4g}, {cycle.points[index][1]:.4g})" in text
    assert cycle.word_text in text


def test_tooltip_of_a_large_cycle_is_cut(read_html):
    k, M = 100, 20
    cycle = Cycle(
        points=np.ones((k, M)),
        word=np.ones((k, M), bool),
        eigenvalues=np.full(M, 0.5 + 0.25j),
        residual=0.0,
        margin=1.0,
    )
    text = read_html(tooltip_html(cycle, 99)).text
    assert "0.5+0.25i" in text
    assert "…" in text
    assert len(text) < 400
