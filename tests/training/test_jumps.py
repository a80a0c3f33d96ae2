"""Loss jumps: planted ones are found where they are, and curves without one show none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from scyfi_widgets.training.contrasts import (
    CORRELATIONS,
    WALK,
    contrasts,
    gap_weights,
    local_correlations,
    scales,
)
from scyfi_widgets.training.jumps import LossJump, LossJumps, find_loss_jumps
from scyfi_widgets.training.ramps import fit_ramp

EPOCHS = np.arange(1000.0)
SMOOTH = {
    "constant": 0.0 * EPOCHS,
    "line": -0.01 * EPOCHS,
    "fast decay to a floor": np.log(0.01 + np.exp(-EPOCHS / 5)),
    "decay to a floor": np.log(0.01 + np.exp(-EPOCHS / 40)),
    "power law": -0.7 * np.log1p(EPOCHS),
    "ever faster": -((EPOCHS / 300) ** 3),
    "wave": np.sin(EPOCHS / 60),
    "slow step": -2.0 / (1.0 + np.exp(-(EPOCHS - 500) / 40)),
}


def autoregressive(rng, correlation, epochs):
    drawn = rng.normal(size=epochs + 300) * np.sqrt(1 - correlation**2)
    return lfilter([1.0], [1.0, -correlation], drawn)[300:]


def stepped(start, stop, size, epochs=1000):
    """A log-loss of zero that goes to `size` from epoch `start` to epoch `stop`."""
    return size * np.clip((np.arange(epochs) - start) / (stop - start), 0.0, 1.0)


@pytest.mark.parametrize("trend", SMOOTH.values(), ids=SMOOTH)
def test_a_smooth_curve_has_no_jump(trend):
    assert len(find_loss_jumps(np.exp(trend))) == 0


STEADY = [name for name in SMOOTH if name not in ("ever faster", "wave")]  # no swings of their own


@pytest.mark.parametrize("trend", [SMOOTH[name] for name in STEADY], ids=STEADY)
@pytest.mark.parametrize(("start", "stop"), [(500, 501), (300, 310), (700, 730)])
@pytest.mark.parametrize("size", [-1.5, 1.5])
def test_a_step_on_a_smooth_curve_is_found_where_it_is(trend, start, stop, size):
    (jump,) = find_loss_jumps(np.exp(trend + stepped(start, stop, size)))
    assert abs(jump.start - start) <= 3
    assert abs(jump.stop - stop) <= 3
    # The size includes what the trend does meanwhile.
    change = size + trend[stop] - trend[start]
    assert jump.size == pytest.approx(change, abs=0.15 * abs(size))
    assert jump.direction == ("down" if size < 0 else "up")
    assert jump.factor == pytest.approx(np.exp(jump.size))


@pytest.mark.parametrize(("width", "found"), [(2, True), (5, True), (10, True), (40, False)])
def test_which_logistic_steps_count(width, found):
    loss = np.exp(-1.0 / (1.0 + np.exp(-(EPOCHS - 500) / width)))
    jumps = find_loss_jumps(loss)
    assert len(jumps) == found
    if found:
        assert jumps[0].start < 500 < jumps[0].stop


def test_the_published_run():
    """A five-unit network whose fixed point flips between epochs 206 and 207 (MATH.md, 6).

    Every fourth epoch up to 200 and every epoch from there, digitised from the paper's figure S11,
    here with the noise of the plateau in between.
    """
    after = (
        "0.13624 0.13826 0.13566 0.13524 0.13212 0.12796 0.11198 0.10468 0.10125 0.10035 0.09883 "
        "0.09682 0.09549 0.09410 0.09382 0.09262 0.09134 0.09096 0.09007 0.08888 0.08856"
    )
    plateau = np.linspace(0.1428, 0.1385, 199) * (
        1 + 0.004 * np.random.default_rng(0).normal(size=199)
    )
    (jump,) = find_loss_jumps(np.concatenate([plateau, np.array(after.split(), float)]))
    # The first value is that of epoch 1.
    assert 200 <= jump.start + 1 <= 206 <= jump.stop + 1 <= 211
    assert jump.direction == "down"


NOISES = {
    "white": lambda rng: rng.normal(size=1000),
    "correlated": lambda rng: autoregressive(rng, 0.6, 1000),
    "random walk": lambda rng: np.cumsum(rng.normal(size=1000)),
    "heavy tails": lambda rng: rng.standard_t(3, size=1000),
    "fading": lambda rng: rng.normal(size=1000) * np.geomspace(3.0, 0.3, 1000),
    "wandering": lambda rng: rng.normal(size=1000) + autoregressive(rng, 0.98, 1000),
}


@pytest.mark.parametrize("name", NOISES)
def test_noisy_curves_without_a_jump_rarely_show_one(name):
    rng = np.random.default_rng(7)
    alarms = sum(
        len(find_loss_jumps(np.exp(trend + 0.05 * NOISES[name](rng)))) > 0
        for trend in SMOOTH.values()
        for _ in range(3)
    )
    # Of 24 curves at a rate of 0.05 each: five or more would come with a probability of 0.006.
    assert alarms <= 4


@pytest.mark.slow
@pytest.mark.parametrize("name", NOISES)
def test_the_rate_of_false_alarms(name):
    rng = np.random.default_rng(8)
    trends = list(SMOOTH.values())
    alarms = [
        len(find_loss_jumps(np.exp(trends[n % 8] + 0.05 * NOISES[name](rng)))) > 0
        for n in range(120)
    ]
    assert np.mean(alarms) <= 0.05


@pytest.mark.parametrize("width", [1, 4, 10])
def test_jumps_of_three_times_the_noise_are_found(width):
    rng = np.random.default_rng(9)
    found, errors = 0, []
    for _ in range(40):
        start, size = int(rng.integers(150, 850)), 0.15 * rng.choice([-1, 1])
        loss = np.exp(stepped(start, start + width, size) + 0.05 * rng.normal(size=1000))
        for jump in find_loss_jumps(loss):
            if jump.size * size > 0 and jump.start <= start + width and jump.stop >= start:
                found += 1
                errors.append(abs(jump.start + jump.stop - 2 * start - width) / 2)
    # Of 40 at a rate of 0.95: fewer than 35 would come with a probability of 0.01.
    assert found >= 35
    assert np.median(errors) <= 3


def test_several_jumps_and_their_order():
    log_loss = stepped(200, 204, -1.0) + stepped(480, 481, 0.6) + stepped(700, 712, -2.0)
    rng = np.random.default_rng(1)
    jumps = find_loss_jumps(np.exp(log_loss + 0.02 * rng.normal(size=1000)))
    assert [jump.direction for jump in jumps] == ["down", "up", "down"]
    starts = [jump.start for jump in jumps]
    np.testing.assert_allclose(starts, [200, 480, 700], atol=3)
    np.testing.assert_allclose([jump.size for jump in jumps], [-1.0, 0.6, -2.0], atol=0.05)


def test_a_spike_is_no_jump_and_hides_none():
    rng = np.random.default_rng(2)
    log_loss = stepped(600, 603, -1.0) + 0.02 * rng.normal(size=1000)
    log_loss[300:304] += [3.0, 2.0, 1.0, 0.5]
    (jump,) = find_loss_jumps(np.exp(log_loss))
    assert 597 <= jump.start <= 603


@settings(max_examples=10, deadline=None)
@given(scale=st.floats(1e-12, 1e12), seed=st.integers(0, 5))
def test_the_unit_of_the_loss_does_not_matter(scale, seed):
    rng = np.random.default_rng(seed)
    loss = np.exp(stepped(150, 155, -0.5, 300) + 0.05 * rng.normal(size=300))
    first, second = find_loss_jumps(loss), find_loss_jumps(scale * loss)
    assert [(jump.start, jump.stop) for jump in first] == [(j.start, j.stop) for j in second]
    assert [jump.size for jump in second] == pytest.approx([jump.size for jump in first])


def test_single_precision_and_printed_digits_make_no_jumps():
    trend = np.exp(-0.001 * EPOCHS)
    assert len(find_loss_jumps(trend.astype(np.float32))) == 0
    assert len(find_loss_jumps(np.round(trend, 2))) == 0
    assert len(find_loss_jumps(1.0 + 1e-15 * (EPOCHS > 500))) == 0


def test_epochs_without_a_logarithm_cut_the_run():
    log_loss = stepped(200, 202, -1.0) + 0.02 * np.random.default_rng(3).normal(size=1000)
    loss = np.exp(log_loss)
    loss[500], loss[700:], loss[650] = 0.0, np.inf, np.nan
    jumps = find_loss_jumps(loss)
    assert [jump.direction for jump in jumps] == ["down"]
    assert jumps.left_out == 302
    assert "302 epochs" in jumps.statement
    assert len(find_loss_jumps(np.full(50, np.nan))) == 0
    assert len(find_loss_jumps(np.zeros(50))) == 0


@pytest.mark.parametrize("epochs", [0, 1, 2, 16, 17, 18, 40])
def test_short_runs(epochs):
    rng = np.random.default_rng(epochs)
    assert isinstance(find_loss_jumps(np.exp(0.1 * rng.normal(size=epochs))), LossJumps)


def test_a_short_run_shows_a_clear_jump():
    rng = np.random.default_rng(4)
    (jump,) = find_loss_jumps(np.exp(stepped(24, 25, -2.0, 50) + 0.05 * rng.normal(size=50)))
    assert (jump.start, jump.stop) == (24, 25)


def test_the_window_is_the_longest_duration():
    log_loss = stepped(500, 530, -1.0) + 0.02 * np.random.default_rng(5).normal(size=1000)
    assert len(find_loss_jumps(np.exp(log_loss), window=32)) == 1
    assert len(find_loss_jumps(np.exp(log_loss), window=5)) == 0


def test_the_container():
    jumps = find_loss_jumps(np.exp(stepped(500, 501, -1.0)))
    assert jumps[0] is next(iter(jumps))
    table = jumps.to_dataframe()
    assert list(table.columns) == [
        "start",
        "stop",
        "direction",
        "size",
        "factor",
        "significance",
    ]
    assert table.direction.tolist() == ["down"]
    assert repr(jumps).startswith("1 loss jump of at most 32 epochs in 1000 epochs")
    assert "epochs 500-501: down by 1 (loss times 0.368)" in repr(jumps)
    empty = find_loss_jumps(np.ones(100))
    assert empty.to_dataframe().dtypes.equals(table.dtypes)
    assert repr(empty).startswith("0 loss jumps")


@pytest.mark.parametrize(
    ("arguments", "options", "error", "text"),
    [
        ([[1.0, 2.0]], {}, ValueError, r"one value an epoch, \(E,\), got shape \(1, 2\)"),
        ([1.0, -2.0], {}, ValueError, "must not be negative, got -2 in epoch 1"),
        (["a"], {}, TypeError, "loss must hold real numbers"),
        ([1j], {}, TypeError, "loss must hold real numbers"),
        ([1.0], {"false_alarms": 0.0}, ValueError, "false_alarms must be between 0 and 1"),
        ([1.0], {"false_alarms": "5 %"}, TypeError, "false_alarms must be a number"),
        ([1.0], {"window": 0}, ValueError, "window must be between 1 and 64"),
        ([1.0], {"window": 2.5}, TypeError, "window must be a whole number"),
    ],
)
def test_bad_input(arguments, options, error, text):
    with pytest.raises(error, match=text):
        find_loss_jumps(arguments, **options)


def test_student_distribution_of_the_contrast():
    """Of white noise t has its spread, at every scale; of all 24 scales none is left out."""
    x = np.random.default_rng(6).normal(size=20_000)
    seen = [(c.length, c.duration) for c in contrasts(x, 32)]
    assert seen == scales(32, len(x))
    assert len(seen) == 24
    for contrast in contrasts(x, 32):
        expected = np.sqrt(contrast.freedom / (contrast.freedom - 2))
        # A correlation of the noise that is rounded up makes t smaller, never larger.
        assert 0.6 * expected < contrast.t.std() < 1.15 * expected


@pytest.mark.parametrize("level", [0, 3, WALK])
@pytest.mark.parametrize("degree", [1, 2])
def test_the_weights_of_a_gap_see_a_step_and_no_polynomial(level, degree):
    length, duration = 16, 5
    weights, spread = gap_weights(length, duration, level, degree)
    epochs = np.arange(2 * length + duration - 1.0)
    for power in range(degree + 1):
        assert weights @ (epochs / length) ** power == pytest.approx(0.0, abs=1e-9)
    assert weights @ (epochs >= length) == pytest.approx(1.0)
    assert (weights[length : length + duration - 1] == 0.0).all()
    rng = np.random.default_rng(0)
    noise = np.array([autoregressive(rng, CORRELATIONS[level], len(epochs)) for _ in range(4000)])
    if level != WALK:  # whose warm-up of 300 epochs is too short
        assert (noise @ weights).std() == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_the_correlation_of_noise_is_found(correlation):
    x = autoregressive(np.random.default_rng(1), correlation, 5000)
    levels = local_correlations(x, 1e-9)
    found = np.array(CORRELATIONS)[levels]
    assert correlation <= np.median(found) + 1e-12 <= correlation + 0.16
    walk = np.cumsum(np.random.default_rng(1).normal(size=2000))
    assert (local_correlations(walk, 1e-9) == WALK).mean() > 0.9


def test_a_ramp_is_found_to_the_epoch_without_noise():
    curve = stepped(40, 47, 2.0, 100) - 0.01 * np.arange(100)
    start, stop, size = fit_ramp(curve, 41, 46, 32, 0.0)
    assert (start, stop) == (40, 47)
    assert size == pytest.approx(2.0 - 0.07)


def test_a_jump_is_plain_data():
    jump = LossJump(3, 5, -1.0, 0.01)
    assert jump == LossJump(3, 5, -1.0, 0.01)
    assert jump.direction == "down"
