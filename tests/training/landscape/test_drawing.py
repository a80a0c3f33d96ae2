"""Landscapes on paper: what is drawn is what the landscape says."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import LogNorm, Normalize, to_hex
from matplotlib.figure import Figure

import scyfi_widgets as sw
from scyfi_widgets import systems
from scyfi_widgets.palette import order_colour
from scyfi_widgets.training.landscape.drawing import SHOWN_DECADES
from scyfi_widgets.training.landscape.landscape import loss_landscape
from scyfi_widgets.training.train import train

TOY = systems.sixteen_cycle()
AXES = ("A[0]", (0.3, 1.9)), ("A[1]", (0.2, 1.9))


@pytest.fixture(scope="module")
def data():
    return TOY.orbit([0.1, 0.1], 700)[500:]


@pytest.fixture(scope="module")
def landscape(data):
    return loss_landscape(TOY, data, *AXES, shape=(31, 22))


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.mark.parametrize("quantity", ["loss", "gradient_norm"])
@pytest.mark.parametrize("log", [True, False])
def test_the_colours_are_the_heights(landscape, ax, quantity, log):
    assert landscape.plot(ax, quantity, log=log) is ax
    (mesh,) = ax.collections
    heights = getattr(landscape, quantity)
    np.testing.assert_array_equal(mesh.get_array().filled(np.inf).reshape(heights.shape), heights)
    assert type(mesh.norm) is (LogNorm if log else Normalize)
    assert mesh.norm.vmax <= mesh.norm.vmin * 10.0**SHOWN_DECADES * (1.0 + 1e-12)
    x, y = landscape.values1, landscape.values2
    half_x, half_y = 0.5 * (x[1] - x[0]), 0.5 * (y[1] - y[0])
    np.testing.assert_allclose(ax.get_xlim(), (x[0] - half_x, x[-1] + half_x))
    np.testing.assert_allclose(ax.get_ylim(), (y[0] - half_y, y[-1] + half_y))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("A[0]", "A[1]")
    (bar,) = [other for other in ax.figure.axes if other is not ax]
    assert bar.get_ylabel() == {"loss": "loss", "gradient_norm": "norm of the gradient"}[quantity]
    ax.figure.savefig("/dev/null", format="pdf")


def test_points_without_a_finite_value_are_masked(data, ax):
    wide = loss_landscape(TOY, data, ("A[0]", (0.5, 40.0)), ("A[1]", (0.5, 40.0)), shape=(6, 5))
    wide.plot(ax, colorbar=False)
    (mesh,) = ax.collections
    np.testing.assert_array_equal(
        np.ma.getmaskarray(mesh.get_array()).reshape(5, 6), np.isinf(wide.loss)
    )
    assert len(ax.figure.axes) == 1


def test_a_landscape_of_which_nothing_is_finite(data, ax):
    far = loss_landscape(TOY, data, ("A[0]", (30.0, 40.0)), ("A[1]", (30.0, 40.0)), shape=(3, 3))
    far.plot(ax)
    ax.figure.savefig("/dev/null", format="pdf")


def test_curves_of_bifurcations_are_drawn_where_they_are(landscape, ax):
    plane = sw.bifurcation_plane(TOY, *AXES, max_order=1)
    landscape.plot(ax, curves=plane)
    assert len(plane.curves) == len(ax.lines) > 3
    for curve, line in zip(plane.curves, ax.lines, strict=True):
        np.testing.assert_array_equal(line.get_xydata(), curve.vertices)
        assert to_hex(line.get_color()).lower() == order_colour(1).lower()


def test_the_path_of_a_run(landscape, data, ax):
    run = train(
        landscape.model_at(0.5, 0.5), data, epochs=5, trainable=("A[0]", "A[1]"), progress=False
    )
    landscape.plot(ax, path=run)
    way, begin, end = (line.get_xydata() for line in ax.lines)
    expected = [run.model(epoch)["A"] for epoch in range(6)]
    np.testing.assert_array_equal(way, expected)
    np.testing.assert_array_equal(begin, expected[:1])
    np.testing.assert_array_equal(end, expected[-1:])


def test_a_path_of_points(landscape, ax):
    points = [[0.4, 0.5], [0.6, 0.5], [0.7, 0.9]]
    landscape.plot(ax, path=points)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), points)


def test_wrong_arguments(landscape, ax, data):
    with pytest.raises(ValueError, match="quantity must be one of loss, gradient_norm"):
        landscape.plot(ax, "height")
    other = sw.bifurcation_plane(TOY, ("h[0]", (0.3, 0.4)), AXES[1], max_order=1, lines=2)
    with pytest.raises(ValueError, match=r"curves must be those of A\[0\] and A\[1\]"):
        landscape.plot(ax, curves=other)
    with pytest.raises(TypeError, match="curves must be a bifurcation plane"):
        landscape.plot(ax, curves="plane")
    with pytest.raises(ValueError, match=r"path must be .* of shape \(n, 2\)"):
        landscape.plot(ax, path=[1.0, 2.0])
    with pytest.raises(TypeError, match="path must be a TrainingRun"):
        landscape.plot(ax, path="run")
    tent = train(systems.skew_tent_map(), data[:, 0], epochs=1, progress=False)
    with pytest.raises(ValueError, match="path must be a run of networks like"):
        landscape.plot(ax, path=tent)


def test_computing_does_not_load_matplotlib(tmp_path):
    code = (
        "import sys, scyfi_widgets.training.landscape.landscape\n"
        "assert 'matplotlib' not in sys.modules, 'loaded'"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
