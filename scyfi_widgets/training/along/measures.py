"""What is measured of the attracting cycles, network by network."""

from __future__ import annotations

import numpy as np

from .cycle_record import CycleRecord
from .path import Path


def spectral_radii(record: CycleRecord, epochs: np.ndarray) -> np.ndarray:
    """Return the largest modulus of an eigenvalue of an attracting cycle at each epoch, or NaN."""
    rows = np.flatnonzero(record.saved & record.stable)
    largest = np.full(len(epochs), -np.inf)
    np.maximum.at(largest, np.searchsorted(epochs, record.epoch[rows]), record.radius[rows])
    return np.where(np.isfinite(largest), largest, np.nan)


def border_margins(record: CycleRecord, path: Path) -> np.ndarray:
    """Return the least distance of an attracting cycle's point from a border at each epoch, or NaN.

    The border of unit j is where W2_j z + h2_j = 0; a unit without weights has none.
    """
    margins = np.full(len(path.epochs), np.nan)
    rows = np.flatnonzero(record.saved & record.stable)
    places = np.searchsorted(path.epochs, record.epoch[rows])
    for place in np.unique(places):
        _, _, W2, _, h2 = path.model(place).relu_form
        slopes = np.linalg.norm(W2, axis=1)
        points = np.concatenate([record.points_of(row) for row in rows[places == place]])
        felt = slopes > 0.0
        distances = np.abs(points @ W2[felt].T + h2[felt]) / slopes[felt]
        if distances.size:
            margins[place] = distances.min()
    return margins
