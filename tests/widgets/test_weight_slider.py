"""A slider that keeps every digit of its value."""

from __future__ import annotations

import math

import pytest
import traitlets as tr
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scyfi_widgets.widgets.pane import close_tree
from scyfi_widgets.widgets.weight_slider import STEPS, WeightSlider

finite = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(-1e6, 1e6)
many = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def limits_of_sliders(draw):
    low = draw(st.floats(-1e6, 1e6))
    return low, low + draw(st.floats(1e-3, 1e6))


def step_of(slider: WeightSlider) -> float:
    low, high = slider.limits
    return (high - low) / STEPS


def by_hand(widget, value) -> None:
    """Set a value as a message from the browser does."""
    widget.set_state({"value": value})


def test_what_it_shows():
    slider = WeightSlider("W[0,1]", 0.525053081234, (-1.0, 1.0))
    assert slider.value == 0.525053081234
    assert slider._number.value == 0.525053
    assert slider._number.description == "W[0,1]"
    assert slider._steps.value == 305
    assert "sw-weight-W-0-1" in slider._dom_classes


@many
@given(first=finite, values=st.lists(finite, max_size=3), limits=limits_of_sliders())
@example(first=0.8, values=[], limits=(1.0, 2.0))
@example(first=-0.8, values=[5.0], limits=(-2.0, -1.0))
@example(first=1.7e308, values=[-1.7e308, 1.0], limits=(-1.0, 1.0))
@example(first=5e-324, values=[-5e-324], limits=(-1.0, 1.0))
@example(first=0.0, values=[-0.0], limits=(0.0, 1e-3))
def test_the_value_is_what_was_given(first, values, limits):
    slider = WeightSlider("w", first, limits)
    seen = []
    slider.observe(lambda change: seen.append(change.new), "value")
    try:
        assert slider.value == first
        for value in values:
            slider.value = value
            assert slider.value == value
            low, high = slider.limits
            assert low <= min(value, limits[0])
            assert high >= max(value, limits[1])
            assert math.isclose(slider._number.value, value, rel_tol=1e-5)
            nearest = (value / (high / STEPS - low / STEPS)) - low / (high / STEPS - low / STEPS)
            assert abs(slider._steps.value - nearest) <= 0.5 + 1e-6
        assert set(seen) <= set(values)
    finally:
        close_tree(slider)


@many
@given(value=moderate, limits=limits_of_sliders(), steps=st.integers(0, STEPS))
@example(value=0.8377689000000008, limits=(-2.0, 2.0), steps=STEPS)
def test_a_step_moves_by_whole_steps_from_the_value(value, limits, steps):
    slider = WeightSlider("w", value, limits)
    try:
        here, step, ends = slider._steps.value, step_of(slider), slider.limits
        by_hand(slider._steps, steps)
        expected = value + (steps - here) * step
        size = max(abs(value), *map(abs, ends))
        assert math.isclose(slider.value, expected, abs_tol=1e-12 * size)
        if ends[0] <= slider.value <= ends[1]:  # else the remainder widened the limits
            assert slider._steps.value == steps
        by_hand(slider._steps, here)
    finally:
        close_tree(slider)


@many
@given(value=finite)
def test_an_echo_of_what_is_shown_changes_nothing(value):
    slider = WeightSlider("w", value, (-1.0, 1.0))
    seen = []
    slider.observe(seen.append, "value")
    try:
        slider._on_number(tr.Bunch(new=slider._number.value))
        slider._on_steps(tr.Bunch(new=slider._steps.value))
        by_hand(slider._number, slider._number.value)
        by_hand(slider._steps, slider._steps.value)
        assert slider.value == value
        assert seen == []
    finally:
        close_tree(slider)


def test_one_event_is_one_change():
    slider = WeightSlider("w", 0.1234567891, (-1.0, 1.0))
    seen = []
    slider.observe(lambda change: seen.append(change.new), "value")
    by_hand(slider._steps, slider._steps.value + 1)
    assert seen == [pytest.approx(0.1234567891 + 0.005, abs=1e-15)]
    by_hand(slider._number, 0.75)
    assert seen[1:] == [0.75]
    assert slider._steps.value == 350
    slider.value = 0.7501
    assert seen[2:] == [0.7501]


def test_values_beyond_the_ends_widen_them():
    slider = WeightSlider("w", 0.0, (-1.0, 1.0))
    slider.value = 3.0
    assert slider.limits == (-1.0, 6.0)
    slider.value = -2.0
    assert slider.limits == (-4.0, 6.0)
    slider.value = 0.0
    assert slider.limits == (-4.0, 6.0)


def test_a_value_below_ends_that_are_both_positive():
    slider = WeightSlider("w", 1.5, (1.0, 2.0))
    slider.value = 0.8
    assert slider.value == 0.8
    assert slider.limits == (0.8, 2.0)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused_and_the_number_restored(wrong):
    slider = WeightSlider("W[0,1]", 0.1234567891, (-1.0, 1.0))
    by_hand(slider._number, wrong)
    assert slider.value == 0.1234567891
    assert slider._number.value == 0.123457
    with pytest.raises(tr.TraitError, match=r"W\[0,1\] must be finite"):
        slider.value = wrong
    assert slider.value == 0.1234567891
    by_hand(slider._number, 0.5)
    assert slider.value == 0.5


@pytest.mark.parametrize("size", [1e-300, 1e-12, 1.0, 1e12, 1e300, 1.7e308])
def test_steps_at_any_size(size):
    slider = WeightSlider("w", 0.5 * size, (-size, size))
    for steps in (0, STEPS, 123):
        by_hand(slider._steps, steps)
        assert slider.value == pytest.approx(size * (2 * steps / STEPS - 1), rel=1e-9)


@pytest.mark.parametrize(
    "limits", [(1.0, 1.0), (2.0, -2.0), (math.nan, 1.0), (-math.inf, 1.0), (0.0, 5e-324)]
)
def test_bad_limits(limits):
    with pytest.raises(ValueError, match=r"limits of W\[0,1\] must be finite with low < high"):
        WeightSlider("W[0,1]", 0.0, limits)
