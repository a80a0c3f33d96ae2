"""Decimated curves: no spike, no end and no gap of any column of pixels disappears."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scyfi_widgets.widgets.replay.decimation import decimated

VALUES = st.one_of(st.floats(-10, 10), st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1e300]))


@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(VALUES, min_size=1, max_size=400),
    columns=st.integers(1, 12),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_every_column_keeps_its_first_last_lowest_and_highest_value(values, columns, ends):
    values = np.array(values)
    start, stop = sorted(round(end * len(values)) for end in ends)
    places = decimated(values, start, stop, columns)
    assert np.array_equal(places, np.unique(places))
    if stop - start <= 5 * columns:
        assert np.array_equal(places, np.arange(start, stop))
        return
    assert len(places) <= 5 * columns
    edges = start + np.linspace(0, stop - start, columns + 1).astype(int)
    for low, high in pairwise(edges):
        kept = places[(places >= low) & (places < high)]
        assert (kept[0], kept[-1]) == (low, high - 1)
        part, shown = values[low:high], values[kept]
        finite = part[np.isfinite(part)]
        if finite.size:
            assert np.nanmin(shown[np.isfinite(shown)]) == finite.min()
            assert np.nanmax(shown[np.isfinite(shown)]) == finite.max()
        assert np.isfinite(shown).all() == np.isfinite(part).all()


@pytest.mark.parametrize("spike", [0, 1, 4321, 9998, 9999])
def test_one_spike_among_ten_thousand_epochs_is_seen(spike):
    values = np.sin(np.arange(10_000) / 300.0)
    values[spike] = 50.0
    assert spike in decimated(values, 0, len(values))
