"""Planes in print say what the plane says."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(scope="module")
def plane():
    tent = sw.systems.skew_tent_map()
    return sw.bifurcation_plane(
        tent, ("A[0]", (-2.0, 2.0)), ("W[0,0]", (-4.0, 3.0)), max_order=2, lines=15
    )


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_every_curve_is_drawn_with_its_vertices(plane, ax):
    assert plane.plot(ax) is ax
    drawn = [np.column_stack(line.get_data()) for line in ax.lines]
    for curve in plane.curves:
        assert any(
            line.shape == curve.vertices.shape and np.all(line == curve.vertices) for line in drawn
        )
    assert ax.get_xlim() == plane.ranges[0]
    assert ax.get_ylim() == plane.ranges[1]
    assert (ax.get_xlabel(), ax.get_ylabel()) == plane.parameters


def test_labels_are_of_regions_and_lie_in_them(plane, ax):
    plane.plot(ax)
    labels = {region.label for region in plane.regions}
    assert ax.texts
    for text in ax.texts:
        said = text.get_text().replace(",\n", ", ").replace("\n(", " (")
        assert said in labels
        assert plane.region_at(*text.xy).label == said


def test_regions_and_legend_can_be_left_out(plane, ax):
    plane.plot(ax, regions=False, legend=False)
    assert not ax.images
    assert not ax.texts
    assert ax.get_legend() is None
