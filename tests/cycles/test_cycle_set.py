"""The set of cycles: a sequence, a table, a text, a piece of HTML."""

from __future__ import annotations

import html.parser
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scyfi_widgets as sw
from scyfi_widgets.cycles import Certificate, Continuum
from scyfi_widgets.cycles.cycle_set import format_number

COLUMNS = {
    "order": "int64",
    "stability": "category",
    "spectral_radius": "float64",
    "eigenvalues": "object",
    "points": "object",
    "residual": "float64",
    "margin": "float64",
    "margin_error": "float64",
    "decided": "bool",
    "on_border": "bool",
}


@pytest.fixture(scope="module")
def cycles() -> sw.CycleSet:
    """Two fixed points, a 2-cycle and two 3-cycles of a folded map, and a contracting unit."""
    model = sw.PLRNN([2.0, 0.5], [[-4.0, 0.0], [0.0, 0.0]], [1.0, 0.3])
    return sw.find_cycles(model, 3, method="search")


@pytest.fixture(scope="module")
def empty() -> sw.CycleSet:
    """Of z' = z + 1."""
    return sw.find_cycles(sw.PLRNN([1.0], [[0.0]], [1.0]), 2, method="search")


def test_it_is_a_sequence(cycles, empty):
    assert len(cycles) == 5
    assert [cycle.order for cycle in cycles] == [1, 1, 2, 3, 3]
    assert cycles[0] is cycles.cycles[0]
    assert cycles[-1] is cycles.cycles[4]
    assert cycles[1:3] == cycles.cycles[1:3]
    assert list(reversed(cycles)) == list(cycles)[::-1]
    assert cycles.index(cycles[2]) == 2
    assert bool(cycles)
    with pytest.raises(IndexError):
        cycles[5]
    assert (len(empty), list(empty), bool(empty)) == (0, [], False)


def test_membership_is_by_word(cycles, empty):
    assert all(cycle in cycles for cycle in cycles)
    moved = replace(cycles[0], points=cycles[0].points + 1e-3)
    assert moved in cycles
    assert cycles[0] not in empty
    for stranger in (None, 0, "01", [], cycles[0].points):
        assert stranger not in cycles


def test_orders_counts_and_stable_ones(cycles, empty):
    assert cycles.counts == {1: 2, 2: 1, 3: 2}
    assert cycles.of_order(3) == cycles.cycles[3:]
    assert cycles.of_order(7) == ()
    assert cycles.stable == ()
    assert (empty.counts, empty.stable, empty.of_order(1)) == ({}, (), ())
    stable = sw.find_cycles(sw.PLRNN([0.5], [[-2.0]], [0.1]), 4).stable
    assert stable
    assert {cycle.stability for cycle in stable} == {"stable"}


def test_the_stable_ones_of_an_order_come_first():
    model = sw.PLRNN([0.8377689, 0.96461297], [[0, -0.64375], [0.52505308, 0]], [0.373, -0.979])
    found = sw.find_cycles(model, 16).of_order(16)
    assert [cycle.stability for cycle in found] == ["stable", "saddle"]


LINE = Continuum(np.array([[0.1, 0.2]]), np.array([[True, False]]), np.eye(2)[:, :1])


def proof(radius: float) -> Certificate:
    """Return a certificate that says no more than its radius."""
    return Certificate((), "", radius, 3)


@pytest.mark.parametrize(
    ("changes", "statement"),
    [
        ({}, "search to order 3, not proved"),
        ({"complete_up_to": 3}, "complete to order 3, proved"),
        ({"complete_up_to": 2}, "proved to order 2, searched to 3"),
        (
            {"searched_up_to": 1, "stopped": "cancelled in order 2"},
            "search to order 1, not proved; cancelled in order 2",
        ),
        (
            {"complete_up_to": 3, "certificate": proof(9.99e8)},
            "complete to order 3, proved for |z| up to 9e+08",
        ),
        (
            {"complete_up_to": 3, "certificate": proof(1e6)},
            "complete to order 3, proved for |z| up to 1e+06",
        ),
        (
            {"complete_up_to": 3, "certificate": proof(0.0123)},
            "complete to order 3, proved for |z| up to 1e-02",
        ),
        (
            {"complete_up_to": 3, "certificate": proof(np.inf)},
            "complete to order 3, proved",
        ),
        (
            {"continua": (LINE,)},
            "search to order 3, not proved, and 1 continuum of cycles",
        ),
        (
            {"complete_up_to": 3, "certificate": proof(2e4), "continua": (LINE, LINE)},
            "complete to order 3, proved for |z| up to 2e+04, and 2 continua of cycles",
        ),
        (
            {"complete_up_to": 1, "searched_up_to": 2, "stopped": "no time", "continua": (LINE,)},
            "proved to order 1, searched to 2, and 1 continuum of cycles; no time",
        ),
    ],
)
def test_statement(cycles, changes, statement):
    assert replace(cycles, **changes).statement == statement


