"""The loss below a path: it is that of the training, and its picture says how high it is."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest

from scyfi_widgets.bifurcations.planes.parameter_plane import ParameterPlane
from scyfi_widgets.training import (
    FreeRunning,
    GeneralizedTeacherForcing,
    SparseTeacherForcing,
    loss_and_gradient,
    loss_landscape,
)
from scyfi_widgets.widgets.replay.path_surface import (
    DECADES,
    DEEPEST,
    PIXELS,
    SurfaceQuestion,
    compose_surface,
    forcing_at,
    forcing_text,
    scale_ends,
)
from scyfi_widgets.widgets.replay.path_text import value_text

AXES = ("A[0]", (0.5, 1.2)), ("A[1]", (-0.9, 0.2))


def plane_at(run, epoch: int) -> ParameterPlane:
    return ParameterPlane.of(run.model(epoch), *AXES)


def pixels_of(png: bytes) -> np.ndarray:
    """Read the places in the palette back from a PNG."""
    at, parts = 8, {}
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        parts[kind] = png[at + 8 : at + 8 + length]
        at += 12 + length
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    assert parts[b"tRNS"][-1] == DEEPEST
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, width + 1)
    return rows[:, 1:]


def test_the_loss_of_a_path_is_the_recorded_one(run, forced):
    for any_run in (run, forced):
        question = SurfaceQuestion.of(any_run, 20, plane_at(any_run, 20))
        loss, _ = loss_and_gradient(
            any_run.model(20),
            question.data,
            question.forcing,
            observation=question.observation,
            sequence_length=question.sequence_length,
        )
        assert loss == pytest.approx(any_run.loss[20], rel=1e-12)


def test_a_question_is_the_same_where_only_the_plane_moved(run):
    here = SurfaceQuestion.of(run, 10, plane_at(run, 10))
    assert here == SurfaceQuestion.of(run, 10, plane_at(run, 10))
    moved = replace(plane_at(run, 10), model=run.model(10).replace({"A[0]": 0.61, "A[1]": 0.0}))
    assert here == SurfaceQuestion.of(run, 10, moved)
    assert here != SurfaceQuestion.of(run, 11, plane_at(run, 11))  # W and h were trained too


def test_runs_without_data_have_no_surface(run):
    told = SurfaceQuestion.of(replace(run, data=None), 0, plane_at(run, 0))
    assert isinstance(told, str)
    assert "data" in told


def test_forcing_is_that_of_the_epoch(run, forced):
    assert forcing_at(run, 3) == FreeRunning()
    assert forcing_at(forced, 3) == GeneralizedTeacherForcing(0.3)
    assert forcing_at(forced, forced.epochs) == GeneralizedTeacherForcing(0.3)
    sparse = replace(run, settings={"forcing": repr(SparseTeacherForcing(16))})
    assert forcing_at(sparse, 0) == SparseTeacherForcing(16)
    assert forcing_at(replace(run, settings={}), 0) == FreeRunning()
    assert forcing_text(SparseTeacherForcing(16)) == "forced every 16 steps"
    assert forcing_text(GeneralizedTeacherForcing(0.3)) == "forced with α = 0.3"
    assert forcing_text(FreeRunning()) == "free running"


@pytest.mark.parametrize("quantity", ["loss", "gradient norm"])
def test_the_picture_is_deep_where_the_surface_is_high(run, quantity):
    landscape = loss_landscape(run.start, run.data, *AXES, shape=(41, 31), threads=1)
    surface = compose_surface(landscape, quantity)
    heights = landscape.loss if quantity == "loss" else landscape.gradient_norm
    pixels = pixels_of(surface.png)[::-1]  # rows upwards
    assert pixels.shape == PIXELS[::-1]
    rows = np.round(np.linspace(0, PIXELS[1] - 1, 31)).astype(int)
    columns = np.round(np.linspace(0, PIXELS[0] - 1, 41)).astype(int)
    part = np.log(heights / surface.low) / np.log(surface.high / surface.low)
    wanted = 255.0 * np.clip(part, 0.0, 1.0)
    got = pixels[np.ix_(rows, columns)].astype(float)
    # A pixel's middle is up to half a pixel away: the tone may change by that part of a cell.
    steps = [np.abs(np.diff(wanted, axis=axis)).max() * 0.07 for axis in (0, 1)]
    assert np.abs(got - wanted).max() <= 1.0 + sum(steps)
    assert surface.low < surface.high


def test_the_scale_leaves_out_what_is_far_above_or_not_finite():
    heights = np.concatenate([np.geomspace(1.0, 10.0, 95), [np.inf, np.nan, 0.0, 1e90, 1e95]])
    low, high = scale_ends(heights)
    assert 1.0 <= low < high <= 10.0
    assert np.isnan(scale_ends(np.array([np.inf, np.nan, 0.0]))).all()
    low, high = scale_ends(np.full(10, 3.0))
    assert low < 3.0 < high
    low, high = scale_ends(np.geomspace(1e-30, 1.0, 100))
    assert high / low == pytest.approx(10.0**DECADES)


def test_a_long_series_gets_a_coarser_grid(run):
    question = SurfaceQuestion.of(run, 0, plane_at(run, 0))
    fine = question.grid
    long = replace(question, data=type(run.data).of(np.tile(run.data.values, (20_000, 1))))
    assert long.grid[0] < fine[0]
    assert long.grid[1] < fine[1]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0583, "0.058"), (1834.0, "1800"), (123_456.0, "120000"), (3e-8, "3e-08"), (4e9, "4e+09")],
)
def test_values_are_short(value, text):
    assert value_text(value) == text
