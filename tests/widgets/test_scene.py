"""A scene computes once, stops when it is cancelled, and never waits for another scene."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import Cancelled
from scyfi_widgets.widgets import scene as scene_module
from scyfi_widgets.widgets.scene import Scene, first_nodes


def make_scene(**changes) -> Scene:
    settings = {
        "model": sw.systems.sixteen_cycle(),
        "max_order": 4,
        "seed": 0,
        "time_limit": None,
        "start": np.array([0.1, 0.1]),
        "orbit_steps": 50,
    }
    return Scene(**settings | changes)


def test_what_a_scene_holds():
    scene = make_scene()
    expected = sw.find_cycles(scene.model, 4, seed=0)
    assert scene.cycles.cycles == expected.cycles
    assert np.array_equal(scene.orbit, scene.model.orbit([0.1, 0.1], 50))


def test_it_is_computed_once(monkeypatch):
    calls = []
    found = sw.find_cycles(sw.systems.sixteen_cycle(), 4)
    monkeypatch.setattr(
        scene_module, "find_cycles", lambda *args, **kwargs: calls.append(1) or found
    )
    scene = make_scene()
    threads = [threading.Thread(target=lambda: scene.cycles) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert scene.cycles is found
    assert len(calls) == 1
    assert scene.orbit is scene.orbit


def test_cancelled():
    scene = make_scene()
    scene.cancel[0] = 1
    assert scene.cancelled
    for part in ("cycles", "orbit"):
        with pytest.raises(Cancelled):
            getattr(scene, part)


def test_two_scenes_compute_side_by_side(monkeypatch):
    both = threading.Barrier(2)
    found = sw.find_cycles(sw.systems.sixteen_cycle(), 4)

    def meet(*args, **kwargs):
        both.wait(10)
        return found

    monkeypatch.setattr(scene_module, "find_cycles", meet)
    scenes = [make_scene(), make_scene()]
    threads = [threading.Thread(target=lambda s=s: s.cycles, daemon=True) for s in scenes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not both.broken
    assert all(scene.cycles is found for scene in scenes)


@pytest.fixture
def short_first(monkeypatch):
    """The first set of cycles is proved as little as can be."""
    monkeypatch.setattr(scene_module, "first_nodes", lambda model, max_order: 1)


THREE = sw.PLRNN(
    A=[0.5, -0.4, 0.3],
    W=[[0.0, -1.2, 0.7], [0.9, 0.0, -0.8], [-0.6, 1.1, 0.0]],
    h=[0.4, -0.3, 0.2],
)


def three(**changes) -> Scene:
    return make_scene(model=THREE, start=np.full(3, 0.1), **changes)


def test_the_proof_goes_on(short_first):
    scene = three()
    orders = [(cycles.complete_up_to, growing) for cycles, growing in scene.growing_cycles()]
    assert orders[0][0] < 4
    assert [growing for _, growing in orders] == [True] * (len(orders) - 1) + [False]
    assert [order for order, _ in orders] == list(range(orders[0][0], 5))
    assert scene.cycles.complete_up_to == 4
    assert scene.cycles.cycles == sw.find_cycles(THREE, 4, method="complete").cycles
    again = [cycles for cycles, _ in scene.growing_cycles()]
    assert len(again) == len(orders)
    assert again[-1] is scene.cycles


def test_what_was_proved_is_taken_over(short_first, monkeypatch):
    earlier = three()
    growing = earlier.growing_cycles()
    next(growing)
    known, _ = next(growing)
    monkeypatch.setattr(scene_module, "find_cycles", None)
    later = three(orbit_steps=3)
    later.take_over(earlier)
    assert later.cycles is known
    earlier.cancel[0] = 1
    *_, (cycles, _) = later.growing_cycles()
    assert cycles.complete_up_to == 4
    latest = three()
    latest.take_over(later)
    assert list(latest.growing_cycles()) == [(cycles, False)]


@pytest.mark.parametrize(
    "changes",
    [{"max_order": 3}, {"seed": 1}, {"model": THREE.replace({"A[0]": 0.1})}, {"proof_limit": 1.0}],
    ids=str,
)
def test_of_another_question_nothing_is_taken_over(short_first, changes):
    earlier = three()
    list(earlier.growing_cycles())
    later = three()
    for name, value in changes.items():
        object.__setattr__(later, name, value)
    later.take_over(earlier)
    assert later.cycles.complete_up_to < later.max_order


def test_of_a_scene_that_knows_nothing_nothing_is_taken_over():
    later = three()
    later.take_over(None)
    later.take_over(three())
    assert later.cycles.complete_up_to == 4


def test_the_first_proof_is_short_for_every_size():
    sizes = [first_nodes(sw.PLRNN([0.5] * M, np.zeros((M, M)), [0.1] * M), 6) for M in (3, 6, 20)]
    assert sizes == sorted(sizes, reverse=True)
    assert 50 <= sizes[-1] < sizes[0] < 10_000
