"""The test of association: by brute force, under the null, and where events do go with jumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import kstest

from scyfi_widgets.training.association import JumpAssociation, jump_association
from scyfi_widgets.training.jumps import LossJump


@dataclass
class Event:
    epoch: float
    type: str


@dataclass
class Run:
    epochs: int


def shares_by_shifting(epochs, events, jumps, window, reach=None, steps=200_000):
    """The shares of 0, 1, ... jumps beside an event, over an even grid of shifts."""
    reach = epochs / 2 if reach is None else reach
    shifts = (np.arange(steps) + 0.5) / steps * 2 * reach - reach
    counts = np.zeros(steps, int)
    for start, stop in jumps:
        near = np.zeros(steps, bool)
        for event in events:
            where = (event + shifts) % epochs
            for turn in (-epochs, 0, epochs):
                near |= (where + turn >= start - window) & (where + turn <= stop + window)
        counts += near
    return np.bincount(counts, minlength=len(jumps) + 1) / steps


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("reach", [None, 13.0])
def test_shares_of_all_shifts_against_brute_force(seed, reach):
    rng = np.random.default_rng(seed)
    epochs = int(rng.integers(40, 200))
    events = rng.uniform(0, epochs, rng.integers(1, 9))
    starts = rng.integers(0, epochs - 5, rng.integers(1, 6))
    jumps = np.stack([starts, starts + rng.integers(0, 5, len(starts))], axis=1)
    window = float(rng.uniform(0.5, 8.0))
    result = jump_association(epochs, events, jumps, window, reach=reach)
    shares = shares_by_shifting(epochs, events, jumps, window, reach)
    np.testing.assert_allclose(result.distribution, shares, atol=2e-4)
    gaps = np.maximum(jumps[:, :1] - events, events - jumps[:, 1:])
    observed = int((gaps.min(axis=1) <= window).sum())
    assert result.observed == observed
    assert result.p_value == pytest.approx(max(shares[observed:].sum(), 1 / epochs), abs=1e-3)
    assert result.expected == pytest.approx(shares @ np.arange(len(shares)), abs=1e-3)


def test_a_case_by_hand():
    # One event of ten epochs: shifts of -3..3 epochs leave it within two of the jump 50-52.
    result = jump_association(100, [51.0], [[50, 52]], 2.0)
    assert result.observed == 1
    assert result.expected == pytest.approx(0.06, abs=1e-12)
    assert result.p_value == result.smallest_p == pytest.approx(0.06, abs=1e-12)
    assert result.ratio == pytest.approx(1 / 0.06)
    assert result.difference == pytest.approx(0.94)
    assert "too little to tell" in result.statement


def test_several_runs_are_the_product_of_their_shifts():
    first = jump_association(100, [51.0], [[50, 52]], 2.0)
    second = jump_association(200, [10.0, 150.0], [[11, 12], [90, 95]], 3.0)
    both = jump_association(
        [100, Run(200)], [[51.0], [10.0, 150.0]], [[[50, 52]], [[11, 12], [90, 95]]], 3.0
    )
    wider = jump_association(100, [51.0], [[50, 52]], 3.0)
    expected = np.convolve(wider.distribution, second.distribution)
    np.testing.assert_allclose(both.distribution, expected, atol=1e-15)
    assert both.observed == first.observed + second.observed == 2
    assert both.p_value == pytest.approx(expected[2:].sum())
    assert both.runs == 2
    assert both.ratio_interval is None
    assert both.coincident == (True, True, False)


def clustered(rng, epochs, clusters=6, size=5):
    centres = rng.uniform(0, epochs, clusters)
    return np.sort((centres[:, None] + rng.normal(0, 4.0, (clusters, size))).ravel() % epochs)


def test_p_values_are_uniform_without_association():
    # Ties are broken at random, which makes the p-value of a discrete statistic uniform.
    randomised, plain = [], []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        epochs = 1000
        events, jumps = clustered(rng, epochs), rng.integers(20, epochs - 20, 12)
        result = jump_association(epochs, events, jumps, 6.0)
        shares = np.array(result.distribution)
        above = shares[result.observed + 1 :].sum()
        randomised.append(above + rng.random() * shares[result.observed])
        plain.append(result.p_value)
    assert kstest(randomised, "uniform").pvalue > 0.01
    for level in (0.01, 0.05, 0.1, 0.3):
        rate = np.mean(np.array(plain) <= level)
        assert rate <= level + 2 * np.sqrt(level * (1 - level) / 400)


def test_planted_association_is_found():
    p_values = []
    for seed in range(100):
        rng = np.random.default_rng([seed, 1])
        jumps = rng.integers(50, 950, 6)
        events = np.concatenate([clustered(rng, 1000), jumps[:4] + rng.uniform(-3, 3, 4)])
        p_values.append(jump_association(1000, events, jumps, 5.0).p_value)
    assert np.mean(np.array(p_values) < 0.05) > 0.9


def test_an_interval_over_runs_covers_the_true_difference():
    # Each jump has an event with probability 0.5, beside those that are near by chance.
    covered, width = 0, []
    for seed in range(60):
        rng = np.random.default_rng([seed, 2])
        events, jumps = [], []
        for _ in range(20):
            jumps.append(rng.integers(50, 950, 5))
            with_event = rng.random(5) < 0.5
            events.append(np.append(jumps[-1][with_event], rng.uniform(0, 1000, 3)))
        result = jump_association([1000] * 20, events, jumps, 4.0, seed=seed)
        low, high = result.difference_interval
        assert low <= result.difference <= high
        # By chance 8 epochs of 1000 a foreign event; of the planted ones that of the jump itself.
        covered += low <= 0.5 <= high
        width.append(high - low)
    assert covered >= 48
    assert np.mean(width) < 0.25
    again = jump_association([1000] * 20, events, jumps, 4.0, seed=seed)
    assert again == result


def test_events_have_types_and_jumps_have_starts():
    events = [Event(51.0, "DTB"), Event(10.0, "fold"), Event(12.0, "fold")]
    jumps = [LossJump(50, 52, -1.0, 0.01), LossJump(70, 71, 1.0, 0.01)]
    result = jump_association(Run(100), events, jumps, 2.0)
    assert list(result.by_type) == ["DTB", "fold"]
    assert result.by_type["DTB"].observed == result.observed == 1
    assert result.by_type["fold"].observed == 0
    assert result.by_type["fold"].p_value == pytest.approx(1.0)
    assert result.by_type["fold"].n_events == 2
    assert result.coincident == (True, False)
    assert repr(result).count("\n") == 2


def test_a_window_over_everything_tells_nothing():
    result = jump_association(100, [3.0, 60.0], [10, 90], 100.0)
    assert (result.observed, result.expected, result.p_value) == (2, 2.0, 1.0)
    assert result.ratio == 1.0


@pytest.mark.parametrize(("events", "jumps"), [([], [5, 6]), ([5.0], []), ([], [])])
def test_nothing_to_test(events, jumps):
    result = jump_association(100, events, jumps)
    assert (result.observed, result.p_value) == (0, 1.0)
    assert result.statement.endswith("nothing to test")
    assert np.isnan(result.ratio)


def test_the_ends_of_a_run_are_not_neighbours():
    assert jump_association(100, [0.5], [99], 5.0).observed == 0


def test_a_common_stage_is_left_in_place_by_short_shifts():
    # Events and jumps are both frequent before epoch 200 of 2000, and otherwise independent.
    small = {"all": [], "near": []}
    for seed in range(200):
        rng = np.random.default_rng([seed, 3])
        events, jumps = rng.uniform(0, 200, 20), rng.integers(5, 195, 8)
        small["all"].append(jump_association(2000, events, jumps, 3.0).p_value < 0.05)
        small["near"].append(jump_association(2000, events, jumps, 3.0, reach=40).p_value < 0.05)
    assert np.mean(small["all"]) > 0.4
    assert np.mean(small["near"]) < 0.1


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((0, [1.0], [1]), ValueError, "epochs of run must be at least 1"),
        ((1.5, [1.0], [1]), TypeError, "whole number"),
        ((100, [101.0], [1]), ValueError, r"events must lie in the run, in \[0, 100\], got 101"),
        ((100, [np.nan], [1]), ValueError, "finite"),
        ((100, ["a"], [1]), TypeError, "events must hold numbers"),
        ((100, [1.0], [101]), ValueError, "jumps must lie in the run"),
        ((100, [1.0], [[5, 4]]), ValueError, "stop >= start"),
        ((100, [1.0], [[5, 4, 3]]), ValueError, "pairs"),
        ((100, [1.0], [1], -1.0), ValueError, "window must not be negative"),
        (([100, 100], [[1.0]], [[1], [2]]), ValueError, "one entry for each of the 2 runs"),
        (([], [], []), ValueError, "empty list"),
        (([100], 3, [[1]]), TypeError, "list with one entry a run"),
    ],
)
def test_bad_input(arguments, error, text):
    with pytest.raises(error, match=text):
        jump_association(*arguments)
    with pytest.raises(ValueError, match="reach must be above 0"):
        jump_association(100, [1.0], [1], reach=0.0)


def test_the_result_is_plain():
    assert isinstance(jump_association(100, np.array([4.0]), np.array([5])), JumpAssociation)
