"""Graphs of iterates: exact, and where they meet the diagonal there are the cycles."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.widgets.teaching import iterates
from scyfi_widgets.widgets.teaching.iterates import borders_of, iterate_graph

MODELS = [
    sw.systems.tent_map(0.9),
    sw.systems.skew_tent_map(0.8, -1.5),
    sw.systems.skew_tent_map(-0.6, -1.4),
    sw.ShallowPLRNN([0.3], [[1.0, -2.0]], [[1.0], [1.5]], [0.1], [0.4, -0.6]),
]


def iterated(model, z, k: int) -> np.ndarray:
    return model.orbit(np.asarray(z)[:, None], k)[:, k, 0]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_the_graph_is_that_of_the_iterate(model, k):
    x, y = iterate_graph(model, -1.3, 2.1, k)
    assert (x[0], x[-1]) == (-1.3, 2.1)
    assert (np.diff(x) >= 0.0).all()
    dense = np.linspace(-1.3, 2.1, 3001)
    assert np.allclose(np.interp(dense, x, y), iterated(model, dense, k), atol=1e-9)


def test_the_tent_of_full_height_has_two_to_the_k_pieces():
    for k in range(1, 9):
        graph = iterate_graph(sw.systems.tent_map(1.0), 0.0, 1.0, k)
        assert graph.shape == (2, 2**k + 1)
        assert np.allclose(graph[1], np.arange(2**k + 1) % 2)


def test_too_many_pieces_are_refused(monkeypatch):
    monkeypatch.setattr(iterates, "MOST_PIECES", 100)
    with pytest.raises(ValueError, match="8th iterate has more than 100 pieces"):
        iterate_graph(sw.systems.tent_map(1.0), 0.0, 1.0, 8)


def test_borders_are_sorted_and_of_units_that_have_one():
    model = sw.ShallowPLRNN([0.3], [[1.0] * 3], [[1.0], [0.0], [-2.0]], [0.1], [0.4, 1.0, -3.0])
    assert borders_of(model.relu_form).tolist() == [-1.5, -0.4]
