"""An orbit diagram as an image, as a table and as a figure."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.dynamics import OrbitDiagram


@pytest.fixture(scope="module")
def diagram() -> OrbitDiagram:
    return sw.orbit_diagram(systems.lozi_map(), "W[0,0]", (-3.9, -2.0), values=41, kept=50)


def rising(n: int = 4) -> OrbitDiagram:
    """z' = h: the attractor is the value itself."""
    return sw.orbit_diagram(
        sw.PLRNN([0.0], [[0.0]], [0.0]), "h[0]", (1.0, float(n)), values=n, kept=10, starts=2
    )


def test_an_image_counts_the_points(diagram):
    assert diagram.diverged.any()
    assert not diagram.diverged.all()
    low, high = -31.41, 27.18  # no state lies on the edge of a row
    visits = np.expm1(diagram.image(41, 80, bounds=(low, high)))
    points = diagram.of_coordinate()
    expected = np.isfinite(points).sum(axis=(1, 2))
    np.testing.assert_allclose(visits.sum(axis=0), expected, rtol=1e-12)
    for column in (0, 20, 40):
        states = points[column][np.isfinite(points[column])]
        counts = np.histogram(states, 80, (low, high))[0][::-1]
        np.testing.assert_allclose(visits[:, column], counts, atol=1e-9)


def test_the_top_row_is_the_largest_state():
    visits = np.expm1(rising().image(4, 4, bounds=(0.5, 4.5)))
    np.testing.assert_allclose(visits, 20.0 * np.eye(4)[::-1], atol=1e-12)


def test_more_columns_than_values_show_the_nearest():
    visits = np.expm1(rising().image(12, 4, bounds=(0.5, 4.5)))
    shown = 3 - np.argmax(visits, axis=0)
    np.testing.assert_array_equal(shown, [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3])
    np.testing.assert_allclose(visits.sum(axis=0), 20.0)


def test_fewer_columns_than_values_show_the_mean():
    visits = np.expm1(rising(8).image(2, 8, bounds=(0.5, 8.5)))
    np.testing.assert_allclose(visits[::-1, 0], [5, 5, 5, 5, 0, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(visits[::-1, 1], [0, 0, 0, 0, 5, 5, 5, 5], atol=1e-12)


def test_what_is_out_of_bounds_is_left_out():
    visits = np.expm1(rising().image(4, 2, bounds=(1.5, 3.5)))
    np.testing.assert_allclose(visits, [[0, 0, 20, 0], [0, 20, 0, 0]], atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "width must be at least 1"),
        ({"height": 0}, "height must be at least 1"),
        ({"bounds": (1.0, 1.0)}, "bounds must be"),
        ({"coordinate": 5}, "coordinate must be one of those kept"),
    ],
)
def test_wrong_images(diagram, settings, message):
    with pytest.raises(ValueError, match=message):
        diagram.image(**settings)


def test_limits_hold_the_points_of_all_but_the_outermost_values(diagram):
    for coordinate in (0, 1):
        low, high = diagram.limits(coordinate)
        points = diagram.of_coordinate(coordinate)[~diagram.diverged.all(axis=1)]
        inside = (np.nanmin(points, axis=(1, 2)) > low) & (np.nanmax(points, axis=(1, 2)) < high)
        assert inside.mean() >= 0.97


def test_one_value_on_its_way_to_infinity_does_not_flatten_the_others():
    diagram = sw.orbit_diagram(systems.sixteen_cycle(), "W[0,1]", (-1.0, 0.2))
    assert np.nanmax(diagram.of_coordinate()) > 50.0
    low, high = diagram.limits()
    assert 0.0 < low < high < 10.0


def test_a_single_state_has_limits_too():
    flat = sw.orbit_diagram(sw.PLRNN([0.5], [[0.0]], [1.0]), "W[0,0]", (-0.1, 0.0), values=2)
    constant = OrbitDiagram(**{**vars(flat), "points": np.zeros_like(flat.points)})
    low, high = constant.limits()
    assert low < 0.0 < high


def test_a_row_for_every_point(diagram):
    table = diagram.to_dataframe()
    assert list(table) == ["value", "start", "step", "period", "diverged", "z[0]", "z[1]"]
    assert len(table) == diagram.points[..., 0].size
    n, s, t = 30, 2, 7
    row = table[
        (table["value"] == diagram.values[n]) & (table["start"] == s) & (table["step"] == 1000 + t)
    ]
    np.testing.assert_array_equal(row[["z[0]", "z[1]"]].to_numpy(), [diagram.points[n, s, t]])
    assert row["period"].item() == diagram.periods[n, s]
    np.testing.assert_array_equal(table["diverged"], table["z[0]"].isna())


def test_the_figure_shows_the_points(diagram):
    ax = Figure().add_subplot()
    assert diagram.plot(ax, coordinate=1, color="red") is ax
    (dots,) = ax.lines
    np.testing.assert_array_equal(dots.get_ydata(), diagram.points[..., 1].ravel())
    assert np.unique(dots.get_xdata()).tolist() == diagram.values.tolist()
    assert dots.get_color() == "red"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("W[0,0]", "z[1]")


def test_the_text_says_what_was_done(diagram):
    assert repr(diagram) == (
        "<OrbitDiagram of W[0,0] in (-3.9, -2): 41 values, 4 starts, 50 points of each orbit; "
        f"{diagram.diverged.sum()} of 164 orbits diverged>"
    )


def test_matplotlib_and_pandas_come_late(tmp_path):
    code = (
        "import sys, scyfi_widgets as sw; m = sw.PLRNN([0.5], [[0.0]], [1.0]);"
        "sw.orbit_diagram(m, 'h[0]', (0, 1), values=2, kept=2).image();"
        "assert not {'matplotlib', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
