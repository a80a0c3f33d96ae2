"""The values of sliders, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.export.sliders import (
    Slider,
    checked_number,
    coarse,
    frames,
    values_of,
    weight_sliders,
)

MODEL = sw.PLRNN(A=[0.5, 0.25], W=[[0, -0.64], [0.5, 0]], h=[0.3, -0.9])


def test_the_present_value_is_a_frame_and_the_first_one_shown():
    (slider,) = weight_sliders({"W[0,1]": (-1, 1, 5)}, MODEL)
    assert slider.values.tolist() == [-1, -0.64, -0.5, 0, 0.5, 1]
    assert slider.values[slider.start] == -0.64


def test_a_value_of_the_grid_that_is_nearly_the_present_one_is_it():
    (slider,) = weight_sliders({"W[0,1]": (-1, 1, 101)}, MODEL)
    assert len(slider.values) == 101
    assert slider.values[slider.start] == MODEL["W[0,1]"]


@pytest.mark.parametrize(("ends", "start"), [((0.0, 1.0, 3), 0), ((-2.0, -1.0, 3), 2)])
def test_outside_of_the_range_it_begins_at_the_nearer_end(ends, start):
    (slider,) = weight_sliders({"W[0,1]": ends}, MODEL)
    assert slider.values.tolist() == np.linspace(*ends).tolist()
    assert slider.start == start


def test_values_may_be_given_one_by_one():
    (slider,) = weight_sliders({"A[0]": [0.9, 0.5, 0.1, 0.5]}, MODEL)
    assert slider.values.tolist() == [0.1, 0.5, 0.9]
    assert slider.start == 1


def test_names_are_written_in_one_way():
    (slider,) = weight_sliders({" W[0, 1] ": (-1, 1, 3)}, MODEL)
    assert slider.name == "W[0,1]"


@pytest.mark.parametrize(
    ("sliders", "error", "words"),
    [
        (["W[0,1]"], TypeError, "must be a dict"),
        ({"B[0]": (0, 1, 3)}, KeyError, "B"),
        ({"W": (0, 1, 3)}, ValueError, "the array 'W'"),
        ({"W[0,1]": (0, 1)}, ValueError, "low, high, number"),
        ({"W[0,1]": (0, 1, 2.5)}, ValueError, "low, high, number"),
        ({"W[0,1]": (0, 1, True)}, ValueError, "low, high, number"),
        ({"W[0,1]": (1, 0, 3)}, ValueError, "low < high"),
        ({"W[0,1]": (0, 1, 1)}, ValueError, "at least two"),
        ({"W[0,1]": (0, np.inf, 3)}, ValueError, "finite"),
        ({"W[0,1]": [0.5]}, ValueError, "at least two"),
        ({"W[0,1]": [0.0, np.nan]}, ValueError, "finite"),
        ({"W[0,1]": "abc"}, TypeError, "array of values"),
        ({"W[0,1]": (0, 1, 3), "W[0, 1]": (0, 1, 3)}, ValueError, "different weights"),
    ],
)
def test_what_is_no_range_is_refused(sliders, error, words):
    with pytest.raises(error, match=words):
        weight_sliders(sliders, MODEL)


def test_several_sliders_make_a_grid_whose_last_one_runs_fastest():
    made = weight_sliders({"A[0]": [0.1, 0.5], "A[1]": [0.25, 0.3, 0.4]}, MODEL)
    assert checked_number(made, 6) == 6
    assert [tuple(values.values()) for values in frames(made)] == [
        (a, b) for a in (0.1, 0.5) for b in (0.25, 0.3, 0.4)
    ]
    with pytest.raises(ValueError, match=r"2 x 3 = 6 frames, and most_frames is 5"):
        checked_number(made, 5)


def test_no_slider_is_one_frame():
    assert checked_number((), 1) == 1
    assert list(frames(())) == [{}]


@pytest.mark.parametrize("most", [2, 4, 9, 200])
def test_a_coarse_slider_has_both_ends_and_the_start(most):
    fine = Slider("A[0]", np.linspace(0.0, 1.0, 101), 18)
    thin = coarse(fine, most)
    assert thin.values[0] == 0.0
    assert thin.values[-1] == 1.0
    assert thin.values[thin.start] == fine.values[18]
    assert len(thin.values) <= most + 1


def test_values_of_a_tuple_are_evenly_spaced():
    assert values_of("epoch", (0, 10, 3)).tolist() == [0, 5, 10]
