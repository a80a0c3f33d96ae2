"""Lenses against the theorem, closed forms and complex steps, at events of every type."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from scyfi_widgets import systems
from scyfi_widgets.bifurcations.line import Line
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.training.lens.compile import compile_lens
from scyfi_widgets.training.lens.lens import gradient_lens
from scyfi_widgets.training.lens.window import fill_window_gradient
from scyfi_widgets.training.observation import Observation

TOY = systems.sixteen_cycle()
TENT = systems.skew_tent_map(0.3, 0.5)
LEFT = 0.3
THEORY = 3.0  # the exponent at a degenerate transcritical bifurcation


@pytest.fixture(scope="module")
def tent():
    """Over W[0,0] = a_r - 0.3: a two-cycle that flips, a fixed point that flips and diverges."""
    return gradient_lens(TENT, None, "W[0,0]", (-3.0, 1.2), max_order=4)


def only(lens, type):
    (each,) = lens.of_type(type)
    return each


# Degenerate transcritical: the gradient diverges ----------------------------------------------


def test_a_fixed_point_on_its_way_to_infinity(tent):
    """x = 1 / (1 - a_r), so d(x²)/dA = d(x²)/dW = 2 x³ and d(x²)/dh = 2 x²."""
    each = only(tent, "DTB")
    assert each.event.value == pytest.approx(1.0 - LEFT, abs=1e-12)
    assert each.outcome == "diverges"
    side = each.left
    assert (side.outcome, side.order, side.limit) == ("diverges", 1, np.inf)
    x = 1.0 / side.distances
    np.testing.assert_allclose(side.loss, x**2, rtol=1e-6)
    np.testing.assert_allclose(
        side.gradient_norm, 2.0 * x**2 * np.sqrt(2.0 * x**2 + 1.0), rtol=1e-6
    )
    assert side.exponent == pytest.approx(THEORY, rel=1e-4)
    assert side.standard_error < 1e-4
    assert side.simulated_exponent == pytest.approx(THEORY, rel=0.02)
    assert np.isfinite(side.simulated).sum() >= 10
    assert each.right.outcome == "no attractor"
    assert set(each.right.fates) == {"diverges", "unsettled"}  # close by, it takes too long
    assert each.right.text == "no attractor: the orbit diverges"


@pytest.mark.parametrize("start", [0.01, 3.0, -40.0, 1000.0])
def test_the_theorem_is_about_every_start_in_the_basin(start):
    lens = gradient_lens(TENT, None, "W[0,0]", (0.2, 0.9), max_order=1, z0=[start])
    side = only(lens, "DTB").left
    known = np.isfinite(side.simulated)
    assert known.sum() >= 8
    np.testing.assert_allclose(side.simulated[known], side.gradient_norm[known], rtol=1e-6)
    assert side.simulated_exponent == pytest.approx(THEORY, rel=0.02)


def test_a_start_outside_of_the_basin_has_no_value():
    # Left of 0 the slope is 1.5, so that what begins left of its own fixed point goes to -inf.
    model = systems.skew_tent_map(1.5, 0.0)
    lens = gradient_lens(
        model, None, model.replace({"W[0,0]": -0.5}), (0.2, 1.2), max_order=1, z0=[-50.0]
    )
    side = only(lens, "DTB").left
    assert np.isfinite(side.gradient_norm).all()
    assert np.isnan(side.simulated).all()
    assert np.isnan(side.simulated_exponent)


@pytest.mark.parametrize("of", ["all", "line"])
def test_the_published_toy_at_a2_of_one(of):
    data = np.random.default_rng(0).normal(size=(300, 2))
    lens = gradient_lens(TOY.replace({"A[0]": 0.7}), data, "A[1]", (0.2, 1.05), max_order=3, of=of)
    np.testing.assert_allclose(lens.target, data.mean(axis=0))
    each = only(lens, "DTB")
    assert each.event.value == pytest.approx(1.0, abs=1e-12)
    assert each.left.exponent == pytest.approx(THEORY, rel=1e-3)
    assert each.left.simulated_exponent == pytest.approx(THEORY, rel=0.02)
    assert each.right.outcome == "no attractor"


def test_a_two_cycle_that_comes_from_infinity():
    line = Line(systems.two_cycle(0.0), systems.two_cycle(1.0), -1.0, 0.3)
    each = only(gradient_lens(systems.two_cycle(), None, line, max_order=2), "DTB")
    assert each.event.value == pytest.approx(-0.482353, abs=1e-6)
    assert (each.right.outcome, each.right.order) == ("diverges", 2)
    assert each.right.exponent == pytest.approx(THEORY, rel=1e-3)
    assert each.right.simulated_exponent == pytest.approx(THEORY, rel=0.02)
    assert each.left.outcome == "no attractor"


# Flip and centre: it stays finite -------------------------------------------------------------


def test_a_flip_has_a_limit_on_each_side(tent, gradient_of_word):
    one = only(tent, "DFB")
    assert one.event.value == pytest.approx(-1.0 - LEFT, abs=1e-12)
    at = tent.line.at(one.event.value)
    fixed = np.linalg.norm(gradient_of_word(at, np.array([[True]])))
    pair = np.linalg.norm(gradient_of_word(at, np.array([[False], [True]])))
    assert one.right.outcome == one.left.outcome == "finite"
    assert one.right.limit == pytest.approx(fixed, rel=1e-6)
    assert (one.left.order, one.right.order) == (2, 1)
    assert one.left.limit == pytest.approx(pair, rel=1e-6)
    assert one.jump == pytest.approx(fixed - pair, rel=1e-5)
    assert one.outcome == "jumps"
    assert abs(one.right.exponent) < 0.01
    assert np.all(np.diff(one.right.spectral_radii) > 0.0)  # orbits settle ever more slowly


def test_past_the_flip_of_the_two_cycle_nothing_settles():
    lens = gradient_lens(TENT, None, "W[0,0]", (-3.8, -3.2), max_order=2, simulate=False)
    each = only(lens, "DFB")
    assert each.event.value == pytest.approx(-1.0 / LEFT - LEFT, abs=1e-12)
    assert (each.right.outcome, each.right.order) == ("finite", 2)
    assert each.left.text == "no attracting cycle: the orbit does not settle"
    assert each.outcome == "begins"
    assert np.isnan(each.jump)
    assert np.isnan(each.right.simulated).all()


def test_a_centre_has_a_limit(gradient_of_word):
    model = TOY.replace({"A[1]": 0.7})
    lens = gradient_lens(model, None, "A[0]", (0.85, 1.0), max_order=1)
    each = only(lens, "centre")
    assert each.event.value == pytest.approx(0.662 / 0.7, abs=1e-4)
    expected = np.linalg.norm(
        gradient_of_word(lens.line.at(each.event.value), np.array([[True, True]]))
    )
    assert each.left.outcome == "finite"
    assert each.left.limit == pytest.approx(expected, rel=1e-5)
    assert each.left.order == 1
    known = np.isfinite(each.left.simulated)
    assert known.sum() > 5
    np.testing.assert_allclose(
        each.left.simulated[known], each.left.gradient_norm[known], rtol=1e-6
    )


# Border collisions: it jumps ------------------------------------------------------------------


@pytest.mark.parametrize("of", ["all", "line"])
def test_a_persistence_jumps_by_the_change_of_the_word(of, gradient_of_word):
    model = TOY.replace({"A[1]": 0.6})
    lens = gradient_lens(model, [[0.3, 0.1]], "A[0]", (0.5, 1.0), max_order=1, of=of)
    each = only(lens, "persistence")
    at = lens.line.at(each.event.value)
    target = np.array([0.3, 0.1])
    slopes = [gradient_of_word(at, w, target) for w in (each.event.word, each.event.partner)]
    left, right = ((abs(slope[0]) if of == "line" else np.linalg.norm(slope)) for slope in slopes)
    assert each.left.limit == pytest.approx(left, rel=1e-5)
    assert each.right.limit == pytest.approx(right, rel=1e-5)
    assert each.jump == pytest.approx(right - left, rel=1e-4)
    assert each.outcome == "jumps"
    for side in (each.left, each.right):
        assert side.outcome == "finite"
        known = np.isfinite(side.simulated)
        assert known.all()
        np.testing.assert_allclose(side.simulated, side.gradient_norm, rtol=1e-6)
        assert np.ptp(side.loss[-5:]) < 1e-3 * side.loss[-1]  # the loss is continuous
    assert each.left.loss[-1] == pytest.approx(each.right.loss[-1], rel=1e-3)


def test_a_fold_ends_the_attractor_at_a_finite_gradient(gradient_of_word):
    lens = gradient_lens(TOY, None, "A[0]", (0.8275, 0.86), max_order=16, simulate=False)
    begin, end = lens.of_type("fold")
    assert (begin.outcome, end.outcome) == ("begins", "ends")
    for each, side in ((begin, begin.right), (end, end.left)):
        assert (side.outcome, side.order) == ("finite", 16)
        word = (
            next(
                branch
                for branch in (
                    lens.diagram.branches[n] for n in each.event.before + each.event.after
                )
                if branch.stable.any()
            )
            .pieces[0]
            .word
        )
        expected = np.linalg.norm(gradient_of_word(lens.line.at(each.event.value), word))
        assert side.limit == pytest.approx(expected, rel=1e-4)


# The whole ------------------------------------------------------------------------------------


def test_both_routes_agree_wherever_both_are(tent):
    frame = tent.samples_to_dataframe()
    both = frame[np.isfinite(frame["simulated"])]
    assert len(both) > 40
    np.testing.assert_allclose(both["simulated"], both["gradient_norm"], rtol=1e-5)
    assert (frame.loc[frame["fate"] != "cycle", "attractor_order"] == 0).all()
    assert frame.loc[frame["fate"] != "cycle", "gradient_norm"].isna().all()


def test_the_curves_are_the_gradient_along_the_line(tent):
    fixed, pair = sorted(tent.attractors, key=lambda each: each.order)
    assert (fixed.order, pair.order) == (1, 2)
    known = np.isfinite(fixed.gradient_norm)
    x = 1.0 / (1.0 - LEFT - fixed.values[known])
    assert known.sum() > 50
    np.testing.assert_allclose(
        fixed.gradient_norm[known], 2.0 * np.abs(x) ** 2 * np.sqrt(2.0 * x**2 + 1.0), rtol=1e-9
    )
    assert fixed.values[known].min() >= -1.0 - LEFT
    assert pair.values[np.isfinite(pair.gradient_norm)].max() <= -1.0 - LEFT


def test_it_prints_as_a_table(tent):
    text = str(tent)
    assert text.splitlines()[0] == (
        "gradient of the loss along W[0,0] from -3 to 1.2, with respect to all weights"
    )
    assert "W[0,0] = 0.7: degenerate transcritical (fixed point)" in text
    assert "left   fixed point: diverges as |s - s*|^-3.0000 (± " in text
    assert "simulated -3.0000 ± " in text
    assert "right  no attractor: the orbit diverges" in text
    frame = tent.to_dataframe()
    assert frame["side"].tolist() == ["left", "right"] * len(tent.events)
    row = frame[(frame["type"] == "DTB") & (frame["side"] == "left")].iloc[0]
    assert row["exponent"] == only(tent, "DTB").left.exponent
    assert row["limit"] == np.inf


def test_it_draws_itself(tent):
    ax = Figure().add_subplot()
    assert tent.plot(ax) is ax
    drawn = [line for line in ax.lines if len(line.get_xdata()) > 2]
    for each, line in zip(tent.attractors, drawn, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), each.gradient_norm)
    assert ax.get_yscale() == "log"
    assert ax.get_xlim() == (-3.0, 1.2)
    ax.figure.savefig("/dev/null", format="pdf")
    one = Figure().add_subplot()
    only(tent, "DTB").plot(one)
    exact, simulated = one.lines
    np.testing.assert_array_equal(exact.get_ydata(), only(tent, "DTB").left.gradient_norm)
    np.testing.assert_array_equal(simulated.get_ydata(), only(tent, "DTB").left.simulated)
    assert "slope -3" in exact.get_label()
    one.figure.savefig("/dev/null", format="pdf")


def test_the_same_seed_gives_the_same_lens():
    first, second = (
        gradient_lens(TENT, None, "W[0,0]", (-2.0, 1.2), max_order=2, seed=5).samples_to_dataframe()
        for _ in range(2)
    )
    assert first.equals(second)


def test_a_readout():
    compile_lens()
    compiled = fill_window_gradient.signatures
    B = np.array([[1.0, -2.0]])
    model = TOY.replace({"A[0]": 0.7})
    lens = gradient_lens(
        model, [0.4, 0.6], "A[1]", (0.2, 1.05), max_order=1, observation=Observation.linear(B)
    )
    assert lens.target == pytest.approx([0.5])
    side = only(lens, "DTB").left
    z = model.replace({"A[1]": 1.0 - side.distances[0]}).orbit([0.1, 0.1], 3000)[-1]
    assert side.loss[0] == pytest.approx((z[0] - 2.0 * z[1] - 0.5) ** 2, rel=1e-6)
    assert side.exponent == pytest.approx(THEORY, rel=1e-3)
    assert fill_window_gradient.signatures == compiled


def test_a_line_without_an_event():
    lens = gradient_lens(TENT, None, "W[0,0]", (0.0, 0.1), max_order=2)
    assert lens.events == ()
    assert "no event of an attracting cycle" in str(lens)
    assert lens.samples_to_dataframe().empty
    assert len(lens.to_dataframe()) == 0
    lens.plot(Figure().add_subplot())


def test_an_event_of_cycles_that_repel_is_left_out():
    lens = gradient_lens(TOY, None, "A[0]", (0.95, 1.1), max_order=1, simulate=False)
    assert [event.type for event in lens.diagram.events] == ["DTB"]
    assert lens.events == ()


# Ends -----------------------------------------------------------------------------------------


def test_it_ends_when_it_is_told_to():
    flag = new_flag()
    flag[0] = 1
    none = gradient_lens(TENT, None, "W[0,0]", (-3.0, 1.2), max_order=2, cancel=flag)
    assert "cancelled" in none.stopped
    flag[0] = 0

    def progress(done, events):
        flag[0] = 1

    first = gradient_lens(
        TENT, None, "W[0,0]", (-3.0, 1.2), max_order=2, cancel=flag, progress=progress,
        simulate=False,
    )  # fmt: skip
    assert len(first.events) == 1
    assert first.stopped == "cancelled after 1 of 2 events"
    assert first.stopped in str(first)
    short = gradient_lens(TENT, None, "W[0,0]", (-3.0, 1.2), max_order=4, time_limit=1e-4)
    assert "the time limit was reached" in short.stopped


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"model": "tent"}, TypeError, "model must be a network"),
        ({"parameter": "W[1,1]"}, KeyError, "W"),
        ({"bounds": None}, TypeError, "range of W"),
        ({"bounds": (1.0, 0.0)}, ValueError, "lo < hi"),
        ({"of": "axes"}, ValueError, 'of must be "all" or "line"'),
        ({"max_order": 0}, ValueError, "max_order must be at least 1"),
        ({"seed": -1}, ValueError, "seed must be"),
        ({"z0": [1.0, 2.0]}, ValueError, "z0 must have shape"),
        ({"z0": [[1.0]]}, ValueError, "z0 must be one start"),
        ({"data": np.ones((4, 2))}, ValueError, "2 variables"),
        ({"data": [np.nan]}, ValueError, "finite"),
        ({"observation": Observation(2, 1)}, ValueError, "observation must read 1 unit"),
        ({"time_limit": -1}, ValueError, "time_limit must be"),
        ({"progress": 3}, TypeError, "progress must be"),
        ({"parameter": Line.through(TENT, "h[0]", (0, 1))}, TypeError, "bounds must be left out"),
    ],
)
def test_wrong_arguments(changed, error, message):
    arguments = {"model": TENT, "data": None, "parameter": "W[0,0]", "bounds": (-1.0, 0.5)}
    with pytest.raises(error, match=message):
        gradient_lens(**(arguments | changed))


def test_there_is_no_such_type(tent):
    with pytest.raises(ValueError, match="type must be one of"):
        tent.of_type("hopf")
