"""A scene computes once, stops when it is cancelled, and never waits for another scene."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import scyfi_widgets as sw
from scyfi_widgets.cancellation import Cancelled
from scyfi_widgets.widgets import scene as scene_module
from scyfi_widgets.widgets.scene import Scene


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
    monkeypatch.setattr(
        scene_module, "find_cycles", lambda *args, **kwargs: calls.append(1) or ("cycles",)
    )
    scene = make_scene()
    threads = [threading.Thread(target=lambda: scene.cycles) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert scene.cycles == ("cycles",)
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

    def meet(*args, **kwargs):
        both.wait(10)
        return ()

    monkeypatch.setattr(scene_module, "find_cycles", meet)
    scenes = [make_scene(), make_scene()]
    threads = [threading.Thread(target=lambda s=s: s.cycles, daemon=True) for s in scenes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not both.broken
    assert [scene.cycles for scene in scenes] == [(), ()]
