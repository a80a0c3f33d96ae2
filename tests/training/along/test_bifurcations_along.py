"""What `bifurcations_along` takes, gives back, remembers and refuses."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.bifurcations.events import TYPES
from scyfi_widgets.cancellation import new_flag
from scyfi_widgets.training.along import StepCache, bifurcations_along
from scyfi_widgets.training.along.exponent import TRANSIENT, largest_exponent
from scyfi_widgets.training.observation import Observation
from scyfi_widgets.training.run import CURVES, TrainingRun
from scyfi_widgets.training.series import TimeSeries


def walk(seed: int, steps: int, size: float, M: int = 2) -> list[sw.Model]:
    rng = np.random.default_rng(seed)
    A, W, h = 0.8 * rng.normal(size=M), rng.normal(size=(M, M)), rng.normal(size=M)
    ends = 0.8 * rng.normal(size=M), rng.normal(size=(M, M)), rng.normal(size=M)
    drift = [end - start for start, end in zip((A, W, h), ends, strict=True)]
    parts = np.linspace(0.0, 1.0, steps + 1)[:, None]
    rows = [
        start.ravel() + parts * along.ravel() + size * rng.normal(size=(steps + 1, start.size))
        for start, along in zip((A, W, h), drift, strict=True)
    ]
    return [
        sw.PLRNN(*(row[n].reshape(a.shape) for row, a in zip(rows, (A, W, h), strict=True)))
        for n in range(steps + 1)
    ]


def as_run(models: list[sw.Model], epochs=None, data=None) -> TrainingRun:
    epochs = np.arange(len(models)) if epochs is None else np.asarray(epochs)
    E, M = int(epochs[-1]), models[0].M
    return TrainingRun(
        start=models[0],
        parameters={
            name: np.stack([model.parameters[name] for model in models])
            for name in models[0].parameters
        },
        saved_epochs=epochs,
        **{name: np.full(E, np.nan) for name in CURVES},
        data=data,
        observation=Observation(M, M),
    )


def summary(run) -> list[tuple]:
    return [
        (e.epoch, e.type, e.order, e.word_text, e.effect, e.before, e.after) for e in run.events
    ]


WALK = walk(3, 40, 1e-3)


# What comes back ----------------------------------------------------------------------------------


def test_a_run_and_its_networks_are_the_same_path():
    from_models = bifurcations_along(WALK, 4)
    from_run = bifurcations_along(as_run(WALK), 4)
    assert len(from_run.events) >= 3
    assert summary(from_run) == summary(from_models)
    epochs = np.concatenate([[0], 7 + 5 * np.arange(40)])  # saved now and then
    spread = bifurcations_along(as_run(WALK, epochs), 4)
    places = np.interp([e.epoch for e in from_run.events], np.arange(41), epochs)
    np.testing.assert_allclose([e.epoch for e in spread.events], places, rtol=1e-14)
    assert all(e.saved[0] < e.epoch < e.saved[1] for e in spread.events)
    assert spread.known_up_to == epochs[-1]
    np.testing.assert_array_equal(spread.epochs, epochs)


def test_events_tell_who_takes_part_and_what_attracts():
    run = bifurcations_along(WALK, 4)
    assert [e.epoch for e in run.events] == sorted(e.epoch for e in run.events)
    for event in run.events:
        assert event.event.value == event.epoch
        assert event in run.of_type(event.type)
        assert f"epoch {event.epoch:.10g}" in repr(event)
        for branch in event.before:
            # Next to infinity a branch has its last row a 1e-9 of a step inside.
            assert run.branches[branch].start <= event.epoch <= run.branches[branch].stop + 1e-8
            assert run.branches[branch].order in (event.order, 2 * event.order)
        if event.effect == "lost":
            assert not set(event.before) & set(event.after)
        if event.effect in ("born", "lost", "stabilised", "destabilised", "replaced"):
            assert event in run.of_attractors
            assert event.attracting
    assert sum(run.counts.values()) == len(run.events)
    assert set(run.counts) <= set(TYPES)
    assert set(run.qualitative) >= set(run.of_attractors)
    with pytest.raises(ValueError, match="type must be one of persistence, fold"):
        run.of_type("hopf")


def test_a_lost_attractor_is_said_to_be_lost():
    # The skew tent map's fixed point attracts for a_r in (-1, 1) and flips to a two-cycle at -1.
    tents = [sw.systems.skew_tent_map(0.5, a_r) for a_r in (0.6, -0.7, -1.3, -1.9, -2.2)]
    run = bifurcations_along(tents, 2)
    flips = run.of_type("DFB")
    assert [(event.order, event.effect) for event in flips] == [
        (1, "replaced"),
        (2, "destabilised"),
    ]
    assert flips[0].epoch == pytest.approx(1.5, abs=1e-12)  # a_r = -1
    assert flips[1].epoch == pytest.approx(3.0 + 1.0 / 3.0, abs=1e-12)  # a_l a_r = -1
    back = bifurcations_along(tents[::-1], 2)
    assert [event.effect for event in back.of_type("DFB")] == ["stabilised", "replaced"]
    away = [sw.systems.skew_tent_map(0.5, a_r) for a_r in (0.6, 0.9, 1.2)]
    (gone,) = bifurcations_along(away, 1).of_attractors
    assert (gone.type, gone.effect, gone.after) == ("DTB", "lost", ())


def test_tables_have_a_row_an_event_and_a_network():
    run = bifurcations_along(WALK, 3)
    events, epochs = run.to_dataframe(), run.epochs_to_dataframe()
    assert len(events) == len(run.events)
    assert events["epoch"].tolist() == [event.epoch for event in run.events]
    assert epochs.index.tolist() == list(range(41))
    for epoch, model in enumerate(WALK):
        cycles = sw.find_cycles(model, 3)
        assert epochs["cycles"][epoch] == len(cycles)
        assert epochs["attracting"][epoch] == len(cycles.stable)
        largest = max((cycle.spectral_radius for cycle in cycles.stable), default=np.nan)
        np.testing.assert_allclose(run.spectral_radius[epoch], largest, rtol=1e-9)
        margin = min((cycle.margin for cycle in cycles.stable), default=np.nan)  # |W2_j| = 1
        np.testing.assert_allclose(run.border_margin[epoch], margin, rtol=1e-7)
    quiet = bifurcations_along(WALK[:2], 1)
    assert quiet.to_dataframe().dtypes.equals(events.dtypes) or quiet.events


def test_distances_to_the_nearest_bifurcation():
    run = bifurcations_along(WALK, 4)
    places = np.array([event.epoch for event in run.qualitative])
    expected = np.abs(places[None] - np.arange(41)[:, None]).min(axis=1)
    np.testing.assert_allclose(run.distance_in_epochs, expected, rtol=1e-12)
    lengths = [
        np.sqrt(sum(((b.parameters[n] - a.parameters[n]) ** 2).sum() for n in a.parameters))
        for a, b in pairwise(WALK)
    ]
    np.testing.assert_allclose(np.diff(run.path_length), lengths)
    at = np.interp(places, np.arange(41), run.path_length)
    expected = np.abs(at[None] - run.path_length[:, None]).min(axis=1)
    np.testing.assert_allclose(run.distance_along_path, expected, rtol=1e-12, atol=1e-15)


def test_every_second_network_is_another_path_and_says_so():
    some = bifurcations_along(as_run(WALK), 3, every=7)
    np.testing.assert_array_equal(some.epochs, [0, 7, 14, 21, 28, 35, 40])
    chords = bifurcations_along([WALK[epoch] for epoch in some.epochs], 3)
    places = np.interp([e.epoch for e in chords.events], np.arange(7), some.epochs)
    np.testing.assert_allclose([e.epoch for e in some.events], places, rtol=1e-14)
    assert "one in 7 of the saved networks, with straight lines between" in some.statement


def test_the_exponent_is_that_of_the_orbit_from_where_the_data_begin():
    data = TimeSeries.of(np.array([[0.3, -0.2], [0.1, 0.4]]))
    run = bifurcations_along(as_run(WALK[:6], data=data), 1, lyapunov_steps=3_000)
    for epoch, exponent in enumerate(run.lyapunov):
        spectrum = sw.lyapunov_spectrum(WALK[epoch], [0.3, -0.2], steps=3_000)
        np.testing.assert_allclose(exponent, spectrum[0], atol=2e-3)
    assert np.isnan(bifurcations_along(WALK[:3], 1, lyapunov_steps=0).lyapunov).all()


def test_each_network_reads_the_data_with_its_own_readout():
    models = WALK[:4]
    readouts = np.random.default_rng(0).normal(size=(4, 2, 2))
    run = as_run(models, data=TimeSeries.of(np.array([[0.3, -0.2], [0.1, 0.4]])))
    run = replace(run, observation=Observation.linear(readouts[0]), readouts=readouts)
    along = bifurcations_along(run, 1, lyapunov_steps=300)
    for epoch in range(4):
        start = np.linalg.solve(readouts[epoch], [0.3, -0.2])
        exponent = largest_exponent(models[epoch], start, 300, TRANSIENT, new_flag())
        np.testing.assert_allclose(along.lyapunov[epoch], exponent, rtol=1e-9)


# The same, however it is computed -----------------------------------------------------------------


@pytest.mark.parametrize("M", [2, 3])
def test_threads_and_what_is_remembered_change_nothing(M):
    models = walk(5, 50, 1e-3, M)
    alone = bifurcations_along(models, 3, workers=1, cache=StepCache(0))
    assert alone.events
    cache = StepCache()
    for run in (
        bifurcations_along(models, 3, workers=3, cache=cache),
        bifurcations_along(models, 3, workers=2, cache=cache),
    ):
        assert summary(run) == summary(alone)
        for name in ("epoch", "branch", "word", "points", "eigenvalues", "offsets"):
            np.testing.assert_array_equal(getattr(run.cycles, name), getattr(alone.cycles, name))
        np.testing.assert_array_equal(run.lyapunov, alone.lyapunov)
        assert run.statement == alone.statement


def test_a_longer_run_repeats_nothing():
    cache = StepCache()
    bifurcations_along(WALK[:30], 4, cache=cache)
    known, hits = len(cache), cache.hits
    longer = bifurcations_along(WALK, 4, cache=cache)
    assert cache.hits - hits >= 2 * 29  # a section and an exponent each
    assert len(cache) - known == 2 * 11
    assert summary(longer) == summary(bifurcations_along(WALK, 4, cache=StepCache(0)))


def test_a_cache_forgets_the_oldest():
    cache = StepCache(100_000)
    bifurcations_along(WALK, 2, cache=cache)
    assert 0 < len(cache) <= 50
    cache.clear()
    assert len(cache) == cache.hits == 0
    small = StepCache(0)
    bifurcations_along(WALK[:5], 2, cache=small)
    assert len(small) == 0


# Ending early -------------------------------------------------------------------------------------


def test_progress_reaches_the_end(capsys):
    seen = []
    bifurcations_along(WALK, 2, progress=lambda step, steps: seen.append((step, steps)))
    assert seen[-1] == (40, 40)
    assert seen == sorted(seen)
    bifurcations_along(WALK, 2, progress=True)
    assert "bifurcations" in capsys.readouterr().err


def test_a_set_flag_ends_it_with_what_is_known():
    models = walk(3, 4_000, 1e-4)
    flag = new_flag()
    run = bifurcations_along(
        models,
        8,
        workers=2,
        cancel=flag,
        cache=StepCache(0),
        progress=lambda step, steps: flag.fill(step > 50),
    )
    assert 0 < run.known_up_to < 4_000
    assert run.stopped == f"cancelled in epoch {run.known_up_to}"
    assert run.statement.endswith(run.stopped)
    assert np.isnan(run.distance_in_epochs[run.known_up_to + 1 :]).all()
    assert np.isnan(run.lyapunov[run.known_up_to + 1 :]).all()
    assert not run.proved[run.known_up_to :].any()
    assert run.proved[: run.known_up_to].all()
    with pytest.raises(ValueError, match="network 4000 was not looked at"):
        run.words_at(4_000)
    part = bifurcations_along(models[: run.known_up_to + 1], 8)
    assert [e.epoch for e in part.events] == [e.epoch for e in run.events]


def test_a_time_limit_is_kept():
    models = walk(4, 3_000, 1e-4, 4)
    started = time.perf_counter()
    run = bifurcations_along(models, 6, time_limit=0.5, cache=StepCache(0))
    assert time.perf_counter() - started < 6.0
    assert run.known_up_to < 3_000
    assert "the time limit of 0.5 s was reached in epoch" in run.statement


def test_a_flag_that_is_set_before_leaves_nothing():
    flag = new_flag()
    flag.fill(1)
    run = bifurcations_along(WALK, 2, cancel=flag, cache=StepCache(0))
    assert run.known_up_to == 0
    assert not run.events
    assert len(run.cycles) == 0
    assert run.stopped == "cancelled in epoch 0"
    assert "cancelled" in repr(run)


def test_an_exception_of_the_progress_function_ends_the_threads():
    def fail(step, steps):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bifurcations_along(walk(3, 500, 1e-4), 8, progress=fail, cache=StepCache(0))
    assert not [t for t in threading.enumerate() if t.name.startswith("bifurcations_along")]


# Bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "options", "error", "message"),
    [
        (None, {}, TypeError, "run must be a TrainingRun or a list of networks, got NoneType"),
        (WALK[0], {}, TypeError, "got PLRNN"),
        ([], {}, ValueError, "at least two networks, got 0"),
        (WALK[:1], {}, ValueError, "at least two networks, got 1"),
        ([*WALK[:2], 3], {}, TypeError, "run must hold networks, got int at 2"),
        ([WALK[0], walk(0, 1, 0.1, 3)[0]], {}, ValueError, "one architecture and size"),
        (WALK, {"max_order": 0}, ValueError, "max_order must be at least 1, got 0"),
        (WALK, {"max_order": 2.0}, TypeError, "max_order must be a whole number"),
        (WALK, {"every": 0}, ValueError, "every must be at least 1"),
        (WALK, {"enumerate_every": 0}, ValueError, "enumerate_every must be at least 1"),
        (WALK, {"lyapunov_steps": -1}, ValueError, "lyapunov_steps must be at least 0"),
        (WALK, {"workers": 0}, ValueError, "workers must be at least 1"),
        (WALK, {"time_limit": 0}, ValueError, "time_limit must be a positive number"),
        (
            WALK,
            {"time_limit": "1 s"},
            TypeError,
            "time_limit must be a number of seconds, got '1 s'",
        ),
        (WALK, {"cache": {}}, TypeError, "cache must be a StepCache, got dict"),
        (
            WALK,
            {"progress": 3},
            TypeError,
            "progress must be True, False, None or a callable, got int",
        ),
    ],
)
def test_bad_arguments_are_named(run, options, error, message):
    with pytest.raises(error, match=message):
        bifurcations_along(run, **options)


def test_a_network_that_is_not_finite_is_named():
    run = as_run(WALK[:5], [0, 10, 20, 30, 40])
    broken = {name: array.copy() for name, array in run.parameters.items()}
    broken["W"][3, 0, 1] = np.nan
    object.__setattr__(run, "parameters", broken)
    with pytest.raises(ValueError, match="that of epoch 30 is not"):
        bifurcations_along(run)
