"""The paper's toy experiment from its published starts: do loss steps and bifurcations coincide?

From the second start the loss is 1e149 and training is chaotic: a difference in the 13th digit of
the start leads elsewhere. So it is not one run that is looked at but several, whose starts round to
the three digits that are published.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import scyfi_widgets as sw

STARTS = ((0.569, -0.624), (0.483, 0.447))  # distances of a1 and a2 from the truth
ROUNDING = 5e-4
RUNS = 8
WINDOW = 5  # epochs
TOY = sw.systems.sixteen_cycle()


@cache
def data() -> sw.TimeSeries:
    return sw.systems.toy_series(500)


def trained(start: int) -> list[sw.TrainingRun]:
    rng = np.random.default_rng(0)
    return [
        sw.train(
            TOY.replace({"A": TOY["A"] + STARTS[start] + rng.uniform(-ROUNDING, ROUNDING, 2)}),
            data(),
            trainable="A",
            epochs=400,
            optimizer=sw.SGD(3e-3, momentum=0.9),
            clip=1.0,
            progress=False,
        )
        for _ in range(RUNS)
    ]


def steps_down(run: sw.TrainingRun) -> list:
    return [jump for jump in sw.find_loss_jumps(run.loss) if jump.direction == "down"]


def crossings(run: sw.TrainingRun) -> list[float]:
    """Return the epochs at which the path crosses a curve of the fixed points, by its formula.

    a1 = 1, a2 = 1, a1 = 0.80003 (a border collision), the centre a1 a2 = 1 + W01 W10, and
    (1 - a1) (1 - a2) = W01 W10: signs that change from one network to the next.
    """
    a1, a2 = run.parameters["A"].T
    product = TOY["W[0,1]"] * TOY["W[1,0]"]
    collision = 1.0 + TOY["h[0]"] * TOY["W[1,0]"] / TOY["h[1]"]
    found = []
    for curve in (
        a1 - 1.0,
        a2 - 1.0,
        a1 - collision,
        a1 * a2 - 1.0 - product,
        (1.0 - a1) * (1.0 - a2) - product,
    ):
        before = np.flatnonzero(np.sign(curve[:-1]) != np.sign(curve[1:]))
        found += list(before + curve[before] / (curve[before] - curve[before + 1]))
    return found


@pytest.fixture(scope="module")
def from_the_second_start():
    return trained(1)


@pytest.mark.slow
@pytest.mark.parametrize("start", [0, 1])
def test_the_loss_falls_to_the_variance_of_the_data(start, from_the_second_start):
    """And no further: a fixed point near the mean is a local minimum from both starts."""
    for run in from_the_second_start if start else trained(0):
        assert run.stopped is None
        assert run.loss[-1] < 1e-3 * run.loss[0]
        assert run.loss[-1] == pytest.approx(data().values.var(axis=0).mean(), rel=0.1)


@pytest.mark.slow
def test_from_the_first_start_it_falls_without_a_step():
    assert not any(steps_down(run) for run in trained(0))


@pytest.mark.slow
def test_from_the_second_start_it_falls_in_steps_at_bifurcations(from_the_second_start):
    runs = from_the_second_start
    steps = [steps_down(run) for run in runs]
    events = [sw.bifurcations_along(run, 1, lyapunov_steps=0).events for run in runs]
    found = sw.jump_association(runs, events, steps, window=WINDOW)
    assert found.n_jumps >= RUNS / 2
    # All of them do here; another processor rounds otherwise and trains other networks.
    assert found.observed >= 0.8 * found.n_jumps
    assert found.p_value < 1e-3
    assert found.by_type["DTB"].p_value < 1e-3
    assert min(jump.factor for each in steps for jump in each) < 1e-10


@pytest.mark.slow
def test_the_same_by_the_formulas_of_the_curves(from_the_second_start):
    """Independent of the search for cycles: crossings of the five curves, by their signs."""
    runs = from_the_second_start
    steps = [steps_down(run) for run in runs]
    found = sw.jump_association(runs, [crossings(run) for run in runs], steps, window=WINDOW)
    assert found.observed >= 0.8 * found.n_jumps
    assert found.p_value < 1e-3
