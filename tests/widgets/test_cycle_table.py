"""The table of cycles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cycles import Cycle, CycleSet
from scyfi_widgets.cycles.continuum import Continuum
from scyfi_widgets.widgets import growth as growth_module
from scyfi_widgets.widgets import scene as scene_module
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


def test_what_is_out_of_the_ordinary(read_html):
    eigenvalues = np.array([0.5 + 0j])
    state, word = np.ones((1, 1)), np.ones((1, 1), bool)
    ordinary, border, doubtful = (
        Cycle(state, word, eigenvalues, residual=0.0, margin=margin, margin_error=error)
        for margin, error in ((0.1, 0.01), (0.0, 0.0), (0.1, 0.2))
    )
    huge = Cycle(
        state, word, np.array([np.inf + 0j]), 0.0, 1.0, log_moduli=np.array([800 * np.log(10.0)])
    )
    some = CycleSet((ordinary, border, doubtful, huge), 1, 1, 1, "auto")
    html = table_html(some)
    text = read_html(html).text
    assert text.count("on a border") == text.count("regions not certain") == 1
    assert "e+800" in text


def test_a_continuum_has_a_row_of_its_own(read_html):
    line = Continuum(np.zeros((2, 2)), np.array([[0, 0], [1, 0]], bool), np.array([[1.0], [0.0]]))
    cycles = sw.find_cycles(SIXTEEN, 3)
    page = read_html(table_html(replace(cycles, continua=(line,))))
    assert page.tags.count("tr") == 2 + len(cycles)
    assert "a line of 2-cycles" in page.text


def test_the_table_grows(monkeypatch):
    first = sw.find_cycles(SIXTEEN, 16)
    fewer = replace(first, cycles=first.cycles[:1], complete_up_to=0)
    monkeypatch.setattr(scene_module, "find_cycles", lambda *args, **kwargs: fewer)
    monkeypatch.setattr(growth_module, "deepened", lambda *args, **kwargs: iter([first]))
    table = CycleTable(SIXTEEN, max_order=16)
    assert table.live.wait(30, finest=True)
    assert table.cycles is first
    assert table._table.value == table_html(first)


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
