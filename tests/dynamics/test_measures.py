"""The measures of a reconstruction against what they must be, and against dense computations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d
from scipy.special import logsumexp

from scyfi_widgets.dynamics import (
    power_spectrum_distance,
    state_space_divergence,
    state_space_divergence_mixture,
)
from scyfi_widgets.training.series import TimeSeries

MEASURES = [state_space_divergence, state_space_divergence_mixture, power_spectrum_distance]


def walk(seed, length=400, N=2):
    """Return a series with power at all frequencies, most at the low ones."""
    noise = np.random.default_rng(seed).normal(size=(length, N))
    states = np.zeros((length, N))
    for t in range(1, length):
        states[t] = 0.9 * states[t - 1] + noise[t]
    return states


def divergence_by_histogram(true, generated, bins, alpha=1e-5):
    """Return D_stsp by all bins^N cells, as the definition says."""
    limits = list(zip(true.min(axis=0), true.max(axis=0), strict=True))
    p, q = (
        (counts + alpha) / (counts.sum() + alpha * counts.size)
        for counts in (
            np.histogramdd(series, bins, range=limits)[0] for series in (true, generated)
        )
    )
    return np.sum(p * np.log(p / q))


def hellinger_by_scipy(true, generated, smoothing):
    spectra = []
    for series in (true, generated):
        standard = (series - series.mean(axis=0)) / series.std(axis=0)
        power = np.abs(np.fft.rfft(standard, axis=0)) ** 2
        if smoothing:
            power = gaussian_filter1d(power, smoothing, axis=0)
        spectra.append(power / power.sum(axis=0))
    affinity = np.sqrt(spectra[0] * spectra[1]).sum(axis=0)
    return np.sqrt(np.maximum(0.0, 1.0 - affinity)).mean()


@pytest.mark.parametrize("measure", MEASURES)
def test_a_series_is_at_distance_zero_from_itself(measure):
    series = walk(0)
    assert measure(series, series) == 0.0
    assert measure(TimeSeries(series), series) == 0.0
    assert measure(series[:, 0], TimeSeries.of(series[:, 0])) == 0.0


@pytest.mark.parametrize("measure", MEASURES)
def test_worse_series_are_further_away(measure):
    """A process with the same law is nearer than one that is slower, and that than a faster one."""
    series = walk(0, 4_000)
    alike, noise = walk(1, 4_000), np.random.default_rng(2).normal(size=(4_000, 2))
    assert measure(series, alike) < 0.5 * measure(series, noise)


@pytest.mark.parametrize("measure", [state_space_divergence, power_spectrum_distance])
@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(1e-3, 1e3), st.floats(-100.0, 100.0))
def test_neither_the_order_nor_the_units_of_the_variables_matter(measure, seed, factor, shift):
    true, generated = walk(seed, 200), walk(seed + 1, 200)
    distance = measure(true, generated)
    assert measure(true[:, ::-1], generated[:, ::-1]) == pytest.approx(distance, abs=1e-9)
    # Borders of cells move by rounding, so that the odd state may change its cell.
    units = [np.array([factor, 1.0]) * part + shift for part in (true, generated)]
    assert measure(*units) == pytest.approx(distance, abs=0.15)


@pytest.mark.parametrize(("N", "bins"), [(1, 30), (2, 30), (3, 12), (8, 4)])
def test_divergence_agrees_with_the_full_histogram(N, bins):
    true, generated = walk(3, N=N), 1.3 * walk(4, N=N)
    assert state_space_divergence(true, generated, bins) == pytest.approx(
        divergence_by_histogram(true, generated, bins), rel=1e-12
    )
    assert state_space_divergence(true, generated, bins, smoothing=0.002) == pytest.approx(
        divergence_by_histogram(true, generated, bins, 0.002), rel=1e-12
    )


def test_divergence_of_two_known_distributions():
    """Three quarters in one cell and a quarter in another, against halves and halves."""
    true = np.repeat([0.0, 1.0], [750, 250])
    generated = np.repeat([0.0, 1.0], [500, 500])
    exact = 0.75 * np.log(1.5) + 0.25 * np.log(0.5)
    assert state_space_divergence(true, generated, 2) == pytest.approx(exact, abs=1e-6)


def test_disjoint_series_are_at_the_bound_that_the_smoothing_sets():
    true = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]] * 25)
    generated = np.full((100, 2), 0.5)
    bins, alpha = 5, 1e-5
    total = 100.0 + alpha * bins**2
    p = (25.0 + alpha) / total
    exact = 4 * p * np.log((25.0 + alpha) / alpha) + (alpha / total) * np.log(
        alpha / (100.0 + alpha)
    )
    assert state_space_divergence(true, generated, bins) == pytest.approx(exact, rel=1e-12)
    assert 10.0 < exact < np.log(total / alpha)


def test_states_outside_the_box_are_left_out():
    true, generated = walk(5), walk(6)
    far = np.concatenate([generated, np.full((100, 2), 1e6)])
    assert state_space_divergence(true, far) == state_space_divergence(true, generated)
    assert state_space_divergence(true, generated + 1e6) == np.inf


def test_bounds_replace_the_box_of_the_true_series():
    true, generated = walk(7), walk(8)
    clipped = [series[(np.abs(series) <= 2.0).all(axis=1)] for series in (true, generated)]
    corners = np.array([[-2.0, -2.0], [2.0, 2.0]])
    expected = [np.histogramdd(series, 10, [(-2, 2)] * 2)[0] + 1e-5 for series in clipped]
    p, q = (counts / counts.sum() for counts in expected)
    value = state_space_divergence(true, generated, 10, bounds=(-2.0, 2.0))
    assert value == pytest.approx(np.sum(p * np.log(p / q)), rel=1e-12)
    with pytest.raises(ValueError, match="bounds must hold states of the true series"):
        state_space_divergence(corners, generated, bounds=(5.0, 6.0))


def test_smoothing_that_outweighs_the_states_is_refused():
    """In 20 variables all series would be as good as equal, and the number would mean nothing."""
    with pytest.raises(ValueError, match=r"3\.49e\+29 cells of 1e-05 each against 400 states"):
        state_space_divergence(walk(9, N=20), walk(10, N=20))


def test_divergence_forgets_time_and_the_spectrum_does_not_know_its_direction():
    true, generated = walk(11, 1_000), walk(12, 1_000)
    shuffled = np.random.default_rng(0).permutation(generated)
    assert state_space_divergence(true, shuffled) == state_space_divergence(true, generated)
    reversed_ = generated[::-1]
    assert power_spectrum_distance(true, reversed_) == pytest.approx(
        power_spectrum_distance(true, generated), abs=1e-12
    )
    assert power_spectrum_distance(true, shuffled) > 1.5 * power_spectrum_distance(true, generated)


@pytest.mark.parametrize("distance", [0.5, 2.0, 5.0])
def test_mixture_of_single_gaussians_is_known(distance):
    """Two Gaussians of equal width, `distance` apart: distance² / (2 width²)."""
    true, generated = np.zeros((3, 4)), np.zeros((7, 4))
    generated[:, 2] = 3.0 * distance
    value = state_space_divergence_mixture(true, generated, width=3.0, samples=20_000)
    assert value == pytest.approx(distance**2 / 2.0, abs=4.0 * distance / np.sqrt(20_000))


def test_mixture_agrees_with_its_definition_on_the_same_samples():
    true, generated = walk(13, 120, 6), walk(14, 90, 6) + 1.0
    value = state_space_divergence_mixture(true, generated, samples=50, seed=5)
    rng = np.random.default_rng(5)
    points = true[rng.integers(120, size=50)] + rng.standard_normal((50, 6))
    logs = [
        logsumexp(-0.5 * ((points[:, None] - series[None]) ** 2).sum(axis=2), axis=1)
        - np.log(len(series))
        for series in (true, generated)
    ]
    assert value == pytest.approx(np.mean(logs[0] - logs[1]), rel=1e-9)
    assert value != state_space_divergence_mixture(true, generated, samples=50, seed=6)


def test_mixture_far_from_the_origin_loses_nothing():
    true, generated = walk(15), walk(16)
    near = state_space_divergence_mixture(true, generated)
    far = state_space_divergence_mixture(true + 1e8, generated + 1e8)
    assert far == pytest.approx(near, abs=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 1.0, 7.5, 20.0])
@pytest.mark.parametrize("length", [400, 401])
def test_spectra_agree_with_scipy(smoothing, length):
    true, generated = walk(17, length, 3), 5.0 * walk(18, length, 3) ** 3
    value = power_spectrum_distance(true, generated, smoothing=smoothing)
    assert value == pytest.approx(hellinger_by_scipy(true, generated, smoothing), rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
def test_spectra_are_symmetric_bounded_and_know_no_units(seed, factor, shift):
    true, generated = walk(seed, 200), walk(seed + 1, 200) ** 2
    value = power_spectrum_distance(true, generated)
    assert 0.0 < value < 1.0
    assert power_spectrum_distance(generated, true) == pytest.approx(value, rel=1e-12)
    moved = shift * factor + factor * generated
    assert power_spectrum_distance(true, moved) == pytest.approx(value, rel=1e-6)


def test_sines_of_different_frequency_have_none_in_common():
    times = np.arange(2_000)
    slow, fast = np.sin(2 * np.pi * times / 100), np.sin(2 * np.pi * times / 4)
    assert power_spectrum_distance(slow, fast, smoothing=0.0) == pytest.approx(1.0, abs=1e-9)
    assert power_spectrum_distance(slow, fast, smoothing=5.0) == pytest.approx(1.0, abs=1e-9)
    assert power_spectrum_distance(slow, np.cos(2 * np.pi * times / 100)) < 1e-6
    mixed = np.stack([slow, fast], axis=1)
    assert power_spectrum_distance(
        mixed, np.stack([slow, slow], axis=1), smoothing=5.0
    ) == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.1, -1e9 / 3.0])
def test_what_stands_still_has_no_spectrum(level):
    series, still = walk(19, 400, 1), np.full((400, 1), level)
    assert power_spectrum_distance(series, still) == 1.0
    assert power_spectrum_distance(still, series) == 1.0
    assert power_spectrum_distance(still, still + 1.0) == 0.0
    settled = still + 1e-14 * abs(level) * series
    assert power_spectrum_distance(series, settled) == 1.0


def test_of_series_of_different_length_the_common_part_is_compared():
    true, generated = walk(20, 600), walk(21, 400)
    value = power_spectrum_distance(true, generated)
    assert value == power_spectrum_distance(true[:400], generated)
    assert value == pytest.approx(power_spectrum_distance(generated, true), rel=1e-12)


@pytest.mark.parametrize("measure", MEASURES)
def test_what_is_no_pair_of_series(measure):
    series = walk(22)
    diverged = series.copy()
    diverged[30, 1] = np.nan
    with pytest.raises(ValueError, match=r"generated must be finite, got nan at generated\[30,1\]"):
        measure(series, diverged)
    with pytest.raises(ValueError, match="true must be finite"):
        measure(diverged, series)
    with pytest.raises(ValueError, match="generated must have the 2 variables of true, got 1"):
        measure(series, series[:, 0])
    with pytest.raises(TypeError, match="generated must hold numbers, got None"):
        measure(series, None)


@pytest.mark.parametrize(
    ("measure", "arguments", "error", "message"),
    [
        (state_space_divergence, {"bins": 1}, ValueError, "bins must be at least 2, got 1"),
        (state_space_divergence, {"bins": 3.0}, TypeError, "bins must be a whole number"),
        (state_space_divergence, {"smoothing": 0.0}, ValueError, "smoothing must be positive"),
        (state_space_divergence, {"bounds": (1, 1)}, ValueError, "bounds must be"),
        (state_space_divergence_mixture, {"width": 0}, ValueError, "width must be positive"),
        (state_space_divergence_mixture, {"samples": 0}, ValueError, "samples must be at least"),
        (state_space_divergence_mixture, {"seed": -1}, ValueError, "seed must be at least 0"),
        (power_spectrum_distance, {"smoothing": -1.0}, ValueError, "smoothing must be at least 0"),
        (
            power_spectrum_distance,
            {"smoothing": 51.0},
            ValueError,
            "at least 408 states for a smoothing of 51, got 400: lower",
        ),
    ],
)
def test_wrong_arguments(measure, arguments, error, message):
    with pytest.raises(error, match=message):
        measure(walk(23), walk(24), **arguments)


def test_a_true_series_that_does_not_vary_has_no_box():
    series = walk(25)
    flat = series * [1.0, 0.0]
    with pytest.raises(ValueError, match="true must vary in every variable, but column 1 is const"):
        state_space_divergence(flat, series)
    assert state_space_divergence(flat, series, bounds=(-2.0, 2.0)) > 0.0
