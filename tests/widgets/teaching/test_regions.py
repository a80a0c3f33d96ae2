"""The regions of a window against the network's own."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.widgets.projection import plane_of
from scyfi_widgets.widgets.return_map import ReturnMap
from scyfi_widgets.widgets.teaching.regions import COLUMNS, HIDDEN, ROWS, map_regions
from scyfi_widgets.widgets.teaching.search_text import region_exists

WINDOW = (-1.5, 2.5), (-2.0, 1.0)


def shallow(H: int) -> sw.ShallowPLRNN:
    rng = np.random.default_rng(H)
    shapes = (2, H), (H, 2), 2, H
    return sw.ShallowPLRNN([0.3, 0.4], *(rng.normal(size=shape) for shape in shapes))


@pytest.mark.parametrize("model", [sw.systems.sixteen_cycle(), shallow(5), shallow(80)])
def test_the_cell_of_a_pixel_is_the_region_of_its_middle(model):
    regions = map_regions(model.relu_form, plane_of((0, 1), 2, None), WINDOW)
    (x0, x1), (y0, y1) = WINDOW
    rng = np.random.default_rng(0)
    for row, column in zip(rng.integers(0, ROWS, 50), rng.integers(0, COLUMNS, 50), strict=True):
        z = np.array(
            [
                x0 + (column + 0.5) * (x1 - x0) / COLUMNS,
                y0 + (row + 0.5) * (y1 - y0) / ROWS,
            ]
        )
        cell = regions.places[row, column]
        assert np.array_equal(regions.cells[cell], model.region(z))
        assert regions.cell_of(model.region(z)) == cell
        assert regions.name(cell) == "".join("01"[bit] for bit in model.region(z).astype(int))
    assert regions.parts.sum() == pytest.approx(1.0)


def test_names_of_regions_show_what_a_plane_does_not_decide():
    model = sw.PLRNN([0.5] * 4, np.eye(4), [0.1] * 4)
    regions = map_regions(model.relu_form, plane_of((0, 2), 4, None), WINDOW)
    assert regions.visible.tolist() == [0, 2]
    names = {regions.name(cell) for cell in regions.named}
    assert names == {f"{a}{HIDDEN}{b}{HIDDEN}" for a in "01" for b in "01"}
    assert regions.cell_of(np.array([1, 0, 0, 1])) == regions.cell_of(np.array([1, 1, 0, 0]))


def test_the_regions_of_one_unit_are_strips():
    model = sw.systems.tent_map()
    regions = map_regions(model.relu_form, ReturnMap(model), WINDOW)
    assert [regions.name(cell) for cell in range(2)] == ["0", "1"]
    assert (np.diff(regions.places, axis=0) == 0).all()
    assert regions.parts[0] == pytest.approx(0.5, abs=1 / COLUMNS)


def test_the_picture_tells_the_regions_of_a_word():
    model = sw.systems.sixteen_cycle()
    regions = map_regions(model.relu_form, plane_of((0, 1), 2, None), WINDOW)
    one, other = (regions.png(np.array([word], bool), 1) for word in ([0, 1], [1, 1]))
    assert one[:8] == other[:8] == b"\x89PNG\r\n\x1a\n"
    assert one != other
    outside = map_regions(model.relu_form, plane_of((0, 1), 2, None), ((1.0, 2.0), (1.0, 2.0)))
    assert outside.cell_of(np.array([0, 0])) is None
    assert outside.png(np.zeros((1, 2), bool), 1)[:4] == b"\x89PNG"


def test_a_region_exists_where_a_state_has_its_signs():
    model = shallow(5)
    states = np.random.default_rng(1).normal(size=(20_000, 2)) * 6
    seen = np.unique(model.region(states), axis=0)
    assert all(region_exists(model.relu_form, region) for region in seen)
    all_words = [np.array([number >> bit & 1 for bit in range(5)], bool) for number in range(32)]
    # Five lines of which no two are parallel and no three meet cut the plane into 1 + 5 + 10 parts.
    assert sum(region_exists(model.relu_form, region) for region in all_words) == 16
    assert region_exists(sw.systems.lozi_map().relu_form, np.array([True, False]))
