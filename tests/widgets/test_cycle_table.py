"""The table of cycles."""

from __future__ import annotations

import pytest

import scyfi_widgets as sw
from scyfi_widgets.widgets.cycle_table import MOST_ROWS, CycleTable, table_html
from scyfi_widgets.widgets.palette import STABILITY_MARKERS, order_colour

SIXTEEN = sw.systems.sixteen_cycle()


@pytest.mark.parametrize(
    ("model", "order"),
    [
        (SIXTEEN, 16),
        (sw.systems.skew_tent_map(), 6),
        (sw.PLRNN([0.5], [[0.0]], [1.0]), 1),
        (sw.systems.lorenz_network(), 1),
    ],
)
def test_a_row_for_every_cycle(read_html, model, order):
    cycles = sw.find_cycles(model, order)
    html = table_html(cycles)
    page = read_html(html)
    assert page.tags.count("table") == 1
    assert page.tags.count("tr") == 1 + len(cycles)
    for cycle in cycles:
        assert cycle.name in page.text
        assert cycle.stability in page.text
        assert STABILITY_MARKERS[cycle.stability][2] in page.text
        assert order_colour(cycle.order) in html
        assert f"{cycle.spectral_radius:.4g}" in page.text
    assert "more" not in page.text


def test_many_rows_are_cut(read_html):
    cycles = sw.find_cycles(sw.systems.lozi_map(), 14)
    page = read_html(table_html(cycles))
    assert len(cycles) > MOST_ROWS
    assert page.tags.count("tr") == 1 + MOST_ROWS
    assert f"… and {len(cycles) - MOST_ROWS} more in .cycles" in page.text


def test_no_cycles(read_html):
    page = read_html(table_html(sw.find_cycles(sw.PLRNN([1.0], [[0.0]], [1.0]), 2)))
    assert page.tags.count("tr") <= 2
    assert "more" not in page.text


def test_alone_in_a_cell(sent):
    table = CycleTable(SIXTEEN, max_order=16, time_limit=None)
    assert table.live.wait(30)
    assert table._table.value == table_html(table.cycles)
    assert table.cycles.cycles == sw.find_cycles(SIXTEEN, 16).cycles
    sent.clear()
    table.live.orbit_steps = 20
    assert table.live.wait(30)
    assert sent == []
    table.model = sw.systems.two_cycle()
    assert table.live.wait(30)
    assert table._table.value == table_html(table.cycles)
    assert table.cycles.cycles == sw.find_cycles(sw.systems.two_cycle(), 16).cycles