@given(st.floats(1e-300, 1.7e308))
def test_the_radius_in_words_claims_no_more_than_the_proof(radius):
    some = sw.CycleSet((), 3, 3, 3, "complete", certificate=proof(radius))
    text = some.statement.rpartition(" ")[2]
    assert float(text) <= radius
    assert float(text) >= radius * 0.499
    assert len(text) <= 6


def test_text(cycles, empty):
    lines = repr(cycles).splitlines()
    assert lines[0] == "5 cycles (search to order 3, not proved)"
    assert len(lines) == 6
    assert lines[3].split()[:4] == ["2-cycle", "saddle", "|λ|", "4"]
    assert repr(empty) == "0 cycles (search to order 2, not proved)"
    one = replace(cycles, cycles=cycles.cycles[:1])
    assert repr(one).startswith("1 cycle (")
    many = replace(cycles, cycles=cycles.cycles * 10)
    assert repr(many).splitlines()[-1] == "  … and 20 more"


class Tags(html.parser.HTMLParser):
    """Collects start tags and text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def parsed(markup: str) -> Tags:
    tags = Tags()
    tags.feed(markup)
    return tags


def test_html(cycles, empty):
    page = parsed(cycles._repr_html_())
    assert page.tags.count("tr") == 6
    assert "5 cycles — search to order 3, not proved" in page.text
    for heading in ("order", "largest |λ|", "leading eigenvalues", "first point", "word"):
        assert heading in page.text
    nothing = parsed(empty._repr_html_())
    assert nothing.tags.count("table") == 1
    assert "0 cycles" in nothing.text


def test_html_is_escaped(cycles):
    page = parsed(replace(cycles, stopped="<script>alert(1)</script> & more")._repr_html_())
    assert "script" not in page.tags
    assert "<script>alert(1)</script> & more" in page.text


def test_html_of_a_large_set_is_short(cycles):
    page = parsed(replace(cycles, cycles=cycles.cycles * 1000)._repr_html_())
    assert page.tags.count("tr") < 40


def test_dataframe(cycles):
    table = cycles.to_dataframe()
    assert len(table) == len(cycles)
    assert list(table.columns) == [*list(COLUMNS)[:5], "word", *list(COLUMNS)[5:]]
    assert {name: str(table[name].dtype) for name in COLUMNS} == COLUMNS
    assert table["order"].tolist() == [1, 1, 2, 3, 3]
    assert table["word"].tolist() == [cycle.word_text for cycle in cycles]
    for cycle, points, eigenvalues in zip(
        cycles, table["points"], table["eigenvalues"], strict=True
    ):
        np.testing.assert_array_equal(points, cycle.points)
        np.testing.assert_array_equal(eigenvalues, cycle.eigenvalues)


def test_dataframe_of_one_cycle_and_of_equal_shapes(cycles):
    for part in (cycles.cycles[:1], cycles.of_order(1), cycles.of_order(3)):
        table = replace(cycles, cycles=part).to_dataframe()
        assert [points.shape for points in table["points"]] == [c.points.shape for c in part]


def test_an_empty_dataframe_has_the_same_columns_and_types(cycles, empty):
    table, nothing = cycles.to_dataframe(), empty.to_dataframe()
    assert len(nothing) == 0
    assert list(nothing.columns) == list(table.columns)
    assert {name: str(nothing[name].dtype) for name in COLUMNS} == COLUMNS
    assert nothing["word"].dtype == table["word"].dtype
    assert nothing["spectral_radius"].max() != nothing["spectral_radius"].max()  # NaN, no error


@pytest.mark.parametrize("M", [2, 3])
def test_it_can_be_pickled(M, cycles):
    proved = sw.find_cycles(sw.PLRNN([0.5] * M, -2 * np.eye(M)[::-1], [1.0] * M), 3)
    for some in (cycles, proved):
        again = pickle.loads(pickle.dumps(some))
        assert again.cycles == some.cycles
        assert again.radius == some.radius
        assert repr(again) == repr(some)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.52134, "0.5213"),
        (-2.0, "-2"),
        (1e-20, "1e-20"),
        (0.5 + 0.25j, "0.5+0.25i"),
        (0.5 - 0.25j, "0.5-0.25i"),
        (np.complex128(3), "3"),
    ],
)
def test_format_number(value, text):
    assert format_number(value) == text
